// The keys and the legend, in one overlay.
import type { ComponentChildren } from "preact";
import { AlertLegend } from "../alerts/legend";
import { type KeyBinding, keyBindings } from "../keys";
import { CRAFT } from "../style/palette";
import type { Looks } from "../map/shapes";
import { colourHex } from "../map/symbols";
import { Dialog } from "./dialog";
import { PlanShape } from "../plan/legend";
import { CraftShape, VolumeShape } from "./marks";

const GROUPS: readonly (readonly [KeyBinding["group"], string])[] = [
  ["page", "Page"],
  ["list", "List"],
  ["map", "Map"],
  ["plan", "Planning a flight"],
  ["aircraft", "Aircraft"],
  ["alerts", "Alerts"],
  ["time", "Time"],
];

function Keys({ group, title }: { group: KeyBinding["group"]; title: string }) {
  const all = keyBindings().filter((binding) => binding.group === group && binding.help);
  if (all.length === 0) return null;
  return (
    <tbody>
      <tr><th colSpan={2} scope="rowgroup" class="keys-group">{title}</th></tr>
      {all.map(({ keys, shown, help }) => (
        <tr key={help}>
          <th scope="row">{(shown ?? keys.join(" ")).split(" ").map((key) => <kbd key={key}>{key}</kbd>)}</th>
          <td>{help}</td>
        </tr>
      ))}
    </tbody>
  );
}

function heard(source: string, level = source, category: string | null = null): Looks {
  return { source, level, category, headed: true };
}

/** The shape says what it is, the frame how one knows. */
const CRAFT_LEGEND: readonly (readonly [Looks, string])[] = [
  [heard("own", "own", "aeroplane"), "ringed: yours"],
  [heard("own", "identity", "aeroplane"), "in a square: released to you by its operator"],
  [heard("own", "position"), "dashed ring: its position alone is released, rounded"],
  [heard("broadcast"), "no frame: broadcast (ADS-B, Remote ID)"],
  [heard("sensed", "own"), "diamond: sensed (radar and the like)"],
  [heard("broadcast", "broadcast", "rotorcraft"), "rotorcraft"],
  [heard("broadcast", "broadcast", "glider"), "glider"],
  [heard("broadcast", "broadcast", "uncrewed"), "uncrewed"],
  [heard("broadcast", "broadcast", "balloon"), "balloon"],
  [heard("broadcast", "broadcast", "airship"), "airship"],
];

function Entry({ mark, children }: { mark: ComponentChildren; children: ComponentChildren }) {
  return (
    <li>
      {mark}
      <span>{children}</span>
    </li>
  );
}

export function HelpPanel() {
  return (
    <Dialog title="Keys and legend" name="help-panel">
      <div class="help-columns">
        <table class="keys">
          {GROUPS.map(([group, title]) => <Keys key={group} group={group} title={title} />)}
        </table>
        <div class="legend">
          <AlertLegend />
          <h3>Aircraft</h3>
          <ul>
            {CRAFT_LEGEND.map(([looks, words]) => (
              <Entry key={words} mark={<CraftShape looks={looks} stale={false} colour={colourHex(looks)} turn={0} />}>{words}</Entry>
            ))}
            <Entry mark={<CraftShape looks={heard("broadcast")} stale colour={CRAFT.broadcast} turn={0} />}>stale: hollow, with its age</Entry>
            <Entry mark={<span class="tag tag-emergency">7700</span>}>emergency squawk: double ring and text</Entry>
          </ul>
          <h3>Airspace</h3>
          <ul>
            <Entry mark={<VolumeShape tone="own" dashed={false} own faint={false} />}>in use now: solid. Yours: white inner line</Entry>
            <Entry mark={<VolumeShape tone="other" dashed own={false} faint={false} />}>planned: dashed; later: faint, with its start</Entry>
            <Entry mark={<VolumeShape tone="closed" dashed={false} own={false} faint={false} />}>closed constraint</Entry>
            <Entry mark={<VolumeShape tone="advisory" dashed={false} own={false} faint={false} />}>advisory constraint</Entry>
            <Entry mark={<VolumeShape tone="reserved" dashed={false} own={false} faint={false} />}>reserved: grid cells; the real volume is inside</Entry>
            <Entry mark={<PlanShape kind="plan" />}>a plan of yours, not filed: white dashes, numbered waypoints</Entry>
            <Entry mark={<PlanShape kind="way" />}>in the plan's way: double line, with its number; in the plan: crosses</Entry>
            <Entry mark={<PlanShape kind="other" />}>an alternative: dots</Entry>
            <Entry mark={<VolumeShape tone="nonconforming" dashed={false} own={false} faint={false} />}>nonconforming</Entry>
            <Entry mark={<VolumeShape tone="contingent" dashed={false} own={false} faint={false} />}>contingent</Entry>
          </ul>
        </div>
      </div>
      <p class="meaning">
        FL is pressure height (1013.25 hPa); other heights name their datum. A dashed ring round an aircraft is the
        accuracy of its position. You see what was released to you, not all there is. Base map: Natural Earth.{" "}
        <a href="./assets/licences.txt" target="_blank" rel="noreferrer">Licences</a>.
      </p>
    </Dialog>
  );
}
