// When the picture is live, what time it is at the exchange, and how long to wait before connecting again.
import { describe, expect, it } from "vitest";
import { backoff } from "../../src/stream/backoff";
import { exchangeNow, hear, isLive, type Link, UNCONNECTED } from "../../src/stream/liveness";

const OPEN: Link = { ...UNCONNECTED, phase: "open", lastFrameAt: 10_000 };

describe("isLive", () => {
  it("holds for three seconds of silence and no longer", () => {
    expect(isLive(OPEN, 13_000)).toBe(true);
    expect(isLive(OPEN, 13_001)).toBe(false);
  });

  it("never holds without an open socket or before the first frame", () => {
    for (const phase of ["connecting", "waiting", "signed-out"] as const) {
      expect(isLive({ ...OPEN, phase }, 10_000)).toBe(false);
    }
    expect(isLive({ ...OPEN, lastFrameAt: null }, 10_000)).toBe(false);
  });
});

describe("the exchange's clock", () => {
  it("runs on between frames and stands still in silence", () => {
    const clock = hear(null, 1_000_000, 500);
    expect(exchangeNow(clock, 1500)).toBe(1_001_000);
    expect(exchangeNow(clock, 60_500)).toBe(1_003_000);
  });

  it("spreads a late frame's jitter, and follows a real step at once", () => {
    const clock = hear(null, 1_000_000, 0);
    const late = hear(clock, 1_001_000, 1300);
    expect(exchangeNow(late, 1300)).toBeCloseTo(1_001_270);
    const stepped = hear(clock, 2_000_000, 1000);
    expect(exchangeNow(stepped, 1000)).toBe(2_000_000);
  });
});

describe("backoff", () => {
  it("doubles to eight seconds and keeps at least half of it", () => {
    expect([0, 1, 2, 3, 4, 5, 50].map((n) => backoff(n, 1))).toEqual([500, 1000, 2000, 4000, 8000, 8000, 8000]);
    expect(backoff(3, 0)).toBe(2000);
  });
});
