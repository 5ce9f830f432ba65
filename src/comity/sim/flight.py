"""Background flights: where each is at any time ``t``, as a function of the seed, its route and its
number.

A route is an airport, another, a cruising level and a phase (``data/routes.csv``). Every ``EVERY_S``
seconds a flight departs on it, or the seed says that this one does not. So all of them together repeat
themselves every ``EVERY_S``, but for those left out, and the routes are chosen so that no two flights on
them, and none of them and the rest of the demonstration, ever come near their minima: one look at a
single period is a look at all time.

Speed grows evenly with time from lift-off to cruise while height grows evenly to the cruising level, and
the reverse on the way down; then it stands at its destination for ``ROLLED_OUT_S``. All of it has a
closed form. ``t`` is seconds since 1970. Heights are pressure heights in metres; speeds are over ground,
in still air.
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator
from functools import cache
from importlib.resources import files
from typing import Final, NamedTuple

from comity.sim.airports import Airport, airports
from comity.sim.draws import Draws
from comity.sim.sphere import Point, ahead, bearing_deg, distance_m
from comity.units import metres_from_feet

LIFT_OFF_MPS: Final = 100.0
CLIMB_MPS: Final = 10.0
"""2,000 ft/min, what an airliner makes on average up to cruise."""

EVERY_S: Final = 120
"""A departure on each route: 27 km apart in cruise."""

ROLLED_OUT_S: Final = 15.0
"""It reports itself on the ground for so long, then no more."""

FIRST_ADDRESS: Final = 0xF00000
"""ICAO Annex 10 vol. III, table 9-1: the block of temporary addresses; nobody's registered aircraft."""

NUMBERS: Final = 64
"""Addresses of a route, used in turn: one is free for an hour and more before it returns."""


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
    on_ground: bool = False


class Route(NamedTuple):
    """``phase_s``: when its departures are, after each multiple of ``EVERY_S``."""

    number: int
    origin: Airport
    destination: Airport
    cruise_m: float
    cruise_mps: float
    phase_s: float

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

    def under_way(self, t: float) -> Iterator[int]:
        """The numbers of its departures that are not over yet at ``t``."""
        last = math.floor((t - self.phase_s) / EVERY_S)
        first = math.floor((t - self.phase_s - self.airborne_s() - ROLLED_OUT_S) / EVERY_S) + 1
        return iter(range(first, last + 1))

    def since_s(self, number: int, t: float) -> float:
        """Seconds since a departure."""
        return t - self.phase_s - number * EVERY_S

    def motion(self, since_s: float) -> tuple[Point, float, float, float, float]:
        """Place, height, speed, track and vertical rate so long after departure."""
        airborne_s = self.airborne_s()
        if since_s >= airborne_s:
            return self.destination.at, 0.0, 0.0, bearing_deg(self.origin.at, self.destination.at), 0.0
        start, end = self.origin.at, self.destination.at
        done_m, speed_mps, height_m, rate_mps = self._profile(since_s, airborne_s)
        position = ahead(start, bearing_deg(start, end), done_m)
        left_m = distance_m(position, end)
        track = bearing_deg(position, end) if left_m > 1.0 else bearing_deg(start, end)
        return position, height_m, speed_mps, track, rate_mps

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


@cache
def routes() -> tuple[Route, ...]:
    """All routes, from the table."""
    ports = {port.icao: port for port in airports()}
    text = files("comity.sim").joinpath("data/routes.csv").read_text(encoding="utf-8")
    rows = csv.DictReader(line for line in text.splitlines() if not line.startswith("#"))
    return tuple(
        Route(
            number,
            ports[row["origin"]],
            ports[row["destination"]],
            metres_from_feet(float(row["level"]) * 100.0),
            float(row["cruise_mps"]),
            float(row["phase_s"]),
        )
        for number, row in enumerate(rows)
    )


SHARE: Final = 0.45
"""Of the departures that take place."""


def departs(seed: int, route: Route, number: int) -> bool:
    return Draws(seed, f"route {route.number}").unit(f"departure {number}") < SHARE


def flying(seed: int, route: Route, t: float) -> Iterator[Seen]:
    """The flights of a route that are heard at ``t``."""
    for number in route.under_way(t):
        if departs(seed, route, number):
            yield _seen(seed, route, number, route.since_s(number, t))


def _seen(seed: int, route: Route, number: int, since_s: float) -> Seen:
    place, height_m, speed_mps, track_deg, rate_mps = route.motion(since_s)
    own = number % NUMBERS
    drawn = Draws(seed, f"flight {route.number}/{own}").unit("squawk")
    return Seen(
        address=f"{FIRST_ADDRESS + route.number * NUMBERS + own:06X}",
        callsign=f"ALP{route.number * 100 + own + 100}",
        at=place,
        pressure_height_m=height_m,
        ground_speed_mps=speed_mps,
        track_deg=track_deg,
        vertical_rate_mps=rate_mps,
        squawk=f"{int(drawn * 0o4000) + 0o1000:04o}",
        on_ground=since_s >= route.airborne_s(),
    )
