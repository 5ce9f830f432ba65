// The keyboard. One listener for the page; letters do nothing while a text field has the focus, except Escape and
// the arrows that lead from the search field into the list.
import { centreOn, fitAll, zoomIn, zoomOut } from "./map/commands";
import { allRows, moveSelection } from "./panels/list";
import { horizon, type Horizon, listOpen, panel, search, selection, token, vectorMinutes, zone } from "./state/store";

const PAGE = 10;
const HORIZONS: readonly Horizon[] = ["now", "1h", "6h", "all"];
const VECTORS = [0, 1, 2, 5] as const;

function next<T>(all: readonly T[], now: T): T {
  return all[(all.indexOf(now) + 1) % all.length]!;
}

export function cycleVectors(): void {
  vectorMinutes.value = next(VECTORS, vectorMinutes.peek());
}

function focusSearch(): void {
  listOpen.value = true;
  requestAnimationFrame(() => {
    const field = document.getElementById("search") as HTMLInputElement | null;
    field?.focus();
    field?.select();
  });
}

/** One thing at a time, the nearest first: dialog, selection, search. */
function escape(): void {
  if (panel.peek() !== "none") panel.value = "none";
  else if (selection.peek()) selection.value = null;
  else if (search.peek()) search.value = "";
  (document.activeElement as HTMLElement | null)?.blur();
}

function toggle(which: "help" | "seen"): void {
  panel.value = panel.peek() === which ? "none" : which;
}

const PLAIN: Readonly<Record<string, () => void>> = {
  "/": focusSearch,
  "?": () => toggle("help"),
  w: () => toggle("seen"),
  f: fitAll,
  "+": zoomIn,
  "=": zoomIn,
  "-": zoomOut,
  v: cycleVectors,
  h: () => {
    horizon.value = next(HORIZONS, horizon.peek());
  },
  l: () => {
    zone.value = zone.peek() === "utc" ? "local" : "utc";
  },
  b: () => {
    listOpen.value = !listOpen.peek();
  },
};

const MOVES: Readonly<Record<string, number>> = {
  ArrowDown: 1,
  ArrowUp: -1,
  PageDown: PAGE,
  PageUp: -PAGE,
  Home: -1e9,
  End: 1e9,
};

/** The map's own canvas takes the arrows for panning while it has the focus. */
function onMap(target: EventTarget | null): boolean {
  return target instanceof Element && target.closest(".maplibregl-canvas-container") !== null;
}

function onKey(event: KeyboardEvent): void {
  if (token.peek() === null || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  const target = event.target;
  const inField = target instanceof HTMLInputElement;
  const inSearch = inField && target.id === "search";
  if (event.key === "Escape") {
    escape();
    event.preventDefault();
    return;
  }
  const modal = panel.peek() !== "none";
  const move = MOVES[event.key];
  if (move !== undefined && !modal && !onMap(target) && (!inField || (inSearch && event.key.startsWith("Arrow")))) {
    moveSelection(move);
    if (!inSearch) document.getElementById("list")?.focus({ preventScroll: true });
    event.preventDefault();
    return;
  }
  if (event.key === "Enter" && !modal && (inSearch || !(target instanceof HTMLButtonElement || inField))) {
    if (!selection.peek() && allRows.peek().length > 0) moveSelection(1);
    centreOn(selection.peek());
    event.preventDefault();
    return;
  }
  if (inField) return;
  const act = PLAIN[event.key];
  if (!act || (modal && event.key !== "?" && event.key !== "w")) return;
  act();
  event.preventDefault();
}

export function listenToKeys(): void {
  window.addEventListener("keydown", onKey);
}
