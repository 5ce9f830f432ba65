// Heights, speeds and rates as a coordinator reads them: feet and flight levels, knots, feet a minute. Here and
// nowhere else does the map leave SI. A height always names its datum: "FL350" is pressure (1013.25 hPa), every
// other datum is written out, because 4,500 ft above the sea and above the ground are different places.
import type { Altitude } from "../wire/types";

export const M_PER_FT = 0.3048;
const KT_PER_MPS = 3600 / 1852;
const FTMIN_PER_MPS = 60 / M_PER_FT;

/** Below this a climb or descent is noise of the 25 ft encoding: 200 ft/min. */
export const LEVEL_BAND_MPS = 200 / FTMIN_PER_MPS;

const SUFFIX: Readonly<Record<string, string>> = { MSL: "MSL", W84: "WGS84", AGL: "AGL" };

const DATUM_WORDS: Readonly<Record<string, string>> = {
  PRESSURE: "pressure, 1013.25 hPa",
  MSL: "above mean sea level",
  W84: "above the WGS84 ellipsoid",
  AGL: "above the ground",
};

function grouped(value: number): string {
  return Math.round(value).toLocaleString("en-GB");
}

export function feet(value_m: number): number {
  return value_m / M_PER_FT;
}

/** "FL350", "4,500 ft MSL", "400 ft AGL". `round_ft` rounds to nearest; volumes pass their limits through limit(). */
export function height(value_m: number, datum: string, round_ft = 1): string {
  if (datum === "PRESSURE") {
    const level = Math.round(feet(value_m) / 100);
    return `${level < 0 ? "−" : ""}FL${String(Math.abs(level)).padStart(3, "0")}`;
  }
  const ft = Math.round(feet(value_m) / round_ft) * round_ft;
  return `${grouped(ft)} ft ${SUFFIX[datum] ?? datum}`;
}

/** A volume's lower limit is rounded down and its upper one up, so the band shown contains the band meant. */
export function limit(altitude: Altitude, side: "lower" | "upper"): string {
  const step = altitude.datum === "PRESSURE" ? 100 : 10;
  const steps = feet(altitude.value_m) / step;
  // A hundredth of a step (1 ft) absorbs metres rounded by whoever filed a whole flight level.
  const rounded = side === "lower" ? Math.floor(steps + 0.01) : Math.ceil(steps - 0.01);
  if (altitude.datum === "AGL" && rounded <= 0) return "ground";
  return height(rounded * step * M_PER_FT, altitude.datum);
}

/** "FL180 – FL220", "4,000 – 12,500 ft MSL" (one datum, named once), "ground – FL150". */
export function band(lower: Altitude, upper: Altitude): string {
  const from = limit(lower, "lower");
  const to = limit(upper, "upper");
  const unit = from.slice(from.indexOf(" "));
  const shared = lower.datum === upper.datum && from.endsWith(unit) && to.endsWith(unit) && unit.startsWith(" ft");
  return `${shared ? from.slice(0, -unit.length) : from} – ${to}`;
}

export function datumWords(datum: string): string {
  return DATUM_WORDS[datum] ?? datum;
}

export function metres(value_m: number): string {
  return `${grouped(value_m)} m`;
}

export function knots(speed_mps: number): string {
  return `${Math.round(speed_mps * KT_PER_MPS)}`;
}

export type Vertical = "climb" | "descent" | "level";

export function vertical(rate_mps: number | null | undefined): Vertical | null {
  if (rate_mps == null) return null;
  if (rate_mps > LEVEL_BAND_MPS) return "climb";
  return rate_mps < -LEVEL_BAND_MPS ? "descent" : "level";
}

export function arrow(rate_mps: number | null | undefined): string {
  const sense = vertical(rate_mps);
  return sense === "climb" ? "↑" : sense === "descent" ? "↓" : "";
}

export function feetPerMinute(rate_mps: number): string {
  const rate = Math.round((rate_mps * FTMIN_PER_MPS) / 50) * 50;
  return `${rate > 0 ? "+" : rate < 0 ? "−" : ""}${grouped(Math.abs(rate))} ft/min`;
}

/** The data block's height: hundreds of feet, as on a radar screen; other datums keep their letter. */
export function blockHeight(value_m: number, datum: string): string {
  const hundreds = String(Math.abs(Math.round(feet(value_m) / 100))).padStart(3, "0");
  const sign = feet(value_m) < -50 ? "−" : "";
  if (datum === "PRESSURE") return `${sign}FL${hundreds}`;
  return `${sign}${grouped(Math.abs(Math.round(feet(value_m) / 10) * 10))} ${SUFFIX[datum] ?? datum}`;
}

/** Metres up to a kilometre, then kilometres; and nautical miles beside, since desks speak in them. */
export function distance(value_m: number): string {
  if (value_m < 1000) return `${Math.round(value_m)} m`;
  return `${(value_m / 1000).toFixed(value_m < 10_000 ? 1 : 0)} km (${(value_m / 1852).toFixed(1)} NM)`;
}

/** How far off a place may be, short: "460 m", "1.2 km". */
export function accuracy(value_m: number): string {
  return value_m < 1000 ? `${Math.ceil(value_m)} m` : `${(Math.ceil(value_m / 100) / 10).toFixed(1)} km`;
}

export function bearing(track_deg: number): string {
  const whole = Math.round(((track_deg % 360) + 360) % 360) || 360;
  return `${String(whole).padStart(3, "0")}°`;
}
