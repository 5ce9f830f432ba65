// Rings of [lon, lat] made fit for a Mercator map. A ring that crosses the antimeridian is unwrapped: its
// longitudes run on past ±180 without a jump, which MapLibre tiles on both sides with no seam. A ring that goes
// round a pole is closed along the pole, on the side that is the smaller part of the earth, as the model's
// polygons mean it. Degrees.

export type Position = [lon: number, lat: number];

const POLE_DEG = 90;
const AT_POLE_DEG = 1e-6;

/** The longitude equal to `lon` nearest to `near`. */
export function nearestLon(lon: number, near: number): number {
  return lon + 360 * Math.round((near - lon) / 360);
}

/** A vertex on the pole has no longitude: it becomes two, below its neighbours. */
function splitPoles(ring: readonly Position[]): Position[] {
  const out: Position[] = [];
  ring.forEach((here, i) => {
    if (POLE_DEG - Math.abs(here[1]) > AT_POLE_DEG) {
      out.push(here);
      return;
    }
    const before = ring[(i + ring.length - 1) % ring.length]!;
    const after = ring[(i + 1) % ring.length]!;
    out.push([before[0], here[1]], [after[0], here[1]]);
  });
  return out;
}

/** True where the part of the earth north of the ring is the smaller one: Archimedes, area goes with sin lat. */
function northIsSmaller(ring: readonly Position[], winding: number): boolean {
  let weighted = 0;
  for (let i = 1; i < ring.length; i++) {
    const a = ring[i - 1]!;
    const b = ring[i]!;
    weighted += (b[0] - a[0]) * Math.sin((((a[1] + b[1]) / 2) * Math.PI) / 180);
  }
  return weighted * winding > 0;
}

/** A closed ring (first position repeated) whose longitudes are continuous. Input is open or closed. */
export function unwrap(open: readonly Position[]): Position[] {
  const first = open[0];
  const last = open[open.length - 1];
  if (!first || !last) return [];
  const closedAlready = open.length > 1 && first[0] === last[0] && first[1] === last[1];
  const ring = splitPoles(closedAlready ? open.slice(0, -1) : open);
  const out: Position[] = [[ring[0]![0], ring[0]![1]]];
  for (const [lon, lat] of [...ring.slice(1), ring[0]!]) {
    out.push([nearestLon(lon, out[out.length - 1]![0]), lat]);
  }
  const start = out[0]!;
  const end = out[out.length - 1]!;
  const winding = Math.round((end[0] - start[0]) / 360);
  if (winding !== 0) {
    const pole = northIsSmaller(out, winding) ? POLE_DEG : -POLE_DEG;
    out.push([end[0], pole], [start[0], pole], [start[0], start[1]]);
  }
  return centred(out);
}

/** Shifted by whole turns so that the ring's middle lies within ±180. */
function centred(ring: Position[]): Position[] {
  let low = Infinity;
  let high = -Infinity;
  for (const [lon] of ring) {
    low = Math.min(low, lon);
    high = Math.max(high, lon);
  }
  const shift = -360 * Math.round((low + high) / 720);
  return shift === 0 ? ring : ring.map(([lon, lat]) => [lon + shift, lat]);
}

/** [west, south, east, north] of rings that were unwrapped; east may exceed 180. */
export type Box = [west: number, south: number, east: number, north: number];

export function boxOf(rings: readonly (readonly Position[])[]): Box | null {
  let box: Box | null = null;
  for (const ring of rings) {
    for (const [lon, lat] of ring) {
      if (!box) box = [lon, lat, lon, lat];
      box = [Math.min(box[0], lon), Math.min(box[1], lat), Math.max(box[2], lon), Math.max(box[3], lat)];
    }
  }
  return box;
}

/** The union of two boxes, the second moved by a whole turn where that makes the union narrower. */
export function joinBoxes(a: Box | null, b: Box | null): Box | null {
  if (!a || !b) return a ?? b;
  const shift = 360 * Math.round(((a[0] + a[2]) / 2 - (b[0] + b[2]) / 2) / 360);
  return [Math.min(a[0], b[0] + shift), Math.min(a[1], b[1]), Math.max(a[2], b[2] + shift), Math.max(a[3], b[3])];
}
