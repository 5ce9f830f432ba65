"""Outlines made ready for ``incursion``: earth-centred points joined by short arcs, in columns for many rows.

A polygon's geodesic edges are cut as ``geo.rings`` has it. A circle up to ``ROUND_M`` stays a centre and a
radius; a larger one is its circumscribed polygon. Cells of the grid of level 0 become what bounds them
together, drawn as S2 draws them. What reaches farther than ``WIDEST_RAD`` from its middle has no plain inside
and is taken to be everywhere, outward.

Each is a line of points; where ``lifted``, no arc leads from a point to the next. What is inside is even-odd,
so that several rings, and one within another, need no telling apart. An arc here leaves the edge it stands
for by at most ``MARGIN_M``. Metres; nothing has a height.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from comity.geo.boxes import EVERYWHERE, Corners, bulge_m, outline_box
from comity.geo.cells import cell_of, corners, level_of, parent
from comity.geo.earth import A_M, B_M, Floats, normals, on_ellipsoid, units
from comity.geo.rings import MAX_ARC_M, ring
from comity.model.shape import Circle, Shape

Mask = NDArray[np.bool_]

POLYGON: Final = 0
CIRCLE: Final = 1
ANYWHERE: Final = 2

ROUND_M: Final = 100_000.0
"""Up to here an angle about the centre of curvature tells a geodesic distance to 0.2 m, which the allowance
for a path of that length covers. Larger: faster, less exact."""

WIDEST_RAD: Final = math.radians(84.0)
"""Beyond the 80 degrees that ``geo.shapes.check`` lets pass, and less than a hemisphere from any centre."""

MARGIN_M: Final = 0.2
"""Geodesics bend from arcs of ``MAX_ARC_M`` by 0.03 m, arcs of S2's sphere by 0.08 m, and arcs about another
centre by less than 0.06 m; the sides of a circle's polygon are outside it by more."""

BLOCK: Final = 8
"""Points to a block, whose ball lets a path pass the whole of it by. Larger: more arcs looked at in vain."""

_CORNER_DIGITS: Final = 9
"""Decimals of a direction that tell two corners of cells apart: 6 mm."""


class Outline(NamedTuple):
    """One outline. ``centre`` is on the surface; ``circle_m`` is NaN but for circles."""

    kind: int
    points: Floats
    lifted: Mask
    centre: Floats
    circle_m: float
    box: Corners


def of_shape(shape: Shape) -> Outline:
    """A polygon that has passed ``geo.shapes.check``, or a circle."""
    if isinstance(shape, Circle) and shape.radius_m <= ROUND_M:
        centre = on_ellipsoid(normals_to_surface(normals(lats=shape.centre.lat, lons=shape.centre.lon)))
        alone = np.ones(1, dtype=np.bool_)
        return Outline(CIRCLE, centre[None], alone, centre, shape.radius_m, outline_box(shape))
    points = ring(shape)
    lifted = np.zeros(len(points) + 1, dtype=np.bool_)
    lifted[-1] = True
    return _outline(np.concatenate([points, points[:1]]), lifted, outline_box(shape))


def of_cells(tokens: Iterable[str]) -> Outline:
    """What cells of the grid, by their S2 tokens, hold together."""
    parts = [_arc(a, b) for a, b in _outer_edges(_without_nested({cell_of(token) for token in tokens}))]
    if not parts:
        return Outline(ANYWHERE, np.zeros((1, 3)), np.ones(1, np.bool_), np.zeros(3), math.nan, EVERYWHERE)
    points = np.concatenate(parts)
    lifted = np.zeros(len(points), dtype=np.bool_)
    lifted[np.cumsum([len(part) for part in parts]) - 1] = True
    low, high = points.min(axis=0), points.max(axis=0)
    pad = bulge_m(float(np.linalg.norm(high - low)))
    box: Corners = EVERYWHERE if pad == math.inf else (*(low - pad).tolist(), *(high + pad).tolist())
    return _outline(points, lifted, box)


def normals_to_surface(up: Floats) -> Floats:
    """Directions of the surface points at which the ellipsoid's normal is ``up``."""
    return np.asarray(up * (A_M * A_M, A_M * A_M, B_M * B_M))


def balls(points: Floats) -> Floats:
    """A ball (x, y, z, radius) about the arcs of each block. ``points`` is whole blocks; a block's last arc
    ends at the next block's first point."""
    blocks = points.reshape(-1, BLOCK, 3)
    following = np.concatenate([blocks[1:, :1], blocks[-1:, -1:]])
    reached = np.concatenate([blocks, following], axis=1)
    middles = (reached.min(axis=1) + reached.max(axis=1)) / 2.0
    radii = np.sqrt(((reached - middles[:, None]) ** 2).sum(axis=2).max(axis=1))
    return np.column_stack([middles, radii * (1.0 + 1e-9) + 1e-6])


def padded(outline: Outline) -> tuple[Floats, Mask]:
    """Points and ``lifted`` in whole blocks, the last point repeated."""
    more = -len(outline.points) % BLOCK
    points = np.concatenate([outline.points, np.repeat(outline.points[-1:], more, axis=0)])
    return points, np.concatenate([outline.lifted, np.ones(more, dtype=np.bool_)])


def _outline(points: Floats, lifted: Mask, box: Corners) -> Outline:
    middle = points.min(axis=0) + points.max(axis=0)
    plain = float(middle @ middle) > 1.0
    up = units(middle if plain else points[0])
    plain = plain and float((units(points) @ up).min()) > math.cos(WIDEST_RAD)
    kind, limits = (POLYGON, box) if plain else (ANYWHERE, EVERYWHERE)
    return Outline(kind, points, lifted, on_ellipsoid(up), math.nan, limits)


def _without_nested(cells: set[int]) -> list[int]:
    """Without those that lie in another one: even-odd would take them out."""
    levels = sorted({level_of(cell) for cell in cells})
    return sorted(
        cell
        for cell in cells
        if not any(parent(cell, level) in cells for level in levels if level < level_of(cell))
    )


def _outer_edges(cells: Sequence[int]) -> list[tuple[Floats, Floats]]:
    """The edges that no two cells share, as ends in the ellipsoid's normals. A corner is the same to the
    last bit in each of its edges: inside is told by which side of a plane it is on."""
    corner_at: dict[tuple[float, ...], Floats] = {}
    sides: dict[frozenset[tuple[float, ...]], int] = {}
    for square in map(corners, cells):
        ends = []
        for corner in normals(lats=[c[0] for c in square], lons=[c[1] for c in square]):
            ends.append(tuple((np.round(corner, _CORNER_DIGITS) + 0.0).tolist()))
            corner_at.setdefault(ends[-1], corner)
        for k in range(4):
            side = frozenset((ends[k - 1], ends[k]))
            sides[side] = sides.get(side, 0) + 1
    alone = sorted(sorted(side) for side, count in sides.items() if count == 1)
    return [(corner_at[a], corner_at[b]) for a, b in alone]


def _arc(a: Floats, b: Floats) -> Floats:
    """A great circle of S2's sphere from corner to corner, as surface points at most ``MAX_ARC_M`` apart."""
    angle = math.atan2(float(np.linalg.norm(np.cross(a, b))), float(a @ b))
    pieces = max(1, math.ceil(angle * A_M * 1.01 / MAX_ARC_M))
    share = np.linspace(0.0, angle, pieces + 1)[1:-1, None]
    between = (np.sin(angle - share) * a + np.sin(share) * b) / math.sin(angle)
    return on_ellipsoid(normals_to_surface(np.concatenate([a[None], between, b[None]])))
