// Dead reckoning: on along the track, no further than the cap, without jumps on a correction, across the antimeridian.
import { describe, expect, it } from "vitest";
import { latOf, lonOf, mercatorX, mercatorY, worldPerMetre } from "../../src/geometry/mercator";
import { BLEND_S, CAP_S, motionOf, reckon } from "../../src/map/reckon";
import type { Track } from "../../src/stream/picture";

const T0 = 1_000_000;
const here = { x: 0, y: 0 };

function track(part: Partial<Track>): Track {
  return {
    id: "a", source: "broadcast", level: "broadcast", lat: 47, lon: 8, age_s: 0, accuracy_m: 50,
    ground_speed_mps: 250, track_deg: 90, reportAtMs: T0, ...part,
  };
}

function metresEast(x: number, lat: number, lon: number): number {
  return (x - mercatorX(lon)) / worldPerMetre(lat);
}

describe("reckon", () => {
  it("flies on at its speed along its track", () => {
    const motion = motionOf(track({}), T0, null);
    expect(metresEast(reckon(motion, T0 + 4000, here).x, 47, 8)).toBeCloseTo(1000, 3);
    const north = motionOf(track({ track_deg: 0 }), T0, null);
    expect(latOf(reckon(north, T0 + 4000, here).y)).toBeCloseTo(47 + 1000 / 111_195, 3);
  });

  it("starts from the report's time, not from its arrival", () => {
    const motion = motionOf(track({ reportAtMs: T0 - 2000 }), T0, null);
    expect(metresEast(reckon(motion, T0, here).x, 47, 8)).toBeCloseTo(500, 3);
  });

  it("stands still after the cap: a lost aircraft is not flown on", () => {
    const motion = motionOf(track({}), T0, null);
    const capped = reckon(motion, T0 + CAP_S * 1000, here).x;
    expect(reckon(motion, T0 + 600_000, here).x).toBe(capped);
  });

  it("never flies backwards from a report dated ahead", () => {
    const motion = motionOf(track({ reportAtMs: T0 + 5000 }), T0, null);
    expect(reckon(motion, T0, here).x).toBe(motion.x);
  });

  it("stands where speed or track is unknown", () => {
    for (const part of [{ ground_speed_mps: null }, { track_deg: null }]) {
      const motion = motionOf(track(part), T0, null);
      expect([motion.vx, Math.abs(motion.vy)]).toEqual([0, 0]);
    }
  });

  it("takes up a correction without a jump and has it gone within the blend", () => {
    const first = motionOf(track({}), T0, null);
    const now = T0 + 1000;
    const before = { ...reckon(first, now, here) };
    const second = motionOf(track({ reportAtMs: now, lat: 47.002, lon: 8.001 }), now, first);
    const after = { ...reckon(second, now, here) };
    expect(after.x).toBeCloseTo(before.x, 12);
    expect(after.y).toBeCloseTo(before.y, 12);
    const settled = reckon(second, now + BLEND_S * 1000, here);
    const plain = reckon(motionOf(track({ reportAtMs: now, lat: 47.002, lon: 8.001 }), now, null), now + 1000, { x: 0, y: 0 });
    expect(settled).toEqual(plain);
  });

  it("moves in small steps while it blends", () => {
    const first = motionOf(track({}), T0, null);
    const second = motionOf(track({ reportAtMs: T0 + 1000, lat: 47.001 }), T0 + 1000, first);
    let last = reckon(second, T0 + 1000, here).y;
    for (let t = 1016; t <= 2200; t += 16) {
      const next = reckon(second, T0 + t, here).y;
      expect(Math.abs(next - last) / worldPerMetre(47)).toBeLessThan(4);
      last = next;
    }
  });

  it("shows a large disagreement at once", () => {
    const first = motionOf(track({}), T0, null);
    const second = motionOf(track({ lat: 47.5 }), T0, first);
    expect(reckon(second, T0, here).y).toBe(mercatorY(47.5));
  });

  it("corrects the short way across the antimeridian", () => {
    const first = motionOf(track({ lon: 179.9999 }), T0, null);
    const second = motionOf(track({ lon: -179.9999 }), T0, first);
    expect(Math.abs(second.fixX)).toBeLessThan(1e-5);
  });
});

it("Mercator and back", () => {
  for (const [lat, lon] of [[47, 8], [-80, -179], [0, 0]] as const) {
    expect(latOf(mercatorY(lat))).toBeCloseTo(lat, 9);
    expect(lonOf(mercatorX(lon))).toBeCloseTo(lon, 9);
  }
});
