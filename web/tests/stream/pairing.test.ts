// A text and the packed positions that it announces are one frame, and nothing comes out of turn.
import { expect, it } from "vitest";
import { BadFrame } from "../../src/stream/frames";
import { Pairing } from "../../src/stream/pairing";
import { sent } from "./sent";

const T0 = Date.UTC(2026, 5, 1, 8);
const tick = (part: object): string =>
  JSON.stringify({ type: "tick", as_of: new Date(T0).toISOString(), cursor: "c", ...part });
const ANNOUNCED = tick({ binary: true, tracks: [{ number: 1, id: "a", source: "broadcast", level: "broadcast" }] });
const PLACES = sent([{ number: 1 }], T0);

it("waits for the positions that were announced", () => {
  const pairing = new Pairing();
  expect(pairing.take(ANNOUNCED)).toBeNull();
  expect(pairing.take(PLACES)).toMatchObject({ type: "tick", packed: { count: 1 } });
  expect(pairing.take(tick({}))).toMatchObject({ type: "tick", packed: null });
});

it("refuses positions that nobody announced", () => {
  expect(() => new Pairing().take(PLACES)).toThrow(BadFrame);
  const pairing = new Pairing();
  pairing.take(ANNOUNCED);
  pairing.take(PLACES);
  expect(() => pairing.take(PLACES)).toThrow(BadFrame);
});

it("refuses a text where positions were announced", () => {
  const pairing = new Pairing();
  pairing.take(ANNOUNCED);
  expect(() => pairing.take(tick({}))).toThrow(BadFrame);
});

it("refuses words without a place or a number", () => {
  expect(() => new Pairing().take(tick({ tracks: [{ id: "a" }] }))).toThrow(BadFrame);
});
