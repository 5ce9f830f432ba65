"""Paths of an encounter: straight and even between points in a plane, so that truth has a closed form.

The plane touches the earth at the encounter's site: metres east, north and above the WGS84 ellipsoid (or the
pressure level 1013.25 hPa, which of the two is the aircraft's own). Times are seconds of the cycle. Points
become places along great circles of the sphere, which differs from WGS84 by 0.3 % at most here.
"""

from __future__ import annotations

import math
from itertools import pairwise
from typing import NamedTuple

from comity.sim.sphere import Point, ahead, bearing_deg


class Fix(NamedTuple):
    """Where an aircraft is at ``s``."""

    s: float
    x_m: float
    y_m: float
    z_m: float


class Line(NamedTuple):
    """Even motion from ``start_s`` to ``end_s``: where it is at ``start_s``, and its velocity."""

    start_s: float
    end_s: float
    x_m: float
    y_m: float
    z_m: float
    east_mps: float
    north_mps: float
    up_mps: float

    def at(self, s: float) -> tuple[float, float, float]:
        """Its point at ``s``, which may lie beyond its ends: that is what projecting means."""
        gone_s = s - self.start_s
        return (
            self.x_m + self.east_mps * gone_s,
            self.y_m + self.north_mps * gone_s,
            self.z_m + self.up_mps * gone_s,
        )


class Place(NamedTuple):
    at: Point
    height_m: float
    ground_speed_mps: float
    track_deg: float
    vertical_rate_mps: float


class Path(NamedTuple):
    """From the first fix to the last, excluded; before and after there is no aircraft."""

    fixes: tuple[Fix, ...]

    def lines(self) -> tuple[Line, ...]:
        return tuple(_line(a, b) for a, b in pairwise(self.fixes))

    def line(self, s: float) -> Line | None:
        return next((line for line in self.lines() if line.start_s <= s < line.end_s), None)

    def turned(self, degrees: float) -> Path:
        """The same, turned clockwise about the site."""
        sine, cosine = math.sin(math.radians(degrees)), math.cos(math.radians(degrees))
        return Path(
            tuple(
                Fix(f.s, f.x_m * cosine + f.y_m * sine, f.y_m * cosine - f.x_m * sine, f.z_m)
                for f in self.fixes
            )
        )

    def place(self, site: Point, s: float) -> Place | None:
        line = self.line(s)
        if line is None:
            return None
        x_m, y_m, z_m = line.at(s)
        here = on_earth(site, x_m, y_m)
        speed_mps = math.hypot(line.east_mps, line.north_mps)
        track_deg = 0.0
        if speed_mps:
            next_m = line.at(s + 1.0)
            track_deg = bearing_deg(here, on_earth(site, next_m[0], next_m[1]))
        return Place(here, z_m, speed_mps, track_deg, line.up_mps)


def on_earth(site: Point, x_m: float, y_m: float) -> Point:
    return ahead(site, math.degrees(math.atan2(x_m, y_m)), math.hypot(x_m, y_m))


def path(*fixes: tuple[float, float, float, float]) -> Path:
    return Path(tuple(Fix(*fix) for fix in fixes))


def _line(a: Fix, b: Fix) -> Line:
    long_s = b.s - a.s
    return Line(
        a.s,
        b.s,
        a.x_m,
        a.y_m,
        a.z_m,
        (b.x_m - a.x_m) / long_s,
        (b.y_m - a.y_m) / long_s,
        (b.z_m - a.z_m) / long_s,
    )
