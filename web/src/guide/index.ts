// Registers what belongs to guide: panels, keys, map layers.

export function installGuide(): void {}
