// Which alerts are listed and in what order. Pure: a fold that keeps those which have cleared for a while, so that
// nothing disappears from under a person's eyes, and the order of urgency.
import type { Alert } from "../wire/types";
import { LEVEL } from "./levels";
import { msOf } from "./words";

/** Long enough to read it, short enough that the list stays the present's. */
export const KEEP_CLEARED_MS = 30_000;

export interface Listed {
  readonly alert: Alert;
  /** When it was last told, where it is so no longer. */
  readonly clearedAtMs: number | null;
}

export interface Memory {
  readonly participantId: string | null;
  readonly shown: ReadonlyMap<string, Listed>;
}

export const NOTHING: Memory = { participantId: null, shown: new Map() };

/** What is told now, and what was until less than KEEP_CLEARED_MS ago. The same object where nothing changed. */
export function remember(
  memory: Memory,
  participantId: string | null,
  alerts: ReadonlyMap<string, Alert>,
  nowMs: number,
): Memory {
  const before = participantId === memory.participantId ? memory.shown : NOTHING.shown;
  const shown = new Map<string, Listed>();
  for (const [ref, alert] of alerts) {
    const known = before.get(ref);
    const clearedAtMs = alert.state === "cleared" ? (known?.clearedAtMs ?? nowMs) : null;
    if (clearedAtMs !== null && nowMs - clearedAtMs >= KEEP_CLEARED_MS) continue;
    const same = known?.alert === alert && known.clearedAtMs === clearedAtMs;
    shown.set(ref, same ? known : { alert, clearedAtMs });
  }
  for (const [ref, known] of before) {
    if (alerts.has(ref)) continue;
    const clearedAtMs = known.clearedAtMs ?? nowMs;
    if (nowMs - clearedAtMs >= KEEP_CLEARED_MS) continue;
    const done = known.clearedAtMs !== null;
    shown.set(ref, done ? known : { alert: { ...known.alert, state: "cleared" }, clearedAtMs });
  }
  const same =
    participantId === memory.participantId &&
    shown.size === before.size &&
    [...shown].every(([ref, listed]) => before.get(ref) === listed);
  return same ? memory : { participantId, shown };
}

/** One's own aircraft is in it, or one's own doings are. */
export function concerns(alert: Alert): boolean {
  return alert.kind === "raises" || alert.sides.some((side) => side.own);
}

export function isCleared({ state }: Alert): boolean {
  return state === "cleared";
}

function dueMs(alert: Alert): number {
  return msOf(alert.enters_at) ?? msOf(alert.closest_at) ?? Infinity;
}

/** Most urgent first: what is on before what has cleared; by level; with aircraft of one's own; what is so now; not
 * yet acknowledged; soonest. */
export function byUrgency(a: Alert, b: Alert): number {
  const soonest = dueMs(a) - dueMs(b);
  return (
    Number(isCleared(a)) - Number(isCleared(b)) ||
    LEVEL[b.level].rank - LEVEL[a.level].rank ||
    Number(concerns(b)) - Number(concerns(a)) ||
    Number(b.phase === "now") - Number(a.phase === "now") ||
    Number(a.state === "acknowledged") - Number(b.state === "acknowledged") ||
    (Number.isNaN(soonest) ? 0 : soonest) ||
    (a.ref < b.ref ? -1 : a.ref > b.ref ? 1 : 0)
  );
}
