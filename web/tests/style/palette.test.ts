// The colours of aircraft and of volumes stay apart for readers with each kind of colour blindness, and stand out from
// the ground. Simulated after Viénot, Brettel and Mollon (1999) for red- and green-blind, Brettel (1997) simplified
// for blue-blind; distances are CIE76 in Lab, where about 2.3 is just seen. What is closer than this must differ
// in shape, and does: shapes.ts and hatch.ts.
import { describe, expect, it } from "vitest";
import { CRAFT, INK, PLAN, TONE } from "../../src/style/palette";

type Triple = readonly [number, number, number];
const APART = 9;
const CONTRAST = 4.5;

const SIGHT: Readonly<Record<string, readonly Triple[]>> = {
  common: [[1, 0, 0], [0, 1, 0], [0, 0, 1]],
  "red-blind": [[0.11238, 0.88762, 0], [0.11238, 0.88762, 0], [0.00401, -0.00401, 1]],
  "green-blind": [[0.29275, 0.70725, 0], [0.29275, 0.70725, 0], [-0.02234, 0.02234, 1]],
  "blue-blind": [[1.01277, 0.13548, -0.14826], [-0.01243, 0.86812, 0.14431], [0.07589, 0.805, 0.11911]],
};

function linear(hex: string): Triple {
  const [r, g, b] = [1, 3, 5].map((at) => {
    const c = Number.parseInt(hex.slice(at, at + 2), 16) / 255;
    return c <= 0.04045 ? c / 12.92 : ((c + 0.055) / 1.055) ** 2.4;
  });
  return [r!, g!, b!];
}

function dot(a: Triple, b: Triple): number {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

function lab(rgb: Triple): Triple {
  const f = (t: number): number => (t > 0.008856 ? Math.cbrt(t) : 7.787 * t + 16 / 116);
  const x = f(dot(rgb, [0.4124, 0.3576, 0.1805]) / 0.9505);
  const y = f(dot(rgb, [0.2126, 0.7152, 0.0722]));
  const z = f(dot(rgb, [0.0193, 0.1192, 0.9505]) / 1.089);
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

function seen(hex: string, sight: readonly Triple[]): Triple {
  const colour = linear(hex);
  const [r, g, b] = sight.map((row) => Math.min(1, Math.max(0, dot(row, colour))));
  return lab([r!, g!, b!]);
}

function closest(colours: Readonly<Record<string, string>>, sight: readonly Triple[]): [number, string] {
  let best: [number, string] = [Infinity, ""];
  const all = Object.entries(colours);
  all.forEach(([a, one], i) => {
    for (const [b, other] of all.slice(i + 1)) {
      const [p, q] = [seen(one, sight), seen(other, sight)];
      const apart = Math.hypot(p[0] - q[0], p[1] - q[1], p[2] - q[2]);
      if (apart < best[0]) best = [apart, `${a} and ${b}`];
    }
  });
  return best;
}

function luminance(hex: string): number {
  return dot(linear(hex), [0.2126, 0.7152, 0.0722]);
}

describe.each(Object.entries(SIGHT))("for %s sight", (_name, sight) => {
  it.each([["aircraft", CRAFT], ["volumes", TONE], ["plans", PLAN]] as const)("the colours of %s stay apart", (_what, colours) => {
    const [apart, pair] = closest(colours, sight);
    expect(apart, pair).toBeGreaterThan(APART);
  });
});

it.each(Object.entries({ ...CRAFT, ...TONE, ...PLAN, text: INK.text, dim: INK.dim }))("%s stands out from the land", (_name, colour) => {
  expect((luminance(colour) + 0.05) / (luminance(INK.land) + 0.05)).toBeGreaterThan(CONTRAST);
});
