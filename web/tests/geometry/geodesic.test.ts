// Shapes as rings. The outline drawn for a circle contains the circle, and polygon edges follow the geodesic.
import { Geodesic } from "geographiclib-geodesic";
import { describe, expect, it } from "vitest";
import { circleRing, polygonRing, reservedRings } from "../../src/geometry/geodesic";
import { boxOf } from "../../src/geometry/ring";

const EARTH = Geodesic.WGS84;

function distance_m(lat1: number, lon1: number, lat2: number, lon2: number): number {
  return EARTH.Inverse(lat1, lon1, lat2, lon2).s12 ?? Number.NaN;
}

describe("circleRing", () => {
  const cases = [
    { lat: 46.5, lon: 7.6, radius_m: 50 },
    { lat: 46.5, lon: 7.6, radius_m: 20_000 },
    { lat: -17, lon: 179.9, radius_m: 300_000 },
    { lat: 70, lon: -20, radius_m: 1_500_000 },
  ];
  it.each(cases)("contains the circle of $radius_m m at $lat $lon, and little more", ({ lat, lon, radius_m }) => {
    const ring = circleRing({ lat, lon }, radius_m);
    for (let i = 1; i < ring.length; i++) {
      const [lonA, latA] = ring[i - 1]!;
      const [lonB, latB] = ring[i]!;
      expect(distance_m(lat, lon, latA, lonA)).toBeLessThan(radius_m * 1.001);
      const chord = EARTH.InverseLine(latA, lonA, latB, lonB);
      const middle = chord.Position(chord.s13 / 2);
      expect(distance_m(lat, lon, middle.lat2!, middle.lon2!)).toBeGreaterThanOrEqual(radius_m * 0.99999);
    }
  });

  it("over a pole is a band from the pole", () => {
    const [west, , east, north] = boxOf([circleRing({ lat: 88, lon: 30 }, 500_000)])!;
    expect(east - west).toBeCloseTo(360);
    expect(north).toBe(90);
  });
});

describe("polygonRing", () => {
  it("follows the geodesic: an edge along 60° north bulges towards the pole", () => {
    const ring = polygonRing([{ lat: 60, lon: -40 }, { lat: 60, lon: 40 }, { lat: 50, lon: 0 }]);
    const north = Math.max(...ring.map(([, lat]) => lat));
    expect(north).toBeGreaterThan(65);
    expect(ring.length).toBeGreaterThan(150);
  });

  it("keeps a small polygon's corners as they are", () => {
    const corners = [{ lat: 46, lon: 7 }, { lat: 46, lon: 7.1 }, { lat: 46.1, lon: 7 }];
    expect(polygonRing(corners)).toEqual([[7, 46], [7.1, 46], [7, 46.1], [7, 46]]);
  });

  it("crosses the antimeridian in one piece", () => {
    const [west, , east] = boxOf([
      polygonRing([{ lat: 10, lon: 170 }, { lat: 10, lon: -170 }, { lat: -10, lon: -170 }, { lat: -10, lon: 170 }]),
    ])!;
    expect(east - west).toBeCloseTo(20);
  });
});

it("a reserved volume is its cells, each a ring of its own", () => {
  const cell = (lon: number): [number, number][] => [[46, lon], [46, lon + 0.1], [46.1, lon + 0.1], [46.1, lon]];
  const rings = reservedRings({
    cells: ["a", "b"],
    outlines: [cell(7), cell(7.1)],
    lower_w84_m: 0,
    upper_w84_m: 1,
    start: "2026-06-01T08:00:00Z",
    end: "2026-06-01T09:00:00Z",
  });
  expect(rings).toHaveLength(2);
  expect(rings[0]![0]).toEqual([7, 46]);
});
