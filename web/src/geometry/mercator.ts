// Web Mercator in world units: x and y from 0 to 1, y downward, as MapLibre uses it; and speeds over the ground
// as world units a second. Spherical (that is what Web Mercator is): a reckoned 15 s at 250 m/s errs by 13 m.

const EARTH_CIRCUMFERENCE_M = 2 * Math.PI * 6_378_137;
const MAX_LAT_DEG = 85.051_129;

export function mercatorX(lon: number): number {
  return (lon + 180) / 360;
}

export function mercatorY(lat: number): number {
  const phi = (Math.max(-MAX_LAT_DEG, Math.min(MAX_LAT_DEG, lat)) * Math.PI) / 180;
  return (1 - Math.log(Math.tan(Math.PI / 4 + phi / 2)) / Math.PI) / 2;
}

export function lonOf(x: number): number {
  return x * 360 - 180;
}

export function latOf(y: number): number {
  return (360 / Math.PI) * Math.atan(Math.exp((1 - 2 * y) * Math.PI)) - 90;
}

/** World units that a metre on the ground takes up at this latitude. */
export function worldPerMetre(lat: number): number {
  const clamped = Math.max(-MAX_LAT_DEG, Math.min(MAX_LAT_DEG, lat));
  return 1 / (EARTH_CIRCUMFERENCE_M * Math.cos((clamped * Math.PI) / 180));
}

/** The width of the world in CSS pixels at a zoom (MapLibre's tiles are 512). */
export function worldPixels(zoom: number): number {
  return 512 * 2 ** zoom;
}
