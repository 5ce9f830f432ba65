"""Volumes from a route: time-stepped pieces of its corridor that together contain every allowed flight.

The path is cut into pieces, each of one leg. A piece's outline is a quadrangle: its ends are carried on
along the leg by the half width, so that it holds the discs about both ends, and with them the turn at a
waypoint; its window is the time on the piece with both margins, widened to whole seconds; its heights are
those at both ends with the half height. Wherever an allowed flight is on the path, the volume of that
piece contains it, in space, height and time.

Errs outward, and never inward: outlines by ``MARGIN_M`` and ``MARGIN_OF_WIDTH`` on each side, by the
corners of the quadrangle, and on pieces of hundreds of kilometres because geodesics between corners bulge
away from the leg (1.3 % of the half width at ``MAX_PIECE_M``); windows by up to a second at each end;
heights by 0.1 m. Where there are more legs than ``most_volumes``, neighbouring legs share one volume, the
convex hull of their quadrangles.

On a leg whose two heights have one datum the height changes evenly along it. Where they have two, the
volumes hold everything between both heights over every place of the leg.
"""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import Final, NamedTuple

import numpy as np
import shapely
from numpy.typing import NDArray

from comity.errors import InvalidInput
from comity.geo.earth import GEOD, Floats, frame_at, geodesics, lats_lons, xyz
from comity.geo.heights import Environment, bounds
from comity.geo.outlines import project
from comity.model.altitude import HIGHEST_M, LOWEST_M, Altitude, Datum
from comity.model.route import Route, RouteVolumes
from comity.model.shape import LatLon, Polygon
from comity.model.volume import Volume4D

MARGIN_M: Final = 0.2
"""Holds what coordinates lose by rounding (0.01 m), arcs that stand for geodesics (0.03 m) and edges of a
hull that are not geodesics (0.13 m on 42 km). Larger: wider by as much."""

MARGIN_OF_WIDTH: Final = 1e-4
"""Holds what a quadrangle on the ellipsoid can lack of one on a sphere, where it lacks nothing: the
ellipsoid's curvature varies by 1 %, which on 100 km matters to 3e-6 of it. And wide hulls' edges."""

MAX_PIECE_M: Final = 2_000_000.0
"""Longest piece of one volume. Its sides bulge by 1.3 % of the half width; longer ones bulge more."""

MAX_HULL_M: Final = 40_000.0
"""Longest path whose legs may share a volume."""

MAX_LEG_M: Final = 18_000_000.0
"""Towards the other side of the earth there is no single shortest way any more."""

MAX_DURATION_S: Final = 60.0 * 86_400.0
"""Longer than anything flies without landing; beyond it speed or a waypoint was mistyped."""

_SAME_PLACE_M: Final = 0.05
"""Waypoints closer than this are one place: a few units of the seventh decimal of a degree."""

_DECIMALS: Final = 7
_TENTH_M: Final = 10.0

Whole = NDArray[np.int64]


class Legs(NamedTuple):
    """One row for each leg. ``durations_s`` of a climb on the spot are those of the climb."""

    lats: Floats
    lons: Floats
    azimuths_deg: Floats
    lengths_m: Floats
    durations_s: Floats


class Pieces(NamedTuple):
    """One row for each piece: its leg, the parts of the leg at which it begins and ends, and when."""

    leg: Whole
    begins: Floats
    ends: Floats
    begins_s: Floats
    ends_s: Floats


def volumes_of(route: Route, environment: Environment) -> RouteVolumes:
    """Raises ``InvalidInput`` with the field of the route that cannot be. ``environment`` matters only where
    heights of two datums meet in one leg."""
    legs = legs_of(route)
    pieces, group_of = _cut(legs, route)
    corners = _quadrangles(legs, pieces, route.half_width_m)
    first = np.flatnonzero(np.diff(group_of, prepend=-1))
    last = np.append(first[1:], len(group_of)) - 1
    starts, ends = _windows(route, pieces.begins_s[first], pieces.ends_s[last])
    rounded = np.round(corners, _DECIMALS).tolist()
    volumes = []
    limits: tuple[Altitude, Altitude] | None = None
    for number, (begin, end) in enumerate(zip(first.tolist(), last.tolist(), strict=True)):
        if limits is None or len(route.levels) > 1:
            limits = _heights(route, pieces, range(begin, end + 1), environment)
        outline = _polygon(rounded[begin]) if begin == end else _hull(corners[begin : end + 1])
        volumes.append(Volume4D(outline, *limits, starts[number], ends[number]))
    length_s = float(legs.durations_s.sum())
    return RouteVolumes(
        volumes=tuple(volumes),
        arrives=route.departs + timedelta(seconds=length_s),
        length_m=round(float(legs.lengths_m.sum()), 1),
        step_s=round(float((pieces.ends_s - pieces.begins_s).max()), 1),
    )


def _windows(route: Route, begins_s: Floats, ends_s: Floats) -> tuple[list[datetime], list[datetime]]:
    """With both margins, outward to whole seconds."""
    whole = route.departs.replace(microsecond=0)
    past_s = route.departs.microsecond / 1e6
    lowest = np.floor(begins_s + past_s - route.early_s).tolist()
    highest = (np.floor(ends_s + past_s + route.late_s) + 1.0).tolist()
    return ([whole + timedelta(seconds=s) for s in lowest], [whole + timedelta(seconds=s) for s in highest])


def legs_of(route: Route) -> Legs:
    """The legs with the time that each takes."""
    lats = np.array([point.lat for point in route.waypoints])
    lons = np.array([point.lon for point in route.waypoints])
    azimuths, lengths = geodesics(lats_a=lats[:-1], lons_a=lons[:-1], lats_b=lats[1:], lons_b=lons[1:])
    long = np.flatnonzero(lengths > MAX_LEG_M)
    if long.size:
        raise InvalidInput(
            f"two waypoints may be {MAX_LEG_M / 1e3:g} km apart at most; give one between them",
            field=f"waypoints[{int(long[0]) + 1}]",
        )
    durations = lengths / route.speed_mps
    for number in np.flatnonzero(lengths < _SAME_PLACE_M).tolist():
        durations[number] = _climb_s(route, number)
    if float(durations.sum()) > MAX_DURATION_S:
        raise InvalidInput(
            f"the route takes more than {MAX_DURATION_S / 86_400:g} days at this speed", field="speed_mps"
        )
    return Legs(lats[:-1], lons[:-1], azimuths, lengths, durations)


def _climb_s(route: Route, number: int) -> float:
    """How long it takes from one height to another over one place."""
    below, above = route.level(number), route.level(number + 1)
    field = f"waypoints[{number + 1}]"
    if below == above:
        raise InvalidInput("a waypoint must be another place or another height than the last", field=field)
    if below.datum is not above.datum:
        raise InvalidInput(
            "a climb on the spot needs both heights on one datum", field=f"levels[{number + 1}]"
        )
    if route.climb_mps is None:
        raise InvalidInput(
            f"{field} is at the place of the last waypoint: a climb on the spot needs climb_mps",
            field="climb_mps",
        )
    return abs(above.value_m - below.value_m) / route.climb_mps


# --- cutting the path


def _cut(legs: Legs, route: Route) -> tuple[Pieces, Whole]:
    """Pieces of single legs, and for each the number of the volume that it belongs to."""
    least = np.maximum(np.ceil(legs.lengths_m / MAX_PIECE_M), 1.0).astype(np.int64)
    most = route.most_volumes
    if int(least.sum()) > most:
        pieces = _pieces(legs, least)
        return pieces, _grouped(legs, pieces, most)
    counts = _counts(legs, least, route.step_s)
    if int(counts.sum()) > most:
        enough_s, too_short_s = float(legs.durations_s.max()), route.step_s
        while enough_s - too_short_s > 0.05:
            step_s = (enough_s + too_short_s) / 2.0
            if int(_counts(legs, least, step_s).sum()) <= most:
                enough_s = step_s
            else:
                too_short_s = step_s
        counts = _counts(legs, least, enough_s)
    return _pieces(legs, counts), np.arange(int(counts.sum()))


def _counts(legs: Legs, least: Whole, step_s: float) -> Whole:
    """Into how many pieces each leg is cut, so that none takes longer than the step."""
    return np.maximum(np.ceil(legs.durations_s / step_s - 1e-9).astype(np.int64), least)


def _pieces(legs: Legs, counts: Whole) -> Pieces:
    leg = np.repeat(np.arange(len(counts)), counts)
    number = np.arange(len(leg)) - (np.cumsum(counts) - counts)[leg]
    begins, ends = number / counts[leg], (number + 1) / counts[leg]
    before_s = (np.cumsum(legs.durations_s) - legs.durations_s)[leg]
    took_s = legs.durations_s[leg]
    return Pieces(leg, begins, ends, before_s + begins * took_s, before_s + ends * took_s)


def _grouped(legs: Legs, pieces: Pieces, most: int) -> Whole:
    """More legs than volumes: neighbours share one, by equal parts of the time."""
    middles_s = (pieces.begins_s + pieces.ends_s) / 2.0
    groups = np.minimum((middles_s / float(pieces.ends_s[-1]) * most).astype(np.int64), most - 1)
    lengths = legs.lengths_m[pieces.leg] * (pieces.ends - pieces.begins)
    firsts = np.flatnonzero(np.diff(groups, prepend=-1))
    shared = np.diff(firsts, append=len(groups)) > 1
    if bool((np.add.reduceat(lengths, firsts)[shared] > MAX_HULL_M).any()):
        raise InvalidInput(
            f"{len(legs.lats)} legs need more volumes, up to {len(groups)}, or fewer waypoints",
            field="most_volumes",
        )
    return groups


# --- outlines


def _quadrangles(legs: Legs, pieces: Pieces, half_width_m: float) -> Floats:
    """Corners as (lat, lon), shape (pieces, 4, 2): left and right of the end behind, right and left of the
    one ahead."""
    wide_m = half_width_m * (1.0 + MARGIN_OF_WIDTH) + MARGIN_M
    lengths = legs.lengths_m[pieces.leg]
    found = []
    for along_m, sides in (
        (pieces.begins * lengths - wide_m, (-90.0, 90.0)),
        (pieces.ends * lengths + wide_m, (90.0, -90.0)),
    ):
        lats, lons, azimuths = _along(legs, pieces.leg, along_m)
        for side in sides:
            corner_lons, corner_lats, _ = GEOD.fwd(lons, lats, azimuths + side, np.full(len(lats), wide_m))
            found.append(np.stack([corner_lats, corner_lons], axis=-1))
    return np.stack(found, axis=1)


def _along(legs: Legs, leg: Whole, along_m: Floats) -> tuple[Floats, Floats, Floats]:
    """Places on the legs' geodesics, before their begin and beyond their end too, and the direction there."""
    lons, lats, back = GEOD.fwd(
        legs.lons[leg].copy(), legs.lats[leg].copy(), legs.azimuths_deg[leg].copy(), along_m.copy()
    )
    return np.asarray(lats), np.asarray(lons), np.asarray(back) + 180.0


def _polygon(corners: list[list[float]]) -> Polygon:
    """Of rounded corners."""
    return Polygon(tuple([LatLon(lat, lon) for lat, lon in corners]))


def _hull(corners: Floats) -> Polygon:
    """The convex hull of quadrangles near each other, in a plane in which geodesics are all but straight."""
    flat = corners.reshape(-1, 2)
    directions = xyz(lats=flat[:, 0], lons=flat[:, 1])
    frame = frame_at(directions.mean(axis=0))
    hull = shapely.MultiPoint(project(directions, frame)).convex_hull
    around = shapely.get_coordinates(hull)[:-1]
    lats, lons = lats_lons(np.column_stack([around, np.ones(len(around))]) @ frame)
    rounded = np.round(np.column_stack([lats, lons]), _DECIMALS).tolist()
    return _polygon([list(corner) for corner in dict.fromkeys((lat, lon) for lat, lon in rounded)])


# --- heights


def _heights(
    route: Route, pieces: Pieces, rows: range, environment: Environment
) -> tuple[Altitude, Altitude]:
    """The lowest and the highest that any of these pieces reaches."""
    limits = [_heights_of(route, pieces, row, environment) for row in rows]
    if len(limits) == 1:
        return limits[0]
    datums = {limit.datum for pair in limits for limit in pair}
    if len(datums) > 1:
        lasting = environment.lasting()
        lows = [bounds(lower, lasting, route.departs).lower_m for lower, _ in limits]
        highs = [bounds(upper, lasting, route.departs).upper_m for _, upper in limits]
        return _rounded(min(lows), max(highs), Datum.W84, Datum.W84)
    lower = min((lower for lower, _ in limits), key=_value)
    upper = max((upper for _, upper in limits), key=_value)
    return lower, upper


def _value(altitude: Altitude) -> float:
    return altitude.value_m


def _heights_of(
    route: Route, pieces: Pieces, row: int, environment: Environment
) -> tuple[Altitude, Altitude]:
    number = int(pieces.leg[row])
    here, there = route.level(number), route.level(number + 1)
    around_m = route.half_height_m
    if here.datum is not there.datum:
        return _between(here, there, around_m, route, environment)
    climb_m = there.value_m - here.value_m
    ends = [here.value_m + climb_m * float(part) for part in (pieces.begins[row], pieces.ends[row])]
    return _rounded(min(ends) - around_m, max(ends) + around_m, here.datum, here.datum)


def _between(
    here: Altitude, there: Altitude, around_m: float, route: Route, environment: Environment
) -> tuple[Altitude, Altitude]:
    """Everything between two heights on different datums: with each on its own where it is sure which is the
    lower, and otherwise in metres above the ellipsoid, as far as either may be."""
    lasting = environment.lasting()
    one, other = (bounds(level, lasting, route.departs) for level in (here, there))
    if one.upper_m <= other.lower_m or _ground(here):
        return _rounded(here.value_m - around_m, there.value_m + around_m, here.datum, there.datum)
    if other.upper_m <= one.lower_m or _ground(there):
        return _rounded(there.value_m - around_m, here.value_m + around_m, there.datum, here.datum)
    lows = [
        bounds(_altitude(level.value_m - around_m, level.datum), lasting, route.departs).lower_m
        for level in (here, there)
    ]
    highs = [
        bounds(_altitude(level.value_m + around_m, level.datum), lasting, route.departs).upper_m
        for level in (here, there)
    ]
    return _rounded(min(lows), max(highs), Datum.W84, Datum.W84)


def _ground(level: Altitude) -> bool:
    """Nothing flies below it."""
    return level.datum is Datum.AGL and level.value_m <= 0.0


def _rounded(lower_m: float, upper_m: float, below: Datum, above: Datum) -> tuple[Altitude, Altitude]:
    """Outward to a tenth of a metre."""
    low = math.floor(lower_m * _TENTH_M) / _TENTH_M
    high = math.ceil(upper_m * _TENTH_M) / _TENTH_M
    return _altitude(low, below), _altitude(high, above)


def _altitude(value_m: float, datum: Datum) -> Altitude:
    if not LOWEST_M <= value_m <= HIGHEST_M:
        raise InvalidInput(
            f"levels with half_height_m must stay within {LOWEST_M:g} to {HIGHEST_M:g} m", field="levels"
        )
    return Altitude(value_m, datum)
