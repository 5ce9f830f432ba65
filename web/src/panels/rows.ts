// The list's rows from the picture: filtered by search and horizon, in the order a coordinator asks for things.
// Pure. Search matches callsign, address or reference, designator, squawk and state; every word must match.
import type { ReleasedItem } from "../wire/types";
import type { Track } from "../stream/picture";
import { isMine, itemName, itemWords, trackName } from "../format/words";
import { inForce, itemTime, listed, offNominal, spanOf } from "../state/phase";
import type { Horizon } from "../state/store";

export type Row =
  | { readonly kind: "item"; readonly id: string; readonly item: ReleasedItem }
  | { readonly kind: "track"; readonly id: string; readonly track: Track };

export interface Rows {
  readonly items: readonly Row[];
  readonly tracks: readonly Row[];
}

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

function trackText(track: Track): string {
  const about = [isMine(track) ? "own" : "", track.stale ? "stale" : "", track.emergency];
  return [trackName(track), track.id, track.callsign, track.squawk, track.source, ...about].join(" ");
}

function itemOrder(item: ReleasedItem, now: number): number {
  const group = offNominal(item) ? 0 : item.level === "own" ? 1 : 2;
  const time = itemTime(item, now) === "now" && inForce(item) ? 0 : 1;
  return group * 2 + time;
}

function trackOrder(track: Track): number {
  if (track.emergency) return 0;
  if (isMine(track)) return 1;
  return track.level === "broadcast" ? 3 : 2;
}

export function rowsOf(
  items: Iterable<ReleasedItem>,
  tracks: Iterable<Track>,
  search: string,
  horizon: Horizon,
  now: number,
): Rows {
  const wanted = words(search);
  const itemRows = [...items]
    .filter((item) => listed(item, now, horizon) && matches(itemText(item), wanted))
    .map((item) => ({ item, order: itemOrder(item, now), startMs: spanOf(item).startMs }))
    .sort((a, b) => a.order - b.order || a.startMs - b.startMs || (a.item.ref < b.item.ref ? -1 : 1))
    .map(({ item }): Row => ({ kind: "item", id: item.ref, item }));
  const trackRows = [...tracks]
    .filter((track) => matches(trackText(track), wanted))
    .map((track) => ({ track, order: trackOrder(track), name: trackName(track) }))
    .sort((a, b) => a.order - b.order || (a.name < b.name ? -1 : a.name > b.name ? 1 : a.track.id < b.track.id ? -1 : 1))
    .map(({ track }): Row => ({ kind: "track", id: track.id, track }));
  return { items: itemRows, tracks: trackRows };
}
