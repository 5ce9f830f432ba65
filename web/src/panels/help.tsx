// The keys and the legend, in one overlay.
import type { ComponentChildren } from "preact";
import { CRAFT } from "../style/palette";
import { Dialog } from "./dialog";
import { CraftShape, VolumeShape } from "./marks";

export const KEYS: readonly (readonly [keys: string, meaning: string])[] = [
  ["/", "search"],
  ["↑ ↓", "move in the list (Page Up, Page Down: by ten)"],
  ["Enter", "centre the map on the selected one"],
  ["Esc", "close, deselect, clear the search"],
  ["f", "fit everything on the map"],
  ["+ −", "zoom in, zoom out"],
  ["v", "speed vectors: none, 1, 2, 5 minutes"],
  ["h", "time shown: now, 1 h, 6 h, all"],
  ["l", "UTC or local time"],
  ["b", "show or hide the list"],
  ["w", "what others see of you"],
  ["?", "this page"],
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
          <tbody>
            {KEYS.map(([keys, meaning]) => (
              <tr key={keys}>
                <th scope="row">{keys.split(" ").map((key) => <kbd key={key}>{key}</kbd>)}</th>
                <td>{meaning}</td>
              </tr>
            ))}
          </tbody>
        </table>
        <div class="legend">
          <h3>Aircraft</h3>
          <ul>
            <Entry mark={<CraftShape source="own" mine stale={false} colour={CRAFT.own} turn={0} />}>yours (ringed)</Entry>
            <Entry mark={<CraftShape source="own" mine={false} stale={false} colour={CRAFT.released} turn={0} />}>released to you by its operator</Entry>
            <Entry mark={<CraftShape source="broadcast" mine={false} stale={false} colour={CRAFT.broadcast} turn={0} />}>broadcast (ADS-B, Remote ID)</Entry>
            <Entry mark={<CraftShape source="sensed" mine={false} stale={false} colour={CRAFT.sensed} turn={0} />}>sensed (radar and the like)</Entry>
            <Entry mark={<CraftShape source="broadcast" mine={false} stale colour={CRAFT.broadcast} turn={0} />}>stale: hollow, with its age</Entry>
            <Entry mark={<span class="tag tag-emergency">7700</span>}>emergency squawk: double ring and text</Entry>
          </ul>
          <h3>Airspace</h3>
          <ul>
            <Entry mark={<VolumeShape tone="own" dashed={false} own faint={false} />}>in use now: solid. Yours: white inner line</Entry>
            <Entry mark={<VolumeShape tone="other" dashed own={false} faint={false} />}>planned: dashed; later: faint, with its start</Entry>
            <Entry mark={<VolumeShape tone="closed" dashed={false} own={false} faint={false} />}>closed constraint</Entry>
            <Entry mark={<VolumeShape tone="advisory" dashed={false} own={false} faint={false} />}>advisory constraint</Entry>
            <Entry mark={<VolumeShape tone="reserved" dashed={false} own={false} faint={false} />}>reserved: grid cells; the real volume is inside</Entry>
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
