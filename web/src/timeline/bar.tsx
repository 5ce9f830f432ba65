// The one bar of time under the map: what was, now, and what is planned. To the left of LIVE the recording, to the
// right the day ahead; each a slider that arrows move as well.
import { clock, moment } from "../format/time";
import { nowMs, second, viewMs, viewTime, zone } from "../state/store";
import { aheadMs, FURTHEST_MS, look, lookFurther } from "./ahead";
import { distanceWords } from "./distance";
import { behindMs, enter, hold, leave, playing, type Rate, rate, seek, setRate, span, trouble, wanted } from "./player";

/** One press of a step key or button. */
export const STEP_BACK_MS = 10_000;
export const STEP_AHEAD_MS = 15 * 60_000;
export const FINE_STEP_MS = 60_000;
/** Before the exchange has said what it keeps, the left slider stands for this long. */
const ASSUMED_SPAN_MS = 3_600_000;
const SLIDER_STEP_MS = 5 * 60_000;

export function toggleReplay(): void {
  if (viewTime.peek().mode === "replay") leave();
  else void enter(null, true);
}

export function toggleAhead(): void {
  if (viewTime.peek().mode === "ahead") leave();
  else look(3_600_000);
}

/** False where there is nothing that plays. */
export function playOrHold(): boolean {
  if (viewTime.peek().mode !== "replay") return false;
  hold(!playing.peek());
  return true;
}

/** Earlier or later: in the recording by seconds, in the plan by quarters of an hour. */
export function stepTime(by: 1 | -1, aheadBy = STEP_AHEAD_MS): void {
  const { mode } = viewTime.peek();
  const present = nowMs();
  if (present === null) return;
  if (mode === "ahead") {
    if (aheadMs.peek() + by * aheadBy <= 0) leave();
    else lookFurther(by * aheadBy);
  } else if (mode === "replay") {
    const from = wanted.peek() ?? viewMs() ?? present;
    if (by > 0 && from + STEP_BACK_MS >= present) {
      leave();
      return;
    }
    if (playing.peek()) hold(false);
    seek(from + by * STEP_BACK_MS);
  } else if (by < 0) void enter(present - STEP_BACK_MS, false);
  else look(aheadBy);
}

export function TimelineBar() {
  const { mode } = viewTime.value;
  return (
    <section class={`timeline timeline-${mode}`} aria-label="Time: replay, live, look-ahead">
      <div class="timeline-part" role="group" aria-label="Replay">
        <button type="button" aria-pressed={mode === "replay"} title="Replay (t)" onClick={toggleReplay}>Replay</button>
        <button type="button" class="quiet" aria-label="10 seconds earlier. Key: comma" title="10 s earlier (,)" onClick={() => stepTime(-1)}>−10 s</button>
        <button
          type="button"
          class="quiet"
          disabled={mode !== "replay"}
          aria-label={playing.value ? "Stand still. Key: space" : "Play. Key: space"}
          title="Play, stand still (space)"
          onClick={playOrHold}
        >
          {playing.value && mode === "replay" ? "❚❚" : "▶"}
        </button>
        <button type="button" class="quiet" disabled={mode !== "replay"} aria-label="10 seconds later. Key: full stop" title="10 s later (.)" onClick={() => stepTime(1)}>+10 s</button>
        <Pace pace={1} />
        <Pace pace={4} />
      </div>
      <PastSlider />
      <button
        type="button"
        id="live-button"
        class="live-button"
        aria-pressed={mode === "live"}
        title="Back to live (0)"
        onClick={leave}
      >
        {mode === "live" ? "● LIVE" : "LIVE (0)"}
      </button>
      <AheadSlider />
      <div class="timeline-part" role="group" aria-label="Look-ahead">
        <span class="timeline-distance time">{mode === "ahead" ? `+${distanceWords(aheadMs.value)}` : "+24 h"}</span>
        <button type="button" aria-pressed={mode === "ahead"} title="Look-ahead (y)" onClick={toggleAhead}>Look-ahead</button>
      </div>
      {trouble.value && mode !== "replay" && <span class="timeline-trouble" role="alert" title={trouble.value}>Replay: {trouble.value}</span>}
    </section>
  );
}

function Pace({ pace }: { pace: Rate }) {
  const { mode } = viewTime.value;
  return (
    <button
      type="button"
      class="quiet"
      disabled={mode !== "replay"}
      aria-pressed={mode === "replay" && playing.value && rate.value === pace}
      title={`Play at ${pace} times (${pace})`}
      onClick={() => setRate(pace)}
    >
      ×{pace}
    </button>
  );
}

function PastSlider() {
  const { mode } = viewTime.value;
  const now = second.value ?? 0;
  const present = nowMs() ?? now;
  const until = Math.max(span.value?.untilMs ?? present, mode === "live" ? present : 0);
  const from = span.value?.fromMs ?? until - ASSUMED_SPAN_MS;
  const value = wanted.value ?? (mode === "replay" ? (viewMs() ?? until) : until);
  return (
    <span class="timeline-slider">
      <small class="time" title={span.value?.because ?? "where the recording begins"}>{moment(from, present, zone.value)}</small>
      <input
        type="range"
        id="past-slider"
        aria-label="Replay at"
        aria-valuetext={mode === "replay" ? `${clock(value, zone.value)}, ${distanceWords(behindMs())} ago` : "live"}
        min={from}
        max={until}
        step={span.value?.stepMs ?? 1000}
        value={value}
        onInput={(event) => seek(Number(event.currentTarget.value))}
      />
    </span>
  );
}

function AheadSlider() {
  const { mode } = viewTime.value;
  return (
    <span class="timeline-slider timeline-slider-ahead">
      <input
        type="range"
        id="ahead-slider"
        aria-label="Look ahead by"
        aria-valuetext={mode === "ahead" ? distanceWords(aheadMs.value) : "live"}
        min={0}
        max={FURTHEST_MS}
        step={SLIDER_STEP_MS}
        value={mode === "ahead" ? aheadMs.value : 0}
        onInput={(event) => look(Number(event.currentTarget.value))}
      />
    </span>
  );
}
