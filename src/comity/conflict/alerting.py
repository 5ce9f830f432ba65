"""Alert levels of RTCA DO-365B for a pair, from one look at it ("single shot", no hysteresis).

A level holds when well clear, by the level's volume, is lost within the level's time from now, for a while
and not only for an instant; the highest that holds counts. 0 none, 1 preventive, 2 corrective, 3 warning.
Parameters: DO-365B, tables of alert parameters for phase I (en route), phase II (terminal areas) and
non-cooperative traffic; late alert times, as NASA's DAIDALUS 2.0.4 sets them in its reference
configurations DO_365B, by whose answers they are tested. Frame and units as in ``cylinder``.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from comity.conflict.compiled import kernel
from comity.conflict.cylinder import Floats
from comity.conflict.well_clear import EN_ROUTE, NON_COOPERATIVE, SURE, TERMINAL, WellClear, lost
from comity.units import METRES_PER_FOOT

NONE, PREVENTIVE, CORRECTIVE, WARNING = 0, 1, 2, 3

Levels = NDArray[np.int8]


class Alerter(NamedTuple):
    """A volume and a time for each level, by level less 1; a time of 0: the level is not used."""

    name: str
    volumes: tuple[WellClear, WellClear, WellClear]
    times_s: tuple[float, float, float]


_PREVENTIVE: Final = EN_ROUTE._replace(zthr_m=700 * METRES_PER_FOOT)
"""Wider in height: an aircraft that will pass 500 ft above or below is told of, and nothing is to be done."""

PHASE_1: Final = Alerter("phase I", (_PREVENTIVE, EN_ROUTE, EN_ROUTE), (55.0, 55.0, 25.0))
PHASE_2: Final = Alerter("phase II", (TERMINAL, TERMINAL, TERMINAL), (0.0, 0.0, 45.0))
NON_COOPERATIVE_TRAFFIC: Final = Alerter(
    "non-cooperative", (NON_COOPERATIVE, NON_COOPERATIVE, NON_COOPERATIVE), (0.0, 55.0, 25.0)
)


def levels(
    states: Floats, alerter: Alerter, *, unsure_m: Floats = SURE, unsure_height_m: Floats = SURE
) -> Levels:
    """The level of many pairs. ``states``: six rows sx, sy, sz, vx, vy, vz; ``unsure_m``,
    ``unsure_height_m``: for each pair, or for all, what is added to every DTHR and ZTHR."""
    rows = np.ascontiguousarray(states, dtype=np.float64)
    answer = np.zeros(rows.shape[1], np.int8)
    fill_levels(rows, unsure_m, unsure_height_m, thresholds(alerter), answer)
    return answer


def thresholds(alerter: Alerter) -> Floats:
    """A row for each level: DTHR, ZTHR, TTHR, TCOA, time."""
    return np.array(
        [[*v, t] for v, t in zip(alerter.volumes, alerter.times_s, strict=True)], dtype=np.float64
    )


@kernel
def fill_levels(
    states: Floats, unsure_m: Floats, unsure_height_m: Floats, by_level: Floats, answer: Levels
) -> None:
    """``unsure_m``, ``unsure_height_m``: for each pair what is added to DTHR and ZTHR, or one for all."""
    each = 0 if len(unsure_m) < len(answer) else 1
    sx, sy, sz, vx, vy, vz = states[0], states[1], states[2], states[3], states[4], states[5]
    for k in range(len(answer)):
        answer[k] = 0
        for level in range(3, 0, -1):
            dthr_m, zthr_m = by_level[level - 1, 0] + unsure_m[k * each], by_level[level - 1, 1]
            zthr_m += unsure_height_m[k * each]
            tthr_s, tcoa_s, time_s = by_level[level - 1, 2], by_level[level - 1, 3], by_level[level - 1, 4]
            if time_s == 0.0:
                continue
            t_in, t_out = lost(
                sx[k], sy[k], sz[k], vx[k], vy[k], vz[k], dthr_m, zthr_m, tthr_s, tcoa_s, time_s
            )
            if t_in < t_out:
                answer[k] = level
                break
