// Which level a recipient has of one's tracks: of all of a kind, and of single ones that are raised.
import { expect, it } from "vitest";
import { formsOf, trackLevelsOf } from "../../src/seen/state";
import type { ReleasedItem, SeenBy } from "../../src/wire/types";

const ITEM: ReleasedItem = { ref: "r1", kind: "intent", level: "reserved" };
const ROWS: readonly SeenBy[] = [
  { recipient: "north-air", kind: "intent", level: "reserved", reason: "floor", ref: "i1", item: ITEM },
  { recipient: "north-air", kind: "sensed_track", level: "position", reason: "your rule" },
  { recipient: "north-air", kind: "own_track", level: "position", reason: "predicted conflict", ref: "ae01c6" },
];

it("takes what no row names for none, and a row with a track for a raise", () => {
  const levels = trackLevelsOf(ROWS);
  expect(levels.own).toBe("none");
  expect(levels.sensed).toBe("position");
  expect([...levels.raised.keys()]).toEqual(["ae01c6"]);
});

it("draws the forms that the recipient has and no others", () => {
  expect(formsOf(ROWS)).toEqual([ITEM]);
  expect(formsOf([])).toEqual([]);
});
