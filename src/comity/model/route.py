"""A route as it is planned: waypoints, heights, a ground speed, and how far from it the aircraft may be.

The path is the geodesics between the waypoints. At the time that belongs to a place on the path the
aircraft is within ``half_width_m`` of the place, on the ground below or above it, and within
``half_height_m`` of the height that belongs to it; it may be there up to ``early_s`` before and ``late_s``
after that time. The height changes evenly between two waypoints. Two waypoints at one place with different
heights are a climb or descent on the spot, flown at ``climb_mps``.

``planning.route`` makes volumes of it. Metres, seconds, degrees; nothing here computes.
"""

from __future__ import annotations

import math
from datetime import datetime
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from comity.errors import InvalidInput
from comity.model.altitude import Altitude
from comity.model.shape import LatLon
from comity.model.volume import EARLIEST, LATEST, MAX_VOLUMES, Instant, Volumes

MAX_WAYPOINTS: Final = 1_001
"""A leg for each of the most volumes that a plan may have."""

SPEED_MPS: Final = (0.1, 3_000.0)
"""From a drifting balloon to the fastest that flies; beyond it a unit was mistaken."""

HALF_WIDTH_M: Final = (1.0, 100_000.0)
"""Under a metre nobody navigates. Over 100 km it is an area, not a route."""

HALF_HEIGHT_M: Final = (0.0, 20_000.0)
STEP_S: Final = (1.0, 86_400.0)
MARGIN_S: Final = (0.0, 86_400.0)

_BOUNDED: Final = (
    ("speed_mps", SPEED_MPS),
    ("half_width_m", HALF_WIDTH_M),
    ("half_height_m", HALF_HEIGHT_M),
    ("step_s", STEP_S),
    ("early_s", MARGIN_S),
    ("late_s", MARGIN_S),
    ("climb_mps", SPEED_MPS),
    ("most_volumes", (1, MAX_VOLUMES)),
)


class Route(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """``levels``: one for all of it, or one for each waypoint. ``step_s``: how long a piece of the path one
    volume is for, at least; longer where ``most_volumes`` would not do."""

    waypoints: Annotated[tuple[LatLon, ...], Meta(min_length=2, max_length=MAX_WAYPOINTS)]
    levels: Annotated[tuple[Altitude, ...], Meta(min_length=1, max_length=MAX_WAYPOINTS)]
    speed_mps: Annotated[float, Meta(ge=SPEED_MPS[0], le=SPEED_MPS[1])]
    half_width_m: Annotated[float, Meta(ge=HALF_WIDTH_M[0], le=HALF_WIDTH_M[1])]
    half_height_m: Annotated[float, Meta(ge=HALF_HEIGHT_M[0], le=HALF_HEIGHT_M[1])]
    departs: Instant
    step_s: Annotated[float, Meta(ge=STEP_S[0], le=STEP_S[1])] = 60.0
    most_volumes: Annotated[int, Meta(ge=1, le=MAX_VOLUMES)] = 200
    early_s: Annotated[float, Meta(ge=MARGIN_S[0], le=MARGIN_S[1])] = 60.0
    late_s: Annotated[float, Meta(ge=MARGIN_S[0], le=MARGIN_S[1])] = 60.0
    climb_mps: Annotated[float, Meta(ge=SPEED_MPS[0], le=SPEED_MPS[1])] | None = None

    def __post_init__(self) -> None:
        if not 2 <= len(self.waypoints) <= MAX_WAYPOINTS:
            raise InvalidInput(f"waypoints must hold 2 to {MAX_WAYPOINTS} points", field="waypoints")
        if len(self.levels) not in (1, len(self.waypoints)):
            raise InvalidInput("levels must hold one height, or one for each waypoint", field="levels")
        for name, (least, most) in _BOUNDED:
            value = getattr(self, name)
            if value is not None and not (math.isfinite(value) and least <= value <= most):
                raise InvalidInput(f"{name} must be from {least:g} to {most:g}", field=name)
        if self.departs.tzinfo is None:
            raise InvalidInput("departs must carry a time zone", field="departs")
        if not EARLIEST <= self.departs < LATEST:
            raise InvalidInput("departs must lie in the years 2000 to 2099", field="departs")

    def level(self, number: int) -> Altitude:
        """The height at a waypoint."""
        return self.levels[number if len(self.levels) > 1 else 0]


class RouteVolumes(msgspec.Struct, frozen=True, gc=False):
    """Volumes that together contain a route. ``arrives``: when it is at its last waypoint, neither early nor
    late. ``step_s``: the time on the path that the longest volume is for."""

    volumes: Volumes
    arrives: datetime
    length_m: float
    step_s: float
