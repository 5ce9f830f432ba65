// Runs the registered layers (layers.ts) for the scene: attaches them to MapLibre when its style is there, follows what
// is registered and taken away, and gives each frame to them. dispose() takes away all that they added.
import { effect } from "@preact/signals";
import type { Map as MapLibre } from "maplibre-gl";
import { type Fleet, toScreen, type View } from "./fleet";
import { type Dispose, type Hit, type LayerFrame, type LayerLabel, layers, type MapLayer, onRedraw } from "./layers";

export class LayerHost {
  private readonly attached = new Map<MapLayer, Dispose | null>();
  private readonly stops: Dispose[];
  private styled = false;
  private frame: LayerFrame | null = null;

  constructor(
    private readonly map: MapLibre,
    private readonly pen: CanvasRenderingContext2D,
    private readonly fleet: Fleet,
    touch: () => void,
  ) {
    this.stops = [effect(() => this.follow(layers())), onRedraw(touch)];
  }

  /** The style is there: sources and layers may be added. */
  attach(): void {
    this.styled = true;
    this.follow(layers());
  }

  private follow(wanted: readonly MapLayer[]): void {
    if (!this.styled) return;
    for (const [layer, detach] of this.attached) {
      if (wanted.includes(layer)) continue;
      detach?.();
      this.attached.delete(layer);
    }
    for (const layer of wanted) {
      if (!this.attached.has(layer)) this.attached.set(layer, layer.attach?.(this.map) ?? null);
    }
  }

  begin(view: View, viewMs: number, craftMs: number, chosen: Hit | null): void {
    const { pen, fleet } = this;
    this.frame = {
      pen,
      view,
      viewMs,
      craftMs,
      chosen,
      project: (lat, lon) => toScreen(lat, lon, view),
      craft: (id) => {
        const slot = fleet.slot(id);
        const at = slot < 0 ? null : fleet.groundPlace(id, craftMs);
        if (!at) return null;
        fleet.place(slot, view, craftMs);
        return { px: fleet.px[slot]!, py: fleet.py[slot]!, ...at };
      },
    };
  }

  draw(): void {
    const { frame } = this;
    if (!frame) return;
    for (const layer of layers()) {
      if (!layer.draw) continue;
      frame.pen.save();
      layer.draw(frame);
      frame.pen.restore();
    }
  }

  labels(): LayerLabel[] {
    const { frame } = this;
    if (!frame) return [];
    return layers().flatMap((layer) =>
      (layer.labels?.(frame) ?? []).map((label) => ({ ...label, key: `${layer.id}:${label.key}` })),
    );
  }

  hits(px: number, py: number): Hit[] {
    return [...layers()].reverse().flatMap((layer) => layer.hits?.(px, py) ?? []);
  }

  dispose(): void {
    for (const stop of this.stops) stop();
    for (const detach of this.attached.values()) detach?.();
    this.attached.clear();
  }
}
