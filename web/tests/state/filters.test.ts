// Filters hide only what they are sure of, count what they hide, and never hide what an alert is about.
import { describe, expect, it } from "vitest";
import { type Filter, filterWords, isActive, NO_FILTER, sift } from "../../src/state/filters";
import { TrackTable } from "../../src/stream/tracks";
import type { TrackView } from "../../src/wire/types";

const T0 = Date.UTC(2026, 5, 1, 8);
const FL = 30.48;

function view(id: string, part: Partial<TrackView> = {}): TrackView {
  return {
    id, source: "broadcast", level: "broadcast", lat: 47, lon: 8, age_s: 0, accuracy_m: 50,
    altitude_m: 200 * FL, altitude_datum: "PRESSURE", ...part,
  };
}

function shown(views: TrackView[], part: Partial<Filter>, always: string[] = []): string[] {
  const table = new TrackTable();
  table.begin();
  for (const one of views) table.putView(one, T0);
  const { shown: bits, count, of } = sift(table, { ...NO_FILTER, ...part }, new Set(always));
  const ids = views.map(({ id }) => id).filter((id) => !bits || bits[table.slot(id)] === 1);
  expect([count, of]).toEqual([ids.length, views.length]);
  return ids;
}

describe("sift", () => {
  it("lets everything through where no filter is set", () => {
    expect(isActive(NO_FILTER)).toBe(false);
    expect(shown([view("a"), view("b", { altitude_m: null })], {})).toEqual(["a", "b"]);
  });

  it("keeps a band of flight levels, both ends in it as they are shown", () => {
    const views = [99.4, 99.6, 100, 200, 200.4, 200.6].map((level) => view(`FL${level}`, { altitude_m: level * FL }));
    expect(shown(views, { lowerFl: 100, upperFl: 200 })).toEqual(["FL99.6", "FL100", "FL200", "FL200.4"]);
    expect(shown(views, { lowerFl: 200 })).toEqual(["FL200", "FL200.4", "FL200.6"]);
  });

  it("never hides a height that it cannot compare", () => {
    const views = [
      view("unknown", { altitude_m: null }), view("agl", { altitude_datum: "AGL", altitude_m: 50 }),
      view("msl near", { altitude_datum: "MSL", altitude_m: 100 * FL - 1000 }),
      view("msl far", { altitude_datum: "MSL", altitude_m: 100 * FL - 1300 }),
    ];
    expect(shown(views, { lowerFl: 100, upperFl: 120 })).toEqual(["unknown", "agl", "msl near"]);
  });

  it("leaves out sources, categories, others' aircraft", () => {
    const views = [
      view("mine", { source: "own", level: "own" }), view("theirs", { source: "own", level: "position" }),
      view("sensed", { source: "sensed", level: "own" }), view("glider", { category: "glider" }), view("odd", { category: "rocket" }),
    ];
    expect(shown(views, { withoutSources: new Set(["broadcast", "sensed"]) })).toEqual(["mine", "theirs"]);
    expect(shown(views, { withoutCategories: new Set(["glider", "unknown"]) })).toEqual(["odd"]);
    expect(shown(views, { withoutCategories: new Set(["other"]) })).toEqual(["mine", "theirs", "sensed", "glider"]);
    expect(shown(views, { whose: "mine" })).toEqual(["mine"]);
    expect(shown(views, { whose: "others" })).toEqual(["theirs", "sensed", "glider", "odd"]);
  });

  it("keeps those of alerts and in distress, and says how many", () => {
    const views = [view("far"), view("warned"), view("mayday", { emergency: "emergency" })];
    expect(shown(views, { lowerFl: 400 }, ["warned"])).toEqual(["warned", "mayday"]);
    const table = new TrackTable();
    table.begin();
    for (const one of views) table.putView(one, T0);
    expect(sift(table, { ...NO_FILTER, lowerFl: 400 }, new Set(["warned"])).kept).toBe(2);
    expect(sift(table, { ...NO_FILTER, lowerFl: 100 }, new Set(["warned"])).kept).toBe(0);
  });
});

it("says in words what is filtered", () => {
  expect(filterWords({ ...NO_FILTER, lowerFl: 90, upperFl: 200, withoutSources: new Set(["sensed"]), whose: "mine" }))
    .toBe("FL090 – FL200 · without sensed · ours only");
  expect(filterWords({ ...NO_FILTER, upperFl: 100, withoutCategories: new Set(["unknown"]) })).toBe("up to FL100 · without unknown category");
});
