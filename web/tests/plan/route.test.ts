// Places along a drawn route, against the geodesics of its legs.
import { expect, it } from "vitest";
import { legsOf, lengthOf, middleOf, placeAt } from "../../src/plan/route";

const LEGS = legsOf([{ lat: 46, lon: 8 }, { lat: 46, lon: 9 }, { lat: 47, lon: 9 }]);

it("is as long as its legs", () => {
  // A degree of longitude at 46° is 77.465 km, one of latitude from 46° to 47° 111.161 km, on WGS84.
  expect(LEGS[0]!.lengthM).toBeCloseTo(77_462, -2);
  expect(LEGS[1]!.lengthM).toBeCloseTo(111_161, -2);
  expect(lengthOf(LEGS)).toBeCloseTo(LEGS[0]!.lengthM + LEGS[1]!.lengthM, 6);
});

it("is at its waypoints when it should be, and nowhere before and after", () => {
  const arrives = (lengthOf(LEGS) / 100) * 1000;
  expect(placeAt(LEGS, 100, 0, -1)).toBeNull();
  expect(placeAt(LEGS, 100, 0, 0)).toMatchObject({ leg: 0, lat: 46, lon: 8 });
  const half = placeAt(LEGS, 100, 0, (LEGS[0]!.lengthM / 100) * 1000 + 1);
  expect(half?.leg).toBe(1);
  expect(half?.lon).toBeCloseTo(9, 5);
  expect(placeAt(LEGS, 100, 0, arrives)?.lat).toBeCloseTo(47, 6);
  expect(placeAt(LEGS, 100, 0, arrives + 1000)).toBeNull();
});

it("has handles in the middle of its legs", () => {
  expect(middleOf(LEGS[1]!).lat).toBeCloseTo(46.5, 3);
});
