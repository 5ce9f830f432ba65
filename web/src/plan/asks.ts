// Asks the exchange what the draft amounts to: its volumes as the route changes, what is in their way whenever they or the
// picture change, and alternatives on demand. The latest question wins and ends the one before it. These are
// reads: nothing of a plan is recorded or shown to others before it is filed.
import { batch, effect, signal } from "@preact/signals";
import { ask, Refused } from "../wire/api";
import { nowMs, streamed, token } from "../state/store";
import { type Alternative, BadAnswer, readAlternatives, readCheck, readLaid } from "./answers";
import { type Field, moved, read, withRoute } from "./draft";
import { legsOf, lengthOf } from "./route";
import {
  accepted, checked, checking, checkTrouble, current, draft, inWay, laying, layTrouble, newId, offered, offering, offerTrouble, plan, type Plan,
  planOpen, preview, reading, replaces, routeKey, type Trouble,
} from "./state";

/** A hand that moves a waypoint pauses longer than this where it means to. */
const SETTLED_MS = 300;
/** The picture may change every second; the check follows it at most this often. */
const RECHECK_MS = 4000;
/** How long the exchange may search for alternatives. */
export const SEARCH_MS = 3000;

/** Grows where a question that was not answered is to be put again. */
const attempt = signal(0);

/** What the exchange refused stays refused; what did not come through may. */
function again(error: unknown): void {
  if (error instanceof Refused && error.status < 500 && error.status !== 429) return;
  window.setTimeout(() => { attempt.value++; }, RECHECK_MS);
}

export function troubleWords(error: unknown): string {
  if (error instanceof Refused) return error.message;
  if (error instanceof BadAnswer) return `the answer cannot be read: ${error.message}`;
  return "the exchange cannot be reached";
}

const FIELDS: readonly Field[] = [
  "waypoints", "levels", "speed_mps", "half_width_m", "half_height_m", "departs", "early_s", "late_s", "priority",
];

function troubleOf(error: unknown): Trouble {
  const name = error instanceof Refused ? (error.field ?? "") : "";
  return { field: FIELDS.find((field) => name === field || name.startsWith(`${field}[`) || name.startsWith(`${field}.`)) ?? null, words: troubleWords(error) };
}

/** One question at a time: a newer one ends the older, whose answer is then nobody's. */
class Question {
  private running: AbortController | null = null;

  async put(path: string, body: unknown): Promise<{ answer: unknown } | { error: unknown } | null> {
    this.drop();
    const bearer = token.peek();
    if (!bearer) return null;
    const mine = new AbortController();
    this.running = mine;
    try {
      const answer = await ask(bearer, path, { method: "POST", body, signal: mine.signal });
      return mine.signal.aborted || token.peek() !== bearer ? null : { answer };
    } catch (error) {
      return mine.signal.aborted ? null : { error };
    }
  }

  drop(): void {
    this.running?.abort();
    this.running = null;
  }
}

const volumesAsked = new Question();
const checkAsked = new Question();
const alternativesAsked = new Question();

async function lay(key: string): Promise<void> {
  const route = reading.peek().route;
  if (!route) return;
  laying.value = true;
  const told = await volumesAsked.put("/v1/plans/volumes", route);
  if (!told) return;
  laying.value = false;
  try {
    if ("error" in told) throw told.error;
    const laid = readLaid(told.answer);
    batch(() => {
      plan.value = { ...laid, key, taken: null };
      layTrouble.value = null;
      offered.value = null;
      preview.value = null;
    });
  } catch (error) {
    batch(() => {
      plan.value = null;
      layTrouble.value = troubleOf(error);
    });
    again(error);
  }
}

/** What check and alternatives are asked with. */
function question(): Record<string, unknown> {
  const { category, crewed } = draft.peek();
  const { priority } = reading.peek();
  const id = replaces.peek();
  return { category, crewed, ...(priority ? { priority } : {}), ...(id ? { id } : {}) };
}

async function check(of: Plan): Promise<void> {
  checking.value = true;
  const told = await checkAsked.put("/v1/plans/check", { ...question(), volumes: of.volumes });
  if (!told) return;
  checking.value = false;
  try {
    if ("error" in told) throw told.error;
    const answer = readCheck(told.answer);
    batch(() => {
      checked.value = { ...answer, of, atMs: nowMs() };
      checkTrouble.value = null;
      // Accepting is of what was seen: a conflict that went and comes again is to be accepted again.
      const there = new Set(inWay.peek()?.map(({ item }) => item.ref));
      const kept = [...accepted.peek()].filter((ref) => there.has(ref));
      if (kept.length < accepted.peek().size) accepted.value = new Set(kept);
    });
  } catch (error) {
    checkTrouble.value = troubleWords(error);
    again(error);
  }
}

export async function findAlternatives(): Promise<void> {
  const of = plan.peek();
  if (!of || !current.peek()) return;
  offering.value = true;
  offerTrouble.value = null;
  // By its route, where the volumes still follow from it: what comes back is then a route as well.
  const route = reading.peek().route;
  const what = route && (!of.taken || of.taken.route) ? { route } : { volumes: of.volumes };
  const accept_conflicts = [...accepted.peek()].sort();
  const told = await alternativesAsked.put("/v1/plans/alternatives", { ...question(), ...what, accept_conflicts, limit_ms: SEARCH_MS });
  offering.value = false;
  if (!told || plan.peek() !== of) return;
  try {
    if ("error" in told) throw told.error;
    offered.value = { ...readAlternatives(told.answer), of };
  } catch (error) {
    offerTrouble.value = troubleWords(error);
  }
}

/** The plan becomes the alternative, as it was checked; the form follows where it can say the same. */
export function take(alternative: Alternative): void {
  const { later_s, higher_m, volumes } = alternative;
  const shifted = alternative.route
    ? withRoute(draft.peek(), alternative.route, newId)
    : moved(draft.peek(), later_s ?? 0, higher_m ?? 0);
  const route = read(shifted).route;
  const before = plan.peek();
  const told = alternative.arrives ? Date.parse(alternative.arrives) : Number.NaN;
  const last = Math.max(...volumes.map(({ end }) => Date.parse(end)));
  const arrivesMs = !Number.isNaN(told) ? told : before ? before.arrivesMs + (later_s ?? 0) * 1000 : last;
  const lengthM = route ? lengthOf(legsOf(route.waypoints)) : (before?.lengthM ?? null);
  batch(() => {
    draft.value = shifted;
    preview.value = null;
    offered.value = null;
    plan.value = { volumes, arrivesMs, lengthM, key: route ? JSON.stringify(route) : "", taken: alternative };
  });
}

/** Back to what the route itself gives. */
export function layAnew(): void {
  const key = routeKey.peek();
  if (key) void lay(key);
}

function followRoute(): () => void {
  let timer: number | undefined;
  const stop = effect(() => {
    const key = planOpen.value ? routeKey.value : null;
    void attempt.value;
    window.clearTimeout(timer);
    if (!planOpen.value) return;
    if (key === null) {
      volumesAsked.drop();
      laying.value = false;
      plan.value = null;
      layTrouble.value = null;
      return;
    }
    if (plan.peek()?.key === key) return;
    laying.value = true;
    timer = window.setTimeout(() => void lay(key), SETTLED_MS);
  });
  return () => {
    window.clearTimeout(timer);
    stop();
  };
}

function followCheck(): () => void {
  let timer: number | undefined;
  let askedAt = -Infinity;
  let last: readonly unknown[] = [];
  const stop = effect(() => {
    const of = plan.value;
    const { category, crewed } = draft.value;
    const own = [of, category, crewed, reading.value.priority, replaces.value, planOpen.value, attempt.value];
    const items = streamed.value.items;
    const changed = own.some((part, i) => part !== last[i]);
    const news = items !== last[own.length];
    last = [...own, items];
    if (!of || !planOpen.value) {
      window.clearTimeout(timer);
      checkAsked.drop();
      checking.value = false;
      if (!of) checked.value = null;
      return;
    }
    if (!changed && !news) return;
    window.clearTimeout(timer);
    const wait = changed ? 0 : Math.max(0, askedAt + RECHECK_MS - performance.now());
    timer = window.setTimeout(() => {
      askedAt = performance.now();
      void check(of);
    }, wait);
  });
  return () => {
    window.clearTimeout(timer);
    stop();
  };
}

export function followDraft(): () => void {
  const stops = [followRoute(), followCheck()];
  return () => {
    for (const stop of stops) stop();
  };
}
