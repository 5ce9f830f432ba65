// Packed frames as an exchange would send them, written from the layout's words and not from the code that reads it.
export interface Sent {
  number: number;
  lat?: number;
  lon?: number;
  heightM?: number | null;
  speedMps?: number | null;
  trackDeg?: number | null;
  rateMps?: number | null;
  ageS?: number;
  accuracyM?: number;
  flags?: number;
}

export function sent(records: readonly Sent[], asOfMs: number, whole = false): ArrayBuffer {
  const buffer = new ArrayBuffer(32 + 32 * records.length);
  const view = new DataView(buffer);
  [..."CMTY"].forEach((letter, i) => view.setUint8(i, letter.charCodeAt(0)));
  view.setUint8(4, 1);
  view.setUint8(5, whole ? 1 : 0);
  view.setUint16(6, 32, true);
  view.setUint32(8, records.length, true);
  view.setBigInt64(16, BigInt(asOfMs) * 1000n, true);
  records.forEach((record, i) => put(view, 32 + 32 * i, record));
  return buffer;
}

function put(view: DataView, at: number, one: Sent): void {
  view.setUint32(at, one.number, true);
  view.setInt32(at + 4, Math.round((one.lat ?? 47) * 1e7), true);
  view.setInt32(at + 8, Math.round((one.lon ?? 8) * 1e7), true);
  view.setInt32(at + 12, one.heightM == null ? -(2 ** 31) : Math.round(one.heightM * 100), true);
  view.setUint16(at + 16, one.speedMps == null ? 65535 : Math.round(one.speedMps * 10), true);
  view.setUint16(at + 18, one.trackDeg == null ? 65535 : Math.round(one.trackDeg * 100), true);
  view.setInt16(at + 20, one.rateMps == null ? -32768 : Math.round(one.rateMps * 100), true);
  view.setUint16(at + 22, Math.ceil((one.ageS ?? 0) * 10), true);
  view.setUint16(at + 24, one.accuracyM ?? 50, true);
  view.setUint16(at + 26, one.flags ?? 0, true);
}
