// Dead reckoning: on along the track, no further than the cap, without jumps on a correction, across the antimeridian.
import { describe, expect, it } from "vitest";
import { latOf, lonOf, mercatorX, mercatorY, worldPerMetre } from "../../src/geometry/mercator";
import { AT, BLEND_S, CAP_S, Motions, placeOn, RECORD_WORDS, type Report, WORLD, WORLD_Y } from "../../src/map/reckon";

const T0 = 1_750_000_000_000;

function report(part: Partial<Report> = {}): Report {
  return { lat: 47, lon: 8, speedMps: 250, trackDeg: 90, reportAtMs: T0, ...part };
}

/** Of one aircraft in slot 3; each report as it came. */
function flown(...reports: [Report, nowMs: number][]): Motions {
  const motions = new Motions(8);
  motions.rebase(T0);
  reports.forEach(([one, nowMs], i) => motions.put(3, one, nowMs, i === 0));
  return motions;
}

function at(motions: Motions, nowMs: number): { x: number; y: number } {
  return { ...motions.at(3, nowMs, { x: 0, y: 0 }) };
}

function metresEast(motions: Motions, nowMs: number): number {
  const turns = at(motions, nowMs).x / WORLD - mercatorX(8);
  return (turns - Math.round(turns)) / worldPerMetre(47);
}

describe("reckoning", () => {
  it("flies on at its speed along its track", () => {
    expect(metresEast(flown([report(), T0]), T0 + 4000)).toBeCloseTo(1000, 1);
    const north = flown([report({ trackDeg: 0 }), T0]);
    expect(placeOn(at(north, T0 + 4000)).lat).toBeCloseTo(47 + 1000 / 111_195, 3);
  });

  it("starts from the report's time, not from its arrival", () => {
    expect(metresEast(flown([report({ reportAtMs: T0 - 2000 }), T0]), T0)).toBeCloseTo(500, 1);
  });

  it("stands still after the cap: a lost aircraft is not flown on", () => {
    const motions = flown([report(), T0]);
    expect(at(motions, T0 + 600_000)).toEqual(at(motions, T0 + CAP_S * 1000));
  });

  it("never flies backwards from a report dated ahead", () => {
    expect(metresEast(flown([report({ reportAtMs: T0 + 5000 }), T0]), T0)).toBeCloseTo(0, 1);
  });

  it("stands where speed or track is unknown", () => {
    for (const part of [{ speedMps: NaN }, { trackDeg: NaN }]) {
      const motions = flown([report(part), T0]);
      expect(at(motions, T0 + 9000)).toEqual(at(motions, T0));
    }
  });

  it("keeps places to a few centimetres everywhere", () => {
    for (const [lat, lon] of [[47.1234567, 8.7654321], [-84.9, -179.9999999], [84.9, 179.9999999], [0, 0]] as const) {
      const back = placeOn(at(flown([report({ lat, lon, speedMps: 0 }), T0]), T0));
      expect(Math.abs(back.lat - lat) * 111_195).toBeLessThan(0.03);
      expect(Math.abs(back.lon - lon) * 111_195).toBeLessThan(0.03);
    }
  });

  it("takes up a correction without a jump and has it gone within the blend", () => {
    const now = T0 + 1000;
    const corrected = report({ reportAtMs: now, lat: 47.002, lon: 8.001 });
    const before = at(flown([report(), T0]), now);
    const motions = flown([report(), T0], [corrected, now]);
    expect(Math.hypot(at(motions, now).x - before.x, at(motions, now).y - before.y)).toBeLessThan(3);
    expect(at(motions, now + BLEND_S * 1000)).toEqual(at(flown([corrected, now]), now + BLEND_S * 1000));
  });

  it("moves in small steps while it blends", () => {
    const motions = flown([report(), T0], [report({ reportAtMs: T0 + 1000, lat: 47.001 }), T0 + 1000]);
    let last = at(motions, T0 + 1000).y;
    for (let t = 1016; t <= 2200; t += 16) {
      const next = at(motions, T0 + t).y;
      expect(Math.abs(next - last) / WORLD_Y / worldPerMetre(47)).toBeLessThan(4);
      last = next;
    }
  });

  it("shows a large disagreement at once", () => {
    const motions = flown([report(), T0], [report({ lat: 47.5 }), T0]);
    expect(placeOn(at(motions, T0)).lat).toBeCloseTo(47.5, 6);
  });

  it("corrects the short way across the antimeridian", () => {
    const motions = flown([report({ lon: 179.9999 }), T0], [report({ lon: -179.9999 }), T0]);
    expect(Math.abs(motions.floats[3 * RECORD_WORDS + AT.fixX]! / WORLD)).toBeLessThan(1e-5);
  });

  it("moves its zero of time without moving an aircraft", () => {
    const motions = flown([report(), T0], [report({ lat: 47.001, reportAtMs: T0 + 999_000 }), T0 + 999_000]);
    const before = at(motions, T0 + 999_300);
    expect(motions.rebase(T0 + 999_000)).toBe(false);
    expect(motions.rebase(T0 + 1_000_000)).toBe(true);
    const after = at(motions, T0 + 999_300);
    expect(Math.hypot(after.x - before.x, after.y - before.y) / WORLD / worldPerMetre(47)).toBeLessThan(0.05);
  });

  it("keeps every record when it grows", () => {
    const motions = flown([report(), T0]);
    const before = at(motions, T0 + 3000);
    motions.reserve(5000);
    expect(motions.capacity).toBeGreaterThanOrEqual(5000);
    expect(at(motions, T0 + 3000)).toEqual(before);
  });
});

it("Mercator and back", () => {
  for (const [lat, lon] of [[47, 8], [-80, -179], [0, 0]] as const) {
    expect(latOf(mercatorY(lat))).toBeCloseTo(lat, 9);
    expect(lonOf(mercatorX(lon))).toBeCloseTo(lon, 9);
  }
});
