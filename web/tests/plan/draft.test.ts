// A draft becomes a request in SI, exactly; what cannot be read is named and nothing is guessed for it.
import { describe, expect, it } from "vitest";
import { departure, departsText, type Draft, moved, NEW_DRAFT, placeTyped, read, withRoute } from "../../src/plan/draft";

const NOW = Date.parse("2026-05-01T14:03:20Z");

function draft(part: Partial<Draft> = {}): Draft {
  return {
    ...NEW_DRAFT,
    waypoints: [{ id: 1, lat: 46, lon: 8, level: "" }, { id: 2, lat: 47, lon: 9, level: "" }],
    level: "4,500",
    speedKt: "120",
    departs: "15:00",
    departsMs: Date.parse("2026-05-01T15:00:00Z"),
    ...part,
  };
}

describe("a draft as a request", () => {
  it("is in SI", () => {
    expect(read(draft())).toEqual({
      wrong: {},
      priority: 0,
      route: {
        waypoints: [{ lat: 46, lon: 8 }, { lat: 47, lon: 9 }],
        levels: [{ value_m: 1371.6, datum: "MSL" }],
        speed_mps: expect.closeTo(61.7333, 4),
        half_width_m: 1852,
        half_height_m: 152.4,
        departs: "2026-05-01T15:00:00.000Z",
        early_s: 60,
        late_s: 60,
      },
    });
  });

  it.each([
    ["FL", "FL120", 3657.6, "PRESSURE", 152.4],
    ["ft_agl", "400 ft", 121.92, "AGL", 152.4],
    ["m_w84", "1200", 1200, "W84", 500],
    ["m_msl", "−10 m", -10, "MSL", 500],
  ] as const)("has the datum of its measure: %s", (measure, level, value_m, datum, half) => {
    const { route } = read(draft({ measure, level }));
    expect(route?.levels).toEqual([{ value_m, datum }]);
    expect(route?.half_height_m).toBeCloseTo(half, 9);
  });

  it("has a level for each waypoint where one has its own", () => {
    const waypoints = [{ id: 1, lat: 46, lon: 8, level: "1000" }, { id: 2, lat: 47, lon: 9, level: "" }];
    expect(read(draft({ waypoints })).route?.levels.map(({ value_m }) => value_m)).toEqual([304.8, 1371.6]);
  });

  it.each([
    ["levels", { level: "high" }],
    ["levels", { level: "1e3" }],
    ["speed_mps", { speedKt: "0" }],
    ["half_width_m", { halfWidth: "" }],
    ["half_height_m", { halfHeight: "-3" }],
    ["departs", { departsMs: null }],
    ["late_s", { lateMin: "soon" }],
    ["priority", { priority: "1.5" }],
    ["waypoints", { waypoints: [] }],
  ] as const)("is none while %s is wrong", (field, part) => {
    const { route, wrong } = read(draft(part));
    expect(route).toBeNull();
    expect(Object.keys(wrong)).toContain(field);
  });
});

describe("a departure", () => {
  it.each([
    ["15:00", "2026-05-01T15:00:00Z"],
    ["1500z", "2026-05-01T15:00:00Z"],
    ["14:03", "2026-05-01T14:03:00Z"],
    ["14:00", "2026-05-02T14:00:00Z"],
    ["2026-05-03 09:30", "2026-05-03T09:30:00Z"],
    ["2026-05-03T09:30:00+02:00", "2026-05-03T07:30:00Z"],
  ])("%s is %s", (text, iso) => {
    expect(departure(text, NOW)).toBe(Date.parse(iso));
  });

  it.each(["25:00", "soon", "", "14:0"])("%s is none", (text) => {
    expect(departure(text, NOW)).toBeNull();
  });

  it("is written as it is typed", () => {
    const ms = Date.parse("2026-05-03T09:30:00Z");
    expect(departsText(ms)).toBe("2026-05-03 09:30");
    expect(departure(departsText(ms + 5000), NOW)).toBe(ms + 5000);
  });
});

it.each([
  ["46.95 7.44", { lat: 46.95, lon: 7.44 }],
  ["46.95, -7.44", { lat: 46.95, lon: -7.44 }],
  ["46.95", null],
  ["91 0", null],
  ["46 7 8", null],
  ["N46 E7", null],
])("the place of %s", (text, place) => {
  expect(placeTyped(text)).toEqual(place);
});

describe("an alternative that is taken over", () => {
  it("moves time and height", () => {
    const after = read(moved(draft(), 600, 304.8)).route;
    expect(after?.departs).toBe("2026-05-01T15:10:00.000Z");
    expect(after?.levels[0]?.value_m).toBeCloseTo(1676.4, 2);
  });

  it("brings its route, and keeps the waypoints that stay", () => {
    const route = read(draft()).route!;
    const round = { ...route, waypoints: [route.waypoints[0]!, { lat: 46.5, lon: 9.1 }, route.waypoints[1]!] };
    const after = withRoute(draft(), round, () => 9);
    expect(after.waypoints.map(({ id }) => id)).toEqual([1, 9, 2]);
    expect(after.departs).toBe("15:00");
    expect(read(after).route).toEqual(round);
  });
});
