"""Two aircraft on straight paths: closest approach and the separation cylinder.

``s`` is ownship minus intruder in metres, ``v`` likewise in metres a second, x east, y north, z up. The
cylinder has radius ``d_m`` and half-height ``h_m`` (infinite: height does not matter); inside is strict, so
intervals are open, and a touch of no length is no conflict. Times are seconds from now; "never" is
(inf, -inf).

Method: the horizontal part is the quadratic |s + v t|² = D² with its discriminant written as
D²|v|² - (s × v)², which keeps its digits when the pair grazes; the vertical part is linear; an interval is
the overlap of both. Names as in Muñoz, Narkawicz, Chamberlain, "A TCAS-II resolution advisory detection
algorithm" (AIAA 2013). All are unchanged, to the bit, when ``s`` and ``v`` both change sign: so a verdict
does not depend on which of the two is called ownship. ``reference.py`` says the same slowly.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from comity.conflict.compiled import kernel

Floats = NDArray[np.float64]
Interval = tuple[float, float]

INF: Final = math.inf
NEVER: Final = (INF, -INF)


@kernel
def horizontal(sx: float, sy: float, vx: float, vy: float, d_m: float) -> Interval:
    """When the pair is closer than ``d_m`` horizontally, over all time."""
    a = vx * vx + vy * vy
    b = sx * vx + sy * vy
    c = sx * sx + sy * sy - d_m * d_m
    if a == 0.0:
        if c < 0.0:
            return -INF, INF
        return NEVER
    cross = sx * vy - sy * vx
    discriminant = d_m * d_m * a - cross * cross
    if discriminant <= 0.0:
        return NEVER
    root = math.sqrt(discriminant)
    if b >= 0.0:
        q = -b - root
        return q / a, c / q
    q = -b + root
    return c / q, q / a


@kernel
def vertical(sz: float, vz: float, h_m: float) -> Interval:
    """When the pair is closer than ``h_m`` vertically, over all time."""
    if vz == 0.0:
        if abs(sz) < h_m:
            return -INF, INF
        return NEVER
    one, two = (-h_m - sz) / vz, (h_m - sz) / vz
    return min(one, two), max(one, two)


@kernel
def ever(
    sx: float, sy: float, sz: float, vx: float, vy: float, vz: float, d_m: float, h_m: float
) -> Interval:
    """When the pair is inside the cylinder, over all time."""
    h_in, h_out = horizontal(sx, sy, vx, vy, d_m)
    v_in, v_out = vertical(sz, vz, h_m)
    t_in, t_out = max(h_in, v_in), min(h_out, v_out)
    if t_in < t_out:
        return t_in, t_out
    return NEVER


@kernel
def within(t_in_s: float, t_out_s: float, horizon_s: float) -> Interval:
    """The part of an interval that lies in [0, horizon]; never where it has no length."""
    begins, ends = max(0.0, t_in_s), min(horizon_s, t_out_s)
    if begins < ends:
        return begins, ends
    return NEVER


@kernel
def closest(sx: float, sy: float, vx: float, vy: float) -> Interval:
    """(time, distance) of the horizontal closest approach, not clipped. With no relative speed the time is
    NaN and the distance is the present one."""
    a = vx * vx + vy * vy
    if a == 0.0:
        return math.nan, math.sqrt(sx * sx + sy * sy)
    return -(sx * vx + sy * vy) / a, abs(sx * vy - sy * vx) / math.sqrt(a)


@kernel
def miss(sx: float, sy: float, vx: float, vy: float, horizon_s: float) -> Interval:
    """(time, distance) of the least horizontal distance within [0, horizon]; time 0 without relative
    speed."""
    t_s, d_m = closest(sx, sy, vx, vy)
    if 0.0 < t_s < horizon_s:
        return t_s, d_m
    t_s = horizon_s if t_s >= horizon_s else 0.0
    x, y = sx + vx * t_s, sy + vy * t_s
    return t_s, math.sqrt(x * x + y * y)


@kernel
def inside(sx: float, sy: float, sz: float, d_m: float, h_m: float) -> bool:
    """Whether the pair is inside the cylinder now."""
    return sx * sx + sy * sy < d_m * d_m and abs(sz) < h_m


def intervals(states: Floats, *, d_m: float, h_m: float, horizon_s: float) -> tuple[Floats, Floats]:
    """(t_in_s, t_out_s) of many pairs within [0, horizon]. ``states``: six rows sx, sy, sz, vx, vy, vz."""
    rows = np.ascontiguousarray(states, dtype=np.float64)
    t_in_s, t_out_s = np.empty(rows.shape[1]), np.empty(rows.shape[1])
    fill_intervals(rows, float(d_m), float(h_m), float(horizon_s), t_in_s, t_out_s)
    return t_in_s, t_out_s


@kernel
def fill_intervals(
    states: Floats, d_m: float, h_m: float, horizon_s: float, t_in_s: Floats, t_out_s: Floats
) -> None:
    sx, sy, sz, vx, vy, vz = states[0], states[1], states[2], states[3], states[4], states[5]
    for k in range(len(t_in_s)):
        begins, ends = ever(sx[k], sy[k], sz[k], vx[k], vy[k], vz[k], d_m, h_m)
        t_in_s[k], t_out_s[k] = within(begins, ends, horizon_s)
