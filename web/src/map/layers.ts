// Where a subject puts its own drawing on the map: a layer is registered once, whether or not the map is there yet,
// and handed back as a function that takes all of it away again. The scene (scene.ts) asks the layers each frame.
import type { Map as MapLibre } from "maplibre-gl";
import { signal } from "@preact/signals";
import type { Line } from "./blocks";
import type { View } from "./fleet";

export type Hit =
  | { readonly kind: "track"; readonly id: string }
  | { readonly kind: "item"; readonly id: string }
  | { readonly kind: "alert"; readonly id: string };

export interface ScreenPlace {
  readonly px: number;
  readonly py: number;
}

/** What a layer may ask while it draws. Coordinates are CSS pixels from the top left. */
export interface LayerFrame {
  readonly pen: CanvasRenderingContext2D;
  readonly view: View;
  /** The time shown; and that at which aircraft are drawn, which in look-ahead is the present. */
  readonly viewMs: number;
  readonly craftMs: number;
  readonly chosen: Hit | null;
  /** Of the copy of the world nearest to the middle. */
  project(lat: number, lon: number): ScreenPlace;
  /** Where a track is drawn just now; null where it is not in the picture. */
  craft(trackId: string): (ScreenPlace & { readonly lat: number; readonly lon: number }) | null;
}

/** A text that is placed together with the data blocks, so that they do not cover each other. */
export interface LayerLabel extends ScreenPlace {
  /** The same from frame to frame, and unlike any other of the layer's. */
  readonly key: string;
  readonly lines: readonly Line[];
  /** Lower is placed first: emergencies are 1, one's own aircraft 3, volumes 5, broadcasts 6. */
  readonly rank: number;
  /** Placed over others if it must be. */
  readonly always: boolean;
  /** Between two placings it follows this track, or else this place on the ground. */
  readonly track?: string;
  readonly at?: { readonly lat: number; readonly lon: number };
}

export interface MapLayer {
  readonly id: string;
  /** Larger is drawn later, over the others. The range and bearing line is at 50. */
  readonly order?: number;
  /** Called once MapLibre's style is there: add sources and layers, and give back what takes them away. */
  attach?(map: MapLibre): () => void;
  /** On the canvas over the aircraft and under the data blocks, each frame that is drawn. */
  draw?(frame: LayerFrame): void;
  /** Asked about three times a second. */
  labels?(frame: LayerFrame): readonly LayerLabel[];
  /** What of this layer lies under the pointer, nearest first. Comes after aircraft and before volumes. */
  hits?(px: number, py: number): readonly Hit[];
}

const registered = new Set<MapLayer>();
const registry = signal(0);
const painters = new Set<() => void>();

export type Dispose = () => void;

export function registerLayer(layer: MapLayer): Dispose {
  registered.add(layer);
  registry.value++;
  redraw();
  return () => {
    registered.delete(layer);
    registry.value++;
    redraw();
  };
}

/** The layers in their order. Reading it in an effect follows what is registered and taken away. */
export function layers(): readonly MapLayer[] {
  void registry.value;
  return [...registered].sort((a, b) => (a.order ?? 0) - (b.order ?? 0));
}

/** Something that a layer draws has changed: a frame is drawn soon. */
export function redraw(): void {
  for (const paint of painters) paint();
}

/** For the scene: what draws a frame. */
export function onRedraw(paint: () => void): Dispose {
  painters.add(paint);
  return () => painters.delete(paint);
}
