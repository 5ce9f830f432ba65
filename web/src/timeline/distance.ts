// How far a moment is from now, in words: "45 s", "3 min 05 s", "2 h 15 min", "3 d". Pure; milliseconds.
import { duration } from "../format/time";

export function distanceWords(ms: number): string {
  const s = Math.round(ms / 1000);
  if (s >= 120 && s < 3600) return `${Math.floor(s / 60)} min ${String(s % 60).padStart(2, "0")} s`;
  if (s >= 3600 && s < 172_800) return `${Math.floor(s / 3600)} h ${String(Math.floor((s % 3600) / 60)).padStart(2, "0")} min`;
  return duration(s);
}
