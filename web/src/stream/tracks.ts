// The aircraft of a picture as a table: one slot each, numbers in typed arrays, words in one object that stays until they
// change. 10,000 aircraft a second are then a walk over arrays and no new objects; whoever wants one aircraft as a
// value asks get(id) and pays for that one.
//
// The table is the one thing that the fold over frames (picture.ts) changes in place. `version` grows with every
// change, `wordsVersion` where something came, went, or changed its words; `revision[slot]` is the version of a
// slot's last change and `born[slot]` that at which the slot was given to its aircraft. A slot holds an
// aircraft that is shown only where `placed[slot]` is 1: words may come before the first position.
// Unknown numbers are NaN in here and null in get()'s values. SI units; milliseconds of the exchange's time.
import type { Source, TrackLevel, TrackView } from "../wire/types";
import type { Packed } from "./packed";

/** What does not move. `number` ties it to the packed records; a frame of JSON alone has none. */
export interface TrackWords {
  readonly number?: number;
  readonly id: string;
  readonly source: Source;
  readonly level: TrackLevel;
  readonly callsign?: string | null;
  readonly squawk?: string | null;
  readonly emergency?: string | null;
  readonly category?: string | null;
  readonly sources?: number;
  readonly altitude_datum?: string | null;
}

export interface Track extends Omit<TrackView, "age_s"> {
  /** When the newest report behind this view was made: as_of less the age. */
  readonly reportAtMs: number;
}

const WORDS = ["source", "level", "callsign", "squawk", "emergency", "category", "sources", "altitude_datum", "number"] as const;
const FIRST_SLOTS = 256;

function grown<T extends Float64Array | Float32Array | Uint32Array | Uint8Array>(old: T, size: number): T {
  const made = new (old.constructor as new (size: number) => T)(size);
  made.set(old as never);
  return made;
}

const orNull = (value: number): number | null => (Number.isNaN(value) ? null : value);

export class TrackTable {
  lat = new Float64Array(FIRST_SLOTS);
  lon = new Float64Array(FIRST_SLOTS);
  reportAtMs = new Float64Array(FIRST_SLOTS);
  heightM = new Float32Array(FIRST_SLOTS);
  speedMps = new Float32Array(FIRST_SLOTS);
  trackDeg = new Float32Array(FIRST_SLOTS);
  rateMps = new Float32Array(FIRST_SLOTS);
  accuracyM = new Float32Array(FIRST_SLOTS);
  stale = new Uint8Array(FIRST_SLOTS);
  onGround = new Uint8Array(FIRST_SLOTS);
  placed = new Uint8Array(FIRST_SLOTS);
  revision = new Uint32Array(FIRST_SLOTS);
  born = new Uint32Array(FIRST_SLOTS);
  readonly words: TrackWords[] = [];
  version = 0;
  wordsVersion = 0;
  size = 0;
  private readonly slots = new Map<string, number>();
  private readonly numbers = new Map<number, number>();
  private readonly free: number[] = [];

  /** Slots run from 0 to below this. */
  get limit(): number {
    return this.words.length;
  }

  slot(id: string): number {
    const slot = this.slots.get(id);
    return slot !== undefined && this.placed[slot] === 1 ? slot : -1;
  }

  has(id: string): boolean {
    return this.slot(id) >= 0;
  }

  get(id: string): Track | undefined {
    const slot = this.slot(id);
    return slot < 0 ? undefined : this.track(slot);
  }

  track(slot: number): Track {
    return {
      ...this.words[slot]!,
      lat: this.lat[slot]!,
      lon: this.lon[slot]!,
      reportAtMs: this.reportAtMs[slot]!,
      accuracy_m: this.accuracyM[slot]!,
      stale: this.stale[slot] === 1,
      on_ground: this.onGround[slot] === 1,
      altitude_m: orNull(this.heightM[slot]!),
      ground_speed_mps: orNull(this.speedMps[slot]!),
      track_deg: orNull(this.trackDeg[slot]!),
      vertical_rate_mps: orNull(this.rateMps[slot]!),
    };
  }

  *keys(): Generator<string> {
    for (const [id, slot] of this.slots) if (this.placed[slot]) yield id;
  }

  *values(): Generator<Track> {
    for (const slot of this.slots.values()) if (this.placed[slot]) yield this.track(slot);
  }

  clear(): void {
    if (this.slots.size === 0) return;
    this.version++;
    this.wordsVersion++;
    this.placed.fill(0);
    this.words.length = 0;
    this.slots.clear();
    this.numbers.clear();
    this.free.length = 0;
    this.size = 0;
  }

  /** Starts a change: everything put or dropped until the next begin() bears the new version. */
  begin(): void {
    this.version++;
  }

  putWords(words: TrackWords): number {
    let slot = this.slots.get(words.id);
    if (slot === undefined) {
      slot = this.free.pop() ?? this.words.length;
      if (slot >= this.lat.length) this.grow(slot * 2);
      this.slots.set(words.id, slot);
      this.placed[slot] = 0;
      this.born[slot] = this.version;
    } else {
      const before = this.words[slot]!;
      if (same(before, words)) return slot;
      if (before.number !== undefined) this.numbers.delete(before.number);
    }
    this.words[slot] = words;
    if (words.number !== undefined) this.numbers.set(words.number, slot);
    this.revision[slot] = this.version;
    this.wordsVersion++;
    return slot;
  }

  /** A whole view, as the JSON form sends it. */
  putView(view: TrackView, asOfMs: number): void {
    const slot = this.putWords(view);
    this.place(slot);
    this.lat[slot] = view.lat;
    this.lon[slot] = view.lon;
    this.reportAtMs[slot] = asOfMs - view.age_s * 1000;
    this.heightM[slot] = view.altitude_m ?? NaN;
    this.speedMps[slot] = view.ground_speed_mps ?? NaN;
    this.trackDeg[slot] = view.track_deg ?? NaN;
    this.rateMps[slot] = view.vertical_rate_mps ?? NaN;
    this.accuracyM[slot] = view.accuracy_m;
    this.stale[slot] = view.stale ? 1 : 0;
    this.onGround[slot] = view.on_ground ? 1 : 0;
  }

  /** False, and nothing is changed, where a record names a number that no words were sent for. */
  putPacked(packed: Packed): boolean {
    const { count } = packed;
    const slots = new Int32Array(count);
    for (let i = 0; i < count; i++) {
      const slot = this.numbers.get(packed.number(i));
      if (slot === undefined) return false;
      slots[i] = slot;
    }
    if (packed.whole) {
      this.placed.fill(0);
      this.size = 0;
      this.wordsVersion++;
    }
    for (let i = 0; i < count; i++) {
      const slot = slots[i]!;
      this.place(slot);
      packed.into(this, slot, i);
    }
    return true;
  }

  drop(id: string): void {
    const slot = this.slots.get(id);
    if (slot === undefined) return;
    const { number } = this.words[slot]!;
    if (number !== undefined && this.numbers.get(number) === slot) this.numbers.delete(number);
    this.slots.delete(id);
    if (this.placed[slot]) this.size--;
    this.placed[slot] = 0;
    this.revision[slot] = this.version;
    this.free.push(slot);
    this.wordsVersion++;
  }

  private place(slot: number): void {
    this.revision[slot] = this.version;
    if (this.placed[slot]) return;
    this.placed[slot] = 1;
    this.size++;
    this.wordsVersion++;
  }

  private grow(size: number): void {
    this.lat = grown(this.lat, size);
    this.lon = grown(this.lon, size);
    this.reportAtMs = grown(this.reportAtMs, size);
    this.heightM = grown(this.heightM, size);
    this.speedMps = grown(this.speedMps, size);
    this.trackDeg = grown(this.trackDeg, size);
    this.rateMps = grown(this.rateMps, size);
    this.accuracyM = grown(this.accuracyM, size);
    this.stale = grown(this.stale, size);
    this.onGround = grown(this.onGround, size);
    this.placed = grown(this.placed, size);
    this.revision = grown(this.revision, size);
    this.born = grown(this.born, size);
  }
}

function same(a: TrackWords, b: TrackWords): boolean {
  return WORDS.every((name) => (a[name] ?? null) === (b[name] ?? null));
}

