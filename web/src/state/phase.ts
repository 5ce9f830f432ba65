// What time does to promised things: whether a volume is in use now, planned, or over, and whether the chosen
// horizon shows it. Pure. Intervals are half-open: at `end` the volume is free again.
import type { ReleasedItem } from "../wire/types";
import type { Horizon } from "./store";

export interface Slot {
  readonly startMs: number;
  readonly endMs: number;
}

export type Time = "now" | "later" | "over";

export function timeOf(slot: Slot, nowMs: number): Time {
  if (slot.endMs <= nowMs) return "over";
  return slot.startMs <= nowMs ? "now" : "later";
}

const REACH_MS: Readonly<Record<Horizon, number>> = {
  now: 0,
  "1h": 3_600_000,
  "6h": 21_600_000,
  all: Infinity,
};

/** True where the slot meets [now, now + reach]. What is over is never shown. */
export function within(slot: Slot, nowMs: number, horizon: Horizon): boolean {
  return slot.endMs > nowMs && slot.startMs <= nowMs + REACH_MS[horizon];
}

const slots = new WeakMap<ReleasedItem, readonly Slot[]>();

/** The slots of an item's volumes, exact or reserved, in their order. Parsed once for each form of an item. */
export function slotsOf(item: ReleasedItem): readonly Slot[] {
  let known = slots.get(item);
  if (!known) {
    known = [...(item.volumes ?? []), ...(item.reserved ?? [])].map((volume) => ({
      startMs: Date.parse(volume.start),
      endMs: Date.parse(volume.end),
    }));
    slots.set(item, known);
  }
  return known;
}

/** From the earliest start to the latest end. */
export function spanOf(item: ReleasedItem): Slot {
  const all = slotsOf(item);
  return {
    startMs: Math.min(...all.map((s) => s.startMs)),
    endMs: Math.max(...all.map((s) => s.endMs)),
  };
}

/** An item's time: now where any of its volumes is, else later where any is. */
export function itemTime(item: ReleasedItem, nowMs: number): Time {
  const times = slotsOf(item).map((slot) => timeOf(slot, nowMs));
  return times.includes("now") ? "now" : times.includes("later") ? "later" : "over";
}

const IN_FORCE = new Set(["Activated", "Nonconforming", "Contingent", "active"]);
const OFF_NOMINAL = new Set(["Nonconforming", "Contingent"]);
const FINAL = new Set(["Ended", "released", "cancelled", "expired"]);

/** In use, as opposed to planned. A reserved item has no state: it is held for its whole slot. */
export function inForce(item: ReleasedItem): boolean {
  return item.level === "reserved" || IN_FORCE.has(item.state ?? "");
}

export function offNominal(item: ReleasedItem): boolean {
  return OFF_NOMINAL.has(item.state ?? "");
}

export function isFinal(item: ReleasedItem): boolean {
  return FINAL.has(item.state ?? "");
}

/** An item is listed where one of its volumes is within the horizon; off-nominal ones always are. */
export function listed(item: ReleasedItem, nowMs: number, horizon: Horizon): boolean {
  if (isFinal(item)) return false;
  return offNominal(item) || slotsOf(item).some((slot) => within(slot, nowMs, horizon));
}

/** The next moment at which some slot starts, ends or comes into the horizon: nothing changes before it. */
export function nextBoundary(items: Iterable<ReleasedItem>, nowMs: number, horizon: Horizon): number {
  const reach = REACH_MS[horizon];
  let next = Infinity;
  for (const item of items) {
    for (const { startMs, endMs } of slotsOf(item)) {
      for (const at of [startMs, endMs, startMs - reach]) if (at > nowMs && at < next) next = at;
    }
  }
  return next;
}
