// The alerts as the page lists them: those of the moment shown, and in the present those that cleared just now.
// Also what the person chose: all or only one's own, the panel open or not, which alert is selected.
import { computed, effect, signal } from "@preact/signals";
import type { Alert, AlertLevel } from "../wire/types";
import { itemName, trackName } from "../format/words";
import { alerts, picture, presentSecond, second, selectedAlert, streamed, viewTime } from "../state/store";
import { byUrgency, concerns, isCleared, type Listed, type Memory, NOTHING, remember } from "./order";
import type { Names } from "./words";

export const filter = signal<"all" | "mine">("all");
export const open = signal(true);

const memory = signal<Memory>(NOTHING);
/** Answers to acknowledgements that the stream has not brought yet. */
export const answered = signal<ReadonlyMap<string, Alert>>(new Map());

/** The time against which alerts are told: the moment shown, but the present in look-ahead, which has none. */
export const alertSecond = computed<number | null>(() =>
  viewTime.value.mode === "ahead" ? presentSecond.value : second.value,
);

export const acknowledging = computed(() => viewTime.value.mode === "live");

function latest({ alert, clearedAtMs }: Listed): Listed {
  const answer = answered.value.get(alert.ref);
  return answer && alert.state === "raised" ? { alert: { ...alert, ...answer }, clearedAtMs } : { alert, clearedAtMs };
}

export const listed = computed<readonly Listed[]>(() => {
  const past = viewTime.value.mode === "replay";
  const all: readonly Listed[] = past
    ? [...alerts.value.values()].map((alert) => ({ alert, clearedAtMs: null }))
    : [...memory.value.shown.values()].map(latest);
  const mine = filter.value === "mine";
  return all
    .filter(({ alert }) => !mine || concerns(alert))
    .sort((a, b) => byUrgency(a.alert, b.alert));
});

/** How many are hidden by the filter: a list that is short by choice says so. */
export const hidden = computed<number>(() => {
  if (filter.value === "all") return 0;
  const all = viewTime.value.mode === "replay" ? [...alerts.value.values()] : [...memory.value.shown.values()].map((one) => one.alert);
  return all.filter((alert) => !isCleared(alert) && !concerns(alert)).length;
});

/** Of the present, whatever is shown: not cleared, by level. */
export const standing = computed<Readonly<Record<AlertLevel, number>>>(() => {
  const counts = { preventive: 0, corrective: 0, warning: 0 };
  for (const { alert, clearedAtMs } of memory.value.shown.values()) if (clearedAtMs === null) counts[alert.level]++;
  return counts;
});

export const selectedListed = computed<Listed | null>(() => {
  const ref = selectedAlert.value;
  return ref === null ? null : (listed.value.find(({ alert }) => alert.ref === ref) ?? null);
});

/** How the picture shown calls things. */
export const names: Names = {
  track(id) {
    const track = picture.peek().tracks.get(id);
    return track ? trackName(track) : null;
  },
  item(ref) {
    const item = picture.peek().items.get(ref);
    return item ? itemName(item) : null;
  },
};

export function followAlerts(): () => void {
  return effect(() => {
    const { participantId, alerts: told } = streamed.value;
    const now = presentSecond.value ?? 0;
    memory.value = remember(memory.peek(), participantId, told, now);
    const open = [...answered.peek()].filter(([ref]) => told.get(ref)?.state === "raised");
    if (open.length !== answered.peek().size) answered.value = new Map(open);
  });
}
