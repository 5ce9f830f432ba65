// The guide of the demonstration: what to look at, by the second of its cycle. Pure. The steps are data
// (web/data/demo_guide.json, written with the demonstration's scenario); the cycle's beginning comes in the link.

/** The demonstration shows everything within two minutes and begins anew. */
export const CYCLE_S = 120;

export interface Step {
  readonly at_s: number;
  readonly until_s: number;
  /** Participants whom it is for, by id; nobody named: everybody. */
  readonly who: readonly string[];
  readonly title: string;
  readonly text: string;
}

export interface GuideLink {
  readonly guide: string;
  /** Seconds since 1970 at which a cycle began. */
  readonly cycleS: number | null;
}

/** Of an address's fragment: "#token=...&guide=demo&cycle=1790000000". Null where it names no guide. */
export function guideIn(fragment: string): GuideLink | null {
  const fields = new URLSearchParams(fragment.replace(/^#/, ""));
  const guide = fields.get("guide");
  if (!guide) return null;
  const cycle = fields.get("cycle");
  const cycleS = cycle !== null && cycle.trim() !== "" ? Number(cycle) : Number.NaN;
  return { guide, cycleS: Number.isFinite(cycleS) ? cycleS : null };
}

/** From 0 up to CYCLE_S. Without a beginning the cycles are counted from the minute of the clock. */
export function secondOfCycle(nowMs: number, cycleS: number | null): number {
  const passed = nowMs / 1000 - (cycleS ?? 0);
  return ((passed % CYCLE_S) + CYCLE_S) % CYCLE_S;
}

function isFor(step: Step, participant: string | null): boolean {
  return step.who.length === 0 || (participant !== null && step.who.includes(participant));
}

/** The steps to look at now: from at_s until before until_s. */
export function stepsAt(steps: readonly Step[], second: number, participant: string | null): readonly Step[] {
  return steps.filter((step) => isFor(step, participant) && step.at_s <= second && second < step.until_s);
}

/** The step that begins next, in this cycle or the one after, and in how many seconds. */
export function nextStep(
  steps: readonly Step[],
  second: number,
  participant: string | null,
): { readonly step: Step; readonly in_s: number } | null {
  let best: { step: Step; in_s: number } | null = null;
  for (const step of steps) {
    if (!isFor(step, participant)) continue;
    const in_s = (((step.at_s - second) % CYCLE_S) + CYCLE_S) % CYCLE_S || CYCLE_S;
    if (!best || in_s < best.in_s) best = { step, in_s };
  }
  return best;
}
