// The base map, wholly from this package: land, borders, lakes and airports (made by scripts/basemap.mjs, fetched by the
// map's own worker, so that they cost the main thread nothing) and a graticule computed here. No glyphs address:
// MapLibre then draws text with the page's own fonts. Borders are Natural Earth's de facto ones and claim nothing.
import type { Feature, FeatureCollection, LineString } from "geojson";
import type { GeoJSONSourceSpecification, StyleSpecification } from "maplibre-gl";
import airportsUrl from "../../generated/airports.json?url";
import bordersUrl from "../../generated/borders.json?url";
import lakesUrl from "../../generated/lakes.json?url";
import landUrl from "../../generated/land.json?url";
import type { Position } from "../geometry/ring";
import { INK } from "../style/palette";

/** Meridians and parallels every `step` degrees; `minzoom` is carried so that one source serves all scales. */
function graticule(): FeatureCollection<LineString> {
  const features: Feature<LineString>[] = [];
  const add = (coordinates: Position[], value: number): void => {
    const level = value % 10 === 0 ? 0 : value % 5 === 0 ? 1 : 2;
    features.push({ type: "Feature", properties: { level }, geometry: { type: "LineString", coordinates } });
  };
  for (let lon = -180; lon < 180; lon++) add([[lon, -85], [lon, 85]], lon);
  for (let lat = -85; lat <= 85; lat++) add([[-180, lat], [180, lat]], lat);
  return { type: "FeatureCollection", features };
}

const FONT = ["B612"];

/** What is there from the first moment: the sea, so that volumes and aircraft need not wait for the land. */
export const BARE: StyleSpecification = {
  version: 8,
  sources: {},
  layers: [{ id: "sea", type: "background", paint: { "background-color": INK.sea } }],
};

export type BaseMap = Pick<StyleSpecification, "sources" | "layers">;

function file(url: string): GeoJSONSourceSpecification {
  return { type: "geojson", data: new URL(url, window.location.href).href, tolerance: 0.3 };
}

export function baseMap(): BaseMap {
  return {
    sources: {
      land: file(landUrl),
      borders: file(bordersUrl),
      lakes: file(lakesUrl),
      graticule: { type: "geojson", data: graticule() },
      airports: file(airportsUrl),
    },
    layers: [
      { id: "land", type: "fill", source: "land", paint: { "fill-color": INK.land } },
      { id: "lakes", type: "fill", source: "lakes", paint: { "fill-color": INK.lake } },
      ...graticuleLayers(),
      { id: "shore", type: "line", source: "land", paint: { "line-color": INK.shore, "line-width": 0.8 } },
      {
        id: "borders",
        type: "line",
        source: "borders",
        paint: { "line-color": INK.border, "line-width": ["interpolate", ["linear"], ["zoom"], 2, 0.6, 8, 1.4] },
      },
      ...airportLayers(),
    ],
  };
}

function graticuleLayers(): StyleSpecification["layers"] {
  return [0, 3.5, 6].map((minzoom, level) => ({
    id: `graticule-${level}`,
    type: "line",
    source: "graticule",
    minzoom,
    filter: ["==", ["get", "level"], level],
    paint: { "line-color": INK.graticule, "line-width": level === 0 ? 1 : 0.7 },
  }));
}

function airportLayers(): StyleSpecification["layers"] {
  return [1, 2].flatMap((rank) => {
    const minzoom = rank === 1 ? 5 : 6.5;
    return [
      {
        id: `airport-${rank}`,
        type: "circle" as const,
        source: "airports",
        minzoom,
        filter: ["==", ["get", "rank"], rank] as ["==", ["get", string], number],
        paint: {
          "circle-radius": 2.2,
          "circle-color": INK.land,
          "circle-stroke-color": INK.airport,
          "circle-stroke-width": 1,
          "circle-opacity": 0.8,
          "circle-stroke-opacity": 0.7,
        },
      },
      {
        id: `airport-name-${rank}`,
        type: "symbol" as const,
        source: "airports",
        minzoom: minzoom + 1,
        filter: ["==", ["get", "rank"], rank] as ["==", ["get", string], number],
        layout: {
          "text-font": FONT,
          "text-field": ["step", ["zoom"], ["get", "icao"], 9, ["concat", ["get", "icao"], " ", ["get", "name"]]],
          "text-size": 10,
          "text-anchor": "top" as const,
          "text-offset": [0, 0.5] as [number, number],
          "symbol-sort-key": rank,
        },
        paint: { "text-color": INK.airport, "text-halo-color": INK.land, "text-halo-width": 1, "text-opacity": 0.8 },
      } as StyleSpecification["layers"][number],
    ];
  });
}
