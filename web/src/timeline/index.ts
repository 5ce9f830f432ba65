// Registers what belongs to the time that is shown: the bar, the banner, the keys.
import "./timeline.css";
import { effect } from "@preact/signals";
import { registerKey } from "../keys";
import { registerPanel } from "../panels/slots";
import { token, viewTime } from "../state/store";
import { followAhead } from "./ahead";
import { ActivePanel } from "./active";
import { FINE_STEP_MS, playOrHold, stepTime, TimelineBar, toggleAhead, toggleReplay } from "./bar";
import { TimeBanner } from "./banner";
import { leave, setRate, span } from "./player";

/** Space presses the button that has the focus, and is no key of ours then. */
function space(event: KeyboardEvent): boolean {
  return event.target instanceof HTMLButtonElement ? false : playOrHold();
}

function pace(rate: 1 | 4): boolean {
  if (viewTime.peek().mode !== "replay") return false;
  setRate(rate);
  return true;
}

/** Only ahead of now: in the recording a step is shorter already. */
function stepFine(by: 1 | -1): boolean | void {
  if (viewTime.peek().mode !== "ahead") return false;
  stepTime(by, FINE_STEP_MS);
}

export function installTimeline(): void {
  followAhead();
  // Another person's recording is not this one's.
  effect(() => {
    if (token.value !== null) return;
    leave();
    span.value = null;
  });
  registerPanel({ id: "time-banner", slot: "top", order: 1, view: TimeBanner });
  registerPanel({ id: "active", slot: "right", order: 20, view: ActivePanel });
  registerPanel({ id: "timeline", slot: "bottom", order: 50, view: TimelineBar });
  registerKey({ keys: ["0"], group: "time", help: "back to live", act: leave });
  registerKey({ keys: ["t"], group: "time", help: "replay, from a minute ago", act: toggleReplay });
  registerKey({ keys: ["y"], group: "time", help: "look-ahead over what is planned", act: toggleAhead });
  registerKey({ keys: [","], group: "time", help: "earlier: 10 s in replay, 15 min in look-ahead", act: () => stepTime(-1) });
  registerKey({ keys: ["."], group: "time", help: "later", act: () => stepTime(1) });
  registerKey({ keys: ["<"], group: "time", help: "look-ahead: a minute earlier", act: () => stepFine(-1) });
  registerKey({ keys: [">"], group: "time", help: "look-ahead: a minute later", act: () => stepFine(1) });
  registerKey({ keys: [" "], shown: "Space", group: "time", help: "replay: play, stand still", act: space });
  registerKey({ keys: ["1"], group: "time", help: "replay as fast as it was", act: () => pace(1) });
  registerKey({ keys: ["4"], group: "time", help: "replay at four times", act: () => pace(4) });
}
