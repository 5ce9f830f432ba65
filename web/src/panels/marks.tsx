// The list's and the legend's small pictures: the same shapes, line styles and hatches as on the map.
import type { ReleasedItem } from "../wire/types";
import type { Track } from "../stream/picture";
import { inForce, itemTime } from "../state/phase";
import { frameOf, type Looks, type Shape, SHAPES, type ShapeName, shapeOf, turns } from "../map/shapes";
import { colourHex } from "../map/symbols";
import { TONE, type ToneName } from "../style/palette";
import { toneOf } from "../map/volumes";

function Outline({ name, stale, turn }: { name: ShapeName; stale: boolean; turn: number }) {
  const { path, stroke, dash }: Shape = SHAPES[name];
  return (
    <path
      d={path}
      transform={turn ? `rotate(${turn})` : undefined}
      fill={stroke || stale ? "none" : "currentColor"}
      stroke="currentColor"
      stroke-width={stroke ?? (stale ? 3.2 : 0.1)}
      stroke-dasharray={dash?.join(" ")}
    />
  );
}

/** An aircraft's symbol as on the map: its shape, turned, in its frame. */
export function CraftShape(props: { looks: Looks; stale: boolean; colour: string; turn: number }) {
  const shape = shapeOf(props.looks);
  const frame = frameOf(props.looks);
  return (
    <svg class="mark" viewBox="-36 -36 72 72" aria-hidden="true" style={{ color: props.colour }}>
      <Outline name={shape} stale={props.stale} turn={turns(shape) ? props.turn : 0} />
      {frame && <g transform="scale(1.25)"><Outline name={frame} stale={false} turn={0} /></g>}
    </svg>
  );
}

export function TrackMark({ track }: { track: Track }) {
  return (
    <CraftShape
      looks={{ ...track, headed: track.track_deg != null }}
      stale={track.stale === true}
      colour={colourHex({ ...track, emergency: track.emergency ?? null })}
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
