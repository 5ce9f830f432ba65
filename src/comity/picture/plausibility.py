"""Is a report believable? Alone, and against what the same source said before.

Never against another source: what one participant's report does must not depend on what another's feed
said, or the answer would tell. Metres, seconds, degrees; times in microseconds since 1970.

Two steps. :func:`alone` gives each report of a batch a verdict. :class:`Motion` then judges positions in
their order: a position further from the last accepted one than ``max_speed_mps`` and the tolerance allow
is an impossible jump. ``jump_confirmations`` of them in a row that fit each other move the track there: it
was the old place that was wrong. The same place again, from an aircraft that says it moves, is a
duplicate. :func:`moved_ok` is the same test over arrays, exact where it says yes for all positions of a
track in a batch; any other track goes through :class:`Motion` one by one.

Distances are on a sphere of the mean radius, up to 0.6 % off, inside the tolerance's meaning.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from comity.model.batch import Floats, Ints, ReportBatch
from comity.model.intake import Rejection
from comity.picture.settings import LOWEST_ALTITUDE_M, PictureSettings

Verdicts = NDArray[np.int8]
"""Index into ``REASONS``; 0 is plausible."""

REASONS: Final = (None, *Rejection)
CODE: Final = {reason: code for code, reason in enumerate(REASONS)}

EARTH_RADIUS_M: Final = 6_371_008.8
"""IUGG mean radius."""

MAX_ACCURACY_M: Final = 1_000_000.0
"""A report that may be a thousand kilometres off is none."""


def alone(batch: ReportBatch, *, received_us: int, settings: PictureSettings) -> Verdicts:
    """What is wrong with each report by itself; the first reason that applies."""
    verdict = np.zeros(len(batch), np.int8)
    ahead_us = batch.observed_us - received_us
    gap = np.isnan(batch.lat) != np.isnan(batch.lon)
    checks = (
        (Rejection.FROM_THE_FUTURE, ahead_us > settings.max_future_s * 1e6),
        (Rejection.TOO_OLD, -ahead_us > settings.max_age_s * 1e6),
        (Rejection.MALFORMED, gap),
        (Rejection.LATITUDE_OUT_OF_RANGE, np.abs(batch.lat) > 90.0),
        (Rejection.LONGITUDE_OUT_OF_RANGE, np.abs(batch.lon) > 180.0),
        (Rejection.ZERO_POSITION, (batch.lat == 0.0) & (batch.lon == 0.0)),
        (
            Rejection.IMPOSSIBLE_ALTITUDE,
            (batch.altitude_m > settings.highest_m) | (batch.altitude_m < LOWEST_ALTITUDE_M),
        ),
        (
            Rejection.IMPOSSIBLE_SPEED,
            (batch.ground_speed_mps > settings.max_speed_mps) | (batch.ground_speed_mps < 0.0),
        ),
        (
            Rejection.IMPOSSIBLE_VERTICAL_RATE,
            np.abs(batch.vertical_rate_mps) > settings.max_vertical_rate_mps,
        ),
        (Rejection.TRACK_OUT_OF_RANGE, (batch.track_deg < 0.0) | (batch.track_deg > 360.0)),
        (
            Rejection.IMPOSSIBLE_ACCURACY,
            (batch.accuracy_m < 0.0) | (batch.accuracy_m > MAX_ACCURACY_M),
        ),
    )
    for reason, wrong in checks:
        if wrong.any():
            verdict[wrong & (verdict == 0)] = CODE[reason]
    return verdict


def distance_m(lat_1: Floats, lon_1: Floats, lat_2: Floats, lon_2: Floats) -> Floats:
    """Along the sphere (haversine); NaN where a coordinate is."""
    phi_1, phi_2 = np.radians(lat_1), np.radians(lat_2)
    half = (
        np.sin((phi_2 - phi_1) / 2.0) ** 2
        + np.cos(phi_1) * np.cos(phi_2) * np.sin(np.radians(lon_2 - lon_1) / 2.0) ** 2
    )
    return np.asarray(2.0 * EARTH_RADIUS_M * np.arcsin(np.sqrt(np.minimum(half, 1.0))))


def moved_ok(
    *,
    lat: Floats,
    lon: Floats,
    at_us: Ints,
    before_lat: Floats,
    before_lon: Floats,
    before_us: Ints,
    speed_mps: Floats,
    settings: PictureSettings,
) -> NDArray[np.bool_]:
    """Whether each position follows from the one before it; one without a predecessor (NaN) does.

    ``speed_mps``: what the aircraft last said, 0 where it is unknown or old."""
    elapsed_us = at_us - before_us
    far_m = distance_m(before_lat, before_lon, lat, lon)
    reach_m = settings.jump_tolerance_m + settings.max_speed_mps * elapsed_us / 1e6
    same = (lat == before_lat) & (lon == before_lon)
    same &= (elapsed_us == 0) | (speed_mps * elapsed_us > settings.frozen_m * 1e6)
    return np.asarray(np.isnan(before_lat) | ((elapsed_us >= 0) & ~same & (far_m <= reach_m)))


@dataclass(slots=True)
class Motion:
    """One track's place for the jump test: where it was last, and where it may have jumped to."""

    lat: float
    lon: float
    at_us: int
    rival_lat: float
    rival_lon: float
    rival_us: int
    rivals: int

    def judge(
        self, *, lat: float, lon: float, at_us: int, speed_mps: float, settings: PictureSettings
    ) -> Rejection | None:
        """None and the place is taken over, or why not."""
        if not math.isnan(self.lat):
            if at_us < self.at_us:
                return Rejection.OUT_OF_ORDER
            if lat == self.lat and lon == self.lon:
                elapsed_us = at_us - self.at_us
                if elapsed_us == 0 or speed_mps * elapsed_us > settings.frozen_m * 1e6:
                    return Rejection.DUPLICATE
            if not _reachable(self.lat, self.lon, self.at_us, lat, lon, at_us, settings):
                return self._jump(lat, lon, at_us, settings)
        self.lat, self.lon, self.at_us, self.rivals = lat, lon, at_us, 0
        return None

    def _jump(self, lat: float, lon: float, at_us: int, settings: PictureSettings) -> Rejection | None:
        fits = self.rivals > 0 and (
            at_us >= self.rival_us
            and _reachable(self.rival_lat, self.rival_lon, self.rival_us, lat, lon, at_us, settings)
        )
        self.rivals = self.rivals + 1 if fits else 1
        self.rival_lat, self.rival_lon, self.rival_us = lat, lon, at_us
        if self.rivals < settings.jump_confirmations:
            return Rejection.IMPOSSIBLE_JUMP
        self.lat, self.lon, self.at_us, self.rivals = lat, lon, at_us, 0
        return None


def _reachable(
    lat_1: float, lon_1: float, us_1: int, lat_2: float, lon_2: float, us_2: int, settings: PictureSettings
) -> bool:
    phi_1, phi_2 = math.radians(lat_1), math.radians(lat_2)
    half = (
        math.sin((phi_2 - phi_1) / 2.0) ** 2
        + math.cos(phi_1) * math.cos(phi_2) * math.sin(math.radians(lon_2 - lon_1) / 2.0) ** 2
    )
    far_m = 2.0 * EARTH_RADIUS_M * math.asin(math.sqrt(min(half, 1.0)))
    return far_m <= settings.jump_tolerance_m + settings.max_speed_mps * (us_2 - us_1) / 1e6
