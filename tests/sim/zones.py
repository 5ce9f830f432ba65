"""Room that the background leaves free: around encounters, fleets and the areas that are promised or
closed.

Each is a circle and a band of pressure heights. It holds what is inside, and what that could come near
within the look-ahead by flying on as it does. Heights that are not pressure heights are taken to where
the worst weather could put them (``geo.heights`` without a temperature: 0.68 to 1.2 of the standard
height, and a few hundred metres).
"""

from __future__ import annotations

from typing import NamedTuple

from comity.sim import areas
from comity.sim.encounters import Encounter
from comity.sim.meetings import ENCOUNTERS
from comity.sim.sphere import Point, ahead, bearing_deg, distance_m
from comity.units import metres_from_feet


class Zone(NamedTuple):
    name: str
    centre: Point
    radius_m: float
    lower_m: float
    upper_m: float


def below(height_m: float) -> float:
    """No pressure height above this can be within 1,000 ft of ``height_m`` above sea level or the
    ellipsoid."""
    return (height_m + 305.0 + 350.0) / 0.68


def levels(lower: int, upper: int) -> tuple[float, float]:
    return metres_from_feet(lower * 100.0), metres_from_feet(upper * 100.0)


def of_encounter(encounter: Encounter) -> Zone:
    """Ten minutes of arc around helicopters, a degree and more around airliners."""
    heights = [fix.z_m for actor in encounter.actors for fix in actor.path.fixes]
    if encounter.actors[0].owner is not None:
        return Zone(encounter.name, encounter.site, 33_000.0, 0.0, below(max(heights)))
    steepest_m = 10.0 * 120.0 if max(heights) - min(heights) > 500.0 else 0.0
    lower_m, upper_m = min(heights) - steepest_m - 400.0, max(heights) + steepest_m + 400.0
    return Zone(encounter.name, encounter.site, 66_000.0, lower_m, upper_m)


_WAY = bearing_deg(areas.FRIEDRICHSHAFEN, areas.INNSBRUCK)
_LENGTH_M = distance_m(areas.FRIEDRICHSHAFEN, areas.INNSBRUCK)

ZONES = (
    *(of_encounter(encounter) for encounter in ENCOUNTERS),
    Zone("north patrol", areas.NORTH_ORBIT, 68_000.0, *levels(190, 280)),
    Zone("south training", areas.SOUTH_ORBIT, 72_000.0, *levels(230, 312)),
    *(
        Zone("transport", ahead(areas.FRIEDRICHSHAFEN, _WAY, share * _LENGTH_M), 36_000.0, *levels(160, 215))
        for share in (0.0, 0.25, 0.5, 0.75, 1.0)
    ),
    Zone("drones", Point(46.12, 7.54), 36_000.0, 0.0, below(3_400.0)),
    Zone("survey", areas.BRIG, 18_000.0, 0.0, below(2_600.0)),
    Zone("plot", Point(46.65, 6.25), 36_000.0, 0.0, below(3_000.0)),
    Zone("calibration", Point(46.30, 6.23), 16_000.0, 0.0, below(2_400.0)),
    Zone("helicopter", Point(46.50, 8.95), 45_000.0, 0.0, below(3_500.0)),
    Zone("closure", areas.GOTTHARD, 14_000.0, 0.0, below(4_500.0)),
    Zone("standing closure", Point(46.95, 8.90), 11_000.0, 0.0, below(3_000.0)),
    Zone("gliders", Point(46.60, 9.83), 34_000.0, 0.0, below(4_500.0)),
    Zone("north range", Point(47.85, 11.90), 13_000.0, 0.0, below(6_000.0)),
    Zone("south range", Point(45.35, 7.90), 12_000.0, 0.0, below(5_000.0)),
)
