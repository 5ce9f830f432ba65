// Alternatives to a plan that is in the way of something: ranked by the exchange, each checked against what one may know.
// Pointing at one, or the focus on it, shows it on the map; one press takes it over.
import { findAlternatives, layAnew, take } from "./asks";
import type { Alternative } from "./answers";
import { followsLine } from "./layer";
import { current, inWay, offered, offering, offerTrouble, plan, preview } from "./state";

const KIND: Readonly<Record<string, string>> = {
  later: "→ in time",
  earlier: "← in time",
  higher: "↑ in height",
  lower: "↓ in height",
  around: "another way",
};

export function Alternatives() {
  const of = plan.value;
  if (!of) return null;
  const known = offered.value;
  const wanted = (inWay.value?.length ?? 0) > 0;
  if (!wanted && !known && !of.taken) return null;
  return (
    <section class="plan-alternatives" aria-label="Alternatives" aria-busy={offering.value}>
      {of.taken && (
        <p class="plan-taken" role="status">
          Taken: <strong>{of.taken.words}</strong>. {!followsLine() && (
            <>
              The volumes no longer follow the drawn line.{" "}
              <button type="button" class="link" onClick={layAnew}>As the route is drawn</button>
            </>
          )}
        </p>
      )}
      {wanted && (
        <button type="button" id="plan-find" disabled={offering.value || !current.value} title="Find alternatives (e)" onClick={() => void findAlternatives()}>
          {offering.value ? "Searching…" : known ? "Search again" : "Find alternatives"} <kbd>e</kbd>
        </button>
      )}
      {offerTrouble.value && <p class="note" role="alert">No alternatives: {offerTrouble.value}</p>}
      {known && <List alternatives={known.alternatives} tried={known.tried} complete={known.complete} />}
    </section>
  );
}

function List(props: { alternatives: readonly Alternative[]; tried: number; complete: boolean }) {
  const { alternatives, tried, complete } = props;
  return (
    <>
      <p class="plan-quiet" role="status">
        {alternatives.length === 0 ? "None found" : `${alternatives.length} found`} of {tried} tried{complete ? "" : "; not everything could be tried in time"}.
      </p>
      <ol class="plan-alternative-list">
        {alternatives.map((alternative, i) => (
          <li key={i}>
            <button
              type="button"
              class={preview.value === i ? "plan-alternative plan-alternative-shown" : "plan-alternative"}
              aria-label={`Take alternative ${i + 1}: ${alternative.words}, cost ${costWords(alternative.cost)}`}
              onMouseEnter={() => { preview.value = i; }}
              onMouseLeave={() => { if (preview.peek() === i) preview.value = null; }}
              onFocus={() => { preview.value = i; }}
              onBlur={() => { if (preview.peek() === i) preview.value = null; }}
              onClick={() => take(alternative)}
            >
              <strong class="plan-number plan-number-other">{i + 1}</strong>
              <span class="row-text">
                <span class="row-name">{alternative.words}</span>
                <span class="row-more">{KIND[alternative.kind] ?? alternative.kind}</span>
              </span>
              <span class="row-side" title="Cost: as so many seconds of delay">cost<br />{costWords(alternative.cost)}</span>
            </button>
          </li>
        ))}
      </ol>
    </>
  );
}

function costWords(cost: number): string {
  return cost < 10 && !Number.isInteger(cost) ? cost.toFixed(1) : Math.round(cost).toLocaleString("en-GB");
}
