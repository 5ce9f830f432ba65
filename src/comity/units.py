"""Exact conversions to SI. Inside Comity everything is SI; other units exist only in feeds, wire and web.

Source: ICAO Annex 5 (international foot 0.3048 m, international nautical mile 1852 m).
"""

from __future__ import annotations

from typing import Final

METRES_PER_FOOT: Final = 0.3048
METRES_PER_NAUTICAL_MILE: Final = 1852.0
METRES_PER_SECOND_PER_KNOT: Final = 1852.0 / 3600.0
METRES_PER_SECOND_PER_FOOT_PER_MINUTE: Final = 0.3048 / 60.0


def metres_from_feet(feet: float) -> float:
    return feet * METRES_PER_FOOT


def feet_from_metres(metres: float) -> float:
    return metres / METRES_PER_FOOT


def metres_from_nautical_miles(nautical_miles: float) -> float:
    return nautical_miles * METRES_PER_NAUTICAL_MILE


def metres_per_second_from_knots(knots: float) -> float:
    return knots * METRES_PER_SECOND_PER_KNOT


def metres_per_second_from_feet_per_minute(feet_per_minute: float) -> float:
    return feet_per_minute * METRES_PER_SECOND_PER_FOOT_PER_MINUTE
