// The types of basemap.mjs, which vite.config.ts runs.
export function writeBaseMap(web: string, unwrap: (ring: [number, number][]) => [number, number][]): void;
