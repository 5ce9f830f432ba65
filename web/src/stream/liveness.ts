// When the picture may be called live, and what time it is at the exchange. Pure; monotonic milliseconds are
// performance.now()'s and say nothing about the time of day.

/** Three missed ticks. Longer would show old positions as present ones; shorter would flicker on a busy link. */
export const SILENCE_MS = 3000;

/** Reckoning never runs further ahead of the last frame than the silence that ends being live. */
export const MAX_AHEAD_MS = SILENCE_MS;

export type Phase = "connecting" | "open" | "waiting" | "signed-out";

export interface Link {
  readonly phase: Phase;
  /** Monotonic time of the last frame on the present socket; null before its first. */
  readonly lastFrameAt: number | null;
  readonly attempt: number;
  /** Monotonic time of the next attempt, while waiting. */
  readonly retryAt: number | null;
  readonly detail: string;
}

export const UNCONNECTED: Link = {
  phase: "connecting",
  lastFrameAt: null,
  attempt: 0,
  retryAt: null,
  detail: "",
};

export function isLive(link: Link, mono: number): boolean {
  return link.phase === "open" && link.lastFrameAt !== null && mono - link.lastFrameAt <= SILENCE_MS;
}

/** The exchange's clock against ours: exchange time = mono + offsetMs. */
export interface ExchangeClock {
  readonly offsetMs: number;
  readonly heardAt: number;
}

/** A larger step than this is a restart or a replay jumping, not jitter of the link. */
const STEP_MS = 2000;
/** How much of a difference one frame corrects: spreads a late tick's jitter over several. */
const GAIN = 0.1;

export function hear(clock: ExchangeClock | null, asOfMs: number, mono: number): ExchangeClock {
  const offsetMs = asOfMs - mono;
  if (!clock || Math.abs(offsetMs - clock.offsetMs) > STEP_MS) return { offsetMs, heardAt: mono };
  return { offsetMs: clock.offsetMs + GAIN * (offsetMs - clock.offsetMs), heardAt: mono };
}

/** The exchange's time now; it stands still once the stream has been silent too long. */
export function exchangeNow(clock: ExchangeClock, mono: number): number {
  return clock.offsetMs + Math.min(mono, clock.heardAt + MAX_AHEAD_MS);
}
