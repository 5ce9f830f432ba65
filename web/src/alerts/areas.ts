// The areas that belong to alerts: the grid cells of a side whose position is not released, and the volume that is
// entered. Pure: alerts -> GeoJSON and labels, drawn as what was released and nothing finer.
import type { Feature, FeatureCollection, MultiPolygon } from "geojson";
import type { Alert, AlertLevel, ReleasedItem, ReservedVolume, Volume4D } from "../wire/types";
import { band } from "../format/heights";
import { type Box, boxOf, joinBoxes } from "../geometry/ring";
import { ringsOf, volumesOf } from "../map/volumes";
import { LEVEL } from "./levels";
import { msOf } from "./words";

export interface AreaProperties {
  readonly ref: string;
  readonly level: AlertLevel;
  readonly colour: string;
  readonly kind: "cells" | "entered";
  readonly selected: boolean;
  readonly strength: number;
}

export interface AreaLabel {
  readonly key: string;
  readonly ref: string;
  readonly lat: number;
  readonly lon: number;
  readonly lines: readonly string[];
}

export interface Areas {
  readonly features: FeatureCollection<MultiPolygon, AreaProperties>;
  readonly labels: readonly AreaLabel[];
}

export function areasOf(
  alerts: Iterable<Alert>,
  items: { get(ref: string): ReleasedItem | undefined },
  selected: string | null,
): Areas {
  const features: Feature<MultiPolygon, AreaProperties>[] = [];
  const labels: AreaLabel[] = [];
  for (const alert of alerts) {
    const add = (volume: Volume4D | ReservedVolume, kind: AreaProperties["kind"]): void => {
      features.push({
        type: "Feature",
        geometry: { type: "MultiPolygon", coordinates: ringsOf(volume).map((ring) => [ring]) },
        properties: {
          ref: alert.ref,
          level: alert.level,
          colour: LEVEL[alert.level].colour,
          kind,
          selected: alert.ref === selected,
          strength: alert.state === "acknowledged" ? 0.7 : 1,
        },
      });
    };
    alert.sides.forEach(({ reserved }, i) => {
      if (!reserved) return;
      add(reserved, "cells");
      const box = boxOf(ringsOf(reserved));
      if (box) labels.push(cellsLabel(alert, reserved, box, i));
    });
    for (const volume of enteredVolumes(alert, items)) add(volume, "entered");
  }
  return { features: { type: "FeatureCollection", features }, labels };
}

/** Top middle of the cells: the alert's own label hangs at the aircraft. */
function cellsLabel(alert: Alert, reserved: ReservedVolume, box: Box, side: number): AreaLabel {
  const heights = band(
    { value_m: reserved.lower_w84_m, datum: "W84" },
    { value_m: reserved.upper_w84_m, datum: "W84" },
  );
  const cells = `${reserved.cells.length} grid ${reserved.cells.length === 1 ? "cell" : "cells"}`;
  return {
    key: `${alert.ref}:${side}`,
    ref: alert.ref,
    lat: (box[1] + box[3]) / 2,
    lon: (box[0] + box[2]) / 2,
    lines: ["a participant is within", heights, alert.advisory ? `advisory · ${cells}` : cells],
  };
}

/** Of the item that is entered, the volumes in use at that time; all of them where none says so. */
export function enteredVolumes(
  alert: Alert,
  items: { get(ref: string): ReleasedItem | undefined },
): readonly (Volume4D | ReservedVolume)[] {
  if (alert.kind !== "incursion" || !alert.item) return [];
  const item = items.get(alert.item);
  if (!item) return [];
  const at = msOf(alert.enters_at) ?? msOf(alert.updated_at) ?? 0;
  const all = volumesOf(item);
  const then = all.filter((volume) => Date.parse(volume.start) <= at && at < Date.parse(volume.end));
  return then.length > 0 ? then : all;
}

/** All of the alert that has a place, for flying there. */
export function boxAround(
  points: readonly { lat: number; lon: number }[],
  volumes: readonly (Volume4D | ReservedVolume)[],
  margin_deg: number,
): Box | null {
  let box: Box | null = null;
  for (const { lat, lon } of points) box = joinBoxes(box, [lon, lat, lon, lat]);
  for (const volume of volumes) box = joinBoxes(box, boxOf(ringsOf(volume)));
  return box && [box[0] - margin_deg, box[1] - margin_deg, box[2] + margin_deg, box[3] + margin_deg];
}
