// The flight being planned as a person types it, and what is asked of the exchange for it. Pure. Feet, knots, flight levels
// and nautical miles end here: the request is in SI. A field that cannot be read is named with what it should be;
// nothing is guessed for it.
import { M_PER_FT } from "../format/heights";
import { day, parseTyped } from "../format/time";
import type { Altitude, Datum, LatLon } from "../wire/types";

export const M_PER_NM = 1852;
const MPS_PER_KT = M_PER_NM / 3600;

export interface Waypoint extends LatLon {
  /** Tells one waypoint from the others while they are moved about. */
  readonly id: number;
  /** In the draft's own measure; empty: the draft's level. */
  readonly level: string;
}

interface Measure {
  readonly words: string;
  readonly short: string;
  readonly datum: Datum;
  readonly metres: number;
  /** Of half the height, which has no datum. */
  readonly half: "ft" | "m";
}

/** The measures that a level may be typed in, each with its datum in words. */
export const MEASURES = {
  FL: { words: "FL (pressure, 1013.25 hPa)", short: "FL (pressure)", datum: "PRESSURE", metres: 100 * M_PER_FT, half: "ft" },
  ft_msl: { words: "ft above mean sea level", short: "ft MSL (sea level)", datum: "MSL", metres: M_PER_FT, half: "ft" },
  ft_agl: { words: "ft above the ground", short: "ft AGL (ground)", datum: "AGL", metres: M_PER_FT, half: "ft" },
  ft_w84: { words: "ft above the WGS84 ellipsoid", short: "ft WGS84 (ellipsoid)", datum: "W84", metres: M_PER_FT, half: "ft" },
  m_msl: { words: "m above mean sea level", short: "m MSL (sea level)", datum: "MSL", metres: 1, half: "m" },
  m_agl: { words: "m above the ground", short: "m AGL (ground)", datum: "AGL", metres: 1, half: "m" },
  m_w84: { words: "m above the WGS84 ellipsoid", short: "m WGS84 (ellipsoid)", datum: "W84", metres: 1, half: "m" },
} as const satisfies Record<string, Measure>;

export type MeasureName = keyof typeof MEASURES;

export const CATEGORIES = ["aeroplane", "rotorcraft", "glider", "balloon", "airship", "uncrewed", "other"] as const;
export type Category = (typeof CATEGORIES)[number];

export interface Draft {
  readonly waypoints: readonly Waypoint[];
  readonly level: string;
  readonly measure: MeasureName;
  readonly speedKt: string;
  readonly halfWidth: string;
  readonly widthIn: "NM" | "m";
  readonly halfHeight: string;
  readonly departs: string;
  /** What `departs` meant when it was typed: "14:00" must not become tomorrow's at 14:01. */
  readonly departsMs: number | null;
  readonly earlyMin: string;
  readonly lateMin: string;
  readonly category: Category;
  readonly crewed: boolean;
  readonly priority: string;
}

export const NEW_DRAFT: Draft = {
  waypoints: [],
  level: "",
  measure: "ft_msl",
  speedKt: "",
  halfWidth: "1",
  widthIn: "NM",
  halfHeight: "500",
  departs: "",
  departsMs: null,
  earlyMin: "1",
  lateMin: "1",
  category: "aeroplane",
  crewed: true,
  priority: "0",
};

/** Fields of the form by the names that the exchange has for them. */
export type Field =
  | "waypoints" | "levels" | "speed_mps" | "half_width_m" | "half_height_m" | "departs" | "early_s" | "late_s" | "priority";

/** The body of POST /v1/plans/volumes. */
export interface RouteRequest {
  readonly waypoints: readonly LatLon[];
  readonly levels: readonly Altitude[];
  readonly speed_mps: number;
  readonly half_width_m: number;
  readonly half_height_m: number;
  readonly departs: string;
  readonly early_s: number;
  readonly late_s: number;
}

export interface Reading {
  /** Null while something is missing or wrong. */
  readonly route: RouteRequest | null;
  readonly wrong: Readonly<Partial<Record<Field, string>>>;
  readonly priority: number;
}

/** "4,500", "4500.5", "−120"; null for what is no number. */
export function number(text: string): number | null {
  const plain = text.trim().replaceAll(",", "").replace("−", "-");
  return /^[-+]?(\d+(\.\d*)?|\.\d+)$/.test(plain) ? Number(plain) : null;
}

/** A level in its measure: "120", "FL120", "4,500 ft". */
function levelOf(text: string, measure: MeasureName): Altitude | null {
  const bare = text.trim().replace(/^fl\s*/i, "").replace(/\s*(ft|m)$/i, "");
  const value = number(bare);
  if (value === null) return null;
  const { metres, datum } = MEASURES[measure];
  return { value_m: Math.round(value * metres * 1000) / 1000, datum };
}

/** The place of "46.95 7.44", "46.95, 7.44". Null where it is none. */
export function placeTyped(text: string): LatLon | null {
  const parts = text.trim().split(/\s*,\s*|\s+/).map(number);
  const [lat, lon] = parts;
  if (parts.length !== 2 || lat == null || lon == null) return null;
  return Math.abs(lat) <= 90 && Math.abs(lon) <= 180 ? { lat, lon } : null;
}

const DAY_MS = 86_400_000;

/** "14:00" (UTC: today's, or tomorrow's once it is past), or a date and a time as parseTyped reads them. */
export function departure(text: string, nowMs: number): number | null {
  const bare = /^(\d{1,2}):?(\d{2})\s*z?$/i.exec(text.trim());
  if (!bare) return parseTyped(text);
  const [hour, minute] = [Number(bare[1]), Number(bare[2])];
  if (hour > 23 || minute > 59) return null;
  const today = Date.parse(`${day(nowMs, "utc")}T00:00Z`) + (hour * 60 + minute) * 60_000;
  return today < nowMs - 60_000 ? today + DAY_MS : today;
}

function positive(text: string, factor: number): number | null {
  const value = number(text);
  return value !== null && value > 0 ? value * factor : null;
}

function minutes(text: string): number | null {
  const value = text.trim() === "" ? 0 : number(text);
  return value !== null && value >= 0 ? Math.round(value * 60) : null;
}

const SHOULD: Readonly<Record<Field, string>> = {
  waypoints: "at least two waypoints",
  levels: "a number, such as 4500",
  speed_mps: "a speed in knots, above 0",
  half_width_m: "a number above 0",
  half_height_m: "a number above 0",
  departs: "a time in UTC: 14:00, or 2026-05-01 14:00",
  early_s: "minutes, 0 or more",
  late_s: "minutes, 0 or more",
  priority: "a whole number, 0 or more",
};

export function read(draft: Draft): Reading {
  const wrong: Partial<Record<Field, string>> = {};
  const must = <T>(field: Field, value: T | null): T | null => {
    if (value === null) wrong[field] = SHOULD[field];
    return value;
  };
  const widthFactor = draft.widthIn === "NM" ? M_PER_NM : 1;
  const heightFactor = MEASURES[draft.measure].half === "ft" ? M_PER_FT : 1;
  const levels = levelsOf(draft);
  const rank = number(draft.priority.trim() || "0");
  const priority = must("priority", rank !== null && Number.isInteger(rank) && rank >= 0 ? rank : null);
  const waypoints = must("waypoints", draft.waypoints.length >= 2 ? draft.waypoints : null);
  const given = {
    levels: must("levels", levels),
    speed_mps: must("speed_mps", positive(draft.speedKt, MPS_PER_KT)),
    half_width_m: must("half_width_m", positive(draft.halfWidth, widthFactor)),
    half_height_m: must("half_height_m", positive(draft.halfHeight, heightFactor)),
    departs: must("departs", draft.departsMs === null ? null : new Date(draft.departsMs).toISOString()),
    early_s: must("early_s", minutes(draft.earlyMin)),
    late_s: must("late_s", minutes(draft.lateMin)),
  };
  if (!waypoints || Object.keys(wrong).length > 0) return { route: null, wrong, priority: priority ?? 0 };
  const route = { waypoints: waypoints.map(({ lat, lon }) => ({ lat, lon })), ...given } as RouteRequest;
  return { route, wrong, priority: priority ?? 0 };
}

/** One for all, or one for each waypoint where any has its own. */
function levelsOf(draft: Draft): readonly Altitude[] | null {
  const common = levelOf(draft.level, draft.measure);
  if (draft.waypoints.every(({ level }) => level.trim() === "")) return common ? [common] : null;
  const each = draft.waypoints.map(({ level }) => (level.trim() ? levelOf(level, draft.measure) : common));
  return each.every((one) => one !== null) ? each : null;
}

/** The draft with another route of the same kind, as an alternative that is taken over has it. */
export function withRoute(draft: Draft, route: RouteRequest, newId: () => number): Draft {
  const { metres, datum } = MEASURES[draft.measure];
  const text = (level: Altitude | undefined): string | null =>
    level?.datum === datum ? String(Math.round((level.value_m / metres) * 100) / 100) : null;
  const each = route.levels.length > 1;
  const known = (lat: number, lon: number) => draft.waypoints.find((at) => at.lat === lat && at.lon === lon);
  const waypoints = route.waypoints.map(({ lat, lon }, i): Waypoint => {
    const before = known(lat, lon);
    return { id: before?.id ?? newId(), lat, lon, level: each ? (text(route.levels[i]) ?? "") : "" };
  });
  const departsMs = Date.parse(route.departs);
  const moved = departsMs !== draft.departsMs;
  return {
    ...draft,
    waypoints,
    ...(each ? {} : { level: text(route.levels[0]) ?? draft.level }),
    ...(moved ? { departsMs, departs: departsText(departsMs) } : {}),
  };
}

/** The draft so much later and higher, where an alternative says no more than that. */
export function moved(draft: Draft, laterS: number, higherM: number): Draft {
  const departsMs = draft.departsMs === null ? null : draft.departsMs + laterS * 1000;
  const raise = (text: string): string => {
    const level = text.trim() ? levelOf(text, draft.measure) : null;
    if (!level) return text;
    return String(Math.round(((level.value_m + higherM) / MEASURES[draft.measure].metres) * 100) / 100);
  };
  return {
    ...draft,
    ...(laterS && departsMs !== null ? { departsMs, departs: departsText(departsMs) } : {}),
    ...(higherM
      ? { level: raise(draft.level), waypoints: draft.waypoints.map((at) => ({ ...at, level: raise(at.level) })) }
      : {}),
  };
}

/** As it is typed: "2026-05-01 14:00", with seconds where it has any. */
export function departsText(ms: number): string {
  const iso = new Date(ms).toISOString();
  return `${iso.slice(0, 10)} ${ms % 60_000 < 1000 ? iso.slice(11, 16) : iso.slice(11, 19)}`;
}
