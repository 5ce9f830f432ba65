"""What participants report of their own aircraft, and one radar's plots: JSON reports as functions of time.

Air forces fly racetracks inside the areas they filed, drones go to and fro between their base and a
village, and a radar sees one aircraft that nobody has said anything about. Own aircraft here carry no
transponder address but a track number of their owner's feed (``~`` and digits), except the relief transport.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

from comity.clock import from_micros
from comity.ids import ParticipantId
from comity.model.altitude import Altitude, Datum
from comity.model.intent import AircraftCategory
from comity.model.observation import Report
from comity.sim import areas
from comity.sim.cast import ANS, NORTH, RELIEF, SOUTH
from comity.sim.draws import Draws
from comity.sim.sphere import Point, ahead, bearing_deg, distance_m


class Motion(NamedTuple):
    at: Point
    track_deg: float
    ground_speed_mps: float
    height_m: float
    vertical_rate_mps: float = 0.0


class Racetrack(NamedTuple):
    """Two straight legs joined by half circles, flown clockwise for ever."""

    centre: Point
    course_deg: float
    leg_m: float
    radius_m: float
    speed_mps: float
    height_m: float

    def at(self, t: float, phase: float) -> Motion:
        turn_m = math.pi * self.radius_m
        lap_m = 2 * (self.leg_m + turn_m)
        s = (t * self.speed_mps + phase * lap_m) % lap_m
        back = s >= lap_m / 2
        s -= lap_m / 2 if back else 0.0
        course = self.course_deg + (180.0 if back else 0.0)
        if s < self.leg_m:
            along, left, track = s - self.leg_m / 2, self.radius_m, course
        else:
            turned = (s - self.leg_m) / self.radius_m
            along = self.leg_m / 2 + self.radius_m * math.sin(turned)
            left, track = self.radius_m * math.cos(turned), course + math.degrees(turned)
        point = ahead(ahead(self.centre, course, along), course - 90.0, left)
        return Motion(point, track % 360.0, self.speed_mps, self.height_m)


class Shuttle(NamedTuple):
    """Out, a minute there, back, a minute here; height follows the distance."""

    start: Point
    end: Point
    speed_mps: float
    low_m: float
    high_m: float
    wait_s: float = 60.0

    def at(self, t: float, phase: float) -> Motion:
        length_m = distance_m(self.start, self.end)
        leg_s = length_m / self.speed_mps
        lap_s = 2 * (leg_s + self.wait_s)
        s = (t + phase * lap_s) % lap_s
        back = s >= lap_s / 2
        s -= lap_s / 2 if back else 0.0
        a, b = (self.end, self.start) if back else (self.start, self.end)
        moving = s < leg_s
        gone = min(1.0, s / leg_s)
        point = ahead(a, bearing_deg(a, b), gone * length_m)
        share = 1.0 - gone if back else gone
        climb = (self.high_m - self.low_m) / leg_s * (-1 if back else 1)
        return Motion(
            point,
            bearing_deg(a, b),
            self.speed_mps if moving else 0.0,
            self.low_m + share * (self.high_m - self.low_m),
            climb if moving else 0.0,
        )


class Craft(NamedTuple):
    """``accuracy_m`` is what its owner's equipment claims."""

    owner: ParticipantId
    address: str
    callsign: str | None
    category: AircraftCategory | None
    moves: Racetrack | Shuttle
    datum: Datum
    accuracy_m: float


_JET, _DRONE = AircraftCategory.AEROPLANE, AircraftCategory.UNCREWED


def _north(k: int) -> Craft:
    track = Racetrack(areas.NORTH_ORBIT, 80.0, 40_000, 6_000, 205.0, 6_900.0 + 450 * k)
    return Craft(NORTH, f"~{11 + k}", f"NORTH{11 + k}", _JET, track, Datum.PRESSURE, 30.0)


def _south(k: int) -> Craft:
    track = Racetrack(areas.SOUTH_ORBIT, 95.0, 38_000, 7_000, 215.0, 7_700.0 + 450 * k)
    return Craft(SOUTH, f"~{21 + k}", f"SOUTH{21 + k}", _JET, track, Datum.PRESSURE, 30.0)


def _drone(k: int, end: Point, high_m: float, right_m: float) -> Craft:
    """On a lane of its own beside the straight way, so that no two lanes cross."""
    course = bearing_deg(areas.SION, end) + 90.0
    ends = ahead(areas.SION, course, right_m), ahead(end, course, right_m)
    return Craft(
        RELIEF, f"~{31 + k}", f"DRONE{31 + k}", _DRONE, Shuttle(*ends, 24.0, 1_100.0, high_m), Datum.MSL, 8.0
    )


_SURVEY: Final = Racetrack(areas.BRIG, 60.0, 2_400, 700, 18.0, 1_700.0)

_TRANSPORT: Final = Racetrack(
    ahead(
        areas.FRIEDRICHSHAFEN,
        bearing_deg(areas.FRIEDRICHSHAFEN, areas.INNSBRUCK),
        distance_m(areas.FRIEDRICHSHAFEN, areas.INNSBRUCK) / 2,
    ),
    bearing_deg(areas.FRIEDRICHSHAFEN, areas.INNSBRUCK) + 0.7,
    136_000,
    3_000,
    140.0,
    5_650.0,
)
"""To and fro, below the patrol. The course is the one at the middle of the way."""

FLEET: Final = (
    *(_north(k) for k in range(3)),
    *(_south(k) for k in range(3)),
    *(_drone(k, areas.ZERMATT, 2_700.0, -300.0 + 300 * k) for k in range(3)),
    *(_drone(k, areas.EVOLENE, 2_200.0, 600.0 + 250 * (k - 3)) for k in range(3, 5)),
    _drone(5, areas.ZINAL, 2_500.0, -650.0),
    Craft(RELIEF, "~37", "DRONE37", _DRONE, _SURVEY, Datum.MSL, 8.0),
    Craft(RELIEF, "F07A01", "RELIEF1", _JET, _TRANSPORT, Datum.PRESSURE, 20.0),
)
"""None of them comes near another, nor near an encounter: a test looks at all of them together."""

_BESIDE: Final = Racetrack(Point(46.65, 6.25), 60.0, 26_000, 1_500, 62.0, 3_000.0)

PLOT: Final = Craft(ANS, "~901", None, None, _BESIDE, Datum.MSL, 250.0)
"""What the civil service's radar sees and nobody has claimed: a slow aircraft to and fro over the Jura."""


def own_reports(seed: int, t: float, owner: ParticipantId) -> list[Report]:
    return [_report(seed, t, craft) for craft in FLEET if craft.owner == owner]


def radar_plots(seed: int, t: float, owner: ParticipantId) -> list[Report]:
    return [_report(seed, t, PLOT)] if owner == PLOT.owner else []


def _report(seed: int, t: float, craft: Craft) -> Report:
    motion = craft.moves.at(t, Draws(seed, f"craft {craft.address}").unit("phase"))
    return Report(
        address=craft.address,
        observed_at=from_micros(round(t * 1_000_000)),
        lat=round(motion.at.lat, 6),
        lon=round(motion.at.lon, 6),
        altitude=Altitude(round(motion.height_m, 1), craft.datum),
        ground_speed_mps=motion.ground_speed_mps,
        track_deg=round(motion.track_deg, 1) % 360.0,
        vertical_rate_mps=round(motion.vertical_rate_mps, 2),
        callsign=craft.callsign,
        on_ground=False,
        accuracy_m=craft.accuracy_m,
        category=craft.category,
    )
