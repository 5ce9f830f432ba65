// The page's entry: takes the token out of the address before anything else, then draws sign-in or map.
import { render } from "preact";
import "@fontsource/b612/latin-400.css";
import "@fontsource/b612/latin-700.css";
import "@fontsource/b612-mono/latin-400.css";
import "./style/base.css";
import "./style/panels.css";
import { App } from "./app";
import { listenToKeys } from "./keys";
import { expose } from "./state/debug";
import { start } from "./state/store";
import { adoptFromAddress } from "./state/token";

adoptFromAddress();
window.addEventListener("hashchange", () => {
  // A second sign-in link opened in the same tab changes only the fragment.
  if (adoptFromAddress()) window.location.reload();
});
expose();
listenToKeys();
start();

const root = document.getElementById("app");
if (root) render(<App />, root);
