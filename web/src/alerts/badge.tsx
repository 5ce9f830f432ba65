// What must be seen and heard whatever the page shows: the counts in the bar, the flash, the live region. They follow
// the present, in replay and look-ahead too.
import { useEffect, useState } from "preact/hooks";
import { viewTime } from "../state/store";
import { LEVEL, LEVELS } from "./levels";
import { announcement, flashes, missed } from "./news";
import { LevelMark } from "./panel";
import { open, standing } from "./state";

/** A flash ends after so long; with prefers-reduced-motion it is a still frame for as long. */
const FLASH_MS = 2400;

export function AlertBadge() {
  const counts = standing.value;
  const there = LEVELS.filter((level) => counts[level] > 0);
  const words = there.map((level) => `${counts[level]} ${LEVEL[level].word.toLowerCase()}`).join(", ");
  const late = missed.value.size;
  const away = viewTime.value.mode !== "live";
  return (
    <>
      {away && late > 0 && (
        <strong id="alerts-missed" class="alerts-missed" role="status">
          {late} new {late === 1 ? "warning" : "warnings"} live
        </strong>
      )}
      <button
        type="button"
        id="alerts-badge"
        class="quiet alerts-badge"
        aria-pressed={open.value}
        aria-label={`Alerts now: ${words || "none"}. Show or hide. Key: a`}
        title="Alerts (a)"
        onClick={() => { open.value = !open.peek(); }}
      >
        {there.length === 0 ? "No alerts" : there.map((level) => (
          <span key={level} class={`alerts-count alert-${level}`}><LevelMark level={level} />{counts[level]}</span>
        ))}
      </button>
    </>
  );
}

/** Frames the page for a moment, and speaks. Always in the page: a live region that appears with its text is not read. */
export function AlertNotice() {
  const [seen, setSeen] = useState(0);
  const at = flashes.value;
  useEffect(() => {
    if (at === seen) return;
    const timer = window.setTimeout(() => setSeen(at), FLASH_MS);
    return () => window.clearTimeout(timer);
  }, [at, seen]);
  return (
    <>
      <div id="alerts-spoken" class="sr-only" role="alert" aria-live="assertive">{announcement.value}</div>
      {at !== seen && <div key={at} class="alert-flash" aria-hidden="true"><span>NEW WARNING</span></div>}
    </>
  );
}
