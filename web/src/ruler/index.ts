// Range and bearing between two aircraft or places, by mouse and by keyboard. Key r.
import { registerKey } from "../keys";
import { registerLayer } from "../map/layers";
import { registerPanel } from "../panels/slots";
import { followRuler, RULER_LAYER } from "./layer";
import { RulerStrip } from "./panel";
import { picking, pickHere, ruler, toggleRuler } from "./state";

/** Before the list's and the page's own Enter and Escape, while something is measured. */
const FIRST = 20;

export function installRuler(): void {
  registerLayer(RULER_LAYER);
  followRuler();
  registerPanel({ id: "ruler", slot: "top", order: 50, view: RulerStrip });
  registerKey({ keys: ["r"], group: "map", help: "range and bearing: pick two ends with Enter or the mouse", act: toggleRuler });
  registerKey({
    keys: ["Enter"],
    group: "map",
    help: "",
    priority: FIRST,
    act: ({ target }) => {
      if (!picking.peek() || target instanceof HTMLButtonElement) return false;
      pickHere();
    },
  });
  registerKey({
    keys: ["Escape"],
    group: "map",
    help: "",
    priority: FIRST,
    act: () => {
      if (!ruler.peek()) return false;
      ruler.value = null;
    },
  });
}
