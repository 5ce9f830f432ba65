// One's own things on the map as one recipient has them. A veil dims all that is drawn otherwise; over it lie the
// forms that the recipient has, and each aircraft of one's own carries the level at which the recipient has it, in
// words. Drawn only over the present.
import { effect } from "@preact/signals";
import type { GeoJSONSource, Map as MapLibre } from "maplibre-gl";
import { isMine } from "../format/words";
import { type LayerFrame, type LayerLabel, redraw, registerLayer } from "../map/layers";
import { type DrawnVolumes, drawnVolumes } from "../map/volumes";
import { horizon, picture, second, zone } from "../state/store";
import { INK } from "../style/palette";
import { formsOf, seenAs, seenShown, type TrackLevels, trackLevelsOf } from "./state";

const SOURCE = "seen-as";
const EMPTY: DrawnVolumes = { features: { type: "FeatureCollection", features: [] }, labels: [] };
const LAYERS = ["seen-veil", "seen-fill", "seen-hatch", "seen-solid", "seen-dashed"] as const;

const WORDS: Readonly<Record<string, string>> = {
  none: "not shown",
  reserved: "grid cells only",
  volume: "volumes only",
  position: "position, rounded",
  identity: "position and identity",
};

const COLOUR: Readonly<Record<string, string>> = { none: "#93a1ae", position: "#56b4e9", identity: "#f5a524" };

interface Craft {
  readonly id: string;
  readonly level: string;
  readonly raised: boolean;
}

let drawn: DrawnVolumes = EMPTY;
let crafts: readonly Craft[] = [];

/** One's own aircraft and those that one's own sensors bring, each with the level that the recipient has. */
function craftsFor(levels: TrackLevels): readonly Craft[] {
  const all: Craft[] = [];
  for (const track of picture.peek().tracks.values()) {
    const sensed = track.source === "sensed" && track.level === "own";
    if (!sensed && !isMine(track)) continue;
    const raise = levels.raised.get(track.id);
    all.push({ id: track.id, level: raise?.level ?? (sensed ? levels.sensed : levels.own), raised: raise !== undefined });
  }
  return all;
}

/** What is drawn, for the debug state: areas, and own aircraft by the level at which the recipient has them. */
export function drawnSeen(): Readonly<Record<string, number | string>> | null {
  const shown = seenShown.peek();
  if (!shown) return null;
  const counts: Record<string, number | string> = { recipient: shown.recipient, areas: drawn.features.features.length };
  for (const { level } of crafts) counts[level] = Number(counts[level] ?? 0) + 1;
  return counts;
}

function draw({ pen, craft }: LayerFrame): void {
  for (const { id, level, raised } of crafts) {
    const at = craft(id);
    if (!at) continue;
    pen.strokeStyle = COLOUR[level] ?? INK.text;
    pen.lineWidth = raised ? 3 : 1.8;
    pen.setLineDash(level === "identity" ? [] : level === "none" ? [2, 5] : [7, 4]);
    pen.beginPath();
    pen.arc(at.px, at.py, 20, 0, 2 * Math.PI);
    pen.stroke();
    if (level !== "none") continue;
    pen.setLineDash([]);
    pen.beginPath();
    pen.moveTo(at.px - 14, at.py + 14);
    pen.lineTo(at.px + 14, at.py - 14);
    pen.stroke();
  }
}

function labels(frame: LayerFrame): readonly LayerLabel[] {
  const shown = seenShown.peek();
  if (!shown?.rows) return [];
  const of: LayerLabel[] = [];
  for (const { id, level, raised } of crafts) {
    const at = frame.craft(id);
    if (!at) continue;
    const text = `${raised ? "RAISED: " : ""}${WORDS[level] ?? level}`;
    of.push({
      key: `craft:${id}`,
      px: at.px,
      py: at.py,
      track: id,
      lines: [{ text: `to ${shown.recipient}:`, colour: INK.dim, bold: false }, { text, colour: COLOUR[level] ?? INK.text, bold: true }],
      rank: 2.9,
      always: true,
    });
  }
  for (const [i, { at: [lon, lat], lines }] of drawn.labels.entries()) {
    of.push({
      key: `item:${i}`,
      ...frame.project(lat, lon),
      at: { lat, lon },
      lines: [
        { text: `to ${shown.recipient}:`, colour: INK.dim, bold: false },
        ...lines.map((text) => ({ text, colour: INK.text, bold: false })),
      ],
      rank: 3.2,
      always: false,
    });
  }
  return of;
}

function attach(map: MapLibre): () => void {
  map.addSource(SOURCE, { type: "geojson", data: EMPTY.features, tolerance: 0.2 });
  map.addLayer({ id: "seen-veil", type: "background", paint: { "background-color": INK.sea, "background-opacity": 0 } });
  map.addLayer({ id: "seen-fill", type: "fill", source: SOURCE, paint: { "fill-color": ["get", "colour"], "fill-opacity": 0.2 } });
  map.addLayer({
    id: "seen-hatch",
    type: "fill",
    source: SOURCE,
    filter: ["!=", ["get", "hatch"], ""],
    paint: { "fill-pattern": ["get", "hatch"], "fill-opacity": 0.5 },
  });
  const line = { "line-color": ["get", "colour"], "line-width": 2.4, "line-opacity": 1 } as const;
  map.addLayer({ id: "seen-solid", type: "line", source: SOURCE, filter: ["!", ["get", "dashed"]], paint: { ...line, "line-color": ["get", "colour"] } });
  map.addLayer({
    id: "seen-dashed",
    type: "line",
    source: SOURCE,
    filter: ["get", "dashed"],
    paint: { ...line, "line-color": ["get", "colour"], "line-dasharray": [4, 3] },
  });
  const stop = effect(() => {
    const shown = seenShown.value;
    const rows = shown?.rows ?? null;
    void picture.value.tracks;
    const before = drawn;
    drawn = rows === null ? EMPTY : drawnVolumes(formsOf(rows), second.value ?? 0, horizon.value, zone.value);
    crafts = rows === null ? [] : craftsFor(trackLevelsOf(rows));
    map.setPaintProperty("seen-veil", "background-opacity", shown ? 0.72 : 0);
    if (drawn !== EMPTY || before !== EMPTY) map.getSource<GeoJSONSource>(SOURCE)?.setData(drawn.features);
    redraw();
  });
  return () => {
    stop();
    for (const id of LAYERS) map.removeLayer(id);
    map.removeSource(SOURCE);
    drawn = EMPTY;
    crafts = [];
  };
}

export function installSeenLayer(): () => void {
  let remove: (() => void) | null = null;
  const stop = effect(() => {
    const on = seenAs.value !== null;
    if (on && !remove) remove = registerLayer({ id: "seen", order: 40, attach, draw, labels });
    else if (!on && remove) {
      remove();
      remove = null;
    }
  });
  return () => {
    stop();
    remove?.();
  };
}
