// The bar that is always there: which exchange, who one is, as of when, and whether it is live. And the banner that
// cannot be overlooked when it is not.
import { clock, day, duration } from "../format/time";
import { place } from "../format/place";
import { pointer } from "../map/pointer";
import { fitAll, zoomIn, zoomOut } from "../map/commands";
import { exchangeClock, link, listOpen, live, mono, panel, presentSecond, signOut, streamed, vectorMinutes, viewTime, who, zone } from "../state/store";
import { cycleVectors } from "../bindings";
import { ruler, toggleRuler } from "../ruler/state";
import { filtersOpen } from "../state/filters";
import { SlotViews } from "./slots";

/** A token that ends within this time is announced. */
const EXPIRY_WARNING_MS = 10 * 60_000;

function connectionWords(): string {
  if (live.value) return viewTime.value.mode === "live" ? "Live" : "Stream up";
  const { phase, retryAt } = link.value;
  if (phase === "open") return "Silent";
  if (phase === "connecting") return "Connecting";
  const wait = retryAt === null ? 0 : Math.max(0, Math.ceil((retryAt - mono.value) / 1000));
  return wait > 0 ? `Retry in ${wait} s` : "Retrying";
}

export function TopBar() {
  const { participantName, asOfMs } = streamed.value;
  const name = participantName ?? who.value?.participantName ?? "";
  const expires = who.value?.expiresAtMs ?? null;
  const now = presentSecond.value;
  const other = zone.value === "utc" ? "local" : "utc";
  const ending = expires !== null && now !== null && expires - now < EXPIRY_WARNING_MS;
  return (
    <header class="top-bar">
      <div class="brand">
        <strong>Comity</strong>
        <span id="exchange" class="exchange" title="Exchange">{who.value?.exchange}</span>
      </div>
      <div class="identity">
        <span class="label">Signed in for</span>
        <strong id="participant">{name}</strong>
        {who.value?.person && <span class="person">{who.value.person}</span>}
      </div>
      {ending && (
        <span class="expiry" role="status">Sign-in ends in {duration((expires - now) / 1000)}</span>
      )}
      <div class="spacer" />
      <div class="as-of">
        <span class="label">As of</span>
        <div class="clocks">
          <span id="as-of" class="time">{asOfMs === null ? "—" : clock(asOfMs, zone.value)}</span>
          <span id="as-of-other" class="time time-other">{asOfMs === null ? "" : `${clock(asOfMs, other)} · ${day(asOfMs, zone.value)}`}</span>
        </div>
        <button
          type="button"
          class="quiet"
          title="UTC or local time first (l)"
          aria-label={`${zone.value === "utc" ? "UTC" : "Local time"} first. Switch. Key: l`}
          onClick={() => {
            zone.value = other;
          }}
        >
          {zone.value === "utc" ? "UTC" : "Local"}
        </button>
      </div>
      <VectorButton />
      <SlotViews slot="bar" />
      <span id="connection" class={!live.value ? "pill pill-dead" : viewTime.value.mode === "live" ? "pill pill-live" : "pill pill-behind"} role="status">
        {connectionWords()}
      </span>
      <nav class="bar-buttons" aria-label="Panels">
        <button type="button" class="quiet bar-list" aria-pressed={listOpen.value} title="List (b)" onClick={() => { listOpen.value = !listOpen.value; }}>List</button>
        <button type="button" class="quiet" title="What others see of you (w)" onClick={() => { panel.value = "seen"; }}>What others see</button>
        <button type="button" class="quiet" title="Keys and legend (?)" aria-label="Keys and legend" onClick={() => { panel.value = "help"; }}>?</button>
        <button type="button" class="quiet" onClick={() => signOut(null)}>Sign out</button>
      </nav>
    </header>
  );
}

function VectorButton() {
  const minutes = vectorMinutes.value;
  return (
    <button type="button" id="vectors" class="quiet" aria-pressed={minutes > 0} title="Speed vectors (v)" onClick={cycleVectors}>
      Vectors {minutes === 0 ? "off" : `${minutes} min`}
    </button>
  );
}

function lastHeard(otherwise: number): number {
  return exchangeClock.value?.heardAt ?? otherwise;
}

/** Assertive, and announced again only when its words change: the age is not part of the announcement. */
export function NotLive() {
  if (live.value) return null;
  const { asOfMs, bye } = streamed.value;
  const { phase, detail } = link.value;
  const why = bye ?? (phase === "open" ? "nothing arrives on the stream" : detail);
  const silentMs = asOfMs === null ? null : mono.value - lastHeard(mono.value);
  return (
    <div id="not-live" class="not-live" role="alert">
      <strong>{asOfMs === null ? "NOT LIVE — nothing received yet" : `NOT LIVE — as of ${clock(asOfMs, zone.value)}`}</strong>
      <span>{why}</span>
      {silentMs !== null && <span aria-hidden="true">picture late by {duration(silentMs / 1000)}</span>}
    </div>
  );
}

function Icon({ d }: { d: string }) {
  return (
    <svg viewBox="0 0 16 16" width="15" height="15" aria-hidden="true">
      <path d={d} fill="none" stroke="currentColor" stroke-width="1.7" />
    </svg>
  );
}

export function MapButtons() {
  return (
    <div class="map-buttons" role="group" aria-label="Map">
      <button type="button" title="Zoom in (+)" aria-label="Zoom in" onClick={zoomIn}><Icon d="M8 3V13M3 8H13" /></button>
      <button type="button" title="Zoom out (−)" aria-label="Zoom out" onClick={zoomOut}><Icon d="M3 8H13" /></button>
      <button type="button" title="Fit everything (f)" aria-label="Fit everything" onClick={fitAll}><Icon d="M2 6V2H6M10 2H14V6M14 10V14H10M6 14H2V10" /></button>
      <button type="button" title="Range and bearing (r)" aria-label="Range and bearing" aria-pressed={ruler.value !== null} onClick={toggleRuler}><Icon d="M3 13 13 3M2 11 5 14M11 2 14 5" /></button>
      <button type="button" title="Filters for aircraft (g)" aria-label="Filters for aircraft" aria-pressed={filtersOpen.value} onClick={() => { filtersOpen.value = !filtersOpen.value; }}><Icon d="M2 3H14L9.5 8.5V13L6.5 11.5V8.5Z" /></button>
    </div>
  );
}

export function PointerPlace() {
  const at = pointer.value;
  return <div class="pointer-place" aria-hidden="true">{at ? place(at.lat, at.lon) : ""}</div>;
}
