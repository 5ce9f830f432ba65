// The table of tracks: what comes, moves, changes its words and goes, and what its versions tell about it.
import { describe, expect, it } from "vitest";
import { Packed } from "../../src/stream/packed";
import { TrackTable, type TrackWords } from "../../src/stream/tracks";
import type { TrackView } from "../../src/wire/types";
import { sent } from "./sent";

const T0 = Date.UTC(2026, 5, 1, 8);

function words(id: string, number: number, callsign: string | null = null): TrackWords {
  return { id, number, source: "broadcast", level: "broadcast", callsign };
}

function view(id: string, part: Partial<TrackView> = {}): TrackView {
  return { id, source: "broadcast", level: "broadcast", lat: 47, lon: 8, age_s: 0, accuracy_m: 50, ...part };
}

function filled(...ids: string[]): TrackTable {
  const table = new TrackTable();
  table.begin();
  for (const id of ids) table.putView(view(id), T0);
  return table;
}

describe("the table of tracks", () => {
  it("shows nothing of an aircraft before its first position", () => {
    const table = new TrackTable();
    table.begin();
    table.putWords(words("a", 1));
    expect([table.size, table.has("a"), [...table.keys()], [...table.values()]]).toEqual([0, false, [], []]);
    table.putPacked(new Packed(sent([{ number: 1 }], T0)));
    expect([table.size, table.has("a")]).toEqual([1, true]);
  });

  it("refuses records of numbers that were not named, and then changes nothing", () => {
    const table = new TrackTable();
    table.begin();
    table.putWords(words("a", 1));
    expect(table.putPacked(new Packed(sent([{ number: 1 }, { number: 2 }], T0)))).toBe(false);
    expect(table.size).toBe(0);
  });

  it("takes away by a whole picture whoever is not in it", () => {
    const table = new TrackTable();
    table.begin();
    table.putWords(words("a", 1));
    table.putWords(words("b", 2));
    table.putPacked(new Packed(sent([{ number: 1 }, { number: 2 }], T0, true)));
    table.begin();
    table.putPacked(new Packed(sent([{ number: 2 }], T0 + 1000, true)));
    expect([...table.keys()]).toEqual(["b"]);
    expect(table.size).toBe(1);
  });

  it("knows moved ones by revision, new ones by birth, and keeps the words' version while only places change", () => {
    const table = filled("a", "b");
    const { version, wordsVersion } = table;
    table.begin();
    table.putView(view("a", { lat: 48 }), T0 + 1000);
    table.putView(view("c"), T0 + 1000);
    const [a, b, c] = ["a", "b", "c"].map((id) => table.slot(id));
    expect([table.revision[a!]! > version, table.revision[b!]! > version, table.born[a!]! > version, table.born[c!]! > version])
      .toEqual([true, false, false, true]);
    expect(table.wordsVersion).toBeGreaterThan(wordsVersion);
    const after = table.wordsVersion;
    table.begin();
    table.putView(view("c", { lat: 47.1 }), T0 + 2000);
    expect(table.wordsVersion).toBe(after);
    table.putView(view("c", { callsign: "SWR1" }), T0 + 2000);
    expect(table.wordsVersion).toBeGreaterThan(after);
  });

  it("gives a freed slot to another aircraft as a new one, under its own number", () => {
    const table = new TrackTable();
    table.begin();
    table.putWords(words("a", 1));
    table.putPacked(new Packed(sent([{ number: 1, lat: 40 }], T0)));
    const slot = table.slot("a");
    const seen = table.version;
    table.begin();
    table.drop("a");
    table.putWords(words("b", 2));
    expect(table.has("b")).toBe(false);
    expect(table.putPacked(new Packed(sent([{ number: 1 }], T0)))).toBe(false);
    table.putPacked(new Packed(sent([{ number: 2, lat: 50 }], T0)));
    expect([table.slot("b"), table.get("b")!.lat, table.has("a"), table.born[slot]! > seen]).toEqual([slot, 50, false, true]);
  });

  it("holds more than it was made for, and forgets all when cleared", () => {
    const table = filled(...Array.from({ length: 1000 }, (_, i) => `t${i}`));
    expect([table.size, table.get("t999")!.lat, [...table.values()].length]).toEqual([1000, 47, 1000]);
    table.clear();
    expect([table.size, table.limit, table.has("t0")]).toEqual([0, 0, false]);
  });

  it("drops what it does not hold without a word", () => {
    const table = filled("a");
    table.drop("nobody");
    expect(table.size).toBe(1);
  });
});
