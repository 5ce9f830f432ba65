// Puts a moment of the past, or a look ahead, in the place of the present. The stream goes on underneath, so coming
// back shows the present at once. Whoever calls it shows the banner that says so.
import { batch } from "@preact/signals";
import type { Alert, ReleasedItem, TrackView } from "../wire/types";
import { pictureAt } from "../stream/picture";
import { replayed, streamed } from "./store";
import { LIVE, viewTime } from "./view_time";

/** As GET /v1/history?at= answers it. */
export interface PastMoment {
  readonly asOfMs: number;
  readonly items: readonly ReleasedItem[];
  readonly tracks: readonly TrackView[];
  readonly alerts: readonly Alert[];
}

/** Shows the moment; the time runs on from `atMs` (the moment's own where left out) at `rate`, 0 to stand still. */
export function showPast(moment: PastMoment, rate = 0, atMs: number = moment.asOfMs): void {
  batch(() => {
    replayed.value = pictureAt(streamed.peek(), moment, replayed.peek()?.tracks);
    viewTime.value = { mode: "replay", atMs, sinceMono: performance.now(), rate };
  });
}

/** The volumes as they are planned at a time to come; aircraft stay where they are now. */
export function lookAhead(atMs: number): void {
  batch(() => {
    replayed.value = null;
    viewTime.value = { mode: "ahead", atMs };
  });
}

export function showPresent(): void {
  batch(() => {
    replayed.value = null;
    viewTime.value = LIVE;
  });
}
