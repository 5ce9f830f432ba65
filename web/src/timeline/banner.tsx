// The banner that says that what is shown is not the present: which time it is, how far from now, how to get back.
// The words that change each second are not read aloud; that the page is not live is, once.
import { clock, day, moment } from "../format/time";
import { presentSecond, second, viewTime, zone } from "../state/store";
import { aheadMs } from "./ahead";
import { distanceWords } from "./distance";
import { gap, leave, playing, rate, trouble } from "./player";

function Back() {
  return (
    <button type="button" id="back-to-live" class="back-to-live" onClick={leave}>
      Back to live <kbd>0</kbd>
    </button>
  );
}

export function TimeBanner() {
  const { mode } = viewTime.value;
  const at = second.value ?? 0;
  const now = presentSecond.value ?? at;
  if (mode === "live") return <div id="time-spoken" class="sr-only" role="status" />;
  return (
    <>
      <div id="time-spoken" class="sr-only" role="status">
        {mode === "replay" ? "Not live: replay. Press 0 for live." : "Looking ahead, not live. Press 0 for live."}
      </div>
      {mode === "replay" ? <Replay at={at} now={now} /> : <Ahead at={at} now={now} />}
    </>
  );
}

function Replay({ at, now }: { at: number; now: number }) {
  return (
    <div id="time-banner" class="time-banner time-banner-replay">
      <strong>NOT LIVE — REPLAY</strong>
      <strong class="time">{day(at, zone.value)} {clock(at, zone.value)}</strong>
      <span class="time">{distanceWords(Math.max(0, now - at))} ago, {playing.value ? `▶ ×${rate.value}` : "❚❚ standing still"}</span>
      {gap.value && <strong class="time-gap" role="alert">NOT RECORDED: {gap.value}</strong>}
      {trouble.value && <span role="alert">{trouble.value}</span>}
      <Back />
    </div>
  );
}

function Ahead({ at, now }: { at: number; now: number }) {
  return (
    <div id="time-banner" class="time-banner time-banner-ahead">
      <strong>LOOKING AHEAD, NOT LIVE</strong>
      <strong class="time">{moment(at, now, zone.value)}</strong>
      <span class="time">in {distanceWords(aheadMs.value)}</span>
      <span>Volumes as planned now. Aircraft: not predicted, shown where they are now.</span>
      <Back />
    </div>
  );
}
