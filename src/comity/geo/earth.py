"""The WGS84 ellipsoid: geodesics, earth-centred coordinates and directions.

Frames. ``xyz``: earth-centred, earth-fixed metres of the point *on the ellipsoid*; nothing here has a
height. A **direction** is such a vector at any length: the ray from the earth's centre through the
point. The straight line between two directions is an arc of a great ellipse, which leaves the geodesic
between the same two points by at most ``GREAT_ELLIPSE_BEND * length**2 / 8`` metres.

Geodesics are pyproj's (Karney's algorithms, good to nanometres). Angles in degrees on the outside,
longitudes answered in -180 to 180.
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np
from numpy.typing import ArrayLike, NDArray
from pyproj import Geod

Floats = NDArray[np.float64]

GEOD: Final = Geod(ellps="WGS84")

A_M: Final = 6_378_137.0
B_M: Final = 6_356_752.314245179
E2: Final = 1.0 - (B_M / A_M) ** 2
ONE_MINUS_E2: Final = (B_M / A_M) ** 2

SMALLEST_CURVATURE_RADIUS_M: Final = B_M * B_M / A_M
"""Of a meridian on the equator; nowhere on the ellipsoid does the surface bend more."""

GREAT_ELLIPSE_BEND: Final = E2 / 2.0 * 1.01 / SMALLEST_CURVATURE_RADIUS_M
"""Bound, per metre, on the geodesic curvature of a great ellipse: the sine of the largest angle between
the ellipsoid's normal and the line to its centre (e²/2 to first order, 0.19°) over the radius."""


def distance_m(*, lat_a: float, lon_a: float, lat_b: float, lon_b: float) -> float:
    """Geodesic distance."""
    return float(GEOD.inv(lon_a, lat_a, lon_b, lat_b)[2])


def geodesics(
    *, lats_a: ArrayLike, lons_a: ArrayLike, lats_b: ArrayLike, lons_b: ArrayLike
) -> tuple[Floats, Floats]:
    """Azimuths at the first points, and lengths in metres; the arguments broadcast."""
    lat_a, lon_a, lat_b, lon_b = _broadcast(lats_a, lons_a, lats_b, lons_b)
    azimuths, _, lengths = GEOD.inv(lon_a, lat_a, lon_b, lat_b)
    return np.asarray(azimuths, dtype=np.float64), np.asarray(lengths, dtype=np.float64)


def destination(*, lat: float, lon: float, azimuth_deg: float, distance_m: float) -> tuple[float, float]:
    """``(lat, lon)`` at the end of a geodesic."""
    end_lon, end_lat, _ = GEOD.fwd(lon, lat, azimuth_deg, distance_m)
    return float(end_lat), float(end_lon)


def destinations(
    *, lats: ArrayLike, lons: ArrayLike, azimuths_deg: ArrayLike, distances_m: ArrayLike
) -> tuple[Floats, Floats]:
    """``(lats, lons)`` at the ends of geodesics; the arguments broadcast."""
    lat, lon, azimuth, distance = _broadcast(lats, lons, azimuths_deg, distances_m)
    end_lons, end_lats, _ = GEOD.fwd(lon, lat, azimuth, distance)
    return np.asarray(end_lats, dtype=np.float64), np.asarray(end_lons, dtype=np.float64)


def xyz_of(*, lat: float, lon: float) -> tuple[float, float, float]:
    """One point of the ellipsoid in earth-centred metres."""
    phi, lam = math.radians(lat), math.radians(lon)
    sin_phi, cos_phi = math.sin(phi), math.cos(phi)
    n = A_M / math.sqrt(1.0 - E2 * sin_phi * sin_phi)
    r = n * cos_phi
    return r * math.cos(lam), r * math.sin(lam), n * ONE_MINUS_E2 * sin_phi


def xyz(*, lats: ArrayLike, lons: ArrayLike) -> Floats:
    """Points of the ellipsoid in earth-centred metres, shape (n, 3)."""
    phi, lam = np.radians(lats), np.radians(lons)
    sin_phi = np.sin(phi)
    n = A_M / np.sqrt(1.0 - E2 * sin_phi * sin_phi)
    r = n * np.cos(phi)
    return np.stack([r * np.cos(lam), r * np.sin(lam), n * ONE_MINUS_E2 * sin_phi], axis=-1)


def lats_lons(directions: Floats) -> tuple[Floats, Floats]:
    """Geodetic degrees of the surface points in these directions."""
    x, y, z = directions[..., 0], directions[..., 1], directions[..., 2]
    return np.degrees(np.arctan2(z, np.hypot(x, y) * ONE_MINUS_E2)), np.degrees(np.arctan2(y, x))


def units(vectors: Floats) -> Floats:
    """The same directions at length 1."""
    lengths: Floats = np.sqrt(np.einsum("...i,...i->...", vectors, vectors))
    return vectors / lengths[..., None]


def on_ellipsoid(directions: Floats) -> Floats:
    """The surface points in these directions, earth-centred metres."""
    x, y, z = directions[..., 0], directions[..., 1], directions[..., 2]
    scale = np.sqrt((x * x + y * y) / (A_M * A_M) + z * z / (B_M * B_M))
    return directions / scale[..., None]


def normals(*, lats: ArrayLike, lons: ArrayLike) -> Floats:
    """Unit normals of the ellipsoid: latitude and longitude read as if on a sphere (as S2 does)."""
    phi, lam = np.radians(lats), np.radians(lons)
    cos_phi = np.cos(phi)
    return np.stack([cos_phi * np.cos(lam), cos_phi * np.sin(lam), np.sin(phi)], axis=-1)


def frame_at(direction: Floats) -> Floats:
    """An orthonormal frame (rows: two tangents, then the unit direction itself)."""
    up = direction / math.sqrt(float(direction @ direction))
    other = np.zeros(3)
    other[int(np.argmin(np.abs(up)))] = 1.0
    east = np.cross(other, up)
    east /= math.sqrt(float(east @ east))
    return np.stack([east, np.cross(up, east), up])


def _broadcast(*arrays: ArrayLike) -> list[Floats]:
    """Owned copies of one shape, because pyproj may answer in the arrays it is given."""
    return [a.copy() for a in np.broadcast_arrays(*(np.asarray(x, dtype=np.float64) for x in arrays))]
