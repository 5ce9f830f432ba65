// Range and bearing: known distances, both ways, across the antimeridian; and the words.
import { describe, expect, it } from "vitest";
import { bearingWords, between, enRoute, rangeWords, timeWords, wayPoints } from "../../src/ruler/measure";

describe("between", () => {
  it("measures a meridian degree and its bearings", () => {
    // A degree of latitude at 46.5 is 111.16 km on WGS84 (60.02 NM).
    const north = between({ lat: 46, lon: 8 }, { lat: 47, lon: 8 });
    expect(north.distance_m / 1000).toBeCloseTo(111.16, 1);
    expect([north.bearing_deg, north.back_deg]).toEqual([0, 180]);
    expect(between({ lat: 47, lon: 8 }, { lat: 46, lon: 8 }).bearing_deg).toBe(180);
  });

  it("goes the short way across the antimeridian", () => {
    const east = between({ lat: 0, lon: 179.5 }, { lat: 0, lon: -179.5 });
    expect(east.distance_m / 1000).toBeCloseTo(111.32, 2);
    expect(east.bearing_deg).toBeCloseTo(90, 6);
    expect(east.back_deg).toBeCloseTo(270, 6);
  });

  it("is nothing for one place", () => {
    expect(between({ lat: 47, lon: 8 }, { lat: 47, lon: 8 }).distance_m).toBe(0);
    expect(wayPoints({ lat: 47, lon: 8 }, { lat: 47, lon: 8 })).toHaveLength(2);
  });
});

it("the way between two places begins and ends at them and bends towards the pole", () => {
  const points = wayPoints({ lat: 50, lon: -30 }, { lat: 50, lon: 30 });
  expect(points[0]![0]).toBeCloseTo(-30, 9);
  expect(points.at(-1)![0]).toBeCloseTo(30, 9);
  expect(Math.max(...points.map(([, lat]) => lat))).toBeGreaterThan(53);
  expect(points.length).toBeLessThanOrEqual(65);
});

it("words", () => {
  const range = { distance_m: 23_000, bearing_deg: 47.2, back_deg: 227.9 };
  expect(rangeWords(range)).toBe("12.4 NM · 23.0 km");
  expect(rangeWords({ ...range, distance_m: 1852 })).toBe("1.00 NM · 1.85 km");
  expect(bearingWords(range)).toBe("047° true, back 228°");
  expect(timeWords(range, 230)).toBe("1 min 40 s at 447 kt");
  expect(timeWords(range, null)).toBeNull();
  expect(timeWords(range, 0.3)).toBeNull();
  expect([enRoute(35), enRoute(3900), enRoute(59.7)]).toEqual(["35 s", "1 h 05 min", "1 min 00 s"]);
});
