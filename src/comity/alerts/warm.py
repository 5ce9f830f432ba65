"""Compiles what the monitors compile, so that no sweep waits for it: before the exchange says that it is
ready."""

from __future__ import annotations

from typing import Final

import numpy as np

from comity.alerts.pairs import conflicts
from comity.alerts.settings import AlertSettings
from comity.alerts.traffic import traffic
from comity.geo.heights import WORST_CASE

_FIELDS: Final = (
    "lat",
    "lon",
    "accuracy_m",
    "altitude_m",
    "ground_speed_mps",
    "track_deg",
    "vertical_rate_mps",
)


def warm() -> int:
    """One sweep over two aircraft side by side; how many findings it made, which is 1."""
    kinds = [("observed_us", "i8"), ("altitude_datum", "i2"), ("on_ground", "i2")]
    rows = np.zeros(2, [*kinds, *((name, "f8") for name in _FIELDS)])
    settings = AlertSettings()
    swept = traffic(rows, ["a", "b"], now_us=0, settings=settings, environment=WORST_CASE)
    none = np.full(len(swept), -1, np.int64)
    across = np.array([True, False])
    conflicts(swept, settings, groups=none)
    conflicts(swept, settings, between=across)
    return len(conflicts(swept, settings))
