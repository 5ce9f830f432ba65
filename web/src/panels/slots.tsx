// Where panels go: a subject registers a view in a slot and gets back what takes it away. Slots:
//   bar     in the top bar, before the buttons            top      under the bar: banners
//   left    the column over the map's left side           right    the same on the right
//   bottom  under the map, over its whole width           dialog   a modal, shown while `panel` is its id
// A view that has nothing to show returns null and takes no room.
import { signal } from "@preact/signals";
import type { ComponentType } from "preact";

export type Slot = "bar" | "top" | "left" | "right" | "bottom" | "dialog";

export interface PanelEntry {
  readonly id: string;
  readonly slot: Slot;
  /** Smaller comes first: nearer the top, or the left. */
  readonly order: number;
  readonly view: ComponentType;
}

const entries = signal<readonly PanelEntry[]>([]);

export function registerPanel(entry: PanelEntry): () => void {
  entries.value = [...entries.peek().filter(({ id }) => id !== entry.id), entry].sort((a, b) => a.order - b.order);
  return () => {
    entries.value = entries.peek().filter((one) => one !== entry);
  };
}

export function panelsIn(slot: Slot): readonly PanelEntry[] {
  return entries.value.filter((entry) => entry.slot === slot);
}

/** All panels of a slot, one after the other. */
export function SlotViews({ slot }: { slot: Slot }) {
  return (
    <>
      {panelsIn(slot).map(({ id, view: View }) => (
        <View key={id} />
      ))}
    </>
  );
}
