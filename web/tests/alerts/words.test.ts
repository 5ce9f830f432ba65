// What an alert says: times, miss distances that never say more than was told, and what is not released.
import { describe, expect, it } from "vitest";
import {
  closestWords, countdown, headline, horizontalWords, itemWords, minimaWords, missWords, type Names, phaseWords,
  sideName, sideNote, spoken, verticalWords, whoWords,
} from "../../src/alerts/words";
import { after, anAlert, NOW } from "./an_alert";

const NAMES: Names = { track: (id) => (id === "4b1801" ? "SWR4TK" : null), item: (ref) => (ref === "i1" ? "LS-R8" : null) };
const NOBODY: Names = { track: () => null, item: () => null };

describe("times", () => {
  it("counts down in whole seconds, never below nothing", () => {
    expect([72, 71.2, 5, 0, -3, 4500].map(countdown)).toEqual(["1:12", "1:12", "0:05", "0:00", "0:00", "75:00"]);
  });

  it("says when it is predicted for, and that it is due", () => {
    expect(phaseWords(anAlert(), NOW)).toBe("predicted in 0:52");
    expect(phaseWords(anAlert(), NOW + 60_000)).toBe("predicted, due now");
    expect(phaseWords(anAlert({ enters_at: null }), NOW)).toBe("predicted in 1:12");
    expect(phaseWords(anAlert({ enters_at: null, closest_at: null }), NOW)).toBe("predicted");
  });

  it("says that it is so now, and for how long yet", () => {
    expect(phaseWords(anAlert({ phase: "now" }), NOW)).toBe("now");
    expect(phaseWords(anAlert({ phase: "now", leaves_at: after(40) }), NOW)).toBe("now, for 0:40 more");
    expect(phaseWords(anAlert({ state: "cleared" }), NOW)).toBe("cleared");
  });

  it("puts the closest approach before or behind", () => {
    expect(closestWords(anAlert(), NOW)).toBe("closest in 1:12");
    expect(closestWords(anAlert(), NOW + 80_000)).toBe("closest 0:08 ago");
    expect(closestWords(anAlert({ closest_at: null }), NOW)).toBeNull();
  });
});

describe("distances", () => {
  it("are cut and never rounded up", () => {
    expect([1500, 1851.9, 1852, 9260, 925, 926, 119].map(horizontalWords)).toEqual(
      ["0.8 NM", "0.9 NM", "1.0 NM", "5.0 NM", "920 m", "0.5 NM", "110 m"],
    );
    expect([91.44, 304.8, 304.7, 0].map(verticalWords)).toEqual(["300 ft", "1,000 ft", "990 ft", "0 ft"]);
  });

  it("say that a height is not known", () => {
    expect(missWords(anAlert())).toBe("0.8 NM · 300 ft");
    expect(missWords(anAlert({ vertical_m: null }))).toBe("0.8 NM · height not known");
    expect(missWords(anAlert({ horizontal_m: null }))).toBeNull();
    expect(minimaWords(anAlert())).toBe("minima 5.0 NM · 1,000 ft");
    expect(minimaWords(anAlert({ minima_horizontal_m: null, minima_vertical_m: null }))).toBeNull();
  });
});

describe("who", () => {
  it("is named as the reader's picture names it", () => {
    expect(whoWords(anAlert(), NAMES)).toBe("RELIEF21 and SWR4TK");
    expect(whoWords(anAlert(), NOBODY)).toBe("RELIEF21 and 4B1801");
  });

  it("is a participant where nothing is released, whatever else is there", () => {
    const side = { level: "reserved", own: false } as const;
    expect(sideName(side, NAMES)).toBe("a participant");
    expect(sideNote(side)).toBe("position not released");
    expect(sideNote({ ...side, claimed: true })).toContain("reported by its operator alone");
  });

  it("enters what the reader knows by name, or an intent of a participant", () => {
    const into = anAlert({ kind: "incursion", sides: [anAlert().sides[0]!], item: "i1", item_kind: "constraint" });
    expect(whoWords(into, NAMES)).toBe("RELIEF21 into constraint LS-R8");
    expect(itemWords({ ...into, item: null, item_kind: "intent" }, NAMES)).toBe("an intent of a participant");
    expect(itemWords(anAlert(), NAMES)).toBeNull();
    expect(headline({ ...into, phase: "now" })).toBe("Incursion");
  });

  it("counts a crowd", () => {
    const sides = Array.from({ length: 14 }, () => anAlert().sides[1]!);
    expect(whoWords(anAlert({ kind: "crowd", sides }), NAMES)).toBe("14 aircraft");
  });
});

it("is spoken in one sentence", () => {
  expect(spoken(anAlert(), NOW, NAMES)).toBe(
    "warning: predicted conflict, predicted in 0:52; RELIEF21 and SWR4TK; 0.8 NM, 300 ft.",
  );
  expect(spoken(anAlert({ advisory: true, horizontal_m: null }), NOW, NAMES)).toContain("; advisory.");
});
