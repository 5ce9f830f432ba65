// What levels, sources and states mean, in the words of the design's section 10. A coordinator must not have to
// know the ladder by heart: each panel says what was released, what was withheld and whom to ask.
import type { ReleasedItem, TrackView } from "../wire/types";

export const ITEM_LEVEL: Readonly<Record<string, string>> = {
  own: "Yours. Others see only what your rules and the charter release: press W.",
  volume: "Exact volumes, times and category. Who it belongs to is not released.",
  reserved:
    "Grid cells, a height band and a time slot that contain it. Not the exact place, state, or whose it is. " +
    "The real volume is somewhere inside; warnings against it come too often, never too seldom.",
};

const TRACK_LEVEL: Readonly<Record<string, string>> = {
  own: "Heard or seen by your own feeds, shown whole.",
  broadcast: "Broadcast: transmitted in the clear, anybody in range hears it.",
  position: "Position only: rounded, the ring shows its accuracy. Identity is not released to you.",
  identity: "Position and identity are released to you.",
};

const SOURCE: Readonly<Record<string, string>> = {
  own: "its operator's own report",
  broadcast: "broadcast (ADS-B, Remote ID)",
  sensed: "sensed (radar and the like)",
};

/** What words need of a track: a view, or the words of one without its place. */
export type Named = Pick<TrackView, "id" | "source" | "level" | "callsign" | "squawk" | "emergency">;

/** One's own aircraft, as opposed to somebody's that one's own feed brought: those are also at level "own". */
export function isMine(track: Pick<TrackView, "level" | "source">): boolean {
  return track.level === "own" && track.source === "own";
}

export function trackLevelWords(track: Named): string {
  if (isMine(track)) return "Yours: your own report about your own aircraft. Others see what you release: press W.";
  return TRACK_LEVEL[track.level] ?? track.level;
}

export function sourceWords(track: Named): string {
  return SOURCE[track.source] ?? track.source;
}

/** Where the knowledge comes from, in a word or two. */
export function sourceBrief(track: Named): string {
  if (track.source === "sensed") return track.level === "own" ? "sensed by you" : "sensed";
  if (track.source === "broadcast") return "broadcast";
  if (track.level === "own") return "yours";
  return track.level === "position" ? "position only" : "its operator";
}

export const STATE: Readonly<Record<string, string>> = {
  Accepted: "accepted: planned, not flying yet",
  Activated: "activated: in use",
  Nonconforming: "nonconforming: outside its volumes, may return",
  Contingent: "contingent: cannot return to its volumes",
  Ended: "ended",
  planned: "planned: becomes active at its start",
  pending: "pending: becomes active soon",
  active: "active: in force",
  released: "released: given back by its owner",
  cancelled: "cancelled",
  expired: "expired",
};

/** What the exchange says as a contact where it hides whose a thing is. */
const HIDDEN = "through the exchange";

export function contactOf(item: ReleasedItem): string {
  return item.contact ?? HIDDEN;
}

/** Who answers for it, where that is released: a USS by its name. */
function answers(item: ReleasedItem): string | null {
  return contactOf(item) === HIDDEN ? null : contactOf(item);
}

export function itemLevelWords(item: ReleasedItem): string {
  const by = item.level === "reserved" ? answers(item) : null;
  if (!by) return ITEM_LEVEL[item.level] ?? item.level;
  return (
    `Grid cells, a height band and a time slot that contain it. Not the exact place or state: ask ${by}. ` +
    "The real volume is somewhere inside; warnings against it come too often, never too seldom."
  );
}

/** How an item is named where no owner or callsign is released: its designator, or kind and short reference. */
export function itemName(item: ReleasedItem): string {
  if (item.designator) return item.designator;
  return `${item.kind === "intent" ? "Intent" : "Constraint"} ${item.ref.slice(0, 6)}`;
}

/** One line of what it is: "own Activated intent", "reserved: a participant". */
export function itemWords(item: ReleasedItem): string {
  if (item.level === "reserved") return `reserved: ${answers(item) ?? "a participant"}`;
  const kind = item.kind === "constraint" ? `${item.constraint_kind ?? ""} constraint`.trim() : "intent";
  return `${item.level === "own" ? "own " : ""}${item.state ?? ""} ${kind}`;
}

export function trackName(track: Named): string {
  const callsign = track.callsign?.trim();
  if (callsign) return callsign;
  return /^[0-9a-f]{6}$/i.test(track.id) ? track.id.toUpperCase() : track.id.slice(0, 6);
}

/** The emergency codes, unmistakably: the squawk and its meaning in capitals. */
export function emergencyText(track: Named): string | null {
  if (!track.emergency) return null;
  return `${track.squawk ? `${track.squawk} ` : ""}${track.emergency.toUpperCase()}`;
}
