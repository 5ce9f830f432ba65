"""One civil flight that goes to and fro between two airports for ever: where it is at any time ``t``.

Speed grows evenly with time from lift-off to cruise while height grows evenly to the cruising level, and
the reverse on the way down; a flight too short for its level cruises lower. All of it has a closed form,
so a position costs the same at any ``t`` (seconds since 1970) and nothing is carried from one to the next.
Heights are pressure heights in metres; speeds are over ground, in still air.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

from comity.sim.airports import Airport, airports
from comity.sim.draws import Draws
from comity.sim.sphere import Point, ahead, bearing_deg, distance_m
from comity.units import metres_from_feet

LIFT_OFF_MPS: Final = 75.0
CLIMB_MPS: Final = 10.0
"""2,000 ft/min, what an airliner makes on average up to cruise."""

FIRST_ADDRESS: Final = 0xF00000
"""ICAO Annex 10 vol. III, table 9-1: the block of temporary addresses; nobody's registered aircraft."""

SHORTEST_M: Final = 180_000.0
ALPS_SOUTH, ALPS_NORTH, ALPS_WEST, ALPS_EAST = 44.6, 48.4, 5.0, 14.5


class Seen(NamedTuple):
    """What a receiver hears of one aircraft at one moment."""

    address: str
    callsign: str
    at: Point
    pressure_height_m: float
    ground_speed_mps: float
    track_deg: float
    vertical_rate_mps: float
    squawk: str


class Flight(NamedTuple):
    address: str
    callsign: str
    squawk: str
    origin: Airport
    destination: Airport
    cruise_m: float
    cruise_mps: float
    turnaround_s: float
    phase: float

    def length_m(self) -> float:
        return distance_m(self.origin.at, self.destination.at)

    def _climb_s(self) -> float:
        """Seconds from lift-off to level; as long again down."""
        full_s = self.cruise_m / CLIMB_MPS
        both_m = (LIFT_OFF_MPS + self.cruise_mps) * full_s
        return full_s * min(1.0, self.length_m() / both_m)

    def airborne_s(self) -> float:
        climb_s = self._climb_s()
        level_m = self.length_m() - (LIFT_OFF_MPS + self.cruise_mps) * climb_s
        return 2 * climb_s + max(0.0, level_m) / self.cruise_mps

    def at(self, t: float) -> Seen | None:
        """None while it stands on the ground."""
        airborne_s = self.airborne_s()
        period_s = airborne_s + self.turnaround_s
        legs, since_s = divmod(t + self.phase * period_s, period_s)
        if since_s >= airborne_s:
            return None
        start, end = self.origin.at, self.destination.at
        if int(legs) % 2:
            start, end = end, start
        done_m, speed_mps, height_m, rate_mps = self._profile(since_s, airborne_s)
        position = ahead(start, bearing_deg(start, end), done_m)
        left_m = distance_m(position, end)
        track = bearing_deg(position, end) if left_m > 1.0 else bearing_deg(start, end)
        return Seen(self.address, self.callsign, position, height_m, speed_mps, track, rate_mps, self.squawk)

    def _profile(self, since_s: float, airborne_s: float) -> tuple[float, float, float, float]:
        """Distance flown, speed, height, vertical rate; the descent is the climb read backwards."""
        climb_s = self._climb_s()
        descending = since_s > airborne_s / 2
        s = airborne_s - since_s if descending else since_s
        gain = (self.cruise_mps - LIFT_OFF_MPS) / climb_s
        if s < climb_s:
            done_m, speed, height = (
                LIFT_OFF_MPS * s + gain * s * s / 2,
                LIFT_OFF_MPS + gain * s,
                CLIMB_MPS * s,
            )
            rate = -CLIMB_MPS if descending else CLIMB_MPS
        else:
            done_m = (LIFT_OFF_MPS + self.cruise_mps) / 2 * climb_s + self.cruise_mps * (s - climb_s)
            speed, height, rate = self.cruise_mps, CLIMB_MPS * climb_s, 0.0
        return (self.length_m() - done_m if descending else done_m), speed, height, rate


def _over_the_alps(a: Point, b: Point) -> bool:
    middle = ahead(a, bearing_deg(a, b), distance_m(a, b) / 2)
    return ALPS_SOUTH <= middle.lat <= ALPS_NORTH and ALPS_WEST <= middle.lon <= ALPS_EAST


def flight(seed: int, number: int) -> Flight:
    """The ``number``-th flight of this seed's day: its middle lies over the Alps."""
    draws, ports = Draws(seed, f"flight {number}"), airports()
    origin, destination = ports[0], ports[-1]
    for attempt in range(200):
        origin = draws.one_of(f"origin {attempt}", ports)
        destination = draws.one_of(f"destination {attempt}", ports)
        far = distance_m(origin.at, destination.at) >= SHORTEST_M
        if far and _over_the_alps(origin.at, destination.at):
            break
    length_km = distance_m(origin.at, destination.at) / 1000
    steps = int(draws.between("level", 0, 7))
    level_ft = min(41_000, 18_000 + 1_000 * math.floor(length_km / 40) + 1_000 * steps)
    return Flight(
        address=f"{FIRST_ADDRESS + number:06X}",
        callsign=f"ALP{number + 100}",
        squawk=f"{int(draws.unit('squawk') * 0o4000) + 0o1000:04o}",
        origin=origin,
        destination=destination,
        cruise_m=metres_from_feet(level_ft),
        cruise_mps=draws.between("speed", 195.0, 245.0),
        turnaround_s=draws.between("turnaround", 60.0, 400.0),
        phase=draws.unit("phase") * 2,
    )
