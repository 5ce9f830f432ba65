// The page's state as signals, and the few actions that change it. Everything shown is derived from here; the
// picture itself comes only from the stream's fold (stream/picture.ts).
import { computed, effect, signal } from "@preact/signals";
import type { ReleasedItem, WhoAmI } from "../wire/types";
import type { Zone } from "../format/time";
import type { DetailChoice } from "../map/blocks";
import { type FrameForm, StreamClient } from "../stream/client";
import type { Frame } from "../stream/frames";
import { hear, isLive, type Link, UNCONNECTED } from "../stream/liveness";
import { apply, emptyPicture, type Picture, type Track } from "../stream/picture";
import { forgetToken, keepToken, keptToken } from "./token";
import { exchangeClock, LIVE, mono, viewTime } from "./view_time";

export { craftMs, exchangeClock, mono, nowMs, presentSecond, second, viewMs, viewTime } from "./view_time";

/** The present, from the stream; it goes on while something else is shown. */
export const streamed = signal<Picture>(emptyPicture());
/** A moment of the past in the stream's place (state/replay.ts), or null. */
export const replayed = signal<Picture | null>(null);
/** What is shown. */
export const picture = computed<Picture>(() => replayed.value ?? streamed.value);

/** Alerts that are not gone, by reference, in the exchange's order of arrival; cleared ones included. */
export const alerts = computed(() => picture.value.alerts);
/** Seconds by which the sweep behind the alerts is late; 0 in time. */
export const lateS = computed(() => picture.value.lateS);
/** The time of that sweep in milliseconds. */
export const sweptAt = computed(() => picture.value.sweptAtMs);
export const selectedAlert = signal<string | null>(null);

export const link = signal<Link>(UNCONNECTED);
export const who = signal<WhoAmI | null>(null);
export const token = signal<string | null>(null);
/** Why the sign-in page shows, where somebody was signed in before. */
export const signedOutBecause = signal<string | null>(null);

export const live = computed(() => streamed.value.complete && isLive(link.value, mono.value));

export type Horizon = "now" | "1h" | "6h" | "all";
export const horizon = signal<Horizon>("6h");
export const zone = signal<Zone>("utc");
export const search = signal("");
/** How many lines data blocks have; auto: by zoom and density. */
export const blockDetail = signal<DetailChoice>("auto");
export const vectorMinutes = signal<0 | 1 | 2 | 5>(0);
/** The dialog that is open, by its name in the registry (panels/slots.tsx). */
export const panel = signal<string>("none");
export const listOpen = signal(true);

export type Selection = { kind: "item"; id: string } | { kind: "track"; id: string } | null;
export const selection = signal<Selection>(null);

/** The selected thing's last form; kept with `gone` once it has left the picture, so the panel can say so. */
export interface Selected {
  readonly item?: ReleasedItem;
  readonly track?: Track;
  readonly gone: boolean;
}

const lastSelected = signal<Selected | null>(null);
export const selected = computed<Selected | null>(() => lastSelected.value);

effect(() => {
  const chosen = selection.value;
  const shown = picture.value;
  const before = lastSelected.peek();
  if (!chosen) {
    lastSelected.value = null;
    return;
  }
  const item = chosen.kind === "item" ? shown.items.get(chosen.id) : undefined;
  const track = chosen.kind === "track" ? shown.tracks.get(chosen.id) : undefined;
  if (item) lastSelected.value = { item, gone: false };
  else if (track) lastSelected.value = { track, gone: false };
  else if (before && (before.item?.ref === chosen.id || before.track?.id === chosen.id)) {
    if (!before.gone) lastSelected.value = { ...before, gone: true };
  } else lastSelected.value = null;
});

let client: StreamClient | null = null;

export function signIn(fresh: string): void {
  keepToken(fresh);
  signedOutBecause.value = null;
  connect(fresh);
}

export function signOut(reason: string | null): void {
  client?.stop();
  client = null;
  forgetToken();
  token.value = null;
  who.value = null;
  link.value = UNCONNECTED;
  forgetPicture();
  signedOutBecause.value = reason;
}

/** The page's own ?frames=json asks for the readable form. */
function wantedForm(): FrameForm {
  return new URLSearchParams(window.location.search).get("frames") === "json" ? "json" : "binary";
}

function forgetPicture(): void {
  streamed.value = emptyPicture();
  replayed.value = null;
  viewTime.value = LIVE;
  exchangeClock.value = null;
  selection.value = null;
  selectedAlert.value = null;
}

function connect(fresh: string): void {
  client?.stop();
  forgetPicture();
  token.value = fresh;
  client = new StreamClient(fresh, () => streamed.peek().cursor, {
    onWhoAmI: (answer) => {
      who.value = answer;
    },
    onFrame: receive,
    onLink: (next) => {
      link.value = next;
      mono.value = performance.now();
    },
    onSignedOut: (reason) => signOut(reason),
  }, wantedForm());
  client.start();
}

function receive(frame: Frame, at: number): void {
  if ("asOfMs" in frame) exchangeClock.value = hear(exchangeClock.peek(), frame.asOfMs, at);
  streamed.value = apply(streamed.peek(), frame);
}

/** Starts the page's clock and, where this tab holds a token, the stream. */
export function start(): void {
  window.setInterval(() => {
    mono.value = performance.now();
  }, 250);
  const kept = keptToken();
  if (kept) connect(kept);
}
