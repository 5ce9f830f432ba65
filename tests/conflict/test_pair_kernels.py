"""Kernels of one pair against the slow reference, on drawn states: far, near, at rest, grazing, level."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from comity.conflict import alerting, cylinder, frame, grid, reference, well_clear
from comity.conflict.search import _approaches, _outward, _wide
from comity.conflict.well_clear import WellClear

HORIZON_S = 300.0

metres = st.sampled_from([0.0, 100.0, -304.8, 9_260.0]) | st.floats(-60_000, 60_000)
heights = st.sampled_from([0.0, 304.8, -304.8, 137.16]) | st.floats(-2_000, 2_000)
speeds = st.sampled_from([0.0, 1e-9, 30.0, -250.0]) | st.floats(-500, 500)
climbs = st.sampled_from([0.0, 5.0, -5.0]) | st.floats(-30, 30)
spots = st.tuples(metres, metres, heights)
motions = st.tuples(speeds, speeds, climbs)
volumes = st.builds(
    WellClear,
    st.floats(100, 10_000),
    st.floats(30, 400),
    st.sampled_from([0.0, 35.0]) | st.floats(0, 60),
    st.sampled_from([0.0, 20.0]),
)

MARGIN = 1e-7
"""Relative. A row whose verdict flips when the minima move by it is no error either way."""

TIME_S = 1e-5


def turned(of: reference.Vector) -> reference.Vector:
    return -of[0], -of[1], -of[2]


def ever(s: reference.Vector, v: reference.Vector, d_m: float, h_m: float) -> tuple[float, float]:
    return cylinder.ever(s[0], s[1], s[2], v[0], v[1], v[2], d_m, h_m)


def lost(s: reference.Vector, v: reference.Vector, volume: WellClear) -> tuple[float, float]:
    dthr_m, zthr_m, tthr_s, tcoa_s = volume
    return well_clear.lost(s[0], s[1], s[2], v[0], v[1], v[2], dthr_m, zthr_m, tthr_s, tcoa_s, HORIZON_S)


def steady(one: tuple[float, float], other: tuple[float, float]) -> bool:
    """Whether the answer hardly depends on the minima: same verdict, and times that do not jump."""
    if (one == reference.NEVER) != (other == reference.NEVER):
        return False
    return one == other or max(abs(one[0] - other[0]), abs(one[1] - other[1])) < 1.0


@settings(max_examples=400, deadline=None)
@given(spots, motions, st.floats(50, 10_000), st.floats(10, 400))
def test_cylinder(s: reference.Vector, v: reference.Vector, d_m: float, h_m: float) -> None:
    less, more = (
        reference.within(reference.cylinder(s, v, d_m * k, h_m * k), HORIZON_S)
        for k in (1 - MARGIN, 1 + MARGIN)
    )
    assume(steady(less, more))
    got = cylinder.within(*ever(s, v, d_m, h_m), HORIZON_S)
    wanted = reference.within(reference.cylinder(s, v, d_m, h_m), HORIZON_S)
    assert got == pytest.approx(wanted, rel=0.0, abs=TIME_S)
    back = cylinder.within(*ever(turned(s), turned(v), d_m, h_m), HORIZON_S)
    assert back == got


@settings(max_examples=200, deadline=None)
@given(spots, motions)
def test_closest_approach_and_miss(s: reference.Vector, v: reference.Vector) -> None:
    assume(math.hypot(v[0], v[1]) in (0.0, 1e-9) or math.hypot(v[0], v[1]) > 1e-6)
    t_s, d_m = cylinder.closest(s[0], s[1], v[0], v[1])
    slow_t_s, slow_d_m = reference.closest(s, v)
    assert t_s == pytest.approx(slow_t_s, rel=1e-9, abs=1e-6, nan_ok=True)
    assert d_m == pytest.approx(slow_d_m, rel=1e-9, abs=1e-5)
    got, wanted = cylinder.miss(s[0], s[1], v[0], v[1], HORIZON_S), reference.miss(s, v, HORIZON_S)
    assert got == pytest.approx(wanted, rel=1e-6, abs=1e-3)


@settings(max_examples=400, deadline=None)
@given(spots, motions, volumes)
def test_well_clear(s: reference.Vector, v: reference.Vector, volume: WellClear) -> None:
    wanted, less, more = (
        reference.well_clear_lost(
            s,
            v,
            reference.Volume(volume.dthr_m * k, volume.zthr_m * k, volume.tthr_s, volume.tcoa_s),
            HORIZON_S,
        )
        for k in (1.0, 1 - MARGIN, 1 + MARGIN)
    )
    assume(steady(less, more))
    got = lost(s, v, volume)
    lasting = got if got[0] < got[1] - TIME_S else reference.NEVER
    wanted = wanted if wanted[0] < wanted[1] - TIME_S else reference.NEVER
    assert lasting == pytest.approx(wanted, rel=0.0, abs=TIME_S)
    assert lost(turned(s), turned(v), volume) == got


@settings(max_examples=100, deadline=None)
@given(spots, motions, st.floats(0, 500), st.floats(0, 100))
def test_what_is_uncertain_never_lowers_a_level(
    s: reference.Vector, v: reference.Vector, unsure_m: float, unsure_height_m: float
) -> None:
    states = np.array([*s, *v]).reshape(6, 1)
    for alerter in (alerting.PHASE_1, alerting.PHASE_2, alerting.NON_COOPERATIVE_TRAFFIC):
        sure = alerting.levels(states, alerter)
        wide = alerting.levels(
            states, alerter, unsure_m=np.array([unsure_m]), unsure_height_m=np.array([unsure_height_m])
        )
        assert wide[0] >= sure[0]


@settings(max_examples=300, deadline=None)
@given(st.floats(-1e7, 1e7), st.floats(-1e7, 1e7))
def test_the_quick_angle_is_as_good_as_it_says(x: float, y: float) -> None:
    assume(x != 0.0 or y != 0.0)
    apart = math.remainder(grid.turned(y, x) - math.atan2(y, x), 2.0 * math.pi)
    assert abs(apart) <= grid.ANGLE_SLACK / 2


places = st.tuples(st.floats(-89.9, 89.9), st.floats(-180, 180), st.floats(-300, 300), st.floats(-300, 300))


@settings(max_examples=300, deadline=None)
@given(
    places, st.floats(-1.5, 1.5), st.floats(-2, 2), speeds, speeds, st.floats(50, 20_000), st.floats(10, 600)
)
def test_what_is_looked_at_first_never_leaves_out_what_meets(
    one: tuple[float, float, float, float],
    north_deg: float,
    east_deg: float,
    east_mps: float,
    north_mps: float,
    d_m: float,
    horizon_s: float,
) -> None:
    lat = min(90.0, max(-90.0, one[0] + north_deg))
    zero = np.zeros(2)
    lats, lons = np.array([one[0], lat]), np.array([one[1], one[1] + east_deg])
    motion = (lats, lons, zero, np.array([one[2], east_mps]), np.array([one[3], north_mps]), zero)
    states = np.empty((2, frame.WIDTH))
    frame.place(np.arange(2, dtype=np.int32), motion, states)
    sx, sy, vx, vy = frame.relative(states, 0, states, 1)
    _, miss_m = cylinder.miss(sx, sy, vx, vy, horizon_s)
    assume(miss_m < d_m)
    middle_s = 0.5 * horizon_s
    none = np.empty((0, 4))
    reach_m = max(grid.reach_m(states, none, k, middle_s) for k in (0, 1))
    apart = (states[0, :3] - states[1, :3]) + (states[0, 3:6] - states[1, 3:6]) * middle_s
    assert math.sqrt(float(apart @ apart)) <= _wide(d_m, np.float32(reach_m)) + 1e-6
    velocity = states[0, 3:6] - states[1, 3:6]
    singles = [np.float32(value) for value in (*apart, *velocity, _outward(d_m, reach_m), middle_s)]
    assert _approaches(*singles)
