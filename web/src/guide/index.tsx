// Registers the demonstration's guide: a small panel, there only where the sign-in link asked for it (guide=demo).
// The wish is taken from the address before the token's reader strips it, and kept for this tab.
import "./guide.css";
import { signal } from "@preact/signals";
import { registerKey } from "../keys";
import { registerPanel } from "../panels/slots";
import { picture, presentSecond, token } from "../state/store";
import { guideIn, nextStep, secondOfCycle, type Step, stepsAt } from "./steps";

const KEY = "comity.guide";
/** By glob, so that the map is built without the demonstration too. */
const FILES = import.meta.glob<readonly Step[]>("../../data/demo_guide.json", { eager: true, import: "default" });
const STEPS: readonly Step[] = Object.values(FILES).flat();

/** Runs as this module is loaded, which is before main.tsx strips the fragment. */
function keepWish(): void {
  const found = guideIn(window.location.hash);
  if (found) window.sessionStorage.setItem(KEY, `guide=${found.guide}${found.cycleS === null ? "" : `&cycle=${found.cycleS}`}`);
}

keepWish();
window.addEventListener("hashchange", keepWish);

const link = guideIn(window.sessionStorage.getItem(KEY) ?? "");
const shown = signal(link?.guide === "demo");

function GuidePanel() {
  const now = presentSecond.value;
  if (!shown.value || now === null || token.value === null) return null;
  const participant = picture.value.participantId;
  const second = secondOfCycle(now, link?.cycleS ?? null);
  const here = stepsAt(STEPS, second, participant);
  const next = nextStep(STEPS, second, participant);
  return (
    <aside class="panel guide-panel" aria-label="Guide to the demonstration">
      <header class="panel-head">
        <h2>What to look at</h2>
        <span class="guide-second time">{Math.floor(second / 60)}:{String(Math.floor(second % 60)).padStart(2, "0")} of 2:00</span>
        <button type="button" class="quiet" aria-label="Close the guide (d)" onClick={() => { shown.value = false; }}>✕</button>
      </header>
      <div class="guide-body" aria-live="polite">
        {here.map((step) => (
          <article key={step.title}>
            <h3>{step.title}</h3>
            <p>{step.text}</p>
          </article>
        ))}
        {here.length === 0 && <p class="guide-quiet">Nothing in particular just now.</p>}
      </div>
      {next && <p class="guide-next">Next in <span class="time">{Math.ceil(next.in_s)} s</span>: {next.step.title}</p>}
    </aside>
  );
}

export function installGuide(): void {
  if (!link) return;
  registerPanel({ id: "guide", slot: "left", order: 10, view: GuidePanel });
  registerKey({ keys: ["d"], group: "page", help: "guide to the demonstration: show, close", act: () => { shown.value = !shown.peek(); } });
}
