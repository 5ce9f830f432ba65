// An alert for the unit tests: a predicted conflict between one's own aircraft and a broadcast one.
import type { Alert } from "../../src/wire/types";

export const NOW = Date.parse("2026-05-01T14:00:00Z");

export function after(seconds: number): string {
  return new Date(NOW + seconds * 1000).toISOString();
}

export function anAlert(more: Partial<Alert> = {}): Alert {
  return {
    ref: "a1",
    kind: "conflict",
    level: "warning",
    state: "raised",
    phase: "predicted",
    raised_at: after(-3),
    updated_at: after(0),
    sides: [
      { level: "own", own: true, track: "ae01c6", label: "RELIEF21" },
      { level: "broadcast", own: false, track: "4b1801" },
    ],
    reasons: ["projected along its velocity"],
    enters_at: after(52),
    closest_at: after(72),
    horizontal_m: 1500,
    vertical_m: 91.44,
    minima_horizontal_m: 9260,
    minima_vertical_m: 304.8,
    ...more,
  };
}
