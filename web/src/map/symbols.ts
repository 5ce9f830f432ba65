// How each aircraft looks: shape by source, colour by how one knows it, size and strength by state. One pass over
// the visible ones fills the sprite buffer; what matters most is drawn last, on top.
import { isMine } from "../format/words";
import { CRAFT, INK } from "../style/palette";
import { worldPixels } from "../geometry/mercator";
import type { AircraftCanvas, Sprite } from "./aircraft_gl";
import type { Craft, Fleet, View } from "./fleet";
import { columnOf, DOT_COLUMN, RING_COLUMN } from "./glyphs";

const SIZE_PX = 30;
const SMALL_PX = 18;
const TINY_PX = 12;
/** Above so many in view the symbols shrink, so that a continent stays readable under them. */
const CROWD = 900;
const SWARM = 3000;

function rgb(hex: string): number {
  return Number.parseInt(hex.slice(1), 16);
}

const COLOUR = {
  own: rgb(CRAFT.own),
  broadcast: rgb(CRAFT.broadcast),
  sensed: rgb(CRAFT.sensed),
  released: rgb(CRAFT.released),
  emergency: rgb(CRAFT.emergency),
  vector: rgb(INK.dim),
} as const;

function colourOf({ track }: Craft): number {
  if (track.emergency) return COLOUR.emergency;
  if (track.source === "sensed") return COLOUR.sensed;
  if (isMine(track)) return COLOUR.own;
  return track.source === "own" ? COLOUR.released : COLOUR.broadcast;
}

const sprite: Sprite = { px: 0, py: 0, angle_rad: 0, column: 0, hollow: false, size_px: 0, colour: 0, alpha: 1 };

export function drawFleet(canvas: AircraftCanvas, fleet: Fleet, view: View, vectorMinutes: number): void {
  const { visible } = fleet;
  canvas.begin(visible.length);
  const crowded = visible.length > CROWD || view.zoom < 4;
  const size = visible.length > SWARM ? TINY_PX : crowded ? SMALL_PX : SIZE_PX;
  const important = (craft: Craft): boolean => craft.track.level !== "broadcast" || Boolean(craft.track.emergency);
  for (const pass of [false, true]) {
    for (const craft of visible) {
      if (important(craft) !== pass) continue;
      one(canvas, craft, pass ? Math.max(size, SIZE_PX * 0.8) : size);
      if (vectorMinutes > 0) vector(canvas, craft, view, vectorMinutes);
    }
  }
  canvas.end(view.width, view.height);
}

function one(canvas: AircraftCanvas, craft: Craft, size: number): void {
  const { track } = craft;
  const headed = track.track_deg != null;
  sprite.px = craft.px;
  sprite.py = craft.py;
  sprite.angle_rad = ((track.track_deg ?? 0) * Math.PI) / 180;
  sprite.column = size <= SMALL_PX && !headed ? DOT_COLUMN : columnOf(track.source, headed);
  sprite.hollow = track.stale === true;
  sprite.colour = colourOf(craft);
  sprite.alpha = track.stale ? 0.6 : track.on_ground ? 0.5 : 1;
  sprite.size_px = track.on_ground ? size * 0.75 : size;
  canvas.sprite(sprite);
  if (isMine(track)) {
    sprite.column = RING_COLUMN;
    sprite.size_px = size * 1.25;
    sprite.hollow = false;
    canvas.sprite(sprite);
  }
}

/** Where it will be in so many minutes if it holds speed and track. None for stale and standing ones. */
function vector(canvas: AircraftCanvas, craft: Craft, view: View, minutes: number): void {
  const { motion, track } = craft;
  if (track.stale || track.on_ground || (motion.vx === 0 && motion.vy === 0)) return;
  const reach = worldPixels(view.zoom) * minutes * 60;
  canvas.line(
    craft.px,
    craft.py,
    craft.px + motion.vx * reach,
    craft.py + motion.vy * reach,
    track.emergency ? COLOUR.emergency : COLOUR.vector,
    0.8,
  );
}
