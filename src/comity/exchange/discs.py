"""Hidden aircraft as discs: what their level-0 forms, or what these can be, look like to the search.

A disc holds all cells of a form, so a check against it finds too much and never too little. It does not move:
a form holds for its whole minute.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, NamedTuple

import numpy as np

from comity.alerts.traffic import Traffic
from comity.exchange.anchors import Anchors
from comity.exchange.sight import inner_name
from comity.geo.cells import grid_reach_m
from comity.model.batch import Floats
from comity.model.intake import SourceKey
from comity.model.rule import Level
from comity.release.track_cells import TrackCells

HIDDEN: Final = "\x1e"
"""Before the name of a hidden track in a finding: no id in a picture begins with it."""

CELLS_DATUM: Final = 99
"""Of no aircraft: so a height band always compares through the ellipsoid."""


class Other(NamedTuple):
    """A hidden aircraft, by the source that says most of it. ``row``: its place among the rows that the
    source shows. ``apart``: other sources have its address elsewhere, so it is named by its source too."""

    key: SourceKey
    address: str
    row: int
    level: Level
    vouched: bool
    apart: bool = False

    @property
    def name(self) -> str:
        if self.apart:
            return HIDDEN + "\x1f".join((*self.key, self.address))
        return HIDDEN + inner_name(self.key, self.address)


class Discs:
    """The forms of some hidden tracks, each as the disc that holds its cells, and its height band."""

    def __init__(self, anchors: Anchors, others: Sequence[Other], places: Sequence[int]) -> None:
        forms = [anchors.form(others[place].key, others[place].row) for place in places]
        self.places = places
        self.lat = np.array([form.lat for form in forms])
        self.lon = np.array([form.lon for form in forms])
        self.radius_m = np.array([form.radius_m for form in forms])
        self.lower_m = np.array([form.form.lower_w84_m for form in forms])
        self.upper_m = np.array([form.form.upper_w84_m for form in forms])

    def close(self, mine: TrackCells, horizontal_m: float, vertical_m: float) -> list[int]:
        """Which of them are closer to a form than this."""
        away = away_m(mine.lat, mine.lon, self.lat, self.lon)
        close = away <= horizontal_m + mine.radius_m + self.radius_m
        close &= mine.form.lower_w84_m - vertical_m < self.upper_m
        close &= self.lower_m - vertical_m < mine.form.upper_w84_m
        return [self.places[place] for place in np.flatnonzero(close).tolist()]


def still(lat: Floats, lon: Floats, radius_m: Floats, mid_m: Floats, half_m: Floats) -> Traffic:
    """Discs that do not move, with a band above the ellipsoid, as traffic."""
    count = len(lat)
    nothing, nowhere = np.zeros(count), np.zeros(count, np.int64)
    return Traffic(
        keys=[str(place) for place in range(count)],
        index=np.arange(count),
        lat_deg=lat,
        lon_deg=lon,
        height_m=nothing,
        east_mps=nothing,
        north_mps=nothing,
        up_mps=nothing,
        category=nowhere,
        radius_m=radius_m,
        datum=np.full(count, CELLS_DATUM),
        height_error_m=nothing,
        wgs84_mid_m=mid_m,
        wgs84_half_m=half_m,
        observed_us=nowhere,
        age_s=nothing,
        flags=np.zeros(count, np.uint8),
        left_out={},
    )


def reach_m(radius_m: Floats) -> Floats:
    """From an anchor to the farthest point of its form's disc."""
    return np.array([radius + 2.0 * grid_reach_m(2.0 * radius) for radius in radius_m.tolist()])


def away_m(lat: float, lon: float, lats: Floats, lons: Floats) -> Floats:
    phi, phis = np.radians(lat), np.radians(lats)
    half = (
        np.sin((phis - phi) / 2.0) ** 2
        + np.cos(phi) * np.cos(phis) * np.sin(np.radians(lons - lon) / 2.0) ** 2
    )
    return np.asarray(2.0 * _SMALLEST_M * np.arcsin(np.minimum(1.0, np.sqrt(half))))


_SMALLEST_M: Final = 6_335_000.0
"""No radius of curvature on WGS84 is smaller: a distance made with it is never too long, so nothing near is
taken to be far."""
