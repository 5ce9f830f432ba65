// Which moment the page shows: the present, a moment of the past (replay), or one to come (look-ahead over what is
// planned). Everything that draws or says a time asks here and never the machine's clock.
//
// In replay everything stands at the replayed time, which may run. In look-ahead the volumes stand at the moment
// chosen, while aircraft stay where they are now: nobody promised where they will be.
import { computed, signal } from "@preact/signals";
import { type ExchangeClock, exchangeNow } from "../stream/liveness";

export type ViewTime =
  | { readonly mode: "live" }
  /** `sinceMono` is performance.now() at `atMs`; the time runs on from there at `rate` (0 stands still). */
  | { readonly mode: "replay"; readonly atMs: number; readonly sinceMono: number; readonly rate: number }
  | { readonly mode: "ahead"; readonly atMs: number };

export const LIVE: ViewTime = { mode: "live" };
export const viewTime = signal<ViewTime>(LIVE);

/** Ticks four times a second; what depends on the passing of time alone reads it. */
export const mono = signal(performance.now());
export const exchangeClock = signal<ExchangeClock | null>(null);

function presentMs(at: number): number | null {
  const clock = exchangeClock.peek();
  return clock ? exchangeNow(clock, at) : null;
}

function momentOf(view: ViewTime, at: number): number | null {
  if (view.mode === "live") return presentMs(at);
  return view.mode === "ahead" ? view.atMs : view.atMs + (at - view.sinceMono) * view.rate;
}

/** The exchange's time in milliseconds, frozen when the picture is not live; null before the first frame. */
export function nowMs(at: number = performance.now()): number | null {
  return presentMs(at);
}

/** The time that is shown: of volumes, lists, ages and words. */
export function viewMs(at: number = performance.now()): number | null {
  return momentOf(viewTime.peek(), at);
}

/** The time at which aircraft are drawn: as viewMs, but the present in look-ahead. */
export function craftMs(at: number = performance.now()): number | null {
  return viewTime.peek().mode === "replay" ? viewMs(at) : presentMs(at);
}

function whole(ms: number | null): number | null {
  return ms === null ? null : Math.floor(ms / 1000) * 1000;
}

/** viewMs cut to whole seconds, as a signal: panels redraw once a second, not four times. */
export const second = computed<number | null>(() => {
  void exchangeClock.value;
  return whole(momentOf(viewTime.value, mono.value));
});

/** The present's whole second, whatever is shown. */
export const presentSecond = computed<number | null>(() => {
  void exchangeClock.value;
  return whole(presentMs(mono.value));
});
