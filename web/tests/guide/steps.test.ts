// The guide's link, the second of its cycle, and which steps are for whom.
import { describe, expect, it } from "vitest";
import { CYCLE_S, guideIn, nextStep, secondOfCycle, type Step, stepsAt } from "../../src/guide/steps";

const STEPS: readonly Step[] = [
  { at_s: 5, until_s: 20, who: [], title: "all", text: "…" },
  { at_s: 10, until_s: 30, who: ["relief"], title: "relief's", text: "…" },
  { at_s: 100, until_s: 120, who: ["centre"], title: "centre's", text: "…" },
];

function titles(second: number, who: string | null): string[] {
  return stepsAt(STEPS, second, who).map(({ title }) => title);
}

it("is asked for in the link's fragment", () => {
  expect(guideIn("#token=a.b.c&guide=demo&cycle=1790000000")).toEqual({ guide: "demo", cycleS: 1_790_000_000 });
  expect(guideIn("#guide=demo")).toEqual({ guide: "demo", cycleS: null });
  expect(guideIn("guide=demo&cycle=soon")).toEqual({ guide: "demo", cycleS: null });
  expect(guideIn("#token=a.b.c")).toBeNull();
});

it("knows the second of the cycle, before its beginning too", () => {
  expect(secondOfCycle(1_000_500, 1000)).toBe(0.5);
  expect(secondOfCycle((1000 + 3 * CYCLE_S + 7) * 1000, 1000)).toBe(7);
  expect(secondOfCycle(999_000, 1000)).toBe(CYCLE_S - 1);
});

describe("steps", () => {
  it("are those of the second, for everybody or for the reader", () => {
    expect(titles(4.9, "relief")).toEqual([]);
    expect(titles(10, "relief")).toEqual(["all", "relief's"]);
    expect(titles(10, "centre")).toEqual(["all"]);
    expect(titles(20, "relief")).toEqual(["relief's"]);
    expect(titles(10, null)).toEqual(["all"]);
  });

  it("go on in the next cycle", () => {
    expect(nextStep(STEPS, 30, "relief")).toEqual({ step: STEPS[0], in_s: 95 });
    expect(nextStep(STEPS, 30, "centre")!.in_s).toBe(70);
    expect(nextStep([], 30, "centre")).toBeNull();
  });
});

const FILES = Object.values(import.meta.glob<readonly Step[]>("../../data/demo_guide.json", { eager: true, import: "default" }));

it.skipIf(FILES.length === 0)("the demonstration's guide, where it is there, is steps within the cycle", () => {
  for (const step of FILES.flat()) {
    expect(step.at_s).toBeGreaterThanOrEqual(0);
    expect(step.until_s).toBeGreaterThan(step.at_s);
    expect(step.until_s).toBeLessThanOrEqual(CYCLE_S);
    expect(step.title && step.text).toBeTruthy();
    expect(Array.isArray(step.who)).toBe(true);
  }
});
