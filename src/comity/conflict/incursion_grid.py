"""Which aircraft may enter which areas: a join over cubes in earth-centred space. Too much, never too little.

An aircraft looks into the cubes that the box of its path touches, for areas that ``incursion_cover`` put
there; areas that are anywhere are tried with every aircraft. A pair then has to share a box, a height and a
time. Earth-centred metres, seconds from now.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from comity.conflict.compiled import kernel
from comity.conflict.cylinder import Floats, Interval
from comity.conflict.incursion import PATH_ERROR, Ints, Pairs, Paths, height_window, stretched
from comity.conflict.incursion_areas import MARGIN_M, Mask
from comity.conflict.incursion_cover import BITS, PAD_M, SIDES_M, corner_of, key_of

Column = TypeVar("Column", Ints, Floats)

_SPREAD: Final = 0x1E3779B97F4A7C15
"""An odd number with bits all over, so that neighbouring cubes do not follow each other in the table."""


class Bands(NamedTuple):
    """Heights and times of areas. Datums are codes; ``opens_s`` and ``closes_s`` from now."""

    lower_m: Floats
    lower_datum: Ints
    lower_w84_m: Floats
    upper_m: Floats
    upper_datum: Ints
    upper_w84_m: Floats
    opens_s: Floats
    closes_s: Floats


class Levels(NamedTuple):
    """Heights of aircraft, and how they change."""

    height_m: Floats
    error_m: Floats
    datum: Ints
    mid_m: Floats
    half_m: Floats
    rate_mps: Floats


class Cubes(NamedTuple):
    """Entries sorted by cube, found through an open hash table: ``slots`` holds the numbers of distinct cubes
    or -1. ``boxes``: of each entry's row, rounded outward, beside each other so that sifting reads on.
    ``anywhere``: rows that are in no cube."""

    sides: int
    slots: Ints
    keys: Ints
    begins: Ints
    rows: Ints
    boxes: NDArray[np.float32]
    anywhere: Ints


def gathered(keys: Ints, rows: Ints, anywhere: Ints, areas_box: Floats) -> Cubes:
    """Entries (cube, row) made ready for ``join``."""
    order = np.argsort(keys, kind="stable")
    keys, rows = keys[order], rows[order]
    begins = np.flatnonzero(np.diff(keys, prepend=-1))
    distinct = keys[begins]
    slots = np.full(max(16, 1 << (2 * len(distinct)).bit_length()), -1, dtype=np.int64)
    _fill_slots(distinct, slots)
    sides = int(np.bitwise_or.reduce(1 << (distinct >> (3 * BITS)), initial=0))
    boxes = _single(areas_box)[rows]
    return Cubes(sides, slots, distinct, np.append(begins, len(keys)), rows, boxes, anywhere)


def _single(boxes: Floats) -> NDArray[np.float32]:
    """In single precision, rounded outward."""
    rounded = boxes.astype(np.float32)
    rounded[:, :3] = np.nextafter(rounded[:, :3], np.float32(-np.inf))
    rounded[:, 3:] = np.nextafter(rounded[:, 3:], np.float32(np.inf))
    return rounded


def join(flown: Paths, levels: Levels, bands: Bands, cubes: Cubes, horizon_s: float) -> Pairs:
    """The pairs that may meet within the horizon, by aircraft, each once, with the time that heights and
    hours leave."""
    due = (bands.closes_s > 0.0) & (bands.opens_s <= horizon_s)
    boxes = _single(path_boxes(flown, horizon_s))
    return Pairs(*_join(boxes, levels, due, bands, cubes, horizon_s))


def path_boxes(flown: Paths, horizon_s: float) -> Floats:
    """Earth-centred limits of each path and all within its reach."""
    boxes = np.empty((len(flown.frame), 6))
    _fill_boxes(flown, horizon_s, boxes)
    return boxes


@kernel
def _slot(key: int, mask: int) -> int:
    mixed = key * _SPREAD
    return (mixed ^ (mixed >> 32)) & mask


@kernel
def _fill_slots(keys: Ints, slots: Ints) -> None:
    mask = len(slots) - 1
    for k in range(len(keys)):
        at = _slot(keys[k], mask)
        while slots[at] >= 0:
            at = (at + 1) & mask
        slots[at] = k


@kernel
def _fill_boxes(flown: Paths, horizon_s: float, boxes: Floats) -> None:
    """A box about each path and all within its reach: both ends, and how far the arc rises over its chord."""
    for k in range(len(boxes)):
        f = flown.frame[k]
        length_m = flown.speed_mps[k] * horizon_s
        turn = length_m / f[12]
        pad_m = stretched(flown.radius_m[k] + MARGIN_M + PATH_ERROR * length_m**3, turn, f[12]) + PAD_M
        pad_m += f[12] * (1.0 - math.cos(0.5 * turn))
        up, along = f[9] + f[12] * math.cos(turn), f[10] + f[12] * math.sin(turn)
        for axis in range(3):
            start = (f[9] + f[12]) * f[axis] + f[10] * f[3 + axis] + f[11] * f[6 + axis]
            end = up * f[axis] + along * f[3 + axis] + f[11] * f[6 + axis]
            boxes[k, axis], boxes[k, 3 + axis] = min(start, end) - pad_m, max(start, end) + pad_m


@kernel
def _join(
    boxes: NDArray[np.float32], levels: Levels, due: Mask, bands: Bands, cubes: Cubes, horizon_s: float
) -> tuple[Ints, Ints, Floats, Floats]:
    size = 4_096
    aircraft, rows = np.empty(size, np.int64), np.empty(size, np.int64)
    begin_s, end_s = np.empty(size), np.empty(size)
    near = np.empty(len(due), np.int64)
    seen = np.full(len(due), -1, np.int64)
    count = 0
    for k in range(len(boxes)):
        number = _look(boxes[k], k, due, cubes, seen, near)
        if count + number > size:
            size = 2 * (count + number)
            aircraft, rows = _grown(aircraft, size), _grown(rows, size)
            begin_s, end_s = _grown(begin_s, size), _grown(end_s, size)
        for n in range(number):
            low, high = _time(levels, k, bands, near[n])
            low, high = max(0.0, low), min(horizon_s, high)
            if low <= high:
                aircraft[count], rows[count], begin_s[count], end_s[count] = k, near[n], low, high
                count += 1
    return aircraft[:count], rows[:count], begin_s[:count], end_s[:count]


@kernel
def _time(levels: Levels, k: int, bands: Bands, row: int) -> Interval:
    """When heights and hours of a pair agree."""
    low, high = height_window(
        levels.height_m[k],
        levels.error_m[k],
        levels.datum[k],
        levels.mid_m[k],
        levels.half_m[k],
        levels.rate_mps[k],
        bands.lower_m[row],
        bands.lower_datum[row],
        bands.lower_w84_m[row],
        bands.upper_m[row],
        bands.upper_datum[row],
        bands.upper_w84_m[row],
    )
    return max(low, bands.opens_s[row]), min(high, bands.closes_s[row])


@kernel
def _grown(column: Column, size: int) -> Column:
    larger = np.empty(size, column.dtype)
    larger[: len(column)] = column
    return larger


@kernel
def _look(box: NDArray[np.float32], k: int, due: Mask, cubes: Cubes, seen: Ints, near: Ints) -> int:
    """Rows whose box this one touches, into ``near``; how many. ``seen``: which aircraft last saw a row."""
    number = 0
    for row in cubes.anywhere:
        if due[row]:
            near[number] = row
            number += 1
    for size in range(len(SIDES_M)):
        if not cubes.sides >> size & 1:
            continue
        x_low, y_low, z_low = corner_of(box[:3], SIDES_M[size])
        x_high, y_high, z_high = corner_of(box[3:], SIDES_M[size])
        for x in range(x_low, x_high + 1):
            for y in range(y_low, y_high + 1):
                for z in range(z_low, z_high + 1):
                    cube = _find(cubes, key_of(size, x, y, z))
                    if cube >= 0:
                        number = _sift(cubes, cube, box, k, due, seen, near, number)
    return number


@kernel
def _sift(
    cubes: Cubes,
    cube: int,
    box: NDArray[np.float32],
    k: int,
    due: Mask,
    seen: Ints,
    near: Ints,
    number: int,
) -> int:
    """Add what is in one cube and was not found before; how many there are now."""
    for entry in range(cubes.begins[cube], cubes.begins[cube + 1]):
        row = cubes.rows[entry]
        if _touch(box, cubes.boxes[entry]) and due[row] and seen[row] != k:
            seen[row] = k
            near[number] = row
            number += 1
    return number


@kernel
def _find(cubes: Cubes, key: int) -> int:
    """The number of a cube, or -1."""
    mask = len(cubes.slots) - 1
    at = _slot(key, mask)
    while cubes.slots[at] >= 0 and cubes.keys[cubes.slots[at]] != key:
        at = (at + 1) & mask
    return int(cubes.slots[at])


@kernel
def _touch(a: NDArray[np.float32], b: NDArray[np.float32]) -> bool:
    if a[0] > b[3] or b[0] > a[3] or a[1] > b[4] or b[1] > a[4]:
        return False
    return bool(a[2] <= b[5] and b[2] <= a[5])
