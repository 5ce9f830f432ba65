// The page's own keys: list, map, time shown, dialogs. Other subjects register theirs beside what they do.
import { registerKey } from "./keys";
import { centreOn, fitAll, zoomIn, zoomOut } from "./map/commands";
import { moveSelection } from "./panels/list";
import type { DetailChoice } from "./map/blocks";
import { blockDetail, horizon, type Horizon, listOpen, panel, search, selection, vectorMinutes, zone } from "./state/store";

const PAGE = 10;
const HORIZONS: readonly Horizon[] = ["now", "1h", "6h", "all"];
const VECTORS = [0, 1, 2, 5] as const;
const DETAILS: readonly DetailChoice[] = ["auto", 1, 2, 3];

function next<T>(all: readonly T[], now: T): T {
  return all[(all.indexOf(now) + 1) % all.length]!;
}

export function cycleVectors(): void {
  vectorMinutes.value = next(VECTORS, vectorMinutes.peek());
}

export function cycleDetail(): void {
  blockDetail.value = next(DETAILS, blockDetail.peek());
}

/** At once where the list is there, so that what is typed next goes into the field and not to other keys. */
function focusSearch(): void {
  const focus = (): boolean => {
    const field = document.getElementById("search") as HTMLInputElement | null;
    field?.focus();
    field?.select();
    return field !== null;
  };
  listOpen.value = true;
  if (!focus()) requestAnimationFrame(focus);
}

/** One thing at a time, the nearest first: dialog, selection, search. */
function escape(): void {
  if (panel.peek() !== "none") panel.value = "none";
  else if (selection.peek()) selection.value = null;
  else if (search.peek()) search.value = "";
  (document.activeElement as HTMLElement | null)?.blur();
}

export function toggleDialog(which: string): void {
  panel.value = panel.peek() === which ? "none" : which;
}

const MOVES: Readonly<Record<string, number>> = {
  ArrowDown: 1,
  ArrowUp: -1,
  PageDown: PAGE,
  PageUp: -PAGE,
  Home: -1e9,
  End: 1e9,
};

function isSearch(target: EventTarget | null): boolean {
  return target instanceof HTMLInputElement && target.id === "search";
}

/** Arrows belong to what has the focus where it uses them itself: the map pans, a slider slides, tabs change. */
function usesArrows(target: EventTarget | null): boolean {
  if (!(target instanceof Element)) return false;
  return target.closest(".maplibregl-canvas-container, [type=range], [data-arrows]") !== null;
}

function move(event: KeyboardEvent): boolean | void {
  if (usesArrows(event.target)) return false;
  moveSelection(MOVES[event.key] ?? 0);
  if (!isSearch(event.target)) document.getElementById("list")?.focus({ preventScroll: true });
}

function enter(event: KeyboardEvent): boolean | void {
  const { target } = event;
  if (!isSearch(target) && (target instanceof HTMLButtonElement || target instanceof HTMLInputElement)) return false;
  if (!selection.peek()) moveSelection(1);
  centreOn(selection.peek());
}

export function installBindings(): void {
  const search = (field: HTMLInputElement, key: string): boolean =>
    field.id === "search" && (key.startsWith("Arrow") || key === "Enter");
  registerKey({ keys: ["/"], group: "list", help: "search", act: focusSearch });
  registerKey({ keys: Object.keys(MOVES), shown: "↑ ↓", group: "list", help: "move in the list (Page Up, Page Down: by ten)", inField: search, act: move });
  registerKey({ keys: ["Enter"], group: "list", help: "centre the map on the selected one", inField: search, act: enter });
  registerKey({ keys: ["b"], group: "list", help: "show or hide the list", act: () => { listOpen.value = !listOpen.peek(); } });
  registerKey({ keys: ["f"], group: "map", help: "fit everything on the map", act: fitAll });
  registerKey({ keys: ["+", "="], shown: "+", group: "map", help: "zoom in", act: zoomIn });
  registerKey({ keys: ["-"], shown: "−", group: "map", help: "zoom out", act: zoomOut });
  registerKey({ keys: ["v"], group: "aircraft", help: "speed vectors: none, 1, 2, 5 minutes", act: cycleVectors });
  registerKey({ keys: ["m"], group: "aircraft", help: "data blocks: by zoom and density, one, two or three lines", act: cycleDetail });
  registerKey({ keys: ["h"], group: "time", help: "volumes shown: now, 1 h, 6 h, all", act: () => { horizon.value = next(HORIZONS, horizon.peek()); } });
  registerKey({ keys: ["l"], group: "time", help: "UTC or local time first", act: () => { zone.value = zone.peek() === "utc" ? "local" : "utc"; } });
  registerKey({ keys: ["w"], group: "page", help: "what others see of you", inDialog: true, act: () => toggleDialog("seen") });
  registerKey({ keys: ["?"], group: "page", help: "keys and legend", inDialog: true, act: () => toggleDialog("help") });
  registerKey({ keys: ["Escape"], shown: "Esc", group: "page", help: "close, deselect, clear the search", inDialog: true, inField: () => true, act: escape });
}
