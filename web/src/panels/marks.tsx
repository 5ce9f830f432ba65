// The list's and the legend's small pictures: the same shapes, line styles and hatches as on the map.
import type { ReleasedItem, Source } from "../wire/types";
import type { Track } from "../stream/picture";
import { isMine } from "../format/words";
import { inForce, itemTime } from "../state/phase";
import { CRAFT, TONE, type ToneName } from "../style/palette";
import { toneOf } from "../map/volumes";

const SHAPE: Readonly<Record<Source, string>> = {
  own: "M0-10.5 1.6-7.5V-3L10 2.5V4.8L1.6 2.3 1.3 6.5 4 8.8V10.5L0 9.3-4 10.5V8.8L-1.3 6.5-1.6 2.3-10 4.8V2.5L-1.6-3V-7.5Z",
  broadcast: "M0-10 7 9 0 5-7 9Z",
  sensed: "M0-6.5 6.5 0 0 6.5-6.5 0ZM0-6.5V-12",
};

export function CraftShape(props: { source: Source; mine: boolean; stale: boolean; colour: string; turn: number }) {
  return (
    <svg class="mark" viewBox="-14 -14 28 28" aria-hidden="true">
      <path
        d={SHAPE[props.source]}
        transform={`rotate(${props.turn})`}
        fill={props.stale ? "none" : props.colour}
        stroke={props.colour}
        stroke-width={props.stale || props.source === "sensed" ? 1.6 : 0}
      />
      {props.mine && <circle r="12.8" fill="none" stroke={props.colour} stroke-width="1.2" />}
    </svg>
  );
}

export function craftColour(track: Track): string {
  if (track.emergency) return CRAFT.emergency;
  if (track.source === "sensed") return CRAFT.sensed;
  if (isMine(track)) return CRAFT.own;
  return track.source === "own" ? CRAFT.released : CRAFT.broadcast;
}

export function TrackMark({ track }: { track: Track }) {
  return (
    <CraftShape
      source={track.source}
      mine={isMine(track)}
      stale={track.stale === true}
      colour={craftColour(track)}
      turn={track.track_deg ?? 0}
    />
  );
}

export function VolumeShape(props: { tone: ToneName; dashed: boolean; own: boolean; faint: boolean }) {
  const colour = TONE[props.tone];
  return (
    <svg class="mark" viewBox="0 0 28 28" aria-hidden="true" opacity={props.faint ? 0.65 : 1}>
      <rect
        x="3" y="5" width="22" height="18" rx="2"
        fill={colour} fill-opacity={props.dashed ? 0.08 : 0.22}
        stroke={colour} stroke-width="2" stroke-dasharray={props.dashed ? "4 2.6" : undefined}
      />
      <Hatch tone={props.tone} colour={colour} />
      {props.own && <rect x="6" y="8" width="16" height="12" fill="none" stroke="#fff" stroke-opacity="0.7" />}
    </svg>
  );
}

function Hatch({ tone, colour }: { tone: ToneName; colour: string }) {
  const d =
    tone === "closed"
      ? "M5 16 14 7M7 21 21 7M15 21 23 13"
      : tone === "reserved"
        ? "M9 5V23M14 5V23M19 5V23M3 11H25M3 17H25"
        : tone === "nonconforming"
          ? "M7 7 21 21M14 7 23 16M5 12 14 21"
          : tone === "contingent"
            ? "M7 7 21 21M7 21 21 7M14 7 23 16M5 16 14 7"
            : null;
  return d ? <path d={d} stroke={colour} stroke-width="1" stroke-opacity="0.8" fill="none" /> : null;
}

export function ItemMark({ item, nowMs }: { item: ReleasedItem; nowMs: number }) {
  const time = itemTime(item, nowMs);
  const solid = time === "now" && inForce(item);
  return <VolumeShape tone={toneOf(item)} dashed={!solid} own={item.level === "own"} faint={time === "later"} />;
}
