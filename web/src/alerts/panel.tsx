// The list of alerts, most urgent first, each told in full: level by word, shape and colour, phase, who, how close,
// on what it rests, who knows of it. Everything on the map's lines is here in words as well.
import { signal } from "@preact/signals";
import { ADVISORY, closestWords, headline, itemWords, minimaWords, missWords, msOf, phaseWords, sideName, sideNote } from "./words";
import type { Alert } from "../wire/types";
import { clock } from "../format/time";
import { lateS, selectedAlert, sweptAt, viewTime, zone } from "../state/store";
import { gap } from "../timeline/player";
import { acknowledge, asked } from "./acknowledge";
import { select } from "./choose";
import { LEVEL } from "./levels";
import { concerns, isCleared, type Listed } from "./order";
import { sound, toggleSound } from "./sound";
import { acknowledging, alertSecond, filter, hidden, listed, names, open } from "./state";

export function LevelMark({ level }: { level: Alert["level"] }) {
  const { shape, solid, colour } = LEVEL[level];
  return (
    <svg class="alert-mark" viewBox="-11 -11 22 22" aria-hidden="true">
      <path d={shape} fill={solid ? colour : "none"} stroke={colour} stroke-width="2.4" stroke-linejoin="round" />
      {level !== "preventive" && <path d={level === "warning" ? "M0-5.5V1.5M0 4V5.8" : "M0-3V2M0 3.8V5.2"} stroke={solid ? "#1b0306" : colour} stroke-width="2.4" />}
    </svg>
  );
}

/** More than this is not drawn anew each second unless it is asked for; how many there are is always said. */
const MOST_ROWS = 60;
const everything = signal(false);

export function toggleFilter(): void {
  filter.value = filter.peek() === "all" ? "mine" : "all";
}

export function AlertsPanel() {
  if (!open.value) return null;
  const all = listed.value;
  const rows = everything.value ? all : all.filter(({ alert }, i) => i < MOST_ROWS || alert.ref === selectedAlert.value);
  const left = all.filter(({ alert }) => !isCleared(alert)).length - rows.filter(({ alert }) => !isCleared(alert)).length;
  const { mode } = viewTime.value;
  return (
    <aside class="panel alerts-panel" aria-label="Alerts, most urgent first">
      <header class="panel-head">
        <h2>Alerts{mode !== "live" && <em class="tag">{mode === "replay" ? "REPLAY" : "OF NOW"}</em>}</h2>
        <button type="button" class="quiet" aria-pressed={filter.value === "mine"} title="All, or only those with aircraft of yours (i)" onClick={toggleFilter}>
          {filter.value === "mine" ? "Mine" : "All"}
        </button>
        <button type="button" class="quiet" aria-pressed={sound.value} aria-label={`Sound for new warnings: ${sound.value ? "on" : "off"}. Key: s`} title="Sound for new warnings (s)" onClick={toggleSound}>
          {sound.value ? "Sound on" : "Sound off"}
        </button>
        <button type="button" class="quiet" aria-label="Hide the alerts (a)" onClick={() => { open.value = false; }}>✕</button>
      </header>
      {all.length === 0 ? <Nothing /> : (
        <ol class="alerts-list">
          {rows.map((one) => <AlertRow key={one.alert.ref} {...one} />)}
        </ol>
      )}
      {left > 0 && (
        <button type="button" class="alerts-more" onClick={() => { everything.value = true; }}>
          {left} less urgent: show all
        </button>
      )}
      {hidden.value > 0 && <p class="alerts-hidden">{hidden.value} without aircraft of yours not shown (i)</p>}
    </aside>
  );
}

/** "None" means none that what is released to the reader shows; and it says when that was looked for. */
function Nothing() {
  if (viewTime.value.mode === "replay" && gap.value) return <p class="empty">Not recorded: {gap.value}.</p>;
  const at = sweptAt.value;
  return (
    <p class="empty">
      {filter.value === "mine" ? "None with aircraft of yours" : "None"} in what is released to you
      {at === null ? "." : `, as of ${clock(at, zone.value)}.`}
      {lateS.value > 0 && ` The search is late by ${Math.ceil(lateS.value)} s.`}
    </p>
  );
}

function AlertRow({ alert, clearedAtMs }: Listed) {
  const now = alertSecond.value ?? 0;
  const cleared = clearedAtMs !== null || isCleared(alert);
  const chosen = selectedAlert.value === alert.ref;
  const { word } = LEVEL[alert.level];
  return (
    <li
      class={`alert alert-${alert.level} alert-${cleared ? "cleared" : alert.state}`}
      data-ref={alert.ref}
      aria-current={chosen ? "true" : undefined}
    >
      <button type="button" class="alert-head" title="Show on the map (n, p: next, previous)" onClick={() => select(alert.ref)}>
        <LevelMark level={alert.level} />
        <strong class="alert-level">{word}</strong>
        <span class="alert-phase">{phaseWords(alert, now)}</span>
        <span class="alert-kind">
          {headline(alert)}
          {alert.advisory && <em class="tag tag-advisory">ADVISORY</em>}
          {!concerns(alert) && <em class="tag">OTHERS'</em>}
        </span>
      </button>
      <Who alert={alert} />
      {!cleared && <HowClose alert={alert} now={now} />}
      {!cleared && <p class="alert-reasons">{alert.reasons.join("; ")}{alert.advisory && <><br />{ADVISORY}</>}</p>}
      <Known alert={alert} cleared={cleared} />
    </li>
  );
}

const MOST_SIDES = 6;

function Who({ alert }: { alert: Alert }) {
  const item = itemWords(alert, names);
  return (
    <ul class="alert-who">
      {alert.sides.slice(0, MOST_SIDES).map((side, i) => {
        const note = sideNote(side);
        return (
          <li key={i}>
            <strong>{sideName(side, names)}</strong>
            {note && <span> ({note})</span>}
          </li>
        );
      })}
      {alert.sides.length > MOST_SIDES && <li>and {alert.sides.length - MOST_SIDES} more aircraft</li>}
      {item && <li>into <strong>{item}</strong></li>}
    </ul>
  );
}

function HowClose({ alert, now }: { alert: Alert; now: number }) {
  const miss = missWords(alert);
  const closest = closestWords(alert, now);
  const minima = minimaWords(alert);
  if (!miss && !closest) return null;
  return (
    <p class="alert-close">
      {miss && <strong class="time">{miss}</strong>}
      {closest && <span class="time"> {closest}</span>}
      {minima && <small>{minima}</small>}
    </p>
  );
}

function Known({ alert, cleared }: { alert: Alert; cleared: boolean }) {
  const by = msOf(alert.acknowledged_at);
  const other = msOf(alert.other_party_acknowledged_at);
  const asking = asked.value.get(alert.ref);
  return (
    <div class="alert-known">
      {alert.acknowledged_by && (
        <span class="alert-known-by">
          ✓ Acknowledged by {alert.acknowledged_by}{by !== null && ` at ${clock(by, zone.value)}`}
        </span>
      )}
      {other !== null && <span class="alert-known-by">✓ The other party acknowledged at {clock(other, zone.value)}</span>}
      {!cleared && alert.state === "raised" && (
        <button
          type="button"
          class="alert-acknowledge"
          disabled={!acknowledging.value || asking?.state === "asking"}
          title={acknowledging.value ? "Acknowledge (k)" : "Only in the present: back to live (0)"}
          onClick={() => acknowledge(alert)}
        >
          {asking?.state === "asking" ? "Acknowledging…" : acknowledging.value ? "Acknowledge (k)" : "Acknowledge: only when live"}
        </button>
      )}
      {asking?.state === "refused" && alert.state === "raised" && <span class="wrong" role="alert">{asking.message}</span>}
    </div>
  );
}

