// Heights with their datum, times that say their zone, and tokens out of links.
import { describe, expect, it } from "vitest";
import { arrow, band, bearing, blockHeight, feetPerMinute, height, knots, limit } from "../../src/format/heights";
import { place } from "../../src/format/place";
import { clock, duration, parseTyped, slot } from "../../src/format/time";
import { emergencyText, trackName } from "../../src/format/words";
import { tokenIn } from "../../src/state/token";
import type { TrackView } from "../../src/wire/types";

const FT = 0.3048;

describe("heights", () => {
  it("name their datum", () => {
    expect(height(35_000 * FT, "PRESSURE")).toBe("FL350");
    expect(height(500 * FT, "PRESSURE")).toBe("FL005");
    expect(height(4500 * FT, "MSL")).toBe("4,500 ft MSL");
    expect(height(120, "AGL")).toBe("394 ft AGL");
    expect(height(1000 * FT, "W84")).toBe("1,000 ft WGS84");
    expect(blockHeight(-300 * FT, "PRESSURE")).toBe("−FL003");
  });

  it("round a volume's limits outward", () => {
    expect(limit({ value_m: 10_050 * FT, datum: "PRESSURE" }, "lower")).toBe("FL100");
    expect(limit({ value_m: 10_050 * FT, datum: "PRESSURE" }, "upper")).toBe("FL101");
    expect(limit({ value_m: 10_000 * FT, datum: "PRESSURE" }, "upper")).toBe("FL100");
    expect(limit({ value_m: 1003 * FT, datum: "MSL" }, "upper")).toBe("1,010 ft MSL");
    expect(limit({ value_m: 0, datum: "AGL" }, "lower")).toBe("ground");
  });

  it("contain the band meant, for any limits", () => {
    for (let ft = -1000; ft < 60_000; ft += 37) {
      const low = limit({ value_m: ft * FT, datum: "MSL" }, "lower");
      const high = limit({ value_m: ft * FT, datum: "MSL" }, "upper");
      const number = (text: string): number => Number(text.replace(/ ft MSL|,/g, ""));
      expect(number(low)).toBeLessThanOrEqual(ft + 0.11);
      expect(number(high)).toBeGreaterThanOrEqual(ft - 0.11);
    }
  });

  it("write one datum once and two datums twice", () => {
    expect(band({ value_m: 4000 * FT, datum: "MSL" }, { value_m: 12_500 * FT, datum: "MSL" })).toBe("4,000 – 12,500 ft MSL");
    expect(band({ value_m: 0, datum: "AGL" }, { value_m: 400 * FT, datum: "AGL" })).toBe("ground – 400 ft AGL");
    expect(band({ value_m: 1000 * FT, datum: "MSL" }, { value_m: 15_000 * FT, datum: "PRESSURE" })).toBe("1,000 ft MSL – FL150");
    expect(band({ value_m: 10_000 * FT, datum: "PRESSURE" }, { value_m: 14_000 * FT, datum: "PRESSURE" })).toBe("FL100 – FL140");
  });
});

it("speeds, rates and bearings", () => {
  expect(knots(230)).toBe("447");
  expect(feetPerMinute(-9)).toBe("−1,750 ft/min");
  expect([arrow(9), arrow(-9), arrow(0.5), arrow(null)]).toEqual(["↑", "↓", "", ""]);
  expect([bearing(0), bearing(359.8), bearing(7.2)]).toEqual(["360°", "360°", "007°"]);
});

describe("times", () => {
  const at = Date.UTC(2026, 5, 1, 14, 3, 22);
  it("say their zone", () => {
    expect(clock(at, "utc")).toBe("14:03:22Z");
    expect(clock(at, "local")).toMatch(/^\d\d:\d\d:\d\d[+−]\d\d:\d\d$/);
  });

  it("name another day", () => {
    expect(slot(at, at + 3_600_000, at, "utc")).toBe("14:03Z – 15:03Z");
    expect(slot(at, at + 86_400_000, at, "utc")).toBe("14:03Z – 2026-06-02 14:03Z");
  });

  it("ages", () => {
    expect([-5, 8, 130, 7500, 200_000].map(duration)).toEqual(["0 s", "8 s", "2 min", "2 h 05 min", "2 d"]);
  });

  it("typed by people", () => {
    expect(parseTyped("2026-06-01 14:00")).toBe(Date.UTC(2026, 5, 1, 14));
    expect(parseTyped("2026-06-01T14:00:00+02:00")).toBe(Date.UTC(2026, 5, 1, 12));
    for (const wrong of ["", "14:00", "1 June 2026", "2026-13-01 14:00"]) expect(parseTyped(wrong)).toBeNull();
  });
});

it("places in degrees and minutes", () => {
  expect(place(46.95, 7.4467)).toBe("46°57.0'N 007°26.8'E");
  expect(place(-0.99999, -179.99999)).toBe("01°00.0'S 180°00.0'W");
});

it("names of aircraft, and emergencies in words", () => {
  const plain: TrackView = { id: "4b1801", source: "broadcast", level: "broadcast", lat: 0, lon: 0, age_s: 0, accuracy_m: 1 };
  expect(trackName(plain)).toBe("4B1801");
  expect(trackName({ ...plain, callsign: "SWR4TK  " })).toBe("SWR4TK");
  expect(emergencyText(plain)).toBeNull();
  expect(emergencyText({ ...plain, squawk: "7600", emergency: "radio failure" })).toBe("7600 RADIO FAILURE");
});

describe("tokenIn", () => {
  it("takes a token or a link", () => {
    expect(tokenIn(" aa.bb-_.cc ")).toBe("aa.bb-_.cc");
    expect(tokenIn("http://127.0.0.1:8080/#token=aa.bb.cc")).toBe("aa.bb.cc");
    expect(tokenIn("#token=aa.bb.cc&x=1")).toBe("aa.bb.cc");
  });

  it("refuses anything else", () => {
    for (const text of ["", "hello", "a.b", "http://127.0.0.1/", "#token=%E0%A4%A", "a.b.<c>"]) expect(tokenIn(text)).toBeNull();
  });
});
