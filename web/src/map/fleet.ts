// The aircraft as they are drawn now: each track's motion, and their places on the screen for one frame. Updated
// once a tick from the picture; project() runs each frame and allocates nothing.
import type { Track } from "../stream/picture";
import { mercatorX, mercatorY, worldPerMetre, worldPixels } from "../geometry/mercator";
import { type Motion, motionOf, type Place, reckon } from "./reckon";

export interface View {
  /** The centre in world units; x is not wrapped. */
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

export interface Craft {
  track: Track;
  motion: Motion;
  /** World place at the last project(). */
  readonly at: Place;
  /** Screen place in CSS pixels at the last project(), of the copy nearest to the middle. */
  px: number;
  py: number;
}

const MARGIN_PX = 40;

export class Fleet {
  private readonly crafts = new Map<string, Craft>();
  private tracks: ReadonlyMap<string, Track> = new Map();
  /** Those within the view at the last project(). */
  readonly visible: Craft[] = [];
  /** The quickest aircraft's world units a second: bounds how often a frame is worth drawing. */
  fastest = 0;

  get size(): number {
    return this.crafts.size;
  }

  get(id: string): Craft | undefined {
    return this.crafts.get(id);
  }

  update(tracks: ReadonlyMap<string, Track>, nowMs: number): void {
    if (tracks === this.tracks) return;
    this.tracks = tracks;
    this.fastest = 0;
    for (const id of this.crafts.keys()) if (!tracks.has(id)) this.crafts.delete(id);
    for (const [id, track] of tracks) {
      const craft = this.crafts.get(id);
      if (!craft) {
        const motion = motionOf(track, nowMs, null);
        this.crafts.set(id, { track, motion, at: { x: motion.x, y: motion.y }, px: 0, py: 0 });
      } else if (craft.track !== track) {
        craft.motion = motionOf(track, nowMs, craft.motion);
        craft.track = track;
      }
      const speed = track.ground_speed_mps ?? 0;
      if (!track.stale) this.fastest = Math.max(this.fastest, speed * worldPerMetre(track.lat));
    }
  }

  project(view: View, nowMs: number): void {
    const world = worldPixels(view.zoom);
    const { visible } = this;
    visible.length = 0;
    for (const craft of this.crafts.values()) {
      const { x, y } = reckon(craft.motion, nowMs, craft.at);
      const dx = x - view.cx;
      craft.px = (dx - Math.round(dx)) * world + view.width / 2;
      craft.py = (y - view.cy) * world + view.height / 2;
      if (
        craft.px > -MARGIN_PX &&
        craft.px < view.width + MARGIN_PX &&
        craft.py > -MARGIN_PX &&
        craft.py < view.height + MARGIN_PX
      ) {
        visible.push(craft);
      }
    }
  }

  /** The nearest visible aircraft to a place on the screen, within reach. */
  nearest(px: number, py: number, reach_px: number): Craft | null {
    let best: Craft | null = null;
    let bestSquare = reach_px * reach_px;
    for (const craft of this.visible) {
      const square = (craft.px - px) ** 2 + (craft.py - py) ** 2;
      if (square < bestSquare) {
        best = craft;
        bestSquare = square;
      }
    }
    return best;
  }
}
