"""Which aircraft of one side come inside the cylinder of which of the other.

Each pair is sought by the one with the larger reach (half the look-ahead at its own speed, and its
uncertainty), so that hovering drones search small circles in a city over which a jet passes. Two can meet
only if their middles are within ``d + reach_i + reach_j`` of each other. What passes that, and the same for
heights, in single precision with a margin goes to the exact test, in double precision in the pair's plane.

Returns too much at no stage but the last. Work and answer are bounded: beyond ``most_looks`` candidates or
``most_pairs`` found the search stops and says so, and what it found must not be used.
"""

from __future__ import annotations

import math
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from comity.conflict.compiled import kernel
from comity.conflict.cylinder import horizontal, vertical, within
from comity.conflict.frame import Floats, Ints, relative
from comity.conflict.grid import (
    ANGLE_SLACK,
    BLOCK,
    Cells,
    Side,
    Singles,
    column_of,
    direction_of,
    reach_m,
    row_of,
)
from comity.geo.earth import B_M

Bytes = NDArray[np.uint8]
Words = NDArray[np.uint64]

SLACK_M: Final = 3.0
"""Twice what single precision does to coordinates (6.4e6 m, a quarter of a metre), in three axes."""

BEND: Final = 1.2
"""A distance X between middles in space is at most 1 + BEND (X/R)² times what the plane of the pair says, up
to ``FAR_M``: X²/2R² because velocities leave the plane, X²/3R² because an arc is longer than its chord."""

SINGLE: Final = np.float32(1e-6)
"""What single precision makes of a squared distance, ten times over."""

FAR_M: Final = 2_000_000.0
"""Beyond it nothing is left out before the exact test."""

CHUNK: Final = 512
"""Candidates looked at at once; a multiple of ``BLOCK``; fits the first-level cache."""

_TWO, _TINY = np.float32(2.0), np.float32(1e-30)

_HEIGHT_SLACK_M: Final = 0.1
"""More than single precision does to heights within 100 km."""

_EVERYWHERE: Final = 0.8
"""Sine of a longitude's half-width from which a row is searched whole: near poles, and beyond far."""


@kernel
def search(
    a: Side,
    b: Side,
    cells: Cells,
    near: Singles,
    d_m: float,
    h_m: float,
    horizon_s: float,
    most_pairs: int,
    most_looks: int,
) -> tuple[Ints, int, int]:
    """``(pairs, count, looks)``: rows of ``a`` and of ``b``, which lies in order of its cells and near;
    each pair once if it is also searched from b to a. ``count`` above ``most_pairs`` or ``looks`` above
    ``most_looks``: stopped, unfinished."""
    # Taken apart here: reading a field inside the loops would count references each time.
    states, at, extras, codes = a
    b_states, b_at, b_extras, b_codes = b
    rows, low_row, columns, fold, first, start, _ = cells
    middle_s = 0.5 * horizon_s
    found = np.empty((1024 + len(states) // 4, 2), np.int32)
    hits, marks = np.empty(len(b_states) + CHUNK, np.int32), np.zeros(CHUNK, np.uint8)
    words, runs = marks.view(np.uint64), np.empty(8 * len(columns), np.int32)
    least = near[6, : len(b_states)].min() if len(b_states) > 0 else np.float32(np.inf)
    count, looks = 0, 0
    for i in range(len(states)):
        reach = np.float32(reach_m(states, extras, i, middle_s))
        if reach < least:
            continue
        asked = _asked(states, extras, i, d_m, h_m, reach, middle_s)
        direction = direction_of(states, i, middle_s)
        widest_m = _wide(d_m, reach)
        ends = _runs(direction, rows, low_row, columns, fold, first, start, widest_m, runs)
        many, looked = _collect(near, runs, ends, asked, reach, hits, marks, words)
        looks += looked
        if looks > most_looks:
            break
        for h in range(many):
            j = hits[h]
            if near[6, j] == reach and b_at[j] >= at[i]:
                continue
            if len(codes) > 0 and not compared(codes, i, b_codes, j):
                continue
            dz, more_h_m = height_between(states, extras, codes, i, b_states, b_extras, b_codes, j)
            d_ij = d_m + unsure_m(extras, i, b_extras, j)
            if not meets(states, i, b_states, j, dz, d_ij, h_m + more_h_m, horizon_s):
                continue
            if count == most_pairs:
                return found, count + 1, looks
            if count == len(found):
                found = np.concatenate((found, np.empty_like(found)))
            found[count, 0], found[count, 1] = i, j
            count += 1
    return found, count, looks


@kernel
def compared(codes: Ints, i: int, b_codes: Ints, j: int) -> bool:
    """Whether the two are to be compared at all."""
    group, mask = codes[i, 1], codes[i, 2]
    return bool((group < 0 or group != b_codes[j, 1]) and (mask == 2 or mask != b_codes[j, 2]))


@kernel
def height_between(
    states: Floats,
    extras: Floats,
    codes: Ints,
    i: int,
    b_states: Floats,
    b_extras: Floats,
    b_codes: Ints,
    j: int,
) -> tuple[float, float]:
    """Height of ``i`` over ``j``, and what their uncertainties add to the half-height."""
    if len(extras) == 0:
        return states[i, 6] - b_states[j, 6], 0.0
    if codes[i, 0] == b_codes[j, 0]:
        return states[i, 6] - b_states[j, 6], extras[i, 1] + b_extras[j, 1]
    return extras[i, 2] - b_extras[j, 2], extras[i, 3] + b_extras[j, 3]


@kernel
def unsure_m(extras: Floats, i: int, b_extras: Floats, j: int) -> float:
    """What their uncertainties add to the radius."""
    return extras[i, 0] + b_extras[j, 0] if len(extras) > 0 else 0.0


@kernel
def meets(
    states: Floats, i: int, b_states: Floats, j: int, dz: float, d_m: float, h_m: float, horizon_s: float
) -> bool:
    """The exact test."""
    v_in, v_out = vertical(dz, states[i, 7] - b_states[j, 7], h_m)
    if v_in >= horizon_s or v_out <= 0.0:
        return False
    sx, sy, vx, vy = relative(states, i, b_states, j)
    h_in, h_out = horizontal(sx, sy, vx, vy, d_m)
    t_in, t_out = within(max(h_in, v_in), min(h_out, v_out), horizon_s)
    return t_in < t_out


@kernel
def _wide(d_m: float, reach_m: Any) -> float:
    """How far from one's own middle that of another can be, whose reach is no larger."""
    widest_m = d_m + 2.0 * reach_m
    bend = widest_m / B_M
    return widest_m * (1.0 + BEND * bend * bend) + SLACK_M if widest_m < FAR_M else np.inf


@kernel
def _runs(
    direction: tuple[float, float, float],
    rows: int,
    low_row: int,
    columns: Ints,
    fold: Ints,
    first: Ints,
    start: Ints,
    widest_m: float,
    runs: Ints,
) -> int:
    """Runs of slots in which everything within ``widest_m`` of a direction lies, as (begin, end) in
    ``runs``."""
    lat, lon, cosine = direction
    x = widest_m * (0.5 / B_M)
    angle = math.pi if x > _EVERYWHERE else 2.0 * (x + x * x * x * 0.25) + ANGLE_SLACK
    low = max(row_of(lat - angle, rows) - low_row, 0)
    high = min(row_of(lat + angle, rows) - low_row, len(columns) - 1)
    half = angle / cosine if cosine > angle else 1.0
    half = 4.0 if half > _EVERYWHERE else half + half * half * half * 0.25 + ANGLE_SLACK
    ends = 0
    for row in range(low, high + 1):
        begin, after, around = first[row], first[row + 1], columns[row]
        if start[begin] == start[after]:
            continue
        west, east = column_of(lon - half, around), column_of(lon + half, around)
        over = west < 0 or east >= around
        if east - west + 1 >= after - begin or (over and fold[row] >= 0):
            # Folded, the two sides of the antimeridian could share cells, and be looked at twice.
            runs[ends], runs[ends + 1] = start[begin], start[after]
            ends += 2
        elif over:
            runs[ends], runs[ends + 1] = (
                start[begin],
                start[begin + (east if west < 0 else east - around) + 1],
            )
            runs[ends + 2], runs[ends + 3] = (
                start[begin + (west + around if west < 0 else west)],
                start[after],
            )
            ends += 4
        else:
            ends = _run(start, begin, after, fold[row], west, east, runs, ends)
    return ends


@kernel
def _run(start: Ints, begin: int, after: int, fold: int, west: int, east: int, runs: Ints, ends: int) -> int:
    """Columns west to east of a row: one run, or two where they go over the seam at which columns fold."""
    west, east = begin + (west & fold), begin + (east & fold)
    if west <= east:
        runs[ends], runs[ends + 1] = start[west], start[east + 1]
        return ends + 2
    runs[ends], runs[ends + 1] = start[begin], start[east + 1]
    runs[ends + 2], runs[ends + 3] = start[west], start[after]
    return ends + 4


@kernel
def _asked(
    states: Floats, extras: Floats, i: int, d_m: float, h_m: float, reach: Any, middle_s: float
) -> tuple[Any, ...]:
    """What slots are compared with, in single precision: position and velocity, own reach, the distance for
    ``_approach``, the middle's time; height and its spread, and both on WGS84."""
    far = _outward(d_m, reach)
    climb_m = states[i, 7] * middle_s
    height, spread = states[i, 6] + climb_m, abs(climb_m) + h_m + _HEIGHT_SLACK_M
    height_2, spread_2 = height, spread
    if len(extras) > 0:
        far += extras[i, 0]
        height_2, spread_2 = extras[i, 2] + climb_m, spread + extras[i, 3]
        spread += extras[i, 1]
    vx, vy, vz = states[i, 3], states[i, 4], states[i, 5]
    return (
        np.float32(states[i, 0] + vx * middle_s),
        np.float32(states[i, 1] + vy * middle_s),
        np.float32(states[i, 2] + vz * middle_s),
        np.float32(vx),
        np.float32(vy),
        np.float32(vz),
        np.float32(far),
        np.float32(middle_s),
        np.float32(height),
        np.float32(spread),
        np.float32(height_2),
        np.float32(spread_2),
    )


@kernel
def _outward(d_m: float, reach_m: float) -> float:
    """``d_m`` in a pair's plane as a distance in space that is nowhere less, for pairs that meet within
    reach."""
    apart_m = d_m + 4.0 * reach_m
    if apart_m > FAR_M:
        return FAR_M * FAR_M
    out_of_plane_m = 4.0 * reach_m * apart_m / (2.0 * B_M)
    arc_m = apart_m * apart_m * apart_m / (24.0 * B_M * B_M)
    return math.sqrt((d_m + arc_m) ** 2 + out_of_plane_m**2) + SLACK_M


@kernel
def _collect(
    near: Singles,
    runs: Ints,
    ends: int,
    asked: tuple[Any, ...],
    reach: Any,
    hits: Ints,
    marks: Bytes,
    words: Words,
) -> tuple[int, int]:
    """Slots of all runs that pass, into ``hits``: how many, and at how many it looked."""
    many, looked = 0, 0
    for r in range(0, ends, 2):
        looked += runs[r + 1] - runs[r]
        for lo in range(runs[r], runs[r + 1], CHUNK):
            length = min(CHUNK, runs[r + 1] - lo)
            blocks = (length + BLOCK - 1) // BLOCK
            if near.shape[0] == 9:
                _mark(near, lo, blocks, asked, reach, marks)
            else:
                _mark_mixed(near, lo, blocks, asked, reach, marks)
            for k in range(length, BLOCK * blocks):
                marks[k] = 0
            for w in range((length + 7) >> 3):
                if words[w] != 0:
                    for k in range(8 * w, 8 * w + 8):
                        hits[many] = lo + k
                        many += marks[k]
    return many, looked


@kernel
def _approaches(dx: Any, dy: Any, dz: Any, vx: Any, vy: Any, vz: Any, far: Any, middle_s: Any) -> bool:
    """Whether |d + v t| gets to ``far`` for t from -middle to middle; too much where single precision
    ends."""
    a, b, c = vx * vx + vy * vy + vz * vz, abs(dx * vx + dy * vy + dz * vz), dx * dx + dy * dy + dz * dz
    t_s = b / (a + _TINY)
    t_s = t_s if t_s < middle_s else middle_s
    return bool(c - t_s * (_TWO * b - a * t_s) <= far * far + SINGLE * (c + a * middle_s * middle_s))


@kernel
def _mark(near: Singles, lo: int, blocks: int, asked: tuple[Any, ...], reach: Any, marks: Bytes) -> None:
    """``BLOCK`` slots side by side. Unsigned indices: Numba would look for negative ones, one by one."""
    x, y, z, vx, vy, vz, far, middle_s, height, spread, _, _ = asked
    for block in range(blocks):
        to = np.uint64(BLOCK) * np.uint64(block)
        at = np.uint64(lo) + to
        for k in range(np.uint64(BLOCK)):
            s = at + k
            dx, dy, dz = near[0, s] - x, near[1, s] - y, near[2, s] - z
            wx, wy, wz = near[3, s] - vx, near[4, s] - vy, near[5, s] - vz
            marks[to + k] = (
                (near[6, s] <= reach)
                & (abs(near[7, s] - height) <= spread + near[8, s])
                & _approaches(dx, dy, dz, wx, wy, wz, far, middle_s)
            )


@kernel
def _mark_mixed(
    near: Singles, lo: int, blocks: int, asked: tuple[Any, ...], reach: Any, marks: Bytes
) -> None:
    """As ``_mark``, with uncertain positions, and close in either way of comparing heights."""
    x, y, z, vx, vy, vz, far, middle_s, height, spread, height_2, spread_2 = asked
    for block in range(blocks):
        to = np.uint64(BLOCK) * np.uint64(block)
        at = np.uint64(lo) + to
        for k in range(np.uint64(BLOCK)):
            s = at + k
            dx, dy, dz = near[0, s] - x, near[1, s] - y, near[2, s] - z
            wx, wy, wz = near[3, s] - vx, near[4, s] - vy, near[5, s] - vz
            level = abs(near[7, s] - height) <= spread + near[8, s]
            level |= abs(near[9, s] - height_2) <= spread_2 + near[10, s]
            marks[to + k] = (
                (near[6, s] <= reach)
                & level
                & _approaches(dx, dy, dz, wx, wy, wz, far + near[11, s], middle_s)
            )
