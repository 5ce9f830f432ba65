"""Another's track at level ``position``: rounded, without a name, and saying how far off it may be.

The steps are 1/20 of the pair's minima, 5 NM and 1,000 ft (DESIGN section 2): a quarter of a nautical mile
and 50 ft. The grid is fixed on the earth and the same for all recipients, so that two of them cannot
intersect what they got: rows of 1/240 degree of latitude (a quarter of a minute of arc), each cut into
whole cells about as wide as they are high. A position becomes its cell's middle. The category of aircraft
is of level 1, and so told.

The stated accuracy is never less than what the source stated plus the furthest that a middle can be from
its cell's corner, so a check against it warns too often and never too seldom. Times are rounded down to
whole seconds, so an age is never too small.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from comity.picture.rows import LEVEL_CODE, Rows

ROWS_PER_DEGREE: Final = 240
"""1/240 degree of latitude is 461 to 466 m on the WGS84 ellipsoid."""

ROUNDING_M: Final = 463.0
"""At least a cell's half diagonal: 331 m, and up to 410 m in the ring of cells around a pole."""

HEIGHT_STEP_M: Final = 15.24
SPEED_STEP_MPS: Final = 5.0
TRACK_STEP_DEG: Final = 5.0
RATE_STEP_MPS: Final = 1.524
ACCURACY_STEP_M: Final = 100.0
"""Rounded up, so that it does not tell two feeds of one owner apart."""


def coarse(rows: Rows, *, now_us: int, stale_after_s: float) -> Rows:
    """What may be told of these rows at ``position``, in the same order; ``number`` is -1."""
    told = np.zeros(len(rows), rows.dtype)
    told["number"] = -1
    told["source"] = rows["source"]
    told["level"] = LEVEL_CODE["position"]
    told["sources"] = 1
    told["category"] = rows["category"]
    told["squawk"] = told["on_ground"] = -1
    told["observed_us"] = rows["observed_us"] // 1_000_000 * 1_000_000
    told["stale"] = told["observed_us"] < now_us - round(stale_after_s * 1e6)
    band = np.clip(np.floor((rows["lat"] + 90.0) * ROWS_PER_DEGREE), 0, 180 * ROWS_PER_DEGREE - 1)
    told["lat"] = (band + 0.5) / ROWS_PER_DEGREE - 90.0
    cells = np.maximum(np.round(360.0 * ROWS_PER_DEGREE * np.cos(np.radians(told["lat"]))), 1.0)
    cell = np.floor((rows["lon"] + 180.0) % 360.0 / 360.0 * cells)
    told["lon"] = (cell + 0.5) / cells * 360.0 - 180.0
    told["accuracy_m"] = np.ceil((rows["accuracy_m"] + ROUNDING_M) / ACCURACY_STEP_M) * ACCURACY_STEP_M
    told["altitude_m"] = _step(rows["altitude_m"], HEIGHT_STEP_M)
    told["altitude_datum"] = rows["altitude_datum"]
    told["ground_speed_mps"] = _step(rows["ground_speed_mps"], SPEED_STEP_MPS)
    told["track_deg"] = _step(rows["track_deg"], TRACK_STEP_DEG) % 360.0
    told["vertical_rate_mps"] = _step(rows["vertical_rate_mps"], RATE_STEP_MPS)
    return told


def _step(
    values: np.ndarray[tuple[int], np.dtype[np.float64]], step: float
) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.asarray(np.round(values / step) * step + 0.0)
