// Look-ahead: the volumes as they are planned now for a time to come, up to a day ahead. It keeps its distance from
// the present: a minute later it shows a minute later. Aircraft are not predicted; they stay where they are now.
import { effect, signal } from "@preact/signals";
import { lookAhead } from "../state/replay";
import { nowMs, presentSecond, viewTime } from "../state/store";
import { leave } from "./player";

export const FURTHEST_MS = 24 * 3_600_000;
/** The moment shown is cut to this, so that the volumes are drawn anew once a minute and not each second. */
const GRAIN_MS = 60_000;

/** How far ahead, while the page looks ahead. */
export const aheadMs = signal(0);

export function momentAhead(presentMs: number, byMs: number): number {
  return Math.ceil((presentMs + byMs) / GRAIN_MS) * GRAIN_MS;
}

/** Zero or less is the present itself. */
export function look(byMs: number): void {
  const present = nowMs();
  if (present === null) return;
  leave();
  aheadMs.value = Math.max(0, Math.min(FURTHEST_MS, byMs));
  if (aheadMs.peek() > 0) lookAhead(momentAhead(present, aheadMs.peek()));
}

export function followAhead(): () => void {
  return effect(() => {
    const present = presentSecond.value;
    const view = viewTime.value;
    if (present === null || view.mode !== "ahead") return;
    const at = momentAhead(present, aheadMs.peek());
    if (at !== view.atMs) lookAhead(at);
  });
}
