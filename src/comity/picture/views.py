"""Rows as the values that leave: a track whole (``TrackView``), or its words alone (``TrackWords``).

Rounded where more digits would be noise: 1e-6 degree is 0.1 m; accuracy and age never downward.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, Literal

import numpy as np

from comity.model.batch import CATEGORIES, DATUMS, Floats, Ints
from comity.model.released import TrackView, TrackWords
from comity.picture.rows import LEVELS, SOURCES, Rows

Emergency = Literal["unlawful interference", "radio failure", "emergency"]

EMERGENCIES: Final[dict[int, Emergency]] = {
    7500: "unlawful interference",
    7600: "radio failure",
    7700: "emergency",
}
"""ICAO Doc 8168, Vol. III, section 3 chapter 1."""

ROUNDING_M: Final = 0.1
"""What rounding to 1e-6 degree moves a position at most; stated accuracy covers it."""

_SOURCES: Final = np.array(SOURCES, object)
_LEVELS: Final = np.array(LEVELS, object)
_DATUMS: Final = np.array([*(datum.value for datum in DATUMS), None], object)
_CATEGORIES: Final = np.array([*CATEGORIES, None], object)
_ON_GROUND: Final = np.array([False, True, None], object)


def views(rows: Rows, ids: Sequence[str], *, now_us: int) -> list[TrackView]:
    callsigns, squawks, emergencies = _said(rows)
    columns: tuple[Sequence[Any], ...] = (
        ids,
        _SOURCES[rows["source"]].tolist(),
        _LEVELS[rows["level"]].tolist(),
        np.round(rows["lat"], 6).tolist(),
        np.round(rows["lon"], 6).tolist(),
        (np.ceil(np.maximum(now_us - rows["observed_us"], 0) / 1e5) / 10.0).tolist(),
        np.ceil(rows["accuracy_m"] + ROUNDING_M).tolist(),
        (rows["stale"] != 0).tolist(),
        _known(rows["altitude_m"], 2),
        _DATUMS[rows["altitude_datum"]].tolist(),
        _known(rows["ground_speed_mps"], 1),
        _known(rows["track_deg"], 1),
        _known(rows["vertical_rate_mps"], 2),
        _ON_GROUND[rows["on_ground"]].tolist(),
        callsigns,
        squawks,
        emergencies,
        _CATEGORIES[rows["category"]].tolist(),
        rows["sources"].tolist(),
    )
    return [TrackView(*fields) for fields in zip(*columns, strict=True)]


def words(rows: Rows, ids: Sequence[str], numbers: Ints) -> list[TrackWords]:
    callsigns, squawks, emergencies = _said(rows)
    columns: tuple[Sequence[Any], ...] = (
        numbers.tolist(),
        ids,
        _SOURCES[rows["source"]].tolist(),
        _LEVELS[rows["level"]].tolist(),
        (rows["stale"] != 0).tolist(),
        callsigns,
        squawks,
        emergencies,
        _CATEGORIES[rows["category"]].tolist(),
        rows["sources"].tolist(),
        _DATUMS[rows["altitude_datum"]].tolist(),
        _ON_GROUND[rows["on_ground"]].tolist(),
    )
    return [TrackWords(*fields) for fields in zip(*columns, strict=True)]


def _said(rows: Rows) -> tuple[list[str | None], list[str | None], list[Emergency | None]]:
    squawks = rows["squawk"].tolist()
    return (
        [text.decode("ascii") or None for text in rows["callsign"].tolist()],
        [f"{squawk:04d}" if squawk >= 0 else None for squawk in squawks],
        [EMERGENCIES.get(squawk) for squawk in squawks],
    )


def _known(values: Floats, digits: int) -> list[float | None]:
    listed = np.round(values, digits).astype(object)
    listed[np.isnan(values)] = None
    told: list[float | None] = listed.tolist()
    return told
