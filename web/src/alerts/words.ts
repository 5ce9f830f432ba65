// An alert in words: what it is, when, who, how close, on what it rests. Pure. Every number is the exchange's, as
// told to this reader; here it is only put into nautical miles, metres and feet. Miss distances are cut, never
// rounded up: what is shown is at most what was said.
import type { Alert, AlertSide } from "../wire/types";
import { feet } from "../format/heights";
import { LEVEL } from "./levels";

const M_PER_NM = 1852;
/** Below half a nautical mile metres say more. */
const METRES_BELOW_M = 0.5 * M_PER_NM;
/** Absorbs metres that stand for a whole nautical mile or foot. */
const ROUNDING = 1e-6;

/** How the reader's picture calls a track or an item; null where it has none of that id. */
export interface Names {
  track(id: string): string | null;
  item(ref: string): string | null;
}

/** "1:12", "0:05", "75:00"; never negative. */
export function countdown(seconds: number): string {
  const s = Math.max(0, Math.ceil(seconds));
  return `${Math.floor(s / 60)}:${String(s % 60).padStart(2, "0")}`;
}

export function msOf(time: string | null | undefined): number | null {
  if (time == null) return null;
  const ms = Date.parse(time);
  return Number.isNaN(ms) ? null : ms;
}

/** What the alert is about, in the words of the design. */
export function headline(alert: Alert): string {
  const now = alert.phase === "now";
  switch (alert.kind) {
    case "conflict":
      return now ? "Loss of separation" : "Predicted conflict";
    case "incursion":
      return now ? "Incursion" : "Predicted incursion";
    case "emergency":
      return "Emergency";
    case "crowd":
      return "Crowd: taken as one obstacle";
    case "raises":
      return "More raises than the budget allows";
  }
}

/** "in 1:12", "now", "now, for 0:40 more", "cleared". */
export function phaseWords(alert: Alert, nowMs: number): string {
  if (alert.state === "cleared") return "cleared";
  if (alert.phase === "now") {
    const leaves = msOf(alert.leaves_at);
    return leaves !== null && leaves > nowMs ? `now, for ${countdown((leaves - nowMs) / 1000)} more` : "now";
  }
  const at = msOf(alert.enters_at) ?? msOf(alert.closest_at);
  if (at === null) return "predicted";
  return at > nowMs ? `predicted in ${countdown((at - nowMs) / 1000)}` : "predicted, due now";
}

export function closestWords(alert: Alert, nowMs: number): string | null {
  const at = msOf(alert.closest_at);
  if (at === null) return null;
  return at > nowMs
    ? `closest in ${countdown((at - nowMs) / 1000)}`
    : `closest ${countdown((nowMs - at) / 1000)} ago`;
}

export function horizontalWords(value_m: number): string {
  if (value_m < METRES_BELOW_M) return `${Math.floor(value_m / 10 + ROUNDING) * 10} m`;
  return `${(Math.floor((value_m / M_PER_NM) * 10 + ROUNDING) / 10).toFixed(1)} NM`;
}

export function verticalWords(value_m: number): string {
  return `${(Math.floor(feet(value_m) / 10 + ROUNDING) * 10).toLocaleString("en-GB")} ft`;
}

/** "0.8 NM · 300 ft"; an unknown height is said to be so, never left out. Null where nothing was measured. */
export function missWords(alert: Alert): string | null {
  if (alert.horizontal_m == null) return null;
  const vertical = alert.vertical_m == null ? "height not known" : verticalWords(alert.vertical_m);
  return `${horizontalWords(alert.horizontal_m)} · ${vertical}`;
}

export function minimaWords(alert: Alert): string | null {
  const parts = [
    alert.minima_horizontal_m == null ? null : horizontalWords(alert.minima_horizontal_m),
    alert.minima_vertical_m == null ? null : verticalWords(alert.minima_vertical_m),
  ].filter((part) => part !== null);
  return parts.length > 0 ? `minima ${parts.join(" · ")}` : null;
}

export function sideName(side: AlertSide, names: Names): string {
  const label = side.label?.trim();
  if (label) return label;
  if (side.level === "reserved" || !side.track) return "a participant";
  return names.track(side.track) ?? (/^[0-9a-f]{6}$/i.test(side.track) ? side.track.toUpperCase() : side.track.slice(0, 7));
}

/** What is to be known of a side besides its name; empty where the name says all. */
export function sideNote(side: AlertSide): string {
  const notes = [
    side.own ? "yours" : "",
    side.level === "reserved" ? "position not released" : side.level === "position" ? "position only" : "",
    !side.claimed ? "" : side.own ? "reported by you alone" : "reported by its operator alone",
  ];
  return notes.filter(Boolean).join(", ");
}

/** The volume that is entered, by the name that the reader has for it. */
export function itemWords(alert: Alert, names: Names): string | null {
  if (!alert.item_kind && !alert.item) return null;
  const name = alert.item_label?.trim() || (alert.item ? names.item(alert.item) : null);
  const kind = alert.item_kind === "intent" ? "intent" : "constraint";
  if (!name) return alert.item_kind === "intent" ? "an intent of a participant" : "a constraint";
  return name.toLowerCase().startsWith(kind) ? name : `${kind} ${name}`;
}

/** "RELIEF21 and SWR4TK", "RELIEF21 into constraint LS-R8", "14 aircraft". */
export function whoWords(alert: Alert, names: Names): string {
  const item = itemWords(alert, names);
  if (alert.sides.length > 2) return `${alert.sides.length} aircraft`;
  const sides = alert.sides.map((side) => {
    const note = side.level === "reserved" ? ", position not released" : "";
    return sideName(side, names) + note;
  });
  const all = sides.join(" and ");
  return item ? `${all || "an aircraft"} into ${item}` : all;
}

export const ADVISORY = "Advisory: decided on grid cells that contain the other, so it comes too often, never too seldom.";

/** One sentence for those who listen. */
export function spoken(alert: Alert, nowMs: number, names: Names): string {
  const parts = [
    `${LEVEL[alert.level].word.toLowerCase()}: ${headline(alert).toLowerCase()}, ${phaseWords(alert, nowMs)}`,
    whoWords(alert, names),
    missWords(alert)?.replace(" · ", ", ") ?? "",
    alert.advisory ? "advisory" : "",
  ];
  return `${parts.filter(Boolean).join("; ")}.`;
}
