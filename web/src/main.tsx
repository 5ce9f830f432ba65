// The page's entry: takes the token out of the address before anything else, then draws sign-in or map.
import { render } from "preact";
import "@fontsource/b612/latin-400.css";
import "@fontsource/b612/latin-700.css";
import "@fontsource/b612-mono/latin-400.css";
import "./style/base.css";
import "./style/panels.css";
import { installAlerts } from "./alerts";
import { App, installPanels } from "./app";
import { installBindings } from "./bindings";
import { installGuide } from "./guide";
import { listenToKeys } from "./keys";
import { installFilters } from "./panels/filters";
import { installPlan } from "./plan";
import { installRuler } from "./ruler";
import { installSeen } from "./seen";
import { expose } from "./state/debug";
import { start } from "./state/store";
import { adoptFromAddress } from "./state/token";
import { installTimeline } from "./timeline";

adoptFromAddress();
window.addEventListener("hashchange", () => {
  // A second sign-in link opened in the same tab changes only the fragment.
  if (adoptFromAddress()) window.location.reload();
});
expose();
installBindings();
installPanels();
installFilters();
installRuler();
installPlan();
installAlerts();
installTimeline();
installSeen();
installGuide();
listenToKeys();
start();

const root = document.getElementById("app");
if (root) render(<App />, root);
