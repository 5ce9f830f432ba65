// The canvas over the aircraft: data blocks with leader lines, volume labels, accuracy rings, and the marks of the
// selected aircraft and of emergencies. Blocks are drawn once into small bitmaps and blitted each frame, so they
// move with their aircraft; where they go is decided a few times a second (declutter.ts).
import { CRAFT, INK, TONE } from "../style/palette";
import { worldPerMetre, worldPixels } from "../geometry/mercator";
import { type Detail, type Line, trackBlock, trackRank } from "./blocks";
import { type Placed, place, type Wanted } from "./declutter";
import { type Craft, type Fleet, toScreen, type View } from "./fleet";
import type { LayerLabel } from "./layers";
import type { VolumeLabel } from "./volumes";

const COLOURS = { text: INK.text, dim: INK.dim, emergency: CRAFT.emergency };
const LINE_PX = 13;
const PAD_PX = 3;
const FONT = "B612, sans-serif";
/** More than fits on any screen is not measured at all. */
const MOST_BLOCKS = 350;
const MOST_BITMAPS = 1200;
/** A ring smaller than the symbol says nothing. */
const LEAST_RING_PX = 14;

interface Bitmap {
  readonly image: HTMLCanvasElement;
  readonly width: number;
  readonly height: number;
}

export interface AnchoredLabel extends VolumeLabel {
  readonly px: number;
  readonly py: number;
  readonly nameOnly: boolean;
}

export class LabelCanvas {
  private readonly pen: CanvasRenderingContext2D;
  private readonly bitmaps = new Map<string, Bitmap>();
  private sides = new Map<string, number>();
  private placed: Placed[] = [];
  private blocks = new Map<string, Bitmap>();
  private layerLabels: ReadonlyMap<string, LayerLabel> = new Map();
  private ratio = 1;

  constructor(private readonly canvas: HTMLCanvasElement) {
    const pen = canvas.getContext("2d");
    if (!pen) throw new Error("this browser draws no canvas");
    this.pen = pen;
  }

  /** What layers draw on, over the aircraft and under the data blocks. */
  get surface(): CanvasRenderingContext2D {
    return this.pen;
  }

  /** Fonts or the screen's resolution changed: every bitmap is redrawn. */
  reset(ratio: number): void {
    this.ratio = ratio;
    this.bitmaps.clear();
  }

  arrange(
    fleet: Fleet,
    volumes: readonly AnchoredLabel[],
    others: readonly LayerLabel[],
    detail: Detail,
    chosen: string | null,
    nowMs: number,
  ): void {
    const wanted: Wanted[] = [];
    this.blocks = new Map();
    for (const craft of ranked(fleet.visible, chosen, detail)) {
      const { track } = craft;
      const mine = track.id === chosen;
      const lines = trackBlock(track, mine || track.emergency ? 3 : detail, nowMs, COLOURS);
      const key = `t:${track.id}`;
      const bitmap = this.bitmap(lines, "left");
      this.blocks.set(key, bitmap);
      wanted.push({
        key,
        px: craft.px,
        py: craft.py,
        width: bitmap.width,
        height: bitmap.height,
        rank: trackRank(track, mine),
        centred: false,
        always: mine || Boolean(track.emergency),
      });
    }
    volumes.forEach((label, i) => {
      const colour = TONE[label.tone];
      const named = label.lines.length > 2;
      const lines = label.lines.map((text, n) => ({ text, colour: n === 0 && named ? colour : INK.dim, bold: n === 0 && named }));
      const rank = (label.tone === "nonconforming" || label.tone === "contingent" ? 2 : label.faint ? 8 : 5) + i / 1e6;
      const long = `v:${label.ref}:${i}`;
      if (!label.nameOnly) wanted.push(this.volumeBlock(long, label, lines, rank));
      if (named) wanted.push({ ...this.volumeBlock(`n:${label.ref}:${i}`, label, lines.slice(0, 1), rank + 0.4), shortOf: long });
    });
    this.layerLabels = new Map(others.map((label) => [`l:${label.key}`, label]));
    for (const [key, { px, py, lines, rank, always }] of this.layerLabels) {
      const bitmap = this.bitmap(lines, "left");
      this.blocks.set(key, bitmap);
      wanted.push({ key, px, py, width: bitmap.width, height: bitmap.height, rank, centred: false, always });
    }
    const symbols = fleet.visible.length < 600 ? fleet.visible : [];
    this.placed = place(wanted, this.sides, symbols);
    this.sides = new Map(this.placed.map(({ key, side }) => [key, side]));
    if (this.bitmaps.size > MOST_BITMAPS) this.forget();
  }

  private volumeBlock(key: string, { px, py }: AnchoredLabel, lines: readonly Line[], rank: number): Wanted {
    const bitmap = this.bitmap(lines, "center");
    this.blocks.set(key, bitmap);
    return { key, px, py, width: bitmap.width, height: bitmap.height, rank, centred: true, always: false };
  }

  draw(fleet: Fleet, volumes: readonly AnchoredLabel[], view: View, chosen: string | null, under: () => void): void {
    const { pen } = this;
    pen.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    pen.clearRect(0, 0, this.canvas.width, this.canvas.height);
    const perMetre = worldPixels(view.zoom);
    for (const craft of fleet.visible) this.marks(craft, perMetre, craft.track.id === chosen);
    under();
    for (const { key, dx, dy } of this.placed) {
      const bitmap = this.blocks.get(key);
      if (!bitmap) continue;
      const volume = /^[vn]:/.test(key) ? volumes[Number(key.slice(key.lastIndexOf(":") + 1))] : undefined;
      const anchor = volume ?? this.anchorOf(key, fleet, view);
      if (!anchor) continue;
      if (!volume) this.leader(anchor.px, anchor.py, dx, dy, bitmap);
      pen.globalAlpha = volume?.faint ? 0.6 : 1;
      pen.drawImage(bitmap.image, anchor.px + dx, anchor.py + dy, bitmap.width, bitmap.height);
      pen.globalAlpha = 1;
    }
  }

  /** A layer's label goes with its track, or stays where it is on the ground. */
  private anchorOf(key: string, fleet: Fleet, view: View): { readonly px: number; readonly py: number } | undefined {
    if (key.startsWith("t:")) return fleet.get(key.slice(2));
    const label = this.layerLabels.get(key);
    if (!label) return undefined;
    const craft = label.track === undefined ? undefined : fleet.get(label.track);
    return craft ?? (label.at ? toScreen(label.at.lat, label.at.lon, view) : label);
  }

  private marks({ track, px, py }: Craft, pixels: number, chosen: boolean): void {
    const { pen } = this;
    if (track.level === "position" || chosen) {
      const radius = track.accuracy_m * worldPerMetre(track.lat) * pixels;
      if (radius > LEAST_RING_PX && radius < 4000) {
        this.circle(px, py, radius, CRAFT.released, 1, [3, 3], 0.7);
      }
    }
    if (track.emergency) {
      this.circle(px, py, 17, CRAFT.emergency, 2.5, [], 1);
      this.circle(px, py, 22, CRAFT.emergency, 1.5, [], 0.8);
    }
    if (chosen) {
      pen.strokeStyle = INK.text;
      pen.lineWidth = 1.5;
      for (const [sx, sy] of [[-1, -1], [1, -1], [1, 1], [-1, 1]] as const) {
        pen.beginPath();
        pen.moveTo(px + sx * 19, py + sy * 12);
        pen.lineTo(px + sx * 19, py + sy * 19);
        pen.lineTo(px + sx * 12, py + sy * 19);
        pen.stroke();
      }
    }
  }

  private circle(px: number, py: number, radius: number, colour: string, width: number, dash: number[], alpha: number): void {
    const { pen } = this;
    pen.globalAlpha = alpha;
    pen.strokeStyle = colour;
    pen.lineWidth = width;
    pen.setLineDash(dash);
    pen.beginPath();
    pen.arc(px, py, radius, 0, 2 * Math.PI);
    pen.stroke();
    pen.setLineDash([]);
    pen.globalAlpha = 1;
  }

  private leader(px: number, py: number, dx: number, dy: number, { width, height }: Bitmap): void {
    const x = Math.max(dx, Math.min(0, dx + width));
    const y = Math.max(dy, Math.min(0, dy + height));
    const length = Math.hypot(x, y);
    if (length < 10) return;
    const { pen } = this;
    pen.strokeStyle = INK.dim;
    pen.globalAlpha = 0.6;
    pen.lineWidth = 1;
    pen.beginPath();
    pen.moveTo(px + (x / length) * 9, py + (y / length) * 9);
    pen.lineTo(px + x, py + y);
    pen.stroke();
    pen.globalAlpha = 1;
  }

  private bitmap(lines: readonly Line[], align: "left" | "center"): Bitmap {
    const key = align + lines.map((l) => `${l.bold ? "!" : "."}${l.colour}${l.text}`).join("\n");
    const known = this.bitmaps.get(key);
    if (known) {
      this.bitmaps.delete(key);
      this.bitmaps.set(key, known);
      return known;
    }
    const made = drawBitmap(lines, align, this.ratio);
    this.bitmaps.set(key, made);
    return made;
  }

  /** Drops the half that was used longest ago: a Map keeps the order of insertion. */
  private forget(): void {
    let excess = this.bitmaps.size / 2;
    for (const key of this.bitmaps.keys()) {
      if (excess-- <= 0) return;
      this.bitmaps.delete(key);
    }
  }
}

/** Those that get a block at all: everyone at some detail, only the important at none. */
function ranked(visible: readonly Craft[], chosen: string | null, detail: Detail): Craft[] {
  const important = ({ track }: Craft): boolean =>
    track.id === chosen || Boolean(track.emergency) || track.level !== "broadcast";
  const candidates = detail === 0 ? visible.filter(important) : [...visible];
  if (candidates.length <= MOST_BLOCKS) return candidates;
  return candidates
    .sort((a, b) => trackRank(a.track, a.track.id === chosen) - trackRank(b.track, b.track.id === chosen))
    .slice(0, MOST_BLOCKS);
}

const measure = document.createElement("canvas").getContext("2d");

function fontOf(line: Line): string {
  return `${line.bold ? "700" : "400"} 11px ${FONT}`;
}

function drawBitmap(lines: readonly Line[], align: "left" | "center", ratio: number): Bitmap {
  let width = 0;
  for (const line of lines) {
    if (!measure) break;
    measure.font = fontOf(line);
    width = Math.max(width, measure.measureText(line.text).width);
  }
  width = Math.ceil(width) + 2 * PAD_PX;
  const height = lines.length * LINE_PX + 2 * PAD_PX - 1;
  const image = document.createElement("canvas");
  image.width = Math.ceil(width * ratio);
  image.height = Math.ceil(height * ratio);
  const pen = image.getContext("2d");
  if (pen) {
    pen.scale(ratio, ratio);
    if (align === "left") {
      pen.fillStyle = "rgba(8, 12, 17, 0.62)";
      pen.beginPath();
      pen.roundRect(0, 0, width, height, 3);
      pen.fill();
    }
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
  return { image, width, height };
}
