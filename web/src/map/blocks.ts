// What data blocks say: the text of an aircraft's label at a level of detail. Pure.
//
//   level 1   SWR123       level 2   SWR123       level 3   SWR123
//                                    FL350 ↑                FL350 ↑
//                                                           447 kt · 4 s
//
// The last figure is the age of the position. A height is a flight level or feet with its datum. A stale
// aircraft's block says so with its age at every level; a rounded position says how far it may be off; an
// emergency's first line is the squawk and its meaning.
import type { Track } from "../stream/tracks";
import { accuracy, arrow, blockHeight, knots } from "../format/heights";
import { duration } from "../format/time";
import { emergencyText, isMine, trackName } from "../format/words";

export interface Line {
  readonly text: string;
  readonly colour: string;
  readonly bold: boolean;
}

/** 0: none but for those that matter most. */
export type Detail = 0 | 1 | 2 | 3;

/** A person's choice, or by how close and how many. */
export type DetailChoice = "auto" | 1 | 2 | 3;

/** More detail when close, or when there are few to describe. */
export function detailFor(zoom: number, aircraft: number, choice: DetailChoice = "auto"): Detail {
  if (choice !== "auto") return choice;
  if (zoom < 4) return aircraft > 60 ? 0 : 1;
  if (aircraft > 400) return zoom < 6.5 ? 0 : 1;
  if (aircraft > 120) return zoom < 6.5 ? 1 : 2;
  return zoom < 6.5 && aircraft > 40 ? 2 : 3;
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
    const level = heightLine(track);
    if (level) lines.push({ text: level, colour: plain, bold: false });
  }
  const age = (nowMs - track.reportAtMs) / 1000;
  if (track.stale) lines.push({ text: `STALE ${duration(age)}`, colour: colours.dim, bold: false });
  else if (detail >= 3) lines.push({ text: lastLine(track, age), colour: colours.dim, bold: false });
  return lines;
}

function heightLine(track: Track): string {
  if (track.on_ground) return "on ground";
  if (track.altitude_m == null) return "";
  return `${blockHeight(track.altitude_m, track.altitude_datum ?? "")} ${arrow(track.vertical_rate_mps)}`.trim();
}

function lastLine(track: Track, age: number): string {
  const speed = track.ground_speed_mps == null ? "" : `${knots(track.ground_speed_mps)} kt`;
  const off = track.level === "position" ? `±${accuracy(track.accuracy_m)}` : "";
  return [speed, off, duration(age)].filter(Boolean).join(" · ");
}

/** Order of placing: emergencies, then one's own, then released by others, then the rest; stale last. */
export function trackRank(
  track: Pick<Track, "source" | "level" | "emergency" | "stale" | "on_ground">,
  chosen: boolean,
): number {
  if (chosen) return 0;
  if (track.emergency) return 1;
  const base = isMine(track) ? 3 : track.level === "broadcast" ? 6 : 4;
  return base + (track.stale ? 0.5 : 0) + (track.on_ground ? 2 : 0);
}
