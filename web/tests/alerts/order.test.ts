// The order of urgency, and what stays for a while after it has cleared.
import { describe, expect, it } from "vitest";
import { byUrgency, concerns, KEEP_CLEARED_MS, NOTHING, remember } from "../../src/alerts/order";
import { newWarnings } from "../../src/alerts/news";
import type { Alert } from "../../src/wire/types";
import { after, anAlert, NOW } from "./an_alert";

function told(...alerts: Alert[]): ReadonlyMap<string, Alert> {
  return new Map(alerts.map((alert) => [alert.ref, alert]));
}

it("puts first what is most urgent, whatever the order of arrival", () => {
  const urgent = [
    anAlert({ ref: "now", phase: "now" }),
    anAlert({ ref: "soon", enters_at: after(10) }),
    anAlert({ ref: "later", enters_at: after(100) }),
    anAlert({ ref: "known", state: "acknowledged", enters_at: after(5) }),
    anAlert({ ref: "others", phase: "now", sides: [anAlert().sides[1]!] }),
    anAlert({ ref: "less", level: "corrective", phase: "now" }),
    anAlert({ ref: "least", level: "preventive", enters_at: null, closest_at: null }),
    anAlert({ ref: "over", state: "cleared" }),
  ];
  const names = urgent.map(({ ref }) => ref);
  for (let turn = 0; turn < urgent.length; turn++) {
    const shuffled = [...urgent.slice(turn), ...urgent.slice(0, turn)].reverse();
    expect(shuffled.sort(byUrgency).map(({ ref }) => ref)).toEqual(names);
  }
});

it("two without a time are ordered by reference", () => {
  const bare = { enters_at: null, closest_at: null };
  expect([anAlert({ ref: "b", ...bare }), anAlert({ ref: "a", ...bare })].sort(byUrgency)[0]!.ref).toBe("a");
});

describe("what has cleared", () => {
  const before = remember(NOTHING, "relief", told(anAlert()), NOW);

  it("stays, marked, for half a minute and then goes", () => {
    const gone = remember(before, "relief", told(), NOW + 1000);
    expect(gone.shown.get("a1")).toMatchObject({ clearedAtMs: NOW + 1000, alert: { state: "cleared" } });
    expect(remember(gone, "relief", told(), NOW + 1000 + KEEP_CLEARED_MS - 1).shown.size).toBe(1);
    expect(remember(gone, "relief", told(), NOW + 1000 + KEEP_CLEARED_MS).shown.size).toBe(0);
  });

  it("goes after the same time where the exchange goes on telling it as cleared", () => {
    const cleared = told(anAlert({ state: "cleared" }));
    const since = remember(before, "relief", cleared, NOW + 1000);
    expect(since.shown.get("a1")!.clearedAtMs).toBe(NOW + 1000);
    expect(remember(since, "relief", cleared, NOW + 2000).shown.get("a1")!.clearedAtMs).toBe(NOW + 1000);
    expect(remember(since, "relief", cleared, NOW + 1000 + KEEP_CLEARED_MS).shown.size).toBe(0);
  });

  it("is on again where it is raised again", () => {
    const gone = remember(before, "relief", told(), NOW + 1000);
    expect(remember(gone, "relief", told(anAlert()), NOW + 2000).shown.get("a1")!.clearedAtMs).toBeNull();
  });

  it("is not shown to the next participant", () => {
    expect(remember(before, "centre", told(), NOW + 1000).shown.size).toBe(0);
  });

  it("is the same object where nothing changed", () => {
    const alerts = told(anAlert());
    const first = remember(NOTHING, "relief", alerts, NOW);
    expect(remember(first, "relief", alerts, NOW + 1000)).toBe(first);
  });
});

it("concerns the reader by an own aircraft or by raises alone", () => {
  expect(concerns(anAlert())).toBe(true);
  expect(concerns(anAlert({ sides: [anAlert().sides[1]!] }))).toBe(false);
  expect(concerns(anAlert({ kind: "raises", sides: [] }))).toBe(true);
});

it("is news as a warning once: when it comes, or when it becomes one", () => {
  const warning = anAlert();
  expect(newWarnings(new Map(), [warning])).toEqual([warning]);
  expect(newWarnings(new Map([["a1", "corrective"]]), [warning])).toEqual([warning]);
  expect(newWarnings(new Map([["a1", "warning"]]), [warning])).toEqual([]);
  expect(newWarnings(new Map(), [anAlert({ level: "corrective" }), anAlert({ state: "cleared" })])).toEqual([]);
});
