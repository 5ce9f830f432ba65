// The list of everything in the picture, for those who search and for those who cannot use the map. One listbox
// with a fixed row height, of which only the rows in sight exist (6,000 aircraft cost what 20 do).
// The row under the cursor is the selection; arrows move it, Enter centres the map on it.
import { computed } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import { arrow, blockHeight, knots } from "../format/heights";
import { duration, moment } from "../format/time";
import { emergencyText, isMine, itemName, itemWords, sourceBrief, trackName } from "../format/words";
import { centreOn } from "../map/commands";
import { spanOf } from "../state/phase";
import { sieve } from "../state/filters";
import { horizon, type Horizon, listOpen, picture, search, second, selection, type Selection, zone } from "../state/store";
import type { Track } from "../stream/tracks";
import { toneOf } from "../map/volumes";
import { type ItemRow, itemRows, type Row, TrackRows } from "./rows";
import { ItemMark, TrackMark } from "./marks";

export const ROW_PX = 44;
const SPARE_ROWS = 6;

const trackRows = new TrackRows();

const items = computed(() => itemRows(picture.value.items.values(), search.value, horizon.value, second.value ?? 0));
const tracks = computed(() => trackRows.of(picture.value.tracks, search.value, sieve.value.shown));

/** The airspace first, then the aircraft. */
function rowAt(index: number): Row | undefined {
  return items.value[index] ?? tracks.value[index - items.value.length];
}

function rowCount(): number {
  return items.value.length + tracks.value.length;
}

function indexOf(chosen: Selection): number {
  if (!chosen) return -1;
  if (chosen.kind === "item") return items.value.findIndex(({ id }) => id === chosen.id);
  const at = tracks.value.findIndex(({ id }) => id === chosen.id);
  return at < 0 ? -1 : items.value.length + at;
}

/** Moves the selection by so many rows, from the top where nothing is selected. */
export function moveSelection(by: number): void {
  const count = rowCount();
  const at = indexOf(selection.peek());
  const next = at < 0 ? (by > 0 ? 0 : count - 1) : Math.max(0, Math.min(count - 1, at + by));
  const row = rowAt(next);
  if (row) selection.value = { kind: row.kind, id: row.id };
}

const HORIZONS: readonly (readonly [Horizon, string])[] = [
  ["now", "Now"],
  ["1h", "Next 1 h"],
  ["6h", "Next 6 h"],
  ["all", "All"],
];

export function ListPanel() {
  if (!listOpen.value) return null;
  return (
    <aside class="panel list-panel" aria-label="Airspace and aircraft">
      <input
        id="search"
        type="search"
        placeholder="Search callsign, id, designator…"
        aria-label="Search callsign, id, designator or reference. Key: slash"
        aria-controls="list"
        autocomplete="off"
        spellcheck={false}
        value={search.value}
        onInput={(event) => {
          search.value = event.currentTarget.value;
        }}
      />
      <div class="segments" role="radiogroup" aria-label="Show volumes of">
        {HORIZONS.map(([value, label]) => (
          <button
            key={value}
            type="button"
            role="radio"
            aria-checked={horizon.value === value}
            onClick={() => {
              horizon.value = value;
            }}
          >
            {label}
          </button>
        ))}
      </div>
      <Counts />
      <Listbox />
    </aside>
  );
}

function Counts() {
  const listed = items.value.length;
  const shown = tracks.value.length;
  const all = picture.value.tracks.size;
  const hidden = picture.value.items.size - listed;
  const number = (count: number): string => count.toLocaleString("en-GB");
  return (
    <p class="counts" id="counts">
      <strong>{number(listed)}</strong> in the airspace ·{" "}
      <strong>{number(shown)}</strong>{shown < all ? ` of ${number(all)}` : ""} aircraft
      {hidden > 0 && !search.value && <span> · {hidden} outside the time shown</span>}
    </p>
  );
}

function Listbox() {
  const box = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  const [height, setHeight] = useState(600);
  const count = rowCount();
  const chosen = selection.value;
  const at = indexOf(chosen);
  useEffect(() => {
    if (!box.current) return;
    const observer = new ResizeObserver(([entry]) => setHeight(entry?.contentRect.height ?? 600));
    observer.observe(box.current);
    return () => observer.disconnect();
  }, []);
  useEffect(() => {
    const element = box.current;
    if (!element || at < 0) return;
    const y = at * ROW_PX;
    if (y < element.scrollTop) element.scrollTop = y;
    else if (y + ROW_PX > element.scrollTop + element.clientHeight) {
      element.scrollTop = y + ROW_PX - element.clientHeight;
    }
  }, [chosen]);
  const first = Math.max(0, Math.floor(top / ROW_PX) - SPARE_ROWS);
  const last = Math.min(count, Math.ceil((top + height) / ROW_PX) + SPARE_ROWS);
  return (
    <div
      id="list"
      class="listbox"
      role="listbox"
      tabIndex={0}
      aria-label="Airspace, then aircraft. Arrow keys move, Enter centres the map."
      aria-activedescendant={at >= first && at < last ? `row-${at}` : undefined}
      ref={box}
      onScroll={(event) => setTop(event.currentTarget.scrollTop)}
    >
      <div class="listbox-inner" style={{ height: `${count * ROW_PX}px` }}>
        {between(first, last).map((row, i) => (
          <RowView key={`${row.kind}:${row.id}`} row={row} index={first + i} count={count} chosen={first + i === at} />
        ))}
      </div>
      {count === 0 && <p class="empty">{search.value ? "Nothing matches." : "Nothing is released to you here."}</p>}
    </div>
  );
}

function between(first: number, last: number): Row[] {
  const found: Row[] = [];
  for (let i = first; i < last; i++) {
    const row = rowAt(i);
    if (row) found.push(row);
  }
  return found;
}

function RowView(props: { row: Row; index: number; count: number; chosen: boolean }) {
  const { row, index } = props;
  return (
    <div
      id={`row-${index}`}
      class={`row row-${row.kind}`}
      role="option"
      aria-selected={props.chosen}
      aria-posinset={index + 1}
      aria-setsize={props.count}
      style={{ transform: `translateY(${index * ROW_PX}px)` }}
      onClick={() => {
        selection.value = { kind: row.kind, id: row.id };
      }}
      onDblClick={() => centreOn({ kind: row.kind, id: row.id })}
    >
      {row.kind === "item" ? <ItemView row={row} /> : <TrackOf id={row.id} />}
    </div>
  );
}

function ItemView({ row: { item } }: { row: ItemRow }) {
  const now = second.value ?? 0;
  const { startMs, endMs } = spanOf(item);
  return (
    <>
      <ItemMark item={item} nowMs={now} />
      <div class="row-text">
        <span class="row-name">
          {itemName(item)}
          {item.level === "own" && <em class="tag tag-own">OWN</em>}
        </span>
        <span class={`row-more tone-${toneOf(item)}`}>{itemWords(item)}</span>
      </div>
      <span class="row-side">
        {moment(startMs, now, zone.value)} –<br />
        {moment(endMs, now, zone.value)}
      </span>
    </>
  );
}

function TrackOf({ id }: { id: string }) {
  const track = picture.value.tracks.get(id);
  return track ? <TrackView track={track} /> : null;
}

function TrackView({ track }: { track: Track }) {
  const age = ((second.value ?? 0) - track.reportAtMs) / 1000;
  const emergency = emergencyText(track);
  return (
    <>
      <TrackMark track={track} />
      <div class="row-text">
        <span class="row-name">
          {trackName(track)}
          {isMine(track) && <em class="tag tag-own">OWN</em>}
          {emergency && <em class="tag tag-emergency">{emergency}</em>}
        </span>
        <span class="row-more">
          {track.stale ? `stale ${duration(age)} · ` : ""}
          {[sourceBrief(track), track.category].filter(Boolean).join(" · ")}
        </span>
      </div>
      <span class="row-side">
        {track.on_ground
          ? "ground"
          : track.altitude_m != null && `${blockHeight(track.altitude_m, track.altitude_datum ?? "")}${arrow(track.vertical_rate_mps)}`}
        {track.ground_speed_mps != null && <br />}
        {track.ground_speed_mps != null && `${knots(track.ground_speed_mps)} kt`}
      </span>
    </>
  );
}
