// Replay: asks the exchange for one recorded moment after another and shows each in the present's place. One request
// at a time, the latest wish wins; what is shown is always a moment that was answered, under its own time.
// Leaving replay makes whatever is still under way void.
import { signal } from "@preact/signals";
import { ask, Refused } from "../wire/api";
import { nowMs, token, viewMs, viewTime } from "../state/store";
import { type PastMoment, showPast, showPresent } from "../state/replay";
import { BadHistory, clamp, readMoment, readSpan, type Span } from "./history";

export type Rate = 1 | 4;

export const span = signal<Span | null>(null);
export const playing = signal(false);
export const rate = signal<Rate>(1);
/** What is asked for and not yet answered, in milliseconds. */
export const wanted = signal<number | null>(null);
export const gap = signal<string | null>(null);
export const trouble = signal<string | null>(null);

/** While it plays it is looked once a second whether the next recorded moment is due. */
const PLAY_MS = 1000;

let run = 0;
let busy = false;
let timer: number | undefined;
let shown: PastMoment | null = null;
let askedMono = -Infinity;

function words(error: unknown): string {
  if (error instanceof Refused) return error.message;
  if (error instanceof BadHistory) return `the recording could not be read: ${error.message}`;
  return "the exchange cannot be reached";
}

async function refreshSpan(): Promise<Span | null> {
  const bearer = token.peek();
  if (!bearer) return null;
  const kept = readSpan(await ask(bearer, "/v1/history"));
  span.value = kept;
  return kept;
}

/** Starts, or goes on, at a time; without one a minute before now. From then on nothing is live. */
export async function enter(atMs: number | null, play: boolean): Promise<void> {
  const mine = ++run;
  trouble.value = null;
  playing.value = play;
  wanted.value = atMs;
  try {
    const kept = await refreshSpan();
    if (mine !== run) return;
    if (!kept) {
      stopWith("nothing is recorded yet");
      return;
    }
    wanted.value = clamp(atMs ?? kept.untilMs - 60_000, kept);
    schedule();
    await pump(mine);
  } catch (error) {
    if (mine === run) stopWith(words(error));
  }
}

function stopWith(message: string): void {
  trouble.value = message;
  playing.value = false;
  wanted.value = null;
}

/** To a moment, standing still or playing as it was. */
export function seek(atMs: number): void {
  if (viewTime.peek().mode !== "replay" || !span.peek()) {
    void enter(atMs, false);
    return;
  }
  wanted.value = clamp(atMs, span.peek()!);
  void pump(run);
}

async function pump(mine: number): Promise<void> {
  if (busy) return;
  busy = true;
  try {
    while (mine === run && wanted.peek() !== null) await one(mine, wanted.peek()!);
  } finally {
    busy = false;
    // Somebody left and came back while the last answer was under way.
    if (mine !== run && wanted.peek() !== null && span.peek()) void pump(run);
  }
}

async function one(mine: number, atMs: number): Promise<void> {
  const bearer = token.peek();
  if (!bearer) {
    wanted.value = null;
    return;
  }
  const askedAt = performance.now();
  askedMono = askedAt;
  try {
    const recorded = readMoment(await ask(bearer, `/v1/history?at=${encodeURIComponent(new Date(atMs).toISOString())}`));
    if (mine !== run) return;
    shown = recorded.moment;
    gap.value = recorded.gap;
    trouble.value = null;
    const pace = playing.peek() ? rate.peek() : 0;
    showPast(shown, pace, atMs + (performance.now() - askedAt) * pace);
  } catch (error) {
    if (mine === run) stopWith(words(error));
  }
  if (mine === run && wanted.peek() === atMs) wanted.value = null;
}

function schedule(): void {
  window.clearInterval(timer);
  timer = window.setInterval(() => void beat(run), PLAY_MS);
}

async function beat(mine: number): Promise<void> {
  if (viewTime.peek().mode !== "replay" || !playing.peek() || wanted.peek() !== null) return;
  const at = viewMs();
  const kept = span.peek();
  if (at === null || !kept || performance.now() - askedMono < kept.stepMs / rate.peek() - PLAY_MS / 2) return;
  if (at >= kept.untilMs && !(await goesOn(mine, at))) return;
  if (mine !== run || !playing.peek()) return;
  wanted.value = at;
  await pump(mine);
}

/** The recording grows while it is watched; at its end the replay stands still and says so. */
async function goesOn(mine: number, atMs: number): Promise<boolean> {
  try {
    const kept = await refreshSpan();
    if (mine !== run) return false;
    if (kept && atMs < kept.untilMs) return true;
    hold(false);
    trouble.value = "end of the recording";
    return false;
  } catch (error) {
    if (mine === run) stopWith(words(error));
    return false;
  }
}

/** Plays or stands still from the moment that is shown. */
export function hold(play: boolean): void {
  playing.value = play;
  trouble.value = null;
  const at = viewMs();
  if (shown && at !== null && viewTime.peek().mode === "replay") showPast(shown, play ? rate.peek() : 0, at);
}

export function setRate(next: Rate): void {
  rate.value = next;
  if (viewTime.peek().mode === "replay") hold(true);
}

export function leave(): void {
  run++;
  window.clearInterval(timer);
  shown = null;
  playing.value = false;
  wanted.value = null;
  gap.value = null;
  trouble.value = null;
  if (viewTime.peek().mode !== "live") showPresent();
}

/** So far before now the moment shown lies; 0 in the present. */
export function behindMs(): number {
  const now = nowMs();
  const at = viewMs();
  return now === null || at === null ? 0 : Math.max(0, now - at);
}
