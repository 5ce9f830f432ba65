// The route as a list: what is drawn on the map can be read, chosen, typed and taken away here as well.
import { useRef } from "preact/hooks";
import { bearing } from "../format/heights";
import { place } from "../format/place";
import { theScene } from "../map/commands";
import { placeTyped, type Waypoint } from "./draft";
import { legsOf } from "./route";
import { chosen, chosenIndex, deleteWaypoint, draft, drawing, setWaypoint, stepChosen } from "./state";

function nm(length_m: number): string {
  return `${(length_m / 1852).toFixed(1)} NM`;
}

function onKey(event: KeyboardEvent): void {
  const by = { ArrowDown: 1, ArrowUp: -1 }[event.key] as 1 | -1 | undefined;
  if (!by) return;
  event.preventDefault();
  stepChosen(by);
}

export function Waypoints() {
  const { waypoints } = draft.value;
  const legs = legsOf(waypoints);
  const at = chosenIndex();
  const ofChosen = waypoints[at];
  return (
    <section class="plan-route" aria-label="Route">
      <div class="plan-drawing">
        <button type="button" id="plan-drawing" aria-pressed={drawing.value} onClick={() => { drawing.value = !drawing.peek(); }}>
          {drawing.value ? "● Drawing" : "Draw"}
        </button>
        <span>{drawing.value ? "Click the map, or Enter for the cross in its middle." : "Clicks choose what is on the map."}</span>
      </div>
      {waypoints.length > 0 && (
        <ol
          id="plan-waypoints"
          class="plan-waypoints"
          role="listbox"
          tabIndex={0}
          data-arrows
          aria-label="Waypoints. Arrow keys choose, Delete takes the chosen one away."
          aria-activedescendant={at >= 0 ? `waypoint-${at}` : undefined}
          onKeyDown={onKey}
        >
          {waypoints.map(({ id, lat, lon, level }, i) => (
            <li key={id} id={`waypoint-${i}`} role="option" aria-selected={i === at} onClick={() => { chosen.value = id; }}>
              <strong>{i + 1}</strong>
              <span class="time">{place(lat, lon)}{level.trim() && ` · ${level}`}</span>
              <small class="time">{i > 0 ? `${bearing(legs[i - 1]!.bearingDeg)} ${nm(legs[i - 1]!.lengthM)}` : ""}</small>
            </li>
          ))}
        </ol>
      )}
      {ofChosen && <Chosen key={ofChosen.id} at={ofChosen} number={at + 1} />}
    </section>
  );
}

function Chosen({ at, number }: { at: Waypoint; number: number }) {
  const field = useRef<HTMLInputElement>(null);
  const text = `${at.lat} ${at.lon}`;
  return (
    <div class="plan-chosen" role="group" aria-label={`Waypoint ${number}`}>
      <input
        id="plan-place"
        ref={field}
        type="text"
        autocomplete="off"
        aria-label={`Waypoint ${number}: latitude and longitude in degrees`}
        title="Latitude and longitude in degrees, north and east positive"
        value={text}
        onChange={(event) => {
          const typed = placeTyped(event.currentTarget.value);
          if (typed) setWaypoint(at.id, typed);
          else event.currentTarget.value = text;
        }}
      />
      <input
        id="plan-place-level"
        type="text"
        inputmode="decimal"
        autocomplete="off"
        aria-label={`Waypoint ${number}: its own level, in the plan's measure; empty: the plan's`}
        title="Its own level, in the plan's measure"
        placeholder="level here"
        value={at.level}
        onInput={(event) => setWaypoint(at.id, { level: event.currentTarget.value })}
      />
      <button type="button" class="quiet" title="Show it (on the map)" aria-label={`Show waypoint ${number} on the map`} onClick={() => theScene()?.goTo(at.lat, at.lon, 0)}>◎</button>
      <button type="button" class="quiet" title="Delete it (Delete)" aria-label={`Delete waypoint ${number}`} onClick={deleteWaypoint}>✕</button>
    </div>
  );
}
