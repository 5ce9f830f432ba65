// Decoding frames: what is well formed comes through, what is not is an error and never half applied.
import { describe, expect, it } from "vitest";
import { BadFrame, decodeFrame } from "../../src/stream/frames";

const AT = "2026-06-01T08:00:00.123456Z";

describe("decodeFrame", () => {
  it("reads a hello", () => {
    const text = JSON.stringify({ type: "hello", participant: { id: "north", name: "North" }, as_of: AT });
    expect(decodeFrame(text)).toEqual({
      type: "hello",
      participantId: "north",
      participantName: "North",
      asOfMs: Date.UTC(2026, 5, 1, 8, 0, 0, 123),
    });
  });

  it("reads a tick with nothing in it", () => {
    const frame = decodeFrame(JSON.stringify({ type: "tick", as_of: AT, cursor: "c", tracks: [], gone: [] }));
    expect(frame).toMatchObject({ type: "tick", cursor: "c", changes: [], more: false, allTracks: false });
  });

  it("lets an unknown type pass", () => {
    expect(decodeFrame('{"type":"news"}')).toEqual({ type: "unknown", name: "news" });
  });

  const bad: [why: string, text: string][] = [
    ["not JSON", "{"],
    ["a list", "[]"],
    ["no type", "{}"],
    ["no time", '{"type":"tick","cursor":"c","as_of":"yesterday"}'],
    ["no cursor", JSON.stringify({ type: "snapshot", as_of: AT, items: [] })],
    ["items that are not a list", JSON.stringify({ type: "snapshot", as_of: AT, cursor: "c", items: {} })],
    ["an item without ref", JSON.stringify({ type: "snapshot", as_of: AT, cursor: "c", items: [{}] })],
    ["a track without place", JSON.stringify({ type: "tick", as_of: AT, cursor: "c", tracks: [{ id: "a", age_s: 1 }] })],
    ["a gone that is no text", JSON.stringify({ type: "tick", as_of: AT, cursor: "c", gone: [3] })],
  ];
  it.each(bad)("refuses %s", (_why, text) => {
    expect(() => decodeFrame(text)).toThrow(BadFrame);
  });
});
