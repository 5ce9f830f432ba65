// A person's word that an alert is known. A write to the exchange, under one idempotency key for each alert, so that
// pressing twice, or again after a lost answer, is the same word. Only in the present: what is shown of the past
// or ahead cannot be acknowledged.
import { signal } from "@preact/signals";
import type { Alert } from "../wire/types";
import { post, Refused } from "../wire/api";
import { token } from "../state/store";
import { acknowledging, answered } from "./state";

export type Asking = { readonly state: "asking" } | { readonly state: "refused"; readonly message: string };

export const asked = signal<ReadonlyMap<string, Asking>>(new Map());
const keys = new Map<string, string>();

function keyFor(ref: string): string {
  let key = keys.get(ref);
  if (!key) {
    const random = crypto.getRandomValues(new Uint8Array(16));
    key = `ack-${[...random].map((byte) => byte.toString(16).padStart(2, "0")).join("")}`;
    keys.set(ref, key);
  }
  return key;
}

function set(ref: string, asking: Asking | null): void {
  const next = new Map(asked.peek());
  if (asking) next.set(ref, asking);
  else next.delete(ref);
  asked.value = next;
}

export function canAcknowledge(alert: Alert): boolean {
  return acknowledging.peek() && alert.state === "raised" && asked.peek().get(alert.ref)?.state !== "asking";
}

/** False where there was nothing to do. */
export function acknowledge(alert: Alert): boolean {
  const bearer = token.peek();
  if (!bearer || !canAcknowledge(alert)) return false;
  void send(bearer, alert.ref);
  return true;
}

async function send(bearer: string, ref: string): Promise<void> {
  set(ref, { state: "asking" });
  try {
    const body = await post(bearer, `/v1/alerts/${encodeURIComponent(ref)}/acknowledgement`, {}, keyFor(ref));
    if (token.peek() !== bearer) return;
    const { result } = body as { result?: Alert };
    if (result && result.ref === ref) answered.value = new Map([...answered.peek(), [ref, result]]);
    set(ref, null);
  } catch (error) {
    // A refusal is final for this key; what never arrived may be sent again under it.
    if (error instanceof Refused) keys.delete(ref);
    set(ref, { state: "refused", message: error instanceof Refused ? error.message : "the exchange cannot be reached" });
  }
}
