// The packed half of the stream: every value and every unknown comes through, and what is not exactly the layout is
// refused as a whole.
import { describe, expect, it } from "vitest";
import { BadFrame, decodePacked } from "../../src/stream/frames";
import { Packed } from "../../src/stream/packed";
import { TrackTable } from "../../src/stream/tracks";
import { sent, type Sent } from "./sent";

const T0 = Date.UTC(2026, 5, 1, 8);

function read(record: Sent) {
  const table = new TrackTable();
  table.begin();
  table.putWords({ number: record.number, id: "4b1801", source: "broadcast", level: "broadcast", altitude_datum: "PRESSURE" });
  expect(table.putPacked(new Packed(sent([record], T0)))).toBe(true);
  return table.get("4b1801")!;
}

describe("a packed record", () => {
  it("brings every value in its unit", () => {
    const track = read({
      number: 0x4b1801, lat: -46.1234567, lon: 179.9999999, heightM: 10668, speedMps: 231.4, trackDeg: 359.99,
      rateMps: -7.62, ageS: 1.2, accuracyM: 93, flags: 0,
    });
    expect(track.lat).toBe(-46.1234567);
    expect(track.lon).toBe(179.9999999);
    expect(track.altitude_m).toBeCloseTo(10668, 2);
    expect(track.ground_speed_mps).toBeCloseTo(231.4, 4);
    expect(track.track_deg).toBeCloseTo(359.99, 4);
    expect(track.vertical_rate_mps).toBeCloseTo(-7.62, 4);
    expect(track).toMatchObject({ reportAtMs: T0 - 1200, accuracy_m: 93, stale: false, on_ground: false, altitude_datum: "PRESSURE" });
  });

  it("says what is unknown, and never a number for it", () => {
    expect(read({ number: 1, heightM: null, speedMps: null, trackDeg: null, rateMps: null })).toMatchObject({
      altitude_m: null, ground_speed_mps: null, track_deg: null, vertical_rate_mps: null,
    });
  });

  it("carries what is saturated and flagged", () => {
    const track = read({ number: 1, ageS: 6553.5, accuracyM: 65535, flags: 3, heightM: -400, rateMps: -327.67 });
    expect(track).toMatchObject({ stale: true, on_ground: true, reportAtMs: T0 - 6_553_500, accuracy_m: 65535 });
    expect(track.altitude_m).toBeCloseTo(-400, 2);
    expect(track.vertical_rate_mps).toBeCloseTo(-327.67, 2);
  });
});

it("passes over what a later version adds to a record", () => {
  const short = new Uint8Array(sent([{ number: 7, lat: 46 }, { number: 8, lat: 45 }], T0));
  const long = new Uint8Array(32 + 2 * 40);
  long.set(short.subarray(0, 64));
  long.set(short.subarray(64), 72);
  new DataView(long.buffer).setUint16(6, 40, true);
  const table = new TrackTable();
  table.begin();
  for (const number of [7, 8]) table.putWords({ number, id: `t${number}`, source: "broadcast", level: "broadcast" });
  expect(table.putPacked(new Packed(long.buffer))).toBe(true);
  expect([table.get("t7")!.lat, table.get("t8")!.lat]).toEqual([46, 45]);
});

describe("a packed frame", () => {
  const good = (): ArrayBuffer => sent([{ number: 1 }, { number: 2 }], T0, true);

  it("says when, whether it is whole, and how many", () => {
    const packed = new Packed(good());
    expect([packed.asOfMs, packed.whole, packed.count, packed.number(1)]).toEqual([T0, true, 2, 2]);
    expect(new Packed(sent([], T0)).count).toBe(0);
  });

  const broken: [why: string, spoil: (view: DataView) => ArrayBuffer][] = [
    ["another magic", (view) => (view.setUint8(0, 0x58), view.buffer as ArrayBuffer)],
    ["a later version", (view) => (view.setUint8(4, 2), view.buffer as ArrayBuffer)],
    ["an unknown kind", (view) => (view.setUint8(5, 2), view.buffer as ArrayBuffer)],
    ["records that are too short", (view) => (view.setUint16(6, 24, true), view.buffer as ArrayBuffer)],
    ["a record size that does not fill it", (view) => (view.setUint16(6, 40, true), view.buffer as ArrayBuffer)],
    ["a count that is not its length", (view) => (view.setUint32(8, 3, true), view.buffer as ArrayBuffer)],
    ["a cut record", (view) => view.buffer.slice(0, 90) as ArrayBuffer],
    ["less than a header", (view) => view.buffer.slice(0, 20) as ArrayBuffer],
    ["a latitude beyond the pole", (view) => (view.setInt32(36, 900_000_001, true), view.buffer as ArrayBuffer)],
    ["a longitude beyond the turn", (view) => (view.setInt32(72, -1_800_000_001, true), view.buffer as ArrayBuffer)],
  ];
  it.each(broken)("is refused with %s", (_why, spoil) => {
    expect(() => decodePacked(spoil(new DataView(good())))).toThrow(BadFrame);
  });
});
