// The stream's frames, decoded and checked as far as the map's safety needs: a frame that is not what it claims
// to be is an error (the socket is closed, the banner shows), never half applied. Unknown frame types are
// ignored, so that the exchange may add some.
import type { Alert, Change, ReleasedItem, TrackView } from "../wire/types";
import { BadPacked, Packed } from "./packed";
import type { TrackWords } from "./tracks";

/** Positions as packed records, which follow the text in a message of their own (pairing.ts). */
export interface Positions {
  readonly awaitsPacked: boolean;
  readonly packed: Packed | null;
}

/** What both kinds of frame say of alerts. An exchange that sends none of it is in time and has nothing to warn of. */
export interface Warned {
  /** Those that are new or changed; all there are where `allAlerts`. */
  readonly alerts: readonly Alert[];
  readonly alertsGone: readonly string[];
  readonly allAlerts: boolean;
  /** The sweep that the alerts rest on; null before the first. */
  readonly sweptAtMs: number | null;
  readonly lateS: number;
}

/** Whole in the JSON form; in the binary form its words alone, and a packed record follows. */
export type SentTrack = TrackView | TrackWords;

export function isWhole(track: SentTrack): track is TrackView {
  return "lat" in track;
}

export type Frame =
  | { type: "hello"; participantId: string; participantName: string; asOfMs: number }
  | (Warned & Positions & {
      type: "snapshot";
      asOfMs: number;
      cursor: string;
      items: readonly ReleasedItem[];
      tracks: readonly SentTrack[];
      reason: string;
      /** The frame does not yet reach the present; the next follows at once. */
      more: boolean;
    })
  | (Warned & Positions & {
      type: "tick";
      asOfMs: number;
      cursor: string;
      changes: readonly Change[];
      tracks: readonly SentTrack[];
      gone: readonly string[];
      more: boolean;
      /** `tracks` are the whole picture: after a resumption. */
      allTracks: boolean;
    })
  | { type: "bye"; reason: string }
  | { type: "unknown"; name: string };

export class BadFrame extends Error {}

type Fields = Record<string, unknown>;

function isFields(value: unknown): value is Fields {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function text(fields: Fields, name: string): string {
  const value = fields[name];
  if (typeof value !== "string") throw new BadFrame(`${name} must be text`);
  return value;
}

function instant(fields: Fields, name: string): number {
  const ms = Date.parse(text(fields, name));
  if (Number.isNaN(ms)) throw new BadFrame(`${name} must be a time`);
  return ms;
}

/** An array whose elements are objects that carry text under `key`; the rest is trusted to the exchange. */
function list<T>(fields: Fields, name: string, key: string): readonly T[] {
  const value = fields[name];
  if (value === undefined) return [];
  if (!Array.isArray(value)) throw new BadFrame(`${name} must be a list`);
  for (const element of value) {
    if (!isFields(element) || typeof element[key] !== "string") throw new BadFrame(`${name} must carry ${key}`);
  }
  return value as readonly T[];
}

function tracks(fields: Fields): readonly SentTrack[] {
  const all = list<SentTrack>(fields, "tracks", "id");
  for (const track of all) {
    if (!isWhole(track)) {
      if (!Number.isInteger(track.number)) throw new BadFrame("tracks must carry a place or a number");
    } else if (!Number.isFinite(track.lat) || !Number.isFinite(track.lon) || !Number.isFinite(track.age_s)) {
      throw new BadFrame("tracks must carry finite lat, lon and age_s");
    }
  }
  return all;
}

function names(fields: Fields, name: string): readonly string[] {
  const value = fields[name] ?? [];
  if (!Array.isArray(value) || value.some((v) => typeof v !== "string")) {
    throw new BadFrame(`${name} must be a list of texts`);
  }
  return value as string[];
}

function warned(fields: Fields, whole: boolean): Warned {
  const late = fields["late_s"] ?? 0;
  if (typeof late !== "number" || !Number.isFinite(late)) throw new BadFrame("late_s must be a number");
  return {
    alerts: list<Alert>(fields, "alerts", "ref"),
    alertsGone: names(fields, "alerts_gone"),
    allAlerts: whole || fields["all_alerts"] === true,
    sweptAtMs: fields["swept_at"] == null ? null : instant(fields, "swept_at"),
    lateS: late,
  };
}

export function decodePacked(bytes: ArrayBuffer): Packed {
  try {
    return new Packed(bytes);
  } catch (error) {
    if (error instanceof BadPacked) throw new BadFrame(error.message);
    throw error;
  }
}

export function decodeFrame(json: string): Frame {
  let fields: unknown;
  try {
    fields = JSON.parse(json);
  } catch {
    throw new BadFrame("not JSON");
  }
  if (!isFields(fields)) throw new BadFrame("not an object");
  const type = text(fields, "type");
  switch (type) {
    case "hello": {
      const who = fields["participant"];
      if (!isFields(who)) throw new BadFrame("participant must be an object");
      return {
        type,
        participantId: text(who, "id"),
        participantName: text(who, "name"),
        asOfMs: instant(fields, "as_of"),
      };
    }
    case "snapshot":
      return {
        type,
        asOfMs: instant(fields, "as_of"),
        cursor: text(fields, "cursor"),
        items: list<ReleasedItem>(fields, "items", "ref"),
        tracks: tracks(fields),
        awaitsPacked: fields["binary"] === true,
        packed: null,
        reason: typeof fields["reason"] === "string" ? fields["reason"] : "",
        more: fields["more"] === true,
        ...warned(fields, true),
      };
    case "tick":
      return {
        type,
        asOfMs: instant(fields, "as_of"),
        cursor: text(fields, "cursor"),
        changes: list<Change>(fields, "changes", "ref"),
        tracks: tracks(fields),
        awaitsPacked: fields["binary"] === true,
        packed: null,
        gone: names(fields, "gone"),
        more: fields["more"] === true,
        allTracks: fields["all_tracks"] === true,
        ...warned(fields, false),
      };
    case "bye":
      return { type, reason: typeof fields["reason"] === "string" ? fields["reason"] : "" };
    default:
      return { type: "unknown", name: type };
  }
}
