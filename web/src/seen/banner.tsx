// The label that is there while the map shows one's own things as somebody else has them: for whom, what they have in
// numbers, and how to end it.
import { clock } from "../format/time";
import { picture, viewTime, zone } from "../state/store";
import { isFinal } from "../state/phase";
import { formsOf, recipients, seenAs, showAs, showAsMyself, trackLevelsOf } from "./state";

function plural(count: number, one: string): string {
  return `${count} ${one}${count === 1 ? "" : "s"}`;
}

export function SeenBanner() {
  const shown = seenAs.value;
  if (!shown) return null;
  const { recipient, rows, askedMs, trouble } = shown;
  const others = recipients.value.includes(recipient) ? recipients.value : [recipient, ...recipients.value];
  return (
    <div id="seen-banner" class="seen-banner" role="status">
      <strong>AS {recipient.toUpperCase()} HAS IT</strong>
      {viewTime.value.mode === "live" ? <Counts /> : <span>Only over the present: back to live (0).</span>}
      {rows === null && !trouble && <span>Asking the exchange…</span>}
      {askedMs !== null && <span class="time">as of {clock(askedMs, zone.value)}</span>}
      {trouble && <span role="alert">{trouble}</span>}
      <select data-arrows aria-label="Recipient" value={recipient} onChange={(event) => showAs(event.currentTarget.value)}>
        {others.map((one) => <option key={one} value={one}>{one}</option>)}
      </select>
      <button type="button" onClick={showAsMyself}>Back to your own view <kbd>o</kbd></button>
    </div>
  );
}

function Counts() {
  const rows = seenAs.value?.rows;
  if (!rows) return null;
  const refs = new Set(rows.map(({ ref }) => ref));
  const withheld = [...picture.value.items.values()].filter((item) => item.level === "own" && !isFinal(item) && !refs.has(item.ref)).length;
  const { own, sensed, raised } = trackLevelsOf(rows);
  return (
    <span>
      {plural(formsOf(rows).length, "item")} of yours, {withheld} not shown; your aircraft: {own}; tracks you sense: {sensed}
      {raised.size > 0 && `; ${raised.size} raised`}.
    </span>
  );
}
