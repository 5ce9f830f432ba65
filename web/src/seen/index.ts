// Registers the map's view as another participant has it: the layer, its label, its key. The table of the same
// answer is panels/seen_by.tsx.
import "./seen.css";
import { registerKey } from "../keys";
import { registerPanel } from "../panels/slots";
import { panel } from "../state/store";
import { SeenBanner } from "./banner";
import { installSeenLayer } from "./layer";
import { followSeen, lastRecipient, seenAs, showAs, showAsMyself } from "./state";

/** On for the one chosen last; before the first choice the table opens, where one is chosen. */
function toggle(): void {
  const last = lastRecipient.peek();
  if (seenAs.peek()) showAsMyself();
  else if (last) showAs(last);
  else panel.value = "seen";
}

export function installSeen(): void {
  followSeen();
  installSeenLayer();
  registerPanel({ id: "seen-banner", slot: "top", order: 5, view: SeenBanner });
  registerKey({ keys: ["o"], group: "map", help: "the map as another participant has your things", act: toggle });
}
