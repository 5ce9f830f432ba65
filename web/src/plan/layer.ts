// The plan on the map: its volumes and what is in their way as MapLibre layers, the route with its waypoints on the canvas
// above, and their words among the labels. In look-ahead a hollow diamond is where a flight that keeps to the plan
// would be at that time: arithmetic, and said to be so.
import { effect } from "@preact/signals";
import type { GeoJSONSource, Map as MapLibre } from "maplibre-gl";
import { band } from "../format/heights";
import { moment, slot } from "../format/time";
import { itemName } from "../format/words";
import { boxOf } from "../geometry/ring";
import { type LayerFrame, type LayerLabel, type MapLayer, redraw, registerLayer } from "../map/layers";
import { ringsOf } from "../map/volumes";
import { nowMs, viewTime, zone } from "../state/store";
import { INK, PLAN as PLAN_INK } from "../style/palette";
import type { Volume4D } from "../wire/types";
import { handles, spots, watchHand } from "./hand";
import { inTheWay, inUse, type Marks, marks } from "./marks";
import { legsOf, middleOf, type OnRoute, pathOf, placeAt } from "./route";
import { chosen, current, draft, drawing, inWay, offered, plan, planOpen, preview, previewed, reading } from "./state";

const SOURCE = "plan";
const LAYERS = ["plan-fill", "plan-hit", "plan-casing", "plan-way", "plan-dashed", "plan-dotted"] as const;
const HATCH = "hatch-plan-hit";
const DOT_PX = 9;
const HANDLE_PX = 4;

let drawn: Marks = { type: "FeatureCollection", features: [] };

/** Counts of what is drawn, for the debug state. */
export function drawnPlan(): Readonly<Record<string, number>> {
  const counts: Record<string, number> = { plan: 0, hit: 0, way: 0, other: 0, faint: 0 };
  for (const { properties: { kind, faint } } of drawn.features) {
    counts[kind]!++;
    if (faint) counts["faint"]!++;
  }
  return counts;
}

function aheadAt(): number | null {
  const view = viewTime.value;
  return view.mode === "ahead" ? view.atMs : null;
}

/** Where the plan would be at the time looked ahead to. */
export function onRoute(): OnRoute | null {
  const atMs = aheadAt();
  const route = reading.value.route;
  if (atMs === null || !planOpen.value || !route || !followsLine()) return null;
  return placeAt(legsOf(route.waypoints), route.speed_mps, Date.parse(route.departs), atMs);
}

/** The volumes are along the drawn line: all but those of an alternative that came without its route. */
export function followsLine(): boolean {
  const taken = plan.value?.taken;
  return !taken || taken.kind !== "around" || taken.route != null;
}

function draw(frame: LayerFrame): void {
  spots.length = 0;
  handles.length = 0;
  if (!planOpen.peek()) return;
  const { pen, view } = frame;
  if (drawing.peek()) cross(pen, view.width / 2, view.height / 2);
  line(frame);
  const { waypoints } = draft.peek();
  const ofChosen = chosen.peek();
  waypoints.forEach(({ id, lat, lon }, i) => {
    const at = frame.project(lat, lon);
    spots.push({ id, ...at });
    waypoint(pen, at.px, at.py, String(i + 1), id === ofChosen);
  });
  const now = onRoute();
  if (now) {
    const { px, py } = frame.project(now.lat, now.lon);
    diamond(pen, px, py);
  }
}

function line(frame: LayerFrame): void {
  const { pen, view } = frame;
  const legs = legsOf(draft.peek().waypoints);
  pen.lineWidth = 1.6;
  pen.strokeStyle = PLAN_INK.plan;
  pen.globalAlpha = followsLine() ? 0.9 : 0.35;
  pen.beginPath();
  for (const leg of pathOf(legs)) {
    let lastX = 0;
    leg.forEach(([lon, lat], i) => {
      const { px, py } = frame.project(lat, lon);
      if (i === 0 || Math.abs(px - lastX) > view.width) pen.moveTo(px, py);
      else pen.lineTo(px, py);
      lastX = px;
    });
  }
  pen.stroke();
  if (!drawing.peek()) return;
  pen.globalAlpha = 0.9;
  legs.forEach((leg, after) => {
    const middle = middleOf(leg);
    const at = frame.project(middle.lat, middle.lon);
    handles.push({ after, ...at });
    pen.fillStyle = INK.halo;
    pen.beginPath();
    pen.rect(at.px - HANDLE_PX, at.py - HANDLE_PX, 2 * HANDLE_PX, 2 * HANDLE_PX);
    pen.fill();
    pen.stroke();
  });
}

function waypoint(pen: CanvasRenderingContext2D, px: number, py: number, number: string, isChosen: boolean): void {
  pen.globalAlpha = 1;
  pen.fillStyle = isChosen ? PLAN_INK.plan : INK.halo;
  pen.strokeStyle = PLAN_INK.plan;
  pen.lineWidth = 2;
  pen.beginPath();
  pen.arc(px, py, DOT_PX, 0, 2 * Math.PI);
  pen.fill();
  pen.stroke();
  if (isChosen) {
    pen.strokeStyle = "#ffd23f";
    pen.beginPath();
    pen.arc(px, py, DOT_PX + 4, 0, 2 * Math.PI);
    pen.stroke();
  }
  pen.fillStyle = isChosen ? INK.halo : PLAN_INK.plan;
  pen.font = '700 11px "B612", sans-serif';
  pen.textAlign = "center";
  pen.textBaseline = "middle";
  pen.fillText(number, px, py + 0.5);
}

function diamond(pen: CanvasRenderingContext2D, px: number, py: number): void {
  pen.globalAlpha = 1;
  pen.beginPath();
  pen.moveTo(px, py - 13);
  pen.lineTo(px + 13, py);
  pen.lineTo(px, py + 13);
  pen.lineTo(px - 13, py);
  pen.closePath();
  pen.fillStyle = "rgba(8, 12, 17, 0.6)";
  pen.fill();
  pen.lineWidth = 5;
  pen.strokeStyle = INK.halo;
  pen.stroke();
  pen.lineWidth = 2.4;
  pen.setLineDash([4, 3]);
  pen.strokeStyle = "#b7a6dd";
  pen.stroke();
  pen.setLineDash([]);
}

const CROSS_PX = 9;

function cross(pen: CanvasRenderingContext2D, px: number, py: number): void {
  pen.strokeStyle = PLAN_INK.plan;
  pen.lineWidth = 1.4;
  pen.beginPath();
  pen.moveTo(px - CROSS_PX, py);
  pen.lineTo(px + CROSS_PX, py);
  pen.moveTo(px, py - CROSS_PX);
  pen.lineTo(px, py + CROSS_PX);
  pen.stroke();
}

function middle(volume: Parameters<typeof ringsOf>[0]): { lat: number; lon: number } | null {
  const box = boxOf(ringsOf(volume));
  return box ? { lat: (box[1] + box[3]) / 2, lon: (box[0] + box[2]) / 2 } : null;
}

function labelAt(frame: LayerFrame, key: string, at: { lat: number; lon: number } | null, lines: LayerLabel["lines"], rank: number, always: boolean): LayerLabel[] {
  return at ? [{ key, ...frame.project(at.lat, at.lon), at, lines, rank, always }] : [];
}

function heightsOf(volumes: readonly Volume4D[]): string {
  const first = volumes[0];
  return first ? band(first.lower, first.upper) : "";
}

function labels(frame: LayerFrame): readonly LayerLabel[] {
  if (!planOpen.peek()) return [];
  return [...planLabels(frame), ...conflictLabels(frame), ...otherLabels(frame), ...placeLabels(frame)];
}

function planLabels(frame: LayerFrame): readonly LayerLabel[] {
  const of = plan.peek();
  const { waypoints } = draft.peek();
  if (!of || waypoints.length === 0 || preview.peek() !== null) return [];
  const now = nowMs() ?? 0;
  const at = aheadAt();
  const white = (text: string, bold = false) => ({ text, colour: bold ? PLAN_INK.plan : INK.text, bold });
  const used = of.volumes.filter((volume) => inUse(volume, at));
  const when = at === null ? [] : [white(used.length ? "in use then" : "not in use then")];
  const { departsMs } = draft.peek();
  const title = of.taken ? "PLAN, alternative taken" : "PLAN, not filed";
  const last = waypoints[waypoints.length - 1]!;
  return [
    ...labelAt(frame, "plan", waypoints[0]!, [
      white(title, true), white(heightsOf(of.volumes)), ...(departsMs === null ? [] : [white(`departs ${moment(departsMs, now, zone.peek())}`)]), ...when,
    ], 2.5, true),
    ...labelAt(frame, "arrival", last, [white(`arrives ${moment(of.arrivesMs, now, zone.peek())}`)], 3.4, false),
  ];
}

function conflictLabels(frame: LayerFrame): readonly LayerLabel[] {
  const known = inWay.peek();
  const volumes = plan.peek()?.volumes ?? [];
  if (!known || preview.peek() !== null) return [];
  const now = nowMs() ?? 0;
  return known.flatMap((conflict, i) => {
    const [first] = inTheWay(conflict, volumes);
    if (!first) return [];
    const { item } = conflict;
    const name = item.level === "reserved" ? "reserved cells" : itemName(item);
    const lines = [
      { text: `CONFLICT ${i + 1}: ${name}`, colour: PLAN_INK.way, bold: true },
      { text: slot(Date.parse(first.start), Date.parse(first.end), now, zone.peek()), colour: INK.text, bold: false },
    ];
    return labelAt(frame, `conflict:${item.ref}`, middle(first), lines, 1.5, true);
  });
}

function otherLabels(frame: LayerFrame): readonly LayerLabel[] {
  const other = previewed.peek();
  const number = (preview.peek() ?? 0) + 1;
  const first = other?.volumes[Math.floor(other.volumes.length / 2)];
  if (!other || !first) return [];
  const lines = [
    { text: `ALTERNATIVE ${number}`, colour: PLAN_INK.other, bold: true },
    { text: other.words, colour: INK.text, bold: false },
    { text: heightsOf(other.volumes), colour: INK.text, bold: false },
  ];
  return labelAt(frame, "other", middle(first), lines, 1.4, true);
}

function placeLabels(frame: LayerFrame): readonly LayerLabel[] {
  const now = onRoute();
  if (!now) return [];
  const lines = [
    { text: "the plan, at that time", colour: "#b7a6dd", bold: true },
    { text: "if flown as drawn; not a prediction", colour: INK.dim, bold: false },
  ];
  return labelAt(frame, "place", now, lines, 1.3, true);
}

function addHatch(map: MapLibre): void {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = 20;
  const pen = canvas.getContext("2d");
  if (!pen) throw new Error("this browser draws no canvas");
  pen.strokeStyle = PLAN_INK.way;
  pen.lineWidth = 2.4;
  pen.beginPath();
  pen.moveTo(10, 4);
  pen.lineTo(10, 16);
  pen.moveTo(4, 10);
  pen.lineTo(16, 10);
  pen.stroke();
  map.addImage(HATCH, pen.getImageData(0, 0, 20, 20), { pixelRatio: 1.6 });
}

function attach(map: MapLibre): () => void {
  addHatch(map);
  map.addSource(SOURCE, { type: "geojson", data: drawn, tolerance: 0.2 });
  const kind = (...kinds: string[]) => ["in", ["get", "kind"], ["literal", kinds]] as never;
  const strength = (full: number, faint: number) => ["case", ["get", "faint"], faint, full] as never;
  const colour = ["match", ["get", "kind"], "way", PLAN_INK.way, "hit", PLAN_INK.way, "other", PLAN_INK.other, PLAN_INK.plan] as never;
  map.addLayer({ id: "plan-fill", type: "fill", source: SOURCE, paint: { "fill-color": colour, "fill-opacity": strength(0.1, 0.02), "fill-antialias": false } });
  map.addLayer({ id: "plan-hit", type: "fill", source: SOURCE, filter: kind("hit"), paint: { "fill-pattern": HATCH, "fill-opacity": strength(0.75, 0.2) } });
  map.addLayer({ id: "plan-casing", type: "line", source: SOURCE, filter: kind("way"), layout: { "line-join": "round" }, paint: { "line-color": INK.halo, "line-opacity": strength(0.9, 0.3), "line-width": 9 } });
  map.addLayer({ id: "plan-way", type: "line", source: SOURCE, filter: kind("way"), layout: { "line-join": "round" }, paint: { "line-color": PLAN_INK.way, "line-opacity": strength(1, 0.35), "line-width": 2.2, "line-gap-width": 3 } });
  map.addLayer({ id: "plan-dashed", type: "line", source: SOURCE, filter: kind("plan", "hit"), paint: { "line-color": PLAN_INK.plan, "line-opacity": strength(0.95, 0.3), "line-width": 1.6, "line-dasharray": [3, 2] } });
  map.addLayer({ id: "plan-dotted", type: "line", source: SOURCE, filter: kind("other"), layout: { "line-cap": "round" }, paint: { "line-color": PLAN_INK.other, "line-opacity": strength(1, 0.4), "line-width": 3.4, "line-dasharray": [0.1, 2] } });
  const stops = [followMarks(map), watchHand(map)];
  return () => {
    for (const stop of stops) stop();
    for (const id of LAYERS) map.removeLayer(id);
    map.removeSource(SOURCE);
    map.removeImage(HATCH);
  };
}

function followMarks(map: MapLibre): () => void {
  return effect(() => {
    const open = planOpen.value;
    const of = open ? plan.value : null;
    const other = open ? previewed.value : null;
    const before = drawn.features.length;
    drawn = marks({
      // While an alternative is looked at, what it would clear is not drawn over it.
      volumes: of?.volumes ?? [],
      conflicts: other ? [] : (of && inWay.value) || [],
      other: other?.volumes ?? [],
      atMs: aheadAt(),
    });
    if (before + drawn.features.length > 0) map.getSource<GeoJSONSource>(SOURCE)?.setData(drawn);
    // Volumes that do not answer the draft any more are drawn half as strong.
    map.setPaintProperty("plan-dashed", "line-opacity", ["case", ["get", "faint"], 0.3, !current.value ? 0.4 : other ? 0.5 : 0.95] as never);
    map.getContainer().classList.toggle("map-drawing", open && drawing.value);
    redraw();
  });
}

const LAYER: MapLayer = { id: "plan", order: 45, attach, draw, labels };

export function installPlanLayer(): void {
  registerLayer(LAYER);
  effect(() => {
    void [planOpen.value, drawing.value, draft.value, chosen.value, plan.value, inWay.value, offered.value, preview.value, viewTime.value, zone.value];
    redraw();
  });
}
