"""A place with too many to be compared: bounded work, and whoever may meet one of them is told."""

from __future__ import annotations

import time

import numpy as np
import pytest
from numpy.typing import NDArray

from comity.conflict.pairs import Found, find_pairs
from comity.errors import InvalidInput
from tests.conflict.scenes import Scene, mixed, plain

ATTACKERS = 100_000

ATTACK_S = 5.0
"""Measured 0.1 s; ten machines as busy as the slowest would still pass, a search without bounds takes
hours."""


def attacked(extra: list[tuple[float, ...]], count: int = ATTACKERS, **options: float) -> tuple[Found, float]:
    """What is found with ``count`` at one point and these beside; and how long it took."""
    rows = np.vstack([np.tile([46.0, 8.0, 3_000.0, 0.0, 0.0, 0.0], (count, 1)), np.array(extra)])
    began = time.perf_counter()
    found = find_pairs(*rows.T, d_m=9_260.0, h_m=304.8, horizon_s=300.0, **options)  # type: ignore[arg-type]  # floats only
    return found, time.perf_counter() - began


def covered(scene: Scene, found: Found) -> None:
    """Each pair of the reference is listed, or lies in a crowd, or between one and what may meet it, no
    later and no shorter."""
    listed = {
        (i, j): (t_in, t_out)
        for i, j, t_in, t_out in zip(
            found.pairs.i.tolist(),
            found.pairs.j.tolist(),
            found.pairs.t_in_s.tolist(),
            found.pairs.t_out_s.tolist(),
            strict=True,
        )
    }
    crowd_of = {int(row): k for k, crowd in enumerate(found.crowds) for row in crowd.members}
    near = {
        (a, c): (t_in, t_out)
        for a, c, t_in, t_out in zip(
            found.near_crowds.aircraft.tolist(),
            found.near_crowds.crowd.tolist(),
            found.near_crowds.t_in_s.tolist(),
            found.near_crowds.t_out_s.tolist(),
            strict=True,
        )
    }
    touching = {tuple(sorted(pair)) for pair in found.touching.tolist()}
    for i, j, (t_in, t_out) in scene.expected():
        one, other = crowd_of.get(i), crowd_of.get(j)
        if one is None and other is None:
            assert listed[i, j] == pytest.approx((t_in, t_out), abs=1e-9)
        elif one is not None and other is not None:
            assert one == other or tuple(sorted((one, other))) in touching
        else:
            early, late = near[(j, one)] if one is not None else near[(i, other)]
            assert early <= t_in + 1e-9
            assert late >= t_out - 1e-9


@pytest.mark.parametrize("seed", range(6))
@pytest.mark.parametrize("most", [1, 3, 8])
def test_nothing_is_lost_in_crowds(seed: int, most: int) -> None:
    for scene in (plain(seed), mixed(seed)):
        found = scene.found(crowd=most)
        covered(scene, found)
        held = [row for crowd in found.crowds for row in crowd.members.tolist()]
        assert held or most == 8
        assert len(set(held)) == len(held)


@pytest.mark.parametrize("most", [9, 20, 60])
def test_a_bound_on_pairs_takes_more_together_and_loses_nothing(most: int) -> None:
    for seed in range(3):
        scene = mixed(seed)
        found = scene.found(max_pairs=most)
        assert len(found.pairs) + len(found.near_crowds) + len(found.touching) <= most
        covered(scene, found)


def test_an_attack_with_a_hundred_thousand_at_one_point_is_bounded() -> None:
    find_pairs(*(np.zeros(3),) * 6, d_m=1.0, h_m=1.0, horizon_s=1.0, crowd=1)  # compiles
    pair = [(50.0, 10.0, 9_000.0, 200.0, 0.0, 0.0), (50.0, 10.5, 9_000.0, -200.0, 0.0, 0.0)]
    into = (46.0, 8.4, 3_000.0, -100.0, 0.0, 0.0)
    away = (46.0, 7.6, 3_000.0, -100.0, 0.0, 0.0)
    above = (46.0, 8.0, 9_000.0, 0.0, 0.0, 0.0)
    found, took_s = attacked([*pair, into, away, above])
    assert took_s < ATTACK_S
    assert found.pairs.i.tolist() == [ATTACKERS]
    assert found.pairs.j.tolist() == [ATTACKERS + 1]
    assert len(found.crowds) == 1
    assert found.crowds[0].members.tolist() == list(range(ATTACKERS))
    assert (found.crowds[0].lat_deg, found.crowds[0].lon_deg) == pytest.approx((46.0, 8.0))
    assert (found.crowds[0].lower_m, found.crowds[0].upper_m) == (3_000.0, 3_000.0)
    assert found.near_crowds.aircraft.tolist() == [ATTACKERS + 2]
    assert 0.0 < found.near_crowds.t_in_s[0] <= 217.0


def test_who_flies_beside_a_full_place_is_still_compared_one_by_one() -> None:
    ghosts = np.tile([46.0, 8.0, 3_000.0, 0.0, 0.0, 0.0], (600, 1))
    pair = [(46.15, 8.1, 3_000.0, 10.0, 0.0, 0.0), (46.15, 8.12, 3_000.0, -10.0, 0.0, 0.0)]
    above = [(46.0, 8.0, 9_000.0, 10.0, 0.0, 0.0), (46.0, 8.02, 9_000.0, -10.0, 0.0, 0.0)]
    rows = np.vstack([ghosts, pair, above])
    found = find_pairs(*list(rows.T), d_m=5_000.0, h_m=304.8, horizon_s=300.0)
    assert list(zip(found.pairs.i.tolist(), found.pairs.j.tolist(), strict=True)) == [(600, 601), (602, 603)]
    assert [len(crowd.members) for crowd in found.crowds] == [600]


def test_reports_spread_just_thin_enough_are_bounded_too() -> None:
    rng = np.random.default_rng(1)
    count = 200_000
    lat, lon = 46.0 + rng.uniform(-2, 2, count), 8.0 + rng.uniform(-3, 3, count)
    rest = [np.full(count, 3_000.0), rng.uniform(-250, 250, count), rng.uniform(-250, 250, count)]
    began = time.perf_counter()
    found = find_pairs(
        lat, lon, rest[0], rest[1], rest[2], np.zeros(count), d_m=9_260.0, h_m=304.8, horizon_s=300.0
    )
    assert time.perf_counter() - began < ATTACK_S
    assert len(found.pairs) <= 1_000_000
    held = np.concatenate([crowd.members for crowd in found.crowds])
    assert len(np.unique(held)) == len(held) > count * 0.9


def test_a_crowd_contains_its_members_all_the_time() -> None:
    rng = np.random.default_rng(3)
    motion: list[NDArray[np.float64]] = [
        60.0 + rng.normal(0, 0.01, 50),
        rng.normal(0, 0.02, 50),
        rng.uniform(100, 500, 50),
        rng.uniform(-80, 80, 50),
        rng.uniform(-80, 80, 50),
        rng.uniform(-5, 5, 50),
    ]
    found = find_pairs(*motion, d_m=500.0, h_m=50.0, horizon_s=60.0, crowd=10)
    assert found.crowds
    for crowd in found.crowds:
        for t_s in (0.0, 30.0, 60.0):
            heights = motion[2][crowd.members] + motion[5][crowd.members] * t_s
            assert np.all((heights >= crowd.lower_m - 1e-9) & (heights <= crowd.upper_m + 1e-9))
            lat = motion[0][crowd.members] + motion[4][crowd.members] * t_s / 111_412.0
            metres_per_degree = 111_412.0 * np.cos(np.radians(lat))
            lon = motion[1][crowd.members] + motion[3][crowd.members] * t_s / metres_per_degree
            north = (lat - crowd.lat_deg) * 111_412.0
            east = (lon - crowd.lon_deg) * metres_per_degree
            assert np.all(np.hypot(north, east) <= crowd.radius_m)


@pytest.mark.parametrize(("wrong", "words"), [({"crowd": 0}, "crowd"), ({"max_pairs": 0}, "max_pairs")])
def test_senseless_bounds_are_refused(wrong: dict[str, int], words: str) -> None:
    with pytest.raises(InvalidInput, match=f"{words} is at least"):
        find_pairs(*(np.zeros(2),) * 6, d_m=1.0, h_m=1.0, horizon_s=1.0, **wrong)
