// Filters for aircraft: height band, source, whose, category; and the strip that says at all times that some are
// hidden and how many. Key g.
import type { ComponentChildren } from "preact";
import { useEffect, useRef } from "preact/hooks";
import {
  CATEGORIES, type CategoryName, type Filter, filter, filtersOpen, filterWords, isActive, NO_FILTER, sieve, SOURCES, type Whose,
} from "../state/filters";
import type { Source } from "../wire/types";
import { registerKey } from "../keys";
import { registerPanel } from "./slots";

function change(part: Partial<Filter>): void {
  filter.value = { ...filter.peek(), ...part };
}

function toggled<T>(set: ReadonlySet<T>, value: T): ReadonlySet<T> {
  const next = new Set(set);
  if (!next.delete(value)) next.add(value);
  return next;
}

const SOURCE_LABEL: Readonly<Record<Source, string>> = {
  own: "operators' own reports",
  broadcast: "broadcast (ADS-B, Remote ID)",
  sensed: "sensed (radar and the like)",
};
const WHOSE: readonly (readonly [Whose, string])[] = [["all", "Everybody's"], ["mine", "Ours"], ["others", "Others'"]];
/** As an aircraft may have it: up to FL999. */
const HIGHEST_FL = 999;

function levelOf(text: string): number | null {
  const level = Number.parseInt(text.replace(/^fl/i, ""), 10);
  return Number.isNaN(level) ? null : Math.max(0, Math.min(HIGHEST_FL, level));
}

function Level({ id, label, value, set }: { id: string; label: string; value: number | null; set: (level: number | null) => void }) {
  return (
    <label class="filter-level" for={id}>
      {label}
      <span>FL</span>
      <input
        id={id}
        type="text"
        inputMode="numeric"
        autocomplete="off"
        value={value === null ? "" : String(value).padStart(3, "0")}
        onChange={(event) => set(levelOf(event.currentTarget.value))}
      />
    </label>
  );
}

function Tick({ on, flip, children }: { on: boolean; flip: () => void; children: ComponentChildren }) {
  return (
    <label class="tick">
      <input type="checkbox" checked={on} onChange={flip} />
      {children}
    </label>
  );
}

function FilterPanel() {
  const form = useRef<HTMLElement>(null);
  const open = filtersOpen.value;
  useEffect(() => {
    if (open) form.current?.querySelector("input")?.focus();
  }, [open]);
  if (!open) return null;
  const now = filter.value;
  return (
    <section class="panel filter-panel" aria-label="Filters for aircraft" ref={form}>
      <header class="panel-head">
        <h2>Filters for aircraft</h2>
        <button type="button" class="quiet" disabled={!isActive(now)} onClick={showAll}>Show all</button>
        <button type="button" class="quiet" aria-label="Close (g)" onClick={() => { filtersOpen.value = false; }}>✕</button>
      </header>
      <div class="filter-body">
        <fieldset class="filter-heights">
          <legend>Height</legend>
          <Level id="filter-lower" label="from" value={now.lowerFl} set={(lowerFl) => change({ lowerFl })} />
          <Level id="filter-upper" label="to" value={now.upperFl} set={(upperFl) => change({ upperFl })} />
        </fieldset>
        <fieldset>
          <legend>Source</legend>
          {SOURCES.map((source) => (
            <Tick key={source} on={!now.withoutSources.has(source)} flip={() => change({ withoutSources: toggled(now.withoutSources, source) })}>
              {SOURCE_LABEL[source]}
            </Tick>
          ))}
        </fieldset>
        <fieldset>
          <legend>Whose</legend>
          <div class="segments segments-3" role="radiogroup" aria-label="Whose aircraft">
            {WHOSE.map(([whose, label]) => (
              <button key={whose} type="button" role="radio" aria-checked={now.whose === whose} onClick={() => change({ whose })}>
                {label}
              </button>
            ))}
          </div>
        </fieldset>
        <fieldset class="filter-categories">
          <legend>Category</legend>
          {CATEGORIES.map((name: CategoryName) => (
            <Tick key={name} on={!now.withoutCategories.has(name)} flip={() => change({ withoutCategories: toggled(now.withoutCategories, name) })}>
              {name === "unknown" ? "not known" : name}
            </Tick>
          ))}
        </fieldset>
        <p class="meaning">
          Never hidden: aircraft of an alert, in distress, or selected; and those whose height is not known, or known
          only from another datum and near the band.
        </p>
      </div>
    </section>
  );
}

function showAll(): void {
  filter.value = NO_FILTER;
}

function FilterStrip() {
  const now = filter.value;
  if (!isActive(now)) return null;
  const { count, of, kept } = sieve.value;
  return (
    <div id="filter-state" class="strip" role="status">
      <strong>{count.toLocaleString("en-GB")} of {of.toLocaleString("en-GB")} aircraft shown</strong>
      <span>{filterWords(now)}</span>
      {kept > 0 && <span>{kept} outside the filter kept: alert, distress or selected</span>}
      <button type="button" onClick={showAll}>Show all (G)</button>
    </div>
  );
}

export function installFilters(): void {
  registerPanel({ id: "filter-strip", slot: "top", order: 40, view: FilterStrip });
  registerPanel({ id: "filters", slot: "left", order: 40, view: FilterPanel });
  registerKey({ keys: ["g"], group: "aircraft", help: "filters: height, source, whose, category", act: () => { filtersOpen.value = !filtersOpen.peek(); } });
  registerKey({ keys: ["G"], group: "aircraft", help: "show all aircraft: no filter", act: showAll });
}
