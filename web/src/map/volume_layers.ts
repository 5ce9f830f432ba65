// The MapLibre layers that draw volumes. MapLibre's dash pattern cannot depend on a feature, so dashed and solid
// outlines are two layers over one source; everything else is a property of the feature (volumes.ts).
import type { ExpressionSpecification, GeoJSONSource, Map as MapLibre } from "maplibre-gl";
import { INK } from "../style/palette";
import type { DrawnVolumes } from "./volumes";

const SOURCE = "volumes";
export const CLICKABLE = ["volume-fill"];
/** The base map goes under this layer. */
export const LOWEST = "volume-fill";

const get = (name: string): ExpressionSpecification => ["get", name];

export function addVolumeLayers(map: MapLibre): void {
  map.addSource(SOURCE, { type: "geojson", data: { type: "FeatureCollection", features: [] }, tolerance: 0.2 });
  map.addLayer({
    id: "volume-fill",
    type: "fill",
    source: SOURCE,
    paint: { "fill-color": get("colour"), "fill-opacity": get("fill"), "fill-antialias": false },
  });
  map.addLayer({
    id: "volume-hatch",
    type: "fill",
    source: SOURCE,
    filter: ["!=", get("hatch"), ""],
    paint: { "fill-pattern": get("hatch"), "fill-opacity": ["*", get("line"), 0.45] },
  });
  map.addLayer({
    id: "volume-selected",
    type: "line",
    source: SOURCE,
    filter: ["==", get("ref"), ""],
    layout: { "line-join": "round" },
    paint: { "line-color": INK.text, "line-opacity": 0.4, "line-width": 9 },
  });
  map.addLayer({
    id: "volume-own-casing",
    type: "line",
    source: SOURCE,
    filter: get("own"),
    layout: { "line-join": "round" },
    paint: { "line-color": "#ffffff", "line-opacity": ["*", get("line"), 0.55], "line-width": 1, "line-offset": 3 },
  });
  map.addLayer({
    id: "volume-solid",
    type: "line",
    source: SOURCE,
    filter: ["!", get("dashed")],
    layout: { "line-join": "round" },
    paint: { "line-color": get("colour"), "line-opacity": get("line"), "line-width": get("width") },
  });
  map.addLayer({
    id: "volume-dashed",
    type: "line",
    source: SOURCE,
    filter: get("dashed"),
    paint: {
      "line-color": get("colour"),
      "line-opacity": get("line"),
      "line-width": get("width"),
      "line-dasharray": [4, 3],
    },
  });
}

export function showVolumes(map: MapLibre, drawn: DrawnVolumes): void {
  map.getSource<GeoJSONSource>(SOURCE)?.setData(drawn.features);
}

export function markSelected(map: MapLibre, ref: string | null): void {
  map.setFilter("volume-selected", ["==", get("ref"), ref ?? ""]);
}
