// What the plan draws: its volumes, those in somebody's way, and what is in the way, as released.
import { expect, it } from "vitest";
import { BadAnswer, readAlternatives, readCheck, readLaid } from "../../src/plan/answers";
import { inTheWay, marks } from "../../src/plan/marks";
import type { ReleasedItem, Volume4D } from "../../src/wire/types";

function volume(start: string, end: string): Volume4D {
  const outline = { type: "circle", centre: { lat: 46, lon: 8 }, radius_m: 500 } as const;
  const [lower, upper] = [{ value_m: 0, datum: "AGL" }, { value_m: 100, datum: "AGL" }] as const;
  return { outline, lower, upper, start: `2026-05-01T${start}:00Z`, end: `2026-05-01T${end}:00Z` };
}

const MINE = [volume("14:00", "14:05"), volume("14:05", "14:10")];
const CELLS = {
  cells: ["479a4", "479ac"],
  outlines: [[[46, 8], [46, 8.1], [46.1, 8.1]], [[46, 8.1], [46, 8.2], [46.1, 8.2]]] as [number, number][][],
  lower_w84_m: 0,
  upper_w84_m: 500,
  start: "2026-05-01T14:04:00Z",
  end: "2026-05-01T15:00:00Z",
};
const RESERVED: ReleasedItem = { ref: "r", kind: "intent", level: "reserved", reserved: [CELLS] };
const LONG: ReleasedItem = { ref: "l", kind: "intent", level: "volume", volumes: [volume("13:00", "14:00"), volume("14:06", "14:07")] };

function kinds(atMs: number | null): string[] {
  const conflicts = [{ item: RESERVED, blocking: false, volumes: [1] }];
  const { features } = marks({ volumes: MINE, conflicts, other: [], atMs });
  return features.map(({ properties: { kind, faint } }) => `${kind}${faint ? " faint" : ""}`);
}

it("marks the volume that is in the way of the cells, and the cells themselves", () => {
  expect(kinds(null)).toEqual(["plan", "hit", "way"]);
  const { features } = marks({ volumes: [], conflicts: [{ item: RESERVED, blocking: false, volumes: [0] }], other: [], atMs: null });
  expect(features[0]!.geometry).toMatchObject({ type: "MultiPolygon" });
  expect(features[0]!.geometry.coordinates.length).toBe(2);
});

it("weakens what is not in use at the time looked ahead to", () => {
  expect(kinds(Date.parse("2026-05-01T14:02:00Z"))).toEqual(["plan", "hit faint", "way faint"]);
  expect(kinds(Date.parse("2026-05-01T14:05:00Z"))).toEqual(["plan faint", "hit", "way"]);
});

it("shows of a long route what meets the plan in time", () => {
  expect(inTheWay({ item: LONG, blocking: false, volumes: [1] }, MINE)).toEqual([LONG.volumes![1]]);
});

const CLEARANCE = { checked: "x", floor_intent: "reserved", floor_constraint: "volume" };

it("never takes an answer that cannot be read for one without conflicts", () => {
  expect(readCheck({ conflicts: [], clearance: CLEARANCE }).conflicts).toEqual([]);
  for (const bad of [null, {}, { conflicts: [] }, { conflicts: {}, clearance: CLEARANCE }, { conflicts: [{}], clearance: CLEARANCE }]) {
    expect(() => readCheck(bad)).toThrow(BadAnswer);
  }
  expect(() => readLaid({ volumes: [], arrives: "2026-05-01T14:00:00Z", length_m: 1 })).toThrow("volumes must be");
  expect(() => readLaid({ volumes: MINE, arrives: "soon", length_m: 1 })).toThrow("arrives must be a time");
  expect(() => readAlternatives({ tried: 1, complete: true })).toThrow("alternatives must be a list");
});
