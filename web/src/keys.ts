// The keyboard as a registry: each subject registers its keys with the words that the help page shows, and gets back
// what takes them away. One listener for the page. Plain keys do nothing while a text field has the focus or a
// dialog is open, unless they say so.
import { signal } from "@preact/signals";
import { panel, token } from "./state/store";

export interface KeyBinding {
  /** As KeyboardEvent.key names them: "r", "Enter", "ArrowUp". All do the same. */
  readonly keys: readonly string[];
  /** How the help page writes them, where not as they are: "↑ ↓". */
  readonly shown?: string;
  readonly help: string;
  /** Headings of the help page, in this order. */
  readonly group: "map" | "plan" | "list" | "aircraft" | "alerts" | "time" | "page";
  /** Asked before the others of the same key where larger; a binding that does not act lets the next one try. */
  readonly priority?: number;
  /** Also while a dialog is open. */
  readonly inDialog?: boolean;
  /** Also while this says so of the text field that has the focus. */
  readonly inField?: (field: HTMLInputElement, key: string) => boolean;
  /** False: it did nothing, and the key goes on to the next binding or to the browser. */
  act(event: KeyboardEvent): boolean | void;
}

const bindings = signal<readonly KeyBinding[]>([]);

export function registerKey(binding: KeyBinding): () => void {
  bindings.value = [...bindings.peek(), binding].sort((a, b) => (b.priority ?? 0) - (a.priority ?? 0));
  return () => {
    bindings.value = bindings.peek().filter((one) => one !== binding);
  };
}

/** In the order of registration: for the help page. */
export function keyBindings(): readonly KeyBinding[] {
  return bindings.value;
}

function allowed(binding: KeyBinding, event: KeyboardEvent, modal: boolean): boolean {
  if (!binding.keys.includes(event.key)) return false;
  if (modal && !binding.inDialog) return false;
  const { target } = event;
  // Letters and arrows choose in it.
  if (target instanceof HTMLSelectElement) return event.key === "Escape";
  if (!(target instanceof HTMLInputElement) || !takesText(target)) return true;
  return binding.inField?.(target, event.key) ?? false;
}

/** A slider or a tick box has the focus but takes no letters. */
function takesText(field: HTMLInputElement): boolean {
  return !["range", "checkbox", "radio", "button"].includes(field.type);
}

function onKey(event: KeyboardEvent): void {
  if (token.peek() === null || event.ctrlKey || event.metaKey || event.altKey || event.defaultPrevented) return;
  const modal = panel.peek() !== "none";
  for (const binding of bindings.peek()) {
    if (!allowed(binding, event, modal)) continue;
    if (binding.act(event) === false) continue;
    event.preventDefault();
    return;
  }
}

export function listenToKeys(): void {
  window.addEventListener("keydown", onKey);
}
