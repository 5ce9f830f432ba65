// What this participant has been shown, as a fold over the stream's frames: apply(picture, frame) -> picture.
// Pure; knows no socket and no clock. Times are the exchange's, in milliseconds.
//
// On hello the tracks are dropped: after a cut the exchange sends them in full, and one that vanished
// meanwhile must not linger. Items stay on a resume (the missed changes follow) and are replaced by a snapshot.
import type { Alert, ReleasedItem, TrackView } from "../wire/types";
import type { Frame, Warned } from "./frames";

export interface Track extends TrackView {
  /** When the newest report behind this view was made: as_of less the age. */
  readonly reportAtMs: number;
}

export interface Picture {
  readonly participantId: string | null;
  readonly participantName: string | null;
  readonly asOfMs: number | null;
  readonly cursor: string | null;
  readonly items: ReadonlyMap<string, ReleasedItem>;
  readonly tracks: ReadonlyMap<string, Track>;
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

export const EMPTY: Picture = {
  participantId: null,
  participantName: null,
  asOfMs: null,
  cursor: null,
  items: new Map(),
  tracks: new Map(),
  alerts: new Map(),
  sweptAtMs: null,
  lateS: 0,
  complete: false,
  frames: 0,
  bye: null,
};

function dated(view: TrackView, asOfMs: number): Track {
  return { ...view, reportAtMs: asOfMs - view.age_s * 1000 };
}

export function apply(picture: Picture, frame: Frame): Picture {
  switch (frame.type) {
    case "hello": {
      const same = picture.participantId === null || picture.participantId === frame.participantId;
      const kept = same ? picture : { ...picture, items: new Map<string, ReleasedItem>(), alerts: new Map<string, Alert>(), cursor: null };
      return {
        ...kept,
        participantId: frame.participantId,
        participantName: frame.participantName,
        asOfMs: frame.asOfMs,
        tracks: new Map(),
        complete: false,
        bye: null,
      };
    }
    case "snapshot":
      return {
        ...picture,
        asOfMs: frame.asOfMs,
        cursor: frame.cursor,
        items: new Map(frame.items.map((item) => [item.ref, item])),
        tracks: new Map(frame.tracks.map((view) => [view.id, dated(view, frame.asOfMs)])),
        ...changedAlerts(picture, frame),
        complete: !frame.more,
        frames: picture.frames + 1,
      };
    case "tick":
      return {
        ...picture,
        asOfMs: frame.asOfMs,
        cursor: frame.cursor,
        items: changedItems(picture, frame),
        tracks: changedTracks(picture, frame),
        ...changedAlerts(picture, frame),
        complete: !frame.more,
        frames: picture.frames + 1,
      };
    case "bye":
      return { ...picture, bye: frame.reason };
    case "unknown":
      return picture;
  }
}

type Tick = Extract<Frame, { type: "tick" }>;

function changedItems(picture: Picture, tick: Tick): ReadonlyMap<string, ReleasedItem> {
  if (tick.changes.length === 0) return picture.items;
  const items = new Map(picture.items);
  for (const change of tick.changes) {
    if (change.item) items.set(change.ref, change.item);
    else items.delete(change.ref);
  }
  return items;
}

function changedTracks(picture: Picture, tick: Tick): ReadonlyMap<string, Track> {
  if (tick.tracks.length === 0 && tick.gone.length === 0 && !tick.allTracks) return picture.tracks;
  const tracks = new Map(tick.allTracks ? [] : picture.tracks);
  for (const view of tick.tracks) tracks.set(view.id, dated(view, tick.asOfMs));
  for (const id of tick.gone) tracks.delete(id);
  return tracks;
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

/** A moment of the past as a picture of its own, from GET /v1/history. */
export function pictureAt(
  shown: Pick<Picture, "participantId" | "participantName">,
  moment: { asOfMs: number; items: readonly ReleasedItem[]; tracks: readonly TrackView[]; alerts: readonly Alert[] },
): Picture {
  const { asOfMs, items, tracks, alerts } = moment;
  const none = { changes: [], gone: [], alertsGone: [], more: false, reason: "", cursor: "", lateS: 0 };
  const frame: Frame = { type: "snapshot", asOfMs, items, tracks, alerts, allAlerts: true, sweptAtMs: asOfMs, ...none };
  return { ...apply({ ...EMPTY, ...shown }, frame), cursor: null };
}
