// What panels and keys may ask of the map, whether or not it is there yet: centre, fit, zoom.
import { type Box, joinBoxes } from "../geometry/ring";
import { horizon, picture, type Selection, viewMs } from "../state/store";
import { listed } from "../state/phase";
import type { Scene } from "./scene";
import { itemBox } from "./volumes";

let scene: Scene | null = null;

export function adopt(made: Scene): void {
  scene = made;
}

export function release(old: Scene): void {
  if (scene === old) scene = null;
}

export function theScene(): Scene | null {
  return scene;
}

/** A column whose panels are less tall than this share of it leaves the map beside them free enough. */
const LEAST_SHARE = 0.5;

/** The room that the panels take from the map, in CSS pixels. */
export function covered(): { left: number; right: number } {
  if (window.innerWidth < 900) return { left: 0, right: 0 };
  const room = (slot: string): number => {
    const column = document.querySelector(`.slot-${slot}`);
    const panels = [...(column?.querySelectorAll(":scope > .panel") ?? [])];
    const taken = panels.reduce((sum, panel) => sum + panel.clientHeight, 0);
    return taken > LEAST_SHARE * (column?.clientHeight ?? 0) ? 340 : 0;
  };
  return { left: room("left"), right: room("right") };
}

export function zoomIn(): void {
  scene?.zoomBy(1);
}

export function zoomOut(): void {
  scene?.zoomBy(-1);
}

/** A box wider than this is not worth fitting: the world is shown instead. */
const WIDEST_DEG = 340;

/** Everything promised within the horizon; where nothing is, all aircraft. */
export function fitAll(): void {
  const now = viewMs() ?? 0;
  const { items, tracks } = picture.peek();
  let box: Box | null = null;
  for (const item of items.values()) if (listed(item, now, horizon.peek())) box = joinBoxes(box, itemBox(item));
  if (!box) {
    for (const { lon, lat } of tracks.values()) box = joinBoxes(box, [lon, lat, lon, lat]);
  }
  if (!box) return;
  scene?.fitBox(box[2] - box[0] > WIDEST_DEG ? [-170, -60, 170, 75] : box, covered());
}

export function centreOn(chosen: Selection): void {
  if (!chosen) return;
  if (chosen.kind === "track") {
    const at = scene?.placeOf(chosen.id);
    if (at) scene?.goTo(at.lat, at.lon, 8);
    return;
  }
  const item = picture.peek().items.get(chosen.id);
  const box = item ? itemBox(item) : null;
  if (box) scene?.fitBox(box, covered());
}
