"""Which aircraft may enter which areas: a join over cubes in earth-centred space. Too much, never too little.

An area is listed in every cube that holds some of its surface: all that its box touches where those are
few, else those that its outline passes and those in its inside. Cubes have sides of ``SIDES_M``; an area that
would be in more than ``MOST_CUBES`` of the small ones is in the large ones, and one that is anywhere is in
none and tried with every aircraft. An aircraft looks into the cubes that the box of its path touches. A pair
then has to share a box, a height and a time.

Cubes need no poles and no antimeridian. Earth-centred metres, seconds from now.
"""

from __future__ import annotations

import math
from typing import Final, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from comity.conflict.compiled import kernel
from comity.conflict.cylinder import Floats, Interval
from comity.conflict.incursion import (
    PATH_ERROR,
    Areas,
    Ints,
    Pairs,
    Paths,
    Scratch,
    height_window,
    polygon_visit,
    stretched,
)
from comity.conflict.incursion_areas import ANYWHERE, CIRCLE, MARGIN_M, Mask, Outline, balls, padded
from comity.geo.earth import A_M, B_M

Corner = tuple[float, float, float]
Column = TypeVar("Column", Ints, Floats)

SIDES_M: Final = (65_536.0, 524_288.0)
"""About the way of a jet in four minutes; and eight times that. Larger: more areas to sift in each cube.
Smaller: more cubes to look into for each aircraft."""

MOST_CUBES: Final = 2_048
"""Of the small side, some 4 million km². Larger: more memory for areas of continents."""

_WIDEST_M: Final = 4_000_000.0
"""A box wider than this is not tried with small cubes: there would be a quarter of a million to look at."""

_FEW: Final = 8
_PAD_M: Final = 2.0
_BITS: Final = 16
_OFFSET: Final = 1 << (_BITS - 1)
_SPREAD: Final = 0x1E3779B97F4A7C15
"""An odd number with bits all over, so that neighbouring cubes do not follow each other in the table."""

_ROUNDS: Final = 12
"""Steps towards a surface point in a cube. Where none is found the cube is taken: fewer steps, more cubes."""


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


def cover(outline: Outline) -> Ints:
    """The cubes of an area; empty where it is anywhere."""
    if outline.kind == ANYWHERE:
        return np.empty(0, dtype=np.int64)
    area = single(outline)
    box = np.array(outline.box)
    small = float((box[3:] - box[:3]).max()) <= _WIDEST_M
    if small:
        keys = _cover(area, box, 0, SIDES_M[0])
        if len(keys) <= MOST_CUBES:
            return keys
    return _cover(area, box, 1, SIDES_M[1])


def single(outline: Outline) -> Areas:
    """One outline as columns."""
    points, lifted = padded(outline)
    return Areas(
        np.array([outline.kind], np.int8),
        np.zeros(1, np.int64),
        np.array([len(points)]),
        outline.centre[None],
        np.array([outline.circle_m]),
        points,
        lifted,
        balls(points),
    )


def gathered(keys: Ints, rows: Ints, anywhere: Ints, areas_box: Floats) -> Cubes:
    """Entries (cube, row) made ready for ``join``."""
    order = np.argsort(keys, kind="stable")
    keys, rows = keys[order], rows[order]
    begins = np.flatnonzero(np.diff(keys, prepend=-1))
    distinct = keys[begins]
    slots = np.full(max(16, 1 << (2 * len(distinct)).bit_length()), -1, dtype=np.int64)
    _fill_slots(distinct, slots)
    sides = int(np.bitwise_or.reduce(1 << (distinct >> (3 * _BITS)), initial=0))
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
    boxes = np.empty((len(flown.frame), 6))
    _fill_boxes(flown, horizon_s, boxes)
    return Pairs(*_join(_single(boxes), levels, due, bands, cubes, horizon_s))


@kernel
def _key(size: int, x: int, y: int, z: int) -> int:
    return (((((size << _BITS) | (x + _OFFSET)) << _BITS) | (y + _OFFSET)) << _BITS) | (z + _OFFSET)


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
        pad_m = stretched(flown.radius_m[k] + MARGIN_M + PATH_ERROR * length_m**3, turn, f[12]) + _PAD_M
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
        x_low, y_low, z_low = _corner(box[:3], SIDES_M[size])
        x_high, y_high, z_high = _corner(box[3:], SIDES_M[size])
        for x in range(x_low, x_high + 1):
            for y in range(y_low, y_high + 1):
                for z in range(z_low, z_high + 1):
                    cube = _find(cubes, _key(size, x, y, z))
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
def _corner(place: NDArray[np.floating], side_m: float) -> tuple[int, int, int]:
    """The cube of a place."""
    return (
        math.floor(place[0] / side_m),
        math.floor(place[1] / side_m),
        math.floor(place[2] / side_m),
    )


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


@kernel
def _cover(area: Areas, box: Floats, size: int, side_m: float) -> Ints:
    """Cubes of the area in row 0."""
    x_low, y_low, z_low = _corner(box[:3], side_m)
    x_high, y_high, z_high = _corner(box[3:], side_m)
    marked = np.zeros((x_high - x_low + 1, y_high - y_low + 1, z_high - z_low + 1), np.bool_)
    if marked.size <= _FEW:
        marked[:] = True
    elif area.kind[0] != CIRCLE:
        _mark_arcs(area, (x_low, y_low, z_low), side_m, marked)
    keys = np.empty(marked.size, np.int64)
    count = 0
    for x in range(marked.shape[0]):
        for y in range(marked.shape[1]):
            for z in range(marked.shape[2]):
                corner = ((x_low + x) * side_m, (y_low + y) * side_m, (z_low + z) * side_m)
                if marked[x, y, z] or (_on_surface(corner, side_m) and _held(area, corner, side_m)):
                    keys[count] = _key(size, x_low + x, y_low + y, z_low + z)
                    count += 1
    return keys[:count]


@kernel
def _mark_arcs(area: Areas, origin: tuple[int, int, int], side_m: float, marked: Mask) -> None:
    """Every cube that the box of an arc touches; an arc rises over its chord by length² / 8R."""
    least, most = np.empty(3, np.int64), np.empty(3, np.int64)
    for k in range(len(area.points)):
        if area.lifted[k]:
            continue
        p, q = area.points[k], area.points[k + 1]
        chord2 = (p[0] - q[0]) ** 2 + (p[1] - q[1]) ** 2 + (p[2] - q[2]) ** 2
        rise_m = 1.1 * chord2 / (8.0 * B_M) + _PAD_M
        for axis in range(3):
            least[axis] = max(0, math.floor((min(p[axis], q[axis]) - rise_m) / side_m) - origin[axis])
            most[axis] = math.floor((max(p[axis], q[axis]) + rise_m) / side_m) - origin[axis] + 1
            most[axis] = min(marked.shape[axis], most[axis])
        for x in range(least[0], most[0]):
            for y in range(least[1], most[1]):
                for z in range(least[2], most[2]):
                    marked[x, y, z] = True


@kernel
def _held(area: Areas, corner: Corner, side_m: float) -> bool:
    """Whether an area holds some of a cube that no arc passes: then all of it, and any surface point of the
    cube tells. It is looked for by going to and fro between the surface and the cube."""
    if area.kind[0] == CIRCLE:
        return bool(_away(corner, side_m, area.centre[0]) <= area.circle_m[0] + _PAD_M)
    x, y, z = corner[0] + 0.5 * side_m, corner[1] + 0.5 * side_m, corner[2] + 0.5 * side_m
    for _ in range(_ROUNDS):
        scale = math.sqrt((x * x + y * y) / (A_M * A_M) + z * z / (B_M * B_M))
        x, y, z = x / scale, y / scale, z / scale
        near_x = min(max(x, corner[0]), corner[0] + side_m)
        near_y = min(max(y, corner[1]), corner[1] + side_m)
        near_z = min(max(z, corner[2]), corner[2] + side_m)
        if x == near_x and y == near_y and z == near_z:
            return _holds(area, x, y, z)
        x, y, z = near_x, near_y, near_z
    return True


@kernel
def _away(corner: Corner, side_m: float, place: Floats) -> float:
    """Distance of a cube from a place."""
    total = 0.0
    for axis in range(3):
        gap = max(corner[axis] - place[axis], place[axis] - corner[axis] - side_m, 0.0)
        total += gap * gap
    return math.sqrt(total)


@kernel
def _on_surface(corner: Corner, side_m: float) -> bool:
    """Whether a cube may hold some of the earth's surface."""
    least, most = 0.0, 0.0
    for axis in range(3):
        one, two = abs(corner[axis]), abs(corner[axis] + side_m)
        most += max(one, two) ** 2
        if corner[axis] > 0.0 or corner[axis] + side_m < 0.0:
            least += min(one, two) ** 2
    return bool(least <= (A_M + _PAD_M) ** 2 and most >= (B_M - _PAD_M) ** 2)


@kernel
def _holds(area: Areas, x: float, y: float, z: float) -> bool:
    """Whether a polygon holds a surface point, seen from the earth's centre."""
    f = np.zeros(13)
    f[12] = math.sqrt(x * x + y * y + z * z)
    f[0], f[1], f[2] = x / f[12], y / f[12], z / f[12]
    if abs(f[2]) < 0.9:
        across = math.sqrt(f[0] * f[0] + f[1] * f[1])
        f[3], f[4] = -f[1] / across, f[0] / across
    else:
        across = math.sqrt(f[1] * f[1] + f[2] * f[2])
        f[4], f[5] = -f[2] / across, f[1] / across
    f[6] = f[4] * f[2] - f[5] * f[1]
    f[7] = f[5] * f[0] - f[3] * f[2]
    f[8] = f[3] * f[1] - f[4] * f[0]
    length = len(area.points)
    room = Scratch(np.empty((1, length + 1)), np.empty((2, 2 * length + 2)))
    first, last = polygon_visit(area, 0, f, MARGIN_M, 0.0, 0.0, room)
    return bool(first <= last)
