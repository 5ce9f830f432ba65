// Fill patterns, drawn on a canvas once at start: what kind of thing a volume is must be readable without its
// colour. Closed: diagonal strokes. Reserved: a grid. Nonconforming: diagonal dashes the other way. Contingent:
// crossed diagonals.
import type { Map as MapLibre } from "maplibre-gl";
import { TONE, type ToneName } from "../style/palette";

const SIZE = 16;
const RATIO = 2;

type Draw = (pen: CanvasRenderingContext2D) => void;

function strokes(...lines: readonly (readonly [number, number, number, number])[]): Draw {
  return (pen) => {
    for (const [x1, y1, x2, y2] of lines) {
      pen.beginPath();
      pen.moveTo(x1, y1);
      pen.lineTo(x2, y2);
      pen.stroke();
    }
  };
}

// Each pattern repeats without a seam: strokes run past the tile's corners.
const RISING = [[-4, 20, 20, -4], [-4, 4, 4, -4], [12, 20, 20, 12]] as const;
const FALLING = [[-4, -4, 20, 20], [12, -4, 20, 4], [-4, 12, 4, 20]] as const;

const HATCHES: Partial<Record<ToneName, { draw: Draw; width: number; dash?: number[] }>> = {
  closed: { draw: strokes(...RISING), width: 1.6 },
  reserved: { draw: strokes([8, 0, 8, 16], [0, 8, 16, 8]), width: 0.8 },
  nonconforming: { draw: strokes(...FALLING), width: 2, dash: [5, 4] },
  contingent: { draw: strokes(...RISING, ...FALLING), width: 1.4 },
};

export function hatchName(tone: ToneName): string | null {
  return HATCHES[tone] ? `hatch-${tone}` : null;
}

export function addHatches(map: MapLibre): void {
  for (const [tone, hatch] of Object.entries(HATCHES)) {
    const canvas = document.createElement("canvas");
    canvas.width = canvas.height = SIZE * RATIO;
    const pen = canvas.getContext("2d");
    if (!pen) throw new Error("this browser draws no canvas");
    pen.scale(RATIO, RATIO);
    pen.strokeStyle = TONE[tone as ToneName];
    pen.lineWidth = hatch.width;
    pen.setLineDash(hatch.dash ?? []);
    hatch.draw(pen);
    map.addImage(`hatch-${tone}`, pen.getImageData(0, 0, canvas.width, canvas.height), { pixelRatio: RATIO });
  }
}
