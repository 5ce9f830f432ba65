// The aircraft symbols (shapes.ts) as one texture: a row of cells filled and the same again hollow, for stale ones.
//
// Red channel: what takes the aircraft's colour. Green: a dark edge that keeps it readable on any ground.
import { SHAPE_NAMES, SHAPES, type Shape } from "./shapes";

export const CELL_PX = 64;
const COLUMNS = 8;
const ROWS_OF_SHAPES = Math.ceil(SHAPE_NAMES.length / COLUMNS);
export const ATLAS_COLUMNS = COLUMNS;
export const ATLAS_ROWS = ROWS_OF_SHAPES * 2;
/** What is added to a shape's cell for its hollow form. */
export const HOLLOW_CELLS = ROWS_OF_SHAPES * COLUMNS;

const EDGE_PX = 4;

function sheet(): [HTMLCanvasElement, CanvasRenderingContext2D] {
  const canvas = document.createElement("canvas");
  canvas.width = COLUMNS * CELL_PX;
  canvas.height = ATLAS_ROWS * CELL_PX;
  const pen = canvas.getContext("2d", { willReadFrequently: true });
  if (!pen) throw new Error("this browser draws no canvas");
  pen.lineJoin = "round";
  pen.fillStyle = pen.strokeStyle = "#fff";
  return [canvas, pen];
}

/** Every shape in its filled and in its hollow cell; `wider` thickens the lines, for the edge. */
function paint(pen: CanvasRenderingContext2D, wider: number): void {
  for (const hollow of [false, true]) {
    SHAPE_NAMES.forEach((name, i) => {
      const shape: Shape = SHAPES[name];
      const cell = i + (hollow ? HOLLOW_CELLS : 0);
      pen.save();
      pen.translate(((cell % COLUMNS) + 0.5) * CELL_PX, (Math.floor(cell / COLUMNS) + 0.5) * CELL_PX);
      const path = new Path2D(shape.path);
      pen.setLineDash(shape.dash ? [...shape.dash] : []);
      pen.lineWidth = (shape.stroke ?? (hollow ? 3.4 : 0.1)) + wider;
      if (!hollow && !shape.stroke) pen.fill(path);
      pen.stroke(path);
      pen.restore();
    });
  }
}

/** RGBA bytes: tinted coverage in red, edge coverage in green. */
export function atlas(): { width: number; height: number; pixels: Uint8Array } {
  const [canvas, tint] = sheet();
  paint(tint, 0);
  const [, edge] = sheet();
  paint(edge, EDGE_PX);
  const { width, height } = canvas;
  const tinted = tint.getImageData(0, 0, width, height).data;
  const edged = edge.getImageData(0, 0, width, height).data;
  const pixels = new Uint8Array(width * height * 4);
  for (let i = 0; i < pixels.length; i += 4) {
    pixels[i] = tinted[i + 3]!;
    pixels[i + 1] = edged[i + 3]!;
    pixels[i + 3] = 255;
  }
  return { width, height, pixels };
}
