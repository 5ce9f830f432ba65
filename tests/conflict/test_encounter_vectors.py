"""Kernels against the reference encounters: no wrong verdict outside fragile rows, times within 1e-6 s."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from comity.conflict import alerting, cylinder, reference, well_clear
from comity.conflict.alerting import Alerter
from comity.conflict.well_clear import WellClear
from comity.units import METRES_PER_FOOT, METRES_PER_NAUTICAL_MILE
from tests.conflict.vectors import D_M, H_M, HORIZON_S, column, flags, states

TIME_S = 1e-6
"""Asked for. Times far away, where a pair grazes or hardly moves, to 1e-9 of themselves instead."""

WC4000 = WellClear(4_000 * METRES_PER_FOOT, 450 * METRES_PER_FOOT, 35.0, 0.0)

VOLUMES = {
    "wc4000": WC4000,
    "ph1": well_clear.EN_ROUTE,
    "ph2": well_clear.TERMINAL,
    "nc": well_clear.NON_COOPERATIVE,
    "buf": well_clear.BUFFERED,
}

ALERTERS = {
    "alert_ph1": alerting.PHASE_1,
    "alert_ph2": alerting.PHASE_2,
    "alert_nc": alerting.NON_COOPERATIVE_TRAFFIC,
}


def same(got: NDArray[np.float64], wanted: NDArray[np.float64]) -> NDArray[np.bool_]:
    with np.errstate(invalid="ignore"):
        near = np.abs(got - wanted) <= np.maximum(TIME_S, 1e-9 * np.abs(wanted))
    equal: NDArray[np.bool_] = near | (got == wanted) | (np.isnan(got) & np.isnan(wanted))
    return equal


@pytest.mark.parametrize(
    ("volume", "wanted"),
    [
        (well_clear.EN_ROUTE, (0.66 * METRES_PER_NAUTICAL_MILE, 137.16, 35.0, 0.0)),
        (well_clear.TERMINAL, (457.2, 137.16, 0.0, 0.0)),
        (well_clear.NON_COOPERATIVE, (670.56, 137.16, 0.0, 0.0)),
        (well_clear.BUFFERED, (1_852.0, 137.16, 35.0, 20.0)),
    ],
)
def test_the_volumes_are_those_of_the_vectors(volume: WellClear, wanted: tuple[float, ...]) -> None:
    assert tuple(volume) == pytest.approx(wanted)


def test_cylinder_within_the_look_ahead() -> None:
    t_in, t_out = cylinder.intervals(states(), d_m=D_M, h_m=H_M, horizon_s=HORIZON_S)
    sure, conflict = ~flags("cyl_fragile"), flags("cyl_conflict")
    assert np.array_equal((t_in < t_out)[sure], conflict[sure])
    both = sure & conflict
    assert both.sum() > 1_000
    assert same(t_in, column("cyl_t_in"))[both].all()
    assert same(t_out, column("cyl_t_out"))[both].all()


def test_cylinder_over_all_time() -> None:
    got = np.array(
        [cylinder.ever(sx, sy, sz, vx, vy, vz, D_M, H_M) for sx, sy, sz, vx, vy, vz in states().T.tolist()]
    )
    sure, ever = ~flags("cyl_fragile"), flags("cyl_ever")
    assert np.array_equal((got[:, 0] < got[:, 1])[sure], ever[sure])
    assert same(got[:, 0], column("cyl_t_in_unclipped"))[sure & ever].all()
    assert same(got[:, 1], column("cyl_t_out_unclipped"))[sure & ever].all()


def test_closest_approach_and_miss_distance() -> None:
    sx, sy, sz, vx, vy, vz = states()
    rows = list(zip(sx.tolist(), sy.tolist(), vx.tolist(), vy.tolist(), strict=True))
    closest = np.array([cylinder.closest(*row) for row in rows])
    assert same(closest[:, 0], column("t_cpa")).all()
    assert closest[:, 1] == pytest.approx(column("d_cpa"), rel=1e-9, abs=1e-5)
    miss = np.array([cylinder.miss(*row, HORIZON_S) for row in rows])
    # Without relative speed any moment is as close as any other; the vectors take the present one too.
    assert same(miss[:, 0], column("t_hmd_0T")).all()
    assert miss[:, 1] == pytest.approx(column("hmd_0T"), rel=1e-9, abs=1e-5)
    assert np.abs(sz + vz * miss[:, 0]) == pytest.approx(column("dz_at_hmd"), rel=1e-9, abs=1e-4)


def test_inside_now() -> None:
    got = np.array([cylinder.inside(sx, sy, sz, D_M, H_M) for sx, sy, sz in states()[:3].T.tolist()])
    sure = ~flags("cyl_fragile")
    assert np.array_equal(got[sure], flags("los_now")[sure])


@pytest.mark.parametrize("name", VOLUMES)
def test_loss_of_well_clear(name: str) -> None:
    t_in, t_out = well_clear.intervals(states(), VOLUMES[name], horizon_s=HORIZON_S)
    sure, conflict = ~flags("wc4000_fragile"), flags(f"{name}_conflict")
    lasting = t_in < t_out
    assert np.array_equal(lasting[sure], conflict[sure])
    both = sure & conflict
    assert both.sum() > 100
    assert same(t_in, column(f"{name}_t_in"))[both].all()
    assert same(t_out, column(f"{name}_t_out"))[both].all()


def test_modified_tau() -> None:
    sx, sy, _, vx, vy, _ = states().tolist()
    got = np.array([well_clear.modified_tau(*row, WC4000.dthr_m) for row in zip(sx, sy, vx, vy, strict=True)])
    assert got == pytest.approx(column("tau_mod_4000"), rel=1e-9, abs=1e-6)


@pytest.mark.parametrize("name", ALERTERS)
def test_alert_levels_are_equal_in_every_row(name: str) -> None:
    got = alerting.levels(states(), ALERTERS[name])
    assert np.array_equal(got, column(name))
    assert len(np.unique(got)) > 1


@pytest.mark.parametrize("name", ["cylinder", *VOLUMES])
def test_the_slow_reference_says_the_same(name: str) -> None:
    some = np.random.default_rng(5).choice(8_000, 400, replace=False)
    rows = states()
    if name == "cylinder":
        got = np.array(cylinder.intervals(rows, d_m=D_M, h_m=H_M, horizon_s=HORIZON_S))
        sure = ~flags("cyl_fragile")
    else:
        got = np.array(well_clear.intervals(rows, VOLUMES[name], horizon_s=HORIZON_S))
        sure = ~flags("wc4000_fragile")
    for k in some[sure[some]].tolist():
        s, v = tuple(rows[:3, k].tolist()), tuple(rows[3:, k].tolist())
        if name == "cylinder":
            slow = reference.within(reference.cylinder(s, v, D_M, H_M), HORIZON_S)
        else:
            slow = reference.well_clear_lost(s, v, reference.Volume(*VOLUMES[name]), HORIZON_S)
        assert got[:, k] == pytest.approx(slow, rel=1e-9, abs=TIME_S), k


@pytest.mark.parametrize("name", ALERTERS)
def test_the_slow_reference_gives_the_same_levels(name: str) -> None:
    rows = states()
    alerter: Alerter = ALERTERS[name]
    by_level = [
        (reference.Volume(*volume), time_s)
        for volume, time_s in zip(alerter.volumes, alerter.times_s, strict=True)
    ]
    for k in np.random.default_rng(6).choice(8_000, 150, replace=False).tolist():
        s, v = tuple(rows[:3, k].tolist()), tuple(rows[3:, k].tolist())
        assert reference.alert_level(s, v, by_level) == column(name)[k]
