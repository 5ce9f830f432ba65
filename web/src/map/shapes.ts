// The aircraft symbols as outlines, once for the map's texture and for the list and the legend. Shape says what it is,
// where that is known: aeroplane, rotorcraft, glider, balloon, airship, uncrewed. Where it is not, it says
// how it was heard: an arrowhead for a broadcast, a diamond for a sensed one. What has no known track is a disc,
// since any shape with a nose would point somewhere. A position that was rounded before release is a disc with
// a stroke: soft, because its place is.
//
// A frame round it says how one knows: a ring for one's own, a square for what its operator released, a diamond for
// what was sensed, a dashed ring for a rounded position; a broadcast has none. Units: 64 to a cell, middle at 0.
export interface Shape {
  readonly path: string;
  /** Drawn as a line only, dashed where it says so. */
  readonly stroke?: number;
  readonly dash?: readonly number[];
}

const DISC = (r: number): string => `M${-r} 0A${r} ${r} 0 1 1 ${r} 0A${r} ${r} 0 1 1 ${-r} 0Z`;

export const SHAPES = {
  aeroplane: {
    path: "M0-21 3.2-15V-6L20 5V9.5L3.2 4.5 2.6 13 8 17.5V21L0 18.5-8 21V17.5L-2.6 13-3.2 4.5-20 9.5V5L-3.2-6V-15Z",
  },
  rotorcraft: {
    path: "M-2.4-7.2-12.5-17.3-15.3-14.5-5.2-4.4-5.6-1-15.3 8.7-12.5 11.5-4.2 3.2-2 7V17H-6.5V20.5H6.5V17H2V7L4.2 3.2 12.5 11.5 15.3 8.7 5.6-1 5.2-4.4 15.3-14.5 12.5-17.3 2.4-7.2Z",
  },
  glider: {
    path: "M0-16 2-10V-4.5L25-1.5V2L2 1.5 1.4 13.5 7 16V19H-7V16L-1.4 13.5-2 1.5-25 2V-1.5L-2-4.5V-10Z",
  },
  balloon: { path: "M-4 12C-12 6-16 0-16-7A16 15 0 0 1 16-7C16 0 12 6 4 12ZM-4.5 15H4.5V21H-4.5Z" },
  airship: { path: "M0-24C8-17 9-8 9 0 9 7 7 12 4 16L9 20V24L0 21-9 24V20L-4 16C-7 12-9 7-9 0-9-8-8-17 0-24Z" },
  uncrewed: {
    path: "M0-22 3.4-15.5 1.8-14 1.8-3 10.7-11.9 9-15.6A6.4 6.4 0 1 1 15.6-9L11.9-10.7 4 0 11.9 10.7 15.6 9A6.4 6.4 0 1 1 9 15.6L10.7 11.9 0 4-10.7 11.9-9 15.6A6.4 6.4 0 1 1-15.6 9L-11.9 10.7-4 0-11.9-10.7-15.6-9A6.4 6.4 0 1 1-9-15.6L-10.7-11.9-1.8-3-1.8-14-3.4-15.5Z",
  },
  arrowhead: { path: "M0-20 14 18 0 10-14 18Z" },
  diamond: { path: "M0-13 13 0 0 13-13 0ZM-1.6-12-1.6-25 1.6-25 1.6-12Z" },
  rounded: { path: `${DISC(11)}M-1.8-10-1.8-25 1.8-25 1.8-10Z` },
  disc: { path: DISC(10) },
  square_disc: { path: "M0-13 13 0 0 13-13 0Z" },
  dot: { path: DISC(5) },
  ring: { path: DISC(27), stroke: 3 },
  square: { path: "M-24-24H24V24H-24Z", stroke: 2.6 },
  lozenge: { path: "M0-27 27 0 0 27-27 0Z", stroke: 2.6 },
  dashed_ring: { path: DISC(26), stroke: 3, dash: [7, 6.6] },
} as const satisfies Record<string, Shape>;

export type ShapeName = keyof typeof SHAPES;
export const SHAPE_NAMES = Object.keys(SHAPES) as ShapeName[];

const OF_CATEGORY: Readonly<Record<string, ShapeName>> = {
  aeroplane: "aeroplane",
  rotorcraft: "rotorcraft",
  glider: "glider",
  balloon: "balloon",
  airship: "airship",
  uncrewed: "uncrewed",
};

export interface Looks {
  readonly source: string;
  readonly level: string;
  readonly category?: string | null | undefined;
  /** Its track is known. */
  readonly headed: boolean;
}

export function shapeOf({ source, level, category, headed }: Looks): ShapeName {
  if (level === "position") return headed ? "rounded" : "disc";
  const known = category ? OF_CATEGORY[category] : undefined;
  if (known && (headed || known === "balloon" || known === "uncrewed")) return known;
  if (source === "sensed") return headed ? "diamond" : "square_disc";
  if (!headed) return "disc";
  return source === "own" ? "aeroplane" : "arrowhead";
}

/** What is drawn round it; null for a broadcast. */
export function frameOf({ source, level, category }: Looks): ShapeName | null {
  if (level === "position") return "dashed_ring";
  if (source === "own") return level === "own" ? "ring" : "square";
  return source === "sensed" && category && OF_CATEGORY[category] ? "lozenge" : null;
}

/** A shape that looks the same from every side is not turned: a balloon's basket hangs down whatever its track. */
export function turns(shape: ShapeName): boolean {
  return shape !== "balloon";
}
