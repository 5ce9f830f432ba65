// The aircraft symbols as one texture. Shape says where the knowledge comes from: an aeroplane for an operator's
// own report, a notched arrowhead for a broadcast, a diamond with a heading stroke for a sensed one; a ring
// round it marks one's own. Stale ones are hollow. Without a known track the arrowhead is a round dot.
//
// Red channel: what takes the aircraft's colour. Green: a dark edge that keeps it readable on any ground.
import type { Source } from "../wire/types";

export const CELL_PX = 64;
const COLUMNS = 8;
const ROWS = 2;

type Outline = (pen: CanvasRenderingContext2D) => void;

function polygon(...points: readonly (readonly [number, number])[]): Outline {
  return (pen) => {
    points.forEach(([x, y], i) => (i === 0 ? pen.moveTo(x, y) : pen.lineTo(x, y)));
    pen.closePath();
  };
}

function circle(radius: number): Outline {
  return (pen) => pen.arc(0, 0, radius, 0, 2 * Math.PI);
}

const AEROPLANE = polygon(
  [0, -21], [3.2, -15], [3.2, -6], [20, 5], [20, 9.5], [3.2, 4.5], [2.6, 13], [8, 17.5], [8, 21],
  [0, 18.5], [-8, 21], [-8, 17.5], [-2.6, 13], [-3.2, 4.5], [-20, 9.5], [-20, 5], [-3.2, -6], [-3.2, -15],
);
const ARROWHEAD = polygon([0, -20], [14, 18], [0, 10], [-14, 18]);
const DIAMOND = polygon([0, -13], [13, 0], [0, 13], [-13, 0]);
const HEADED_DIAMOND: Outline = (pen) => {
  DIAMOND(pen);
  polygon([-1.6, -13], [-1.6, -25], [1.6, -25], [1.6, -13])(pen);
};

/** Column of each shape; two rows: filled, hollow. */
const SHAPES: readonly Outline[] = [
  AEROPLANE, ARROWHEAD, HEADED_DIAMOND, circle(11), circle(9), DIAMOND, circle(27), circle(5),
];
export const RING_COLUMN = 6;
export const DOT_COLUMN = 7;

export function columnOf(source: Source, headed: boolean): number {
  const column = source === "own" ? 0 : source === "broadcast" ? 1 : 2;
  return headed ? column : column + 3;
}

function paint(pen: CanvasRenderingContext2D, draw: (column: number, row: number, outline: Outline) => void): void {
  for (let row = 0; row < ROWS; row++) {
    SHAPES.forEach((outline, column) => {
      pen.save();
      pen.translate((column + 0.5) * CELL_PX, (row + 0.5) * CELL_PX);
      pen.beginPath();
      outline(pen);
      draw(column, row, outline);
      pen.restore();
    });
  }
}

function sheet(): [HTMLCanvasElement, CanvasRenderingContext2D] {
  const canvas = document.createElement("canvas");
  canvas.width = COLUMNS * CELL_PX;
  canvas.height = ROWS * CELL_PX;
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  if (!pen) throw new Error("this browser draws no canvas");
  pen.lineJoin = "round";
  return [canvas, pen];
}

/** RGBA bytes of COLUMNS by ROWS cells: tinted coverage in red, edge coverage in green. */
export function atlas(): { width: number; height: number; pixels: Uint8Array } {
  const [canvas, tint] = sheet();
  paint(tint, (column, row) => {
    tint.fillStyle = tint.strokeStyle = "#fff";
    const hollow = row === 1 || column === RING_COLUMN;
    tint.lineWidth = column === RING_COLUMN ? 3 : 3.6;
    if (hollow) tint.stroke();
    else tint.fill();
  });
  const [, edge] = sheet();
  paint(edge, (column, row) => {
    edge.strokeStyle = "#fff";
    edge.lineWidth = row === 1 || column === RING_COLUMN ? 7 : 5;
    edge.stroke();
  });
  const { width, height } = canvas;
  const tinted = tint.getImageData(0, 0, width, height).data;
  const edged = edge.canvas.getContext("2d")!.getImageData(0, 0, width, height).data;
  const pixels = new Uint8Array(width * height * 4);
  for (let i = 0; i < pixels.length; i += 4) {
    pixels[i] = tinted[i + 3]!;
    pixels[i + 1] = edged[i + 3]!;
    pixels[i + 3] = 255;
  }
  return { width, height, pixels };
}

export const ATLAS_COLUMNS = COLUMNS;
export const ATLAS_ROWS = ROWS;
