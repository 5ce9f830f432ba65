// What data blocks say: the text of an aircraft's or a volume's label at a level of detail. Pure.
//
//   level 1   SWR123
//   level 2   SWR123            level 3   SWR123
//             FL350 ↑ 447                 FL350 ↑ 447
//                                         2000 · broadcast · 4 s
//
// A stale aircraft's block says so with its age at every level; an emergency's first line is the squawk and its
// meaning.
import type { Track } from "../stream/picture";
import { arrow, blockHeight, knots } from "../format/heights";
import { duration } from "../format/time";
import { emergencyText, isMine, sourceBrief, trackName } from "../format/words";

export interface Line {
  readonly text: string;
  readonly colour: string;
  readonly bold: boolean;
}

export type Detail = 0 | 1 | 2 | 3;

/** More detail when close, or when there are few to describe. */
export function detailFor(zoom: number, aircraft: number): Detail {
  const crowd = aircraft > 400 ? 0 : aircraft > 120 ? 1 : 2;
  if (zoom < 4) return aircraft > 60 ? 0 : 1;
  if (zoom < 6.5) return Math.min(2, crowd) as Detail;
  if (zoom < 9) return Math.min(2, crowd + 1) as Detail;
  return 3;
}

export interface BlockColours {
  readonly text: string;
  readonly dim: string;
  readonly emergency: string;
}

export function trackBlock(track: Track, detail: Detail, nowMs: number, colours: BlockColours): Line[] {
  const lines: Line[] = [];
  const plain = track.stale ? colours.dim : colours.text;
  const emergency = emergencyText(track);
  if (emergency) lines.push({ text: emergency, colour: colours.emergency, bold: true });
  lines.push({ text: trackName(track), colour: emergency ? colours.emergency : plain, bold: true });
  if (detail >= 2 || emergency) {
    const level = levelLine(track);
    if (level) lines.push({ text: level, colour: plain, bold: false });
  }
  const age = (nowMs - track.reportAtMs) / 1000;
  if (track.stale) lines.push({ text: `STALE ${duration(age)}`, colour: colours.dim, bold: false });
  else if (detail >= 3) {
    const parts = [emergency ? "" : (track.squawk ?? ""), sourceBrief(track), duration(age)];
    lines.push({ text: parts.filter(Boolean).join(" · "), colour: colours.dim, bold: false });
  }
  return lines;
}

function levelLine(track: Track): string {
  if (track.on_ground) return "on ground";
  const parts: string[] = [];
  if (track.altitude_m != null) {
    const height = blockHeight(track.altitude_m, track.altitude_datum ?? "");
    parts.push(`${height} ${arrow(track.vertical_rate_mps)}`.trim());
  }
  if (track.ground_speed_mps != null) parts.push(`${knots(track.ground_speed_mps)} kt`);
  return parts.join("  ");
}

/** Order of placing: emergencies, then one's own, then released by others, then the rest; stale last. */
export function trackRank(track: Track, chosen: boolean): number {
  if (chosen) return 0;
  if (track.emergency) return 1;
  const base = isMine(track) ? 3 : track.level === "broadcast" ? 6 : 4;
  return base + (track.stale ? 0.5 : 0) + (track.on_ground ? 2 : 0);
}
