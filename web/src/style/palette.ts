// The map's colours, after Okabe and Ito's set for colour-blind readers, lightened for a dark room and checked for each
// kind of colour blindness (tests/style/palette.test.ts). No meaning rests on colour alone: every tone goes with
// a shape, a line style, a hatch or a word.

export const INK = {
  sea: "#0a0f14",
  land: "#161e26",
  lake: "#0b1218",
  shore: "#2d3a46",
  border: "#3a4856",
  graticule: "#17202a",
  airport: "#8596a6",
  halo: "#05080b",
  text: "#dfe6ec",
  dim: "#93a1ae",
} as const;

export const TONE = {
  own: "#56b4e9",
  other: "#2be3a4",
  closed: "#f0714a",
  advisory: "#e3cf4c",
  reserved: "#d0c2e8",
  nonconforming: "#f5a524",
  contingent: "#dc67a9",
} as const;

export type ToneName = keyof typeof TONE;

/** A plan that is not filed: its own volumes, what is in their way, an alternative to it. */
export const PLAN = {
  plan: "#ffffff",
  way: "#ff6a45",
  other: "#b9ef5a",
} as const;

export const CRAFT = {
  own: "#56b4e9",
  broadcast: "#cdd7df",
  sensed: "#e8b24c",
  released: "#37e8a2",
  emergency: "#ff6a45",
} as const;
