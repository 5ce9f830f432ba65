// The aircraft as they are drawn now. update() takes in what changed in the table of tracks, once a tick; look() finds
// which are in view; place() says where one of them is at this frame. None of them makes an object for an aircraft.
import { mercatorX, mercatorY, worldPerMetre, worldPixels } from "../geometry/mercator";
import type { Track, TrackTable } from "../stream/tracks";
import { AT, Motions, type Place, placeOn, RECORD_WORDS, WORLD, WORLD_Y } from "./reckon";
import { styleOf } from "./symbols";

export interface View {
  /** The centre in world units from 0 to 1; x is not wrapped. */
  readonly cx: number;
  readonly cy: number;
  readonly zoom: number;
  readonly width: number;
  readonly height: number;
}

/** Screen place of a place on the ground, of the copy of the world nearest to the middle. */
export function toScreen(lat: number, lon: number, view: View): { px: number; py: number } {
  const world = worldPixels(view.zoom);
  const dx = mercatorX(lon) - view.cx;
  return {
    px: (dx - Math.round(dx)) * world + view.width / 2,
    py: (mercatorY(lat) - view.cy) * world + view.height / 2,
  };
}

/** One aircraft where it is on the screen: made for those few that get a label or a click. */
export interface Craft {
  readonly slot: number;
  readonly track: Track;
  readonly px: number;
  readonly py: number;
}

const MARGIN_PX = 40;

export class Fleet {
  readonly motions = new Motions();
  table: TrackTable | null = null;
  /** Slots in use are below this: what the graphics card is asked to draw. */
  limit = 0;
  /** Grows with every change of a record: the buffer is sent again. */
  changes = 0;
  /** Slots within the view at the last look(). */
  readonly visible: number[] = [];
  /** Screen places at the last look() or place(). */
  px = new Float32Array(0);
  py = new Float32Array(0);
  /** The quickest aircraft's world units a second: bounds how often a frame is worth drawing. */
  fastest = 0;
  private seen = 0;
  private shown: Uint8Array | null = null;
  private wordsSeen = -1;
  private readonly spot: Place = { x: 0, y: 0 };

  get size(): number {
    return this.table?.size ?? 0;
  }

  slot(id: string): number {
    return this.table?.slot(id) ?? -1;
  }

  /** `shown`: 1 for each slot that the filters let through; null shows all. */
  update(table: TrackTable, shown: Uint8Array | null, nowMs: number): void {
    const { motions } = this;
    const other = table !== this.table;
    if (!other && table.version === this.seen && shown === this.shown) return;
    this.table = table;
    this.limit = table.limit;
    motions.reserve(table.limit);
    if (this.px.length < table.limit) {
      this.px = new Float32Array(motions.capacity);
      this.py = new Float32Array(motions.capacity);
    }
    motions.rebase(nowMs);
    const restyle = other || shown !== this.shown || table.wordsVersion !== this.wordsSeen;
    this.fastest = 0;
    for (let slot = 0; slot < table.limit; slot++) {
      const moved = other || table.revision[slot]! > this.seen;
      if (moved && table.placed[slot]) this.take(table, slot, other || table.born[slot]! > this.seen, nowMs);
      if (moved || restyle) motions.words[slot * RECORD_WORDS + AT.style] = styleOf(table, slot, !shown || shown[slot] === 1);
      const speed = table.speedMps[slot]!;
      if (table.placed[slot] && !table.stale[slot] && speed > 0) {
        this.fastest = Math.max(this.fastest, speed * worldPerMetre(table.lat[slot]!));
      }
    }
    this.seen = table.version;
    this.shown = shown;
    this.wordsSeen = table.wordsVersion;
    this.changes++;
  }

  private take(table: TrackTable, slot: number, fresh: boolean, nowMs: number): void {
    REPORT.lat = table.lat[slot]!;
    REPORT.lon = table.lon[slot]!;
    REPORT.speedMps = table.speedMps[slot]!;
    REPORT.trackDeg = table.trackDeg[slot]!;
    REPORT.reportAtMs = table.reportAtMs[slot]!;
    this.motions.put(slot, REPORT, nowMs, fresh);
  }

  private isShown(slot: number): boolean {
    return this.table?.placed[slot] === 1 && (!this.shown || this.shown[slot] === 1);
  }

  /** Puts the slot's screen place into px and py: of the copy of the world nearest to the middle. */
  place(slot: number, view: View, nowMs: number): void {
    const { x, y } = this.motions.at(slot, nowMs, this.spot);
    const world = worldPixels(view.zoom);
    const dx = x / WORLD - view.cx;
    this.px[slot] = (dx - Math.round(dx)) * world + view.width / 2;
    this.py[slot] = ((y / WORLD_Y + 0.5) - view.cy) * world + view.height / 2;
  }

  look(view: View, nowMs: number): void {
    const { visible, px, py } = this;
    visible.length = 0;
    for (let slot = 0; slot < this.limit; slot++) {
      if (!this.isShown(slot)) continue;
      this.place(slot, view, nowMs);
      const x = px[slot]!;
      const y = py[slot]!;
      if (x > -MARGIN_PX && x < view.width + MARGIN_PX && y > -MARGIN_PX && y < view.height + MARGIN_PX) visible.push(slot);
    }
  }

  craft(slot: number): Craft {
    return { slot, track: this.table!.track(slot), px: this.px[slot]!, py: this.py[slot]! };
  }

  /** Where a track is drawn at a moment; null where it is not in the picture. */
  groundPlace(id: string, nowMs: number): { lat: number; lon: number } | null {
    const slot = this.slot(id);
    return slot < 0 ? null : placeOn(this.motions.at(slot, nowMs, this.spot));
  }

  /** The nearest aircraft in view to a place on the screen, within reach; its id, or null. */
  nearest(px: number, py: number, reach_px: number, view: View, nowMs: number): string | null {
    this.look(view, nowMs);
    let best = -1;
    let bestSquare = reach_px * reach_px;
    for (const slot of this.visible) {
      const square = (this.px[slot]! - px) ** 2 + (this.py[slot]! - py) ** 2;
      if (square < bestSquare) {
        best = slot;
        bestSquare = square;
      }
    }
    return best < 0 ? null : this.table!.words[best]!.id;
  }
}

const REPORT = { lat: 0, lon: 0, speedMps: NaN, trackDeg: NaN, reportAtMs: 0 };
