// The measured line on the map: a geodesic with end marks and its figures beside the middle. While an end is still to be
// picked a line runs to the pointer, and a cross marks the middle of the map for who works by keyboard.
import { effect } from "@preact/signals";
import { type LayerFrame, type LayerLabel, type MapLayer, redraw } from "../map/layers";
import { pointer } from "../map/pointer";
import { INK } from "../style/palette";
import { picture, viewTime } from "../state/store";
import type { LatLon } from "../wire/types";
import { bearingWords, between, rangeWords, timeWords, wayPoints } from "./measure";
import { type End, picking, ruler } from "./state";

const COLOUR = "#f0e442";
const CROSS_PX = 9;

export function placeOfEnd(end: End, frame: Pick<LayerFrame, "craft">): LatLon | null {
  return end.kind === "place" ? end : frame.craft(end.id);
}

/** The first end with a known speed says how long it takes. */
export function speedOf(...ends: readonly (End | null)[]): number | null {
  for (const end of ends) {
    const speed = end?.kind === "track" ? picture.peek().tracks.get(end.id)?.ground_speed_mps : null;
    if (speed != null) return speed;
  }
  return null;
}

interface Leg {
  readonly from: LatLon;
  readonly to: LatLon;
  readonly fixed: boolean;
}

function legOf(frame: LayerFrame): Leg | null {
  const now = ruler.peek();
  if (!now?.from) return null;
  const from = placeOfEnd(now.from, frame);
  const to = now.to ? placeOfEnd(now.to, frame) : pointer.peek();
  return from && to ? { from, to, fixed: now.to !== null } : null;
}

function draw(frame: LayerFrame): void {
  if (!ruler.peek()) return;
  const { pen, view } = frame;
  pen.strokeStyle = COLOUR;
  pen.lineWidth = 1.6;
  if (picking.peek()) cross(pen, view.width / 2, view.height / 2);
  const leg = legOf(frame);
  if (!leg) return;
  pen.setLineDash(leg.fixed ? [] : [5, 5]);
  pen.beginPath();
  let lastX = 0;
  wayPoints(leg.from, leg.to).forEach(([lon, lat], i) => {
    const { px, py } = frame.project(lat, lon);
    // A step of half the view is the other copy of the world: the line is taken up again there.
    if (i === 0 || Math.abs(px - lastX) > view.width) pen.moveTo(px, py);
    else pen.lineTo(px, py);
    lastX = px;
  });
  pen.stroke();
  pen.setLineDash([]);
  for (const { lat, lon } of [leg.from, leg.to]) {
    const { px, py } = frame.project(lat, lon);
    pen.beginPath();
    pen.arc(px, py, 5, 0, 2 * Math.PI);
    pen.stroke();
  }
}

function cross(pen: CanvasRenderingContext2D, px: number, py: number): void {
  pen.beginPath();
  pen.moveTo(px - CROSS_PX, py);
  pen.lineTo(px + CROSS_PX, py);
  pen.moveTo(px, py - CROSS_PX);
  pen.lineTo(px, py + CROSS_PX);
  pen.stroke();
}

function labels(frame: LayerFrame): readonly LayerLabel[] {
  const leg = legOf(frame);
  const now = ruler.peek();
  if (!leg || !now) return [];
  const range = between(leg.from, leg.to);
  const points = wayPoints(leg.from, leg.to);
  const [lon, lat] = points[Math.floor(points.length / 2)]!;
  const ends = [leg.from, leg.to].map((end) => frame.project(end.lat, end.lon));
  const middle = points.length > 2 ? frame.project(lat, lon) : { px: (ends[0]!.px + ends[1]!.px) / 2, py: (ends[0]!.py + ends[1]!.py) / 2 };
  const time = timeWords(range, speedOf(now.from, now.to));
  const lines = [
    { text: rangeWords(range), colour: COLOUR, bold: true },
    { text: bearingWords(range), colour: INK.text, bold: false },
    ...(time ? [{ text: time, colour: INK.text, bold: false }] : []),
  ];
  return [{ key: "range", ...middle, lines, rank: 0, always: true }];
}

export const RULER_LAYER: MapLayer = { id: "ruler", order: 50, draw, labels };

/** Draws anew when an end changes, and follows the pointer while one is to be picked. */
export function followRuler(): () => void {
  return effect(() => {
    void ruler.value;
    void viewTime.value;
    if (picking.value) void pointer.value;
    redraw();
  });
}
