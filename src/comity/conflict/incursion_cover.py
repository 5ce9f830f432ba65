"""The cubes of earth-centred space that an area is in: all that hold some of its surface, and more.

All that its box touches where those are few, else those that its outline passes and those in its inside.
Cubes have sides of ``SIDES_M``; an area that would be in more than ``MOST_CUBES`` of the small ones is in the
large ones, and one that is anywhere is in none. A cube is an integer: size, then x, y and z counted in sides
from the earth's centre. They need no poles and no antimeridian.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from comity.conflict.compiled import kernel
from comity.conflict.cylinder import Floats
from comity.conflict.incursion import Areas, Ints, Scratch, polygon_visit
from comity.conflict.incursion_areas import ANYWHERE, CIRCLE, MARGIN_M, Mask, Outline, balls, padded
from comity.geo.earth import A_M, B_M

Corner = tuple[float, float, float]

SIDES_M: Final = (65_536.0, 524_288.0)
"""About the way of a jet in four minutes; and eight times that. Larger: more areas to sift in each cube.
Smaller: more cubes to look into for each aircraft."""

MOST_CUBES: Final = 2_048
"""Of the small side, some 4 million km². Larger: more memory for areas of continents."""

_WIDEST_M: Final = 4_000_000.0
"""A box wider than this is not tried with small cubes: there would be a quarter of a million to look at."""

_FEW: Final = 8
PAD_M: Final = 2.0
BITS: Final = 16
_OFFSET: Final = 1 << (BITS - 1)
_ROUNDS: Final = 12
"""Steps towards a surface point in a cube. Where none is found the cube is taken: fewer steps, more cubes."""


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


@kernel
def key_of(size: int, x: int, y: int, z: int) -> int:
    return (((((size << BITS) | (x + _OFFSET)) << BITS) | (y + _OFFSET)) << BITS) | (z + _OFFSET)


@kernel
def corner_of(place: NDArray[np.floating], side_m: float) -> tuple[int, int, int]:
    """The cube of a place."""
    return (
        math.floor(place[0] / side_m),
        math.floor(place[1] / side_m),
        math.floor(place[2] / side_m),
    )


@kernel
def _cover(area: Areas, box: Floats, size: int, side_m: float) -> Ints:
    """Cubes of the area in row 0."""
    x_low, y_low, z_low = corner_of(box[:3], side_m)
    x_high, y_high, z_high = corner_of(box[3:], side_m)
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
                    keys[count] = key_of(size, x_low + x, y_low + y, z_low + z)
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
        rise_m = 1.1 * chord2 / (8.0 * B_M) + PAD_M
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
        return bool(_away(corner, side_m, area.centre[0]) <= area.circle_m[0] + PAD_M)
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
    return bool(least <= (A_M + PAD_M) ** 2 and most >= (B_M - PAD_M) ** 2)


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
