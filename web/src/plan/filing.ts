// Filing: the one thing here that is a promise. A write goes under one idempotency key for each body, so that pressing
// twice, or trying again after a lost answer, files once. Where no answer came it is said that it is not known
// whether it was filed. A refusal comes with what is in the way, as released.
import { batch, signal } from "@preact/signals";
import type { IntentState, ReleasedItem } from "../wire/types";
import { ask, Refused } from "../wire/api";
import { selection, streamed, token, viewTime } from "../state/store";
import { type Alternative, BadAnswer, type ConflictItem, readAlternativeList, readConflicts, readWritten } from "./answers";
import { SEARCH_MS, troubleWords } from "./asks";
import { accepted, checked, clearPlan, current, draft, drawing, offered, plan, type Plan, reading, refused, replaces, unaccepted } from "./state";

export type Outcome =
  | { readonly state: "idle" }
  | { readonly state: "asking"; readonly attempt: number }
  | { readonly state: "written"; readonly item: ReleasedItem }
  | { readonly state: "refused"; readonly words: string; readonly conflicts: readonly ConflictItem[] }
  | { readonly state: "unknown"; readonly words: string };

const IDLE: Outcome = { state: "idle" };
export const filed = signal<Outcome>(IDLE);

const ATTEMPTS = 3;
const PAUSE_MS = 700;

interface Write {
  readonly method: "POST" | "PUT" | "DELETE";
  readonly path: string;
  readonly body?: unknown;
}

const keys = new Map<string, string>();

function keyFor(write: string): string {
  let key = keys.get(write);
  if (!key) {
    const random = crypto.getRandomValues(new Uint8Array(16));
    key = `plan-${[...random].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
    keys.set(write, key);
  }
  return key;
}

/** No answer, or one that says that the outcome is not known or nothing was decided: the same write may be sent again. */
function undecided(error: unknown): boolean {
  return error instanceof Refused ? error.status >= 502 : !(error instanceof BadAnswer);
}

/** Sends a write until it is answered, a few times; `tell` hears of each attempt and of the end. */
async function send(write: Write, tell: (outcome: Outcome) => void): Promise<Outcome> {
  const bearer = token.peek();
  if (!bearer) return IDLE;
  const text = JSON.stringify(write);
  const key = keyFor(text);
  let outcome: Outcome = IDLE;
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    tell({ state: "asking", attempt });
    try {
      const { method, path, body } = write;
      const answer = await ask(bearer, path, { method, key, ...(body === undefined ? {} : { body }) });
      keys.delete(text);
      outcome = { state: "written", item: readWritten(answer) };
      break;
    } catch (error) {
      if (!undecided(error)) {
        keys.delete(text);
        outcome = refusedOf(error);
        break;
      }
      outcome = { state: "unknown", words: troubleWords(error) };
      if (attempt < ATTEMPTS) await new Promise((done) => window.setTimeout(done, PAUSE_MS * attempt));
    }
    if (token.peek() !== bearer) return IDLE;
  }
  if (token.peek() !== bearer) return IDLE;
  tell(outcome);
  return outcome;
}

function refusedOf(error: unknown): Outcome {
  let conflicts: readonly ConflictItem[] = [];
  try {
    if (error instanceof Refused && error.code === "strategic_conflict") conflicts = readConflicts(error.detail);
    if (error instanceof Refused && error.detail["alternatives"]) offer(readAlternativeList(error.detail));
  } catch (unread) {
    if (!(unread instanceof BadAnswer)) throw unread;
  }
  return { state: "refused", words: troubleWords(error), conflicts };
}

/** Alternatives that came with a refusal are offered as those that were asked for. */
function offer(alternatives: readonly Alternative[]): void {
  const of = plan.peek();
  if (of && alternatives.length > 0) offered.value = { alternatives, tried: alternatives.length, complete: false, of };
}

/** What was sent and not answered: trying again sends this and nothing else, whatever the picture shows meanwhile. */
let pending: { readonly write: Write; readonly of: Plan } | null = null;

export function canFile(): boolean {
  if (viewTime.value.mode === "replay") return false;
  if (filed.value.state === "unknown") return true;
  return current.value && checked.value?.of === plan.value && unaccepted.value.length === 0 && filed.value.state !== "asking";
}

function written(): Write | null {
  const of = plan.peek();
  if (!of) return null;
  const accept_conflicts = [...accepted.peek()].sort();
  const { priority } = reading.peek();
  const own = replaces.peek();
  const more = { accept_conflicts, ...(priority || own ? { priority } : {}), alternatives_ms: SEARCH_MS };
  if (own !== null) {
    const ovn = streamed.peek().items.get(own)?.ovn;
    return ovn ? { method: "PUT", path: `/v1/intents/${encodeURIComponent(own)}`, body: { ovn, volumes: of.volumes, ...more } } : null;
  }
  const { category, crewed } = draft.peek();
  const body = { volumes: of.volumes, category, crewed, ...more };
  return { method: "POST", path: "/v1/intents", body };
}

export async function file(): Promise<void> {
  if (!canFile()) return;
  const now = plan.peek();
  const fresh = filed.peek().state === "unknown" ? null : written();
  if (fresh && now) pending = { write: fresh, of: now };
  if (!pending) return;
  const { write, of } = pending;
  const outcome = await send(write, (next) => { filed.value = next; });
  if (outcome.state === "refused") refused.value = { of, conflicts: outcome.conflicts };
  if (outcome.state !== "unknown") pending = null;
  if (outcome.state !== "written") return;
  batch(() => {
    // Who went on drawing meanwhile keeps that.
    if (plan.peek() === of) clearPlan();
    drawing.value = false;
    selection.value = { kind: "item", id: outcome.item.ref };
  });
}

export function forgetOutcome(): void {
  if (filed.peek().state === "asking") return;
  filed.value = IDLE;
  pending = null;
}

/** Changes of an own intent's state, by its reference. */
export const conducted = signal<ReadonlyMap<string, Outcome>>(new Map());

function conductedAs(ref: string, outcome: Outcome): void {
  const next = new Map(conducted.peek());
  if (outcome.state === "idle" || outcome.state === "written") next.delete(ref);
  else next.set(ref, outcome);
  conducted.value = next;
}

export async function setState(item: ReleasedItem, state: IntentState, accept: readonly string[]): Promise<void> {
  if (!item.ovn || conducted.peek().get(item.ref)?.state === "asking") return;
  const path = `/v1/intents/${encodeURIComponent(item.ref)}`;
  const tell = (outcome: Outcome): void => conductedAs(item.ref, outcome);
  if (state === "Ended") await send({ method: "DELETE", path: `${path}?ovn=${encodeURIComponent(item.ovn)}` }, tell);
  else await send({ method: "PUT", path, body: { ovn: item.ovn, state, ...(accept.length ? { accept_conflicts: accept } : {}) } }, tell);
}
