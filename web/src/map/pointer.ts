// The place under the pointer, for the readout. A file of its own so that the bar does not pull in the map.
import { signal } from "@preact/signals";

export const pointer = signal<{ lat: number; lon: number } | null>(null);
