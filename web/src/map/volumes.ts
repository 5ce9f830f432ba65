// Intents and constraints as drawable features. Pure: (items, time, horizon) -> GeoJSON and labels.
//
// Solid only where it is in force and its time contains now; everything else is dashed, and what is yet to come
// is faint. Own things carry `own` and are cased in white. A reserved item is drawn as what was released: its
// grid cells. Volumes that are over are not drawn, except an off-nominal intent's, whose aircraft may still be there.
import type { Feature, FeatureCollection, MultiPolygon, Polygon } from "geojson";
import type { ReleasedItem, ReservedVolume, Volume4D } from "../wire/types";
import { band } from "../format/heights";
import { moment, slot, type Zone } from "../format/time";
import { itemName, itemWords } from "../format/words";
import { reservedRings, shapeRing } from "../geometry/geodesic";
import { type Box, boxOf, joinBoxes, type Position } from "../geometry/ring";
import { inForce, isFinal, offNominal, type Slot, slotsOf, type Time, timeOf, within } from "../state/phase";
import type { Horizon } from "../state/store";
import type { ToneName } from "../style/palette";
import { TONE } from "../style/palette";
import { hatchName } from "./hatch";

export interface VolumeProperties {
  readonly ref: string;
  readonly tone: ToneName;
  readonly colour: string;
  readonly hatch: string;
  readonly dashed: boolean;
  readonly own: boolean;
  readonly fill: number;
  readonly line: number;
  readonly width: number;
}

export interface VolumeLabel {
  readonly ref: string;
  readonly at: Position;
  readonly lines: readonly string[];
  readonly tone: ToneName;
  readonly faint: boolean;
  /** Degrees of latitude that the volume spans: a label is not shown for a volume of a few pixels. */
  readonly spanDeg: number;
}

export interface DrawnVolumes {
  readonly features: FeatureCollection<Polygon | MultiPolygon, VolumeProperties>;
  readonly labels: readonly VolumeLabel[];
}

const rings = new WeakMap<object, Position[][]>();

/** A volume's rings, solved once for each volume received. */
export function ringsOf(volume: Volume4D | ReservedVolume): Position[][] {
  let known = rings.get(volume);
  if (!known) {
    known = "outline" in volume ? [shapeRing(volume.outline)] : reservedRings(volume);
    rings.set(volume, known);
  }
  return known;
}

export function itemBox(item: ReleasedItem): Box | null {
  return volumesOf(item)
    .map((volume) => ringsOf(volume).reduce<Box | null>((box, ring) => joinBoxes(box, boxOf([ring])), null))
    .reduce<Box | null>(joinBoxes, null);
}

export function volumesOf(item: ReleasedItem): readonly (Volume4D | ReservedVolume)[] {
  return [...(item.volumes ?? []), ...(item.reserved ?? [])];
}

export function toneOf(item: ReleasedItem): ToneName {
  if (item.level === "reserved") return "reserved";
  if (item.state === "Nonconforming") return "nonconforming";
  if (item.state === "Contingent") return "contingent";
  if (item.kind === "constraint") return item.constraint_kind === "advisory" ? "advisory" : "closed";
  return item.level === "own" ? "own" : "other";
}

export function drawnVolumes(
  items: Iterable<ReleasedItem>,
  nowMs: number,
  horizon: Horizon,
  zone: Zone,
): DrawnVolumes {
  const features: Feature<Polygon | MultiPolygon, VolumeProperties>[] = [];
  const labels: VolumeLabel[] = [];
  for (const item of items) {
    if (isFinal(item)) continue;
    const slots = slotsOf(item);
    const titled = titledSlot(slots, nowMs);
    volumesOf(item).forEach((volume, i) => {
      const time = timeOf(slots[i]!, nowMs);
      const shown = time === "over" ? offNominal(item) : offNominal(item) || within(slots[i]!, nowMs, horizon);
      if (!shown) return;
      features.push(featureOf(item, volume, time));
      labels.push(labelOf(item, volume, time, i === titled, nowMs, zone));
    });
  }
  // Largest first, so that a small volume inside a large one is drawn, and clicked, on top.
  features.sort((a, b) => extent(b) - extent(a));
  return { features: { type: "FeatureCollection", features }, labels };
}

function featureOf(
  item: ReleasedItem,
  volume: Volume4D | ReservedVolume,
  time: Time,
): Feature<Polygon | MultiPolygon, VolumeProperties> {
  const tone = toneOf(item);
  const now = time === "now";
  const solid = now && inForce(item);
  const all = ringsOf(volume);
  return {
    type: "Feature",
    geometry:
      all.length === 1
        ? { type: "Polygon", coordinates: [all[0]!] }
        : { type: "MultiPolygon", coordinates: all.map((ring) => [ring]) },
    properties: {
      ref: item.ref,
      tone,
      colour: TONE[tone],
      hatch: hatchName(tone) ?? "",
      dashed: !solid,
      own: item.level === "own",
      fill: solid ? 0.16 : now ? 0.08 : 0.03,
      line: now ? (solid ? 1 : 0.9) : 0.5,
      width: solid ? 2 : 1.4,
    },
  };
}

function labelOf(
  item: ReleasedItem,
  volume: Volume4D | ReservedVolume,
  time: Time,
  titled: boolean,
  nowMs: number,
  zone: Zone,
): VolumeLabel {
  const box = boxOf(ringsOf(volume)) ?? [0, 0, 0, 0];
  const heights =
    "outline" in volume
      ? band(volume.lower, volume.upper)
      : band(
          { value_m: volume.lower_w84_m, datum: "W84" },
          { value_m: volume.upper_w84_m, datum: "W84" },
        );
  const startMs = Date.parse(volume.start);
  const endMs = Date.parse(volume.end);
  const when =
    item.level === "reserved"
      ? slot(startMs, endMs, nowMs, zone)
      : time === "later"
        ? `from ${moment(startMs, nowMs, zone)}`
        : `until ${moment(endMs, nowMs, zone)}`;
  return {
    ref: item.ref,
    at: centreOf(volume, box),
    lines: titled ? [title(item), heights, when] : [heights, when],
    tone: toneOf(item),
    faint: time === "later",
    spanDeg: box[3] - box[1],
  };
}

/** The volume that carries the item's name, of a row of many: the first that is in use, else the next. */
function titledSlot(slots: readonly Slot[], nowMs: number): number {
  const now = slots.findIndex((slot) => timeOf(slot, nowMs) === "now");
  return Math.max(0, now >= 0 ? now : slots.findIndex((slot) => timeOf(slot, nowMs) === "later"));
}

function title(item: ReleasedItem): string {
  if (item.level === "reserved") return itemWords(item);
  const own = item.level === "own" ? "OWN " : "";
  const state = offNominal(item) ? (item.state ?? "").toUpperCase() : (item.state ?? "");
  const kind = item.kind === "constraint" ? ` ${item.constraint_kind ?? ""}` : "";
  return `${own}${itemName(item)} · ${state}${kind}`;
}

/** The label's anchor: a circle's centre, else the centroid of the ring, else the middle of the cells. */
function centreOf(volume: Volume4D | ReservedVolume, box: Box): Position {
  if ("outline" in volume && volume.outline.type === "polygon") {
    return centroid(ringsOf(volume)[0] ?? []) ?? [(box[0] + box[2]) / 2, (box[1] + box[3]) / 2];
  }
  return [(box[0] + box[2]) / 2, (box[1] + box[3]) / 2];
}

function centroid(ring: readonly Position[]): Position | null {
  let area = 0;
  let x = 0;
  let y = 0;
  for (let i = 1; i < ring.length; i++) {
    const [ax, ay] = ring[i - 1]!;
    const [bx, by] = ring[i]!;
    const cross = ax * by - bx * ay;
    area += cross;
    x += (ax + bx) * cross;
    y += (ay + by) * cross;
  }
  return Math.abs(area) < 1e-12 ? null : [x / (3 * area), y / (3 * area)];
}

function extent(feature: Feature<Polygon | MultiPolygon, VolumeProperties>): number {
  const all =
    feature.geometry.type === "Polygon" ? feature.geometry.coordinates : feature.geometry.coordinates.flat();
  const box = boxOf(all as Position[][]);
  return box ? (box[2] - box[0]) * (box[3] - box[1]) : 0;
}
