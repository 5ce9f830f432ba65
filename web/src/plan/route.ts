// The drawn route as geodesic legs: lengths, the places along it, and where a flight that keeps to the plan would be at a
// time. Pure. That place is the plan's own arithmetic (constant speed from the time of departure), no prediction.
import { Geodesic } from "geographiclib-geodesic";
import { between, wayPoints } from "../ruler/measure";
import type { Position } from "../geometry/ring";
import type { LatLon } from "../wire/types";

const EARTH = Geodesic.WGS84;

export interface Leg {
  readonly from: LatLon;
  readonly to: LatLon;
  readonly lengthM: number;
  readonly bearingDeg: number;
}

export function legsOf(points: readonly LatLon[]): Leg[] {
  return points.slice(1).map((to, i) => {
    const from = points[i]!;
    const { distance_m, bearing_deg } = between(from, to);
    return { from, to, lengthM: distance_m, bearingDeg: bearing_deg };
  });
}

export function lengthOf(legs: readonly Leg[]): number {
  return legs.reduce((sum, { lengthM }) => sum + lengthM, 0);
}

/** The places of each leg, for drawing. */
export function pathOf(legs: readonly Leg[]): readonly (readonly Position[])[] {
  return legs.map(({ from, to }) => wayPoints(from, to));
}

export function middleOf({ from, to, lengthM, bearingDeg }: Leg): LatLon {
  const at = EARTH.Direct(from.lat, from.lon, bearingDeg, lengthM / 2);
  return { lat: at.lat2 ?? to.lat, lon: at.lon2 ?? to.lon };
}

export interface OnRoute extends LatLon {
  /** The waypoint behind, from 0, and the bearing flown. */
  readonly leg: number;
  readonly bearingDeg: number;
}

/** Sums of legs are rounded: the arrival is still on the route. */
const SLACK_M = 0.01;

/** Null before the departure and after the arrival. */
export function placeAt(legs: readonly Leg[], speedMps: number, departsMs: number, atMs: number): OnRoute | null {
  let gone = ((atMs - departsMs) / 1000) * speedMps;
  if (gone < 0) return null;
  for (const [leg, { from, lengthM, bearingDeg }] of legs.entries()) {
    if (gone <= lengthM + SLACK_M) {
      const at = EARTH.Direct(from.lat, from.lon, bearingDeg, gone);
      return { lat: at.lat2 ?? from.lat, lon: at.lon2 ?? from.lon, leg, bearingDeg: ((at.azi2 ?? bearingDeg) + 360) % 360 };
    }
    gone -= lengthM;
  }
  return null;
}
