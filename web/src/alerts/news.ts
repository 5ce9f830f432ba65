// What is new: alerts that have become warnings since the last frame. Read aloud, flashed, sounded where that is on,
// and counted while something else than the present is shown. It follows the stream, never the replay.
import { effect, signal } from "@preact/signals";
import type { Alert, AlertLevel } from "../wire/types";
import { itemName, trackName } from "../format/words";
import { nowMs, streamed, viewTime } from "../state/store";
import { concerns, isCleared } from "./order";
import { beep } from "./sound";
import { filter } from "./state";
import { type Names, spoken } from "./words";

/** The last new warnings, for the live region. */
export const announcement = signal("");
/** Grows by one with each flash. */
export const flashes = signal(0);
/** Warnings that came while the page showed something else than the present. */
export const missed = signal<ReadonlySet<string>>(new Set());

export type Known = ReadonlyMap<string, AlertLevel>;

/** Those that are warnings now and were not before. */
export function newWarnings(known: Known, alerts: Iterable<Alert>): readonly Alert[] {
  return [...alerts].filter(
    (alert) => alert.level === "warning" && !isCleared(alert) && known.get(alert.ref) !== "warning",
  );
}

const liveNames: Names = {
  track(id) {
    const track = streamed.peek().tracks.get(id);
    return track ? trackName(track) : null;
  },
  item(ref) {
    const item = streamed.peek().items.get(ref);
    return item ? itemName(item) : null;
  },
};

function tell(fresh: readonly Alert[]): void {
  const now = nowMs() ?? 0;
  const away = viewTime.peek().mode !== "live";
  const first = fresh[0];
  if (!first) return;
  const more = fresh.length > 1 ? ` And ${fresh.length - 1} more new warnings.` : "";
  announcement.value = `${away ? "Live: " : ""}${spoken(first, now, liveNames)}${more}`;
  flashes.value++;
  beep();
  if (away) missed.value = new Set([...missed.peek(), ...fresh.map(({ ref }) => ref)]);
}

/** What was there when the page came is not new: it is announced as a number. */
function tellAtFirst(alerts: readonly Alert[]): void {
  const warnings = alerts.filter((alert) => alert.level === "warning" && !isCleared(alert)).length;
  if (warnings > 0) announcement.value = `${warnings} ${warnings === 1 ? "warning" : "warnings"} at sign-in.`;
}

export function followNews(): () => void {
  let known: Map<string, AlertLevel> | null = null;
  let participant: string | null = null;
  const stops = [
    effect(() => {
      const { participantId, alerts, complete } = streamed.value;
      if (participantId !== participant) {
        participant = participantId;
        known = null;
        missed.value = new Set();
        announcement.value = "";
      }
      if (!complete || participantId === null) return;
      const all = [...alerts.values()];
      if (known === null) tellAtFirst(all);
      else {
        const wanted = filter.peek() === "mine" ? all.filter(concerns) : all;
        tell(newWarnings(known, wanted));
      }
      known = new Map(all.map((alert) => [alert.ref, alert.level]));
    }),
    effect(() => {
      if (viewTime.value.mode === "live" && missed.peek().size > 0) missed.value = new Set();
    }),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}
