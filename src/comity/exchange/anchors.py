"""Level-0 forms of the aircraft that are seen: who needs one gets it, made once for a slot of a minute.

Every track of an own or sensed source has an anchor from its first tick in a slot on, whether or not anybody
needs its form: a form made when somebody asks would depend on who asks. The forms themselves take time
to make and are made when first needed; from the anchor, so that it makes no difference when that is.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

import numpy as np
from numpy.typing import NDArray

from comity.clock import from_micros, micros
from comity.geo.heights import Environment, bounds
from comity.model.altitude import Altitude
from comity.model.batch import DATUMS, Floats
from comity.model.intake import SourceKey
from comity.model.observation import Provenance
from comity.picture.picture import Picture
from comity.picture.rows import Rows, none
from comity.release.track_cells import (
    SLOT_S,
    STRETCH,
    Anchor,
    TrackCells,
    anchor,
    band_m,
    climb_m,
    track_cells,
)

_SLOT_US: Final = SLOT_S * 1_000_000
_RADIUS_M: Final = 6_400_000.0
"""No radius of curvature on WGS84 is larger: a distance made with it is never too short, so an aircraft is
never taken to be still inside when it is not."""

Name = int | str
"""A 24-bit address, or a feed's own track number."""


class _Source:
    """The anchors of one source. ``where``: of each row shown at this tick, its place among the anchors."""

    def __init__(self) -> None:
        self.places: dict[Name, int] = {}
        self.rows: Rows = none()
        self.radius_m: Floats = np.zeros(0)
        self.made: dict[int, TrackCells] = {}
        self.where: NDArray[np.intp] = np.zeros(0, np.intp)


class Anchors:
    def __init__(self, environment: Environment) -> None:
        self._environment = environment.lasting()
        self._slot = -1
        self._sources: dict[SourceKey, _Source] = {}

    def follow(self, picture: Picture, now: datetime) -> None:
        """Anchor what is new at this tick, and everything anew when a slot begins. Once a tick."""
        slot = micros(now) // _SLOT_US
        if slot != self._slot:
            self._slot = slot
            self._sources = {}
        shown = [key for key in picture.sources() if key.provenance is not Provenance.BROADCAST]
        for gone in self._sources.keys() - set(shown):
            del self._sources[gone]
        for key in shown:
            layer = picture.layer(key)
            names: list[Name] = [*layer.addressed["number"].tolist(), *layer.addresses]
            rows = np.concatenate([layer.addressed, layer.numbered])
            self._follow(self._sources.setdefault(key, _Source()), names, rows)

    def _follow(self, source: _Source, names: list[Name], rows: Rows) -> None:
        where = np.array([source.places.get(name, -1) for name in names], np.intp)
        new = np.flatnonzero(where < 0)
        if len(new):
            first = len(source.rows)
            for place, row in enumerate(new.tolist(), first):
                source.places[names[row]] = place
            where[new] = np.arange(first, first + len(new))
            source.rows = np.concatenate([source.rows, rows[new]])
            source.radius_m = np.concatenate([source.radius_m, self._radii(rows[new])])
        held = source.rows[where]
        away_m = _distances_m(held["lat"], held["lon"], rows["lat"], rows["lon"])
        left = away_m + rows["accuracy_m"] > source.radius_m[where]
        left |= _left_band(held, rows)
        for row in np.flatnonzero(left).tolist():
            place = int(where[row])
            source.rows[place] = rows[row]
            source.radius_m[place] = self._radii(rows[row : row + 1])[0]
            source.made.pop(place, None)
        source.where = where

    def _radii(self, rows: Rows) -> Floats:
        start_us = self._slot * _SLOT_US
        return np.array(
            [
                anchor(
                    lat=0.0,
                    lon=0.0,
                    accuracy_m=float(row["accuracy_m"]),
                    speed_mps=float(row["ground_speed_mps"]),
                    age_s=max(0.0, (start_us - int(row["observed_us"])) / 1e6),
                ).radius_m
                for row in rows
            ]
        )

    def discs(self, key: SourceKey) -> tuple[Floats, Floats, Floats]:
        """(lat, lon, radius_m) of the anchors of the rows that a source shows, in their order."""
        source = self._sources[key]
        held = source.rows[source.where]
        return held["lat"], held["lon"], source.radius_m[source.where]

    def form(self, key: SourceKey, row: int) -> TrackCells:
        """The form of one of the rows that a source shows."""
        source = self._sources[key]
        place = int(source.where[row])
        made = source.made.get(place)
        if made is None:
            held = source.rows[place]
            at = Anchor(float(held["lat"]), float(held["lon"]), float(source.radius_m[place]))
            start = from_micros(self._slot * _SLOT_US)
            height = None
            if held["altitude_datum"] >= 0:
                altitude = Altitude(float(held["altitude_m"]), DATUMS[held["altitude_datum"]])
                height = bounds(altitude, self._environment, start)
            band = band_m(height, float(held["vertical_rate_mps"]))
            made = source.made[place] = track_cells(at, band, start)
        return made


def _left_band(held: Rows, rows: Rows) -> NDArray[np.bool_]:
    """Which may have climbed or descended out of the band of the row that anchors them; one without a height
    has a band that holds everything, and one that has none any more says nothing."""
    known = (held["altitude_datum"] >= 0) & (rows["altitude_datum"] >= 0)
    most_m = climb_m(held["vertical_rate_mps"]) / STRETCH
    with np.errstate(invalid="ignore"):
        far = np.abs(rows["altitude_m"] - held["altitude_m"]) > most_m
    return np.asarray(known & (far | (rows["altitude_datum"] != held["altitude_datum"])))


def _distances_m(lat_a: Floats, lon_a: Floats, lat_b: Floats, lon_b: Floats) -> Floats:
    phi_a, phi_b = np.radians(lat_a), np.radians(lat_b)
    half = (
        np.sin((phi_b - phi_a) / 2.0) ** 2
        + np.cos(phi_a) * np.cos(phi_b) * np.sin(np.radians(lon_b - lon_a) / 2.0) ** 2
    )
    return np.asarray(2.0 * _RADIUS_M * np.arcsin(np.minimum(1.0, np.sqrt(half))))
