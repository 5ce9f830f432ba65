"""``geo.heights.bounds`` for columns: where heights of any datum can be, metres above the WGS84 ellipsoid.

The same formulas as in ``heights``, term by term, with arrays in the place of numbers: no table and no
interpolation, so an interval differs from the scalar one by rounding alone (under 1e-8 m, and each has
1e-6 m outward to cover it). A height that is NaN, infinite, outside of what ``Altitude`` takes, or without a
datum may be anywhere: its interval is all numbers. Reasons are the scalar function's; they depend on the
datum and the environment alone.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

import numpy as np
from numpy.typing import NDArray

from comity.geo import heights
from comity.geo.heights import Environment, Span
from comity.model.altitude import HIGHEST_M, LOWEST_M, Datum
from comity.model.batch import DATUM_CODE, Floats

_BASES_M: Final = np.array([base for base, _, _ in heights._LAYERS])
_TEMPERATURES_K: Final = np.array([temperature for _, temperature, _ in heights._LAYERS])
_LAPSES: Final = np.array([lapse for _, _, lapse in heights._LAYERS])
_DEPTHS: Final = np.array(heights._DEPTHS)


def bounds_of(
    values_m: Floats, datums: NDArray[np.integer], environment: Environment, now: datetime
) -> tuple[Floats, Floats]:
    """``(lower_m, upper_m)``; ``datums`` are codes of ``model.batch.DATUMS``, -1 for none."""
    usable = (values_m >= LOWEST_M) & (values_m <= HIGHEST_M) & (datums >= 0) & (datums < len(DATUM_CODE))
    lower = np.where(usable, values_m, -np.inf)
    upper = np.where(usable, values_m, np.inf)
    pressure = np.flatnonzero(usable & (datums == DATUM_CODE[Datum.PRESSURE]))
    if len(pressure):
        lower[pressure], upper[pressure] = _pressure_bounds(values_m[pressure], environment, now)
    ground = environment.terrain_m or heights.WORST_TERRAIN_M
    over_ground = datums == DATUM_CODE[Datum.AGL]
    lower[over_ground] += ground[0]
    upper[over_ground] += ground[1]
    geoid = environment.geoid_m or heights.WORST_GEOID_M
    over_geoid = datums != DATUM_CODE[Datum.W84]
    lower[over_geoid] += geoid[0]
    upper[over_geoid] += geoid[1]
    return lower, upper


def _pressure_bounds(values_m: Floats, environment: Environment, now: datetime) -> tuple[Floats, Floats]:
    """Above mean sea level."""
    temperature = environment.temperature_k or heights.WORST_TEMPERATURE_K
    depths = _log_pressure(values_m)
    low, high = _column(values_m, depths, heights.WORST_PRESSURE_HPA, None, temperature)
    spans = [
        _column(values_m, depths, (q.hpa - q.error_hpa, q.hpa + q.error_hpa), q.elevation_m, temperature)
        for q in environment.qnh
        if q.valid_from <= now < q.expires
    ]
    if spans:
        low = np.maximum(low, np.minimum.reduce([span[0] for span in spans]))
        high = np.minimum(high, np.maximum.reduce([span[1] for span in spans]))
    return low, high


def _column(
    values_m: Floats, depths: Floats, sea_level_hpa: Span, elevation_m: float | None, temperature: Span
) -> tuple[Floats, Floats]:
    base_low, base_high = (
        heights._standard_height(sea_level_hpa[0]),
        heights._standard_height(sea_level_hpa[1]),
    )
    shallow = (depths - heights._log_pressure(base_low + (elevation_m or 0.0))) * heights._METRES_PER_KELVIN
    deep = (depths - heights._log_pressure(base_high + (elevation_m or 0.0))) * heights._METRES_PER_KELVIN
    errors = [k * d for k in temperature for d in (shallow, deep)]
    if elevation_m is None:
        errors.append(np.zeros(len(values_m)))
    low = _geometric(values_m - base_low + np.minimum.reduce(errors), lowest=True)
    high = _geometric(values_m - base_high + np.maximum.reduce(errors), lowest=False)
    return low - heights._ROUNDING_M, high + heights._ROUNDING_M


def _geometric(geopotential_m: Floats, *, lowest: bool) -> Floats:
    weak = geopotential_m * heights._GRAVITY_HIGH
    # Above sea level only; elsewhere the second factor is 1.
    curved = weak / (1.0 - np.maximum(weak, 0.0) / heights._SMALLEST_RADIUS_M)
    strong = geopotential_m * heights._GRAVITY_LOW
    return np.where((geopotential_m >= 0.0) == lowest, strong, curved)


def _log_pressure(geopotential_m: Floats) -> Floats:
    layer = np.maximum(np.searchsorted(_BASES_M, geopotential_m, side="right") - 1, 0)
    thickness = geopotential_m - _BASES_M[layer]
    warmth, lapse = _TEMPERATURES_K[layer], _LAPSES[layer]
    isothermal = lapse == 0.0
    slope = np.where(isothermal, 1.0, lapse)
    sloped = np.log1p(slope * thickness / warmth * ~isothermal) / (slope * heights._METRES_PER_KELVIN)
    depth = np.where(isothermal, thickness / (warmth * heights._METRES_PER_KELVIN), sloped)
    return np.asarray(_DEPTHS[layer] + depth)
