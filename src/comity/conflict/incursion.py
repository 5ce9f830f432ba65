"""An aircraft on a straight path against an area: when it is in it, from first entry to that visit's end.

The path is a geodesic from the present position at constant ground speed, taken as the circle that osculates
it: about a centre ``c`` on the normal, with Euler's radius of curvature in the track's azimuth. Seen from
``c`` the path and the area's arcs are great circles, so crossing is a change of side of the path's plane and
inside is the parity of the crossings ahead: no projection, poles and antimeridian are places like any other.

Errs outward only. The area is enlarged by the aircraft's ``radius_m`` (closed: a touch counts), by
``MARGIN_M`` of the arcs and by ``1e-16 m⁻² · L³`` for the path, L being its length and a circle's radius
(0.1 m at 100 km); near an outline all of that is stretched by at most ``1 + 2 (L/R)²``. Circles over 100 km
are circumscribed polygons. No path may be longer than ``FURTHEST_M``.

Heights: two numbers on one datum compare directly, else as bounds above the ellipsoid (``height_window``);
an unknown height (NaN, or infinite bounds) is in every band. A rate of climb is taken as one on each datum.

Metres, seconds from now, degrees; never is (inf, -inf).
``incursion_reference.py`` says the same slowly.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from comity.conflict.compiled import kernel
from comity.conflict.cylinder import INF, NEVER, Floats, Interval
from comity.conflict.incursion_areas import ANYWHERE, BLOCK, CIRCLE, MARGIN_M, Mask
from comity.errors import InvalidInput
from comity.geo.earth import A_M, E2, ONE_MINUS_E2

Ints = NDArray[np.int64]

FURTHEST_M: Final = 5_000_000.0
"""Longest path. Over it a straight line says nothing, and the allowance for it is over 12 km."""

PATH_ERROR: Final = 1e-16
"""Per square metre: torsion and change of curvature leave the osculating circle by under 6e-17 · L³."""

_STILL_M: Final = 1e-3
"""A path shorter than this is a place."""

_AHEAD: Final = 0.3
"""Share of the radius: an arc of which an end is lower than this before the aircraft is over 70 degrees
away, and no path is longer than 46."""

_SLANT: Final = 1.01
"""Over the largest ratio of a surface point's distance from ``c`` to the radius of curvature."""


class Areas(NamedTuple):
    """Outlines in columns; row k has points ``first[k]`` to ``first[k] + length[k]``, in whole blocks."""

    kind: NDArray[np.int8]
    first: Ints
    length: Ints
    centre: Floats
    circle_m: Floats
    points: Floats
    lifted: Mask
    balls: Floats


class Paths(NamedTuple):
    """One row of ``frame`` an aircraft: unit vectors up, along and across; the centre's coordinates in them;
    the radius of curvature."""

    frame: Floats
    speed_mps: Floats
    radius_m: Floats


class Pairs(NamedTuple):
    """Which aircraft with which area, and the time in which it matters."""

    aircraft: Ints
    row: Ints
    begin_s: Floats
    end_s: Floats


class Scratch(NamedTuple):
    crossed: Floats
    spans: Floats


def paths(*, lat: Floats, lon: Floats, track_deg: Floats, speed_mps: Floats, radius_m: Floats) -> Paths:
    """Straight paths. Where track or speed is not known (NaN) it is the present place."""
    if not (np.isfinite(lat).all() and np.isfinite(lon).all() and np.isfinite(radius_m).all()):
        raise InvalidInput("lat, lon and radius_m must be finite numbers", field="lat")
    still = np.isnan(track_deg) | np.isnan(speed_mps)
    frame = np.empty((len(lat), 13))
    _fill_frames(lat, lon, np.where(still, 0.0, track_deg), frame)
    return Paths(frame, np.where(still, 0.0, speed_mps), radius_m)


def visits(flown: Paths, areas: Areas, pairs: Pairs) -> tuple[Floats, Floats]:
    """(enters_s, leaves_s) of each pair's first visit within its ``begin_s`` to ``end_s``."""
    longest_m = float((flown.speed_mps[pairs.aircraft] * pairs.end_s).max(initial=0.0))
    if not longest_m <= FURTHEST_M:
        raise InvalidInput(f"speed_mps times the horizon must be at most {FURTHEST_M:g} m", field="speed_mps")
    enters_s, leaves_s = np.empty(len(pairs.row)), np.empty(len(pairs.row))
    room = scratch(int(areas.length[pairs.row].max(initial=0)))
    _fill_visits(pairs, flown, areas, room, enters_s, leaves_s)
    return enters_s, leaves_s


def scratch(length: int) -> Scratch:
    """Room for ``polygon_visit`` of up to so many points: each may be near the path and be crossed."""
    return Scratch(np.empty((1, length + 1)), np.empty((2, 2 * length + 2)))


@kernel
def height_window(
    height_m: float,
    error_m: float,
    datum: int,
    mid_m: float,
    half_m: float,
    rate_mps: float,
    lower_m: float,
    lower_datum: int,
    lower_w84_m: float,
    upper_m: float,
    upper_datum: int,
    upper_w84_m: float,
) -> Interval:
    """When an aircraft is in a band, over all time. ``height_m`` is off by ``error_m``. Bounds above the
    ellipsoid: ``mid_m`` and ``half_m`` (infinite: not known), ``lower_w84_m`` and ``upper_w84_m``."""
    above = height_m + error_m - lower_m if datum == lower_datum else mid_m + half_m - lower_w84_m
    below = upper_m - height_m + error_m if datum == upper_datum else upper_w84_m - mid_m + half_m
    if math.isnan(above + below):
        return -INF, INF
    if rate_mps > 0.0:
        return -above / rate_mps, below / rate_mps
    if rate_mps < 0.0:
        return below / rate_mps, -above / rate_mps
    if above >= 0.0 and below >= 0.0:
        return -INF, INF
    return NEVER


@kernel
def _fill_frames(lat: Floats, lon: Floats, track_deg: Floats, frame: Floats) -> None:
    for k in range(len(lat)):
        phi, lam, alpha = math.radians(lat[k]), math.radians(lon[k]), math.radians(track_deg[k])
        sin_phi, cos_phi, sin_lam, cos_lam = math.sin(phi), math.cos(phi), math.sin(lam), math.cos(lam)
        sin_az, cos_az = math.sin(alpha), math.cos(alpha)
        w = 1.0 - E2 * sin_phi * sin_phi
        n = A_M / math.sqrt(w)
        # Euler: 1/R = cos²/M + sin²/N, and N/M = w / (1 - e²).
        radius = n / (1.0 + (w / ONE_MINUS_E2 - 1.0) * (cos_az * cos_az))
        row = frame[k]
        row[0], row[1], row[2] = cos_phi * cos_lam, cos_phi * sin_lam, sin_phi
        row[3] = -sin_phi * cos_lam * cos_az - sin_lam * sin_az
        row[4] = -sin_phi * sin_lam * cos_az + cos_lam * sin_az
        row[5] = cos_phi * cos_az
        row[6] = sin_phi * cos_lam * sin_az - sin_lam * cos_az
        row[7] = sin_phi * sin_lam * sin_az + cos_lam * cos_az
        row[8] = -cos_phi * sin_az
        # The place is n (cos φ cos λ, cos φ sin λ, (1 - e²) sin φ): the normal times n, less e² n sin φ of z.
        z = E2 * n * sin_phi
        row[9] = n - z * row[2] - radius
        row[10] = -z * row[5]
        row[11] = -z * row[8]
        row[12] = radius


@kernel
def _fill_visits(
    pairs: Pairs, flown: Paths, areas: Areas, scratch: Scratch, enters_s: Floats, leaves_s: Floats
) -> None:
    for pair in range(len(pairs.row)):
        k, row = pairs.aircraft[pair], pairs.row[pair]
        begin, end = pairs.begin_s[pair], pairs.end_s[pair]
        enters_s[pair], leaves_s[pair] = INF, -INF
        if not begin <= end:
            continue
        kind, f, speed = areas.kind[row], flown.frame[k], flown.speed_mps[k]
        if kind == ANYWHERE:
            enters_s[pair], leaves_s[pair] = begin, end
            continue
        moves = speed * end > _STILL_M
        from_rad, to_rad = (speed * begin / f[12], speed * end / f[12]) if moves else (0.0, 0.0)
        reach_m = flown.radius_m[k] + MARGIN_M
        if kind == CIRCLE:
            size_m = areas.circle_m[row]
            reach_m += size_m + PATH_ERROR * (speed * end + size_m) ** 3
            first_rad, last_rad = _disc(areas.points[areas.first[row]], reach_m, f)
            first_rad, last_rad = max(first_rad, from_rad), min(last_rad, to_rad)
        else:
            reach_m += PATH_ERROR * (speed * end) ** 3
            first_rad, last_rad = polygon_visit(areas, row, f, reach_m, from_rad, to_rad, scratch)
        if first_rad <= last_rad:
            enters_s[pair] = first_rad * f[12] / speed if moves and first_rad > from_rad else begin
            leaves_s[pair] = last_rad * f[12] / speed if moves and last_rad < to_rad else end


@kernel
def _disc(place: Floats, reach_m: float, f: Floats) -> Interval:
    """Angles of the path within ``reach_m`` of a place: cos r = cos δ cos Δ, written to keep its digits."""
    up = place[0] * f[0] + place[1] * f[1] + place[2] * f[2] - f[9]
    along = place[0] * f[3] + place[1] * f[4] + place[2] * f[5] - f[10]
    across = place[0] * f[6] + place[1] * f[7] + place[2] * f[8] - f[11]
    sin2 = across * across / (up * up + along * along + across * across)
    cos = math.sqrt(1.0 - sin2)
    half = math.sin(0.5 * reach_m / f[12]) ** 2 - 0.5 * sin2 / (1.0 + cos)
    if half < 0.0:
        return NEVER
    spread = 2.0 * math.asin(min(1.0, math.sqrt(half / cos)))
    middle = math.atan2(along, up)
    return middle - spread, middle + spread


@kernel
def polygon_visit(
    areas: Areas, row: int, f: Floats, reach_m: float, from_rad: float, to_rad: float, scratch: Scratch
) -> Interval:
    """Angles of the first visit, within ``from_rad`` to ``to_rad``, to all that is in reach of a polygon."""
    crossed, spans, lifted = scratch.crossed, scratch.spans, areas.lifted
    first, centre = areas.first[row], areas.centre[row]
    near_m = stretched(reach_m, to_rad, f[12])
    clear_m = near_m * _SLANT
    inside, crossings, found = False, 0, 0
    for block in range(first // BLOCK, (first + areas.length[row]) // BLOCK):
        ball = areas.balls[block]
        if abs(ball[0] * f[6] + ball[1] * f[7] + ball[2] * f[8] - f[11]) > ball[3] + clear_m:
            continue
        for k in range(block * BLOCK, block * BLOCK + BLOCK):
            if lifted[k]:
                continue
            at_rad, low_rad, high_rad = _arc(areas.points[k], areas.points[k + 1], f, near_m, clear_m)
            found = _add(low_rad, high_rad, from_rad, to_rad, spans, found)
            inside ^= at_rad < INF
            if at_rad <= to_rad:
                crossed[0, crossings] = at_rad
                crossings += 1
    # What is beyond the horizon here is not inside here: no area is as large as a hemisphere.
    inside &= centre[0] * f[0] + centre[1] * f[1] + centre[2] * f[2] - f[9] > 0.0
    _sort(crossed, crossings)
    since = 0.0
    for k in range(crossings):
        if inside:
            found = _add(since, crossed[0, k], from_rad, to_rad, spans, found)
        since, inside = crossed[0, k], not inside
    if inside:
        found = _add(since, to_rad, from_rad, to_rad, spans, found)
    return _first_of(spans, found)


@kernel
def stretched(reach_m: float, to_rad: float, radius_m: float) -> float:
    """Nothing within ``reach_m`` of a path is farther from it in the plane that touches the earth at its
    start."""
    end = math.tan(to_rad)
    first_m = reach_m * (1.0 + end * end)
    return reach_m * (1.0 + (end + 2.0 * first_m / radius_m) ** 2) * 1.00001


@kernel
def _arc(p: Floats, q: Floats, f: Floats, near_m: float, clear_m: float) -> tuple[float, float, float]:
    """Where the path's great circle crosses an arc, as an angle ahead (inf: not, or behind); and where it is
    within ``near_m`` of it, in the plane that touches the earth at the aircraft."""
    at_rad, low_rad, high_rad = INF, INF, -INF
    side_p = p[0] * f[6] + p[1] * f[7] + p[2] * f[8] - f[11]
    side_q = q[0] * f[6] + q[1] * f[7] + q[2] * f[8] - f[11]
    if min(side_p, side_q) > clear_m or max(side_p, side_q) < -clear_m:
        return at_rad, low_rad, high_rad
    up_p = p[0] * f[0] + p[1] * f[1] + p[2] * f[2] - f[9]
    up_q = q[0] * f[0] + q[1] * f[1] + q[2] * f[2] - f[9]
    along_p = p[0] * f[3] + p[1] * f[4] + p[2] * f[5] - f[10]
    along_q = q[0] * f[3] + q[1] * f[4] + q[2] * f[5] - f[10]
    if (side_p >= 0.0) != (side_q >= 0.0):
        share = side_p / (side_p - side_q)
        along = along_p + share * (along_q - along_p)
        if along > 0.0:
            at_rad = math.atan2(along, up_p + share * (up_q - up_p))
    if min(up_p, up_q) > _AHEAD * f[12]:
        to_plane_p, to_plane_q = f[12] / up_p, f[12] / up_q
        low_m, high_m = _band(
            along_p * to_plane_p, side_p * to_plane_p, along_q * to_plane_q, side_q * to_plane_q, near_m
        )
        low_rad, high_rad = math.atan(low_m / f[12]), math.atan(high_m / f[12])
    return at_rad, low_rad, high_rad


@kernel
def _band(xa: float, ya: float, xb: float, yb: float, near_m: float) -> Interval:
    """Where on the line y = 0 one is within ``near_m`` of a segment: at either end, or abreast of it."""
    low, high = INF, -INF
    over_a, over_b = near_m * near_m - ya * ya, near_m * near_m - yb * yb
    if over_a >= 0.0:
        low, high = xa - math.sqrt(over_a), xa + math.sqrt(over_a)
    if over_b >= 0.0:
        low, high = min(low, xb - math.sqrt(over_b)), max(high, xb + math.sqrt(over_b))
    length = math.sqrt((xb - xa) ** 2 + (yb - ya) ** 2)
    if length == 0.0:
        return low, high
    ux, uy = (xb - xa) / length, (yb - ya) / length
    one, two = _between(ux, -ya * uy, 0.0, length)
    three, four = _between(-uy, -ya * ux, -near_m, near_m)
    if max(one, three) <= min(two, four):
        low, high = min(low, xa + max(one, three)), max(high, xa + min(two, four))
    return low, high


@kernel
def _between(slope: float, at_zero: float, low: float, high: float) -> Interval:
    """Where ``slope * x + at_zero`` is within the limits."""
    if abs(slope) < 1e-12:
        if low <= at_zero <= high:
            return -INF, INF
        return NEVER
    one, two = (low - at_zero) / slope, (high - at_zero) / slope
    return min(one, two), max(one, two)


@kernel
def _add(low: float, high: float, begin: float, end: float, spans: Floats, found: int) -> int:
    """Keep the part within begin to end, if there is one."""
    low, high = max(low, begin), min(high, end)
    if low > high:
        return found
    spans[0, found], spans[1, found] = low, high
    return found + 1


@kernel
def _first_of(spans: Floats, found: int) -> Interval:
    """The first connected part of a union of intervals."""
    if found == 0:
        return NEVER
    _sort(spans, found)
    high = spans[1, 0]
    for k in range(1, found):
        if spans[0, k] > high:
            break
        high = max(high, spans[1, k])
    return spans[0, 0], high


@kernel
def _sort(columns: Floats, count: int) -> None:
    """By the first row, in place (Shell's method, so that a thousand do not take a million steps)."""
    gap = 1
    while gap < count:
        gap = 3 * gap + 1
    while gap > 1:
        gap //= 3
        for k in range(gap, count):
            j = k
            while j >= gap and columns[0, j - gap] > columns[0, j]:
                for row in range(columns.shape[0]):
                    columns[row, j], columns[row, j - gap] = columns[row, j - gap], columns[row, j]
                j -= gap
