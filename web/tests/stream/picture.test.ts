// The fold over frames: every step leaves the earlier picture as it was, but for the table of tracks, which is one and
// the same.
import { describe, expect, it } from "vitest";
import { BadFrame, decodePacked, type Frame } from "../../src/stream/frames";
import { apply, emptyPicture, type Picture, pictureAt } from "../../src/stream/picture";
import type { TrackWords } from "../../src/stream/tracks";
import type { Alert, ReleasedItem, TrackView } from "../../src/wire/types";
import { sent, type Sent } from "./sent";

const T0 = Date.UTC(2026, 5, 1, 8);

function item(ref: string, version = 1): ReleasedItem {
  return { ref, kind: "intent", level: "own", version };
}

function view(id: string, age_s = 0): TrackView {
  return { id, source: "broadcast", level: "broadcast", lat: 47, lon: 8, age_s, accuracy_m: 50 };
}

const CALM = { alerts: [], alertsGone: [], sweptAtMs: null, lateS: 0, awaitsPacked: false, packed: null };

const HELLO: Frame = { type: "hello", participantId: "north", participantName: "North", asOfMs: T0 };

function snapshot(items: ReleasedItem[], tracks: TrackView[], more = false): Frame {
  return { type: "snapshot", asOfMs: T0, cursor: "c1", items, tracks, reason: "start", more, ...CALM, allAlerts: true };
}

function tick(part: Partial<Extract<Frame, { type: "tick" }>>): Frame {
  const plain = { changes: [], tracks: [], gone: [], more: false, allTracks: false, ...CALM, allAlerts: false };
  return { type: "tick", asOfMs: T0 + 1000, cursor: "c2", ...plain, ...part };
}

function fold(...frames: Frame[]): Picture {
  return frames.reduce(apply, emptyPicture());
}

describe("apply", () => {
  it("starts from hello and a snapshot", () => {
    const picture = fold(HELLO, snapshot([item("a")], [view("t", 2)]));
    expect(picture.participantName).toBe("North");
    expect([...picture.items.keys()]).toEqual(["a"]);
    expect(picture.tracks.get("t")!.reportAtMs).toBe(T0 - 2000);
    expect(picture.complete).toBe(true);
    expect(picture.cursor).toBe("c1");
  });

  it("is not complete while more is to come", () => {
    expect(fold(HELLO, snapshot([], [], true)).complete).toBe(false);
    expect(fold(HELLO, snapshot([], [], true), tick({})).complete).toBe(true);
  });

  it("applies changes and takes away what is gone, leaving the earlier picture alone", () => {
    const before = fold(HELLO, snapshot([item("a"), item("b")], [view("t"), view("u")]));
    const changes = [
      { seq: 1, ref: "a", item: item("a", 2) },
      { seq: 2, ref: "b" },
      { seq: 3, ref: "c", item: item("c") },
    ];
    const after = apply(before, tick({ changes, tracks: [view("v")], gone: ["t"] }));
    expect([...after.items.keys()]).toEqual(["a", "c"]);
    expect(after.items.get("a")!.version).toBe(2);
    expect([...after.tracks.keys()]).toEqual(["u", "v"]);
    expect([...before.items.keys()]).toEqual(["a", "b"]);
  });

  it("keeps items and the tracks' version where nothing changed, so that nothing is redrawn", () => {
    const before = fold(HELLO, snapshot([item("a")], [view("t")]));
    const { version } = before.tracks;
    const after = apply(before, tick({}));
    expect(after.items).toBe(before.items);
    expect(after.tracks.version).toBe(version);
    expect(after.asOfMs).toBe(T0 + 1000);
  });

  it("replaces everything by a later snapshot", () => {
    const picture = fold(HELLO, snapshot([item("a")], [view("t")]), snapshot([item("b")], []));
    expect([...picture.items.keys()]).toEqual(["b"]);
    expect(picture.tracks.size).toBe(0);
  });

  it("drops tracks on hello and keeps items for the resumption", () => {
    const picture = fold(HELLO, snapshot([item("a")], [view("t")]), HELLO);
    expect(picture.tracks.size).toBe(0);
    expect(picture.items.size).toBe(1);
    expect(picture.complete).toBe(false);
    expect(picture.cursor).toBe("c1");
  });

  it("takes the whole picture of tracks where a tick says so", () => {
    const picture = fold(HELLO, snapshot([], [view("t")]), tick({ allTracks: true, tracks: [view("u")] }));
    expect([...picture.tracks.keys()]).toEqual(["u"]);
    expect(fold(HELLO, snapshot([], [view("t")]), tick({ allTracks: true })).tracks.size).toBe(0);
  });

  it("never shows one participant's items to another", () => {
    const other: Frame = { ...HELLO, participantId: "south", participantName: "South" } as Frame;
    const picture = fold(HELLO, snapshot([item("a")], []), other);
    expect(picture.items.size).toBe(0);
    expect(picture.cursor).toBeNull();
  });

  it("keeps the reason of a goodbye until the next hello", () => {
    const left = fold(HELLO, { type: "bye", reason: "the exchange is stopping" });
    expect(left.bye).toBe("the exchange is stopping");
    expect(apply(left, HELLO).bye).toBeNull();
  });
});

function alert(ref: string, state: Alert["state"] = "raised"): Alert {
  const at = new Date(T0).toISOString();
  return {
    ref, kind: "conflict", level: "warning", state, phase: "predicted", raised_at: at, updated_at: at, sides: [], reasons: [],
  };
}

describe("alerts", () => {
  const start = fold(HELLO, { ...snapshot([], []), alerts: [alert("a"), alert("b")] } as Frame);

  it("come, change and go by reference, and stay over a tick that says nothing of them", () => {
    expect([...start.alerts.keys()]).toEqual(["a", "b"]);
    const same = apply(start, tick({}));
    expect(same.alerts).toBe(start.alerts);
    const after = apply(start, tick({ alerts: [alert("a", "acknowledged"), alert("c")], alertsGone: ["b"] }));
    expect([...after.alerts.values()].map(({ ref, state }) => [ref, state])).toEqual([["a", "acknowledged"], ["c", "raised"]]);
    expect([...start.alerts.keys()]).toEqual(["a", "b"]);
  });

  it("are replaced where a frame carries all there are", () => {
    expect([...apply(start, tick({ alerts: [alert("d")], allAlerts: true })).alerts.keys()]).toEqual(["d"]);
    expect(apply(start, tick({ allAlerts: true })).alerts.size).toBe(0);
  });

  it("say how late their sweep is", () => {
    const late = apply(start, tick({ lateS: 3.5, sweptAtMs: T0 - 3500 }));
    expect([late.lateS, late.sweptAtMs]).toEqual([3.5, T0 - 3500]);
    expect(apply(late, tick({ sweptAtMs: T0 })).lateS).toBe(0);
  });

  it("are not shown to another participant", () => {
    expect(apply(start, { ...HELLO, participantId: "south" } as Frame).alerts.size).toBe(0);
  });
});

it("a moment of the past is a whole picture of its own, with no cursor to resume from", () => {
  const past = pictureAt(fold(HELLO), { asOfMs: T0 - 60_000, items: [item("a")], tracks: [view("t", 2)], alerts: [alert("x")] });
  expect(past).toMatchObject({ participantName: "North", asOfMs: T0 - 60_000, cursor: null, complete: true });
  expect([past.items.size, past.tracks.get("t")!.reportAtMs, past.alerts.size]).toEqual([1, T0 - 62_000, 1]);
});

it("the next moment of the past keeps aircraft that are still there, and drops those that are not", () => {
  const first = pictureAt(fold(HELLO), { asOfMs: T0, items: [], tracks: [view("t"), view("u")], alerts: [] });
  const { version } = first.tracks;
  const next = pictureAt(fold(HELLO), { asOfMs: T0 + 1000, items: [], tracks: [view("u"), view("v")], alerts: [] }, first.tracks);
  expect([...next.tracks.keys()].sort()).toEqual(["u", "v"]);
  expect(next.tracks.born[next.tracks.slot("u")]! > version).toBe(false);
});

describe("positions in packed records", () => {
  const worded = (id: string, number: number): TrackWords => ({ id, number, source: "broadcast", level: "broadcast" });
  const named = (tracks: TrackWords[], records: Sent[]): Frame =>
    ({ ...snapshot([], []), tracks, packed: decodePacked(sent(records, T0, true)) }) as Frame;
  const moved = (part: object, records: Sent[]): Frame =>
    ({ ...tick({}), ...part, packed: decodePacked(sent(records, T0 + 1000)) }) as Frame;

  it("place what was named", () => {
    const there = fold(HELLO, named([worded("a", 1), worded("b", 2)], [{ number: 1 }, { number: 2, ageS: 2 }]));
    expect([there.complete, there.tracks.size, there.tracks.get("b")!.reportAtMs]).toEqual([true, 2, T0 - 2000]);
  });

  it("move those known and place those new in a tick, and leave the rest", () => {
    const start = named([worded("a", 1), worded("b", 2), worded("d", 4)], [{ number: 1 }, { number: 2 }, { number: 4 }]);
    const after = fold(HELLO, start, moved({ tracks: [worded("c", 3)], gone: ["b"] }, [{ number: 1, lat: 47.5 }, { number: 3, lat: 46 }]));
    expect([...after.tracks.keys()].sort()).toEqual(["a", "c", "d"]);
    expect(["a", "c", "d"].map((id) => after.tracks.get(id)!.lat)).toEqual([47.5, 46, 47]);
  });

  it("of an aircraft that was never named are an error", () => {
    expect(() => fold(HELLO, named([worded("a", 1)], [{ number: 9 }]))).toThrow(BadFrame);
  });
});
