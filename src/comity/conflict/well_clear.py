"""Loss of well clear by modified tau: the volume of RTCA DO-365.

A pair has lost well clear horizontally when it is within DTHR, or will be (the miss distance at closest
approach is within DTHR) and modified tau, (DMOD² - r²)/(r·ṙ), is between 0 and TTHR; and vertically when it
is within ZTHR or within TCOA seconds of being level. Here DMOD = DTHR, as in DO-365. Intervals are closed;
"never" is (inf, -inf).

Modified tau within TTHR is |s+vt|² + TTHR (s+vt)·v - DTHR² <= 0, a quadratic in t, so entry and exit are
roots. From J. Upchurch, C. Muñoz, A. Narkawicz et al., "Analysis of Well-Clear Boundary Models for the
Integration of UAS in the NAS" (NASA TM-2014-218280). Frame, units and symmetry as in ``cylinder``.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import numpy as np

from comity.conflict.compiled import kernel
from comity.conflict.cylinder import NEVER, Floats, Interval
from comity.units import METRES_PER_FOOT, METRES_PER_NAUTICAL_MILE


class WellClear(NamedTuple):
    """The four thresholds of a well-clear volume."""

    dthr_m: float
    zthr_m: float
    tthr_s: float
    tcoa_s: float


EN_ROUTE: Final = WellClear(0.66 * METRES_PER_NAUTICAL_MILE, 450 * METRES_PER_FOOT, 35.0, 0.0)
"""DO-365B, phase I: the extended operational environment, cooperative traffic."""

TERMINAL: Final = WellClear(1_500 * METRES_PER_FOOT, 450 * METRES_PER_FOOT, 0.0, 0.0)
"""DO-365B, phase II: terminal areas."""

NON_COOPERATIVE: Final = WellClear(2_200 * METRES_PER_FOOT, 450 * METRES_PER_FOOT, 0.0, 0.0)
"""DO-365B: traffic without a transponder."""

BUFFERED: Final = WellClear(METRES_PER_NAUTICAL_MILE, 450 * METRES_PER_FOOT, 35.0, 20.0)
"""DO-365, phase I with a buffer around it (TCOA 20 s), as in the DAIDALUS reference configurations."""

SURE: Final = np.zeros(1)
"""Nothing is uncertain."""


@kernel
def modified_tau(sx: float, sy: float, vx: float, vy: float, dmod_m: float) -> float:
    """Seconds; -1 where the pair does not converge; negative where it is within DMOD already."""
    closing = sx * vx + sy * vy
    if closing >= 0.0:
        return -1.0
    return (dmod_m * dmod_m - sx * sx - sy * sy) / closing


@kernel
def _leaves(sx: float, sy: float, vx: float, vy: float, d_m: float) -> float:
    """The later root of |s + v t| = D; needs relative speed and a real root."""
    a = vx * vx + vy * vy
    b = sx * vx + sy * vy
    c = sx * sx + sy * sy - d_m * d_m
    cross = sx * vy - sy * vx
    root = math.sqrt(max(0.0, d_m * d_m * a - cross * cross))
    if b > 0.0:
        return c / (-b - root)
    return (-b + root) / a


@kernel
def horizontal(
    sx: float, sy: float, vx: float, vy: float, dthr_m: float, tthr_s: float, horizon_s: float
) -> Interval:
    """Within [0, horizon]."""
    r2 = sx * sx + sy * sy
    a = vx * vx + vy * vy
    if r2 <= dthr_m * dthr_m:
        if a == 0.0:
            return 0.0, horizon_s
        return 0.0, min(horizon_s, _leaves(sx, sy, vx, vy, dthr_m))
    closing = sx * vx + sy * vy
    cross = sx * vy - sy * vx
    if closing >= 0.0 or cross * cross > dthr_m * dthr_m * a:
        return NEVER
    b = 2.0 * closing + tthr_s * a
    c = r2 + tthr_s * closing - dthr_m * dthr_m
    discriminant = b * b - 4.0 * a * c
    if discriminant < 0.0:
        return NEVER
    root = math.sqrt(discriminant)
    enters = 2.0 * c / (-b + root) if b < 0.0 else (-b - root) / (2.0 * a)
    enters = max(0.0, enters)
    if enters > horizon_s:
        return NEVER
    return enters, min(horizon_s, _leaves(sx, sy, vx, vy, dthr_m))


@kernel
def vertical(sz: float, vz: float, zthr_m: float, tcoa_s: float, horizon_s: float) -> Interval:
    """Within [0, horizon]."""
    if vz == 0.0:
        if abs(sz) <= zthr_m:
            return 0.0, horizon_s
        return NEVER
    reach_m = max(zthr_m, tcoa_s * abs(vz))
    direction = 1.0 if vz > 0.0 else -1.0
    enters = (-direction * reach_m - sz) / vz
    leaves = (direction * zthr_m - sz) / vz
    if leaves < 0.0 or enters > horizon_s:
        return NEVER
    return max(0.0, enters), min(horizon_s, leaves)


@kernel
def lost(
    sx: float,
    sy: float,
    sz: float,
    vx: float,
    vy: float,
    vz: float,
    dthr_m: float,
    zthr_m: float,
    tthr_s: float,
    tcoa_s: float,
    horizon_s: float,
) -> Interval:
    """When well clear is lost within [0, horizon], both ends in."""
    v_in, v_out = vertical(sz, vz, zthr_m, tcoa_s, horizon_s)
    if v_in > v_out:
        return NEVER
    x, y = sx + vx * v_in, sy + vy * v_in
    h_in, h_out = horizontal(x, y, vx, vy, dthr_m, tthr_s, v_out - v_in)
    if h_in > h_out:
        return NEVER
    return v_in + h_in, v_in + h_out


def intervals(
    states: Floats,
    volume: WellClear,
    *,
    horizon_s: float,
    unsure_m: Floats = SURE,
    unsure_height_m: Floats = SURE,
) -> tuple[Floats, Floats]:
    """(t_in_s, t_out_s) of many pairs within [0, horizon]. ``states``: six rows sx, sy, sz, vx, vy, vz;
    ``unsure_m``, ``unsure_height_m``: for each pair, or for all, what is added to DTHR and ZTHR."""
    rows = np.ascontiguousarray(states, dtype=np.float64)
    t_in_s, t_out_s = np.empty(rows.shape[1]), np.empty(rows.shape[1])
    dthr_m, zthr_m, tthr_s, tcoa_s = (float(value) for value in volume)
    fill_intervals(
        rows, unsure_m, unsure_height_m, dthr_m, zthr_m, tthr_s, tcoa_s, float(horizon_s), t_in_s, t_out_s
    )
    return t_in_s, t_out_s


@kernel
def fill_intervals(
    states: Floats,
    unsure_m: Floats,
    unsure_height_m: Floats,
    dthr_m: float,
    zthr_m: float,
    tthr_s: float,
    tcoa_s: float,
    horizon_s: float,
    t_in_s: Floats,
    t_out_s: Floats,
) -> None:
    each = 0 if len(unsure_m) < len(t_in_s) else 1
    sx, sy, sz, vx, vy, vz = states[0], states[1], states[2], states[3], states[4], states[5]
    for k in range(len(t_in_s)):
        d, z = dthr_m + unsure_m[k * each], zthr_m + unsure_height_m[k * each]
        t_in_s[k], t_out_s[k] = lost(
            sx[k], sy[k], sz[k], vx[k], vy[k], vz[k], d, z, tthr_s, tcoa_s, horizon_s
        )
