// The hand on the map while a route is drawn: a click adds a waypoint, one on a waypoint chooses it; pulling a waypoint
// moves it, and pulling the middle of a leg makes a new one there. Mouse and one finger alike. The keys that do the
// same are in index.ts.
import type { Map as MapLibre, MapMouseEvent, MapTouchEvent } from "maplibre-gl";
import { addWaypoint, chosen, drawing, planOpen, setWaypoint } from "./state";
import { filed, forgetOutcome } from "./filing";

/** Where the waypoints and the middles of the legs were drawn last (layer.ts): what a hand can take hold of. */
export const spots: { id: number; px: number; py: number }[] = [];
export const handles: { after: number; px: number; py: number }[] = [];

const REACH_PX = 14;
/** Less than this is a click and no pull. */
const LEAST_PULL_PX = 4;

type At = { readonly x: number; readonly y: number };

function nearest<T extends { px: number; py: number }>(all: readonly T[], { x, y }: At): T | null {
  let best: T | null = null;
  let reach = REACH_PX;
  for (const one of all) {
    const far = Math.hypot(one.px - x, one.py - y);
    if (far > reach) continue;
    best = one;
    reach = far;
  }
  return best;
}

/** True where the click was the plan's and is nobody else's. */
export function clickPlan(at: { lat: number; lon: number }, point: At): boolean {
  if (!planOpen.peek()) return false;
  const spot = nearest(spots, point);
  if (spot) {
    chosen.value = spot.id;
    return true;
  }
  if (!drawing.peek()) return false;
  if (filed.peek().state !== "unknown") forgetOutcome();
  addWaypoint(at, nearest(handles, point)?.after);
  return true;
}

interface Pull {
  readonly from: At;
  id: number | null;
  /** The leg whose middle was taken: it gets a waypoint once the hand has moved. */
  readonly after: number | null;
  moved: boolean;
}

export function watchHand(map: MapLibre): () => void {
  let pull: Pull | null = null;

  const down = (event: MapMouseEvent | MapTouchEvent): void => {
    const original = event.originalEvent;
    if (!planOpen.peek() || ("button" in original && original.button !== 0) || ("points" in event && event.points.length > 1)) return;
    const spot = nearest(spots, event.point);
    const handle = spot ? null : nearest(handles, event.point);
    if (!spot && !handle) return;
    event.preventDefault();
    pull = { from: event.point, id: spot?.id ?? null, after: handle?.after ?? null, moved: false };
  };
  const move = (event: MapMouseEvent | MapTouchEvent): void => {
    if (!pull) return;
    const { x, y } = event.point;
    if (!pull.moved && Math.hypot(x - pull.from.x, y - pull.from.y) < LEAST_PULL_PX) return;
    pull.moved = true;
    const { lat, lng: lon } = event.lngLat.wrap();
    if (pull.id === null && pull.after !== null) pull.id = addWaypoint({ lat, lon }, pull.after).id;
    else if (pull.id !== null) setWaypoint(pull.id, { lat, lon });
    if (pull.id !== null) chosen.value = pull.id;
  };
  const up = (): void => {
    pull = null;
  };

  const kinds = { down: ["mousedown", "touchstart"], move: ["mousemove", "touchmove"], up: ["mouseup", "touchend", "touchcancel"] } as const;
  for (const kind of kinds.down) map.on(kind, down);
  for (const kind of kinds.move) map.on(kind, move);
  for (const kind of kinds.up) map.on(kind, up);
  window.addEventListener("mouseup", up);
  return () => {
    for (const kind of kinds.down) map.off(kind, down);
    for (const kind of kinds.move) map.off(kind, move);
    for (const kind of kinds.up) map.off(kind, up);
    window.removeEventListener("mouseup", up);
  };
}
