"""Random traffic for the search's tests: places that are hard, every optional array, and its slow answer."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from comity.conflict import reference
from comity.conflict.pairs import Found, find_pairs

CENTRES = ((0.0, 0.0), (47.0, 7.0), (-33.0, 179.95), (89.8, 0.0), (-89.95, -180.0), (70.0, -180.0))
"""Among them both poles and the antimeridian."""


@dataclass(frozen=True)
class Scene:
    """``motion``: the six arrays; ``options``: all keyword arguments of ``find_pairs``."""

    motion: tuple[NDArray[np.float64], ...]
    options: dict[str, Any]

    def found(self, **changed: Any) -> Found:
        return find_pairs(*self.motion, **(self.options | changed))

    def aircraft(self) -> list[reference.Aircraft]:
        count = len(self.motion[0])
        named = dict(zip(reference.Aircraft._fields, self.motion, strict=False))
        named |= {k: v for k, v in self.options.items() if k in reference.Aircraft._fields}
        lists = {name: np.asarray(values).tolist() for name, values in named.items()}
        return [reference.Aircraft(**{name: lists[name][k] for name in lists}) for k in range(count)]

    def minima(self) -> dict[tuple[int, int], reference.Minima]:
        d_m, h_m, horizon_s = (np.atleast_2d(self.options[name]) for name in ("d_m", "h_m", "horizon_s"))
        return {
            (a, b): reference.Minima(float(d_m[a, b]), float(h_m[a, b]), float(horizon_s[a, b]))
            for a in range(len(d_m))
            for b in range(len(d_m))
        }

    def expected(self) -> list[tuple[int, int, tuple[float, float]]]:
        return list(reference.find_pairs(self.aircraft(), self.minima()))

    def shuffled(self, order: NDArray[np.int64]) -> Scene:
        options = {
            name: value[order] if np.ndim(value) == 1 else value for name, value in self.options.items()
        }
        return Scene(tuple(array[order] for array in self.motion), options)


def plain(seed: int, count: int = 50) -> Scene:
    """One category, nothing uncertain."""
    rng = np.random.default_rng(seed)
    options = {"d_m": rng.uniform(100, 9_260), "h_m": rng.uniform(20, 305), "horizon_s": rng.uniform(20, 300)}
    return Scene(_motion(rng, count), options)


def mixed(seed: int, count: int = 50, categories: int = 3) -> Scene:
    """Categories with very different minima, uncertainties, datums, unknown heights, groups, two sides."""
    rng = np.random.default_rng(seed)
    motion = _motion(rng, count)
    d_m = _symmetric(rng, 50, 9_260, categories)
    if categories > 1 and rng.random() < 0.3:
        d_m[0, 1] = d_m[1, 0] = 0.0
    options = {
        "d_m": d_m,
        "h_m": _symmetric(rng, 20, 305, categories),
        "horizon_s": _symmetric(rng, 20, 300, categories),
        "category": rng.integers(0, categories, count).astype(np.int8),
        "radius_m": rng.uniform(0, 1, count) * rng.choice([0.0, 500.0, 20_000.0], count),
        "datum": rng.integers(0, 3, count).astype(np.int8),
        "height_error_m": rng.choice([0.0, 50.0, math.inf], count, p=[0.5, 0.47, 0.03]),
        "wgs84_mid_m": motion[2] + rng.normal(0, 100, count),
        "wgs84_half_m": rng.choice([100.0, 300.0, math.inf], count, p=[0.5, 0.47, 0.03]),
        "skip": rng.integers(-1, 20, count).astype(np.int32),
    }
    if rng.random() < 0.5:
        options["between"] = rng.random(count) < 0.5
    return Scene(motion, options)


def extreme(seed: int, count: int = 40) -> Scene:
    """All over the Earth at what is allowed at most: speed, look-ahead, minima, uncertainty."""
    rng = np.random.default_rng(seed)
    lat = np.where(rng.random(count) < 0.05, 90.0, np.degrees(np.arcsin(rng.uniform(-1, 1, count))))
    lon = np.where(rng.random(count) < 0.1, 180.0, rng.uniform(-180, 180, count))
    east_mps, north_mps = rng.uniform(-1_500, 1_500, (2, count))
    options = {
        "d_m": float(rng.choice([1e4, 1e6])),
        "h_m": 3_000.0,
        "horizon_s": float(rng.choice([600.0, 3_600.0])),
        "radius_m": rng.uniform(0, 2e6, count) * (rng.random(count) < 0.2),
    }
    up_mps = rng.uniform(-1, 1, count)
    return Scene((lat, lon, rng.uniform(0, 5e3, count), east_mps, north_mps, up_mps), options)


def _motion(rng: np.random.Generator, count: int) -> tuple[NDArray[np.float64], ...]:
    lat_0, lon_0 = CENTRES[rng.integers(len(CENTRES))]
    spread_deg = rng.choice([0.05, 0.5, 3.0])
    lat = np.clip(lat_0 + rng.normal(0, spread_deg, count), -90, 90)
    wide_deg = spread_deg / max(0.01, math.cos(math.radians(lat_0)))
    lon = (lon_0 + rng.normal(0, wide_deg, count) + 180.0) % 360.0 - 180.0
    height_m = rng.uniform(0, 3_000, count)
    speed_mps = rng.choice([0.0, 15.0, 250.0, 900.0], count) * rng.uniform(0.5, 1, count)
    track = rng.uniform(0, 2 * math.pi, count)
    up_mps = rng.choice([0.0, 10.0, -10.0], count)
    return lat, lon, height_m, speed_mps * np.sin(track), speed_mps * np.cos(track), up_mps


def _symmetric(rng: np.random.Generator, low: float, high: float, size: int) -> NDArray[np.float64]:
    half = np.triu(rng.uniform(low, high, (size, size)))
    return half + np.triu(half, 1).T
