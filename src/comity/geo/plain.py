"""A quick yes to whether a small polygon's edges neither cross nor touch; everything else is "perhaps".

Most outlines that people file have a dozen vertices and are plain by far. For them this takes a tenth of the
time of asking GEOS, which decides the rest. Points are earth-centred metres of a ring whose edges are short
(``rings.short_ring``), projected to the gnomonic plane of their middle, in which such edges are straight.

Two edges that have no corner in common are apart if the line of one has both ends of the other on one side.
Only what is clear by ``MARGIN_M`` counts, so the projection's rounding (under 1e-6 m) cannot matter.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from itertools import pairwise
from typing import Final

from comity.geo.earth import B_M

Point = tuple[float, float, float]
Flat = list[tuple[float, float]]
Edge = tuple[float, float, float]
"""East and north in metres, and how far from its line, in square metres of a cross product, is clear."""

MARGIN_M: Final = 0.001
"""Far above rounding, far below what anybody means. Larger sends more polygons to GEOS."""

_WIDEST_M: Final = 200_000.0
"""In a plane of this half-width nothing is stretched by more than a thousandth."""


def surely_plain(points: Sequence[Point], least_m2: float) -> bool:
    """Whether the ring is simple and encloses at least ``least_m2``, both without doubt."""
    flat = _flat(points)
    if flat is None:
        return False
    edges: list[Edge] = []
    twice_area = 0.0
    for k, (x, y) in enumerate(flat):
        next_x, next_y = flat[k + 1 - len(flat)]
        run, rise = next_x - x, next_y - y
        edges.append((run, rise, MARGIN_M * math.sqrt(run * run + rise * rise)))
        twice_area += x * next_y - next_x * y
    if abs(twice_area) < 2.02 * least_m2:
        return False
    turns = _turns(edges)
    if turns is None:
        return False
    if turns and sum((a[0] > 0.0) != (b[0] > 0.0) for a, b in pairwise([*edges, edges[0]])) == 2:
        return True
    return _apart(flat, edges)


def _turns(edges: list[Edge]) -> bool | None:
    """Whether every corner clearly turns the same way; None where an edge may run back along the one
    before, or has no length. A ring that turns one way all along, and once, is convex."""
    left = right = 0
    ax, ay, along_a = edges[-1]
    for bx, by, along_b in edges:
        if along_b < MARGIN_M * MARGIN_M:
            return None
        turn, clear = ax * by - ay * bx, max(along_a, along_b)
        if turn > clear:
            left += 1
        elif turn < -clear:
            right += 1
        elif ax * bx + ay * by <= 0.0:
            return None
        ax, ay, along_a = bx, by, along_b
    return len(edges) in (left, right)


def _apart(flat: Flat, edges: list[Edge]) -> bool:
    """Whether all edges without a common corner are clearly apart."""
    count = len(flat)
    sides = [_sides(flat, corner, edge) for corner, edge in zip(flat, edges, strict=True)]
    for first in range(count - 2):
        own = sides[first]
        for second in range(first + 2, count if first else count - 1):
            theirs = sides[second]
            if own[second] * own[second + 1 - count] <= 0 and theirs[first] * theirs[first + 1] <= 0:
                return False
    return True


def _sides(flat: Flat, corner: tuple[float, float], edge: Edge) -> list[int]:
    """For each corner, on which side of the edge's line it is: 1, -1, or 0 where that is not clear."""
    x, y = corner
    run, rise, margin = edge
    found = []
    for px, py in flat:
        side = run * (py - y) - rise * (px - x)
        found.append(1 if side > margin else -1 if side < -margin else 0)
    return found


def _flat(points: Sequence[Point]) -> Flat | None:
    """The ring in the plane about its middle, in metres; None where that is too wide."""
    xs, ys, zs = zip(*points, strict=True)
    low, high = (min(xs), min(ys), min(zs)), (max(xs), max(ys), max(zs))
    if math.dist(low, high) > _WIDEST_M:
        return None
    ux, uy, uz = (a + b for a, b in zip(low, high, strict=True))
    length = math.sqrt(ux * ux + uy * uy + uz * uz)
    ux, uy, uz = ux / length, uy / length, uz / length
    if abs(uz) < 0.9:
        ex, ey, ez = -uy, ux, 0.0
    else:
        ex, ey, ez = 0.0, -uz, uy
    length = math.sqrt(ex * ex + ey * ey + ez * ez)
    ex, ey, ez = ex / length, ey / length, ez / length
    nx, ny, nz = uy * ez - uz * ey, uz * ex - ux * ez, ux * ey - uy * ex
    flat = []
    for x, y, z in points:
        scale = B_M / (x * ux + y * uy + z * uz)
        flat.append(((x * ex + y * ey + z * ez) * scale, (x * nx + y * ny + z * nz) * scale))
    return flat
