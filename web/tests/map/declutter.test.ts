// Placing data blocks: no two overlap, the important ones come first, and they stay where they were.
import { describe, expect, it } from "vitest";
import { place, type Placed, type Wanted } from "../../src/map/declutter";

function wanted(key: string, px: number, py: number, part: Partial<Wanted> = {}): Wanted {
  return { key, px, py, width: 80, height: 30, rank: 5, centred: false, always: false, ...part };
}

function overlaps(all: readonly Wanted[], placed: readonly Placed[]): number {
  const rects = placed.map(({ key, dx, dy }) => {
    const one = all.find((w) => w.key === key)!;
    return { l: one.px + dx, t: one.py + dy, r: one.px + dx + one.width, b: one.py + dy + one.height };
  });
  let count = 0;
  rects.forEach((a, i) => {
    for (const b of rects.slice(i + 1)) if (a.l < b.r && b.l < a.r && a.t < b.b && b.t < a.b) count++;
  });
  return count;
}

/** Repeatable noise. */
function random(seed: number): () => number {
  let state = seed;
  return () => (state = (state * 16_807) % 2_147_483_647) / 2_147_483_647;
}

describe("place", () => {
  it("never lets two blocks overlap", () => {
    for (let seed = 1; seed <= 20; seed++) {
      const next = random(seed * 7919);
      const all = Array.from({ length: 200 }, (_, i) =>
        wanted(`k${i}`, next() * 900 - 50, next() * 700 - 50, { rank: Math.floor(next() * 9), centred: next() < 0.2 }),
      );
      const placed = place(all, new Map());
      expect(overlaps(all, placed)).toBe(0);
      expect(placed.length).toBeGreaterThan(20);
    }
  });

  it("serves the lower rank first where there is room for one", () => {
    const blockers = [0, 1, 2, 3].map((i) => wanted(`b${i}`, 100, 100, { rank: 1, centred: false }));
    const late = wanted("late", 100, 100, { rank: 9, width: 400, height: 300 });
    expect(place([late, ...blockers], new Map()).map((p) => p.key)).not.toContain("late");
  });

  it("always draws what must be drawn", () => {
    const all = Array.from({ length: 12 }, (_, i) => wanted(`e${i}`, 100, 100, { always: true }));
    expect(place(all, new Map())).toHaveLength(12);
  });

  it("keeps a block on its side while that is free", () => {
    const one = wanted("a", 100, 100);
    expect(place([one], new Map([["a", 3]]))[0]!.side).toBe(3);
    expect(place([one], new Map())[0]!.side).toBe(0);
  });

  it("places a shorter form only where the long one found no room", () => {
    const long = wanted("long", 100, 100, { centred: true, width: 300, height: 120, rank: 2 });
    const short = wanted("short", 100, 100, { centred: true, width: 40, height: 12, rank: 3, shortOf: "long" });
    expect(place([long, short], new Map()).map((p) => p.key)).toEqual(["long"]);
    const half = { centred: true, always: true, rank: 1, width: 1200, height: 600 };
    const wall = [wanted("above", 100, 100 - 310, half), wanted("below", 100, 100 + 310, half)];
    expect(place([long, short, ...wall], new Map()).map((p) => p.key)).toContain("short");
  });

  it("keeps off other aircraft's symbols", () => {
    const one = wanted("a", 100, 100);
    const free = place([one], new Map(), [{ px: 150, py: 90 }])[0]!;
    expect(free.side).not.toBe(0);
  });
});
