// The plan's own line styles as the legend shows them: the same as on the map.
import { PLAN as PLAN_INK } from "../style/palette";

export function PlanShape({ kind }: { kind: keyof typeof PLAN_INK }) {
  const colour = PLAN_INK[kind];
  const dash = { plan: "5 3", way: undefined, other: "0.1 4" }[kind];
  return (
    <svg class="mark" viewBox="0 0 28 28" aria-hidden="true">
      <rect
        x="3" y="6" width="22" height="16" fill={colour} fill-opacity="0.1" stroke={colour}
        stroke-width={kind === "other" ? 3 : 1.6} stroke-dasharray={dash} stroke-linecap={kind === "other" ? "round" : undefined}
      />
      {kind === "way" && <rect x="7" y="10" width="14" height="8" fill="none" stroke={colour} stroke-width="1.6" />}
      {kind === "plan" && <circle cx="14" cy="14" r="4" fill="none" stroke={colour} stroke-width="1.6" />}
    </svg>
  );
}
