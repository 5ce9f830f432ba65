// The list's rows from the picture: filtered by search, horizon and the filters for aircraft, in the order a
// coordinator asks for things. Search matches callsign, address or reference, designator, squawk, state and
// category; every word must match.
//
// Aircraft are sorted only when one came, went or changed its words; from second to second their rows are the same
// objects, so that 10,000 cost a walk and no sorting.
import type { ReleasedItem } from "../wire/types";
import type { TrackTable, TrackWords } from "../stream/tracks";
import { isMine, itemName, itemWords, trackName } from "../format/words";
import { inForce, itemTime, listed, offNominal, spanOf } from "../state/phase";
import type { Horizon } from "../state/store";

export interface ItemRow {
  readonly kind: "item";
  readonly id: string;
  readonly item: ReleasedItem;
}

export interface TrackRow {
  readonly kind: "track";
  readonly id: string;
  readonly slot: number;
}

export type Row = ItemRow | TrackRow;

function words(search: string): string[] {
  return search.toLowerCase().split(/\s+/).filter(Boolean);
}

function matches(text: string, wanted: readonly string[]): boolean {
  const low = text.toLowerCase();
  return wanted.every((word) => low.includes(word));
}

function itemText(item: ReleasedItem): string {
  return [itemName(item), item.ref, item.designator, itemWords(item), item.category, item.contact].join(" ");
}

function trackText(track: TrackWords, stale: boolean): string {
  const about = [isMine(track) ? "own" : "", stale ? "stale" : "", track.emergency, track.category];
  return [trackName(track), track.id, track.callsign, track.squawk, track.source, ...about].join(" ");
}

function itemOrder(item: ReleasedItem, now: number): number {
  const group = offNominal(item) ? 0 : item.level === "own" ? 1 : 2;
  const time = itemTime(item, now) === "now" && inForce(item) ? 0 : 1;
  return group * 2 + time;
}

function trackOrder(track: TrackWords): number {
  if (track.emergency) return 0;
  if (isMine(track)) return 1;
  return track.level === "broadcast" ? 3 : 2;
}

export function itemRows(items: Iterable<ReleasedItem>, search: string, horizon: Horizon, now: number): readonly ItemRow[] {
  const wanted = words(search);
  return [...items]
    .filter((item) => listed(item, now, horizon) && matches(itemText(item), wanted))
    .map((item) => ({ item, order: itemOrder(item, now), startMs: spanOf(item).startMs }))
    .sort((a, b) => a.order - b.order || a.startMs - b.startMs || (a.item.ref < b.item.ref ? -1 : 1))
    .map(({ item }): ItemRow => ({ kind: "item", id: item.ref, item }));
}

/** Remembers the order of one table's aircraft, and the rows. */
export class TrackRows {
  private table: TrackTable | null = null;
  private wordsVersion = -1;
  private sorted: readonly TrackRow[] = [];

  of(table: TrackTable, search: string, shown: Uint8Array | null): readonly TrackRow[] {
    if (table !== this.table || table.wordsVersion !== this.wordsVersion) {
      this.sorted = sortedRows(table);
      this.table = table;
      this.wordsVersion = table.wordsVersion;
    }
    const wanted = words(search);
    if (!shown && wanted.length === 0) return this.sorted;
    return this.sorted.filter(
      ({ slot }) =>
        (!shown || shown[slot] === 1) &&
        (wanted.length === 0 || matches(trackText(table.words[slot]!, table.stale[slot] === 1), wanted)),
    );
  }
}

function sortedRows(table: TrackTable): readonly TrackRow[] {
  const all: { row: TrackRow; order: number; name: string }[] = [];
  for (let slot = 0; slot < table.limit; slot++) {
    if (table.placed[slot] !== 1) continue;
    const track = table.words[slot]!;
    all.push({ row: { kind: "track", id: track.id, slot }, order: trackOrder(track), name: trackName(track) });
  }
  return all
    .sort((a, b) => a.order - b.order || (a.name < b.name ? -1 : a.name > b.name ? 1 : a.row.id < b.row.id ? -1 : 1))
    .map(({ row }) => row);
}
