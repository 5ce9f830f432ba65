"""The same as the kernels, slowly: what they are compared with.

Each function says what it means in the plainest way there is: whole quadratics in sixty-digit decimals, every
aircraft with every other, no grid, no single precision, no compiled code. Frames, units and the meaning of
intervals as in ``frame``, ``cylinder``, ``well_clear`` and ``alerting``. Far too slow for traffic.
"""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from decimal import Decimal, localcontext
from itertools import pairwise
from typing import Final, NamedTuple

import numpy as np

from comity.geo.earth import normals, units, xyz

INF: Final = math.inf
NEVER: Final = (INF, -INF)
DIGITS: Final = 60

Interval = tuple[float, float]
Vector = tuple[float, float, float]

_MEAN_RADIUS_M: Final = 6_371_008.8


class Aircraft(NamedTuple):
    """One row of what ``pairs.find_pairs`` takes, by its names."""

    lat_deg: float
    lon_deg: float
    height_m: float
    east_mps: float
    north_mps: float
    up_mps: float
    category: int = 0
    radius_m: float = 0.0
    datum: int = 0
    height_error_m: float = 0.0
    wgs84_mid_m: float = 0.0
    wgs84_half_m: float = 0.0
    skip: int = -1
    between: bool | None = None


class Minima(NamedTuple):
    d_m: float
    h_m: float
    horizon_s: float


def cylinder(s: Vector, v: Vector, d_m: float, h_m: float) -> Interval:
    """When |(sx, sy) + (vx, vy) t| < D and |sz + vz t| < H, over all time."""
    across = _below_zero(
        _dec(v[0]) ** 2 + _dec(v[1]) ** 2,
        2 * (_dec(s[0]) * _dec(v[0]) + _dec(s[1]) * _dec(v[1])),
        _dec(s[0]) ** 2 + _dec(s[1]) ** 2 - _dec(d_m) ** 2,
    )
    up = (-INF, INF)
    if not math.isinf(h_m):
        up = _below_zero(_dec(v[2]) ** 2, 2 * _dec(s[2]) * _dec(v[2]), _dec(s[2]) ** 2 - _dec(h_m) ** 2)
    return _open((max(across[0], up[0]), min(across[1], up[1])))


def within(interval: Interval, horizon_s: float) -> Interval:
    """What of an open interval lies in [0, horizon]."""
    return _open((max(interval[0], 0.0), min(interval[1], horizon_s)))


def closest(s: Vector, v: Vector) -> Interval:
    """(time, distance) of the horizontal closest approach."""
    if v[0] == 0.0 and v[1] == 0.0:
        return math.nan, math.hypot(s[0], s[1])
    with localcontext() as context:
        context.prec = DIGITS
        x, y, vx, vy = _dec(s[0]), _dec(s[1]), _dec(v[0]), _dec(v[1])
        t = -(x * vx + y * vy) / (vx * vx + vy * vy)
        return float(t), float(((x + vx * t) ** 2 + (y + vy * t) ** 2).sqrt())


def miss(s: Vector, v: Vector, horizon_s: float) -> Interval:
    """(time, distance) of the least horizontal distance within [0, horizon]."""
    t_s = closest(s, v)[0]
    t_s = 0.0 if math.isnan(t_s) else min(max(t_s, 0.0), horizon_s)
    return t_s, math.hypot(s[0] + v[0] * t_s, s[1] + v[1] * t_s)


class Volume(NamedTuple):
    dthr_m: float
    zthr_m: float
    tthr_s: float
    tcoa_s: float


def well_clear_lost(s: Vector, v: Vector, volume: Volume, horizon_s: float) -> Interval:
    """From when to when, within [0, horizon], the definition of DO-365 says so; a moment alone is none."""
    with localcontext() as context:
        context.prec = DIGITS
        moments = sorted(
            t for t in {Decimal(0), _dec(horizon_s), *_moments(s, v, volume)} if 0 <= t <= horizon_s
        )
        lost = [
            (begin, end)
            for begin, end in pairwise(moments)
            if begin < end and is_lost(s, v, volume, (begin + end) / 2)
        ]
    return (float(lost[0][0]), float(lost[-1][1])) if lost else NEVER


def is_lost(s: Vector, v: Vector, volume: Volume, t_s: Decimal) -> bool:
    """At one moment, word for word."""
    dthr, zthr, tthr, tcoa = (_dec(value) for value in volume)
    vx, vy, vz = (_dec(value) for value in v)
    x, y, z = _dec(s[0]) + vx * t_s, _dec(s[1]) + vy * t_s, _dec(s[2]) + vz * t_s
    range_2, closing = x * x + y * y, x * vx + y * vy
    near = range_2 <= dthr * dthr
    if not near and closing < 0:
        tau = (dthr * dthr - range_2) / closing
        miss_2 = range_2 - closing * closing / (vx * vx + vy * vy)
        near = miss_2 <= dthr * dthr and 0 <= tau <= tthr
    level = abs(z) <= zthr or (z * vz < 0 and -z / vz <= tcoa)
    return near and level


def _moments(s: Vector, v: Vector, volume: Volume) -> Iterator[Decimal]:
    """All at which the answer can change."""
    dthr, zthr, tthr, tcoa = (_dec(value) for value in volume)
    x, y, z, vx, vy, vz = (_dec(value) for value in (*s, *v))
    a, b, c = vx * vx + vy * vy, x * vx + y * vy, x * x + y * y - dthr * dthr
    if a > 0:
        yield -b / a
        for half_b, rest in ((b, c), (b + tthr * a / 2, c + tthr * b)):
            inner = half_b * half_b - a * rest
            if inner >= 0:
                yield from ((-half_b - inner.sqrt()) / a, (-half_b + inner.sqrt()) / a)
    if vz != 0:
        yield from ((-zthr - z) / vz, (zthr - z) / vz, -z / vz, -z / vz - tcoa)


def alert_level(s: Vector, v: Vector, by_level: Sequence[tuple[Volume, float]]) -> int:
    """The highest level, counted from 1, whose volume is lost within its time (0: not used) from now."""
    held = [
        level
        for level, (volume, time_s) in enumerate(by_level, start=1)
        if time_s > 0 and well_clear_lost(s, v, volume, time_s) != NEVER
    ]
    return max(held, default=0)


def relative(one: Aircraft, other: Aircraft) -> tuple[float, float, float, float]:
    """(sx, sy, vx, vy) of one minus other in the plane that touches the Earth halfway between them."""
    points, velocities = zip(*(_placed(each) for each in (one, other)), strict=True)
    halfway = points[0] + points[1]
    up = units(halfway * np.array([1.0, 1.0, 1.0 / _POLAR]))
    east = np.array([-up[1], up[0], 0.0])
    length = float(np.sqrt(east @ east))
    east = east / length if length > 1e-9 else np.array([0.0, 1.0, 0.0])
    north = np.cross(up, east)
    apart, velocity = points[0] - points[1], velocities[0] - velocities[1]
    chord = float(np.sqrt(apart @ apart))
    sine = min(1.0, chord / (2.0 * _MEAN_RADIUS_M))
    stretch = math.asin(sine) / sine if chord else 1.0
    return (
        float(apart @ east) * stretch,
        float(apart @ north) * stretch,
        float(velocity @ east),
        float(velocity @ north),
    )


_POLAR: Final = 1.0 - 0.0066943799901413165


def find_pairs(
    aircraft: Sequence[Aircraft], minima: dict[tuple[int, int], Minima]
) -> Iterator[tuple[int, int, Interval]]:
    """(i, j, interval within the look-ahead) of every pair that comes inside the cylinder of its minima."""
    for i, one in enumerate(aircraft):
        for j in range(i + 1, len(aircraft)):
            other = aircraft[j]
            if one.skip >= 0 and one.skip == other.skip:
                continue
            if one.between is not None and one.between == other.between:
                continue
            d_m, h_m, horizon_s = minima[one.category, other.category]
            if d_m == 0.0:
                continue
            dz_m, more_m = heights(one, other)
            sx, sy, vx, vy = relative(one, other)
            s, v = (sx, sy, dz_m), (vx, vy, one.up_mps - other.up_mps)
            met = within(cylinder(s, v, d_m + one.radius_m + other.radius_m, h_m + more_m), horizon_s)
            if met != NEVER:
                yield i, j, met


def heights(one: Aircraft, other: Aircraft) -> tuple[float, float]:
    """Height of one over other, and what is added to the half-height."""
    if one.datum == other.datum:
        more_m = one.height_error_m + other.height_error_m
        return (0.0 if math.isinf(more_m) else one.height_m - other.height_m), more_m
    more_m = one.wgs84_half_m + other.wgs84_half_m
    return (0.0 if math.isinf(more_m) else one.wgs84_mid_m - other.wgs84_mid_m), more_m


def _placed(each: Aircraft) -> tuple[np.ndarray[tuple[int], np.dtype[np.float64]], ...]:
    """Point on the ellipsoid and velocity, earth-centred."""
    up = normals(lats=each.lat_deg, lons=each.lon_deg)
    lon = math.radians(each.lon_deg)
    east = np.array([-math.sin(lon), math.cos(lon), 0.0])
    return (
        xyz(lats=each.lat_deg, lons=each.lon_deg),
        east * each.east_mps + np.cross(up, east) * each.north_mps,
    )


def _below_zero(a: Decimal, b: Decimal, c: Decimal) -> Interval:
    """Where a t² + b t + c < 0, for a >= 0 (and b = 0 where a = 0)."""
    with localcontext() as context:
        context.prec = DIGITS
        if a == 0:
            return (-INF, INF) if c < 0 else NEVER
        inner = b * b - 4 * a * c
        if inner <= 0:
            return NEVER
        root = inner.sqrt()
        return float((-b - root) / (2 * a)), float((-b + root) / (2 * a))


def _dec(value: float) -> Decimal:
    return Decimal(value)


def _open(interval: Interval) -> Interval:
    return interval if interval[0] < interval[1] else NEVER
