// The native API's JSON as the map reads it: the twin of src/comity/model/{released,volume,shape,altitude}.py.
// Fields with a default are left out by the exchange, so every optional one may be absent. SI units, RFC 3339
// times in UTC. Nothing here computes.

export type Datum = "W84" | "MSL" | "PRESSURE" | "AGL";

export interface Altitude {
  readonly value_m: number;
  readonly datum: Datum;
}

export interface LatLon {
  readonly lat: number;
  readonly lon: number;
}

export type Shape =
  | { readonly type: "polygon"; readonly vertices: readonly LatLon[] }
  | { readonly type: "circle"; readonly centre: LatLon; readonly radius_m: number };

export interface Volume4D {
  readonly outline: Shape;
  readonly lower: Altitude;
  readonly upper: Altitude;
  readonly start: string;
  readonly end: string;
}

export interface ReservedVolume {
  readonly cells: readonly string[];
  /** One ring of [lat, lon] corners for each cell. */
  readonly outlines: readonly (readonly (readonly [number, number])[])[];
  readonly lower_w84_m: number;
  readonly upper_w84_m: number;
  readonly start: string;
  readonly end: string;
}

export type IntentState = "Accepted" | "Activated" | "Nonconforming" | "Contingent" | "Ended";
export type ConstraintState = "planned" | "pending" | "active" | "released" | "cancelled" | "expired";
export type ItemLevel = "own" | "volume" | "reserved";

export interface ReleasedItem {
  readonly ref: string;
  readonly kind: "intent" | "constraint";
  readonly level: ItemLevel;
  readonly contact?: string;
  readonly state?: IntentState | ConstraintState | null;
  readonly volumes?: readonly Volume4D[] | null;
  readonly reserved?: readonly ReservedVolume[] | null;
  readonly category?: string | null;
  readonly crewed?: boolean | null;
  readonly constraint_kind?: "closed" | "advisory" | null;
  readonly designator?: string | null;
  readonly ovn?: string | null;
  readonly version?: number | null;
  readonly accepted_conflicts?: readonly string[] | null;
}

export interface Change {
  readonly seq: number;
  readonly ref: string;
  readonly item?: ReleasedItem | null;
}

export type Source = "own" | "broadcast" | "sensed";
export type TrackLevel = "own" | "broadcast" | "position" | "identity";

export interface TrackView {
  readonly id: string;
  readonly source: Source;
  readonly level: TrackLevel;
  readonly lat: number;
  readonly lon: number;
  readonly age_s: number;
  readonly accuracy_m: number;
  readonly stale?: boolean;
  readonly altitude_m?: number | null;
  readonly altitude_datum?: string | null;
  readonly ground_speed_mps?: number | null;
  readonly track_deg?: number | null;
  readonly vertical_rate_mps?: number | null;
  readonly on_ground?: boolean | null;
  readonly callsign?: string | null;
  readonly squawk?: string | null;
  readonly emergency?: string | null;
  readonly sources?: number;
}

/** One thing of one's own as one recipient has it. The kinds own_track and sensed_track stand for all such tracks. */
export interface SeenBy {
  readonly recipient: string;
  readonly kind: string;
  readonly level: string;
  readonly reason: string;
  readonly rule?: string | null;
  readonly ref?: string | null;
  readonly item?: ReleasedItem | null;
}

export interface WhoAmI {
  readonly participantId: string;
  readonly participantName: string;
  readonly person: string;
  readonly expiresAtMs: number | null;
  readonly exchange: string;
}
