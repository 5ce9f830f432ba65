// What is in the way of the plan, each as released to oneself: with its number on the map, its contact, when and how high,
// and a tick to file over it on purpose where that can be. Never "clear": only clear of what is released.
import type { ReleasedItem, ReservedVolume, Volume4D } from "../wire/types";
import { band } from "../format/heights";
import { clock, slot } from "../format/time";
import { contactOf, itemName, itemWords } from "../format/words";
import { covered, theScene } from "../map/commands";
import { itemBox } from "../map/volumes";
import { ItemMark } from "../panels/marks";
import { nowMs, selection, streamed, zone } from "../state/store";
import { lookAt } from "../timeline/ahead";
import type { ConflictItem } from "./answers";
import { inTheWay, wayItem } from "./marks";
import { accept, accepted, checked, checkedNow, checking, checkTrouble, inWay, plan } from "./state";

function bandOf(volume: Volume4D | ReservedVolume): string {
  if ("outline" in volume) return band(volume.lower, volume.upper);
  return band({ value_m: volume.lower_w84_m, datum: "W84" }, { value_m: volume.upper_w84_m, datum: "W84" });
}

function numbersWords(numbers: readonly number[], all: number): string {
  const shown = numbers.map((number) => number + 1);
  const first = shown[0];
  const last = shown[shown.length - 1];
  if (first === undefined || last === undefined) return "";
  const row = last - first === shown.length - 1;
  const list = shown.length === 1 ? `${first}` : row ? `${first} to ${last}` : shown.join(", ");
  return `your ${shown.length === 1 ? "volume" : "volumes"} ${list} of ${all}`;
}

function show(conflict: ConflictItem): void {
  const box = itemBox(wayItem(conflict, plan.peek()?.volumes ?? []));
  if (box) theScene()?.fitBox(box, covered());
  if (streamed.peek().items.has(conflict.item.ref)) selection.value = { kind: "item", id: conflict.item.ref };
}

/** The moment from which both are in use: what is in the way, and the plan's volume that meets it. */
export function meetsAtMs(conflict: ConflictItem, volumes: readonly Volume4D[]): number {
  const way = inTheWay(conflict, volumes);
  const mine = conflict.volumes.flatMap((number) => (volumes[number] ? [volumes[number]] : []));
  const starts = mine.flatMap((one) =>
    way
      .map((other) => [Math.max(Date.parse(one.start), Date.parse(other.start)), Math.min(Date.parse(one.end), Date.parse(other.end))] as const)
      .filter(([from, to]) => from < to)
      .map(([from]) => from),
  );
  return Math.min(...(starts.length > 0 ? starts : mine.map(({ start }) => Date.parse(start))));
}

export function Conflicts() {
  const of = plan.value;
  if (!of) return null;
  const known = inWay.value;
  const trouble = checkTrouble.value;
  return (
    <section class="plan-conflicts" aria-label="Conflicts" aria-busy={checking.value}>
      <p class="sr-only" role="status">{known ? spoken(known.length) : ""}</p>
      {trouble && <p class="note" role="alert">Not checked: {trouble}</p>}
      {!known && !trouble && <p class="plan-quiet">{checking.value || checked.value ? "Checking…" : "Not checked yet."}</p>}
      {known && known.length === 0 && <NoConflict />}
      {known && known.length > 0 && (
        <>
          <h3>⚠ {known.length === 1 ? "1 conflict" : `${known.length} conflicts`} with what is released to you</h3>
          <ol class="plan-conflict-list">
            {known.map((conflict, i) => <Conflict key={conflict.item.ref} conflict={conflict} number={i + 1} volumes={of.volumes} />)}
          </ol>
        </>
      )}
    </section>
  );
}

function spoken(count: number): string {
  return count === 0 ? "No conflict with what is released to you." : `${count} ${count === 1 ? "conflict" : "conflicts"} with what is released to you.`;
}

function NoConflict() {
  const { clearance, atMs } = checkedNow.value!;
  return (
    <p class="plan-clearance">
      <strong>✓ No conflict with what is released to you{atMs === null ? "" : `, ${clock(atMs, zone.value)}`}.</strong>{" "}
      There may be more that is not. Everybody shows you at least: intents {floorWords(clearance.floor_intent)}, constraints{" "}
      {floorWords(clearance.floor_constraint)}.
    </p>
  );
}

const FLOOR: Readonly<Record<string, string>> = {
  none: "nothing",
  reserved: "grid cells",
  volume: "exact volumes",
};

function floorWords(level: string): string {
  return FLOOR[level] ?? level;
}

function Conflict({ conflict, number, volumes }: { conflict: ConflictItem; number: number; volumes: readonly Volume4D[] }) {
  const { item, blocking } = conflict;
  const now = nowMs() ?? 0;
  const way = inTheWay(conflict, volumes);
  return (
    <li class="plan-conflict" data-ref={item.ref}>
      <div class="plan-conflict-head">
        <strong class="plan-number">{number}</strong>
        <ItemMark item={item} nowMs={now} />
        <span class="row-text">
          <span class="row-name">{itemName(item)}</span>
          <span class="row-more">{itemWords(item)}</span>
        </span>
        <button type="button" class="quiet" aria-label={`Show conflict ${number} on the map`} onClick={() => show(conflict)}>Show</button>
        <button type="button" class="quiet" aria-label={`Look ahead to conflict ${number}`} title="Look ahead to when it meets the plan" onClick={() => lookAt(meetsAtMs(conflict, volumes))}>Ahead</button>
      </div>
      <small>
        {way[0] && `${slot(Date.parse(way[0].start), Date.parse(way[0].end), now, zone.value)}, ${bandOf(way[0])}`}
        {way.length > 1 && `, and ${way.length - 1} more`}
        {" · "}{numbersWords(conflict.volumes, volumes.length)}
      </small>
      {item.level !== "own" && <small>Contact: {contactOf(item)}</small>}
      {blocking
        ? <small class="plan-blocking">{blockingWords(item)}</small>
        : <Accept item={item} number={number} />}
    </li>
  );
}

export function blockingWords(item: ReleasedItem): string {
  if (item.kind === "constraint") return "Closed: cannot be filed over";
  return "Cannot be filed over: a plan that goes first";
}

function Accept({ item, number }: { item: ReleasedItem; number: number }) {
  return (
    <label class="tick">
      <input
        type="checkbox"
        checked={accepted.value.has(item.ref)}
        aria-label={`File over conflict ${number} on purpose`}
        onChange={(event) => accept(item.ref, event.currentTarget.checked)}
      />
      file over it on purpose
    </label>
  );
}
