// The packed half of the stream: the kinematics of every aircraft that is new or moved, in one binary message after the
// text frame whose words it belongs to. Little-endian.
//
//   header, 32 bytes   "CMTY" | version u8 = 1 | kind u8: 0 what moved, 1 the whole picture | record size u16 = 32 |
//                      count u32 | reserved u32 | as of i64 us | reserved i64
//   record, 32 bytes    0 number u32          4 lat i32 1e-7 deg      8 lon i32 1e-7 deg
//                      12 height i32 cm      16 speed u16 0.1 m/s    18 track u16 0.01 deg
//                      20 vertical rate i16 cm/s  22 age u16 0.1 s   24 accuracy u16 m
//                      26 flags u16: 1 stale, 2 on ground             28 reserved u32
//   unknown            height -2^31, speed 65535, track 65535, vertical rate -32768
//
// Age and accuracy are rounded up and saturate, so that what is shown is never fresher or finer than what is known.
// A record may be longer than what is read here. A message that is anything else is an error.
import type { TrackTable } from "./tracks";

export class BadPacked extends Error {}

const MAGIC = 0x59_54_4d_43;
const HEADER_BYTES = 32;
const RECORD_BYTES = 32;
const NO_HEIGHT = -0x8000_0000;
const NO_U16 = 0xffff;
const NO_RATE = -0x8000;
const STALE = 1;
const ON_GROUND = 2;

export class Packed {
  readonly count: number;
  readonly whole: boolean;
  readonly asOfMs: number;
  private readonly view: DataView;
  private readonly stride: number;

  constructor(buffer: ArrayBuffer) {
    const view = new DataView(buffer);
    if (view.byteLength < HEADER_BYTES || view.getUint32(0, true) !== MAGIC) throw new BadPacked("no packed frame");
    if (view.getUint8(4) !== 1) throw new BadPacked(`packed frames of version ${view.getUint8(4)} are not known`);
    if (view.getUint8(5) > 1) throw new BadPacked(`packed frames of kind ${view.getUint8(5)} are not known`);
    this.stride = view.getUint16(6, true);
    if (this.stride < RECORD_BYTES) throw new BadPacked("packed records must be of 32 bytes at least");
    this.view = view;
    this.whole = view.getUint8(5) === 1;
    this.count = view.getUint32(8, true);
    this.asOfMs = Number(view.getBigInt64(16, true)) / 1000;
    if (view.byteLength !== HEADER_BYTES + this.count * this.stride) throw new BadPacked("a packed frame was cut short");
    for (let i = 0; i < this.count; i++) this.check(this.start(i));
  }

  private check(at: number): void {
    const lat = this.view.getInt32(at + 4, true);
    const lon = this.view.getInt32(at + 8, true);
    if (Math.abs(lat) > 900_000_000 || Math.abs(lon) > 1_800_000_000) throw new BadPacked("a packed place is not on the earth");
  }

  number(i: number): number {
    return this.view.getUint32(this.start(i), true);
  }

  private start(i: number): number {
    return HEADER_BYTES + i * this.stride;
  }

  /** Writes record `i` into the table's columns. */
  into(table: TrackTable, slot: number, i: number): void {
    const { view } = this;
    const at = this.start(i);
    const height = view.getInt32(at + 12, true);
    const speed = view.getUint16(at + 16, true);
    const track = view.getUint16(at + 18, true);
    const rate = view.getInt16(at + 20, true);
    const flags = view.getUint16(at + 26, true);
    table.lat[slot] = view.getInt32(at + 4, true) / 1e7;
    table.lon[slot] = view.getInt32(at + 8, true) / 1e7;
    table.heightM[slot] = height === NO_HEIGHT ? NaN : height / 100;
    table.speedMps[slot] = speed === NO_U16 ? NaN : speed / 10;
    table.trackDeg[slot] = track === NO_U16 ? NaN : track / 100;
    table.rateMps[slot] = rate === NO_RATE ? NaN : rate / 100;
    table.reportAtMs[slot] = this.asOfMs - view.getUint16(at + 22, true) * 100;
    table.accuracyM[slot] = view.getUint16(at + 24, true);
    table.stale[slot] = flags & STALE ? 1 : 0;
    table.onGround[slot] = flags & ON_GROUND ? 1 : 0;
  }
}
