"""A height with its datum. A bare number is never a height.

Four datums, with the words of ASTM F3548 where it has one:

* ``W84``  metres above the WGS84 ellipsoid
* ``MSL``  metres above mean sea level (the geoid)
* ``PRESSURE``  metres in the ICAO standard atmosphere, 1013.25 hPa; flight levels come in this way
* ``AGL``  metres above the ground directly below

Two heights compare only through ``geo.heights.bounds``; this file does no arithmetic.
"""

from __future__ import annotations

import math
from enum import StrEnum
from typing import Final

import msgspec

from comity.errors import InvalidInput

LOWEST_M: Final = -1_500.0
"""Below the Dead Sea shore (-430 m) with any datum's error; a lower value is a unit mistake."""

HIGHEST_M: Final = 100_000.0
"""The edge of space; a higher value is a unit mistake."""


class Datum(StrEnum):
    W84 = "W84"
    MSL = "MSL"
    PRESSURE = "PRESSURE"
    AGL = "AGL"


class Altitude(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """``value_m`` metres above ``datum``."""

    value_m: float
    datum: Datum

    def __post_init__(self) -> None:
        if not math.isfinite(self.value_m) or not LOWEST_M <= self.value_m <= HIGHEST_M:
            raise InvalidInput(
                f"value_m must be a finite number of metres from {LOWEST_M:g} to {HIGHEST_M:g}",
                field="value_m",
            )
