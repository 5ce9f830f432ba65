// The alerts in the help page's legend: mark, word and line of each level, and what else is drawn of an alert.
import { LEVEL, LEVELS } from "./levels";
import { LevelMark } from "./panel";

const LINE: Readonly<Record<(typeof LEVELS)[number], string>> = { warning: "solid", corrective: "dashed", preventive: "dotted" };

export function AlertLegend() {
  return (
    <>
      <h3>Alerts</h3>
      <ul>
        {LEVELS.map((level) => (
          <li key={level}>
            <LevelMark level={level} />
            <svg class="alert-line" viewBox="0 0 44 10" aria-hidden="true">
              <path d="M2 5H42" stroke={LEVEL[level].colour} stroke-width={LEVEL[level].width} stroke-dasharray={LEVEL[level].dash.join(" ") || undefined} stroke-linecap={level === "preventive" ? "round" : "butt"} />
            </svg>
            <span>{LEVEL[level].word.toLowerCase()}: {LINE[level]} line between the two</span>
          </li>
        ))}
        <li><span class="alert-cross" aria-hidden="true">✕</span><span>closest approach, or entry, along the velocities</span></li>
        <li><span>Hatched in a level's colour: cells that contain one whose position is not released.</span></li>
      </ul>
    </>
  );
}
