// The layout: the bar, banners, the map with a column of panels on each side, and what lies under it. While the
// picture is not live the map is dimmed, so that nobody takes an old picture for the present one.
import { useSignalEffect } from "@preact/signals";
import { MapView } from "./map/map_view";
import { DetailsPanel } from "./panels/details";
import { HelpPanel } from "./panels/help";
import { Late } from "./panels/late";
import { ListPanel } from "./panels/list";
import { SeenByPanel } from "./panels/seen_by";
import { SignIn } from "./panels/sign_in";
import { panelsIn, registerPanel, SlotViews } from "./panels/slots";
import { MapButtons, NotLive, PointerPlace, TopBar } from "./panels/top_bar";
import { live, panel, picture, token, viewTime } from "./state/store";

export function installPanels(): void {
  registerPanel({ id: "not-live", slot: "top", order: 10, view: NotLive });
  registerPanel({ id: "late", slot: "top", order: 20, view: Late });
  registerPanel({ id: "list", slot: "left", order: 50, view: ListPanel });
  registerPanel({ id: "details", slot: "right", order: 50, view: DetailsPanel });
  registerPanel({ id: "help", slot: "dialog", order: 0, view: HelpPanel });
  registerPanel({ id: "seen", slot: "dialog", order: 0, view: SeenByPanel });
}

const NOT_PRESENT = { replay: "NOT LIVE · replay · ", ahead: "NOT LIVE · looking ahead · ", live: "" } as const;

/** The present is dimmed when it is old; what is not the present at all is framed, by its banner and its class. */
function frameClass(): string {
  const { mode } = viewTime.value;
  if (mode === "replay") return "app app-replay";
  const dimmed = live.value ? "app" : "app app-not-live";
  return mode === "ahead" ? `${dimmed} app-ahead` : dimmed;
}

export function App() {
  useSignalEffect(() => {
    const name = picture.value.participantName;
    const plain = name ? `${name} · Comity` : "Comity";
    const { mode } = viewTime.value;
    const warning = mode === "live" && !live.value ? "NOT LIVE · " : NOT_PRESENT[mode];
    document.title = token.value === null ? plain : warning + plain;
  });
  if (token.value === null) return <SignIn />;
  return (
    <div class={frameClass()}>
      <TopBar />
      <div class="slot-top"><SlotViews slot="top" /></div>
      <main class="stage">
        <MapView />
        <div class="slot slot-left"><SlotViews slot="left" /></div>
        <div class="slot slot-right"><SlotViews slot="right" /></div>
        <PointerPlace />
        <MapButtons />
      </main>
      <div class="slot-bottom"><SlotViews slot="bottom" /></div>
      {panelsIn("dialog").map(({ id, view: View }) => panel.value === id && <View key={id} />)}
    </div>
  );
}
