// The three levels of RTCA DO-365 as the page shows them. Each has a word, a shape and a line style besides its
// colour, and the shapes differ in outline: the level is read in greyscale and by those who see no red.
import type { AlertLevel } from "../wire/types";

export interface LevelLook {
  readonly word: string;
  readonly rank: 1 | 2 | 3;
  readonly colour: string;
  /** For texts on a canvas, where no drawing fits. */
  readonly sign: string;
  /** The map's lines: dotted, dashed, solid; in units of CSS pixels. */
  readonly dash: readonly number[];
  readonly width: number;
  /** The mark in a 20 by 20 box around the middle; filled where `solid`. */
  readonly shape: string;
  readonly solid: boolean;
}

export const LEVEL: Readonly<Record<AlertLevel, LevelLook>> = {
  preventive: {
    word: "Preventive",
    rank: 1,
    colour: "#f0e442",
    sign: "○",
    dash: [1.5, 6],
    width: 2,
    shape: "M0-8A8 8 0 1 1 0 8 8 8 0 1 1 0-8Z",
    solid: false,
  },
  corrective: {
    word: "Corrective",
    rank: 2,
    colour: "#ff9f1c",
    sign: "△",
    dash: [9, 6],
    width: 2,
    shape: "M0-9 9 7H-9Z",
    solid: false,
  },
  warning: {
    word: "WARNING",
    rank: 3,
    colour: "#ff5964",
    sign: "■",
    dash: [],
    width: 2.6,
    shape: "M-8.5-8.5H8.5V8.5H-8.5Z",
    solid: true,
  },
};

/** Most urgent first. */
export const LEVELS: readonly AlertLevel[] = ["warning", "corrective", "preventive"];
