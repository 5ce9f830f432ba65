// The panel of the flight being planned: route, form, what it comes to, what is in its way, alternatives, and the filing.
import { useEffect, useRef } from "preact/hooks";
import { distance } from "../format/heights";
import { moment } from "../format/time";
import { nowMs, zone } from "../state/store";
import { lookAt } from "../timeline/ahead";
import { Alternatives } from "./alternatives";
import { Conflicts } from "./conflicts";
import { Fields } from "./fields";
import { FileBox } from "./file_box";
import { closePlan, current, draft, laying, layTrouble, plan, planOpen, togglePlan } from "./state";
import { Waypoints } from "./waypoints";

export function PlanPanel() {
  if (!planOpen.value) return null;
  return <Panel />;
}

function Panel() {
  const head = useRef<HTMLHeadingElement>(null);
  // Who opens it by key goes on from here by Tab.
  useEffect(() => head.current?.focus({ preventScroll: true }), []);
  return (
    <aside class="panel plan-panel" aria-label="Plan a flight">
      <header class="panel-head">
        <h2 ref={head} tabIndex={-1}>Plan a flight</h2>
        <button type="button" class="quiet" aria-label="Close the plan; it stays as it is. Key: capital P" title="Close (P)" onClick={closePlan}>✕</button>
      </header>
      <div class="plan-body">
        <Waypoints />
        <Fields />
        <Summary />
        <Conflicts />
        <Alternatives />
      </div>
      <FileBox />
    </aside>
  );
}

function Summary() {
  const of = plan.value;
  const trouble = layTrouble.value;
  if (trouble && trouble.field === null) return <p class="note" role="alert">No volumes: {trouble.words}</p>;
  if (!of) return null;
  const now = nowMs() ?? 0;
  const { departsMs } = draft.value;
  return (
    <div class={current.value ? "plan-summary" : "plan-summary plan-old"} aria-busy={laying.value}>
      <p>
        <strong>{of.volumes.length} {of.volumes.length === 1 ? "volume" : "volumes"}</strong>
        {of.lengthM !== null && ` · ${distance(of.lengthM)}`} · arrives {moment(of.arrivesMs, now, zone.value)}
        {!current.value && " · being computed anew"}
      </p>
      <span class="plan-look">
        Look ahead to
        {departsMs !== null && <button type="button" class="link" onClick={() => lookAt(departsMs)}>departure</button>}
        {departsMs !== null && <button type="button" class="link" onClick={() => lookAt((departsMs + of.arrivesMs) / 2)}>half way</button>}
        <button type="button" class="link" onClick={() => lookAt(of.arrivesMs - 60_000)}>arrival</button>
      </span>
    </div>
  );
}

export function PlanButton() {
  return (
    <button
      type="button"
      id="plan-button"
      class="quiet"
      aria-pressed={planOpen.value}
      title="Plan a flight (P)"
      onClick={togglePlan}
    >
      Plan
    </button>
  );
}
