// window.__comity: what the page knows of itself, for tests and for a person with a console. Read only: a frozen
// object of getters, each computing a fresh plain value; nothing in it changes the page. It holds no token.
//
//   __comity.connection  {phase, live, attempt, detail}
//   __comity.participant {id, name} or null
//   __comity.asOf        RFC 3339 text or null
//   __comity.frames      snapshots and ticks applied
//   __comity.alerts      counts by level and by state
//   __comity.alertAreas  {cells, entered}: areas of alerts that are drawn
//   __comity.seen        {recipient, areas, ...own aircraft by level} while the map is as another has it, or null
//   __comity.plan        {open, waypoints, volumes, conflicts, alternatives, drawn} of the flight being planned
//   __comity.viewTime    {mode, ms}: live, replay or ahead
//   __comity.items       {own, volume, reserved}: counts by level
//   __comity.tracks      {own, broadcast, position, identity, stale, emergency}
//   __comity.volumes     drawn now: {solid, dashed, hatched, own}
//   __comity.drawing     {frames, spentMs, visible, settled, shapes, detail, uploads, blocks}: the map's own drawing on
//                        the main thread; how many items have a volume on the screen; the data blocks' level of
//                        detail and how many found a place; how often records went to the graphics card
//   __comity.shown       ids of the aircraft that the filters let through
//   __comity.texts       the lines of every label on the map, by key: "t:" and a track's id, "v:" a volume, "l:" a layer's
//   __comity.inked       pixels that aircraft and their vectors cover
//   __comity.twinError   pixels between where the shader and where the processor put an aircraft in view, at most
//   __comity.camera      {lat, lon, zoom} or null
//   __comity.places      {id: {lat, lon}} of the aircraft in view, where they are drawn just now
import { drawnAreas } from "../alerts/layer";
import { drawnPlan } from "../plan/layer";
import { draft, inWay, offered, plan, planOpen } from "../plan/state";
import { drawnSeen } from "../seen/layer";
import { theScene } from "../map/commands";
import { drawnVolumes } from "../map/volumes";
import { sieve } from "./filters";
import { horizon, link, live, picture, streamed, viewMs, viewTime, zone } from "./store";

function counted<T>(values: Iterable<T>, keys: (value: T) => readonly string[], zero: readonly string[]) {
  const counts: Record<string, number> = Object.fromEntries(zero.map((key) => [key, 0]));
  for (const value of values) for (const key of keys(value)) counts[key] = (counts[key] ?? 0) + 1;
  return counts;
}

const DEBUG = {
  get connection() {
    const { phase, attempt, detail } = link.peek();
    return { phase, live: live.peek(), attempt, detail };
  },
  get participant() {
    const { participantId: id, participantName: name } = picture.peek();
    return id === null ? null : { id, name };
  },
  get asOf() {
    const { asOfMs } = streamed.peek();
    return asOfMs === null ? null : new Date(asOfMs).toISOString();
  },
  get frames() {
    return streamed.peek().frames;
  },
  get alerts() {
    return counted(picture.peek().alerts.values(), (alert) => [alert.level, alert.state], ["preventive", "corrective", "warning"]);
  },
  get alertAreas() {
    return counted(drawnAreas().features.features, ({ properties: p }) => [p.kind], ["cells", "entered"]);
  },
  get seen() {
    return drawnSeen();
  },
  get plan() {
    const { waypoints } = draft.peek();
    const [volumes, conflicts] = [plan.peek()?.volumes.length ?? 0, inWay.peek()?.length ?? null];
    const { alternatives } = offered.peek() ?? { alternatives: [] };
    return { open: planOpen.peek(), waypoints: waypoints.length, volumes, conflicts, alternatives: alternatives.length, drawn: drawnPlan() };
  },
  get viewTime() {
    return { mode: viewTime.peek().mode, ms: viewMs() };
  },
  get items() {
    return counted(picture.peek().items.values(), (item) => [item.level], ["own", "volume", "reserved"]);
  },
  get tracks() {
    return counted(
      picture.peek().tracks.values(),
      (track) => [track.level, ...(track.stale ? ["stale"] : []), ...(track.emergency ? ["emergency"] : [])],
      ["own", "broadcast", "position", "identity", "stale", "emergency"],
    );
  },
  get volumes() {
    const drawn = drawnVolumes(picture.peek().items.values(), viewMs() ?? 0, horizon.peek(), zone.peek());
    return counted(
      drawn.features.features,
      ({ properties: p }) => [p.dashed ? "dashed" : "solid", ...(p.hatch ? ["hatched"] : []), ...(p.own ? ["own"] : [])],
      ["solid", "dashed", "hatched", "own"],
    );
  },
  get drawing() {
    const scene = theScene();
    if (!scene) return null;
    const { framesDrawn: frames, spentMs, settled, shapes, detail, uploads, blocks } = scene;
    return { frames, spentMs, visible: scene.fleet.visible.length, settled, shapes, detail, uploads, blocks };
  },
  get places() {
    const scene = theScene();
    const visible = scene?.fleet.visible ?? [];
    const words = scene?.fleet.table?.words ?? [];
    return Object.fromEntries(visible.map((slot) => [words[slot]!.id, scene?.placeOf(words[slot]!.id)]));
  },
  get shown() {
    const { tracks } = picture.peek();
    const { shown } = sieve.peek();
    return [...tracks.keys()].filter((id) => !shown || shown[tracks.slot(id)] === 1);
  },
  get texts() {
    return theScene()?.texts ?? {};
  },
  get inked() {
    return theScene()?.inked ?? null;
  },
  get twinError() {
    return theScene()?.twinError() ?? null;
  },
  get camera() {
    const scene = theScene();
    if (!scene) return null;
    const { lat, lng } = scene.map.getCenter();
    return { lat, lon: lng, zoom: scene.map.getZoom() };
  },
};

export type Debug = Readonly<typeof DEBUG>;

export function expose(): void {
  Object.defineProperty(window, "__comity", { value: Object.freeze(DEBUG), writable: false, configurable: false });
}
