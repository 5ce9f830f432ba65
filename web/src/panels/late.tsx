// "Picture late by 3 s": the search for conflicts is behind, so an alert that should be there may not be yet. Shown on
// every screen while the stream itself is live; a silent stream has its own banner (top_bar.tsx).
import { clock } from "../format/time";
import { lateS, live, sweptAt, viewTime, zone } from "../state/store";

/** One second of search and one of delivery are in time. */
export const LATE_S = 2;

export function Late() {
  const late = lateS.value;
  if (late <= LATE_S || !live.value || viewTime.value.mode === "replay") return null;
  return (
    <div id="late" class="late" role="alert">
      <strong>PICTURE LATE by {Math.ceil(late)} s</strong>
      <span>
        Alerts rest on the search of {sweptAt.value === null ? "an unknown time" : clock(sweptAt.value, zone.value)}. A
        newer conflict may not be shown yet.
      </span>
    </div>
  );
}
