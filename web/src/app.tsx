// The layout: the bar, the map, the panels over it. While the picture is not live everything but the bar and
// the banner is dimmed, so that nobody takes an old picture for the present one.
import { MapView } from "./map/map_view";
import { DetailsPanel } from "./panels/details";
import { HelpPanel } from "./panels/help";
import { ListPanel } from "./panels/list";
import { SeenByPanel } from "./panels/seen_by";
import { SignIn } from "./panels/sign_in";
import { MapButtons, NotLive, PointerPlace, TopBar } from "./panels/top_bar";
import { useSignalEffect } from "@preact/signals";
import { live, panel, picture, token } from "./state/store";

export function App() {
  useSignalEffect(() => {
    const name = picture.value.participantName;
    const plain = name ? `${name} · Comity` : "Comity";
    document.title = token.value !== null && !live.value ? `NOT LIVE · ${plain}` : plain;
  });
  if (token.value === null) return <SignIn />;
  return (
    <div class={live.value ? "app" : "app app-not-live"}>
      <TopBar />
      <NotLive />
      <main class="stage">
        <MapView />
        <ListPanel />
        <DetailsPanel />
        <PointerPlace />
        <MapButtons />
      </main>
      {panel.value === "help" && <HelpPanel />}
      {panel.value === "seen" && <SeenByPanel />}
    </div>
  );
}
