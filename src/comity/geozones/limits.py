"""Lower and upper limits as files write them, to a height with its datum.

Words: ``SFC`` and ``GND`` are 0 m above the ground; ``FL115`` is a pressure height; ``1500 ft``, ``450 m
AMSL``, ``2000ft AGL`` are what they say, mean sea level where nothing is said and the format has it so;
``UNL`` is the highest height there is here, 100 km above the ellipsoid, and the zone's notes say so. Feet
and flight levels are exact conversions (``units``). What is none of these is refused, never guessed.
"""

from __future__ import annotations

import math
import re
from typing import Final, NamedTuple

from comity.errors import InvalidInput
from comity.model.altitude import HIGHEST_M, Altitude, Datum
from comity.units import metres_from_feet

UNLIMITED: Final = Altitude(HIGHEST_M, Datum.W84)
UNLIMITED_NOTE: Final = f"no upper limit: taken as {HIGHEST_M:g} m above the ellipsoid"
SURFACE: Final = Altitude(0.0, Datum.AGL)

DATUMS: Final = {
    "AGL": Datum.AGL,
    "ASFC": Datum.AGL,
    "SFC": Datum.AGL,
    "GND": Datum.AGL,
    "AMSL": Datum.MSL,
    "MSL": Datum.MSL,
    "ALT": Datum.MSL,
    "WGS84": Datum.W84,
    "W84": Datum.W84,
    "STD": Datum.PRESSURE,
    "PRESSURE": Datum.PRESSURE,
}
"""Words for what a height is measured from, in the formats read here."""

_SURFACE: Final = frozenset({"SFC", "GND", "SURFACE", "GROUND"})
_UNLIMITED: Final = frozenset({"UNL", "UNLTD", "UNLIM", "UNLIMITED"})
_LEVEL = re.compile(r"FL\s*(\d{1,3}(?:\.\d+)?)")
_WORDS = re.compile(r"([+-]?\d{1,6}(?:\.\d{1,6})?)\s*(FT|F|M|METRES|METERS)?\.?\s*([A-Z0-9]*)")
_FEET: Final = frozenset({"FT", "F"})


class Band(NamedTuple):
    """Both limits, and what has to be said of them."""

    lower: Altitude
    upper: Altitude
    notes: tuple[str, ...]


def worded(text: str, *, feet: bool = True) -> Altitude:
    """A limit as words. ``feet``: what a number without a unit is in."""
    words = " ".join(text.upper().split())
    if words in _SURFACE:
        return SURFACE
    if words in _UNLIMITED:
        return UNLIMITED
    level = _LEVEL.fullmatch(words)
    if level is not None:
        return Altitude(metres_from_feet(float(level[1]) * 100.0), Datum.PRESSURE)
    found = _WORDS.fullmatch(words)
    if found is None or (found[3] and found[3] not in DATUMS):
        raise InvalidInput(f"no height: {text[:40]!r} is none of FL115, 1500 ft AMSL, 300 m AGL, SFC, UNL")
    in_feet = found[2] in _FEET if found[2] else feet
    value_m = metres_from_feet(float(found[1])) if in_feet else float(found[1])
    return Altitude(value_m, DATUMS[found[3]] if found[3] else Datum.MSL)


def measured(value: float, reference: str, uom: str) -> Altitude:
    """A limit as number, reference and measure, as ED-269 and ED-318 have it."""
    if not math.isfinite(value):
        raise InvalidInput("a limit must be a finite number")
    datum = DATUMS.get(reference.strip().upper())
    if datum is None:
        raise InvalidInput(f"{reference[:20]!r} is not one of AGL, AMSL, WGS84")
    measure = uom.strip().upper()
    if measure in ("M", "FT"):
        return Altitude(value if measure == "M" else metres_from_feet(value), datum)
    if measure == "FL":
        return Altitude(metres_from_feet(value * 100.0), Datum.PRESSURE)
    raise InvalidInput(f"{uom[:20]!r} is not one of m, ft, FL")


def band(lower: Altitude, upper: Altitude) -> Band:
    """Both together; refused where they are plainly the wrong way round."""
    if lower.datum == upper.datum and lower.value_m > upper.value_m:
        raise InvalidInput("the lower limit is above the upper one")
    if lower == UNLIMITED:
        raise InvalidInput("the lower limit cannot be unlimited")
    return Band(lower, upper, (UNLIMITED_NOTE,) if upper == UNLIMITED else ())
