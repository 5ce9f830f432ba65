// Dead reckoning: where an aircraft is drawn between reports. It runs on at its last speed and track for at most
// CAP_S after the report and then stands still, so that a lost aircraft is never flown on. When a new report
// disagrees with where it was drawn, the difference fades within BLEND_S instead of a jump; a difference
// too large to be an error of reckoning (SNAP_M) is shown at once.
//
// Each aircraft is one record of a buffer that the graphics card reads as it is (aircraft_shaders.ts has the twin of
// at(); a browser test holds the two together). The processor does the same arithmetic only for the few that it
// must place itself: labels, clicks, marks. A place is a fixed-point part of the world, 2^-32 of its width (9 mm on
// the equator), so differences wrap round the antimeridian by themselves; y, which must not wrap, is counted from
// the equator in parts of 2^-31. Times are seconds since `baseMs`.
import { lonOf, latOf, mercatorX, mercatorY, worldPerMetre } from "../geometry/mercator";

/** About a secondary radar's turn: past it a straight line is a guess. Larger flies lost aircraft further. */
export const CAP_S = 15;
/** Longer is smoother and later: at one second the drawn place is right by the next tick. */
export const BLEND_S = 1;
export const SNAP_M = 3000;
/** World units: parts of the world's width. */
export const WORLD = 2 ** 32;
export const WORLD_Y = 2 ** 31;
/** A float of seconds is finer than 0.1 ms up to here: a quarter of a metre is never lost to it. */
const LONGEST_BASE_S = 1000;

/** Where each value stands in a record, in words of four bytes. */
export const AT = { x: 0, y: 1, vx: 2, vy: 3, reportAt: 4, fixX: 5, fixY: 6, fixAt: 7, heading: 8, style: 9 } as const;
export const RECORD_WORDS = 10;

export interface Place {
  x: number;
  y: number;
}

/** One report, or one line of the table of tracks. NaN where speed or track is unknown. */
export interface Report {
  readonly lat: number;
  readonly lon: number;
  readonly speedMps: number;
  readonly trackDeg: number;
  readonly reportAtMs: number;
}

const LONG_AGO_S = -1e6;

export class Motions {
  bytes: ArrayBuffer;
  floats: Float32Array;
  ints: Int32Array;
  words: Uint32Array;
  baseMs = 0;
  private readonly was: Place = { x: 0, y: 0 };
  private readonly is: Place = { x: 0, y: 0 };

  constructor(capacity = 256) {
    this.bytes = new ArrayBuffer(capacity * RECORD_WORDS * 4);
    this.floats = new Float32Array(this.bytes);
    this.ints = new Int32Array(this.bytes);
    this.words = new Uint32Array(this.bytes);
  }

  get capacity(): number {
    return this.floats.length / RECORD_WORDS;
  }

  reserve(slots: number): void {
    if (slots <= this.capacity) return;
    const old = this.words;
    const made = new Motions(slots * 2);
    made.words.set(old);
    this.bytes = made.bytes;
    this.floats = made.floats;
    this.ints = made.ints;
    this.words = made.words;
  }

  /** Moves the zero of time when it is far away, and says whether it did: every record is then another. */
  rebase(nowMs: number): boolean {
    const shift = (nowMs - this.baseMs) / 1000;
    if (Math.abs(shift) < LONGEST_BASE_S) return false;
    for (let at = 0; at < this.floats.length; at += RECORD_WORDS) {
      this.floats[at + AT.reportAt]! -= shift;
      this.floats[at + AT.fixAt] = Math.max(LONG_AGO_S, this.floats[at + AT.fixAt]! - shift);
    }
    this.baseMs = nowMs;
    return true;
  }

  /** A report has come. `fresh`: of an aircraft that was not drawn before, so there is nothing to fade from. */
  put(slot: number, report: Report, nowMs: number, fresh: boolean): void {
    const { floats, ints } = this;
    const at = slot * RECORD_WORDS;
    if (!fresh) this.at(slot, nowMs, this.was);
    const unitsPerMetre = worldPerMetre(report.lat) * WORLD;
    const known = !Number.isNaN(report.speedMps) && !Number.isNaN(report.trackDeg);
    const angle = known ? (report.trackDeg * Math.PI) / 180 : 0;
    const speed = known ? report.speedMps * unitsPerMetre : 0;
    ints[at + AT.x] = Math.round(mercatorX(report.lon) * WORLD) | 0;
    ints[at + AT.y] = Math.round((mercatorY(report.lat) - 0.5) * WORLD_Y);
    floats[at + AT.vx] = Math.sin(angle) * speed;
    floats[at + AT.vy] = (-Math.cos(angle) * speed * WORLD_Y) / WORLD;
    floats[at + AT.reportAt] = (report.reportAtMs - this.baseMs) / 1000;
    floats[at + AT.heading] = Number.isNaN(report.trackDeg) ? 0 : (report.trackDeg * Math.PI) / 180;
    floats[at + AT.fixX] = floats[at + AT.fixY] = 0;
    floats[at + AT.fixAt] = LONG_AGO_S;
    if (fresh) return;
    this.at(slot, nowMs, this.is);
    const fixX = (this.was.x - this.is.x) | 0;
    const fixY = this.was.y - this.is.y;
    if (Math.hypot(fixX, (fixY * WORLD) / WORLD_Y) > SNAP_M * unitsPerMetre) return;
    floats[at + AT.fixX] = fixX;
    floats[at + AT.fixY] = fixY;
    floats[at + AT.fixAt] = (nowMs - this.baseMs) / 1000;
  }

  /** Where it is drawn at a moment, in world units. */
  at(slot: number, nowMs: number, into: Place): Place {
    const { floats, ints } = this;
    const at = slot * RECORD_WORDS;
    const now = (nowMs - this.baseMs) / 1000;
    const dt = Math.min(CAP_S, Math.max(0, now - floats[at + AT.reportAt]!));
    const left = Math.min(1, Math.max(0, 1 - (now - floats[at + AT.fixAt]!) / BLEND_S));
    const fade = left * left * (3 - 2 * left);
    into.x = ints[at + AT.x]! + floats[at + AT.vx]! * dt + floats[at + AT.fixX]! * fade;
    into.y = ints[at + AT.y]! + floats[at + AT.vy]! * dt + floats[at + AT.fixY]! * fade;
    return into;
  }
}

export function placeOn(at: Place): { lat: number; lon: number } {
  const x = at.x / WORLD;
  return { lat: latOf(at.y / WORLD_Y + 0.5), lon: lonOf(x - Math.floor(x)) };
}
