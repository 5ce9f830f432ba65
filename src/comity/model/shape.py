"""Outlines on the WGS84 ellipsoid: geodesic polygons and circles of any size.

A polygon's edges are geodesics; its inside is the smaller side, so winding does not matter. Vertices
are given once each (the first is not repeated). Whether edges cross is geometry's to decide
(``geo.shapes.check``); this file checks only what each number may be. Degrees, metres.
"""

from __future__ import annotations

import math
from typing import Final

import msgspec

from comity.errors import InvalidInput

MAX_VERTICES: Final = 1_000
"""Bounds the work that one command can ask for; larger outlines are split into volumes."""

MAX_RADIUS_M: Final = 5_000_000.0
"""A half of a hemisphere's quarter arc: beyond it "inside" is no longer obvious to anyone."""


class LatLon(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """Geodetic WGS84 degrees: ``lat`` -90 to 90, ``lon`` -180 to 180."""

    lat: float
    lon: float

    def __post_init__(self) -> None:
        if not -90.0 <= self.lat <= 90.0:
            raise InvalidInput("lat must be from -90 to 90 degrees", field="lat")
        if not -180.0 <= self.lon <= 180.0:
            raise InvalidInput("lon must be from -180 to 180 degrees", field="lon")


class Polygon(
    msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True, tag_field="type", tag="polygon"
):
    vertices: tuple[LatLon, ...]

    def __post_init__(self) -> None:
        if not 3 <= len(self.vertices) <= MAX_VERTICES:
            raise InvalidInput(f"vertices must hold 3 to {MAX_VERTICES} points", field="vertices")
        if len(set(self.vertices)) != len(self.vertices):
            raise InvalidInput(
                "vertices must be distinct; the first is not repeated at the end", field="vertices"
            )


class Circle(
    msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True, tag_field="type", tag="circle"
):
    centre: LatLon
    radius_m: float

    def __post_init__(self) -> None:
        if not math.isfinite(self.radius_m) or not 0.0 < self.radius_m <= MAX_RADIUS_M:
            raise InvalidInput(
                f"radius_m must be over 0 and at most {MAX_RADIUS_M:g} metres", field="radius_m"
            )


Shape = Polygon | Circle
