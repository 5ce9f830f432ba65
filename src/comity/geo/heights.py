"""Heights on four datums, made comparable: bounds in metres above the WGS84 ellipsoid.

``bounds`` returns an interval that holds the true height whenever the errors stated in the
:class:`Environment` hold; what is not stated is taken at the worldwide worst case, and ``reasons``
says so. Nothing is ever rounded inward, and stating more never makes an interval wider.

Sources. Geoid: EGM2008, -106.9 m (south of Sri Lanka) to +85.8 m (New Guinea). Ground: the Dead Sea
shore and Mount Everest. Sea-level pressure: WMO record 870 hPa (typhoon Tip, 1979) and the highest
reduced value published, 1089.4 hPa (Tosontsengel, 2004). Standard atmosphere: ICAO Doc 7488/3 (ISO
2533), layers to 84.85 km. Temperature: hydrostatics; the thickness between two pressures is in
proportion to the mean temperature between them. Gravity: WGS84 normal gravity, 9.780 to 9.833 m/s².

Not done here: terrain or geoid models by place, and weather by place. An environment is stated for
the whole area in which it is used, with intervals wide enough for that area.
"""

from __future__ import annotations

import math
from datetime import datetime
from functools import lru_cache
from itertools import pairwise
from typing import Final, NamedTuple

import msgspec

from comity.errors import InvalidInput
from comity.model.altitude import Altitude, Datum

Span = tuple[float, float]
"""(lowest, highest), closed."""

WORST_GEOID_M: Final[Span] = (-110.0, 90.0)
"""EGM2008's extremes with 3 m for differences between national vertical datums. Larger: wider bounds."""

WORST_TERRAIN_M: Final[Span] = (-450.0, 8_860.0)
"""Metres above mean sea level: the Dead Sea shore (-440 m, falling 1 m a year) and Everest (8 849 m)."""

WORST_PRESSURE_HPA: Final[Span] = (865.0, 1_092.0)
"""Sea-level pressure: the records with about 4 hPa to spare."""

WORST_TEMPERATURE_K: Final[Span] = (-85.0, 50.0)
"""Mean deviation of an air column from the standard atmosphere. The records at the *surface* are -82 K
(Vostok) and +42 K (Furnace Creek); a column's mean deviates less, so this is outward at all heights."""

NO_GEOID: Final = "geoid not stated: undulation taken as -110 to 90 m"
NO_TERRAIN: Final = "terrain not stated: ground taken as -450 to 8860 m above mean sea level"
NO_QNH: Final = "no QNH in force: sea-level pressure taken as 865 to 1092 hPa"
NO_TEMPERATURE: Final = "temperature not stated: air column taken as 85 K colder to 50 K warmer than standard"

_METRES_PER_KELVIN: Final = 287.05287 / 9.80665
"""R/g0 of Doc 7488: thickness in metres per kelvin and per unit of ln(pressure)."""

_SEA_LEVEL_HPA: Final = 1013.25
_GRAVITY_LOW: Final = 0.9973
_GRAVITY_HIGH: Final = 1.0028
"""g0 over normal gravity at the poles (9.8322) and on the equator (9.7803), rounded outward."""

_SMALLEST_RADIUS_M: Final = 6_330_000.0
"""Below every effective radius in H = r·h/(r - h) (geopotential to geometric); smaller is outward."""

_ROUNDING_M: Final = 1e-6
"""Covers floating-point rounding of the logarithms, 1e-12 of 100 km with a margin of ten."""

_LAYERS: Final = (
    (0.0, 288.15, -0.0065),
    (11_000.0, 216.65, 0.0),
    (20_000.0, 216.65, 0.001),
    (32_000.0, 228.65, 0.0028),
    (47_000.0, 270.65, 0.0),
    (51_000.0, 270.65, -0.0028),
    (71_000.0, 214.65, -0.002),
    (84_852.0, 186.946, 0.0),
)
"""Doc 7488 table D: base in geopotential metres, temperature in K, lapse in K/m; isothermal above."""


class Qnh(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """A QNH and how far it may be off anywhere in the area it is used for.

    ``error_hpa`` covers rounding, age and the difference between places. ``elevation_m`` is that of the
    station above mean sea level: a temperature error counts from there. In force in
    ``[valid_from, expires)``."""

    hpa: float
    error_hpa: float
    valid_from: datetime
    expires: datetime
    elevation_m: float = 0.0

    def __post_init__(self) -> None:
        low, high = WORST_PRESSURE_HPA
        if not self.error_hpa >= 0.0:
            raise InvalidInput("error_hpa must be 0 or more", field="error_hpa")
        if not low <= self.hpa - self.error_hpa <= self.hpa + self.error_hpa <= high:
            raise InvalidInput(f"hpa must lie within {low:g} to {high:g} with its error", field="hpa")
        if not WORST_TERRAIN_M[0] <= self.elevation_m <= WORST_TERRAIN_M[1]:
            raise InvalidInput("elevation_m must be that of a place on the ground", field="elevation_m")
        if self.valid_from.tzinfo is None or self.expires.tzinfo is None:
            raise InvalidInput("valid_from and expires must carry a time zone", field="expires")
        if not self.valid_from < self.expires:
            raise InvalidInput("expires must be after valid_from", field="expires")


class Environment(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """What is known of the area. None means not known, and then the worldwide worst case holds.

    ``geoid_m``: geoid above the ellipsoid. ``terrain_m``: ground above mean sea level.
    ``temperature_k``: mean deviation of the air column from the standard atmosphere.
    ``qnh``: at any instant those in force together hold the QNH of every place in the area."""

    geoid_m: Span | None = None
    terrain_m: Span | None = None
    temperature_k: Span | None = None
    qnh: tuple[Qnh, ...] = ()

    def __post_init__(self) -> None:
        for name, worst in (
            ("geoid_m", WORST_GEOID_M),
            ("terrain_m", WORST_TERRAIN_M),
            ("temperature_k", WORST_TEMPERATURE_K),
        ):
            span = getattr(self, name)
            if span is not None and not worst[0] <= span[0] <= span[1] <= worst[1]:
                raise InvalidInput(
                    f"{name} must be (lowest, highest) within {worst[0]:g} to {worst[1]:g}", field=name
                )

    def lasting(self) -> Environment:
        """What stays true: all but the weather of the day. For what outlives a QNH, such as an index."""
        return Environment(self.geoid_m, self.terrain_m) if self.qnh or self.temperature_k else self

    def during(self, start: datetime, end: datetime) -> Environment:
        """What holds for all of ``[start, end)``: every QNH in force at any time of it, taken together,
        or none if there is a time without one."""
        if not self.qnh:
            return self
        kept = sorted((q for q in self.qnh if q.valid_from < end and start < q.expires), key=_valid_from)
        covered_until = start
        for q in kept:
            if q.valid_from <= covered_until:
                covered_until = max(covered_until, q.expires)
        qnh = tuple(msgspec.structs.replace(q, valid_from=start, expires=end) for q in kept)
        return msgspec.structs.replace(self, qnh=qnh if covered_until >= end else ())


def _valid_from(qnh: Qnh) -> datetime:
    return qnh.valid_from


WORST_CASE: Final = Environment()


class HeightBounds(NamedTuple):
    """Metres above the WGS84 ellipsoid; ``reasons`` names what was missing and taken at its worst."""

    lower_m: float
    upper_m: float
    reasons: tuple[str, ...]


def bounds(altitude: Altitude, environment: Environment, now: datetime) -> HeightBounds:
    """Where a height given on any datum can be, ``now`` being the time at which it holds."""
    value, datum = altitude.value_m, altitude.datum
    if datum == Datum.W84:
        return HeightBounds(value, value, ())
    reasons: tuple[str, ...] = ()
    if datum == Datum.MSL:
        low = high = value
    elif datum == Datum.AGL:
        ground = environment.terrain_m
        if ground is None:
            ground, reasons = WORST_TERRAIN_M, (NO_TERRAIN,)
        low, high = ground[0] + value, ground[1] + value
    else:
        low, high, reasons = _pressure_bounds(value, environment, now)
    geoid = environment.geoid_m
    if geoid is None:
        geoid, reasons = WORST_GEOID_M, (*reasons, NO_GEOID)
    return HeightBounds(low + geoid[0], high + geoid[1], reasons)


def overlap(
    lower_a: Altitude,
    upper_a: Altitude,
    lower_b: Altitude,
    upper_b: Altitude,
    environment: Environment,
    now: datetime,
) -> bool:
    """Whether two bands can share a height over the same place at the same time ``now``.

    Bands are closed: one that ends where the next begins touches it, and that counts, because two
    aircraft may then be at one height. Two limits on one datum compare directly: over one place and at
    one time there is one ground, one geoid and one column of air, in which pressure falls with height.
    Limits on different datums compare by their bounds, so that doubt counts as overlap."""
    return not (
        _surely_above(lower_b, upper_a, environment, now) or _surely_above(lower_a, upper_b, environment, now)
    )


def _surely_above(lower: Altitude, upper: Altitude, environment: Environment, now: datetime) -> bool:
    if lower.datum == upper.datum:
        return lower.value_m > upper.value_m
    return bounds(lower, environment, now).lower_m > bounds(upper, environment, now).upper_m


def _pressure_bounds(
    value: float, environment: Environment, now: datetime
) -> tuple[float, float, tuple[str, ...]]:
    """Bounds above mean sea level of a height in the standard atmosphere."""
    reasons: tuple[str, ...] = ()
    temperature = environment.temperature_k
    if temperature is None:
        temperature, reasons = WORST_TEMPERATURE_K, (NO_TEMPERATURE,)
    low, high = _column(value, WORST_PRESSURE_HPA, None, temperature)
    in_force = [q for q in environment.qnh if q.valid_from <= now < q.expires]
    if not in_force:
        return low, high, (NO_QNH, *reasons)
    spans = [
        _column(value, (q.hpa - q.error_hpa, q.hpa + q.error_hpa), q.elevation_m, temperature)
        for q in in_force
    ]
    # Both hold, so their common part does: below a high station the worst case can be the narrower.
    return max(low, min(s[0] for s in spans)), min(high, max(s[1] for s in spans)), reasons


@lru_cache(maxsize=16_384)
def _column(value: float, sea_level_hpa: Span, elevation_m: float | None, temperature: Span) -> Span:
    """Height above mean sea level of the pressure at ``value``, for a sea-level pressure in a span that
    was measured at ``elevation_m``; None: at any elevation from sea level up to there."""
    base_low, base_high = _standard_height(sea_level_hpa[0]), _standard_height(sea_level_hpa[1])
    depth = _log_pressure(value)
    # base_low belongs to low pressure and is the higher of the two.
    shallow = (depth - _log_pressure(base_low + (elevation_m or 0.0))) * _METRES_PER_KELVIN
    deep = (depth - _log_pressure(base_high + (elevation_m or 0.0))) * _METRES_PER_KELVIN
    errors = [k * d for k in temperature for d in (shallow, deep)]
    if elevation_m is None:
        errors.append(0.0)
    low = value - base_low + min(errors)
    high = value - base_high + max(errors)
    return _geometric(low, lowest=True) - _ROUNDING_M, _geometric(high, lowest=False) + _ROUNDING_M


def _geometric(geopotential_m: float, *, lowest: bool) -> float:
    """Geometric height, at the latitude that makes it lowest or highest."""
    if lowest == (geopotential_m >= 0.0):
        return geopotential_m * _GRAVITY_LOW
    h = geopotential_m * _GRAVITY_HIGH
    return h / (1.0 - h / _SMALLEST_RADIUS_M) if h > 0.0 else h


def _standard_height(hpa: float) -> float:
    """Geopotential metres in the standard atmosphere at a pressure near sea level (its first layer)."""
    _, temperature, lapse = _LAYERS[0]
    ratio = math.pow(hpa / _SEA_LEVEL_HPA, -lapse * _METRES_PER_KELVIN)
    return temperature / lapse * (ratio - 1.0)


def _log_pressure(geopotential_m: float) -> float:
    """ln(1013.25 hPa / p) at a height in the standard atmosphere."""
    for (base, temperature, lapse), depth in zip(reversed(_LAYERS), reversed(_DEPTHS), strict=True):
        if geopotential_m >= base:
            return depth + _layer_depth(geopotential_m - base, temperature, lapse)
    return _layer_depth(geopotential_m, *_LAYERS[0][1:])


def _layer_depth(thickness_m: float, temperature: float, lapse: float) -> float:
    if lapse == 0.0:
        return thickness_m / (temperature * _METRES_PER_KELVIN)
    return math.log1p(lapse * thickness_m / temperature) / (lapse * _METRES_PER_KELVIN)


def _depths() -> tuple[float, ...]:
    depths = [0.0]
    for (base, temperature, lapse), (top, _, _) in pairwise(_LAYERS):
        depths.append(depths[-1] + _layer_depth(top - base, temperature, lapse))
    return tuple(depths)


_DEPTHS: Final = _depths()
