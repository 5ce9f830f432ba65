// The one connection to the exchange: asks who we are, opens the stream, hands decoded frames on, and tries
// again with backoff until it is stopped. It keeps no picture (picture.ts) and draws nothing.
//
// Each attempt first asks /v1/whoami: a browser cannot read the status of a refused WebSocket, and a token that
// expired or was revoked must lead to the sign-in page, not to endless retries.
import type { WhoAmI } from "../wire/types";
import { ask, Refused } from "../wire/api";
import { backoff } from "./backoff";
import { BadFrame, type Frame } from "./frames";
import { isLive, type Link, UNCONNECTED } from "./liveness";
import { Pairing } from "./pairing";

/** Packed records for positions, or everything as JSON: larger, and readable in the browser's own tools. */
export type FrameForm = "binary" | "json";

export interface Listener {
  onWhoAmI(who: WhoAmI): void;
  onFrame(frame: Frame, mono: number): void;
  onLink(link: Link): void;
  onSignedOut(reason: string): void;
}

/** A socket that opened but went silent is given up after this long, and a new one is tried. */
const GIVE_UP_MS = 10_000;
const WATCH_MS = 1000;
/** A connection that held this long ends a row of failures. */
const STEADY_MS = 10_000;

export class StreamClient {
  private socket: WebSocket | null = null;
  private pairing = new Pairing();
  private link: Link = UNCONNECTED;
  private openedAt = 0;
  private timer: number | undefined;
  private watch: number | undefined;
  private stopped = false;
  private lastBye = "";

  constructor(
    private readonly token: string,
    private readonly cursor: () => string | null,
    private readonly listener: Listener,
    private readonly form: FrameForm = "binary",
  ) {}

  start(): void {
    window.addEventListener("online", this.hurry);
    document.addEventListener("visibilitychange", this.hurry);
    this.watch = window.setInterval(() => this.checkSilence(), WATCH_MS);
    void this.connect();
  }

  stop(): void {
    this.stopped = true;
    window.removeEventListener("online", this.hurry);
    document.removeEventListener("visibilitychange", this.hurry);
    window.clearInterval(this.watch);
    window.clearTimeout(this.timer);
    this.drop();
  }

  private set(change: Partial<Link>): void {
    this.link = { ...this.link, ...change };
    this.listener.onLink(this.link);
  }

  private readonly hurry = (): void => {
    if (this.link.phase !== "waiting" || document.hidden) return;
    window.clearTimeout(this.timer);
    void this.connect();
  };

  private async connect(): Promise<void> {
    this.set({ phase: "connecting", retryAt: null, lastFrameAt: null });
    try {
      const who = await ask(this.token, "/v1/whoami");
      if (this.stopped) return;
      this.listener.onWhoAmI(readWhoAmI(who));
    } catch (error) {
      if (this.stopped) return;
      if (error instanceof Refused && (error.status === 401 || error.status === 403)) {
        this.signOut(this.lastBye || error.message);
        return;
      }
      this.retry(error instanceof Refused ? error.message : "the exchange cannot be reached");
      return;
    }
    this.open();
  }

  private open(): void {
    const url = new URL("/v1/stream", window.location.href);
    url.protocol = url.protocol === "https:" ? "wss:" : "ws:";
    url.hash = "";
    const cursor = this.cursor();
    if (cursor) url.searchParams.set("cursor", cursor);
    url.searchParams.set("frames", this.form);
    const socket = new WebSocket(url);
    this.pairing = new Pairing();
    socket.binaryType = "arraybuffer";
    this.socket = socket;
    this.openedAt = performance.now();
    socket.onopen = () => socket.send(JSON.stringify({ token: this.token }));
    socket.onmessage = (event) => this.receive(socket, event.data);
    socket.onclose = (event) => {
      if (this.socket !== socket) return;
      this.socket = null;
      this.retry(this.lastBye || event.reason || "the connection was closed");
    };
  }

  private receive(socket: WebSocket, data: unknown): void {
    if (this.socket !== socket) return;
    const mono = performance.now();
    let frame: Frame | null;
    try {
      frame = this.pairing.take(data);
      if (!frame) return;
      this.listener.onFrame(frame, mono);
    } catch (error) {
      if (!(error instanceof BadFrame)) throw error;
      this.drop();
      this.retry(`a frame could not be read: ${error.message}`);
      return;
    }
    if (frame.type === "bye") this.lastBye = frame.reason;
    if (frame.type === "hello") this.lastBye = "";
    const attempt = mono - this.openedAt > STEADY_MS ? 0 : this.link.attempt;
    if (frame.type !== "hello" && frame.type !== "bye") {
      this.set({ phase: "open", lastFrameAt: mono, attempt, detail: "" });
    }
  }

  private checkSilence(): void {
    const mono = performance.now();
    if (!this.socket || isLive(this.link, mono)) return;
    if (mono - Math.max(this.openedAt, this.link.lastFrameAt ?? 0) > GIVE_UP_MS) {
      this.drop();
      this.retry("nothing has arrived for 10 s");
    }
  }

  private retry(detail: string): void {
    if (this.stopped) return;
    const wait = backoff(this.link.attempt, Math.random());
    this.set({ phase: "waiting", attempt: this.link.attempt + 1, retryAt: performance.now() + wait, detail });
    this.timer = window.setTimeout(() => void this.connect(), wait);
  }

  private signOut(reason: string): void {
    this.stop();
    this.set({ phase: "signed-out", detail: reason });
    this.listener.onSignedOut(reason);
  }

  private drop(): void {
    const socket = this.socket;
    this.socket = null;
    socket?.close();
  }
}

function textOf(fields: Record<string, unknown>, name: string): string {
  const value = fields[name];
  return typeof value === "string" ? value : "";
}

function readWhoAmI(body: unknown): WhoAmI {
  const fields = (body ?? {}) as Record<string, unknown>;
  const expires = Date.parse(textOf(fields, "expires_at"));
  return {
    participantId: textOf(fields, "participant"),
    participantName: textOf(fields, "participant_name"),
    person: textOf(fields, "person_name"),
    expiresAtMs: Number.isNaN(expires) ? null : expires,
    exchange: textOf(fields, "exchange"),
  };
}
