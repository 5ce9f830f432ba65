// The model's shapes as rings to draw: polygon edges are WGS84 geodesics and circles are geodesic circles, both
// solved by Karney's geographiclib, so what is drawn is what the exchange decides on. Degrees and metres.
//
// Between the computed points the map draws straight Mercator segments. A polygon's err by at most about 20 m
// (25 km steps at 60° latitude), either way. A circle is circumscribed: the drawn outline contains the circle,
// too large by at most 0.06 % of its radius.
import { Geodesic } from "geographiclib-geodesic";
import type { LatLon, ReservedVolume, Shape } from "../wire/types";
import { type Position, unwrap } from "./ring";

const EARTH = Geodesic.WGS84;
const STEP_M = 25_000;
/** Bounds one edge's points: a 5,000 km edge at the step above. Longer ones err more, on a map of the world. */
const MAX_STEPS = 200;
const CIRCLE_POINTS = 96;

function edge(a: LatLon, b: LatLon): Position[] {
  const line = EARTH.InverseLine(a.lat, a.lon, b.lat, b.lon);
  const steps = Math.min(MAX_STEPS, Math.max(1, Math.ceil(line.s13 / STEP_M)));
  const out: Position[] = [[a.lon, a.lat]];
  for (let i = 1; i < steps; i++) {
    const at = line.Position((line.s13 * i) / steps);
    out.push([at.lon2 ?? a.lon, at.lat2 ?? a.lat]);
  }
  return out;
}

export function polygonRing(vertices: readonly LatLon[]): Position[] {
  return unwrap(vertices.flatMap((v, i) => edge(v, vertices[(i + 1) % vertices.length]!)));
}

export function circleRing(centre: LatLon, radius_m: number): Position[] {
  const outer_m = radius_m / Math.cos(Math.PI / CIRCLE_POINTS);
  const out: Position[] = [];
  for (let i = 0; i < CIRCLE_POINTS; i++) {
    const at = EARTH.Direct(centre.lat, centre.lon, (360 * i) / CIRCLE_POINTS, outer_m);
    out.push([at.lon2 ?? centre.lon, at.lat2 ?? centre.lat]);
  }
  return unwrap(out);
}

export function shapeRing(shape: Shape): Position[] {
  return shape.type === "circle" ? circleRing(shape.centre, shape.radius_m) : polygonRing(shape.vertices);
}

/** One ring for each grid cell: their edges are kept, because the cells are what was released. */
export function reservedRings(reserved: ReservedVolume): Position[][] {
  return reserved.outlines.map((ring) => polygonRing(ring.map(([lat, lon]) => ({ lat, lon }))));
}
