"""Boxes for searching: an earth-centred box of the outline, a height band and a time span, all closed.

The box holds every point of the outline *on the ellipsoid*; heights stay a band of their own, so there
are no poles, no antimeridian and no shells. It is padded by ``PAD_M`` for what the exact test counts
as touching and for single precision. Heights are bounds in metres above the ellipsoid, times seconds
since 1970. Ends count as inside: a search returns too much and never too little.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from comity.clock import seconds
from comity.geo.cells import grid_reach_m
from comity.geo.earth import A_M, B_M, ONE_MINUS_E2, SMALLEST_CURVATURE_RADIUS_M, Floats, xyz, xyz_of
from comity.geo.heights import Environment, bounds
from comity.geo.rings import reach_m
from comity.model.shape import Circle, Polygon, Shape
from comity.model.volume import Volume4D

PAD_M: Final = 2.0
"""Two outlines that the exact test finds within 0.61 m still share a box when each is padded by half of
that; single precision at 6,400 km moves a limit by up to 0.25 m, once when stored and once when asked."""

BULGE: Final = 1.03
"""On the depth of the surface behind a polygon's corners. The edges' own bend between corners (geodesic
against great ellipse) is under 0.5 % of that depth; larger only makes boxes of large polygons larger."""


class Box(NamedTuple):
    """All limits are inside."""

    x_low: float
    y_low: float
    z_low: float
    x_high: float
    y_high: float
    z_high: float
    lower_m: float
    upper_m: float
    start_s: float
    end_s: float


_WIDEST: Final = 0.98
"""Half a diagonal over the earth's radius, from which on a polygon's box is the whole earth."""

EARTH_M: Final = A_M + PAD_M
EVERYWHERE: Final = (-EARTH_M, -EARTH_M, -EARTH_M, EARTH_M, EARTH_M, EARTH_M)

Corners = tuple[float, float, float, float, float, float]

_FAR_M: Final = 1_000_000.0
"""A box that is padded by less stays within the widest cell of the index; padded by more it is cut back to
the earth, outside of which nothing lies."""


def share(a: Box, b: Box) -> bool:
    """Whether two boxes share a point; the likeliest reason that they do not comes first."""
    return (
        a[0] <= b[3]
        and a[3] >= b[0]
        and a[1] <= b[4]
        and a[4] >= b[1]
        and a[6] <= b[7]
        and a[7] >= b[6]
        and a[8] <= b[9]
        and a[9] >= b[8]
        and a[2] <= b[5]
        and a[5] >= b[2]
    )


def volume_box(volume: Volume4D, environment: Environment) -> Box:
    """``environment`` must know no more than what stays true while the box is in use."""
    return Box(
        *outline_box(volume.outline),
        bounds(volume.lower, environment, volume.start).lower_m,
        bounds(volume.upper, environment, volume.start).upper_m,
        seconds(volume.start),
        seconds(volume.end),
    )


def volume_boxes(volumes: Sequence[Volume4D], environment: Environment) -> Floats:
    """``volume_box`` of many, one a row."""
    boxes = np.empty((len(volumes), len(Box._fields)))
    boxes[:, :6] = outline_boxes([v.outline for v in volumes])
    boxes[:, 6] = [bounds(v.lower, environment, v.start).lower_m for v in volumes]
    boxes[:, 7] = [bounds(v.upper, environment, v.start).upper_m for v in volumes]
    boxes[:, 8] = [seconds(v.start) for v in volumes]
    boxes[:, 9] = [seconds(v.end) for v in volumes]
    return boxes


def diameter_m(box: Box) -> float:
    """Nothing in the box's outline is farther apart than this, in a straight line."""
    return math.dist(box[:3], box[3:6])


def coarsened(box: Box, height_m: float, time_s: float) -> Box:
    """A box grown so that it holds the grid cells of the outline that it is of, without finding them;
    heights and times grow by what is given, on either side."""
    reach = grid_reach_m(diameter_m(box))
    space = EVERYWHERE if reach == math.inf else _grown(box[:6], reach + PAD_M)
    heights = box.lower_m - height_m, box.upper_m + height_m
    return Box(*space, *heights, box.start_s - time_s, box.end_s + time_s)


def coarsened_boxes(boxes: Floats, height_m: float, time_s: float) -> Floats:
    """``coarsened`` of many, one a row."""
    grown = boxes.copy()
    gap = boxes[:, 3:6] - boxes[:, :3]
    diameters = np.sqrt(np.einsum("ij,ij->i", gap, gap))
    reach = np.array([grid_reach_m(d) for d in diameters.tolist()]) + PAD_M
    grown[:, :3] -= reach[:, None]
    grown[:, 3:6] += reach[:, None]
    far = reach > _FAR_M
    grown[far, :6] = np.clip(grown[far, :6], -EARTH_M, EARTH_M)
    grown[reach == np.inf, :6] = EVERYWHERE
    for low, high, by in ((6, 7, height_m), (8, 9, time_s)):
        grown[:, low] -= by
        grown[:, high] += by
    return grown


def _grown(corners: Corners, by_m: float) -> Corners:
    x_low, y_low, z_low, x_high, y_high, z_high = corners
    if by_m > _FAR_M:
        return (
            max(x_low - by_m, -EARTH_M),
            max(y_low - by_m, -EARTH_M),
            max(z_low - by_m, -EARTH_M),
            min(x_high + by_m, EARTH_M),
            min(y_high + by_m, EARTH_M),
            min(z_high + by_m, EARTH_M),
        )
    return x_low - by_m, y_low - by_m, z_low - by_m, x_high + by_m, y_high + by_m, z_high + by_m


def outline_box(outline: Shape) -> Corners:
    """Earth-centred limits of everything in the outline."""
    return _circle_box(outline) if isinstance(outline, Circle) else _polygon_box(outline)


def bulge_m(diagonal_m: float) -> float:
    """How deep the ellipsoid's surface can lie behind points of it whose box has this diagonal.

    Scaled to the unit sphere, the points are within half the diagonal of the line from the centre
    through the box's middle, so their hull is no deeper than a cap of that half-width; infinite where
    such points need not be on one side of the earth."""
    half = diagonal_m / (2.0 * B_M)
    if half >= _WIDEST:
        return math.inf
    return BULGE * A_M * (1.0 - math.sqrt(1.0 - half * half)) + PAD_M


def outline_boxes(outlines: Sequence[Shape]) -> Floats:
    """``outline_box`` of many, shape (n, 6)."""
    boxes = np.empty((len(outlines), 6))
    polygons = [(k, o) for k, o in enumerate(outlines) if isinstance(o, Polygon)]
    for k, outline in enumerate(outlines):
        if isinstance(outline, Circle):
            boxes[k] = _circle_box(outline)
    if polygons:
        counts = np.array([len(p.vertices) for _, p in polygons], dtype=np.intp)
        starts = np.cumsum(counts) - counts
        points = xyz(
            lats=[v.lat for _, p in polygons for v in p.vertices],
            lons=[v.lon for _, p in polygons for v in p.vertices],
        )
        low, high = np.minimum.reduceat(points, starts), np.maximum.reduceat(points, starts)
        half = np.sqrt(np.einsum("ij,ij->i", high - low, high - low)) / (2.0 * B_M)
        wide = half >= _WIDEST
        depth = BULGE * A_M * (1.0 - np.sqrt(1.0 - np.minimum(half, _WIDEST) ** 2)) + PAD_M
        made = np.concatenate([low - depth[:, None], high + depth[:, None]], axis=1)
        far = depth > _FAR_M
        made[far] = np.clip(made[far], -EARTH_M, EARTH_M)
        made[wide] = EVERYWHERE
        boxes[[k for k, _ in polygons]] = made
    return boxes


def _circle_box(circle: Circle) -> Corners:
    x, y, z = xyz_of(lat=circle.centre.lat, lon=circle.centre.lon)
    out = reach_m(circle.radius_m)
    if out > 1_000_000.0:
        out += PAD_M
        return x - out, y - out, z - out, x + out, y + out, z + out
    # A point at distance `out` is at most that far along the ground and this far below the tangent plane.
    down = out * out / (2.0 * SMALLEST_CURVATURE_RADIUS_M) * BULGE + PAD_M
    nx, ny, nz = x, y, z / ONE_MINUS_E2
    norm = math.sqrt(nx * nx + ny * ny + nz * nz)
    nx, ny, nz = nx / norm, ny / norm, nz / norm
    dx = out * math.sqrt(max(0.0, 1.0 - nx * nx)) + down
    dy = out * math.sqrt(max(0.0, 1.0 - ny * ny)) + down
    dz = out * math.sqrt(max(0.0, 1.0 - nz * nz)) + down
    return x - dx, y - dy, z - dz, x + dx, y + dy, z + dz


def _polygon_box(polygon: Polygon) -> Corners:
    points = [xyz_of(lat=v.lat, lon=v.lon) for v in polygon.vertices]
    xs, ys, zs = zip(*points, strict=True)
    x_low, y_low, z_low, x_high, y_high, z_high = min(xs), min(ys), min(zs), max(xs), max(ys), max(zs)
    pad = bulge_m(math.sqrt((x_high - x_low) ** 2 + (y_high - y_low) ** 2 + (z_high - z_low) ** 2))
    if pad == math.inf:
        return EVERYWHERE
    return _grown((x_low, y_low, z_low, x_high, y_high, z_high), pad)
