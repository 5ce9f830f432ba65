// What is being planned: the draft, what the exchange made of it, and what the person chose. Signals only; the asking
// is asks.ts, the filing filing.ts. Nothing of a draft leaves this tab before it is filed, and a draft ends with
// the sign-in.
import { batch, computed, effect, signal } from "@preact/signals";
import type { LatLon, ReleasedItem, Volume4D } from "../wire/types";
import { isFinal } from "../state/phase";
import { listOpen, nowMs, streamed, token } from "../state/store";
import type { Alternative, Alternatives, Check, ConflictItem } from "./answers";
import { type Draft, departsText, type Field, NEW_DRAFT, read, type Waypoint } from "./draft";

/** The panel is open and the plan is drawn. */
export const planOpen = signal(false);
/** Clicks and Enter add waypoints. */
export const drawing = signal(false);
export const draft = signal<Draft>(NEW_DRAFT);
/** The chosen waypoint's id. */
export const chosen = signal<number | null>(null);
/** The own intent whose volumes the plan replaces; null: a new one. */
export const replaces = signal<string | null>(null);

export interface Plan {
  readonly volumes: readonly Volume4D[];
  readonly arrivesMs: number;
  readonly lengthM: number | null;
  /** The request that these volumes answer, as text. */
  readonly key: string;
  /** Taken over in place of what the route gave. */
  readonly taken: Alternative | null;
}

export interface Checked extends Check {
  readonly of: Plan;
  readonly atMs: number | null;
}

export interface Offered extends Alternatives {
  readonly of: Plan;
}

export interface Trouble {
  readonly field: Field | null;
  readonly words: string;
}

export const plan = signal<Plan | null>(null);
export const checked = signal<Checked | null>(null);
export const offered = signal<Offered | null>(null);
/** The number of the alternative that is shown for a moment. */
export const preview = signal<number | null>(null);
/** References of conflicts that the person files over on purpose. */
export const accepted = signal<ReadonlySet<string>>(new Set());
export const layTrouble = signal<Trouble | null>(null);
export const checkTrouble = signal<string | null>(null);
export const offerTrouble = signal<string | null>(null);
export const laying = signal(false);
export const checking = signal(false);
export const offering = signal(false);

export const reading = computed(() => read(draft.value));
export const routeKey = computed(() => (reading.value.route ? JSON.stringify(reading.value.route) : null));
/** The volumes answer the draft as it is. */
export const current = computed(() => plan.value !== null && plan.value.key === routeKey.value);
/** The check answers the volumes as they are. */
export const checkedNow = computed(() => {
  const known = checked.value;
  return known !== null && current.value && known.of === plan.value && checkTrouble.value === null ? known : null;
});
/** With what a filing of these volumes was refused: a filing asks more than a check, other USSs among it. */
export const refused = signal<{ readonly of: Plan; readonly conflicts: readonly ConflictItem[] } | null>(null);
const fromRefusal = computed(() => (refused.value && refused.value.of === plan.value ? refused.value.conflicts : []));
/** All that is known to be in the way; null before the check. */
export const inWay = computed<readonly ConflictItem[] | null>(() => {
  const known = checkedNow.value?.conflicts;
  if (!known) return null;
  const refs = new Set(known.map(({ item }) => item.ref));
  return [...known, ...fromRefusal.value.filter(({ item }) => !refs.has(item.ref))];
});
/** What stands in the way of filing. What only a refusal named, and cannot be accepted, may be gone: one may try. */
export const unaccepted = computed(() => {
  const known = new Set(checkedNow.value?.conflicts.map(({ item }) => item.ref));
  return (inWay.value ?? []).filter(({ item, blocking }) => (blocking ? known.has(item.ref) : !accepted.value.has(item.ref)));
});
export const previewed = computed(() => {
  const at = preview.value;
  return at === null ? null : (offered.value?.alternatives[at] ?? null);
});

/** Own intents that the plan may replace. */
export function ownIntents(): readonly ReleasedItem[] {
  return [...streamed.value.items.values()].filter((item) => item.level === "own" && item.kind === "intent" && !isFinal(item));
}

let lastId = 0;

export function newId(): number {
  return ++lastId;
}

export function change(part: Partial<Draft>): void {
  draft.value = { ...draft.peek(), ...part };
}

export function chosenIndex(): number {
  return draft.value.waypoints.findIndex(({ id }) => id === chosen.value);
}

/** After the chosen one, else at the end; it becomes the chosen one. `after`: behind this number instead. */
export function addWaypoint({ lat, lon }: LatLon, after?: number | undefined): Waypoint {
  const made: Waypoint = { id: newId(), lat: rounded(lat), lon: rounded(lon), level: "" };
  const before = draft.peek().waypoints;
  const index = after ?? (chosenIndex() >= 0 ? chosenIndex() : before.length - 1);
  batch(() => {
    change({ waypoints: [...before.slice(0, index + 1), made, ...before.slice(index + 1)] });
    chosen.value = made.id;
  });
  return made;
}

/** A tenth of a metre: what is drawn by hand is no more exact than that. */
function rounded(degrees: number): number {
  return Math.round(degrees * 1e6) / 1e6;
}

export function setWaypoint(id: number, part: Partial<Pick<Waypoint, "lat" | "lon" | "level">>): void {
  const { lat, lon } = part;
  const place = lat === undefined || lon === undefined ? {} : { lat: rounded(lat), lon: rounded(lon) };
  change({ waypoints: draft.peek().waypoints.map((at) => (at.id === id ? { ...at, ...part, ...place } : at)) });
}

/** The chosen one, or the last; the one before it is chosen then. */
export function deleteWaypoint(): boolean {
  const { waypoints } = draft.peek();
  if (waypoints.length === 0) return false;
  const index = chosenIndex() >= 0 ? chosenIndex() : waypoints.length - 1;
  batch(() => {
    const left = waypoints.filter((_, i) => i !== index);
    change({ waypoints: left });
    chosen.value = left[Math.max(0, index - 1)]?.id ?? null;
  });
  return true;
}

export function stepChosen(by: 1 | -1): Waypoint | null {
  const { waypoints } = draft.peek();
  if (waypoints.length === 0) return null;
  const at = chosenIndex();
  const next = at < 0 ? (by > 0 ? 0 : waypoints.length - 1) : Math.max(0, Math.min(waypoints.length - 1, at + by));
  chosen.value = waypoints[next]!.id;
  return waypoints[next]!;
}

export function accept(ref: string, on: boolean): void {
  const next = new Set(accepted.peek());
  if (on) next.add(ref);
  else next.delete(ref);
  accepted.value = next;
}

const LEAD_MS = 30 * 60_000;
const ROUND_MS = 5 * 60_000;

/** In half an hour, on a round time: something to begin with. */
function withDeparture(fresh: Draft): Draft {
  const now = nowMs();
  if (now === null || fresh.departsMs !== null) return fresh;
  const departsMs = Math.ceil((now + LEAD_MS) / ROUND_MS) * ROUND_MS;
  return { ...fresh, departsMs, departs: departsText(departsMs) };
}

/** Below this the list and the plan do not fit into one column. */
const ROOMY_PX = 1000;
let listWasOpen = false;

export function openPlan(): void {
  batch(() => {
    listWasOpen = listOpen.peek();
    if (window.innerHeight < ROOMY_PX) listOpen.value = false;
    planOpen.value = true;
    drawing.value = true;
    draft.value = withDeparture(draft.peek());
  });
}

/** The draft stays, to be taken up again. */
export function closePlan(): void {
  batch(() => {
    planOpen.value = false;
    drawing.value = false;
    preview.value = null;
    if (listWasOpen) listOpen.value = true;
    listWasOpen = false;
  });
}

export function togglePlan(): void {
  if (planOpen.peek()) closePlan();
  else openPlan();
}

function forgetAnswers(): void {
  plan.value = null;
  checked.value = null;
  offered.value = null;
  preview.value = null;
  accepted.value = new Set();
  refused.value = null;
  layTrouble.value = null;
  checkTrouble.value = null;
  offerTrouble.value = null;
}

/** A new route; what kind of aircraft it is and how it flies stay. */
export function clearPlan(): void {
  batch(() => {
    draft.value = withDeparture({ ...draft.peek(), waypoints: [], departs: "", departsMs: null });
    chosen.value = null;
    replaces.value = null;
    drawing.value = planOpen.peek();
    forgetAnswers();
  });
}

/** Another person's draft is not this one's. */
export function followSignOut(): () => void {
  return effect(() => {
    if (token.value !== null) return;
    batch(() => {
      closePlan();
      draft.value = NEW_DRAFT;
      chosen.value = null;
      replaces.value = null;
      forgetAnswers();
    });
  });
}
