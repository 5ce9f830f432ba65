"""What becomes of pairs that the search found: how close they come, and at what level they are told.

Each pair is judged in its own plane, with minima widened by what positions and heights may be off, as the
search did. Symmetric in the pair to the bit. Levels are ranks of ``AlertLevel``:

- 3, warning: inside now, or loss of separation or of well clear within the pair's ``warning_s``;
- 2, corrective: either within ``corrective_s``; 1, preventive: inside at any time of the look-ahead.

Well clear (DO-365, en route) raises the level of a pair that loses its minima within the look-ahead; a pair
that keeps them raises nothing. A pair with a height that is not known is inside at all heights, and at most
preventive. Seconds from now and metres; the closest approach is that within the conflict, so both
distances told are below the minima they are told against, as far as those were widened.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from comity.alerts.settings import MinimaTable
from comity.alerts.traffic import Traffic
from comity.conflict.compiled import kernel
from comity.conflict.cylinder import closest
from comity.conflict.pairs import Pairs
from comity.conflict.well_clear import EN_ROUTE, lost
from comity.model.batch import Floats

Bools = NDArray[np.bool_]

_DTHR_M: Final = EN_ROUTE.dthr_m
_ZTHR_M: Final = EN_ROUTE.zthr_m
_TTHR_S: Final = EN_ROUTE.tthr_s
_TCOA_S: Final = EN_ROUTE.tcoa_s


class Judged(NamedTuple):
    """One element a pair. ``clear_lost_s``: when well clear is lost, inf for never. ``vertical_m``: NaN where
    a height is unknown, the least that it may be where heights are on different datums (``mixed``)."""

    rank: NDArray[np.int8]
    closest_s: Floats
    horizontal_m: Floats
    vertical_m: Floats
    clear_lost_s: Floats
    mixed: Bools
    minima_horizontal_m: Floats
    minima_vertical_m: Floats
    look_ahead_s: Floats


def judge(traffic: Traffic, pairs: Pairs, table: MinimaTable) -> Judged:
    kinds = traffic.category[pairs.i], traffic.category[pairs.j]
    horizon_s = table.look_ahead_s[kinds]
    corrective_s, warning_s = table.corrective_s[kinds], table.warning_s[kinds]
    well_clear: Bools = table.well_clear[kinds]
    known: Bools = np.isfinite(pairs.unsure_height_m)
    mixed: Bools = known & (traffic.datum[pairs.i] != traffic.datum[pairs.j])
    count = len(pairs.i)
    rank = np.zeros(count, np.int8)
    closest_s, horizontal_m, vertical_m, clear_lost_s = (np.empty(count) for _ in range(4))
    _judge(
        *(pairs.relative, pairs.t_in_s, pairs.t_out_s, pairs.unsure_m, pairs.unsure_height_m),
        *(known, mixed, well_clear),
        *(horizon_s, corrective_s, warning_s),
        rank,
        *(closest_s, horizontal_m, vertical_m, clear_lost_s),
    )
    return Judged(
        *(rank, closest_s, horizontal_m, vertical_m, clear_lost_s, mixed),
        *(table.horizontal_m[kinds], table.vertical_m[kinds], horizon_s),
    )


@kernel
def _judge(
    relative: Floats,
    enters_s: Floats,
    leaves_s: Floats,
    unsure_m: Floats,
    unsure_height_m: Floats,
    known: Bools,
    mixed: Bools,
    well_clear: Bools,
    horizon_s: Floats,
    corrective_s: Floats,
    warning_s: Floats,
    rank: NDArray[np.int8],
    closest_s: Floats,
    horizontal_m: Floats,
    vertical_m: Floats,
    clear_lost_s: Floats,
) -> None:
    for k in range(len(rank)):
        sx, sy, sz = relative[0, k], relative[1, k], relative[2, k]
        vx, vy, vz = relative[3, k], relative[4, k], relative[5, k]
        clear_lost_s[k] = np.inf
        if well_clear[k]:
            d_m, h_m = _DTHR_M + unsure_m[k], _ZTHR_M + unsure_height_m[k]
            clear_lost_s[k] = lost(sx, sy, sz, vx, vy, vz, d_m, h_m, _TTHR_S, _TCOA_S, horizon_s[k])[0]
        soonest_s = min(enters_s[k], clear_lost_s[k])
        rank[k] = 3 if soonest_s <= warning_s[k] else 2 if soonest_s <= corrective_s[k] else 1
        if not known[k]:
            rank[k] = 1
        at_s = _closest(sx, sy, sz, vx, vy, vz, enters_s[k], leaves_s[k])
        x, y = sx + vx * at_s, sy + vy * at_s
        closest_s[k], horizontal_m[k] = at_s, np.sqrt(x * x + y * y)
        slack_m = unsure_height_m[k] if mixed[k] else 0.0
        vertical_m[k] = max(0.0, abs(sz + vz * at_s) - slack_m) if known[k] else np.nan


@kernel
def _closest(
    sx: float, sy: float, sz: float, vx: float, vy: float, vz: float, enters_s: float, leaves_s: float
) -> float:
    """When the two are closest within a conflict: horizontally, or vertically where that never changes."""
    at_s = closest(sx, sy, vx, vy)[0]
    if np.isnan(at_s):
        at_s = -sz / vz if vz != 0.0 else enters_s
    return min(max(at_s, enters_s), leaves_s)
