"""Observations: position reports as a feed brought them, in SI, not yet believed.

Each belongs to the participant whose feed brought it and is ``own`` (about its own aircraft),
``broadcast`` (ADS-B, Remote ID: everyone can hear it) or ``sensed`` (radar and the like). ``observed_at``
is what the report claims, ``received_at`` is ours. Unknown is None, never 0.
"""

from __future__ import annotations

import math
from enum import StrEnum

import msgspec

from comity.errors import InvalidInput
from comity.model.altitude import Altitude
from comity.model.intent import AircraftCategory
from comity.model.volume import Instant


class Provenance(StrEnum):
    OWN = "own"
    BROADCAST = "broadcast"
    SENSED = "sensed"


class Report(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """What can be said about one aircraft at one moment. ``address``: six hex digits (24-bit ICAO) or
    ``~`` and a feed's own track number where there is no address."""

    address: str
    observed_at: Instant
    lat: float | None = None
    lon: float | None = None
    altitude: Altitude | None = None
    ground_speed_mps: float | None = None
    track_deg: float | None = None
    vertical_rate_mps: float | None = None
    callsign: str | None = None
    squawk: str | None = None
    on_ground: bool | None = None
    accuracy_m: float | None = None
    category: AircraftCategory | None = None

    def __post_init__(self) -> None:
        if not 1 <= len(self.address) <= 16 or not self.address.isascii():
            raise InvalidInput("address must be 1 to 16 ASCII characters", field="address")
        for name in ("lat", "lon", "ground_speed_mps", "track_deg", "vertical_rate_mps", "accuracy_m"):
            value = getattr(self, name)
            if value is not None and not math.isfinite(value):
                raise InvalidInput(f"{name} must be a finite number", field=name)
        if (self.lat is None) != (self.lon is None):
            raise InvalidInput("lat and lon must be given together", field="lat")
