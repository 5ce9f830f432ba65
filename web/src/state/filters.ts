// Which aircraft are drawn and listed. A filter hides only what it is sure of: an unknown height, and one above the
// ground, pass every band; heights of another datum than pressure pass with the doubt that lies between the two.
// Aircraft of an alert, in distress, or selected are never filtered away. How many are shown, of how many, is always
// known, so that nothing is hidden silently. sift() is pure.
import { computed, signal } from "@preact/signals";
import type { Source } from "../wire/types";
import type { TrackTable } from "../stream/tracks";
import { isMine } from "../format/words";
import { alerts, picture, selection } from "./store";

export const SOURCES: readonly Source[] = ["own", "broadcast", "sensed"];
export const CATEGORIES = ["aeroplane", "rotorcraft", "glider", "balloon", "airship", "uncrewed", "other", "unknown"] as const;
export type CategoryName = (typeof CATEGORIES)[number];
export type Whose = "all" | "mine" | "others";

export interface Filter {
  /** Flight levels, both inclusive; null is without limit. */
  readonly lowerFl: number | null;
  readonly upperFl: number | null;
  readonly withoutSources: ReadonlySet<Source>;
  readonly withoutCategories: ReadonlySet<CategoryName>;
  readonly whose: Whose;
}

export const NO_FILTER: Filter = {
  lowerFl: null,
  upperFl: null,
  withoutSources: new Set(),
  withoutCategories: new Set(),
  whose: "all",
};

export const filter = signal<Filter>(NO_FILTER);
export const filtersOpen = signal(false);

export function isActive(one: Filter): boolean {
  const { lowerFl, upperFl, withoutSources, withoutCategories, whose } = one;
  return lowerFl !== null || upperFl !== null || withoutSources.size > 0 || withoutCategories.size > 0 || whose !== "all";
}

const M_PER_FL = 30.48;
/** Between pressure height and height above the sea or the ellipsoid: QNH from 950 to 1,050 hPa is 1,070 m, the geoid
    110 m more. Larger shows more aircraft that are outside the band. */
const DATUM_DOUBT_M = 1200;
/** What is shown as FL100 is anything that rounds to it. */
const ROUNDING_M = M_PER_FL / 2;

function inBand(one: Filter, heightM: number, datum: string | null | undefined): boolean {
  if (one.lowerFl === null && one.upperFl === null) return true;
  if (Number.isNaN(heightM) || datum === "AGL") return true;
  const doubt = datum === "PRESSURE" ? ROUNDING_M : DATUM_DOUBT_M;
  if (one.lowerFl !== null && heightM < one.lowerFl * M_PER_FL - doubt) return false;
  return one.upperFl === null || heightM <= one.upperFl * M_PER_FL + doubt;
}

export function categoryName(category: string | null | undefined): CategoryName {
  if (!category) return "unknown";
  return (CATEGORIES as readonly string[]).includes(category) ? (category as CategoryName) : "other";
}

export interface Sieve {
  /** 1 for each slot that is shown; null: all. */
  readonly shown: Uint8Array | null;
  readonly count: number;
  readonly of: number;
  /** Of those shown, how many only because they are never filtered away. */
  readonly kept: number;
}

export function sift(table: TrackTable, one: Filter, always: ReadonlySet<string>): Sieve {
  const of = table.size;
  if (!isActive(one)) return { shown: null, count: of, of, kept: 0 };
  const shown = new Uint8Array(table.limit);
  let count = 0;
  let kept = 0;
  for (let slot = 0; slot < table.limit; slot++) {
    if (table.placed[slot] !== 1) continue;
    const words = table.words[slot]!;
    const passes =
      !one.withoutSources.has(words.source) &&
      !one.withoutCategories.has(categoryName(words.category)) &&
      (one.whose === "all" || isMine(words) === (one.whose === "mine")) &&
      inBand(one, table.heightM[slot]!, words.altitude_datum);
    const must = !passes && (Boolean(words.emergency) || always.has(words.id));
    if (!passes && !must) continue;
    shown[slot] = 1;
    count++;
    if (must) kept++;
  }
  return { shown, count, of, kept };
}

/** Tracks of alerts that are not cleared. */
export const warnedTracks = computed<ReadonlySet<string>>(() => {
  const ids = new Set<string>();
  for (const alert of alerts.value.values()) {
    if (alert.state === "cleared") continue;
    for (const { track } of alert.sides) if (track) ids.add(track);
  }
  return ids;
});

export const sieve = computed<Sieve>(() => {
  const chosen = selection.value;
  const always = chosen?.kind === "track" ? new Set([...warnedTracks.value, chosen.id]) : warnedTracks.value;
  return sift(picture.value.tracks, filter.value, always);
});

const SOURCE_WORDS: Readonly<Record<Source, string>> = { own: "own reports", broadcast: "broadcast", sensed: "sensed" };

/** What is filtered, in words: "FL100 – FL200 · without sensed · ours only". */
export function filterWords(one: Filter): string {
  const fl = (level: number): string => `FL${String(level).padStart(3, "0")}`;
  const parts: string[] = [];
  if (one.lowerFl !== null && one.upperFl !== null) parts.push(`${fl(one.lowerFl)} – ${fl(one.upperFl)}`);
  else if (one.lowerFl !== null) parts.push(`${fl(one.lowerFl)} and above`);
  else if (one.upperFl !== null) parts.push(`up to ${fl(one.upperFl)}`);
  const without = [...one.withoutSources].map((source) => SOURCE_WORDS[source]);
  const kinds = [...one.withoutCategories].map((name) => (name === "unknown" ? "unknown category" : name));
  if (without.length + kinds.length > 0) parts.push(`without ${[...without, ...kinds].join(", ")}`);
  if (one.whose !== "all") parts.push(one.whose === "mine" ? "ours only" : "others' only");
  return parts.join(" · ");
}
