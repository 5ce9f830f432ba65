// What is drawn of an alert: closest points along the released velocities, cells, entered volumes.
import { describe, expect, it } from "vitest";
import { areasOf, boxAround, enteredVolumes } from "../../src/alerts/areas";
import { encounterOf, type Moving, reckoned } from "../../src/alerts/encounter";
import type { ReleasedItem, ReservedVolume } from "../../src/wire/types";
import { after, anAlert, NOW } from "./an_alert";

const NAMES = { track: () => null, item: () => null };
const OWN: Moving = { lat: 47, lon: 8, ground_speed_mps: 200, track_deg: 90 };
const OTHER: Moving = { lat: 47, lon: 8.4, ground_speed_mps: 200, track_deg: 270 };
const PLACES: Readonly<Record<string, Moving>> = { ae01c6: OWN, "4b1801": OTHER };
const placeOf = (id: string): Moving | null => PLACES[id] ?? null;

describe("reckoning", () => {
  it("goes along the track over the ground", () => {
    const at = reckoned({ lat: 0, lon: 0, ground_speed_mps: 111_195 / 60, track_deg: 0 }, 60)!;
    expect(at.lat).toBeCloseTo(1, 2);
    expect(at.lon).toBeCloseTo(0, 9);
    expect(reckoned({ lat: 60, lon: 0, ground_speed_mps: 100, track_deg: 90 }, 556)!.lon).toBeCloseTo(1, 2);
  });

  it("is nothing without a velocity, backwards, or too far ahead", () => {
    expect(reckoned({ lat: 47, lon: 8 }, 60)).toBeNull();
    expect(reckoned(OWN, -1)).toBeNull();
    expect(reckoned(OWN, 3600)).toBeNull();
  });
});

describe("a conflict", () => {
  it("has a line between the two, the ways to the closest points, and its words there", () => {
    const drawn = encounterOf(anAlert(), placeOf, NOW, NAMES);
    expect(drawn.strong).toEqual([[OWN, OTHER]]);
    expect(drawn.thin).toHaveLength(2);
    expect(drawn.marks).toHaveLength(2);
    expect(drawn.marks[0]!.lon).toBeCloseTo(8.19, 2);
    expect(drawn.labelAt!.lon).toBeCloseTo(8.2, 2);
    expect(drawn.lines).toEqual(["■ WARNING · in 0:52", "0.8 NM · 300 ft", "closest in 1:12"]);
  });

  it("has no closest points once they are behind, or without velocities", () => {
    const past = encounterOf(anAlert({ phase: "now" }), placeOf, NOW + 90_000, NAMES);
    expect(past.marks).toEqual([]);
    expect(past.strong).toHaveLength(1);
    expect(past.lines).toEqual(["■ WARNING · now", "0.8 NM · 300 ft"]);
    const still = encounterOf(anAlert(), (id) => (id === "ae01c6" ? { lat: 47, lon: 8 } : OTHER), NOW, NAMES);
    expect(still.gap).toBeNull();
  });

  it("across the antimeridian is labelled between the two and not half round the world", () => {
    const west: Moving = { lat: 0, lon: 179.8 };
    const east: Moving = { lat: 0, lon: -179.8 };
    const drawn = encounterOf(anAlert(), (id) => (id === "ae01c6" ? west : east), NOW, NAMES);
    expect(Math.abs(((drawn.labelAt!.lon % 360) + 360) % 360 - 180)).toBeLessThan(0.01);
  });

  it("with one that is not in the picture rings the one that is", () => {
    const reserved = { level: "reserved", own: false } as const;
    const drawn = encounterOf(anAlert({ advisory: true, sides: [anAlert().sides[0]!, reserved] }), placeOf, NOW, NAMES);
    expect(drawn.strong).toEqual([]);
    expect(drawn.rings).toEqual([OWN]);
    expect(drawn.lines).toContain("advisory");
  });
});

describe("an incursion", () => {
  const into = anAlert({ kind: "incursion", sides: [anAlert().sides[0]!], item_kind: "constraint", item_label: "LS-R8", item: "i1" });

  it("has a line to the point of entry", () => {
    const drawn = encounterOf(into, placeOf, NOW, NAMES);
    expect(drawn.strong).toHaveLength(1);
    expect(drawn.marks[0]!.lon).toBeCloseTo(8.137, 2);
    expect(drawn.lines[1]).toBe("enters constraint LS-R8");
  });

  it("that is so now rings the aircraft", () => {
    const drawn = encounterOf({ ...into, phase: "now" }, placeOf, NOW, NAMES);
    expect(drawn.strong).toEqual([]);
    expect(drawn.rings).toEqual([OWN]);
    expect(drawn.lines[1]).toBe("inside constraint LS-R8");
  });

  it("emphasises the volume in use at the time of entry", () => {
    const outline = { type: "circle", centre: { lat: 47, lon: 8.2 }, radius_m: 5000 } as const;
    const high = { value_m: 3000, datum: "MSL" } as const;
    const low = { value_m: 0, datum: "MSL" } as const;
    const slot = (from: number, to: number) => ({ outline, lower: low, upper: high, start: after(from), end: after(to) });
    const volumes = [slot(-100, 10), slot(10, 200)];
    const item: ReleasedItem = { ref: "i1", kind: "constraint", level: "volume", volumes };
    expect(enteredVolumes(into, new Map([["i1", item]]))).toEqual([volumes[1]]);
    expect(enteredVolumes({ ...into, enters_at: after(900) }, new Map([["i1", item]]))).toEqual(volumes);
    expect(enteredVolumes(into, new Map())).toEqual([]);
    const { features } = areasOf([into], new Map([["i1", item]]), "a1").features;
    expect(features.map(({ properties }) => [properties.kind, properties.selected])).toEqual([["entered", true]]);
  });
});

it("draws the cells of a side that is not released with their height band", () => {
  const reserved: ReservedVolume = {
    cells: ["479a4"], outlines: [[[47, 8], [47, 8.2], [47.2, 8.2], [47.2, 8]]],
    lower_w84_m: 914.4, upper_w84_m: 2133.6, start: after(0), end: after(60),
  };
  const alert = anAlert({ advisory: true, sides: [anAlert().sides[0]!, { level: "reserved", own: false, reserved }] });
  const { features, labels } = areasOf([alert], new Map(), null);
  expect(features.features.map(({ properties }) => properties.kind)).toEqual(["cells"]);
  expect(labels[0]!.lines).toEqual(["a participant is within", "3,000 – 7,000 ft WGS84", "advisory · 1 grid cell"]);
  const box = boxAround([{ lat: 46, lon: 8.1 }], [reserved], 0.1)!;
  [7.9, 45.9, 8.3, 47.3].forEach((edge, i) => expect(box[i]).toBeCloseTo(edge, 2));
  expect(boxAround([], [], 0.1)).toBeNull();
});
