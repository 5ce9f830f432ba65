"""Aircraft in cells over the Earth, by where they will be at a chosen moment.

Rows of equal geocentric latitude are cut into columns no narrower than a row is high; the aircraft of a row
lie beside each other in memory in order of column, so that a search is one run of slots for each row. A
row's columns are folded onto a number of cells in proportion to its aircraft (column modulo a power of
two), so that memory and empty cells are bounded however far apart they are. What lies in a run is a
candidate and no more: folding, cells' corners and the other side of a run bring in many that are far away.

``window`` and ``columns_of`` answer too much and never too little.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from comity.conflict.compiled import kernel
from comity.conflict.frame import Floats, Ints
from comity.geo.earth import B_M

Singles = NDArray[np.float32]

CELLS_PER_AIRCRAFT: Final = 2
"""Larger: fewer candidates from elsewhere in a row, more memory."""

BLOCK: Final = 16
"""Slots compared side by side: what a processor's widest registers hold twice or once."""

SMALLEST_CELL_M: Final = 150.0
"""Keeps rows below 2^18, whatever the minima."""

ANGLE_SLACK: Final = 2e-7
"""Radians: what two angles of ``direction_of`` may be off together; 1.3 m."""

ATAN: Final = (
    0.999999881996,
    -0.333318126556,
    0.199669618296,
    -0.140032901846,
    0.0986886545794,
    -0.0588297531414,
    0.0237805185966,
    -0.00455979198614,
)
"""atan(t)/t for t in 0 to 1 as a polynomial in t²: interpolated at Chebyshev nodes, off by at most 6.4e-8."""

_PER_PI: Final = 1.0 / math.pi


class Side(NamedTuple):
    """Aircraft of one category, a row each. ``at``: what it is called outside. ``extras``: horizontal
    uncertainty, the height's own error, height on WGS84 and its half-width, metres. ``codes``: datum, group
    (-1: none), mask (2: none). Both have no rows at all where nothing of that is used."""

    states: Floats
    at: Ints
    extras: Floats
    codes: Ints


class Cells(NamedTuple):
    """``start``: first slot of each cell. By row from ``low_row``: ``columns`` around the Earth, ``fold``
    to and with a column's number, ``first`` cell. ``fullest``: most aircraft in one cell, folding
    included."""

    rows: int
    low_row: int
    columns: Ints
    fold: Ints
    first: Ints
    start: Ints
    fullest: int


@kernel
def reach_m(states: Floats, extras: Floats, k: int, middle_s: float) -> float:
    """How far row ``k`` gets from its middle within the look-ahead, with its uncertainty."""
    x, y, z = states[k, 3], states[k, 4], states[k, 5]
    own_m = math.sqrt(x * x + y * y + z * z) * middle_s
    if len(extras) > 0:
        own_m += extras[k, 0]
    return own_m


@kernel
def turned(y: float, x: float) -> float:
    """The angle of (x, y), radians, as math.atan2 but within 1e-7 and several times as fast."""
    wide, narrow = max(abs(x), abs(y)), min(abs(x), abs(y))
    t = narrow / wide if wide > 0.0 else 0.0
    s = t * t
    s2 = s * s
    low = (ATAN[0] + s * ATAN[1]) + s2 * (ATAN[2] + s * ATAN[3])
    angle = t * (low + s2 * s2 * ((ATAN[4] + s * ATAN[5]) + s2 * (ATAN[6] + s * ATAN[7])))
    angle = math.pi / 2.0 - angle if abs(y) > abs(x) else angle
    angle = math.pi - angle if x < 0.0 else angle
    return -angle if y < 0.0 else angle


@kernel
def direction_of(states: Floats, k: int, middle_s: float) -> tuple[float, float, float]:
    """Geocentric latitude, longitude (radians, within 1e-7) and the latitude's cosine of row ``k`` at the
    middle."""
    x = states[k, 0] + states[k, 3] * middle_s
    y = states[k, 1] + states[k, 4] * middle_s
    z = states[k, 2] + states[k, 5] * middle_s
    across2 = x * x + y * y
    across = math.sqrt(across2)
    return turned(z, across), turned(y, x), across / math.sqrt(across2 + z * z)


@kernel
def row_of(lat: float, rows: int) -> int:
    return max(0, min(rows - 1, math.floor((lat * _PER_PI + 0.5) * rows)))


@kernel
def column_of(lon: float, columns: int) -> int:
    return math.floor((lon * _PER_PI + 1.0) * 0.5 * columns)


@kernel
def columns_in(row: int, rows: int) -> int:
    """So many that none is narrower than the row is high, on the edge nearer to a pole."""
    edge = max(abs(row / rows - 0.5), abs((row + 1) / rows - 0.5)) * math.pi
    return max(1, math.floor(2.0 * rows * math.cos(edge)))


@kernel
def rows_for(cell_m: float) -> int:
    return max(1, math.floor(math.pi * B_M / max(cell_m, SMALLEST_CELL_M)))


@kernel
def lay(states: Floats, middle_s: float, cell_m: float) -> tuple[Cells, Ints]:
    """Cells about ``cell_m`` wide for aircraft where they are after ``middle_s``, and rows in order of
    slot."""
    count, rows = len(states), rows_for(cell_m)
    row, lons = np.empty(count, np.int32), np.empty(count, np.float64)
    low, high = rows - 1, 0
    for k in range(count):
        lat, lons[k], _ = direction_of(states, k, middle_s)
        here = row_of(lat, rows)
        low, high = min(low, here), max(high, here)
        row[k] = here
    high = max(low, high)
    columns, fold, first = _tables(row, rows, low, high)
    start = np.zeros(first[high - low + 1] + 1, np.int32)
    for k in range(count):
        here = row[k] - low
        column = min(columns[here] - 1, column_of(lons[k], columns[here]))
        row[k] = first[here] + (column & fold[here])
        start[row[k] + 1] += 1
    fullest = start.max()
    for c in range(len(start) - 1):
        start[c + 1] += start[c]
    return Cells(rows, low, columns, fold, first, start, fullest), _sorted(row, start)


@kernel
def unfolded(states: Floats, middle_s: float, cell_m: float) -> NDArray[np.int64]:
    """Of each aircraft the cell by its own row and column, as one number."""
    rows = rows_for(cell_m)
    numbers = np.empty(len(states), np.int64)
    for k in range(len(states)):
        lat, lon, _ = direction_of(states, k, middle_s)
        row = row_of(lat, rows)
        columns = columns_in(row, rows)
        numbers[k] = row * 2**32 + min(columns - 1, column_of(lon, columns))
    return numbers


@kernel
def reaches_m(states: Floats, extras: Floats, middle_s: float) -> tuple[float, float, float]:
    """Least, mean and most; (inf, 0, 0) of nobody."""
    least_m, total_m, most_m = math.inf, 0.0, 0.0
    for k in range(len(states)):
        own_m = reach_m(states, extras, k, middle_s)
        least_m, total_m, most_m = min(least_m, own_m), total_m + own_m, max(most_m, own_m)
    return least_m, total_m / max(1, len(states)), most_m


@kernel
def _tables(row: Ints, rows: int, low: int, high: int) -> tuple[Ints, Ints, Ints]:
    """``columns``, ``fold``, ``first`` for the rows from low to high."""
    many = high - low + 1
    columns, fold, first = np.ones(many, np.int32), np.zeros(many, np.int32), np.zeros(many + 1, np.int32)
    for k in range(len(row)):
        first[row[k] - low + 1] += 1
    for r in range(many):
        members = first[r + 1]
        cells = 1
        if members > 0:
            columns[r] = columns_in(r + low, rows)
            while cells < CELLS_PER_AIRCRAFT * members:
                cells *= 2
            fold[r] = cells - 1
            if columns[r] <= cells:
                cells = columns[r]
                fold[r] = -1
        first[r + 1] = first[r] + cells
    return columns, fold, first


@kernel
def _sorted(cell: Ints, start: Ints) -> Ints:
    """Rows by cell, and within a cell in their own order; ``start`` is as before afterwards."""
    order = np.empty(len(cell), np.int32)
    for k in range(len(cell)):
        order[start[cell[k]]] = k
        start[cell[k]] += 1
    for c in range(len(start) - 1, 0, -1):
        start[c] = start[c - 1]
    start[0] = 0
    return order


@kernel
def nearby(states: Floats, extras: Floats, middle_s: float) -> Singles:
    """What candidates are first compared by, in single precision, a column for each slot and ``BLOCK``
    empty ones: x, y, z at the middle moment, velocity, reach, height and its spread; with extras also
    height on WGS84 and its spread, and the horizontal uncertainty."""
    mixed = len(extras) > 0
    near = np.zeros((12 if mixed else 9, len(states) + BLOCK), np.float32)
    for k in range(len(states)):
        for axis in range(3):
            near[axis, k] = states[k, axis] + states[k, axis + 3] * middle_s
            near[axis + 3, k] = states[k, axis + 3]
        near[6, k] = reach_m(states, extras, k, middle_s)
        climb_m = states[k, 7] * middle_s
        near[7, k] = states[k, 6] + climb_m
        near[8, k] = abs(climb_m)
        if mixed:
            near[8, k] += extras[k, 1]
            near[9, k] = extras[k, 2] + climb_m
            near[10, k] = abs(climb_m) + extras[k, 3]
            near[11, k] = extras[k, 0]
    return near
