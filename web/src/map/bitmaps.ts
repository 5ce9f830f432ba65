// Texts drawn once into small bitmaps and blitted each frame: a data block is drawn anew only where its words change.
// Those used longest ago are forgotten first.
import { INK } from "../style/palette";
import type { Line } from "./blocks";

const LINE_PX = 13;
const PAD_PX = 3;
const FONT = "B612, sans-serif";
const MOST_BITMAPS = 1200;

export interface Bitmap {
  readonly image: HTMLCanvasElement;
  readonly width: number;
  readonly height: number;
  readonly words: readonly string[];
}

export type Align = "left" | "center";

export class Bitmaps {
  private readonly known = new Map<string, Bitmap>();
  private ratio = 1;

  /** Fonts or the screen's resolution changed: every bitmap is drawn anew. */
  reset(ratio: number): void {
    this.ratio = ratio;
    this.known.clear();
  }

  of(lines: readonly Line[], align: Align): Bitmap {
    const key = align + lines.map((l) => `${l.bold ? "!" : "."}${l.colour}${l.text}`).join("\n");
    const old = this.known.get(key);
    if (old) {
      this.known.delete(key);
      this.known.set(key, old);
      return old;
    }
    const made = drawn(lines, align, this.ratio);
    this.known.set(key, made);
    return made;
  }

  /** Drops the half that was used longest ago: a Map keeps the order of insertion. */
  forget(): void {
    if (this.known.size <= MOST_BITMAPS) return;
    let excess = this.known.size / 2;
    for (const key of this.known.keys()) {
      if (excess-- <= 0) return;
      this.known.delete(key);
    }
  }
}

function fontOf(line: Line): string {
  return `${line.bold ? "700" : "400"} 11px ${FONT}`;
}

const measure = document.createElement("canvas").getContext("2d");

function widthOf(lines: readonly Line[]): number {
  let width = 0;
  for (const line of lines) {
    if (!measure) break;
    measure.font = fontOf(line);
    width = Math.max(width, measure.measureText(line.text).width);
  }
  return Math.ceil(width) + 2 * PAD_PX;
}

function drawn(lines: readonly Line[], align: Align, ratio: number): Bitmap {
  const width = widthOf(lines);
  const height = lines.length * LINE_PX + 2 * PAD_PX - 1;
  const image = document.createElement("canvas");
  image.width = Math.ceil(width * ratio);
  image.height = Math.ceil(height * ratio);
  const pen = image.getContext("2d");
  if (pen) {
    pen.scale(ratio, ratio);
    if (align === "left") plate(pen, width, height);
    pen.lineJoin = "round";
    pen.lineWidth = 3;
    pen.strokeStyle = INK.halo;
    pen.textBaseline = "middle";
    pen.textAlign = align;
    lines.forEach((line, i) => {
      pen.font = fontOf(line);
      pen.fillStyle = line.colour;
      const x = align === "left" ? PAD_PX : width / 2;
      const y = PAD_PX + (i + 0.5) * LINE_PX;
      if (align === "center") pen.strokeText(line.text, x, y);
      pen.fillText(line.text, x, y);
    });
  }
  return { image, width, height, words: lines.map(({ text }) => text) };
}

function plate(pen: CanvasRenderingContext2D, width: number, height: number): void {
  pen.fillStyle = "rgba(8, 12, 17, 0.62)";
  pen.beginPath();
  pen.roundRect(0, 0, width, height, 3);
  pen.fill();
}
