// Times in words. The map's times are the exchange's (milliseconds since 1970, UTC); UTC carries a "Z", local
// time carries its offset, so that a time on a screenshot is never ambiguous.

export type Zone = "utc" | "local";

function two(n: number): string {
  return String(Math.trunc(n)).padStart(2, "0");
}

function offset(at: Date): string {
  const minutes = -at.getTimezoneOffset();
  const size = Math.abs(minutes);
  return `${minutes < 0 ? "−" : "+"}${two(size / 60)}:${two(size % 60)}`;
}

/** "14:03:22Z" or "15:03:22+01:00". */
export function clock(ms: number, zone: Zone): string {
  const at = new Date(ms);
  if (zone === "utc") return `${two(at.getUTCHours())}:${two(at.getUTCMinutes())}:${two(at.getUTCSeconds())}Z`;
  return `${two(at.getHours())}:${two(at.getMinutes())}:${two(at.getSeconds())}${offset(at)}`;
}

/** Without seconds, for slots of volumes. */
export function minute(ms: number, zone: Zone): string {
  const at = new Date(ms);
  if (zone === "utc") return `${two(at.getUTCHours())}:${two(at.getUTCMinutes())}Z`;
  return `${two(at.getHours())}:${two(at.getMinutes())}${offset(at)}`;
}

export function day(ms: number, zone: Zone): string {
  const at = new Date(ms);
  if (zone === "utc") return `${at.getUTCFullYear()}-${two(at.getUTCMonth() + 1)}-${two(at.getUTCDate())}`;
  return `${at.getFullYear()}-${two(at.getMonth() + 1)}-${two(at.getDate())}`;
}

/** "14:00Z"; with the day where it is not today's: "2026-06-02 14:00Z". */
export function moment(ms: number, now_ms: number, zone: Zone): string {
  return day(ms, zone) === day(now_ms, zone) ? minute(ms, zone) : `${day(ms, zone)} ${minute(ms, zone)}`;
}

/** "14:00Z – 15:30Z"; the day is named where it is not today's. */
export function slot(start_ms: number, end_ms: number, now_ms: number, zone: Zone): string {
  return `${moment(start_ms, now_ms, zone)} – ${moment(end_ms, now_ms, zone)}`;
}

/** "8 s", "3 min", "2 h 05 min", "4 d". Never negative: an age from the future reads as 0 s. */
export function duration(seconds: number): string {
  const s = Math.max(0, Math.floor(seconds));
  if (s < 120) return `${s} s`;
  if (s < 7200) return `${Math.floor(s / 60)} min`;
  if (s < 172_800) return `${Math.floor(s / 3600)} h ${two((s % 3600) / 60)} min`;
  return `${Math.floor(s / 86_400)} d`;
}

/** What a person types into "as it was at": RFC 3339, or a date and time without zone read as UTC. */
export function parseTyped(text: string): number | null {
  const trimmed = text.trim().replace(" ", "T");
  if (!/^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2}(\.\d+)?)?(Z|[+-]\d{2}:\d{2})?$/i.test(trimmed)) return null;
  const zoned = /(Z|[+-]\d{2}:\d{2})$/i.test(trimmed) ? trimmed : `${trimmed}Z`;
  const ms = Date.parse(zoned);
  return Number.isNaN(ms) ? null : ms;
}
