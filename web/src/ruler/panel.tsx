// The strip that says what is measured, or what to pick next. It is spoken as well: the map is not.
import { picture, second } from "../state/store";
import { bearingWords, between, rangeWords, timeWords } from "./measure";
import { placeOfEnd, speedOf } from "./layer";
import { endWords, ruler, toggleRuler } from "./state";

/** Between frames the strip goes by the last report; the figures on the map go by where the aircraft is drawn. */
function reported(id: string) {
  const track = picture.peek().tracks.get(id);
  return track ? { lat: track.lat, lon: track.lon, px: 0, py: 0 } : null;
}

function figures(): string | null {
  const now = ruler.value;
  if (!now?.from || !now.to) return null;
  const from = placeOfEnd(now.from, { craft: reported });
  const to = placeOfEnd(now.to, { craft: reported });
  if (!from || !to) return null;
  const range = between(from, to);
  return [rangeWords(range), bearingWords(range), timeWords(range, speedOf(now.from, now.to))].filter(Boolean).join(" · ");
}

export function RulerStrip() {
  const now = ruler.value;
  if (!now) return null;
  void second.value;
  const done = figures();
  const ends = [now.from, now.to].flatMap((end) => (end ? [endWords(end)] : [])).join(" → ");
  const next = now.to ? "" : now.from ? "Pick the other end" : "Pick the first end";
  return (
    <div id="ruler" class="strip strip-ruler" role="status">
      <strong>Range and bearing</strong>
      {ends && <span>{ends}</span>}
      {done && <span class="ruler-figures">{done}</span>}
      {next && <span>{next}: click an aircraft or a place, or Enter for the selected aircraft or the cross in the middle</span>}
      <button type="button" onClick={toggleRuler}>Close (r)</button>
    </div>
  );
}
