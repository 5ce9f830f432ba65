// The list of everything in the picture, for those who search and for those who cannot use the map. One listbox
// with a fixed row height, of which only the rows in sight exist (6,000 aircraft cost what 20 do).
// The row under the cursor is the selection; arrows move it, Enter centres the map on it.
import { computed, type ReadonlySignal } from "@preact/signals";
import { useEffect, useRef, useState } from "preact/hooks";
import { arrow, blockHeight, knots } from "../format/heights";
import { duration, moment } from "../format/time";
import { emergencyText, isMine, itemName, itemWords, sourceBrief, trackName } from "../format/words";
import { centreOn } from "../map/commands";
import { spanOf } from "../state/phase";
import { horizon, type Horizon, listOpen, picture, search, second, selection, zone } from "../state/store";
import { toneOf } from "../map/volumes";
import { type Row, type Rows, rowsOf } from "./rows";
import { ItemMark, TrackMark } from "./marks";

export const ROW_PX = 44;
const SPARE_ROWS = 6;

export const rows: ReadonlySignal<Rows> = computed(() => {
  const { items, tracks } = picture.value;
  return rowsOf(items.values(), tracks.values(), search.value, horizon.value, second.value ?? 0);
});

export const allRows: ReadonlySignal<readonly Row[]> = computed(() => [...rows.value.items, ...rows.value.tracks]);

/** Moves the selection by so many rows, from the top where nothing is selected. */
export function moveSelection(by: number): void {
  const all = allRows.peek();
  if (all.length === 0) return;
  const chosen = selection.peek();
  const at = all.findIndex((row) => row.kind === chosen?.kind && row.id === chosen.id);
  const next = at < 0 ? (by > 0 ? 0 : all.length - 1) : Math.max(0, Math.min(all.length - 1, at + by));
  const row = all[next]!;
  selection.value = { kind: row.kind, id: row.id };
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
  const { items, tracks } = rows.value;
  const hidden = picture.value.items.size - items.length;
  return (
    <p class="counts" id="counts">
      <strong>{items.length.toLocaleString("en-GB")}</strong> in the airspace ·{" "}
      <strong>{tracks.length.toLocaleString("en-GB")}</strong> aircraft
      {hidden > 0 && !search.value && <span> · {hidden} outside the time shown</span>}
    </p>
  );
}

function Listbox() {
  const box = useRef<HTMLDivElement>(null);
  const [top, setTop] = useState(0);
  const [height, setHeight] = useState(600);
  const all = allRows.value;
  const chosen = selection.value;
  const at = all.findIndex((row) => row.kind === chosen?.kind && row.id === chosen.id);
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
  const last = Math.min(all.length, Math.ceil((top + height) / ROW_PX) + SPARE_ROWS);
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
      <div class="listbox-inner" style={{ height: `${all.length * ROW_PX}px` }}>
        {all.slice(first, last).map((row, i) => (
          <RowView key={`${row.kind}:${row.id}`} row={row} index={first + i} count={all.length} chosen={first + i === at} />
        ))}
      </div>
      {all.length === 0 && <p class="empty">{search.value ? "Nothing matches." : "Nothing is released to you here."}</p>}
    </div>
  );
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
      {row.kind === "item" ? <ItemRow row={row} /> : <TrackRow row={row} />}
    </div>
  );
}

function ItemRow({ row: { item } }: { row: Extract<Row, { kind: "item" }> }) {
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

function TrackRow({ row: { track } }: { row: Extract<Row, { kind: "track" }> }) {
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
          {sourceBrief(track)}
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
