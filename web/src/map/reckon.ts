// Dead reckoning: where an aircraft is drawn between reports. It runs on at its last speed and track for at most
// CAP_S after the report and then stands still, so that a lost aircraft is never flown on. When a new report
// disagrees with where it was drawn, the difference fades within BLEND_S instead of a jump; a difference
// too large to be an error of reckoning (SNAP_M) is shown at once. Pure; Mercator world units; milliseconds.
import type { Track } from "../stream/picture";
import { mercatorX, mercatorY, worldPerMetre } from "../geometry/mercator";

/** About a secondary radar's turn: past it a straight line is a guess. Larger flies lost aircraft further. */
export const CAP_S = 15;
/** Longer is smoother and later: at one second the drawn place is right by the next tick. */
export const BLEND_S = 1;
export const SNAP_M = 3000;

export interface Motion {
  readonly x: number;
  readonly y: number;
  /** World units a second; 0 where speed or track is unknown. */
  readonly vx: number;
  readonly vy: number;
  readonly reportAtMs: number;
  /** What is added to the reckoned place at fixAtMs, fading to nothing. */
  readonly fixX: number;
  readonly fixY: number;
  readonly fixAtMs: number;
}

export interface Place {
  x: number;
  y: number;
}

export function reckon(motion: Motion, nowMs: number, into: Place): Place {
  const dt = Math.min(CAP_S, Math.max(0, (nowMs - motion.reportAtMs) / 1000));
  const left = Math.min(1, Math.max(0, 1 - (nowMs - motion.fixAtMs) / (BLEND_S * 1000)));
  const fade = left * left * (3 - 2 * left);
  into.x = motion.x + motion.vx * dt + motion.fixX * fade;
  into.y = motion.y + motion.vy * dt + motion.fixY * fade;
  return into;
}

export function motionOf(track: Track, nowMs: number, before: Motion | null): Motion {
  const scale = worldPerMetre(track.lat);
  const known = track.ground_speed_mps != null && track.track_deg != null;
  const angle = ((track.track_deg ?? 0) * Math.PI) / 180;
  const speed = known ? (track.ground_speed_mps ?? 0) * scale : 0;
  const fresh: Motion = {
    x: mercatorX(track.lon),
    y: mercatorY(track.lat),
    vx: Math.sin(angle) * speed,
    vy: -Math.cos(angle) * speed,
    reportAtMs: track.reportAtMs,
    fixX: 0,
    fixY: 0,
    fixAtMs: -Infinity,
  };
  if (!before) return fresh;
  const was = reckon(before, nowMs, { x: 0, y: 0 });
  const is = reckon(fresh, nowMs, { x: 0, y: 0 });
  const fixX = was.x - is.x - Math.round(was.x - is.x);
  const fixY = was.y - is.y;
  if (Math.hypot(fixX, fixY) > SNAP_M * scale) return fresh;
  return { ...fresh, fixX, fixY, fixAtMs: nowMs };
}
