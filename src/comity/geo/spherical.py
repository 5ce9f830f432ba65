"""The exact test for outlines that reach too far for one plane, such as a circle of 5,000 km.

Two areas share a point if and only if their boundaries come together, or one lies wholly in the other
and then holds any point of its boundary. Boundaries are compared on the six faces of a cube about the
earth's centre (each face a gnomonic plane); holding a point is a winding number about that point.

About a hundred times slower than ``outlines``' planes, and meant for the few. Errs towards "yes" by
the distance handed in, up to four times that at a face's corner.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
import shapely

from comity.geo.earth import Floats, units

_FACE_EDGE: Final = 1.1
"""Half the width of a face's window in its plane. The faces meet at 1; the rest is for arcs (under two
degrees long) that have one end beyond the edge of a face that they cross."""


class Boundary:
    """One ring cut into the arcs of each face."""

    def __init__(self, ring: Floats) -> None:
        self.ring = units(ring)
        self.faces = tuple(_on_face(self.ring, face) for face in range(6))

    def near(self, other: Boundary, gap: float) -> bool:
        """Whether the two boundaries come within ``gap`` earth radii."""
        return any(
            a is not None and b is not None and bool(shapely.dwithin(a, b, gap))
            for a, b in zip(self.faces, other.faces, strict=True)
        )

    def holds(self, point: Floats) -> bool:
        """Whether the smaller side of the ring holds this direction."""
        return holds(self.ring, point)


def areas_meet(a: Boundary, b: Boundary, gap: float) -> bool:
    """Whether two areas come within ``gap`` earth radii of each other."""
    return a.near(b, gap) or a.holds(b.ring[0]) or b.holds(a.ring[0])


def holds(ring: Floats, point: Floats) -> bool:
    """Winding of a ring of unit vectors, contained in less than a hemisphere, about a direction.

    Seen from the point, the ring turns a full circle if it goes round the point; the same is true of the
    point's antipode, which is ruled out because the ring's own middle must lie before the point."""
    point = point / math.sqrt(float(point @ point))
    middle = ring.min(axis=0) + ring.max(axis=0)
    if float(middle @ point) <= 0.0:
        return False
    along = ring @ point
    after = np.roll(ring, -1, axis=0)
    turn = np.arctan2(
        np.cross(ring, after) @ point, np.einsum("ij,ij->i", ring, after) - along * np.roll(along, -1)
    )
    return abs(float(turn.sum())) > math.pi


def _on_face(ring: Floats, face: int) -> shapely.MultiLineString | None:
    """The arcs of a ring that are in one face's window, as straight lines."""
    axis, sign = face % 3, 1.0 if face < 3 else -1.0
    up = ring[:, axis] * sign
    inside = up * _FACE_EDGE >= np.abs(ring[:, [i for i in range(3) if i != axis]]).max(axis=1)
    if not inside.any():
        return None
    arc = inside | np.roll(inside, -1)
    arc &= (up > 0.1) & (np.roll(up, -1) > 0.1)
    plane = ring[:, [i for i in range(3) if i != axis]] / np.where(up > 0.1, up, 1.0)[:, None]
    lines = np.stack([plane[arc], np.roll(plane, -1, axis=0)[arc]], axis=1)
    return shapely.MultiLineString(list(lines))
