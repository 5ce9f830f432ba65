// Registers what belongs to alerts: the list, the badge in the bar, the notices, the lines on the map, the keys.
import "./alerts.css";
import { registerKey } from "../keys";
import { registerPanel } from "../panels/slots";
import { selectedAlert, selection } from "../state/store";
import { acknowledge } from "./acknowledge";
import { AlertBadge, AlertNotice } from "./badge";
import { step } from "./choose";
import { installAlertLayer } from "./layer";
import { followNews } from "./news";
import { AlertsPanel, toggleFilter } from "./panel";
import { toggleSound } from "./sound";
import { followAlerts, open, selectedListed } from "./state";

/** The selected one; with none selected nothing, so that nobody acknowledges what he has not looked at. */
function acknowledgeSelected(): boolean {
  const chosen = selectedListed.peek();
  return chosen !== null && acknowledge(chosen.alert);
}

/** One thing at a time: the thing in the details is deselected first, then the alert, before the search. */
function deselect(): boolean {
  if (selection.peek() || selectedAlert.peek() === null) return false;
  selectedAlert.value = null;
  return true;
}

function stepAndShow(by: 1 | -1): boolean {
  if (!step(by)) return false;
  open.value = true;
  requestAnimationFrame(() => document.querySelector(".alert[aria-current]")?.scrollIntoView({ block: "nearest" }));
  return true;
}

export function installAlerts(): void {
  followAlerts();
  followNews();
  installAlertLayer();
  registerPanel({ id: "alert-badge", slot: "bar", order: 10, view: AlertBadge });
  registerPanel({ id: "alert-notice", slot: "top", order: 90, view: AlertNotice });
  registerPanel({ id: "alerts", slot: "right", order: 10, view: AlertsPanel });
  registerKey({ keys: ["n"], group: "alerts", help: "next alert, and fly to it", act: () => stepAndShow(1) });
  registerKey({ keys: ["p"], group: "alerts", help: "previous alert, and fly to it", act: () => stepAndShow(-1) });
  registerKey({ keys: ["k"], group: "alerts", help: "acknowledge the selected alert", act: acknowledgeSelected });
  registerKey({ keys: ["i"], group: "alerts", help: "all alerts, or only with aircraft of yours", act: toggleFilter });
  registerKey({ keys: ["s"], group: "alerts", help: "sound for new warnings: on, off", act: toggleSound });
  registerKey({ keys: ["a"], group: "alerts", help: "show or hide the alerts", act: () => { open.value = !open.peek(); } });
  registerKey({ keys: ["Escape"], group: "alerts", help: "", priority: 10, act: deselect });
}
