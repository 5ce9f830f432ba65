// Rings on a Mercator map: no jump in longitude, poles closed on the smaller side, boxes across the antimeridian.
import { describe, expect, it } from "vitest";
import { boxOf, joinBoxes, nearestLon, type Position, unwrap } from "../../src/geometry/ring";

function largestStep(ring: readonly Position[]): number {
  let most = 0;
  for (let i = 1; i < ring.length; i++) most = Math.max(most, Math.abs(ring[i]![0] - ring[i - 1]![0]));
  return most;
}

describe("unwrap", () => {
  it("closes a plain ring and leaves it where it is", () => {
    const ring = unwrap([[7, 46], [8, 46], [8, 47], [7, 47]]);
    expect(ring).toEqual([[7, 46], [8, 46], [8, 47], [7, 47], [7, 46]]);
  });

  it("takes a ring that is closed already", () => {
    expect(unwrap([[7, 46], [8, 46], [8, 47], [7, 46]])).toHaveLength(4);
  });

  it("runs on past the antimeridian without a jump", () => {
    const ring = unwrap([[179, -17], [-178, -17], [-178, -19], [179, -19]]);
    expect(largestStep(ring)).toBeLessThanOrEqual(3);
    expect(ring[0]).toEqual(ring[ring.length - 1]);
    const [west, , east] = boxOf([ring])!;
    expect(east - west).toBeCloseTo(3);
  });

  it("closes a ring round the north pole along the pole", () => {
    const ring = unwrap([[0, 80], [90, 80], [180, 80], [-90, 80]]);
    expect(Math.max(...ring.map(([, lat]) => lat))).toBe(90);
    expect(Math.min(...ring.map(([, lat]) => lat))).toBe(80);
    const [west, , east] = boxOf([ring])!;
    expect(east - west).toBe(360);
  });

  it("closes a ring round the south pole whichever way it winds", () => {
    for (const lons of [[0, 90, 180, -90], [0, -90, 180, 90]]) {
      const ring = unwrap(lons.map((lon): Position => [lon, -70]));
      expect(Math.min(...ring.map(([, lat]) => lat))).toBe(-90);
      expect(Math.max(...ring.map(([, lat]) => lat))).toBe(-70);
    }
  });

  it("gives a vertex on the pole its neighbours' longitudes", () => {
    const ring = unwrap([[10, 85], [100, 90], [40, 85]]);
    expect(ring).toContainEqual([10, 90]);
    expect(ring).toContainEqual([40, 90]);
    expect(largestStep(ring)).toBeLessThanOrEqual(30);
  });

  it("keeps the ring's middle within half a turn", () => {
    const [west, , east] = boxOf([unwrap([[-179, 0], [179, 0], [178, 1]])])!;
    expect(Math.abs((west + east) / 2)).toBeLessThanOrEqual(180);
  });
});

describe("boxes", () => {
  it("join over the antimeridian by the short way", () => {
    const joined = joinBoxes([175, 0, 179, 1], [-179, 2, -176, 3])!;
    expect(joined[2] - joined[0]).toBeCloseTo(9);
    expect([joined[1], joined[3]]).toEqual([0, 3]);
  });

  it("join with nothing is the other", () => {
    expect(joinBoxes(null, [1, 2, 3, 4])).toEqual([1, 2, 3, 4]);
    expect(boxOf([])).toBeNull();
  });
});

it("nearestLon picks the copy within half a turn", () => {
  expect(nearestLon(-179, 179)).toBe(181);
  expect(nearestLon(10, 20)).toBe(10);
});
