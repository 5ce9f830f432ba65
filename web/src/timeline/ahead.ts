// Look-ahead: the volumes as they are planned now for a time to come, up to a day ahead. It keeps its distance from
// the present: a minute later it shows a minute later; a moment that was asked for by name stays. Aircraft are not predicted; they stay where they are now.
import { effect, signal } from "@preact/signals";
import { lookAhead } from "../state/replay";
import { nowMs, presentSecond, viewTime } from "../state/store";
import { leave } from "./player";

export const FURTHEST_MS = 24 * 3_600_000;
/** The moment shown is cut to this, so that the volumes are drawn anew once a minute and not each second. */
const GRAIN_MS = 60_000;

/** How far ahead, while the page looks ahead. */
export const aheadMs = signal(0);

/** A moment that was asked for by name: the page stays at it while the present comes nearer. */
const heldMs = signal<number | null>(null);

export function momentAhead(presentMs: number, byMs: number): number {
  return Math.ceil((presentMs + byMs) / GRAIN_MS) * GRAIN_MS;
}

/** Zero or less is the present itself. */
export function look(byMs: number): void {
  const present = nowMs();
  if (present === null) return;
  leave();
  heldMs.value = null;
  aheadMs.value = Math.max(0, Math.min(FURTHEST_MS, byMs));
  if (aheadMs.peek() > 0) lookAhead(momentAhead(present, aheadMs.peek()));
}

/** At a time to come, which stays the same; what is past, or further than a day, is the present or the day's end. */
export function lookAt(atMs: number): void {
  const present = nowMs();
  if (present === null) return;
  leave();
  const at = Math.min(atMs, present + FURTHEST_MS);
  if (at <= present) return;
  heldMs.value = at;
  aheadMs.value = at - present;
  lookAhead(at);
}

/** By so much from the moment shown, held as that was. */
export function lookFurther(byMs: number): void {
  const held = heldMs.peek();
  if (held === null) look(aheadMs.peek() + byMs);
  else lookAt(held + byMs);
}

export function followAhead(): () => void {
  return effect(() => {
    const present = presentSecond.value;
    const view = viewTime.value;
    if (present === null || view.mode !== "ahead") return;
    const held = heldMs.peek();
    if (held !== null) {
      // The moment has come: what is shown is the present then.
      if (held <= present) leave();
      else aheadMs.value = held - present;
      return;
    }
    const at = momentAhead(present, aheadMs.peek());
    if (at !== view.atMs) lookAhead(at);
  });
}
