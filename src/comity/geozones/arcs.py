"""Arcs of circles as vertices of a polygon that contains the zone.

Where the zone lies on the arc's hollow side (convex), the arc becomes tangents that meet outside of it;
where the zone lies outside the circle (concave), it becomes chords. Both err outward: by at most
``MAX_EXCESS_M``, and no more than 1/700 of the radius. An arc's ends, published to whole seconds, seldom lie
exactly on its circle: then the greater (concave: the lesser) of the radii applies and the outline steps out
to it. Geodesic circles on WGS84: metres, degrees, azimuths clockwise from north.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

from comity.errors import InvalidInput
from comity.geo.earth import GEOD, destinations

Point = tuple[float, float]
"""(lat, lon)"""

MAX_STEP_DEG: Final = 6.0
"""Of arc for one vertex: tangents meet 1/730 of the radius outside the circle. Smaller: more vertices."""

MAX_EXCESS_M: Final = 50.0
"""How far tangents may meet outside of a large circle. Smaller: more vertices."""

_MARGIN_M: Final = 0.2
_MARGIN: Final = 2e-6
"""Added to (concave: taken from) a radius: a geodesic circle is no plane one. Covers arcs to 500 km."""

_ON_CIRCLE_M: Final = 0.1
"""Ends nearer to the circle than this need no step."""

MOST_OFF_M: Final = 500.0
MOST_OFF: Final = 0.05
"""Ends farther from the circle than both of these contradict it, and the zone is not read."""

SMALLEST_M: Final = 1.0
LARGEST_M: Final = 500_000.0
"""A smaller arc is a typing mistake, and would turn inside out by the margin; for a larger one the margin
would be too small."""

FINE_STEP_DEG: Final = 1.0


class Arc(NamedTuple):
    """From ``start`` to ``end`` about ``centre``; equal ends are a full turn."""

    centre: Point
    radius_m: float
    start: Point
    end: Point
    clockwise: bool


class Turn(NamedTuple):
    """An arc as azimuths and distances of its ends from its centre. ``turn_deg`` is positive clockwise."""

    azimuth_deg: float
    turn_deg: float
    start_m: float
    end_m: float


def turn_of(arc: Arc) -> Turn:
    (lat, lon), ends = arc.centre, (arc.start, arc.end)
    if not all(abs(one) <= 90.0 and abs(other) <= 360.0 for one, other in (arc.centre, *ends)):
        raise InvalidInput("an arc's points must lie within 90 degrees of latitude and 180 of longitude")
    if not SMALLEST_M <= arc.radius_m <= LARGEST_M:
        raise InvalidInput(f"an arc's radius must be from {SMALLEST_M:g} m to {LARGEST_M / 1000.0:g} km")
    azimuths, _, lengths = GEOD.inv(
        [lon, lon], [lat, lat], [point[1] for point in ends], [point[0] for point in ends]
    )
    off_m = max(abs(length - arc.radius_m) for length in lengths)
    if off_m > MOST_OFF_M and off_m > MOST_OFF * arc.radius_m:
        raise InvalidInput(f"an arc's end lies {off_m:.0f} m off its circle of {arc.radius_m:.0f} m")
    if min(lengths) < SMALLEST_M:
        raise InvalidInput("an arc's end is its centre")
    turn = (azimuths[1] - azimuths[0]) % 360.0
    if arc.start == arc.end:
        turn = 360.0 if arc.clockwise else -360.0
    elif not arc.clockwise and turn > 0.0:
        turn -= 360.0
    return Turn(float(azimuths[0]), float(turn), float(lengths[0]), float(lengths[1]))


def outward(arc: Arc, *, convex: bool, steps_out: bool = True) -> list[Point]:
    """The vertices between the arc's ends. ``steps_out``: also where an end is not on the circle."""
    turn = turn_of(arc)
    if convex:
        return _tangents(arc, turn, steps_out)
    return _chords(arc, turn, steps_out)


def fine(arc: Arc) -> list[Point]:
    """Points of the arc itself, close together, its radius going from the one end's to the other's."""
    turn = turn_of(arc)
    count = max(1, math.ceil(abs(turn.turn_deg) / FINE_STEP_DEG))
    shares = [k / count for k in range(1, count)]
    return _points(
        arc.centre,
        [turn.azimuth_deg + turn.turn_deg * share for share in shares],
        [turn.start_m + (turn.end_m - turn.start_m) * share for share in shares],
    )


def _tangents(arc: Arc, turn: Turn, steps_out: bool) -> list[Point]:
    circle_m = max(arc.radius_m, turn.start_m, turn.end_m)
    count, step_deg = _steps(turn.turn_deg, circle_m)
    radius_m = circle_m + _MARGIN_M + _MARGIN * circle_m
    far_m = radius_m / math.cos(math.radians(step_deg) / 2.0)
    azimuths = [turn.azimuth_deg + step_deg * (k + 0.5) for k in range(count)]
    distances = [far_m] * count
    if steps_out and circle_m - turn.start_m > _ON_CIRCLE_M:
        azimuths.insert(0, turn.azimuth_deg)
        distances.insert(0, radius_m)
    if steps_out and circle_m - turn.end_m > _ON_CIRCLE_M:
        azimuths.append(turn.azimuth_deg + turn.turn_deg)
        distances.append(radius_m)
    return _points(arc.centre, azimuths, distances)


def _chords(arc: Arc, turn: Turn, steps_out: bool) -> list[Point]:
    circle_m = min(arc.radius_m, turn.start_m, turn.end_m)
    count, step_deg = _steps(turn.turn_deg, circle_m)
    radius_m = circle_m - _MARGIN_M - _MARGIN * circle_m
    first = 0 if steps_out and turn.start_m - circle_m > _ON_CIRCLE_M else 1
    last = count if steps_out and turn.end_m - circle_m > _ON_CIRCLE_M else count - 1
    azimuths = [turn.azimuth_deg + step_deg * k for k in range(first, last + 1)]
    return _points(arc.centre, azimuths, [radius_m] * len(azimuths))


def _steps(turn_deg: float, radius_m: float) -> tuple[int, float]:
    widest = 2.0 * math.degrees(math.acos(radius_m / (radius_m + MAX_EXCESS_M)))
    count = max(1, math.ceil(abs(turn_deg) / min(MAX_STEP_DEG, widest)))
    return count, turn_deg / count


def _points(centre: Point, azimuths_deg: list[float], distances_m: list[float]) -> list[Point]:
    if not azimuths_deg:
        return []
    lats, lons = destinations(
        lats=centre[0], lons=centre[1], azimuths_deg=azimuths_deg, distances_m=distances_m
    )
    return list(zip(lats.tolist(), lons.tolist(), strict=True))
