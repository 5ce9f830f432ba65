// What the recording answers is read whole or not at all; and how far from now is said in words.
import { describe, expect, it } from "vitest";
import { momentAhead } from "../../src/timeline/ahead";
import { distanceWords } from "../../src/timeline/distance";
import { BadHistory, clamp, readMoment, readSpan } from "../../src/timeline/history";

const FROM = "2026-05-01T13:00:00Z";
const UNTIL = "2026-05-01T14:00:00Z";

describe("the span", () => {
  it("is read in milliseconds, with the step of the recording", () => {
    expect(readSpan({ from: FROM, until: UNTIL, step_s: 2 })).toEqual({
      fromMs: Date.parse(FROM), untilMs: Date.parse(UNTIL), stepMs: 2000, because: null,
    });
    expect(readSpan({ from: FROM, until: UNTIL, because: "nothing was kept before" })!.because).toBe("nothing was kept before");
  });

  it("begins within what is kept where the beginning falls between two milliseconds", () => {
    const from = (text: string): number => readSpan({ from: text, until: UNTIL, step_s: 5 })!.fromMs;
    const cut = Date.parse("2026-05-01T13:00:00.356Z");
    expect(from("2026-05-01T13:00:00.356325Z")).toBe(cut + 1);
    expect(from("2026-05-01T13:00:00.356000Z")).toBe(cut);
    expect(from("2026-05-01T13:00:00.356Z")).toBe(cut);
  });

  it("is null where nothing is kept, and refused where it cannot be", () => {
    expect(readSpan({ from: null, until: null, step_s: 1 })).toBeNull();
    expect(() => readSpan({ from: UNTIL, until: FROM, step_s: 1 })).toThrow(BadHistory);
    expect(() => readSpan({ from: "then", until: UNTIL })).toThrow("from must be a time");
    expect(() => readSpan([])).toThrow(BadHistory);
  });

  it("holds what is asked for", () => {
    const span = { fromMs: 1000, untilMs: 5000, stepMs: 1000, because: null };
    expect([0, 3000, 9000].map((ms) => clamp(ms, span))).toEqual([1000, 3000, 5000]);
  });
});

describe("a moment", () => {
  it("carries what was released then, and why where it is not whole", () => {
    const body = { as_of: FROM, items: [], tracks: [{ id: "a" }], alerts: [{ ref: "x" }], gap: "not running" };
    const { moment, gap } = readMoment(body);
    expect(moment.asOfMs).toBe(Date.parse(FROM));
    expect(moment.tracks).toHaveLength(1);
    expect(gap).toBe("not running");
    expect(readMoment({ as_of: FROM, gap: null }).gap).toBeNull();
  });

  it.each([
    [{ items: [] }, "as_of must be a time"],
    [{ as_of: FROM, items: [{}] }, "items must be a list whose members carry ref"],
    [{ as_of: FROM, tracks: "none" }, "tracks must be a list"],
    [{ as_of: FROM, alerts: [null] }, "alerts must be a list"],
  ])("that is not one is refused: %j", (body, why) => {
    expect(() => readMoment(body)).toThrow(why);
  });
});

it("says how far from now", () => {
  const words = [5, 119, 125, 3600, 8100, 86_400].map((s) => distanceWords(s * 1000));
  expect(words).toEqual(["5 s", "119 s", "2 min 05 s", "1 h 00 min", "2 h 15 min", "24 h 00 min"]);
});

it("looks ahead in whole minutes, never less far than asked for", () => {
  expect(momentAhead(61_000, 3_600_000)).toBe(3_720_000);
  expect(momentAhead(60_000, 3_600_000)).toBe(3_660_000);
});
