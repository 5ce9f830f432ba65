// The map as one object: MapLibre below, the aircraft's canvas and the labels' canvas above, one frame loop. North
// is always up and the map is flat, so that screen places are simple arithmetic and the same for everything.
//
// The loop draws only when something would be seen to move: the slower the quickest aircraft on the screen, the
// rarer the frames. With prefers-reduced-motion it draws on ticks alone and the map jumps instead of flying.
// dispose() undoes all that was registered.
import { Map as MapLibre, ScaleControl, setWorkerUrl } from "maplibre-gl";
import "maplibre-gl/dist/maplibre-gl.css";
import workerUrl from "maplibre-gl/dist/maplibre-gl-worker.mjs?url";
import type { Box } from "../geometry/ring";
import { mercatorX, mercatorY, worldPixels } from "../geometry/mercator";
import type { TrackTable } from "../stream/tracks";
import { AircraftCanvas } from "./aircraft_gl";
import { BARE, type BaseMap } from "./basemap";
import { type Detail, type DetailChoice, detailFor } from "./blocks";
import { Fleet, type View } from "./fleet";
import { addHatches } from "./hatch";
import { LayerHost } from "./layer_host";
import { type AnchoredLabel, LabelCanvas, type Scenery } from "./labels";
import type { Hit } from "./layers";
import { sizesFor } from "./symbols";
import { addVolumeLayers, CLICKABLE, LOWEST, markSelected, showVolumes } from "./volume_layers";
import type { DrawnVolumes, VolumeLabel } from "./volumes";

setWorkerUrl(workerUrl);

/** How far an aircraft may move between two frames: below this the eye sees no step. */
const STEP_PX = 0.3;
const SLOWEST_FRAME_MS = 500;
const ARRANGE_MS = 300;
const REACH_PX = 16;
/** Volumes less tall than this get no label, or their name alone. */
const LEAST_NAME_PX = 12;
const LEAST_LABEL_PX = 26;

export interface Manner {
  readonly vectorMinutes: number;
  readonly detail: DetailChoice;
  readonly strength: number;
}

export interface SceneEvents {
  /** The time shown, and that at which aircraft are drawn; null before the exchange's first word. */
  viewMs(mono: number): number | null;
  craftMs(mono: number): number | null;
  /** All that lies under the pointer: aircraft, what layers drew, then volumes, the smallest first. */
  onClick(hits: readonly Hit[], at: { lat: number; lon: number }, point: { x: number; y: number }): void;
  onPointer(at: { lat: number; lon: number } | null): void;
  /** A part of the base map cannot be had. */
  onMissing(why: string): void;
}

export class Scene {
  readonly map: MapLibre;
  readonly fleet = new Fleet();
  private readonly aircraft: AircraftCanvas;
  private readonly labels: LabelCanvas;
  private readonly canvases: HTMLCanvasElement[];
  private readonly calm = window.matchMedia("(prefers-reduced-motion: reduce)");
  private readonly resize: ResizeObserver;
  private readonly layers: LayerHost;
  private volumeLabels: readonly VolumeLabel[] = [];
  private anchored: AnchoredLabel[] = [];
  private chosen: Hit | null = null;
  private manner: Manner = { vectorMinutes: 0, detail: "auto", strength: 1 };
  /** The detail of data blocks at the last placing. */
  detail: Detail = 0;
  private dirty = true;
  private arrangeDue = true;
  private lastFrame = 0;
  private lastArrange = 0;
  private frame = 0;
  private ready = false;
  private pendingVolumes: DrawnVolumes | null = null;
  private pendingBase: BaseMap | null = null;
  private based = false;
  /** Main-thread milliseconds spent drawing, summed: the debug state shows it. */
  spentMs = 0;
  framesDrawn = 0;
  /** The first frame with aircraft was drawn: marked once, for whoever measures the page. */
  private usable = false;

  constructor(
    container: HTMLElement,
    private readonly events: SceneEvents,
  ) {
    this.map = new MapLibre({
      container,
      style: BARE,
      center: [8, 47],
      zoom: 4,
      minZoom: 0.5,
      maxZoom: 17,
      maxPitch: 0,
      dragRotate: false,
      pitchWithRotate: false,
      touchPitch: false,
      attributionControl: false,
      fadeDuration: 0,
    });
    this.map.touchZoomRotate.disableRotation();
    this.map.keyboard.disableRotation();
    this.map.addControl(new ScaleControl({ unit: "nautical", maxWidth: 120 }), "bottom-left");
    const gl = layer(container, "aircraft");
    const over = layer(container, "labels");
    this.canvases = [gl, over];
    this.aircraft = new AircraftCanvas(gl);
    this.labels = new LabelCanvas(over);
    this.layers = new LayerHost(this.map, this.labels.surface, this.fleet, () => this.touch());
    this.resize = new ResizeObserver(() => this.fit());
    this.resize.observe(container);
    this.fit();
    this.listen();
    this.frame = requestAnimationFrame(this.loop);
  }

  dispose(): void {
    cancelAnimationFrame(this.frame);
    this.layers.dispose();
    this.resize.disconnect();
    this.map.remove();
    for (const canvas of this.canvases) canvas.remove();
  }

  private listen(): void {
    const { map } = this;
    map.once("style.load", () => {
      addHatches(map);
      addVolumeLayers(map);
      this.layers.attach();
      this.ready = true;
      if (this.pendingVolumes) this.setVolumes(this.pendingVolumes);
      if (this.pendingBase) this.setBase(this.pendingBase);
      this.setSelection(this.chosen);
    });
    map.on("render", () => {
      if (map.isMoving()) this.draw(performance.now());
    });
    map.on("moveend", () => this.touch());
    map.on("click", ({ point, lngLat }) => {
      this.events.onClick(this.hits(point.x, point.y), { lat: lngLat.lat, lon: lngLat.wrap().lng }, point);
    });
    map.on("mousemove", ({ point, lngLat }) => {
      const over = this.hits(point.x, point.y).length > 0;
      map.getCanvas().style.cursor = over ? "pointer" : "";
      this.events.onPointer({ lat: lngLat.lat, lon: lngLat.wrap().lng });
    });
    map.on("error", ({ error }) => this.events.onMissing(error.message));
    map.on("mouseout", () => this.events.onPointer(null));
    void document.fonts.ready.then(() => this.fit());
  }

  private hits(x: number, y: number): Hit[] {
    const id = this.fleet.nearest(x, y, REACH_PX, this.view(), this.events.craftMs(performance.now()) ?? 0);
    const aircraft: Hit[] = id === null ? [] : [{ kind: "track", id }];
    return [...aircraft, ...this.layers.hits(x, y), ...this.itemsAt(x, y).map((id): Hit => ({ kind: "item", id }))];
  }

  /** Topmost first; volumes.ts draws the smallest on top. */
  private itemsAt(x: number, y: number): string[] {
    if (!this.ready) return [];
    const found = this.map.queryRenderedFeatures([x, y], { layers: CLICKABLE });
    return [...new Set(found.map((f) => String(f.properties["ref"])))];
  }

  /** `shown`: 1 for each slot that the filters let through. */
  setTracks(tracks: TrackTable, shown: Uint8Array | null): void {
    this.fleet.update(tracks, shown, this.events.craftMs(performance.now()) ?? 0);
    this.touch();
  }

  setVolumes(drawn: DrawnVolumes): void {
    this.volumeLabels = drawn.labels;
    this.pendingVolumes = this.ready ? null : drawn;
    if (this.ready) showVolumes(this.map, drawn);
    this.touch();
  }

  /** Puts land, borders and airports under what is there already. */
  setBase(base: BaseMap): void {
    this.pendingBase = this.ready ? null : base;
    if (!this.ready) return;
    for (const [id, source] of Object.entries(base.sources)) this.map.addSource(id, source);
    for (const layer of base.layers) this.map.addLayer(layer, LOWEST);
    this.based = true;
  }

  /** The base map is there and every tile in view is drawn: screenshots wait for it. */
  get settled(): boolean {
    return this.based && this.map.loaded() && !this.map.isMoving();
  }

  /** How many different items have a volume on the screen, as MapLibre drew it. */
  get shapes(): number {
    if (!this.ready) return 0;
    const found = this.map.queryRenderedFeatures({ layers: CLICKABLE });
    return new Set(found.map((f) => String(f.properties["ref"]))).size;
  }

  setSelection(chosen: Hit | null): void {
    this.chosen = chosen;
    if (this.ready) markSelected(this.map, chosen?.kind === "item" ? chosen.id : null);
    this.touch();
  }

  /** How aircraft are drawn: minutes of their vectors, detail of their blocks, and 1 or fainter. */
  setManner(manner: Manner): void {
    this.manner = manner;
    this.touch();
  }

  /** Something changed: draw and place labels anew at the next frame. */
  touch(): void {
    this.dirty = true;
    this.arrangeDue = true;
  }

  zoomBy(steps: number): void {
    this.map.zoomTo(this.map.getZoom() + steps, { duration: this.calm.matches ? 0 : 200 });
  }

  goTo(lat: number, lon: number, zoom: number): void {
    const target = { center: [lon, lat] as [number, number], zoom: Math.max(this.map.getZoom(), zoom) };
    if (this.calm.matches) this.map.jumpTo(target);
    else this.map.easeTo({ ...target, duration: 500 });
  }

  fitBox(box: Box, padding: { left: number; right: number }): void {
    const [west, south, east, north] = box;
    this.map.fitBounds([west, Math.max(-84, south), east, Math.min(84, north)], {
      padding: { top: 90, bottom: 60, left: padding.left + 40, right: padding.right + 40 },
      maxZoom: 11,
      duration: this.calm.matches ? 0 : 500,
    });
  }

  /** Where a track is drawn now, for centring on it. */
  placeOf(id: string): { lat: number; lon: number } | null {
    return this.fleet.groundPlace(id, this.events.craftMs(performance.now()) ?? 0);
  }

  private fit(): void {
    const { clientWidth, clientHeight } = this.map.getContainer();
    const ratio = Math.min(2, window.devicePixelRatio || 1);
    for (const canvas of this.canvases) {
      canvas.width = Math.round(clientWidth * ratio);
      canvas.height = Math.round(clientHeight * ratio);
    }
    this.labels.reset(ratio);
    this.touch();
  }

  private view(): View {
    const { lng, lat } = this.map.getCenter();
    const { clientWidth: width, clientHeight: height } = this.map.getContainer();
    return { cx: mercatorX(lng), cy: mercatorY(lat), zoom: this.map.getZoom(), width, height };
  }

  private readonly loop = (mono: number): void => {
    this.frame = requestAnimationFrame(this.loop);
    if (document.hidden) return;
    const pixelsPerSecond = this.fleet.fastest * worldPixels(this.map.getZoom());
    const interval = Math.min(SLOWEST_FRAME_MS, (1000 * STEP_PX) / Math.max(0.01, pixelsPerSecond));
    const due = !this.calm.matches && mono - this.lastFrame >= interval;
    if (this.dirty || due) this.draw(performance.now());
  };

  private draw(mono: number): void {
    this.dirty = false;
    this.lastFrame = mono;
    const view = this.view();
    if (view.width === 0 || view.height === 0) return;
    const craftMs = this.events.craftMs(mono) ?? 0;
    this.anchor(view);
    const chosen = this.chosen?.kind === "track" ? this.chosen.id : null;
    const scenery: Scenery = { fleet: this.fleet, view, craftMs, volumes: this.anchored, chosen };
    this.layers.begin(view, this.events.viewMs(mono) ?? craftMs, craftMs, this.chosen);
    if (this.arrangeDue || mono - this.lastArrange > ARRANGE_MS) this.arrange(scenery, mono);
    const sizes = sizesFor(view.zoom, this.fleet.visible.length);
    const drawn = this.aircraft.draw(this.fleet, view, craftMs, { sizes, ...this.manner });
    if (!drawn) this.dirty = true;
    this.labels.draw(scenery, () => this.layers.draw());
    if (drawn && !this.usable && this.fleet.size > 0) {
      this.usable = true;
      performance.mark("aircraft drawn");
    }
    this.spentMs += performance.now() - mono;
    this.framesDrawn++;
  }

  private arrange(scenery: Scenery, mono: number): void {
    this.arrangeDue = false;
    this.lastArrange = mono;
    this.fleet.look(scenery.view, scenery.craftMs);
    this.detail = detailFor(scenery.view.zoom, this.fleet.visible.length, this.manner.detail);
    this.labels.arrange(scenery, this.layers.labels(), this.detail);
  }

  /** The largest distance in pixels between where the shader and where the processor put an aircraft: for tests. */
  twinError(): number {
    const view = this.view();
    const now = this.events.craftMs(performance.now()) ?? 0;
    this.fleet.look(view, now);
    const drawn = this.aircraft.probe(this.fleet, view, now);
    const { px, py } = this.fleet;
    return Math.max(0, ...this.fleet.visible.map((i) => Math.hypot(drawn[2 * i]! - px[i]!, drawn[2 * i + 1]! - py[i]!)));
  }

  /** Draws now, and says how many pixels aircraft and their vectors cover: for tests. */
  get inked(): number {
    this.draw(performance.now());
    return this.aircraft.inked();
  }

  get uploads(): number {
    return this.aircraft.uploads;
  }

  get texts(): Readonly<Record<string, readonly string[]>> {
    return this.labels.texts;
  }

  get blocks(): number {
    return this.labels.aircraftBlocks;
  }

  /** Screen places of the volumes' labels; those of volumes too small to see are moved off it. */
  private anchor(view: View): void {
    const world = worldPixels(view.zoom);
    this.anchored = this.volumeLabels.map((label) => {
      const [lon, lat] = label.at;
      const dx = mercatorX(lon) - view.cx;
      const height = ((label.spanDeg / 360) * world) / Math.max(0.1, Math.cos((lat * Math.PI) / 180));
      return {
        ...label,
        nameOnly: height < LEAST_LABEL_PX,
        px: height >= LEAST_NAME_PX ? (dx - Math.round(dx)) * world + view.width / 2 : -9999,
        py: (mercatorY(lat) - view.cy) * world + view.height / 2,
      };
    });
  }
}

function layer(container: HTMLElement, name: string): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  canvas.className = `overlay overlay-${name}`;
  canvas.setAttribute("aria-hidden", "true");
  container.append(canvas);
  return canvas;
}
