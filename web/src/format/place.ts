// Places as degrees and decimal minutes, the way positions are read out over a radio: "46°57.1'N 007°26.8'E".

function part(value: number, width: number, positive: string, negative: string): string {
  const tenths = Math.round(Math.abs(value) * 600);
  const degrees = Math.floor(tenths / 600);
  const minutes = ((tenths - degrees * 600) / 10).toFixed(1).padStart(4, "0");
  return `${String(degrees).padStart(width, "0")}°${minutes}'${value < 0 ? negative : positive}`;
}

export function place(lat: number, lon: number): string {
  return `${part(lat, 2, "N", "S")} ${part(lon, 3, "E", "W")}`;
}
