"""Compiles what the monitors compile, so that no sweep waits for it: before the exchange says it is ready.

Call it after ``conflict.warm.warm``. Kept code that cannot be read is given up, as there.
"""

from __future__ import annotations

import pickle
from typing import Final

import numpy as np

from comity.alerts import judge, project
from comity.alerts.pairs import conflicts
from comity.alerts.settings import AlertSettings
from comity.alerts.traffic import traffic
from comity.conflict.compiled import keep_nothing
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
    try:
        return _sweep()
    except (OSError, EOFError, pickle.UnpicklingError):
        for module in (judge, project):
            for each in vars(module).values():
                if hasattr(each, "signatures"):
                    keep_nothing(each)
        return _sweep()


def _sweep() -> int:
    kinds = [("observed_us", "i8"), ("altitude_datum", "i2"), ("on_ground", "i2")]
    rows = np.zeros(2, [*kinds, *((name, "f8") for name in _FIELDS)])
    settings = AlertSettings()
    swept = traffic(rows, ["a", "b"], now_us=0, settings=settings, environment=WORST_CASE)
    conflicts(swept, settings, groups=np.full(len(swept), -1, np.int64))
    conflicts(swept, settings, between=np.array([True, False]))
    return len(conflicts(swept, settings))
