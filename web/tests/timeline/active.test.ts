// What is in use at a time to come, by what of it is released.
import { expect, it } from "vitest";
import { inUseAt } from "../../src/timeline/active";
import type { ReleasedItem, Volume4D } from "../../src/wire/types";

function item(ref: string, level: ReleasedItem["level"], start: string, end: string, state: ReleasedItem["state"] = "Accepted"): ReleasedItem {
  const volume = { start: `2026-05-01T${start}:00Z`, end: `2026-05-01T${end}:00Z` } as Volume4D;
  return { ref, kind: "intent", level, state, volumes: [volume] };
}

const ITEMS = [
  item("a", "own", "14:00", "15:00"),
  item("b", "own", "14:00", "14:30"),
  item("c", "own", "14:30", "15:00"),
  item("d", "volume", "14:00", "15:00", "Ended"),
  item("e", "reserved", "14:00", "14:21", null),
  item("f", "volume", "13:00", "13:30", "Contingent"),
];

it("lists each level, what ends first first; intervals are half-open, and what is off nominal stays", () => {
  const refs = (at: string): string[][] =>
    [...inUseAt(ITEMS, Date.parse(`2026-05-01T${at}:00Z`)).values()].map((all) => all.map(({ ref }) => ref));
  expect(refs("14:20")).toEqual([["b", "a"], ["f"], ["e"]]);
  expect(refs("14:30")).toEqual([["a", "c"], ["f"], []]);
});
