// Selecting an alert, by key, by press or on the map; and flying to it.
import { craftMs, picture, selectedAlert } from "../state/store";
import { covered, theScene } from "../map/commands";
import { boxAround, enteredVolumes } from "./areas";
import { encounterOf, type Moving } from "./encounter";
import { listed, names } from "./state";

/** So much round the outermost point: about 3 NM. */
const MARGIN_DEG = 0.05;

function placeOf(id: string): Moving | null {
  const at = theScene()?.placeOf(id);
  const track = picture.peek().tracks.get(id);
  return at && track ? { ...at, ground_speed_mps: track.ground_speed_mps, track_deg: track.track_deg } : null;
}

export function flyTo(ref: string): void {
  const alert = listed.peek().find((one) => one.alert.ref === ref)?.alert;
  if (!alert) return;
  const { strong, thin, rings, marks } = encounterOf(alert, placeOf, craftMs() ?? 0, names);
  const points = [...strong.flat(), ...thin.flat(), ...rings, ...marks];
  const cells = alert.sides.flatMap(({ reserved }) => (reserved ? [reserved] : []));
  // A volume may be as large as a country: it is shown whole only where the aircraft is nowhere.
  const volumes = points.length > 0 ? cells : [...cells, ...enteredVolumes(alert, picture.peek().items)];
  const box = boxAround(points, volumes, MARGIN_DEG);
  if (box) theScene()?.fitBox(box, covered());
}

export function select(ref: string): void {
  selectedAlert.value = ref;
  flyTo(ref);
}

/** False where there is none. From the most urgent where nothing is selected. */
export function step(by: 1 | -1): boolean {
  const all = listed.peek();
  if (all.length === 0) return false;
  const at = all.findIndex(({ alert }) => alert.ref === selectedAlert.peek());
  const next = at < 0 ? (by > 0 ? 0 : all.length - 1) : (at + by + all.length) % all.length;
  select(all[next]!.alert.ref);
  return true;
}
