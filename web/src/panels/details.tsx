// The panel of the selected thing: everything that was released about it, in words, with its age and its datum.
// What is unknown or withheld is said to be so, never left to be guessed from a gap.
import type { ComponentChildren } from "preact";
import type { ReleasedItem, ReservedVolume, Volume4D } from "../wire/types";
import type { Track } from "../stream/picture";
import { band, bearing, datumWords, distance, feetPerMinute, height, knots, metres, vertical } from "../format/heights";
import { clock, duration, slot } from "../format/time";
import { emergencyText, contactOf, itemLevelWords, itemName, itemWords, sourceWords, STATE, trackLevelWords, trackName } from "../format/words";
import { place } from "../format/place";
import { centreOn } from "../map/commands";
import { slotsOf, timeOf } from "../state/phase";
import { Conduct } from "../plan/conduct";
import { second, selected, selection, zone } from "../state/store";

function Fact({ name, children }: { name: string; children: ComponentChildren }) {
  return (
    <>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </>
  );
}

export function DetailsPanel() {
  const chosen = selected.value;
  if (!chosen) return null;
  const title = chosen.track ? trackName(chosen.track) : chosen.item ? itemName(chosen.item) : "";
  return (
    <aside class="panel details-panel" aria-label={`Details of ${title}`}>
      <header class="panel-head">
        <h2>{title}</h2>
        <button type="button" class="quiet" title="Centre the map (Enter)" onClick={() => centreOn(selection.peek())}>
          Centre
        </button>
        <button
          type="button"
          class="quiet"
          aria-label="Close (Escape)"
          onClick={() => {
            selection.value = null;
          }}
        >
          ✕
        </button>
      </header>
      {chosen.gone && (
        <p class="note note-gone" role="status">
          No longer in what is released to you. Shown as it was last.
        </p>
      )}
      <div class="details-body">
        {chosen.track && <TrackDetails track={chosen.track} />}
        {chosen.item && <ItemDetails item={chosen.item} gone={chosen.gone} />}
      </div>
    </aside>
  );
}

const UNKNOWN = <span class="unknown">not known</span>;

function TrackDetails({ track }: { track: Track }) {
  const now = second.value ?? 0;
  const age = (now - track.reportAtMs) / 1000;
  const emergency = emergencyText(track);
  return (
    <>
      {emergency && <p class="note note-emergency" role="alert">{emergency}</p>}
      {track.stale && <p class="note">Stale: no report for {duration(age)}. The place is where it was last.</p>}
      <p class="meaning">{trackLevelWords(track)}</p>
      <dl>
        <Fact name="Callsign">{track.callsign?.trim() || (track.level === "position" ? "withheld" : UNKNOWN)}</Fact>
        <Fact name={track.level === "position" ? "Reference" : "Id"}>
          <code>{track.id}</code>
        </Fact>
        <Fact name="Squawk">{track.squawk ?? (track.level === "position" ? "withheld" : UNKNOWN)}</Fact>
        <Fact name="Height">
          {track.on_ground ? "on the ground" : track.altitude_m == null ? UNKNOWN : (
            <>
              {height(track.altitude_m, track.altitude_datum ?? "", 25)}
              <small>{metres(track.altitude_m)}, {datumWords(track.altitude_datum ?? "datum not known")}</small>
            </>
          )}
        </Fact>
        <Fact name="Climb">
          {track.vertical_rate_mps == null
            ? UNKNOWN
            : `${feetPerMinute(track.vertical_rate_mps)} (${vertical(track.vertical_rate_mps)})`}
        </Fact>
        <Fact name="Ground speed">
          {track.ground_speed_mps == null ? UNKNOWN : `${knots(track.ground_speed_mps)} kt`}
        </Fact>
        <Fact name="Track">{track.track_deg == null ? UNKNOWN : `${bearing(track.track_deg)} true`}</Fact>
        <Fact name="Reported at">
          {place(track.lat, track.lon)}
          <small>{clock(track.reportAtMs, zone.value)}, {duration(age)} ago</small>
        </Fact>
        <Fact name="Accuracy">within {distance(track.accuracy_m)}</Fact>
        <Fact name="Source">
          {sourceWords(track)}
          <small>{track.sources ?? 1} {(track.sources ?? 1) === 1 ? "source" : "sources"} released to you</small>
        </Fact>
      </dl>
    </>
  );
}

function ItemDetails({ item, gone }: { item: ReleasedItem; gone: boolean }) {
  const volumes = [...(item.volumes ?? []), ...(item.reserved ?? [])];
  return (
    <>
      <p class="subtitle">{itemWords(item)}</p>
      <p class="meaning">{itemLevelWords(item)}</p>
      {!gone && <PeerConflicts refs={item.peer_conflicts ?? []} />}
      {!gone && <Conduct key={item.ref} item={item} />}
      <dl>
        <Fact name="State">
          {item.state ? (STATE[item.state] ?? item.state) : item.level === "reserved" ? "withheld" : UNKNOWN}
        </Fact>
        {item.kind === "constraint" && item.constraint_kind && (
          <Fact name="Kind">
            {item.constraint_kind}
            <small>
              {item.constraint_kind === "closed"
                ? "nobody but its owner may file into it"
                : "filing over it is on purpose"}
            </small>
          </Fact>
        )}
        {item.kind === "intent" && (
          <Fact name="Aircraft">
            {item.category ?? "withheld"}
            {item.crewed != null && `, ${item.crewed ? "crewed" : "uncrewed"}`}
          </Fact>
        )}
        <Fact name={item.level === "own" ? "Id" : "Reference"}>
          <code>{item.ref}</code>
        </Fact>
        {item.level !== "own" && <Fact name="Contact">{contactOf(item)}</Fact>}
        {item.priority ? <Fact name="Priority">{item.priority}</Fact> : null}
        {item.version != null && <Fact name="Version">{item.version}</Fact>}
        {item.accepted_conflicts && item.accepted_conflicts.length > 0 && (
          <Fact name="Filed over">{item.accepted_conflicts.length} on purpose</Fact>
        )}
      </dl>
      <h3>{volumes.length === 1 ? "Volume" : `${volumes.length} volumes`}</h3>
      <VolumeTable item={item} volumes={volumes} />
    </>
  );
}

/** Plans of other USSs that have come to overlap an own one, by what those USSs last told. */
function PeerConflicts({ refs }: { refs: readonly string[] }) {
  if (refs.length === 0) return null;
  return (
    <p class="note note-emergency" role="alert">
      Conflicts with {refs.length === 1 ? "a plan" : `${refs.length} plans`} of other USSs, by what they last told:{" "}
      {refs.map((ref) => (
        <button type="button" class="quiet" key={ref} onClick={() => {
          selection.value = { kind: "item", id: ref };
        }}>
          {ref.slice(0, 6)}
        </button>
      ))}
    </p>
  );
}

const MOST_VOLUMES = 60;

function VolumeTable({ item, volumes }: { item: ReleasedItem; volumes: readonly (Volume4D | ReservedVolume)[] }) {
  const now = second.value ?? 0;
  const slots = slotsOf(item);
  return (
    <ol class="volumes">
      {volumes.slice(0, MOST_VOLUMES).map((volume, i) => {
        const time = timeOf(slots[i]!, now);
        return (
          <li key={i} class={`volume-${time}`}>
            <span class="volume-when">
              {slot(slots[i]!.startMs, slots[i]!.endMs, now, zone.value)}
              {time === "now" && <em class="tag">NOW</em>}
            </span>
            <span>{heights(volume)}</span>
            <small>{outlineWords(volume)}</small>
          </li>
        );
      })}
      {volumes.length > MOST_VOLUMES && <li>and {volumes.length - MOST_VOLUMES} more, all on the map</li>}
    </ol>
  );
}

function heights(volume: Volume4D | ReservedVolume): string {
  if ("outline" in volume) return band(volume.lower, volume.upper);
  return band({ value_m: volume.lower_w84_m, datum: "W84" }, { value_m: volume.upper_w84_m, datum: "W84" });
}

function outlineWords(volume: Volume4D | ReservedVolume): string {
  if (!("outline" in volume)) return `${volume.cells.length} grid ${volume.cells.length === 1 ? "cell" : "cells"}`;
  const { outline } = volume;
  return outline.type === "circle"
    ? `circle of ${distance(outline.radius_m)} round ${place(outline.centre.lat, outline.centre.lon)}`
    : `polygon of ${outline.vertices.length} corners`;
}
