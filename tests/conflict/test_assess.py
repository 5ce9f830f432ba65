"""Levels and loss of well clear of found pairs: those of the reference, and never lower for what is
uncertain."""

from __future__ import annotations

import numpy as np
import pytest

from comity.conflict import alerting, reference
from comity.conflict.alerting import Alerter
from comity.conflict.assess import assess
from comity.conflict.pairs import Pairs, find_pairs
from tests.conflict.scenes import mixed

ALERTERS = (alerting.PHASE_1, alerting.PHASE_2, alerting.NON_COOPERATIVE_TRAFFIC)


def wide(volume: reference.Volume, pairs: Pairs, k: int) -> reference.Volume:
    return volume._replace(
        dthr_m=volume.dthr_m + float(pairs.unsure_m[k]),
        zthr_m=volume.zthr_m + float(pairs.unsure_height_m[k]),
    )


@pytest.mark.parametrize("alerter", ALERTERS, ids=lambda each: each.name)
def test_found_pairs_are_judged_as_the_reference_does(alerter: Alerter) -> None:
    seen = set()
    for seed in range(3):
        pairs = mixed(seed, 60).found(height_error_m=None, wgs84_half_m=np.full(60, 20.0)).pairs
        answer = assess(pairs, alerter, horizon_s=120.0)
        for k in range(0, len(pairs), 5):
            sx, sy, sz, vx, vy, vz = pairs.relative[:, k].tolist()
            by_level = [
                (wide(reference.Volume(*volume), pairs, k), time_s)
                for volume, time_s in zip(alerter.volumes, alerter.times_s, strict=True)
            ]
            assert answer.level[k] == reference.alert_level((sx, sy, sz), (vx, vy, vz), by_level)
            lost = reference.well_clear_lost((sx, sy, sz), (vx, vy, vz), by_level[-1][0], 120.0)
            assert (answer.t_in_s[k], answer.t_out_s[k]) == pytest.approx(lost, abs=1e-6)
            seen.add(int(answer.level[k]))
    assert {0, 3} <= seen


def test_a_height_that_is_not_known_does_not_keep_a_pair_from_being_judged() -> None:
    found = find_pairs(
        [46.0, 46.0],
        [8.0, 8.02],
        [np.nan, 5_000.0],
        [60.0, -60.0],
        [0.0, 0.0],
        [0.0, 0.0],
        d_m=9_260.0,
        h_m=304.8,
        horizon_s=120.0,
        height_error_m=[np.inf, 0.0],
    )
    answer = assess(found.pairs, alerting.PHASE_1, horizon_s=120.0)
    assert answer.level.tolist() == [alerting.WARNING]
    assert not np.isnan(answer.t_in_s).any()


def test_no_pairs_no_levels() -> None:
    none = find_pairs([], [], [], [], [], [], d_m=1.0, h_m=1.0, horizon_s=1.0).pairs
    assert assess(none, alerting.PHASE_1, horizon_s=1.0).level.tolist() == []
