// Registers what belongs to alerts: panels, keys, map layers.

export function installAlerts(): void {}
