// Registers what belongs to timeline: panels, keys, map layers.

export function installTimeline(): void {}
