"""What is told of a pair that was found: times, distances, heights, and the relative state behind them."""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from comity.conflict.compiled import kernel
from comity.conflict.cylinder import closest, ever, inside, miss, within
from comity.conflict.frame import Floats, Ints, relative
from comity.conflict.grid import Side
from comity.conflict.search import height_between, unsure_m

COLUMNS: Final = (
    "t_in_s",
    "t_out_s",
    "tcpa_s",
    "dcpa_m",
    "miss_m",
    "miss_s",
    "miss_dz_m",
    "distance_m",
    "dz_m",
    "inside",
    "d_m",
    "h_m",
    "unsure_m",
    "unsure_height_m",
    "sx",
    "sy",
    "sz",
    "vx",
    "vy",
    "vz",
)
"""Columns of ``measure``'s table, in order. Heights are NaN where one of them is not known."""


@kernel
def measure(a: Side, b: Side, pairs: Ints, d_m: float, h_m: float, horizon_s: float) -> tuple[Ints, Floats]:
    """What the two of each pair are called, the smaller first, and a row of ``COLUMNS``: first minus
    second."""
    states, at, extras, codes = a
    b_states, b_at, b_extras, b_codes = b
    called, table = np.empty((len(pairs), 2), np.int32), np.empty((len(pairs), 20))
    for p in range(len(pairs)):
        i, j = pairs[p, 0], pairs[p, 1]
        more_d = unsure_m(extras, i, b_extras, j)
        if at[i] < b_at[j]:
            called[p, 0], called[p, 1] = at[i], b_at[j]
            sz, more_h = height_between(states, extras, codes, i, b_states, b_extras, b_codes, j)
            sx, sy, vx, vy = relative(states, i, b_states, j)
            vz = states[i, 7] - b_states[j, 7]
        else:
            called[p, 0], called[p, 1] = b_at[j], at[i]
            sz, more_h = height_between(b_states, b_extras, b_codes, j, states, extras, codes, i)
            sx, sy, vx, vy = relative(b_states, j, states, i)
            vz = b_states[j, 7] - states[i, 7]
        d, h = d_m + more_d, h_m + more_h
        t_in, t_out = ever(sx, sy, sz, vx, vy, vz, d, h)
        table[p, 0], table[p, 1] = within(t_in, t_out, horizon_s)
        table[p, 2], table[p, 3] = closest(sx, sy, vx, vy)
        miss_s, miss_m = miss(sx, sy, vx, vy, horizon_s)
        unknown = math.nan if math.isinf(more_h) else 0.0
        table[p, 4], table[p, 5], table[p, 6] = miss_m, miss_s, sz + vz * miss_s + unknown
        table[p, 7], table[p, 8] = math.sqrt(sx * sx + sy * sy), sz + unknown
        table[p, 9] = 1.0 if inside(sx, sy, sz, d, h) else 0.0
        table[p, 10], table[p, 11], table[p, 12], table[p, 13] = d, h, more_d, more_h
        table[p, 14], table[p, 15], table[p, 16] = sx, sy, sz
        table[p, 17], table[p, 18], table[p, 19] = vx, vy, vz
    return called, table
