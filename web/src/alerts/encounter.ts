// What the map draws of an alert: lines between the two aircraft and from each to where it will be at the closest
// approach, or from one to where it enters a volume. Pure.
//
// The closest points are reckoned from what this page has: each aircraft along its released velocity for the time
// that the exchange states. The distances written beside them are the exchange's own. So the points are a
// picture of the alert, within the accuracy of the released velocities, and never its measure.
import type { Alert } from "../wire/types";
import { latOf, lonOf, mercatorX, mercatorY, worldPerMetre } from "../geometry/mercator";
import { LEVEL } from "./levels";
import { closestWords, itemWords, missWords, msOf, type Names, phaseWords } from "./words";

export interface Point {
  readonly lat: number;
  readonly lon: number;
}

/** An aircraft where it is drawn now, with its released velocity where that is known. */
export interface Moving extends Point {
  readonly ground_speed_mps?: number | null | undefined;
  readonly track_deg?: number | null | undefined;
  readonly stale?: boolean | undefined;
}

export type Segment = readonly [Point, Point];

export interface Encounter {
  readonly ref: string;
  /** In the level's line style. */
  readonly strong: readonly Segment[];
  /** The ways there, and what lies between the two closest points. */
  readonly thin: readonly Segment[];
  readonly gap: Segment | null;
  /** Closest points, or the point of entry. */
  readonly marks: readonly Point[];
  /** Aircraft that get a ring, by their place: where there is nothing else to draw. */
  readonly rings: readonly Point[];
  readonly labelAt: Point | null;
  readonly lines: readonly string[];
}

/** Further than this a straight line is no picture of anything. */
const LONGEST_S = 1200;

/** Where it is in so many seconds along a rhumb line: on this map a straight one. */
export function reckoned(from: Moving, seconds: number): Point | null {
  const { ground_speed_mps: speed, track_deg: track } = from;
  if (speed == null || track == null || seconds < 0 || seconds > LONGEST_S) return null;
  const way = speed * seconds * worldPerMetre(from.lat);
  const angle = (track * Math.PI) / 180;
  return {
    lat: latOf(mercatorY(from.lat) - way * Math.cos(angle)),
    lon: lonOf(mercatorX(from.lon) + way * Math.sin(angle)),
  };
}

function between(a: Point, b: Point): Point {
  const x = mercatorX(b.lon) - mercatorX(a.lon);
  const nearest = x - Math.round(x);
  return { lat: latOf((mercatorY(a.lat) + mercatorY(b.lat)) / 2), lon: lonOf(mercatorX(a.lon) + nearest / 2) };
}

export function encounterOf(
  alert: Alert,
  placeOf: (trackId: string) => Moving | null,
  nowMs: number,
  names: Names,
): Encounter {
  const sides = alert.sides.flatMap((side) => (side.track ? [placeOf(side.track)] : [])).filter((at) => at !== null);
  if (alert.kind === "incursion") return incursion(alert, sides[0] ?? null, nowMs, names);
  if (alert.kind === "conflict" && sides.length === 2) return pair(alert, sides[0]!, sides[1]!, nowMs);
  return ringed(alert, sides, nowMs);
}

function headOf(alert: Alert, nowMs: number): string {
  const { sign, word } = LEVEL[alert.level];
  const acknowledged = alert.state === "acknowledged" ? " ✓" : "";
  return `${sign} ${word}${acknowledged} · ${phaseWords(alert, nowMs).replace("predicted ", "")}`;
}

function pair(alert: Alert, a: Moving, b: Moving, nowMs: number): Encounter {
  const closest = msOf(alert.closest_at);
  const seconds = closest === null ? -1 : (closest - nowMs) / 1000;
  const atA = reckoned(a, seconds);
  const atB = reckoned(b, seconds);
  const known = atA !== null && atB !== null;
  const words = missWords(alert);
  return {
    ref: alert.ref,
    strong: [[a, b]],
    thin: known ? [[a, atA], [b, atB]] : [],
    gap: known ? [atA, atB] : null,
    marks: known ? [atA, atB] : [],
    rings: [],
    labelAt: known ? between(atA, atB) : between(a, b),
    lines: [headOf(alert, nowMs), ...(words ? [words] : []), ...(seconds > 0 ? [closestWords(alert, nowMs)!] : [])],
  };
}

function incursion(alert: Alert, craft: Moving | null, nowMs: number, names: Names): Encounter {
  const enters = msOf(alert.enters_at);
  const item = itemWords(alert, names) ?? "volume";
  const entry = craft && alert.phase === "predicted" && enters !== null ? reckoned(craft, (enters - nowMs) / 1000) : null;
  const into = alert.phase === "now" ? `inside ${item}` : `enters ${item}`;
  return {
    ref: alert.ref,
    strong: craft && entry ? [[craft, entry]] : [],
    thin: [],
    gap: null,
    marks: entry ? [entry] : [],
    rings: craft && !entry ? [craft] : [],
    labelAt: entry ?? craft,
    lines: [headOf(alert, nowMs), into],
  };
}

/** One side is not released, or there are many, or it is about one aircraft alone: each that is seen gets a ring. */
function ringed(alert: Alert, sides: readonly Moving[], nowMs: number): Encounter {
  const words = missWords(alert);
  const many = alert.sides.length > 2 ? [`${alert.sides.length} aircraft`] : [];
  return {
    ref: alert.ref,
    strong: [],
    thin: [],
    gap: null,
    marks: [],
    rings: sides,
    labelAt: sides[0] ?? null,
    lines: [headOf(alert, nowMs), ...many, ...(alert.advisory ? ["advisory"] : words ? [words] : [])],
  };
}
