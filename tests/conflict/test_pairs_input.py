"""Bad input is refused by name and row, never left out; ``usable`` says beforehand what would be refused."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from comity.conflict.inputs import LIMITS, usable
from comity.conflict.pairs import find_pairs
from comity.errors import InvalidInput

NAMES = ("lat_deg", "lon_deg", "height_m", "east_mps", "north_mps", "up_mps")
MINIMA = {"d_m": 9_260.0, "h_m": 304.8, "horizon_s": 300.0}


def call(**changed: Any) -> None:
    whole: dict[str, Any] = {name: np.zeros(4) for name in NAMES}
    find_pairs(**(whole | MINIMA | changed))


@pytest.mark.parametrize("name", LIMITS)
@pytest.mark.parametrize("wrong", [math.nan, -math.inf, -1e9])
def test_one_bad_value_is_named_with_its_row(name: str, wrong: float) -> None:
    array = np.zeros(4)
    array[2] = wrong
    more = {"wgs84_mid_m": np.zeros(4), "wgs84_half_m": np.zeros(4)} if name.startswith("wgs84") else {}
    with pytest.raises(InvalidInput, match=rf"{name}\[2\]") as refused:
        call(**(more | {name: array}))
    assert refused.value.field == name
    assert refused.value.detail == {"index": 2}


@pytest.mark.parametrize("name", [name for name, (_, high) in LIMITS.items() if math.isfinite(high)])
def test_too_much_is_refused_and_the_limit_itself_is_not(name: str) -> None:
    more = {"wgs84_half_m": np.zeros(4)} if name == "wgs84_mid_m" else {}
    high = LIMITS[name][1]
    call(**more, **{name: np.full(4, high)})
    with pytest.raises(InvalidInput, match=rf"{name}\[0\]"):
        call(**more, **{name: np.full(4, np.nextafter(high, math.inf))})


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"up_mps": np.zeros(3)}, "up_mps"),
        ({"lat_deg": np.zeros((2, 2))}, "lat_deg"),
        ({"lat_deg": ["a", "b", "c", "d"]}, "lat_deg"),
        ({"radius_m": np.zeros(5)}, "radius_m"),
        ({"d_m": -1.0}, "d_m"),
        ({"d_m": math.nan}, "d_m"),
        ({"d_m": 2e6}, "d_m"),
        ({"h_m": 0.0}, "h_m"),
        ({"h_m": math.nan}, "h_m"),
        ({"horizon_s": 0.0}, "horizon_s"),
        ({"horizon_s": 3_601.0}, "horizon_s"),
        ({"d_m": np.ones((2, 3))}, "d_m"),
        ({"d_m": np.ones(3)}, "d_m"),
        ({"d_m": np.ones((2, 2)), "h_m": np.ones((3, 3))}, "d_m"),
        ({"d_m": np.array([[1.0, 2.0], [3.0, 1.0]])}, "d_m"),
        ({"category": np.array([0, 0, 1, 0])}, "category"),
        ({"category": np.zeros(4)}, "category"),
        ({"category": np.zeros(3, int)}, "category"),
        ({"datum": np.array([0, 0, -1, 0])}, "datum"),
        ({"datum": np.array([0, 1, 0, 0])}, "datum"),
        ({"skip": np.zeros(4)}, "skip"),
        ({"between": np.zeros(4)}, "between"),
        ({"wgs84_mid_m": np.zeros(4)}, "wgs84_mid_m"),
    ],
)
def test_what_makes_no_sense_is_refused(wrong: dict[str, Any], field: str) -> None:
    with pytest.raises(InvalidInput) as refused:
        call(**wrong)
    assert refused.value.field == field


def test_an_asymmetric_matrix_says_so() -> None:
    with pytest.raises(InvalidInput, match="the same both ways"):
        call(d_m=np.array([[1.0, 2.0], [3.0, 1.0]]))


def test_lists_integers_views_and_read_only_arrays_are_taken() -> None:
    frozen = np.zeros(4)
    frozen.flags.writeable = False
    call(lat_deg=[0, 0, 0, 0], lon_deg=np.zeros(8)[::2], height_m=frozen, east_mps=np.zeros(4, np.float32))
    call(category=[0, 0, 0, 0], skip=np.array([1, 1, -1, -1], np.int8), between=[True, False, True, False])


def test_what_is_given_is_not_changed() -> None:
    heights = np.array([math.nan, 0.0, 0.0, 0.0])
    call(height_m=heights, height_error_m=np.array([math.inf, 0.0, 0.0, 0.0]))
    assert math.isnan(heights[0])


def test_usable_tells_what_would_be_refused() -> None:
    lat = np.array([0.0, math.nan, 91.0, 0.0, 0.0])
    east = np.array([0.0, 0.0, 0.0, math.inf, 0.0])
    height = np.array([0.0, 0.0, 0.0, 0.0, math.nan])
    assert usable(lat_deg=lat, east_mps=east).tolist() == [True, False, False, False, True]
    assert usable(height_m=height).tolist() == [True, True, True, True, False]
    unknown = np.array([0.0, 0.0, 0.0, 0.0, math.inf])
    assert usable(height_m=height, height_error_m=unknown).all()
    with pytest.raises(InvalidInput, match="colour is none of"):
        usable(colour=lat)


def test_only_usable_rows_pass() -> None:
    rng = np.random.default_rng(2)
    arrays = {
        name: rng.choice([0.0, 1.0, math.nan, math.inf, -1e12], 50, p=[0.4, 0.4, 0.1, 0.05, 0.05])
        for name in NAMES
    }
    good = usable(**arrays)
    assert 0 < good.sum() < 50
    find_pairs(**{name: array[good] for name, array in arrays.items()}, **MINIMA)  # type: ignore[arg-type]  # floats
    for row in np.flatnonzero(~good):
        with pytest.raises(InvalidInput):
            find_pairs(**{name: array[[row]] for name, array in arrays.items()}, **MINIMA)  # type: ignore[arg-type]  # floats
