"""Two aircraft on the Earth as two points in one plane.

An aircraft is a row of eight numbers (``place``): its point on the WGS84 ellipsoid and its horizontal
velocity, both in earth-centred axes, then height and vertical speed. For a pair (``relative``) the plane
touches the Earth halfway between the two; x is east and y north there. The difference of the two points is
turned into the plane and stretched from the chord to the arc, velocities are turned into the plane's
directions. So what one sees is the exact opposite of what the other sees, to the bit, and poles and the
antimeridian are places like others.

Distances: within 2e-5 of the WGS84 geodesic up to 300 km, 4e-4 up to 1,000 km. They are distances over the
ground: at 12 km height aircraft are 0.2 % further apart than that. Paths are straight in the plane, which a
great circle leaves by a few metres within 50 km and by 0.1 % within 300 km.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import NDArray

from comity.conflict.compiled import kernel
from comity.geo.earth import A_M, E2, ONE_MINUS_E2

Floats = NDArray[np.float64]
Ints = NDArray[np.int32]

Plane = tuple[float, float, float, float]

Motion = tuple[Floats, Floats, Floats, Floats, Floats, Floats]
"""Latitude and longitude in degrees, height, then velocity east, north and up; SI."""

PX: Final = 0
WX: Final = 3
HEIGHT: Final = 6
UP: Final = 7
WIDTH: Final = 8
"""Columns of a row: PX to PX+2 the point, WX to WX+2 the velocity over ground, then height and vertical
speed."""

_MEAN_RADIUS_M: Final = 6_371_008.8
"""Only for the difference between chord and arc, which is small: 0.5 % off here is 1e-6 of 300 km."""

_TO_NORMAL: Final = 1.0 / ONE_MINUS_E2
"""Stretches a point of the ellipsoid along the axis until it points along the normal there."""

_RADIANS: Final = math.pi / 180.0


@kernel
def place(rows: Ints, motion: Motion, states: Floats) -> None:
    """Fill ``states`` with the aircraft that ``rows`` names."""
    lat_deg, lon_deg, height_m, east_mps, north_mps, up_mps = motion
    for k in range(len(rows)):
        row = rows[k]
        lat, lon = lat_deg[row] * _RADIANS, lon_deg[row] * _RADIANS
        cos_lat, sin_lat, cos_lon, sin_lon = math.cos(lat), math.sin(lat), math.cos(lon), math.sin(lon)
        n = A_M / math.sqrt(1.0 - E2 * sin_lat * sin_lat)
        east, north = east_mps[row], north_mps[row]
        states[k, 0] = n * cos_lat * cos_lon
        states[k, 1] = n * cos_lat * sin_lon
        states[k, 2] = n * ONE_MINUS_E2 * sin_lat
        states[k, 3] = -sin_lon * east - sin_lat * cos_lon * north
        states[k, 4] = cos_lon * east - sin_lat * sin_lon * north
        states[k, 5] = cos_lat * north
        states[k, 6] = height_m[row]
        states[k, 7] = up_mps[row]


@kernel
def relative(a: Floats, i: int, b: Floats, j: int) -> Plane:
    """(sx, sy, vx, vy) of row ``i`` of ``a`` minus row ``j`` of ``b``, metres and metres a second."""
    mx, my, mz = a[i, 0] + b[j, 0], a[i, 1] + b[j, 1], (a[i, 2] + b[j, 2]) * _TO_NORMAL
    across2 = mx * mx + my * my
    # Two opposite points of the Earth have no halfway point: any plane will do, they do not meet.
    scale = 1.0 / math.sqrt(across2 + mz * mz) if across2 + mz * mz > 0.0 else 0.0
    across = math.sqrt(across2)
    ex, ey = 0.0, 1.0
    if across * scale > 1e-9:
        inverse = 1.0 / across
        ex, ey = -my * inverse, mx * inverse
    sin_lat = mz * scale
    nx, ny, nz = -sin_lat * ey, sin_lat * ex, across * scale
    dx, dy, dz = a[i, 0] - b[j, 0], a[i, 1] - b[j, 1], a[i, 2] - b[j, 2]
    stretch = arc_over_chord(dx * dx + dy * dy + dz * dz)
    wx, wy, wz = a[i, 3] - b[j, 3], a[i, 4] - b[j, 4], a[i, 5] - b[j, 5]
    sx, sy = (dx * ex + dy * ey) * stretch, (dx * nx + dy * ny + dz * nz) * stretch
    return sx, sy, wx * ex + wy * ey, wx * nx + wy * ny + wz * nz


@kernel
def arc_over_chord(chord_m2: float) -> float:
    """How much longer the way along the Earth is than the straight one."""
    x2 = chord_m2 * (0.25 / (_MEAN_RADIUS_M * _MEAN_RADIUS_M))
    if x2 < 1e-4:
        return 1.0 + x2 * (1.0 / 6.0 + x2 * (3.0 / 40.0))
    x = min(1.0, math.sqrt(x2))
    return math.asin(x) / x
