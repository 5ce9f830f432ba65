// The list: search by any name, order by importance, horizon.
import { describe, expect, it } from "vitest";
import { itemRows, TrackRows } from "../../src/panels/rows";
import { TrackTable } from "../../src/stream/tracks";
import type { ReleasedItem, TrackView } from "../../src/wire/types";

const T0 = Date.UTC(2026, 5, 1, 8);

function item(ref: string, part: Partial<ReleasedItem> = {}, startMin = -1): ReleasedItem {
  const volume = {
    outline: { type: "circle" as const, centre: { lat: 46, lon: 7 }, radius_m: 1000 },
    lower: { value_m: 0, datum: "MSL" as const },
    upper: { value_m: 1000, datum: "MSL" as const },
    start: new Date(T0 + startMin * 60_000).toISOString(),
    end: new Date(T0 + (startMin + 30) * 60_000).toISOString(),
  };
  return { ref, kind: "intent", level: "volume", state: "Accepted", volumes: [volume], ...part };
}

function track(id: string, part: Partial<TrackView> = {}): TrackView {
  return { id, source: "broadcast", level: "broadcast", lat: 47, lon: 8, age_s: 0, accuracy_m: 50, ...part };
}

function tableOf(tracks: TrackView[]): TrackTable {
  const table = new TrackTable();
  table.begin();
  for (const one of tracks) table.putView(one, T0);
  return table;
}

function ids(items: ReleasedItem[], tracks: TrackView[], search = "", horizon: "now" | "all" = "all"): string[] {
  const rows = [...itemRows(items, search, horizon, T0), ...new TrackRows().of(tableOf(tracks), search, null)];
  return rows.map((row) => row.id);
}

describe("rows", () => {
  it("puts off-nominal, own and active first, then by start", () => {
    const items = [
      item("later", {}, 20), item("sooner", {}, 10), item("mine", { level: "own" }, 50),
      item("lost", { state: "Contingent" }), item("active", { state: "Activated" }),
    ];
    expect(ids(items, [])).toEqual(["lost", "mine", "active", "sooner", "later"]);
  });

  it("puts emergencies, own and released aircraft before broadcasts by name", () => {
    const tracks = [
      track("b2", { callsign: "BBB" }), track("a1", { callsign: "AAA" }),
      track("p", { source: "own", level: "position" }), track("m", { source: "own", level: "own" }),
      track("e", { emergency: "emergency", squawk: "7700" }),
    ];
    expect(ids([], tracks)).toEqual(["e", "m", "p", "a1", "b2"]);
  });

  it("searches callsign, id, designator, squawk and reference, all words", () => {
    const items = [item("k3vq7m", {}), item("x", { kind: "constraint", designator: "LS-R8", constraint_kind: "closed" })];
    const tracks = [track("4b1801", { callsign: "SWR4TK", squawk: "1000" })];
    expect(ids(items, tracks, "ls-r8")).toEqual(["x"]);
    expect(ids(items, tracks, "K3VQ")).toEqual(["k3vq7m"]);
    expect(ids(items, tracks, "swr 1000")).toEqual(["4b1801"]);
    expect(ids(items, tracks, "4B18")).toEqual(["4b1801"]);
    expect(ids(items, tracks, "swr 2000")).toEqual([]);
  });

  it("leaves out what is outside the time shown", () => {
    expect(ids([item("later", {}, 20), item("now")], [], "", "now")).toEqual(["now"]);
  });

  it("sorts aircraft anew only when their words change, and follows the filters every time", () => {
    const table = tableOf([track("b", { callsign: "BBB" }), track("a", { callsign: "AAA" })]);
    const rows = new TrackRows();
    const first = rows.of(table, "", null);
    table.begin();
    table.putView(track("b", { callsign: "BBB", lat: 48 }), T0 + 1000);
    expect(rows.of(table, "", null)).toBe(first);
    table.putView(track("b", { callsign: "A" }), T0 + 1000);
    expect(rows.of(table, "", null).map(({ id }) => id)).toEqual(["b", "a"]);
    const shown = new Uint8Array(table.limit);
    shown[table.slot("a")] = 1;
    expect(rows.of(table, "", shown).map(({ id }) => id)).toEqual(["a"]);
  });
});
