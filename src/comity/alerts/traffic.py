"""Rows of the picture as columns for the kernels: every aircraft brought to one moment.

Positions go along a great circle with the stated velocity from when they were observed to now, heights with
the vertical rate; metres are those of the ellipsoid. What is not known is taken so that warnings come too
often and never too seldom, and ``doubts`` says it in words:

- velocity unknown: standing still, and ``radius_m`` grows as if it flew off at ``UNKNOWN_SPEED_MPS``;
- velocity older than ``VALID_S``: kept, and ``radius_m`` grows by the turn that may have begun since;
- vertical rate unknown: level. A crewed aircraft at no more than ``LEVEL_MPS`` is level too (see there);
- height unknown: it may be at any, ``wgs84_half_m`` and ``height_error_m`` are infinite.

Left out and counted in ``left_out``: on the ground, expired, from the future, without a position, or with one
that is off by more than ``COARSEST_M``. SI and degrees."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from comity.alerts.project import project
from comity.alerts.settings import AlertSettings, category_codes
from comity.clock import from_micros
from comity.geo.height_arrays import bounds_of
from comity.geo.heights import Environment
from comity.model.altitude import HIGHEST_M, LOWEST_M
from comity.model.batch import CATEGORY_CODE, DATUM_CODE, Floats, Ints
from comity.model.intent import AircraftCategory

VALID_S: Final = 5.0
"""A velocity is kept for so long without widening: trackers answer once a turn of 4 to 5 s, ADS-B ten times
in it. Larger: an aircraft that turned after its last report is not where it is looked for."""

TURN_MPS2: Final = 4.6
"""Sideways, in the turn of 25 degrees of bank that ICAO Doc 8168 designs procedures with."""

LEAST_SPEED_MPS: Final = 15.0
"""What a hovering or drifting aircraft may have picked up meanwhile: a small drone's ordinary speed."""

UNKNOWN_SPEED_MPS: Final = 250.0
UNKNOWN_DRONE_MPS: Final = 45.0
"""Where no velocity is stated: a jet's cruise, and the limit of 14 CFR 107.51 (87 kt) for uncrewed ones."""

FASTEST_MPS: Final = 1_400.0
"""Over what the picture lets in, under what the search takes. A stated speed over it, along the ground or
vertical, is none."""

UNKNOWN_ACCURACY_M: Final = 185.2
"""NACp 7, the least that EASA CS-ACNS asks of ADS-B."""

COARSEST_M: Final = 18_520.0
"""10 NM: from there on DO-260B calls the accuracy unknown (NACp 0). Larger: a claim to be somewhere in a
country pairs with everybody in it."""

LEVEL_MPS: Final = 0.66
"""Two steps of ADS-B's vertical rate (64 ft/min). A level aircraft's reports flicker by as much, and over two
minutes that would be a third of 1,000 ft. It errs late: such a slow closing is seen in the heights
themselves. For drones, whose minima it would reach, every rate counts."""

POSITION_LEVEL: Final = 3
"""The picture's code for rows rounded to 1/20 of 5 NM and 1,000 ft: their times, velocities and heights are
off by as much as half a step, or a whole second, besides what their accuracy covers."""

_ROUNDED_TIME_S: Final = 1.0
_ROUNDED_SPEED_MPS: Final = 2.5
_ROUNDED_TRACK_RAD: Final = 0.0437
_ROUNDED_HEIGHT_M: Final = 7.63
_ROUNDED_RATE_MPS: Final = 0.763

UNKNOWN_DATUM: Final = 127
"""Code of the datum of a height that is not known."""

OLD_S: Final = 3.0
"""From here on an age is worth saying: three missed seconds of a feed that reports each second."""

SPEED_UNKNOWN, MOVES, RATE_UNKNOWN, HEIGHT_UNKNOWN, CLOCK_AHEAD, WIDENED = 1, 2, 4, 8, 16, 32
"""Bits of ``flags``."""

_WORDS: Final = (
    (MOVES, "projected along its velocity"),
    (SPEED_UNKNOWN, "speed not known: taken as standing still"),
    (RATE_UNKNOWN, "vertical speed not known: taken as level"),
    (HEIGHT_UNKNOWN, "height not known"),
    (CLOCK_AHEAD, "its clock is ahead of ours"),
    (WIDENED, "may have turned since: taken as less exact"),
)


@lru_cache(maxsize=64)
def _words(flags: int) -> tuple[str, ...]:
    return tuple(text for bit, text in _WORDS if flags & bit)


class Picked(Sequence[str]):
    """Some of the keys, each made when asked for: few of ten thousand are."""

    def __init__(self, keys: Sequence[str], index: Ints) -> None:
        self._keys, self._index = keys, index

    def __len__(self) -> int:
        return len(self._index)

    def __getitem__(self, place):  # type: ignore[no-untyped-def]  # Sequence's overloads; only integers are asked
        return self._keys[int(self._index[place])]


@dataclass(frozen=True, slots=True)
class Traffic:
    """One element an aircraft. ``index``: its row. ``category``: a code of ``settings.CATEGORIES``.
    ``height_m``: on its own datum (a code of ``model.batch.DATUMS``), off by ``height_error_m``;
    ``wgs84_mid_m`` and ``wgs84_half_m``: where that is above the ellipsoid. ``radius_m``: the true place is
    within it."""

    keys: Sequence[str]
    index: Ints
    lat_deg: Floats
    lon_deg: Floats
    height_m: Floats
    east_mps: Floats
    north_mps: Floats
    up_mps: Floats
    category: Ints
    radius_m: Floats
    datum: NDArray[np.int8]
    height_error_m: Floats
    wgs84_mid_m: Floats
    wgs84_half_m: Floats
    observed_us: Ints
    age_s: Floats
    flags: NDArray[np.uint8]
    left_out: Mapping[str, int]

    def __len__(self) -> int:
        return len(self.keys)

    def doubts(self, *which: int) -> tuple[str, ...]:
        """What the places of these aircraft rest on, in words."""
        flags = 0
        for k in which:
            flags |= int(self.flags[k])
        return doubts(flags, [float(self.age_s[k]) for k in which])


def doubts(flags: int, ages_s: Sequence[float]) -> tuple[str, ...]:
    """The same from the flags of all of them together and the age of each."""
    old = sorted((age for age in ages_s if age >= OLD_S), reverse=True)
    if not old:
        return _words(flags)
    told = " and ".join(f"{age:.0f} s" for age in old)
    return f"position{'s' if len(old) > 1 else ''} {told} old", *_words(flags)


def traffic(
    rows: NDArray[Any],
    keys: Sequence[str],
    *,
    now_us: int,
    settings: AlertSettings,
    environment: Environment,
) -> Traffic:
    """``rows``: a record array with the field names of the picture's rows; ``keys`` name them, each once."""
    index, left_out = _usable(rows, now_us, settings)
    kept = rows[index]
    ahead_s = (now_us - kept["observed_us"]) / -1e6
    age_s = np.maximum(-ahead_s, 0.0)
    category = category_codes(_field(kept, "category", -1))
    speed, track, moves = _velocity(kept)
    rate = kept["vertical_rate_mps"]
    rate_known = np.abs(rate) <= FASTEST_MPS
    up = np.where(rate_known, rate, 0.0)
    lat, lon, east, north = project(
        lat_deg=kept["lat"], lon_deg=kept["lon"], speed_mps=speed, track_deg=track, after_s=age_s
    )
    height, datum, known = _heights(kept, up * age_s)
    lower, upper = bounds_of(height, datum, environment, from_micros(now_us))
    rounded = _field(kept, "level", 0) == POSITION_LEVEL
    radius_m, widened = _radius(kept, category, speed, moves, age_s, np.maximum(ahead_s, 0.0), rounded)
    level = (np.abs(up) <= LEVEL_MPS) & (category != CATEGORY_CODE[AircraftCategory.UNCREWED])
    flags = ~moves * SPEED_UNKNOWN | (speed > 0.0) * MOVES | ~rate_known * RATE_UNKNOWN
    flags |= ~known * HEIGHT_UNKNOWN | (ahead_s > 0.0) * CLOCK_AHEAD | widened * WIDENED
    error_m = np.where(rounded, _ROUNDED_HEIGHT_M + _ROUNDED_RATE_MPS * age_s, 0.0)
    mid_m, half_m = _middle(np.where(known, lower, 0.0), np.where(known, upper, 0.0))
    return Traffic(
        keys=keys if len(index) == len(keys) else Picked(keys, index),
        index=index,
        lat_deg=lat,
        lon_deg=lon,
        height_m=height,
        east_mps=east,
        north_mps=north,
        up_mps=np.where(level, 0.0, up),
        category=category,
        radius_m=radius_m,
        datum=datum,
        height_error_m=np.where(known, error_m, np.inf),
        wgs84_mid_m=mid_m,
        wgs84_half_m=np.where(known, half_m + error_m, np.inf),
        observed_us=np.ascontiguousarray(kept["observed_us"]),
        age_s=age_s,
        flags=flags.astype(np.uint8),
        left_out=left_out,
    )


def _usable(rows: NDArray[Any], now_us: int, settings: AlertSettings) -> tuple[Ints, dict[str, int]]:
    """Which rows are swept, and how many are not and why; the first reason counts."""
    lat, lon, accuracy_m = rows["lat"], rows["lon"], rows["accuracy_m"]
    checks = (
        ("on ground", rows["on_ground"] == 1),
        ("expired", rows["observed_us"] < now_us - round(settings.expire_s * 1e6)),
        ("from the future", rows["observed_us"] > now_us + round(settings.expire_s * 1e6)),
        ("no position", ~((np.abs(lat) <= 90.0) & (np.abs(lon) <= 360.0))),
        ("position too coarse", accuracy_m > COARSEST_M),
    )
    usable = np.ones(len(rows), np.bool_)
    left_out = {}
    for reason, wrong in checks:
        left_out[reason] = int(np.count_nonzero(usable & wrong))
        usable &= ~wrong
    return np.flatnonzero(usable), left_out


def _field(rows: NDArray[Any], name: str, otherwise: int) -> Ints:
    """A small integer column; ``otherwise`` in all of it where the rows have none."""
    if rows.dtype.names is None or name not in rows.dtype.names:
        return np.full(len(rows), otherwise, np.int64)
    return rows[name].astype(np.int64)


def _velocity(rows: NDArray[Any]) -> tuple[Floats, Floats, NDArray[np.bool_]]:
    """Speed, track and whether both are known. An aircraft that stands still needs no track."""
    speed, track = rows["ground_speed_mps"], rows["track_deg"]
    known = (speed >= 0.0) & (speed <= FASTEST_MPS) & ((np.abs(track) <= 360.0) | (speed == 0.0))
    moving = known & (speed > 0.0)
    return np.where(moving, speed, 0.0), np.where(moving, track, 0.0), known


def _heights(rows: NDArray[Any], climbed_m: Floats) -> tuple[Floats, NDArray[np.int8], NDArray[np.bool_]]:
    """Heights now on their own datums (0 where unknown), the datums, and whether they are
    known."""
    stated, datum = rows["altitude_m"], rows["altitude_datum"].astype(np.int64)
    known = (stated >= LOWEST_M) & (stated <= HIGHEST_M) & (datum >= 0) & (datum < len(DATUM_CODE))
    now = np.clip(np.where(known, stated + climbed_m, 0.0), LOWEST_M, HIGHEST_M)
    return now, np.where(known, datum, UNKNOWN_DATUM).astype(np.int8), known


def _middle(lower: Floats, upper: Floats) -> tuple[Floats, Floats]:
    """Middle and half-width; the middle is kept within heights that are taken, the rest is added to the
    width."""
    middle = (lower + upper) / 2.0
    kept = np.clip(middle, LOWEST_M, HIGHEST_M)
    return kept, (upper - lower) / 2.0 + np.abs(middle - kept)


def _radius(
    rows: NDArray[Any],
    category: Ints,
    speed: Floats,
    known: NDArray[np.bool_],
    age_s: Floats,
    ahead_s: Floats,
    rounded: NDArray[np.bool_],
) -> tuple[Floats, NDArray[np.bool_]]:
    """Metres around the projected place within which the true one is, and which are widened by age."""
    stated = rows["accuracy_m"]
    accuracy = np.where(np.isfinite(stated), np.maximum(stated, 0.0), UNKNOWN_ACCURACY_M)
    drone = category == CATEGORY_CODE[AircraftCategory.UNCREWED]
    guess = np.where(drone, UNKNOWN_DRONE_MPS, UNKNOWN_SPEED_MPS)
    over_s = np.maximum(age_s - VALID_S, 0.0)
    turned = np.minimum(0.5 * TURN_MPS2 * over_s * over_s, 2.0 * np.maximum(speed, LEAST_SPEED_MPS) * over_s)
    aged = np.where(known, turned, guess * age_s)
    ahead = np.where(known, speed, guess) * ahead_s
    rounding = _ROUNDED_TIME_S * speed + (_ROUNDED_SPEED_MPS + _ROUNDED_TRACK_RAD * speed) * age_s
    return accuracy + aged + ahead + np.where(rounded, rounding, 0.0), known & (over_s > 0.0)
