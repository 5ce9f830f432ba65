// What the plan draws over the map's volumes: its own volumes, those of an alternative that is looked at, and what is in the
// way, as released. Pure: values -> GeoJSON. Nothing rests on colour: the plan is dashed and says "PLAN", an
// alternative is dotted and says so, what is in the way has a thick double line and the number that it has in the list.
import type { Feature, FeatureCollection, MultiPolygon, Polygon } from "geojson";
import type { ReleasedItem, ReservedVolume, Volume4D } from "../wire/types";
import { ringsOf, volumesOf } from "../map/volumes";
import { timeOf } from "../state/phase";
import type { ConflictItem } from "./answers";

/** plan, hit: volumes of the plan, the latter in somebody's way; other: an alternative's; way: what is in the way. */
export type MarkKind = "plan" | "hit" | "other" | "way";

export interface MarkProperties {
  readonly kind: MarkKind;
  /** In look-ahead: not in use at the time shown. */
  readonly faint: boolean;
  readonly ref: string;
}

export type Marks = FeatureCollection<Polygon | MultiPolygon, MarkProperties>;

export interface Drawn {
  readonly volumes: readonly Volume4D[];
  readonly conflicts: readonly ConflictItem[];
  readonly other: readonly Volume4D[];
  /** The time looked ahead to, or null: all volumes count alike. */
  readonly atMs: number | null;
}

type Any = Volume4D | ReservedVolume;

function slotOf(volume: Any): { startMs: number; endMs: number } {
  return { startMs: Date.parse(volume.start), endMs: Date.parse(volume.end) };
}

/** In use at the time that is looked ahead to; without one everything is. */
export function inUse(volume: Any, atMs: number | null): boolean {
  return atMs === null || timeOf(slotOf(volume), atMs) === "now";
}

function feature(volume: Any, kind: MarkKind, faint: boolean, ref: string): Feature<Polygon | MultiPolygon, MarkProperties> {
  const rings = ringsOf(volume);
  return {
    type: "Feature",
    geometry:
      rings.length === 1
        ? { type: "Polygon", coordinates: [rings[0]!] }
        : { type: "MultiPolygon", coordinates: rings.map((ring) => [ring]) },
    properties: { kind, faint, ref },
  };
}

/** Of what is in the way those volumes that meet one of the plan's volumes in time: the rest of a long route is not. */
export function inTheWay({ item, volumes: numbers }: ConflictItem, volumes: readonly Volume4D[]): readonly Any[] {
  const hit = numbers.flatMap((number) => (volumes[number] ? [slotOf(volumes[number])] : []));
  const all = volumesOf(item);
  const meets = all.filter((volume) => {
    const { startMs, endMs } = slotOf(volume);
    return hit.some((slot) => slot.startMs < endMs && startMs < slot.endMs);
  });
  return meets.length > 0 ? meets : all;
}

export function marks({ volumes, conflicts, other, atMs }: Drawn): Marks {
  const hit = new Set(conflicts.flatMap(({ volumes: numbers }) => numbers));
  return {
    type: "FeatureCollection",
    features: [
      ...volumes.map((volume, i) => feature(volume, hit.has(i) ? "hit" : "plan", !inUse(volume, atMs), "")),
      ...conflicts.flatMap((conflict) =>
        inTheWay(conflict, volumes).map((volume) => feature(volume, "way", !inUse(volume, atMs), conflict.item.ref)),
      ),
      ...other.map((volume) => feature(volume, "other", !inUse(volume, atMs), "")),
    ],
  };
}

/** What holds the item's volumes together in one box, for flying there. */
export function wayItem(conflict: ConflictItem, volumes: readonly Volume4D[]): ReleasedItem {
  const way = inTheWay(conflict, volumes);
  const exact = way.filter((volume): volume is Volume4D => "outline" in volume);
  const reserved = way.filter((volume): volume is ReservedVolume => !("outline" in volume));
  return { ...conflict.item, volumes: exact, reserved };
}
