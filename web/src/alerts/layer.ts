// The alerts on the map. Areas are MapLibre's (they stay on the ground when the map is moved); lines and rings
// are drawn on the canvas over the aircraft, each frame, from where the aircraft are drawn. A level is told by its
// line: dotted, dashed, solid; and by its label. Nothing is drawn in look-ahead: no alert is about then.
import { effect } from "@preact/signals";
import type { GeoJSONSource, Map as MapLibre } from "maplibre-gl";
import type { Alert } from "../wire/types";
import { redraw, registerLayer, type Hit, type LayerFrame, type LayerLabel } from "../map/layers";
import { picture, selectedAlert, viewTime } from "../state/store";
import { INK } from "../style/palette";
import { type Areas, areasOf } from "./areas";
import { type Encounter, encounterOf, type Moving, type Point, type Segment } from "./encounter";
import { LEVEL, LEVELS } from "./levels";
import { isCleared } from "./order";
import { listed, names } from "./state";

const SOURCE = "alert-areas";
const TILE = 16;
const RATIO = 2;
const REACH_PX = 7;
const NONE: Areas = { features: { type: "FeatureCollection", features: [] }, labels: [] };

interface Drawn {
  readonly alert: Alert;
  readonly encounter: Encounter;
}

let areas: Areas = NONE;
/** Of the last frame, on the screen: for the pointer. */
let drawnLines: { ref: string; ax: number; ay: number; bx: number; by: number }[] = [];

/** What is on the map now: the debug state shows it. */
export function drawnAreas(): Areas {
  return areas;
}

function shown(): readonly Alert[] {
  if (viewTime.peek().mode === "ahead") return [];
  return listed.peek().map(({ alert }) => alert).filter((alert) => !isCleared(alert));
}

function placeOf(frame: LayerFrame, id: string): Moving | null {
  const at = frame.craft(id);
  const track = picture.peek().tracks.get(id);
  if (!at || !track) return null;
  return { lat: at.lat, lon: at.lon, ground_speed_mps: track.ground_speed_mps, track_deg: track.track_deg };
}

function encounters(frame: LayerFrame): readonly Drawn[] {
  return shown().map((alert) => ({
    alert,
    encounter: encounterOf(alert, (id) => placeOf(frame, id), frame.viewMs, names),
  }));
}

/** Least urgent first, so that the most urgent lies on top; the selected one last. */
function draw(frame: LayerFrame): void {
  const selected = selectedAlert.peek();
  drawnLines = [];
  const all = [...encounters(frame)].reverse();
  for (const one of all) if (one.alert.ref !== selected) drawOne(frame, one, false);
  for (const one of all) if (one.alert.ref === selected) drawOne(frame, one, true);
}

function drawOne(frame: LayerFrame, { alert, encounter }: Drawn, selected: boolean): void {
  const { pen } = frame;
  const look = LEVEL[alert.level];
  const strength = alert.state === "acknowledged" ? 0.65 : 1;
  pen.lineCap = alert.level === "preventive" ? "round" : "butt";
  if (selected) {
    for (const segment of encounter.strong) stroke(frame, segment, INK.text, 9, [], 0.28);
    for (const ring of encounter.rings) circle(frame, ring, 25, INK.text, 5, [], 0.28);
  }
  for (const segment of [...encounter.strong, ...(encounter.gap ? [encounter.gap] : [])]) {
    stroke(frame, segment, INK.halo, look.width + 2.5, [], 0.75);
  }
  for (const segment of encounter.thin) stroke(frame, segment, look.colour, 1, [], 0.75 * strength);
  if (encounter.gap) stroke(frame, encounter.gap, look.colour, 1.4, [], strength);
  for (const segment of encounter.strong) {
    const on = stroke(frame, segment, look.colour, look.width, look.dash, strength);
    drawnLines.push({ ref: alert.ref, ...on });
  }
  for (const mark of encounter.marks) cross(frame, mark, look.colour, strength);
  for (const ring of encounter.rings) circle(frame, ring, 25, look.colour, look.width, look.dash, strength);
}

function stroke(frame: LayerFrame, [a, b]: Segment, colour: string, width: number, dash: readonly number[], alpha: number) {
  const { pen } = frame;
  const from = frame.project(a.lat, a.lon);
  const to = frame.project(b.lat, b.lon);
  pen.globalAlpha = alpha;
  pen.strokeStyle = colour;
  pen.lineWidth = width;
  pen.setLineDash([...dash]);
  pen.beginPath();
  pen.moveTo(from.px, from.py);
  pen.lineTo(to.px, to.py);
  pen.stroke();
  return { ax: from.px, ay: from.py, bx: to.px, by: to.py };
}

function circle(frame: LayerFrame, at: Point, radius: number, colour: string, width: number, dash: readonly number[], alpha: number): void {
  const { pen } = frame;
  const { px, py } = frame.project(at.lat, at.lon);
  pen.globalAlpha = alpha;
  pen.strokeStyle = colour;
  pen.lineWidth = width;
  pen.setLineDash([...dash]);
  pen.beginPath();
  pen.arc(px, py, radius, 0, 2 * Math.PI);
  pen.stroke();
}

/** A point of closest approach, or of entry. */
function cross(frame: LayerFrame, at: Point, colour: string, alpha: number): void {
  const { pen } = frame;
  const { px, py } = frame.project(at.lat, at.lon);
  pen.globalAlpha = alpha;
  pen.strokeStyle = colour;
  pen.lineWidth = 1.6;
  pen.setLineDash([]);
  pen.beginPath();
  for (const [x, y] of [[1, 1], [1, -1]] as const) {
    pen.moveTo(px - 5 * x, py - 5 * y);
    pen.lineTo(px + 5 * x, py + 5 * y);
  }
  pen.stroke();
}

function labels(frame: LayerFrame): readonly LayerLabel[] {
  const selected = selectedAlert.peek();
  const of: LayerLabel[] = [];
  for (const { alert, encounter } of encounters(frame)) {
    const { labelAt, lines } = encounter;
    if (!labelAt) continue;
    const { colour, rank } = LEVEL[alert.level];
    of.push({
      key: alert.ref,
      ...frame.project(labelAt.lat, labelAt.lon),
      at: labelAt,
      lines: lines.map((text, i) => ({ text, colour: i === 0 ? colour : INK.text, bold: i === 0 })),
      rank: 2.5 - rank / 2,
      always: alert.ref === selected || alert.level === "warning",
    });
  }
  if (viewTime.peek().mode === "ahead") return of;
  for (const { key, ref, lat, lon, lines } of areas.labels) {
    const text = lines.map((line, i) => ({ text: line, colour: i === 0 ? INK.text : INK.dim, bold: i === 0 }));
    of.push({ key: `area:${key}`, ...frame.project(lat, lon), at: { lat, lon }, lines: text, rank: 3.5, always: ref === selected });
  }
  return of;
}

function hits(px: number, py: number): readonly Hit[] {
  const found = drawnLines
    .map((line) => ({ ref: line.ref, away: distanceTo(px, py, line) }))
    .filter(({ away }) => away <= REACH_PX)
    .sort((a, b) => a.away - b.away);
  return [...new Set(found.map(({ ref }) => ref))].map((id): Hit => ({ kind: "alert", id }));
}

function distanceTo(px: number, py: number, { ax, ay, bx, by }: { ax: number; ay: number; bx: number; by: number }): number {
  const square = (bx - ax) ** 2 + (by - ay) ** 2;
  const t = square === 0 ? 0 : Math.max(0, Math.min(1, ((px - ax) * (bx - ax) + (py - ay) * (by - ay)) / square));
  return Math.hypot(px - ax - t * (bx - ax), py - ay - t * (by - ay));
}

function hatchTile(colour: string): ImageData {
  const canvas = document.createElement("canvas");
  canvas.width = canvas.height = TILE * RATIO;
  const pen = canvas.getContext("2d");
  if (!pen) throw new Error("this browser draws no canvas");
  pen.scale(RATIO, RATIO);
  pen.strokeStyle = colour;
  pen.lineWidth = 1.5;
  // Repeats without a seam: strokes run past the tile's corners.
  for (const [x1, y1, x2, y2] of [[-4, -4, 20, 20], [12, -4, 20, 4], [-4, 12, 4, 20]] as const) {
    pen.beginPath();
    pen.moveTo(x1, y1);
    pen.lineTo(x2, y2);
    pen.stroke();
  }
  return pen.getImageData(0, 0, canvas.width, canvas.height);
}

/** MapLibre's dash cannot depend on a feature: each level has its own line layer. */
function attach(map: MapLibre): () => void {
  map.addSource(SOURCE, { type: "geojson", data: areas.features, tolerance: 0.2 });
  const added: string[] = [];
  for (const level of LEVELS) {
    const { colour, dash } = LEVEL[level];
    const image = `alert-hatch-${level}`;
    map.addImage(image, hatchTile(colour), { pixelRatio: RATIO });
    map.addLayer({
      id: `alert-hatch-${level}`,
      type: "fill",
      source: SOURCE,
      filter: ["all", ["==", ["get", "level"], level], ["==", ["get", "kind"], "cells"]],
      paint: { "fill-pattern": image, "fill-opacity": ["*", 0.55, ["get", "strength"]] },
    });
    map.addLayer({
      id: `alert-glow-${level}`,
      type: "line",
      source: SOURCE,
      filter: ["all", ["==", ["get", "level"], level], ["any", ["==", ["get", "kind"], "entered"], ["get", "selected"]]],
      layout: { "line-join": "round" },
      paint: { "line-color": colour, "line-width": 11, "line-opacity": ["*", 0.3, ["get", "strength"]], "line-blur": 2 },
    });
    map.addLayer({
      id: `alert-line-${level}`,
      type: "line",
      source: SOURCE,
      filter: ["==", ["get", "level"], level],
      paint: {
        "line-color": colour,
        "line-width": 2.4,
        "line-opacity": ["get", "strength"],
        ...(dash.length > 0 ? { "line-dasharray": dash.map((length) => length / 2.4) } : {}),
      },
    });
    added.push(`alert-hatch-${level}`, `alert-glow-${level}`, `alert-line-${level}`);
  }
  const stop = effect(() => {
    void listed.value;
    void picture.value.items;
    void viewTime.value.mode;
    const before = areas.features.features.length;
    areas = areasOf(shown(), picture.peek().items, selectedAlert.value);
    if (before + areas.features.features.length > 0) map.getSource<GeoJSONSource>(SOURCE)?.setData(areas.features);
    redraw();
  });
  return () => {
    stop();
    for (const id of added) map.removeLayer(id);
    for (const level of LEVELS) map.removeImage(`alert-hatch-${level}`);
    map.removeSource(SOURCE);
    areas = NONE;
  };
}

export function installAlertLayer(): () => void {
  return registerLayer({ id: "alerts", order: 30, attach, draw, labels, hits });
}
