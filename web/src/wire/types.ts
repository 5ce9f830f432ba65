// The native API's JSON as the map reads it: the twin of
// src/comity/model/{released,volume,shape,altitude,alert}.py.
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
  readonly priority?: number | null;
  readonly peer_conflicts?: readonly string[] | null;
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
  readonly category?: string | null;
  readonly sources?: number;
}

export type AlertLevel = "preventive" | "corrective" | "warning";
export type AlertKind = "conflict" | "incursion" | "emergency" | "crowd" | "raises";
export type AlertState = "raised" | "acknowledged" | "cleared";

/** One aircraft of an alert. `track`: its id in the reader's picture, where it is there. */
export interface AlertSide {
  readonly level: "own" | "broadcast" | "identity" | "position" | "reserved";
  readonly own: boolean;
  readonly track?: string | null;
  readonly label?: string | null;
  readonly category?: string | null;
  readonly claimed?: boolean;
  readonly reserved?: ReservedVolume | null;
}

/** The twin of src/comity/model/alert.py. */
export interface Alert {
  readonly ref: string;
  readonly kind: AlertKind;
  readonly level: AlertLevel;
  readonly state: AlertState;
  readonly phase: "predicted" | "now";
  readonly raised_at: string;
  readonly updated_at: string;
  readonly sides: readonly AlertSide[];
  readonly reasons: readonly string[];
  readonly advisory?: boolean;
  readonly enters_at?: string | null;
  readonly leaves_at?: string | null;
  readonly closest_at?: string | null;
  readonly horizontal_m?: number | null;
  readonly vertical_m?: number | null;
  readonly minima_horizontal_m?: number | null;
  readonly minima_vertical_m?: number | null;
  readonly item?: string | null;
  readonly item_kind?: "constraint" | "intent" | null;
  readonly item_label?: string | null;
  readonly acknowledged_by?: string | null;
  readonly acknowledged_at?: string | null;
  readonly other_party_acknowledged_at?: string | null;
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
