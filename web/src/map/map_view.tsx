// The map in the page: makes the scene, gives it the base map when that has come, and keeps it in step with the
// signals. Without a base map what was released is still drawn, on an empty sea, and the page says so.
import { effect } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import { clickPlan } from "../plan/hand";
import { pick, picking } from "../ruler/state";
import { sieve } from "../state/filters";
import { blockDetail, craftMs, horizon, picture, second, selectedAlert, selection, vectorMinutes, viewMs, viewTime, zone } from "../state/store";
import { nextBoundary } from "../state/phase";
import { seenShown } from "../seen/state";
import { baseMap } from "./basemap";
import { adopt, fitAll, release } from "./commands";
import { pointer } from "./pointer";
import type { Hit } from "./layers";
import { Scene, type SceneEvents } from "./scene";
import { drawnVolumes } from "./volumes";

/** Clicking again at the same place goes through all that lies there. */
function choose(hits: readonly Hit[], at: { lat: number; lon: number }, point: { x: number; y: number }): void {
  if (picking.peek()) {
    const track = hits.find(({ kind }) => kind === "track");
    pick(track ? { kind: "track", id: track.id } : { kind: "place", ...at });
    return;
  }
  if (clickPlan(at, point)) return;
  const now = selection.peek();
  const alert = selectedAlert.peek();
  const found = hits.findIndex(({ kind, id }) => (kind === "alert" ? id === alert : kind === now?.kind && id === now.id));
  const next = hits[found + 1] ?? (found > 0 ? hits[0] : undefined);
  if (next?.kind === "alert") {
    selectedAlert.value = next.id;
    return;
  }
  selection.value = next ?? null;
  if (!next) selectedAlert.value = null;
}

function keepVolumes(scene: Scene): () => void {
  let last: readonly unknown[] = [];
  let until = -Infinity;
  return effect(() => {
    const now = second.value;
    const asSeen = seenShown.value !== null;
    const key = [picture.value.items, horizon.value, zone.value, viewTime.value, asSeen];
    if (now === null) {
      scene.setVolumes({ features: { type: "FeatureCollection", features: [] }, labels: [] });
      last = [];
      return;
    }
    // Redrawn when the items or the choice change, and when time itself moves one on.
    if (now < until && key.every((part, i) => part === last[i])) return;
    last = key;
    const items = picture.value.items;
    until = nextBoundary(items.values(), now, horizon.value);
    const drawn = drawnVolumes(items.values(), now, horizon.value, zone.value);
    // As another has them the volumes bear that one's labels (seen/layer.ts); one's own would mix with them.
    scene.setVolumes(asSeen ? { ...drawn, labels: [] } : drawn);
  });
}

/** In look-ahead the volumes are what is looked at; aircraft are only where they are now. */
const AHEAD_STRENGTH = 0.4;

function keepFirstFit(): () => void {
  let done = false;
  return effect(() => {
    if (done || picture.value.frames === 0) return;
    if (picture.value.items.size + picture.value.tracks.size === 0) return;
    done = true;
    queueMicrotask(fitAll);
  });
}

function attach(scene: Scene): () => void {
  adopt(scene);
  const stops = [
    effect(() => scene.setTracks(picture.value.tracks, sieve.value.shown)),
    effect(() => {
      void viewTime.value;
      scene.touch();
    }),
    keepVolumes(scene),
    effect(() => scene.setSelection(selection.value)),
    effect(() =>
      scene.setManner({
        vectorMinutes: vectorMinutes.value,
        detail: blockDetail.value,
        strength: viewTime.value.mode === "ahead" ? AHEAD_STRENGTH : 1,
      }),
    ),
    keepFirstFit(),
  ];
  return () => {
    for (const stop of stops) stop();
    release(scene);
    scene.dispose();
  };
}

const SCENE_EVENTS: Omit<SceneEvents, "onMissing"> = {
  craftMs,
  viewMs,
  onClick: choose,
  onPointer: (at) => {
    pointer.value = at;
  },
};

export function MapView() {
  const host = useRef<HTMLDivElement>(null);
  const [failure, setFailure] = useState("");
  useEffect(() => {
    let stop: (() => void) | null = null;
    let gone = false;
    const failed = (error: unknown): void => setFailure(error instanceof Error ? error.message : String(error));
    const fonts = Promise.all([document.fonts.load("11px B612"), document.fonts.load("700 11px B612")]);
    fonts
      .then(() => {
        if (gone || !host.current) return;
        const scene = new Scene(host.current, { ...SCENE_EVENTS, onMissing: setFailure });
        stop = attach(scene);
        scene.setBase(baseMap());
      })
      .catch(failed);
    return () => {
      gone = true;
      stop?.();
    };
  }, []);
  return (
    <div class="map-frame">
      <div class="map" ref={host} role="application" aria-label="Map. Everything on it is also in the list." />
      {failure && <p class="map-failure" role="alert">Part of the map is missing: {failure}</p>}
    </div>
  );
}
