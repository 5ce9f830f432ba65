// The canvas over the aircraft: data blocks with leader lines, volume labels, layers' labels, accuracy rings, and the
// marks of the selected aircraft and of emergencies. Where blocks go is decided a few times a second
// (declutter.ts); each frame they are blitted where their aircraft are then.
import { CRAFT, INK, TONE } from "../style/palette";
import { worldPerMetre, worldPixels } from "../geometry/mercator";
import { type Bitmap, Bitmaps } from "./bitmaps";
import { type Detail, type Line, trackBlock, trackRank } from "./blocks";
import { type Placed, place, type Wanted } from "./declutter";
import { type Fleet, toScreen, type View } from "./fleet";
import type { LayerLabel, ScreenPlace } from "./layers";
import type { VolumeLabel } from "./volumes";

const COLOURS = { text: INK.text, dim: INK.dim, emergency: CRAFT.emergency };
/** More than fits on any screen is not measured at all. */
const MOST_BLOCKS = 350;
/** With more symbols than this on the screen blocks may cover some. */
const MOST_KEPT_CLEAR = 600;
/** A ring smaller than the frame round the symbol says nothing. */
const LEAST_RING_PX = 17;
const MOST_RING_PX = 4000;

export interface AnchoredLabel extends VolumeLabel {
  readonly px: number;
  readonly py: number;
  readonly nameOnly: boolean;
}

/** What there is to label at one moment. */
export interface Scenery {
  readonly fleet: Fleet;
  readonly view: View;
  readonly craftMs: number;
  readonly volumes: readonly AnchoredLabel[];
  readonly chosen: string | null;
}

export class LabelCanvas {
  private readonly pen: CanvasRenderingContext2D;
  private readonly bitmaps = new Bitmaps();
  private sides = new Map<string, number>();
  private placed: Placed[] = [];
  private blocks = new Map<string, Bitmap>();
  private layerLabels: ReadonlyMap<string, LayerLabel> = new Map();
  /** Aircraft with a ring or a mark, by slot. */
  private marked: number[] = [];
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

  /** Blocks of aircraft that found a place: the debug state shows it. */
  get aircraftBlocks(): number {
    return this.placed.filter(({ key }) => key.startsWith("t:")).length;
  }

  /** The words of what found a place, by key: what a person reads on the map. */
  get texts(): Readonly<Record<string, readonly string[]>> {
    return Object.fromEntries(this.placed.map(({ key }) => [key, this.blocks.get(key)?.words ?? []]));
  }

  reset(ratio: number): void {
    this.ratio = ratio;
    this.bitmaps.reset(ratio);
  }

  /** Decides what is labelled and where. `fleet.look()` has found what is in view. */
  arrange(scenery: Scenery, others: readonly LayerLabel[], detail: Detail): void {
    const { fleet, volumes } = scenery;
    this.blocks = new Map();
    this.layerLabels = new Map(others.map((label) => [`l:${label.key}`, label]));
    const wanted = [
      ...this.aircraft(scenery, detail),
      ...volumes.flatMap((label, i) => this.volume(label, i)),
      ...[...this.layerLabels].map(([key, label]) => this.wanted(key, label, label.lines, label.rank, label.always)),
    ];
    const kept = fleet.visible.length < MOST_KEPT_CLEAR ? fleet.visible : [];
    const symbols = kept.map((slot) => ({ px: fleet.px[slot]!, py: fleet.py[slot]! }));
    this.placed = place(wanted, this.sides, symbols);
    this.sides = new Map(this.placed.map(({ key, side }) => [key, side]));
    this.marked = fleet.visible.filter((slot) => isMarked(fleet, slot, scenery.chosen));
    this.bitmaps.forget();
  }

  private wanted(key: string, at: ScreenPlace, lines: readonly Line[], rank: number, always: boolean): Wanted {
    const bitmap = this.bitmaps.of(lines, "left");
    this.blocks.set(key, bitmap);
    const { px, py } = at;
    return { key, px, py, width: bitmap.width, height: bitmap.height, rank, centred: false, always };
  }

  private aircraft({ fleet, chosen, craftMs }: Scenery, detail: Detail): Wanted[] {
    return labelled(fleet, chosen, detail).map((slot) => {
      const craft = fleet.craft(slot);
      const { track } = craft;
      const mine = track.id === chosen;
      const lines = trackBlock(track, mine || track.emergency ? 3 : detail, craftMs, COLOURS);
      return this.wanted(`t:${track.id}`, craft, lines, trackRank(track, mine), mine || Boolean(track.emergency));
    });
  }

  /** The whole label, or its name alone where that finds no room. */
  private volume(label: AnchoredLabel, i: number): Wanted[] {
    const colour = TONE[label.tone];
    const named = label.lines.length > 2;
    const lines = label.lines.map((text, n) => ({ text, colour: n === 0 && named ? colour : INK.dim, bold: n === 0 && named }));
    const rank = (label.tone === "nonconforming" || label.tone === "contingent" ? 2 : label.faint ? 8 : 5) + i / 1e6;
    const long = `v:${label.ref}:${i}`;
    return [
      ...(label.nameOnly ? [] : [this.volumeBlock(long, label, lines, rank)]),
      ...(named ? [{ ...this.volumeBlock(`n:${label.ref}:${i}`, label, lines.slice(0, 1), rank + 0.4), shortOf: long }] : []),
    ];
  }

  private volumeBlock(key: string, { px, py }: AnchoredLabel, lines: readonly Line[], rank: number): Wanted {
    const bitmap = this.bitmaps.of(lines, "center");
    this.blocks.set(key, bitmap);
    return { key, px, py, width: bitmap.width, height: bitmap.height, rank, centred: true, always: false };
  }

  draw(scenery: Scenery, under: () => void): void {
    const { pen } = this;
    const { volumes, fleet, view, craftMs } = scenery;
    pen.setTransform(this.ratio, 0, 0, this.ratio, 0, 0);
    pen.clearRect(0, 0, this.canvas.width, this.canvas.height);
    for (const slot of this.marked) {
      fleet.place(slot, view, craftMs);
      this.marks(scenery, slot);
    }
    under();
    for (const { key, dx, dy } of this.placed) {
      const bitmap = this.blocks.get(key);
      if (!bitmap) continue;
      const volume = /^[vn]:/.test(key) ? volumes[Number(key.slice(key.lastIndexOf(":") + 1))] : undefined;
      const anchor = volume ?? this.anchorOf(key, scenery);
      if (!anchor) continue;
      if (!volume) this.leader(anchor.px, anchor.py, dx, dy, bitmap);
      pen.globalAlpha = volume?.faint ? 0.6 : 1;
      pen.drawImage(bitmap.image, anchor.px + dx, anchor.py + dy, bitmap.width, bitmap.height);
      pen.globalAlpha = 1;
    }
  }

  /** A block goes with its aircraft; a layer's label with its track, or stays where it is on the ground. */
  private anchorOf(key: string, { fleet, view, craftMs }: Scenery): ScreenPlace | undefined {
    const label = key.startsWith("t:") ? undefined : this.layerLabels.get(key);
    const id = label ? label.track : key.slice(2);
    const slot = id === undefined ? -1 : fleet.slot(id);
    if (slot >= 0) {
      fleet.place(slot, view, craftMs);
      return { px: fleet.px[slot]!, py: fleet.py[slot]! };
    }
    if (!label) return undefined;
    return label.at ? toScreen(label.at.lat, label.at.lon, view) : label;
  }

  private marks({ fleet, view, chosen }: Scenery, slot: number): void {
    const table = fleet.table!;
    const words = table.words[slot]!;
    const px = fleet.px[slot]!;
    const py = fleet.py[slot]!;
    const radius = table.accuracyM[slot]! * worldPerMetre(table.lat[slot]!) * worldPixels(view.zoom);
    if (radius > LEAST_RING_PX && radius < MOST_RING_PX && (words.level === "position" || words.id === chosen)) {
      this.circle(px, py, radius, CRAFT.released, 1, [3, 3], 0.7);
    }
    if (words.emergency) {
      this.circle(px, py, 17, CRAFT.emergency, 2.5, [], 1);
      this.circle(px, py, 22, CRAFT.emergency, 1.5, [], 0.8);
    }
    if (words.id === chosen) this.corners(px, py);
  }

  private corners(px: number, py: number): void {
    const { pen } = this;
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
}

function isMarked(fleet: Fleet, slot: number, chosen: string | null): boolean {
  const words = fleet.table!.words[slot]!;
  return words.level === "position" || Boolean(words.emergency) || words.id === chosen;
}

/** Slots that get a block at all: everyone at some detail, only the important at none. */
function labelled(fleet: Fleet, chosen: string | null, detail: Detail): number[] {
  const table = fleet.table;
  if (!table) return [];
  const important = (slot: number): boolean =>
    table.words[slot]!.level !== "broadcast" || isMarked(fleet, slot, chosen);
  const candidates = detail === 0 ? fleet.visible.filter(important) : [...fleet.visible];
  if (candidates.length <= MOST_BLOCKS) return candidates;
  const rank = (slot: number): number => {
    const words = table.words[slot]!;
    const state = { stale: table.stale[slot] === 1, on_ground: table.onGround[slot] === 1 };
    return trackRank({ ...words, ...state, emergency: words.emergency ?? null }, words.id === chosen);
  };
  return candidates
    .map((slot) => [slot, rank(slot)] as const)
    .sort((a, b) => a[1] - b[1])
    .slice(0, MOST_BLOCKS)
    .map(([slot]) => slot);
}
