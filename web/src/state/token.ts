// The bearer token: comes in the address's fragment (#token=..., which browsers never send to a server), moves at
// once to this tab's sessionStorage, and the fragment is stripped so that it is not in the history or a
// screenshot. It is never logged.

const KEY = "comity.token";

/** Accepts a bare token or a whole sign-in link. Null where neither is in the text. */
export function tokenIn(text: string): string | null {
  const trimmed = text.trim();
  const fragment = /[#&]token=([^&\s]+)/.exec(trimmed);
  const candidate = fragment ? decode(fragment[1]!) : trimmed;
  return /^[\w-]+\.[\w-]+\.[\w-]+$/.test(candidate) ? candidate : null;
}

function decode(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return part;
  }
}

/** Takes a token out of the address into the storage. True where there was one. */
export function adoptFromAddress(): boolean {
  if (!window.location.hash.includes("token=")) return false;
  const token = tokenIn(window.location.hash);
  window.history.replaceState(null, "", window.location.pathname + window.location.search);
  if (!token) return false;
  keepToken(token);
  return true;
}

export function keptToken(): string | null {
  return window.sessionStorage.getItem(KEY);
}

export function keepToken(token: string): void {
  window.sessionStorage.setItem(KEY, token);
}

export function forgetToken(): void {
  window.sessionStorage.removeItem(KEY);
}
