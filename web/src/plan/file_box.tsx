// The foot of the plan's panel, always in sight: what filing would do, the button, and what came of it.
import { moment } from "../format/time";
import { itemName } from "../format/words";
import { spanOf } from "../state/phase";
import { nowMs, viewTime, zone } from "../state/store";
import type { ReleasedItem } from "../wire/types";
import { canFile, file, filed, forgetOutcome } from "./filing";
import { accepted, checkedNow, checking, clearPlan, current, draft, inWay, laying, layTrouble, ownIntents, plan, reading, replaces, unaccepted } from "./state";

/** Why it cannot be filed now, in words; null where it can. */
function obstacle(): string | null {
  const { wrong } = reading.value;
  if (draft.value.waypoints.length < 2) return "Two waypoints or more are needed.";
  if (Object.keys(wrong).length > 0) return `Still to be given: ${Object.keys(wrong).map((field) => NAMES[field] ?? field).join(", ")}.`;
  if (layTrouble.value) return `Refused: ${layTrouble.value.words}`;
  if (viewTime.value.mode === "replay") return "Filing is for now: back to live with 0.";
  if (laying.value || !current.value) return "The volumes are being computed…";
  if (!checkedNow.value) return checking.value ? "Being checked…" : "Not checked: it cannot be filed unseen.";
  const open = unaccepted.value;
  const closed = open.find(({ blocking }) => blocking);
  if (closed) return `Conflict ${(inWay.value ?? []).indexOf(closed) + 1} cannot be filed over: find an alternative, or draw another route.`;
  if (open.length > 0) return "Tick each conflict to file over it on purpose, or take an alternative.";
  return null;
}

const NAMES: Readonly<Record<string, string>> = {
  levels: "level",
  speed_mps: "speed",
  half_width_m: "half width",
  half_height_m: "half height",
  departs: "departure",
  early_s: "minutes early",
  late_s: "minutes late",
  priority: "priority",
  waypoints: "waypoints",
};

export function FileBox() {
  const outcome = filed.value;
  if (outcome.state === "written") return <Written item={outcome.item} />;
  const unknown = outcome.state === "unknown";
  const why = unknown ? null : obstacle();
  const asking = outcome.state === "asking";
  return (
    <footer class="plan-foot">
      {outcome.state === "refused" && <p class="note" role="alert"><strong>Refused.</strong> {outcome.words}</p>}
      {outcome.state === "unknown" && (
        <p class="note" role="alert">
          <strong>No answer: {outcome.words}.</strong> It is not known whether it was filed. Trying again sends the same request and files it
          once. <button type="button" class="link" onClick={forgetOutcome}>Leave it</button>
        </p>
      )}
      <p class="plan-why" id="plan-why">{!unknown && !asking && <Count />}{unknown ? "Look in the list of yours before you file it anew." : asking ? `Filing${outcome.attempt > 1 ? `, attempt ${outcome.attempt}` : ""}…` : (why ?? readyWords())}</p>
      <div class="plan-buttons">
        <button type="button" id="plan-file" class="plan-file" disabled={why !== null || !canFile()} aria-describedby="plan-why" onClick={() => void file()}>
          {unknown ? "Try again" : replaces.value ? "File the change" : "File"}
        </button>
        <Replaces />
        <button type="button" class="quiet" id="plan-clear" disabled={plan.value === null && draft.value.waypoints.length === 0} onClick={() => { forgetOutcome(); clearPlan(); }}>Clear</button>
      </div>
    </footer>
  );
}

/** How many are in the way, in sight wherever the panel is scrolled to. */
function Count() {
  const count = inWay.value?.length ?? 0;
  if (count === 0) return null;
  const show = (): void => document.querySelector(".plan-conflicts")?.scrollIntoView({ block: "start" });
  return <><button type="button" class="link" onClick={show}>⚠ {count} {count === 1 ? "conflict" : "conflicts"}</button> · </>;
}

function readyWords(): string {
  const count = accepted.value.size;
  const over = count === 0 ? "" : `, over ${count} ${count === 1 ? "conflict" : "conflicts"} on purpose`;
  return `Ready to file ${plan.value?.volumes.length ?? 0} volumes${over}.`;
}

function Replaces() {
  const all = ownIntents();
  if (all.length === 0) return null;
  return (
    <select
      id="plan-replaces"
      aria-label="File as"
      value={replaces.value ?? ""}
      onChange={(event) => { replaces.value = event.currentTarget.value || null; }}
    >
      <option value="">as a new intent</option>
      {all.map((item) => <option key={item.ref} value={item.ref}>in place of {itemName(item)}</option>)}
    </select>
  );
}

function Written({ item }: { item: ReleasedItem }) {
  const now = nowMs() ?? 0;
  const { startMs, endMs } = spanOf(item);
  const over = item.accepted_conflicts?.length ?? 0;
  return (
    <footer class="plan-foot">
      <p class="plan-filed" role="status">
        <strong>✓ Filed: {itemName(item)}, {item.state ?? ""}.</strong> {moment(startMs, now, zone.value)} – {moment(endMs, now, zone.value)}
        {over > 0 && `, over ${over} ${over === 1 ? "conflict" : "conflicts"} on purpose`}. It is yours in the list; activate and end it from its details.
      </p>
      <div class="plan-buttons">
        <button type="button" id="plan-next" onClick={() => { forgetOutcome(); clearPlan(); }}>Plan another</button>
      </div>
    </footer>
  );
}
