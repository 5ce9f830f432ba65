// What an owner may do with an own intent: activate it, say that it is nonconforming or contingent, end it. In the details of
// the selected item. What cannot be taken back is asked for twice.
import { signal } from "@preact/signals";
import { itemName } from "../format/words";
import { viewTime } from "../state/store";
import type { IntentState, ReleasedItem } from "../wire/types";
import { blockingWords } from "./conflicts";
import { conducted, setState } from "./filing";

interface Step {
  readonly state: IntentState;
  readonly words: string;
  /** What it means, where it cannot be taken back. */
  readonly final?: string;
}

const ACTIVATE: Step = { state: "Activated", words: "Activate" };
const NONCONFORMING: Step = { state: "Nonconforming", words: "Nonconforming" };
const CONTINGENT: Step = { state: "Contingent", words: "Contingent", final: "A contingent intent can only be ended." };
const END: Step = { state: "Ended", words: "End", final: "Its airspace is free for others at once." };

const STEPS: Readonly<Record<string, readonly Step[]>> = {
  Accepted: [ACTIVATE, NONCONFORMING, CONTINGENT, END],
  Activated: [NONCONFORMING, CONTINGENT, END],
  Nonconforming: [{ ...ACTIVATE, words: "Activated again" }, CONTINGENT, END],
  Contingent: [END],
};

/** What is asked for a second time: the item's reference and the state. */
const sure = signal<string | null>(null);
const willing = signal<ReadonlySet<string>>(new Set());

export function Conduct({ item }: { item: ReleasedItem }) {
  const steps = item.level === "own" && item.kind === "intent" ? STEPS[item.state ?? ""] : undefined;
  if (!steps || viewTime.value.mode === "replay") return null;
  const outcome = conducted.value.get(item.ref);
  const asking = outcome?.state === "asking";
  const asked = steps.find(({ state }) => sure.value === `${item.ref} ${state}`);
  return (
    <section class="conduct" role="group" aria-label={`What ${itemName(item)} does`}>
      {asked ? (
        <p class="conduct-sure" role="alertdialog" aria-label={`${asked.words}?`}>
          <strong>{asked.words}?</strong> {asked.final}{" "}
          <button type="button" class="conduct-yes" disabled={asking} onClick={() => press(item, asked)}>Yes, {asked.words.toLowerCase()}</button>
          <button type="button" class="quiet" onClick={() => { sure.value = null; }}>No</button>
        </p>
      ) : (
        <div class="conduct-steps">
          {steps.map((step) => (
            <button key={step.state} type="button" data-state={step.state} disabled={asking} onClick={() => press(item, step)}>{step.words}</button>
          ))}
        </div>
      )}
      {asking && <p class="plan-quiet" role="status">Being written…</p>}
      {(outcome?.state === "refused" || outcome?.state === "unknown") && (
        <div class="note" role="alert">
          <strong>{outcome.state === "refused" ? "Refused." : "No answer; pressing again is the same request."}</strong> {outcome.words}
          {outcome.state === "refused" && outcome.conflicts.map(({ item: other, blocking }) => (
            <label key={other.ref} class="tick">
              <input
                type="checkbox"
                disabled={blocking}
                checked={willing.value.has(other.ref)}
                onChange={(event) => tick(other.ref, event.currentTarget.checked)}
              />
              {blocking ? `${itemName(other)}: ${blockingWords(other)}` : `over ${itemName(other)} on purpose`}
            </label>
          ))}
        </div>
      )}
    </section>
  );
}

function tick(ref: string, on: boolean): void {
  const next = new Set(willing.peek());
  if (on) next.add(ref);
  else next.delete(ref);
  willing.value = next;
}

function press(item: ReleasedItem, step: Step): void {
  const asked = `${item.ref} ${step.state}`;
  if (step.final && sure.peek() !== asked) {
    sure.value = asked;
    return;
  }
  sure.value = null;
  void setState(item, step.state, [...willing.peek()].sort());
}
