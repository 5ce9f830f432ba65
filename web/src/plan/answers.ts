// What the planning API and the writes answer, read as far as the map's safety needs: a list that is no list, or
// an answer without the part that says what was checked, is an error and never an empty list.
import type { ReleasedItem, Volume4D } from "../wire/types";
import type { RouteRequest } from "./draft";

export class BadAnswer extends Error {}

/** POST /v1/plans/volumes. */
export interface Laid {
  readonly volumes: readonly Volume4D[];
  readonly arrivesMs: number;
  readonly lengthM: number;
}

/** One thing in the way, as released to the asker. `volumes`: the numbers, from 0, of the plan's volumes it overlaps. */
export interface ConflictItem {
  readonly item: ReleasedItem;
  readonly blocking: boolean;
  readonly volumes: readonly number[];
}

export interface Clearance {
  readonly checked: string;
  readonly floor_intent: string;
  readonly floor_constraint: string;
}

/** POST /v1/plans/check. */
export interface Check {
  readonly conflicts: readonly ConflictItem[];
  readonly clearance: Clearance;
}

export interface Alternative {
  readonly kind: string;
  readonly cost: number;
  readonly words: string;
  readonly volumes: readonly Volume4D[];
  readonly later_s?: number | null;
  readonly higher_m?: number | null;
  readonly aside_m?: number | null;
  /** The changed route, where it was asked for with one, and when that arrives. */
  readonly route?: RouteRequest | null;
  readonly arrives?: string | null;
}

/** POST /v1/plans/alternatives. `complete`: everything within the limits was tried in time. */
export interface Alternatives {
  readonly alternatives: readonly Alternative[];
  readonly tried: number;
  readonly complete: boolean;
}

type Fields = Readonly<Record<string, unknown>>;

function fieldsOf(value: unknown, name: string): Fields {
  if (typeof value !== "object" || value === null || Array.isArray(value)) throw new BadAnswer(`${name} must be an object`);
  return value as Fields;
}

function listOf(fields: Fields, name: string): readonly unknown[] {
  const value = fields[name];
  if (!Array.isArray(value)) throw new BadAnswer(`${name} must be a list`);
  return value;
}

function numberOf(fields: Fields, name: string): number {
  const value = fields[name];
  if (typeof value !== "number" || !Number.isFinite(value)) throw new BadAnswer(`${name} must be a number`);
  return value;
}

function textOf(fields: Fields, name: string): string {
  const value = fields[name];
  if (typeof value !== "string") throw new BadAnswer(`${name} must be a text`);
  return value;
}

function volumesOf(fields: Fields): readonly Volume4D[] {
  const all = listOf(fields, "volumes") as readonly Volume4D[];
  const sound = all.length > 0 && all.every((one) => one?.outline && one.lower && one.upper && one.start && one.end);
  if (!sound) throw new BadAnswer("volumes must be a list of at least one volume");
  return all;
}

export function readLaid(body: unknown): Laid {
  const fields = fieldsOf(body, "the answer");
  const arrivesMs = Date.parse(textOf(fields, "arrives"));
  if (Number.isNaN(arrivesMs)) throw new BadAnswer("arrives must be a time");
  return { volumes: volumesOf(fields), arrivesMs, lengthM: numberOf(fields, "length_m") };
}

export function readConflicts(fields: Fields): readonly ConflictItem[] {
  return listOf(fields, "conflicts").map((one) => {
    const conflict = fieldsOf(one, "a conflict");
    const item = fieldsOf(conflict["item"], "a conflict's item");
    textOf(item, "ref");
    const volumes = listOf(conflict, "volumes") as readonly number[];
    return { item: item as unknown as ReleasedItem, blocking: conflict["blocking"] === true, volumes };
  });
}

export function readCheck(body: unknown): Check {
  const fields = fieldsOf(body, "the answer");
  const clearance = fieldsOf(fields["clearance"], "clearance");
  for (const name of ["checked", "floor_intent", "floor_constraint"]) textOf(clearance, name);
  return { conflicts: readConflicts(fields), clearance: clearance as unknown as Clearance };
}

export function readAlternativeList(fields: Fields): readonly Alternative[] {
  return listOf(fields, "alternatives").map((one) => {
    const alternative = fieldsOf(one, "an alternative");
    textOf(alternative, "kind");
    textOf(alternative, "words");
    numberOf(alternative, "cost");
    volumesOf(alternative);
    return alternative as unknown as Alternative;
  });
}

export function readAlternatives(body: unknown): Alternatives {
  const fields = fieldsOf(body, "the answer");
  return { alternatives: readAlternativeList(fields), tried: numberOf(fields, "tried"), complete: fields["complete"] === true };
}

/** What a write of an intent came to. */
export function readWritten(body: unknown): ReleasedItem {
  const item = fieldsOf(fieldsOf(body, "the answer")["result"], "result");
  textOf(item, "ref");
  return item as unknown as ReleasedItem;
}
