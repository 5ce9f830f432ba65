// Shown without a token, or when the exchange no longer takes the one there was. Takes a pasted token or a whole
// sign-in link; the field is a password field, so that a screen share does not give the token away.
import { signal } from "@preact/signals";
import { signedOutBecause, signIn } from "../state/store";
import { tokenIn } from "../state/token";

const wrong = signal("");

function submit(event: SubmitEvent): void {
  event.preventDefault();
  const form = event.currentTarget as HTMLFormElement;
  const text = String(new FormData(form).get("token") ?? "");
  const token = tokenIn(text);
  if (!token) {
    wrong.value = "This is neither a token (three parts joined by dots) nor a sign-in link.";
    return;
  }
  wrong.value = "";
  signIn(token);
}

export function SignIn() {
  const reason = signedOutBecause.value;
  return (
    <main class="sign-in">
      {reason && (
        <p id="signed-out" class="note note-gone" role="alert">
          You are signed out: {reason}
        </p>
      )}
      <h1>Comity</h1>
      <p>Airspace coordination exchange. You see what was released to you, and no more.</p>
      <form onSubmit={submit}>
        <label for="token">Token or sign-in link</label>
        <input id="token" name="token" type="password" autocomplete="off" spellcheck={false} autofocus aria-describedby="token-wrong" />
        <p id="token-wrong" class="wrong" role="alert">{wrong.value}</p>
        <button type="submit">Sign in</button>
      </form>
      <p class="meaning">The token stays in this tab and is forgotten when the tab is closed.</p>
    </main>
  );
}
