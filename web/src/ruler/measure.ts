// Range and bearing between two places on the WGS84 ellipsoid (Karney's geodesics), in the words that desks use. Pure.
import { Geodesic } from "geographiclib-geodesic";
import { bearing, knots } from "../format/heights";
import type { Position } from "../geometry/ring";
import type { LatLon } from "../wire/types";

const EARTH = Geodesic.WGS84;
const M_PER_NM = 1852;
const STEP_M = 50_000;
const MAX_STEPS = 64;
/** Slower than this an aircraft stands or hovers, and a time to go means nothing. */
const LEAST_SPEED_MPS = 1;

export interface Range {
  readonly distance_m: number;
  /** True, at the start; and the way back, true, at the end. */
  readonly bearing_deg: number;
  readonly back_deg: number;
}

export function between(from: LatLon, to: LatLon): Range {
  const { s12 = 0, azi1 = 0, azi2 = 0 } = EARTH.Inverse(from.lat, from.lon, to.lat, to.lon);
  return { distance_m: s12, bearing_deg: (azi1 + 360) % 360, back_deg: (azi2 + 180 + 360) % 360 };
}

/** Places along the shortest way, both ends included. */
export function wayPoints(from: LatLon, to: LatLon): Position[] {
  const line = EARTH.InverseLine(from.lat, from.lon, to.lat, to.lon);
  const steps = Math.max(1, Math.min(MAX_STEPS, Math.ceil(line.s13 / STEP_M)));
  return Array.from({ length: steps + 1 }, (_, i) => {
    const at = line.Position((line.s13 * i) / steps);
    return [at.lon2 ?? from.lon, at.lat2 ?? from.lat];
  });
}

export function rangeWords({ distance_m }: Range): string {
  const nm = distance_m / M_PER_NM;
  const km = distance_m / 1000;
  const places = nm < 10 ? 2 : 1;
  return `${nm.toFixed(places)} NM · ${km.toFixed(places)} km`;
}

export function bearingWords({ bearing_deg, back_deg }: Range): string {
  return `${bearing(bearing_deg)} true, back ${bearing(back_deg)}`;
}

/** "1 h 05 min", "4 min 20 s", "35 s". */
export function enRoute(seconds: number): string {
  const s = Math.round(seconds);
  const two = (n: number): string => String(n).padStart(2, "0");
  if (s < 60) return `${s} s`;
  if (s < 3600) return `${Math.floor(s / 60)} min ${two(s % 60)} s`;
  return `${Math.floor(s / 3600)} h ${two(Math.floor((s % 3600) / 60))} min`;
}

/** How long at the aircraft's speed over the ground; null where that is unknown or too slow to say. */
export function timeWords({ distance_m }: Range, speed_mps: number | null | undefined): string | null {
  if (speed_mps == null || speed_mps < LEAST_SPEED_MPS) return null;
  return `${enRoute(distance_m / speed_mps)} at ${knots(speed_mps)} kt`;
}
