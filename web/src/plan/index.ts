// Planning a flight on the map: draw, see what is in the way, take an alternative, file. Key P. Its other keys work only
// while the plan is open, before others of the same name.
import "./plan.css";
import { effect } from "@preact/signals";
import { type KeyBinding, registerKey } from "../keys";
import { theScene } from "../map/commands";
import { registerPanel } from "../panels/slots";
import { picking } from "../ruler/state";
import { findAlternatives, followDraft } from "./asks";
import { filed, forgetOutcome } from "./filing";
import { installPlanLayer } from "./layer";
import { PlanButton, PlanPanel } from "./panel";
import {
  accepted, addWaypoint, chosen, deleteWaypoint, drawing, followSignOut, plan, planOpen, preview, setWaypoint, stepChosen, togglePlan,
} from "./state";

/** Before the list's and the page's own keys, after the ruler's. */
const FIRST = 15;

function middle(): { lat: number; lon: number } | null {
  const at = theScene()?.map.getCenter().wrap();
  return at ? { lat: at.lat, lon: at.lng } : null;
}

/** Enter presses a button that has the focus, and opens the list's selection where that has it. */
function elsewhere(target: EventTarget | null): boolean {
  if (target instanceof HTMLButtonElement || target instanceof HTMLInputElement) return true;
  return target instanceof Element && target.closest("#list") !== null;
}

function addHere({ target }: KeyboardEvent): boolean | void {
  const at = middle();
  if (!planOpen.peek() || !drawing.peek() || picking.peek() || elsewhere(target) || !at) return false;
  if (filed.peek().state !== "unknown") forgetOutcome();
  addWaypoint(at);
}

function moveHere(): boolean | void {
  const at = middle();
  if (!planOpen.peek() || chosen.peek() === null || !at) return false;
  setWaypoint(chosen.peek()!, at);
}

/** What is off the map is brought to its middle. */
function step(by: 1 | -1): boolean | void {
  const at = planOpen.peek() ? stepChosen(by) : null;
  if (!at) return false;
  const map = theScene()?.map;
  if (map && !map.getBounds().contains([at.lon, at.lat])) theScene()?.goTo(at.lat, at.lon, 0);
}

function escape(): boolean | void {
  if (!planOpen.peek() || picking.peek()) return false;
  if (preview.peek() !== null) preview.value = null;
  else if (drawing.peek()) drawing.value = false;
  else return false;
}

/** While the plan is open; its words are in the help all the same. */
function key(keys: readonly string[], help: string, act: KeyBinding["act"], shown?: string): void {
  registerKey({ keys, group: "plan", help, priority: FIRST, act, ...(shown ? { shown } : {}) });
}

export function installPlan(): void {
  installPlanLayer();
  followDraft();
  followSignOut();
  // A refusal is about what was filed; a changed plan is another.
  effect(() => {
    void [plan.value, accepted.value];
    if (filed.peek().state === "refused") forgetOutcome();
  });
  registerPanel({ id: "plan-button", slot: "bar", order: 5, view: PlanButton });
  registerPanel({ id: "plan", slot: "left", order: 20, view: PlanPanel });
  registerKey({ keys: ["P"], group: "plan", help: "plan a flight: open, close", priority: FIRST, act: togglePlan });
  key(["Enter"], "waypoint at the cross in the map's middle (or click)", addHere);
  key(["z"], "previous waypoint", () => step(-1));
  key(["x"], "next waypoint", () => step(1));
  key(["c"], "move the chosen waypoint to the map's middle (or pull it)", moveHere);
  key(["Delete", "Backspace"], "delete the chosen waypoint", () => (planOpen.peek() ? deleteWaypoint() : false), "Del");
  key(["e"], "find alternatives", () => {
    if (!planOpen.peek()) return false;
    void findAlternatives();
  });
  key(["Escape"], "", escape);
}
