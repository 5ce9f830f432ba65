// The form of a flight: level, speed, extent, departure and what kind of aircraft it is. Each field names its measure and,
// for a height, its datum; what cannot be read is said beside the field, not guessed.
import type { ComponentChildren } from "preact";
import { day, duration } from "../format/time";
import { nowMs, second } from "../state/store";
import { CATEGORIES, type Category, departure, type Draft, type Field, MEASURES, type MeasureName } from "./draft";
import { change, draft, layTrouble, reading } from "./state";

function wrongOf(field: Field): string | null {
  const { wrong } = reading.value;
  if (wrong[field]) return wrong[field];
  const trouble = layTrouble.value;
  return trouble?.field === field ? trouble.words : null;
}

/** Nothing typed yet is not wrong. */
function told(field: Field, text: string): string | null {
  return text.trim() === "" ? null : wrongOf(field);
}

function Row(props: { field: Field; label: string; id: string; wrong: string | null; children: ComponentChildren }) {
  return (
    <div class={props.wrong ? "plan-row plan-row-wrong" : "plan-row"}>
      <label for={props.id}>{props.label}</label>
      <span class="plan-input">{props.children}</span>
      <small id={`${props.id}-wrong`} class="plan-wrong">{props.wrong ? `⚠ ${props.wrong}` : ""}</small>
    </div>
  );
}

type TextName = "level" | "speedKt" | "halfWidth" | "halfHeight" | "earlyMin" | "lateMin" | "priority";

function Text(props: { id: string; name: TextName; label?: string; wrong: string | null; placeholder?: string }) {
  return (
    <input
      id={props.id}
      type="text"
      inputmode="decimal"
      autocomplete="off"
      aria-label={props.label}
      aria-invalid={props.wrong !== null}
      aria-describedby={`${props.id}-wrong`}
      placeholder={props.placeholder}
      value={draft.value[props.name]}
      onInput={(event) => change({ [props.name]: event.currentTarget.value } as Partial<Draft>)}
    />
  );
}

function Choice<T extends string>(props: { id: string; label: string; value: T; all: readonly (readonly [T, string])[]; onChoose(value: T): void }) {
  return (
    <select id={props.id} aria-label={props.label} title={props.label} value={props.value} onChange={(event) => props.onChoose(event.currentTarget.value as T)}>
      {props.all.map(([value, words]) => <option key={value} value={value}>{words}</option>)}
    </select>
  );
}

const LEVELS = Object.entries(MEASURES).map(([name, { short }]) => [name as MeasureName, short] as const);
const KINDS = CATEGORIES.map((name) => [name, name] as const);

export function Fields() {
  const now = draft.value;
  const level = told("levels", now.level);
  const speed = told("speed_mps", now.speedKt);
  const width = wrongOf("half_width_m");
  const half = wrongOf("half_height_m");
  return (
    <div class="plan-fields">
      <Row field="levels" label="Level" id="plan-level" wrong={level}>
        <Text id="plan-level" name="level" wrong={level} placeholder={now.measure === "FL" ? "120" : "4500"} />
        <Choice id="plan-measure" label={`Measure and datum of the level: ${MEASURES[now.measure].words}`} value={now.measure} all={LEVELS} onChoose={(measure) => change({ measure })} />
      </Row>
      <Row field="speed_mps" label="Speed" id="plan-speed" wrong={speed}>
        <Text id="plan-speed" name="speedKt" wrong={speed} placeholder="110" />
        <span>kt over the ground</span>
      </Row>
      <Row field="half_width_m" label="Half width" id="plan-width" wrong={width}>
        <Text id="plan-width" name="halfWidth" wrong={width} />
        <Choice id="plan-width-in" label="Measure of the half width" value={now.widthIn} all={[["NM", "NM to each side"], ["m", "m to each side"]]} onChoose={(widthIn) => change({ widthIn })} />
      </Row>
      <Row field="half_height_m" label="Half height" id="plan-height" wrong={half}>
        <Text id="plan-height" name="halfHeight" wrong={half} />
        <span>{MEASURES[now.measure].half} above and below</span>
      </Row>
      <Departs />
      <div class="plan-row">
        <label for="plan-category">Aircraft</label>
        <span class="plan-input">
          <Choice<Category> id="plan-category" label="Category of aircraft" value={now.category} all={KINDS} onChoose={(category) => change({ category })} />
          <label class="tick">
            <input id="plan-crewed" type="checkbox" checked={now.crewed} onChange={(event) => change({ crewed: event.currentTarget.checked })} />
            crewed
          </label>
        </span>
      </div>
      <details class="plan-more" open={["early_s", "late_s", "priority"].some((field) => wrongOf(field as Field))}>
        <summary>{moreWords(now)}</summary>
        <Slack />
        <Row field="priority" label="Priority" id="plan-priority" wrong={wrongOf("priority")}>
          <Text id="plan-priority" name="priority" wrong={wrongOf("priority")} />
          <span>0 is ordinary</span>
        </Row>
      </details>
    </div>
  );
}

/** What is folded away is said all the same. */
function moreWords({ earlyMin, lateMin, priority }: Draft): string {
  return `${earlyMin.trim() || "0"} min early to ${lateMin.trim() || "0"} min late, priority ${priority.trim() || "0"}`;
}

function Departs() {
  const { departs, departsMs } = draft.value;
  const wrong = told("departs", departs);
  const now = second.value === null ? null : nowMs();
  const away = departsMs === null || now === null ? null : departsMs - now;
  return (
    <Row field="departs" label="Departs UTC" id="plan-departs" wrong={wrong}>
      <input
        id="plan-departs"
        type="text"
        autocomplete="off"
        aria-label="Departure, UTC"
        aria-invalid={wrong !== null}
        aria-describedby="plan-departs-wrong"
        placeholder="14:00"
        value={departs}
        onInput={(event) => {
          const text = event.currentTarget.value;
          change({ departs: text, departsMs: departure(text, nowMs() ?? 0) });
        }}
      />
      <span class="time">
        {away !== null && departsMs !== null && now !== null && (
          `${day(departsMs, "utc") === day(now, "utc") || departs.includes("-") ? "" : `on ${day(departsMs, "utc")}, `}${away < 0 ? "in the past" : `in ${duration(Math.max(120, away / 1000))}`}`
        )}
      </span>
    </Row>
  );
}

function Slack() {
  const early = wrongOf("early_s");
  const late = wrongOf("late_s");
  return (
    <Row field="early_s" label="May be" id="plan-early" wrong={early ?? late}>
      <Text id="plan-early" name="earlyMin" label="Minutes that it may be early" wrong={early} />
      <span>min early,</span>
      <Text id="plan-late" name="lateMin" label="Minutes that it may be late" wrong={late} />
      <span>min late</span>
    </Row>
  );
}
