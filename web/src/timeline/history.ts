// What GET /v1/history answers, read and checked as far as the map's safety needs. Pure. A moment is what was released
// to the asker then, from the recording; a gap is told as such, never shown as an empty sky.
import type { Alert, ReleasedItem, TrackView } from "../wire/types";
import type { PastMoment } from "../state/replay";

export interface Span {
  readonly fromMs: number;
  readonly untilMs: number;
  /** How far apart the recorded moments are. */
  readonly stepMs: number;
  /** Why nothing is kept of before, where the exchange says so. */
  readonly because: string | null;
}

export interface Recorded {
  readonly moment: PastMoment;
  /** Why nothing, or not all, is kept of that time; null where it is whole. */
  readonly gap: string | null;
}

export class BadHistory extends Error {}

type Fields = Readonly<Record<string, unknown>>;

function fieldsOf(body: unknown): Fields {
  if (typeof body !== "object" || body === null || Array.isArray(body)) throw new BadHistory("not an object");
  return body as Fields;
}

function time(fields: Fields, name: string): number {
  const value = fields[name];
  const ms = typeof value === "string" ? Date.parse(value) : Number.NaN;
  if (Number.isNaN(ms)) throw new BadHistory(`${name} must be a time`);
  return ms;
}

function list<T>(fields: Fields, name: string, key: string): readonly T[] {
  const value = fields[name] ?? [];
  const sound = Array.isArray(value) && value.every((one: unknown) => typeof (one as Fields | null)?.[key] === "string");
  if (!sound) throw new BadHistory(`${name} must be a list whose members carry ${key}`);
  return value as T[];
}

/** Null where nothing is kept yet. */
export function readSpan(body: unknown): Span | null {
  const fields = fieldsOf(body);
  if (fields["from"] == null || fields["until"] == null) return null;
  const step = fields["step_s"];
  const stepMs = typeof step === "number" && step > 0 ? step * 1000 : 1000;
  const why = fields["because"];
  const because = typeof why === "string" && why !== "" ? why : null;
  // The exchange counts microseconds and Date.parse cuts them off: a beginning that is cut lies before it.
  const fromMs = time(fields, "from") + (/\.\d{3}\d*[1-9]/.test(String(fields["from"])) ? 1 : 0);
  const span = { fromMs, untilMs: time(fields, "until"), stepMs, because };
  if (span.untilMs < span.fromMs) throw new BadHistory("until is before from");
  return span;
}

export function readMoment(body: unknown): Recorded {
  const fields = fieldsOf(body);
  const gap = fields["gap"];
  return {
    moment: {
      asOfMs: time(fields, "as_of"),
      items: list<ReleasedItem>(fields, "items", "ref"),
      tracks: list<TrackView>(fields, "tracks", "id"),
      alerts: list<Alert>(fields, "alerts", "ref"),
    },
    gap: typeof gap === "string" ? gap : null,
  };
}

export function clamp(ms: number, span: Span): number {
  return Math.max(span.fromMs, Math.min(span.untilMs, ms));
}
