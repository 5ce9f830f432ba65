// "What others see of me": the exchange's answer, for the table (panels/seen_by.tsx) and for the map (layer.ts). On the
// map it is one recipient's view of one's own things, asked for anew every few seconds while it is on; it is of the
// present alone, since an account of the past is folded from the record and takes the exchange seconds.
import { computed, effect, signal } from "@preact/signals";
import type { ReleasedItem, SeenBy } from "../wire/types";
import { ask, Refused } from "../wire/api";
import { nowMs, presentSecond, token, viewTime } from "../state/store";

const EVERY_MS = 5000;

export interface SeenAs {
  readonly recipient: string;
  /** Null before the first answer. */
  readonly rows: readonly SeenBy[] | null;
  readonly askedMs: number | null;
  readonly trouble: string | null;
}

export const seenAs = signal<SeenAs | null>(null);
/** Of the last answer for everybody; and the one chosen last. */
export const recipients = signal<readonly string[]>([]);
export const lastRecipient = signal<string | null>(null);

export async function askSeen(bearer: string, query: Readonly<Record<string, string>>): Promise<readonly SeenBy[]> {
  const text = new URLSearchParams(query).toString();
  const body = await ask(bearer, `/v1/what-others-see${text ? `?${text}` : ""}`);
  const { seen } = (body ?? {}) as { seen?: unknown };
  if (!Array.isArray(seen)) throw new Error("the answer cannot be read");
  return seen as SeenBy[];
}

export function refusalWords(error: unknown): string {
  return error instanceof Refused ? error.message : "the exchange cannot be reached";
}

/** The forms of one's items that the recipient has. */
export function formsOf(rows: readonly SeenBy[]): readonly ReleasedItem[] {
  return rows.flatMap(({ item }) => (item ? [item] : []));
}

export interface TrackLevels {
  /** Of all tracks of the kind that are not raised; "none" where no row names one. */
  readonly own: string;
  readonly sensed: string;
  /** Single tracks raised for the recipient, by their id, with the reason. */
  readonly raised: ReadonlyMap<string, SeenBy>;
}

export function trackLevelsOf(rows: readonly SeenBy[]): TrackLevels {
  const of = (kind: string): string => rows.find((row) => row.kind === kind && !row.ref)?.level ?? "none";
  const raised = rows.filter((row) => row.ref && !row.item && row.kind.includes("track"));
  return { own: of("own_track"), sensed: of("sensed_track"), raised: new Map(raised.map((row) => [row.ref!, row])) };
}

/** Drawn only over the present, of which it is. */
export const seenShown = computed(() => (viewTime.value.mode === "live" ? seenAs.value : null));

async function refresh(recipient: string): Promise<void> {
  const bearer = token.peek();
  if (!bearer) return;
  const still = (): boolean => seenAs.peek()?.recipient === recipient && token.peek() === bearer;
  try {
    const rows = await askSeen(bearer, { recipient });
    // An exchange that does not know the question's narrowing answers for everybody.
    if (still()) seenAs.value = { recipient, rows: rows.filter((row) => row.recipient === recipient), askedMs: nowMs(), trouble: null };
  } catch (error) {
    const before = seenAs.peek();
    if (before && still()) seenAs.value = { ...before, trouble: refusalWords(error) };
  }
}

export function showAs(recipient: string): void {
  lastRecipient.value = recipient;
  seenAs.value = { recipient, rows: null, askedMs: null, trouble: null };
  void refresh(recipient);
}

export function showAsMyself(): void {
  seenAs.value = null;
}

export function followSeen(): () => void {
  let askedAt = 0;
  const stops = [
    effect(() => {
      const now = presentSecond.value;
      const recipient = seenAs.peek()?.recipient;
      if (now === null || !recipient || viewTime.peek().mode !== "live" || Math.abs(now - askedAt) < EVERY_MS) return;
      askedAt = now;
      void refresh(recipient);
    }),
    effect(() => {
      if (token.value !== null) return;
      seenAs.value = null;
      recipients.value = [];
      lastRecipient.value = null;
    }),
  ];
  return () => {
    for (const stop of stops) stop();
  };
}
