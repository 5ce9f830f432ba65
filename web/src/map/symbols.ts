// How each aircraft looks, as one word of bits that its record carries to the graphics card (aircraft_shaders.ts reads
// it): shape and frame by what it is and how one knows of it, colour by the same, strength by its state. Pure.
import { CRAFT } from "../style/palette";
import type { TrackTable } from "../stream/tracks";
import { HOLLOW_CELLS } from "./glyphs";
import { frameOf, type Looks, SHAPE_NAMES, type ShapeName, shapeOf, turns } from "./shapes";

/** Order is the palette's in the shader. */
export const COLOURS = ["broadcast", "own", "released", "sensed", "emergency"] as const;
export type ColourName = (typeof COLOURS)[number];

/** Bits of the style word. */
export const STYLE = {
  cell: 0, // 7 bits
  frame: 7, // 7 bits: the frame's cell and 1, 0 for none
  colour: 14, // 3 bits
  important: 17,
  ground: 18,
  stale: 19,
  still: 20,
  upright: 21,
  hidden: 22,
} as const;

export function colourOf(track: { source: string; level: string; emergency?: string | null }): ColourName {
  if (track.emergency) return "emergency";
  if (track.source === "sensed") return "sensed";
  if (track.source !== "own") return "broadcast";
  return track.level === "own" ? "own" : "released";
}

export function colourHex(track: { source: string; level: string; emergency?: string | null }): string {
  return CRAFT[colourOf(track)];
}

const HIDDEN = 1 << STYLE.hidden;
const cellOf = (shape: ShapeName): number => SHAPE_NAMES.indexOf(shape);
const CELLS = Object.fromEntries(SHAPE_NAMES.map((name) => [name, cellOf(name)])) as Record<ShapeName, number>;

export function styleOf(table: TrackTable, slot: number, shown: boolean): number {
  if (!shown || table.placed[slot] !== 1) return HIDDEN;
  const words = table.words[slot]!;
  const headed = !Number.isNaN(table.trackDeg[slot]!);
  const looks: Looks = { source: words.source, level: words.level, category: words.category, headed };
  const shape = shapeOf(looks);
  const frame = frameOf(looks);
  const stale = table.stale[slot] === 1;
  const ground = table.onGround[slot] === 1;
  const still = stale || ground || !headed || !(table.speedMps[slot]! > 0);
  return (
    ((CELLS[shape] + (stale ? HOLLOW_CELLS : 0)) << STYLE.cell) |
    ((frame ? CELLS[frame] + 1 : 0) << STYLE.frame) |
    (COLOURS.indexOf(colourOf(words)) << STYLE.colour) |
    (words.level !== "broadcast" || words.emergency ? 1 << STYLE.important : 0) |
    (ground ? 1 << STYLE.ground : 0) |
    (stale ? 1 << STYLE.stale : 0) |
    (still ? 1 << STYLE.still : 0) |
    (turns(shape) ? 0 : 1 << STYLE.upright)
  );
}

const SIZE_PX = 30;
const SMALL_PX = 18;
const TINY_PX = 13;
const IMPORTANT_PX = 20;
/** Above so many in view the symbols shrink, so that a continent stays readable under them. */
const CROWD = 900;
const SWARM = 3000;

export interface Sizes {
  readonly plain: number;
  /** One's own, released, sensed ones and emergencies never shrink as far. */
  readonly important: number;
  /** Broadcasts are dots. */
  readonly dots: boolean;
}

export function sizesFor(zoom: number, visible: number): Sizes {
  const plain = visible > SWARM ? TINY_PX : visible > CROWD || zoom < 4 ? SMALL_PX : SIZE_PX;
  return { plain, important: Math.max(plain, zoom < 5 || visible > CROWD ? IMPORTANT_PX : SIZE_PX * 0.8), dots: visible > SWARM && zoom < 4 };
}
