// What is in use at the time that is looked ahead to: own, released and reserved things by name, and where the plan being
// drawn would be. Only what is planned now and released; aircraft are not predicted.
import { computed } from "@preact/signals";
import { distance } from "../format/heights";
import { moment } from "../format/time";
import { itemName, itemWords } from "../format/words";
import { centreOn } from "../map/commands";
import { ItemMark } from "../panels/marks";
import { onRoute } from "../plan/layer";
import { inUse } from "../plan/marks";
import { plan, planOpen } from "../plan/state";
import { isFinal, itemTime, offNominal, slotsOf, timeOf } from "../state/phase";
import { picture, presentSecond, selection, viewTime, zone } from "../state/store";
import type { ReleasedItem } from "../wire/types";

const GROUPS = [["own", "Yours"], ["volume", "Released to you"], ["reserved", "Reserved cells"]] as const;
/** More of one kind than this is a number; the list has them all. */
const MOST_ROWS = 40;

/** In use at a time, each level in the order of its end. */
export function inUseAt(items: Iterable<ReleasedItem>, atMs: number): ReadonlyMap<string, readonly ReleasedItem[]> {
  const found = new Map<string, ReleasedItem[]>(GROUPS.map(([level]) => [level, []]));
  for (const item of items) {
    if (isFinal(item)) continue;
    if (itemTime(item, atMs) === "now" || offNominal(item)) found.get(item.level)?.push(item);
  }
  for (const all of found.values()) all.sort((a, b) => endOf(a, atMs) - endOf(b, atMs) || (a.ref < b.ref ? -1 : 1));
  return found;
}

function endOf(item: ReleasedItem, atMs: number): number {
  return Math.max(0, ...slotsOf(item).filter((slot) => timeOf(slot, atMs) === "now").map(({ endMs }) => endMs));
}

const aheadAt = computed(() => (viewTime.value.mode === "ahead" ? viewTime.value.atMs : null));
const active = computed(() => (aheadAt.value === null ? null : inUseAt(picture.value.items.values(), aheadAt.value)));

export function ActivePanel() {
  const at = aheadAt.value;
  const found = active.value;
  if (at === null || !found) return null;
  const now = presentSecond.value ?? at;
  return (
    <aside class="panel active-panel" aria-label="In use at the time looked ahead to">
      <header class="panel-head">
        <h2>In use at <span class="time">{moment(at, now, zone.value)}</span></h2>
      </header>
      <div class="active-body">
        <PlanThen atMs={at} />
        {GROUPS.map(([level, words]) => <Group key={level} words={words} items={found.get(level)!} atMs={at} now={now} />)}
        <p class="plan-quiet">As planned now, of what is released to you.</p>
      </div>
    </aside>
  );
}

function Group(props: { words: string; items: readonly ReleasedItem[]; atMs: number; now: number }) {
  const { words, items, atMs, now } = props;
  return (
    <section>
      <h3>{words} <span class="active-count">{items.length}</span></h3>
      <ul>
        {items.slice(0, MOST_ROWS).map((item) => (
          <li key={item.ref}>
            <button type="button" class="active-row" data-ref={item.ref} onClick={() => show(item)}>
              <ItemMark item={item} nowMs={atMs} />
              <span class="row-text">
                <span class="row-name">{itemName(item)}</span>
                <span class="row-more">{itemWords(item)}</span>
              </span>
              <span class="row-side time">until<br />{endOf(item, atMs) ? moment(endOf(item, atMs), now, zone.value) : "its end"}</span>
            </button>
          </li>
        ))}
        {items.length > MOST_ROWS && <li>and {items.length - MOST_ROWS} more, all on the map</li>}
      </ul>
    </section>
  );
}

function show(item: ReleasedItem): void {
  selection.value = { kind: "item", id: item.ref };
  centreOn(selection.peek());
}

/** The plan being drawn, at that time: which of its volumes, and between which waypoints if it is flown as drawn. */
function PlanThen({ atMs }: { atMs: number }) {
  const of = planOpen.value ? plan.value : null;
  if (!of) return null;
  const used = of.volumes.flatMap((volume, i) => (inUse(volume, atMs) ? [i + 1] : []));
  const here = onRoute();
  return (
    <section class="active-plan">
      <h3>Your plan, not filed</h3>
      <p>
        {used.length === 0
          ? "Not in use then."
          : `${used.length === 1 ? "Volume" : "Volumes"} ${used.length === 1 ? used[0] : `${used[0]} to ${used[used.length - 1]}`} of ${of.volumes.length} in use.`}
        {here && ` Between waypoints ${here.leg + 1} and ${here.leg + 2}, if flown as drawn.`}
        {!here && used.length > 0 && of.lengthM !== null && ` The flight of ${distance(of.lengthM)} may be early or late.`}
      </p>
    </section>
  );
}
