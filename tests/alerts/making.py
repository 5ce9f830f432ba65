"""Rows as the picture has them, and findings, for tests of alerts."""

from __future__ import annotations

import math
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from comity.alerts.finding import Finding, finding_key
from comity.clock import micros
from comity.geo.heights import Environment
from comity.model.alert import AlertKind, AlertLevel, Phase
from comity.model.altitude import Datum
from comity.model.batch import CATEGORY_CODE, DATUM_CODE
from comity.model.intent import AircraftCategory

NOON: Final = datetime(2026, 6, 1, 12, tzinfo=UTC)
NOON_US: Final = micros(NOON)

ENVIRONMENT: Final = Environment(geoid_m=(-107.0, 86.0), terrain_m=(-430.0, 8_850.0))

ROW: Final = np.dtype(
    [
        ("number", "i8"),
        ("observed_us", "i8"),
        *((name, "f8") for name in ("lat", "lon", "accuracy_m", "altitude_m")),
        *((name, "f8") for name in ("ground_speed_mps", "track_deg", "vertical_rate_mps")),
        *((name, "i2") for name in ("squawk", "altitude_datum", "on_ground")),
        *((name, "i1") for name in ("level", "category")),
    ]
)
"""Those fields of the picture's rows that are read here."""

NAN: Final = math.nan


def row(
    lat: float,
    lon: float,
    *,
    age_s: float = 0.0,
    height_m: float = 3_000.0,
    datum: Datum | None = Datum.PRESSURE,
    speed_mps: float = 0.0,
    track_deg: float = 0.0,
    up_mps: float = 0.0,
    accuracy_m: float = 10.0,
    category: AircraftCategory | None = AircraftCategory.AEROPLANE,
    on_ground: int = -1,
    level: int = 0,
) -> NDArray[Any]:
    one = np.zeros(1, ROW)
    one["observed_us"] = NOON_US - round(age_s * 1e6)
    one["lat"], one["lon"], one["accuracy_m"] = lat, lon, accuracy_m
    one["altitude_m"], one["altitude_datum"] = height_m, -1 if datum is None else DATUM_CODE[datum]
    one["ground_speed_mps"], one["track_deg"], one["vertical_rate_mps"] = speed_mps, track_deg, up_mps
    one["squawk"], one["on_ground"], one["level"] = -1, on_ground, level
    one["category"] = -1 if category is None else CATEGORY_CODE[category]
    return one


def rows(*each: NDArray[Any]) -> NDArray[Any]:
    return np.concatenate(each) if each else np.zeros(0, ROW)


def finding(
    *names: str,
    level: AlertLevel = AlertLevel.PREVENTIVE,
    observed_s: tuple[float, ...] = (),
    enters_s: float = 60.0,
) -> Finding:
    """A predicted conflict; ``observed_s``: seconds after noon at which the sides were last seen."""
    names = names or ("A", "B")
    return Finding(
        finding_key(AlertKind.CONFLICT, names),
        AlertKind.CONFLICT,
        level,
        Phase.PREDICTED,
        (0, 1),
        names,
        reasons=("projected along its velocity",),
        enters_s=enters_s,
        leaves_s=enters_s + 20.0,
        closest_s=enters_s + 10.0,
        observed_us=tuple(NOON_US + round(s * 1e6) for s in observed_s),
    )


def at(second: float) -> datetime:
    return NOON + timedelta(seconds=second)
