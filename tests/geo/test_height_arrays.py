"""Bounds of columns are those of single heights: never inward, and outward by rounding alone."""

from __future__ import annotations

import math
from datetime import timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from comity.geo.height_arrays import bounds_of
from comity.geo.heights import WORST_CASE, Environment, Qnh, bounds
from comity.model.altitude import HIGHEST_M, LOWEST_M, Altitude, Datum
from comity.model.batch import DATUM_CODE, DATUMS
from tests.geo.making import NOON, environments, examples

LAYER_EDGES = [0.0, 11_000.0, 20_000.0, 32_000.0, 47_000.0, 51_000.0, 71_000.0, 84_852.0]


@settings(max_examples=examples(200), deadline=None)
@given(
    st.lists(
        st.tuples(
            st.floats(LOWEST_M, HIGHEST_M) | st.sampled_from([*LAYER_EDGES, LOWEST_M, HIGHEST_M]),
            st.sampled_from(DATUMS),
        ),
        max_size=8,
    ),
    environments(),
)
def test_columns_say_what_single_heights_say(
    heights: list[tuple[float, Datum]], environment: Environment
) -> None:
    values = np.array([value for value, _ in heights])
    codes = np.array([DATUM_CODE[datum] for _, datum in heights], np.int16)
    lower, upper = bounds_of(values, codes, environment, NOON)
    for k, (value, datum) in enumerate(heights):
        one = bounds(Altitude(value, datum), environment, NOON)
        assert one.lower_m - 1e-6 < lower[k] <= one.lower_m + 1e-6
        assert one.upper_m - 1e-6 <= upper[k] < one.upper_m + 1e-6
        assert lower[k] <= upper[k]


def test_a_qnh_counts_only_while_it_is_in_force() -> None:
    qnh = Qnh(1_000.0, 1.0, NOON, NOON + timedelta(hours=1))
    environment = Environment(geoid_m=(40.0, 50.0), temperature_k=(-5.0, 5.0), qnh=(qnh,))
    values, codes = np.array([2_000.0]), np.array([DATUM_CODE[Datum.PRESSURE]])
    inside = bounds_of(values, codes, environment, NOON)
    after = bounds_of(values, codes, environment, NOON + timedelta(hours=1))
    worst = bounds_of(values, codes, Environment((40.0, 50.0), None, (-5.0, 5.0)), NOON)
    assert inside[1][0] - inside[0][0] < 120.0
    assert (after[0][0], after[1][0]) == (worst[0][0], worst[1][0])
    assert after[1][0] - after[0][0] > 1_000.0


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (math.nan, 2),
        (math.inf, 2),
        (-math.inf, 0),
        (100.0, -1),
        (100.0, 9),
        (HIGHEST_M + 1.0, 1),
        (-1_501.0, 3),
    ],
)
def test_a_height_that_is_none_may_be_anywhere(value: float, code: int) -> None:
    lower, upper = bounds_of(np.array([value]), np.array([code]), WORST_CASE, NOON)
    assert (lower[0], upper[0]) == (-math.inf, math.inf)


def test_no_heights_give_no_bounds() -> None:
    lower, upper = bounds_of(np.zeros(0), np.zeros(0, np.int16), WORST_CASE, NOON)
    assert len(lower) == len(upper) == 0
