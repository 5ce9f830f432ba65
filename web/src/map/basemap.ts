// The base map, wholly from this package: land and borders (npm world-atlas, Natural Earth 1:50m, ISC), lakes
// (generated/lakes.json), a graticule computed here, and airports (data/airports.json). No glyphs address: MapLibre
// then draws text with the page's own fonts. Borders are Natural Earth's de facto ones and claim nothing.
import type { Feature, FeatureCollection, LineString, MultiLineString, MultiPolygon, Point } from "geojson";
import type { StyleSpecification } from "maplibre-gl";
import { feature, mesh } from "topojson-client";
import type { GeometryCollection, Topology } from "topojson-specification";
import airportsUrl from "../../data/airports.json?url";
import lakesUrl from "../../generated/lakes.json?url";
import worldUrl from "world-atlas/countries-50m.json?url";
import { type Position, unwrap } from "../geometry/ring";
import { INK } from "../style/palette";

type World = Topology<{ countries: GeometryCollection; land: GeometryCollection }>;
type AirportRow = [icao: string, iata: string, name: string, lat: number, lon: number, rank: number];

/** Rings are unwrapped: raw world-atlas polygons jump across the map at the antimeridian. */
function landOf(world: World): Feature<MultiPolygon> {
  const coordinates = feature(world, world.objects.land).features.flatMap(({ geometry }) => {
    const polygons =
      geometry.type === "Polygon"
        ? [geometry.coordinates]
        : geometry.type === "MultiPolygon"
          ? geometry.coordinates
          : [];
    return polygons.map((rings) => rings.map((ring) => unwrap(ring as Position[])));
  });
  return { type: "Feature", properties: {}, geometry: { type: "MultiPolygon", coordinates } };
}

function bordersOf(world: World): MultiLineString {
  return mesh(world, world.objects.countries, (a, b) => a !== b);
}

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

function airportsOf(rows: readonly AirportRow[]): FeatureCollection<Point> {
  return {
    type: "FeatureCollection",
    features: rows.map(([icao, iata, name, lat, lon, rank]) => ({
      type: "Feature",
      properties: { icao, iata, name, rank },
      geometry: { type: "Point", coordinates: [lon, lat] },
    })),
  };
}

async function load<T>(url: string): Promise<T> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`the base map's ${url} answered ${response.status}`);
  return (await response.json()) as T;
}

const FONT = ["B612"];

/** What is there from the first moment: the sea, so that volumes and aircraft need not wait for the land. */
export const BARE: StyleSpecification = {
  version: 8,
  sources: {},
  layers: [{ id: "sea", type: "background", paint: { "background-color": INK.sea } }],
};

export type BaseMap = Pick<StyleSpecification, "sources" | "layers">;

export async function baseMap(): Promise<BaseMap> {
  const [world, lakes, airports] = await Promise.all([
    load<World>(worldUrl),
    load<Feature<MultiPolygon>>(lakesUrl),
    load<AirportRow[]>(airportsUrl),
  ]);
  return {
    sources: {
      land: { type: "geojson", data: landOf(world), tolerance: 0.3 },
      borders: { type: "geojson", data: bordersOf(world), tolerance: 0.3 },
      lakes: { type: "geojson", data: lakes },
      graticule: { type: "geojson", data: graticule() },
      airports: { type: "geojson", data: airportsOf(airports) },
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
