"""Where aircraft are after a while, if they fly on as they said: along a great circle of the ellipsoid.

The way is cut into its parts along and across the meridian, each bent with its own radius of curvature, and
laid out on a sphere; the track turns with the meridians that it crosses. Within 1.5 m of the geodesic after
a minute at 700 m/s, 0.3 m at 300 m/s, at the poles and the antimeridian as well (tested against pyproj).
Degrees, metres a second, seconds; longitudes answered in [-180, 180).
"""

from __future__ import annotations

import math
from typing import Final

import numpy as np

from comity.conflict.compiled import kernel
from comity.geo.earth import A_M, E2, ONE_MINUS_E2
from comity.model.batch import Floats

_RADIANS: Final = math.pi / 180.0


def project(
    *, lat_deg: Floats, lon_deg: Floats, speed_mps: Floats, track_deg: Floats, after_s: Floats
) -> tuple[Floats, Floats, Floats, Floats]:
    """(lat_deg, lon_deg, east_mps, north_mps) after that time, all arrays of one length and of numbers."""
    given = np.array((lat_deg, lon_deg, speed_mps, track_deg, after_s), dtype=np.float64)
    told = np.empty((4, len(lat_deg)))
    _project(given, told)
    return told[0], told[1], told[2], told[3]


@kernel
def _project(given: Floats, told: Floats) -> None:
    lat_deg, lon_deg, speed_mps, track_deg, after_s = given[0], given[1], given[2], given[3], given[4]
    for k in range(given.shape[1]):
        lat, lon, speed = lat_deg[k] * _RADIANS, lon_deg[k] * _RADIANS, speed_mps[k]
        sin_lat, cos_lat = math.sin(lat), math.cos(lat)
        ahead_n, ahead_e = math.cos(track_deg[k] * _RADIANS), math.sin(track_deg[k] * _RADIANS)
        squash = 1.0 - E2 * sin_lat * sin_lat
        way_m = speed * after_s[k]
        angle_e = way_m * ahead_e * math.sqrt(squash) / A_M
        angle_n = way_m * ahead_n * squash * math.sqrt(squash) / (A_M * ONE_MINUS_E2)
        angle = math.sqrt(angle_n * angle_n + angle_e * angle_e)
        if angle == 0.0:
            told[0, k], told[1, k] = lat_deg[k], (lon_deg[k] + 180.0) % 360.0 - 180.0
            told[2, k], told[3, k] = speed * ahead_e, speed * ahead_n
            continue
        start_n, start_e = angle_n / angle, angle_e / angle
        sin_angle, cos_angle = math.sin(angle), math.cos(angle)
        # x lies in the meridian of the start, y east of it, z north.
        x = cos_lat * cos_angle - sin_lat * start_n * sin_angle
        y = start_e * sin_angle
        z = sin_lat * cos_angle + cos_lat * start_n * sin_angle
        across, turned = math.sqrt(x * x + y * y), math.atan2(y, x)
        sin_turned, cos_turned = math.sin(turned), math.cos(turned)
        out = -(cos_lat * sin_angle + sin_lat * start_n * cos_angle)
        end_e = start_e * cos_angle * cos_turned - out * sin_turned
        outward = out * cos_turned + start_e * cos_angle * sin_turned
        end_n = (cos_lat * start_n * cos_angle - sin_lat * sin_angle) * across - outward * z
        # The track turns as the path does.
        cosine, sine = start_n * end_n + start_e * end_e, start_n * end_e - start_e * end_n
        told[0, k] = math.atan2(z, across) / _RADIANS
        told[1, k] = ((lon + turned) / _RADIANS + 180.0) % 360.0 - 180.0
        told[2, k] = speed * (ahead_e * cosine + ahead_n * sine)
        told[3, k] = speed * (ahead_n * cosine - ahead_e * sine)
