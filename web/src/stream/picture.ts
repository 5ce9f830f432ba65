// What this participant has been shown, as a fold over the stream's frames: apply(picture, frame) -> picture.
// Knows no socket and no clock. Times are the exchange's, in milliseconds. Everything but the table of tracks is a
// value that is replaced; the table (tracks.ts) is changed in place and carries its own version.
//
// On hello the tracks are dropped: after a cut the exchange sends them in full, and one that vanished
// meanwhile must not linger. Items stay on a resume (the missed changes follow) and are replaced by a snapshot.
import type { Alert, ReleasedItem, TrackView } from "../wire/types";
import { BadFrame, type Frame, isWhole, type Warned } from "./frames";
import { TrackTable } from "./tracks";

export type { Track } from "./tracks";

export interface Picture {
  readonly participantId: string | null;
  readonly participantName: string | null;
  readonly asOfMs: number | null;
  readonly cursor: string | null;
  readonly items: ReadonlyMap<string, ReleasedItem>;
  readonly tracks: TrackTable;
  /** By reference. A cleared one stays until the exchange says that it is gone. */
  readonly alerts: ReadonlyMap<string, Alert>;
  readonly sweptAtMs: number | null;
  /** How late the sweep behind the alerts is; 0 when it is in time. */
  readonly lateS: number;
  /** False before the first frame, and while more frames of a long answer are still to come. */
  readonly complete: boolean;
  /** Ticks and snapshots applied; tests and the debug state read it. */
  readonly frames: number;
  /** Why the exchange said goodbye, until the next hello. */
  readonly bye: string | null;
}

export function emptyPicture(): Picture {
  return {
    participantId: null,
    participantName: null,
    asOfMs: null,
    cursor: null,
    items: new Map(),
    tracks: new TrackTable(),
    alerts: new Map(),
    sweptAtMs: null,
    lateS: 0,
    complete: false,
    frames: 0,
    bye: null,
  };
}

export function apply(picture: Picture, frame: Frame): Picture {
  switch (frame.type) {
    case "hello":
      return greeted(picture, frame);
    case "snapshot":
      picture.tracks.clear();
      putTracks(picture.tracks, frame);
      return {
        ...told(picture, frame),
        items: new Map(frame.items.map((item) => [item.ref, item])),
      };
    case "tick":
      changeTracks(picture.tracks, frame);
      return {
        ...told(picture, frame),
        items: changedItems(picture, frame),
      };
    case "bye":
      return { ...picture, bye: frame.reason };
    case "unknown":
      return picture;
  }
}

type Hello = Extract<Frame, { type: "hello" }>;
type Tick = Extract<Frame, { type: "tick" }>;
type Snapshot = Extract<Frame, { type: "snapshot" }>;

function greeted(picture: Picture, hello: Hello): Picture {
  const same = picture.participantId === null || picture.participantId === hello.participantId;
  const none = { items: new Map<string, ReleasedItem>(), alerts: new Map<string, Alert>(), cursor: null };
  picture.tracks.clear();
  return {
    ...(same ? picture : { ...picture, ...none }),
    participantId: hello.participantId,
    participantName: hello.participantName,
    asOfMs: hello.asOfMs,
    complete: false,
    bye: null,
  };
}

function told(picture: Picture, frame: Snapshot | Tick): Picture {
  return {
    ...picture,
    ...changedAlerts(picture, frame),
    asOfMs: frame.asOfMs,
    cursor: frame.cursor,
    complete: !frame.more,
    frames: picture.frames + 1,
  };
}

function putTracks(table: TrackTable, { tracks, packed, asOfMs }: Snapshot | Tick): void {
  table.begin();
  for (const track of tracks) {
    if (isWhole(track)) table.putView(track, asOfMs);
    else table.putWords(track);
  }
  if (packed && !table.putPacked(packed)) throw new BadFrame("a packed record is of a track that was not named");
}

function changeTracks(table: TrackTable, tick: Tick): void {
  if (tick.tracks.length === 0 && tick.gone.length === 0 && !tick.allTracks && !tick.packed) return;
  if (tick.allTracks) table.clear();
  putTracks(table, tick);
  for (const id of tick.gone) table.drop(id);
}

function changedItems(picture: Picture, tick: Tick): ReadonlyMap<string, ReleasedItem> {
  if (tick.changes.length === 0) return picture.items;
  const items = new Map(picture.items);
  for (const change of tick.changes) {
    if (change.item) items.set(change.ref, change.item);
    else items.delete(change.ref);
  }
  return items;
}

function changedAlerts(picture: Picture, frame: Warned): Pick<Picture, "alerts" | "sweptAtMs" | "lateS"> {
  const { alerts: told, alertsGone, allAlerts, sweptAtMs, lateS } = frame;
  if (told.length === 0 && alertsGone.length === 0 && !(allAlerts && picture.alerts.size > 0)) {
    return { alerts: picture.alerts, sweptAtMs, lateS };
  }
  const alerts = new Map(allAlerts ? [] : picture.alerts);
  for (const alert of told) alerts.set(alert.ref, alert);
  for (const ref of alertsGone) alerts.delete(ref);
  return { alerts, sweptAtMs, lateS };
}

/** A moment of the past as a picture of its own, from GET /v1/history. `table`: that of the moment shown before, so
    that its aircraft fly on to where they are now. */
export function pictureAt(
  shown: Pick<Picture, "participantId" | "participantName">,
  moment: { asOfMs: number; items: readonly ReleasedItem[]; tracks: readonly TrackView[]; alerts: readonly Alert[] },
  table: TrackTable = new TrackTable(),
): Picture {
  const { asOfMs, items, tracks, alerts } = moment;
  const there = new Set(tracks.map(({ id }) => id));
  const gone = [...table.keys()].filter((id) => !there.has(id));
  const changes = items.map((item, seq) => ({ seq, ref: item.ref, item }));
  const calm = { alertsGone: [], more: false, cursor: "", lateS: 0, allTracks: false, awaitsPacked: false, packed: null };
  const frame: Frame = { type: "tick", asOfMs, changes, tracks, gone, alerts, allAlerts: true, sweptAtMs: asOfMs, ...calm };
  const { participantId, participantName } = shown;
  return { ...apply({ ...emptyPicture(), participantId, participantName, tracks: table }, frame), cursor: null };
}
