// What is being measured: none, one or two ends, each an aircraft or a place. The first end is taken from the
// selection where an aircraft is selected.
import { computed, signal } from "@preact/signals";
import { theScene } from "../map/commands";
import { place } from "../format/place";
import { trackName } from "../format/words";
import { picture, selection } from "../state/store";

export type End =
  | { readonly kind: "track"; readonly id: string }
  | { readonly kind: "place"; readonly lat: number; readonly lon: number };

export interface Ruler {
  readonly from: End | null;
  readonly to: End | null;
}

/** Null: put away. */
export const ruler = signal<Ruler | null>(null);
/** The next click or Enter picks an end. */
export const picking = computed(() => ruler.value !== null && ruler.value.to === null);

function selectedTrack(): End | null {
  const chosen = selection.peek();
  return chosen?.kind === "track" ? { kind: "track", id: chosen.id } : null;
}

export function toggleRuler(): void {
  ruler.value = ruler.peek() ? null : { from: selectedTrack(), to: null };
}

export function pick(end: End): void {
  const now = ruler.peek();
  if (!now) return;
  ruler.value = now.from && !now.to ? { from: now.from, to: end } : { from: end, to: null };
}

function same(a: End | null, b: End | null): boolean {
  return a?.kind === "track" && b?.kind === "track" && a.id === b.id;
}

/** By keyboard: the selected aircraft, unless it is the first end already; else the middle of the map. */
export function pickHere(): void {
  const chosen = selectedTrack();
  if (chosen && !same(chosen, ruler.peek()?.from ?? null)) {
    pick(chosen);
    return;
  }
  const at = theScene()?.map.getCenter().wrap();
  if (at) pick({ kind: "place", lat: at.lat, lon: at.lng });
}

export function endWords(end: End): string {
  if (end.kind === "place") return place(end.lat, end.lon);
  const track = picture.peek().tracks.get(end.id);
  return track ? trackName(track) : `${end.id}, no longer in what is released to you`;
}
