// What is drawn solid, dashed, hatched or not at all, over time.
import { describe, expect, it } from "vitest";
import { drawnVolumes, itemBox } from "../../src/map/volumes";
import type { ReleasedItem, Volume4D } from "../../src/wire/types";

const T0 = Date.UTC(2026, 5, 1, 8);
const MIN = 60_000;

function volume(start: number, end: number, lon = 7): Volume4D {
  return {
    outline: { type: "circle", centre: { lat: 46, lon }, radius_m: 5000 },
    lower: { value_m: 3048, datum: "PRESSURE" },
    upper: { value_m: 4267.2, datum: "PRESSURE" },
    start: new Date(T0 + start * MIN).toISOString(),
    end: new Date(T0 + end * MIN).toISOString(),
  };
}

function intent(part: Partial<ReleasedItem>): ReleasedItem {
  return { ref: "r", kind: "intent", level: "volume", state: "Activated", volumes: [volume(-10, 10)], ...part };
}

function drawn(item: ReleasedItem, horizon: "now" | "1h" | "6h" | "all" = "all", now = T0) {
  return drawnVolumes([item], now, horizon, "utc");
}

function first(item: ReleasedItem, now = T0) {
  return drawn(item, "all", now).features.features[0]?.properties;
}

describe("drawnVolumes", () => {
  it("draws solid only what is in force and contains now", () => {
    expect(first(intent({}))!.dashed).toBe(false);
    expect(first(intent({ state: "Accepted" }))!.dashed).toBe(true);
    expect(first(intent({ volumes: [volume(5, 10)] }))!.dashed).toBe(true);
    expect(first(intent({ kind: "constraint", state: "active", constraint_kind: "closed" }))!.dashed).toBe(false);
    for (const state of ["planned", "pending"] as const) {
      expect(first(intent({ kind: "constraint", state, constraint_kind: "closed" }))!.dashed).toBe(true);
    }
  });

  it("is half-open: at its end a volume is gone, at its start it is there", () => {
    expect(first(intent({}), T0 + 10 * MIN)).toBeUndefined();
    expect(first(intent({}), T0 + 10 * MIN - 1)!.dashed).toBe(false);
    expect(first(intent({}), T0 - 10 * MIN)!.dashed).toBe(false);
    expect(first(intent({}), T0 - 10 * MIN - 1)!.dashed).toBe(true);
  });

  it("draws what is later fainter, with its start", () => {
    const later = drawn(intent({ volumes: [volume(30, 60)] }));
    expect(later.features.features[0]!.properties.line).toBeLessThan(first(intent({}))!.line);
    expect(later.labels[0]!.lines[2]).toBe("from 08:30Z");
    expect(later.labels[0]!.faint).toBe(true);
  });

  it("shows within the horizon", () => {
    const later = intent({ volumes: [volume(90, 120)] });
    expect(drawn(later, "now").features.features).toHaveLength(0);
    expect(drawn(later, "1h").features.features).toHaveLength(0);
    expect(drawn(later, "6h").features.features).toHaveLength(1);
  });

  it("hatches closed, reserved and off-nominal ones, each its own way, and leaves advisory plain", () => {
    const closed = first(intent({ kind: "constraint", state: "active", constraint_kind: "closed" }))!;
    const advisory = first(intent({ kind: "constraint", state: "active", constraint_kind: "advisory" }))!;
    const hatches = [closed, first(intent({ state: "Nonconforming" }))!, first(intent({ state: "Contingent" }))!].map((p) => p.hatch);
    expect(new Set(hatches).size).toBe(3);
    expect(hatches).not.toContain("");
    expect(advisory.hatch).toBe("");
  });

  it("shouts an off-nominal state and shows it whatever the horizon", () => {
    const lost = intent({ state: "Contingent", volumes: [volume(-60, -5)] });
    expect(drawn(lost, "now").labels[0]!.lines[0]).toContain("CONTINGENT");
  });

  it("draws a reserved item as its cells, without owner or state", () => {
    const cell = (lon: number): [number, number][] => [[46, lon], [46, lon + 0.1], [46.1, lon + 0.1], [46.1, lon]];
    const item: ReleasedItem = {
      ref: "x",
      kind: "intent",
      level: "reserved",
      reserved: [{
        cells: ["a", "b"],
        outlines: [cell(7), cell(7.1)],
        lower_w84_m: 914.4,
        upper_w84_m: 3657.6,
        start: new Date(T0 - MIN).toISOString(),
        end: new Date(T0 + 30 * MIN).toISOString(),
      }],
    };
    const { features, labels } = drawn(item);
    expect(features.features[0]!.geometry.type).toBe("MultiPolygon");
    expect(features.features[0]!.properties).toMatchObject({ hatch: "hatch-reserved", own: false, dashed: false });
    expect(labels[0]!.lines).toEqual(["reserved: a participant", "3,000 – 12,000 ft WGS84", "07:59Z – 08:30Z"]);
  });

  it("marks one's own", () => {
    const own = drawn(intent({ level: "own" }));
    expect(own.features.features[0]!.properties.own).toBe(true);
    expect(own.labels[0]!.lines[0]).toMatch(/^OWN /);
  });

  it("names a row of volumes once", () => {
    const row = drawn(intent({ volumes: [volume(-20, -10), volume(-10, 10, 8), volume(10, 20, 9)] }));
    expect(row.labels.map((l) => l.lines.length)).toEqual([3, 2]);
  });

  it("never draws what has ended", () => {
    for (const state of ["Ended", "cancelled", "released", "expired"] as const) expect(first(intent({ state }))).toBeUndefined();
  });
});

it("the box of an item across the antimeridian is narrow", () => {
  const [west, , east] = itemBox(intent({ volumes: [volume(0, 1, 179.9), volume(0, 1, -179.8)] }))!;
  expect(east - west).toBeLessThan(1);
});
