// Data blocks: three levels of detail, and what is said at every one of them.
import { describe, expect, it } from "vitest";
import { type Detail, detailFor, trackBlock } from "../../src/map/blocks";
import type { Track } from "../../src/stream/tracks";

const T0 = Date.UTC(2026, 5, 1, 8);

function lines(detail: Detail, part: Partial<Track> = {}): string[] {
  const track: Track = {
    id: "4b1801", source: "broadcast", level: "broadcast", lat: 47, lon: 8, accuracy_m: 50, reportAtMs: T0 - 4000,
    callsign: "SWR123", altitude_m: 350 * 30.48, altitude_datum: "PRESSURE", ground_speed_mps: 230, vertical_rate_mps: 7, ...part,
  };
  return trackBlock(track, detail, T0, { text: "t", dim: "d", emergency: "e" }).map(({ text }) => text);
}

describe("data blocks", () => {
  it("grow line by line", () => {
    expect(lines(1)).toEqual(["SWR123"]);
    expect(lines(2)).toEqual(["SWR123", "FL350 ↑"]);
    expect(lines(3)).toEqual(["SWR123", "FL350 ↑", "447 kt · 4 s"]);
  });

  it("write feet with their datum, and leave out what is not known", () => {
    expect(lines(3, { altitude_datum: "MSL", altitude_m: 1371.6, vertical_rate_mps: -5 })[1]).toBe("4,500 MSL ↓");
    expect(lines(3, { altitude_m: null, ground_speed_mps: null })).toEqual(["SWR123", "4 s"]);
  });

  it("say at every level that one is stale, with its age", () => {
    expect(lines(1, { stale: true, reportAtMs: T0 - 40_000 })).toEqual(["SWR123", "STALE 40 s"]);
  });

  it("say how far a rounded position may be off", () => {
    expect(lines(3, { level: "position", callsign: null, id: "~w4t7m2", accuracy_m: 463 })[2]).toBe("447 kt · ±463 m · 4 s");
  });

  it("begin with the emergency", () => {
    expect(lines(1, { emergency: "radio failure", squawk: "7600" }).slice(0, 2)).toEqual(["7600 RADIO FAILURE", "SWR123"]);
  });
});

describe("the level of detail", () => {
  it("grows with the zoom and falls with the crowd", () => {
    expect([detailFor(3, 10), detailFor(3, 500), detailFor(5, 30), detailFor(5, 100), detailFor(5, 300), detailFor(5, 1000)])
      .toEqual([1, 0, 3, 2, 1, 0]);
    expect([detailFor(9, 100), detailFor(9, 300), detailFor(9, 1000)]).toEqual([3, 2, 1]);
  });

  it("is what a person chose where one did", () => {
    expect([detailFor(3, 5000, 3), detailFor(12, 1, 1)]).toEqual([3, 1]);
  });
});
