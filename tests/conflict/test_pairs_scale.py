"""Several threads at once, fleets of very different minima, and, if asked for, a million.

COMITY_MILLION=1 pytest tests/conflict/test_pairs_scale.py
"""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
from numpy.typing import NDArray

from comity.conflict.pairs import Found, find_pairs
from tests.conflict.scenes import mixed

Motion = tuple[NDArray[np.float64], ...]


def spread(
    count: int, seed: int, *, lat: tuple[float, float], lon: tuple[float, float], fast_mps: float
) -> Motion:
    rng = np.random.default_rng(seed)
    speed, track = rng.uniform(0.5, 1.0, count) * fast_mps, rng.uniform(0, 2 * np.pi, count)
    places = (
        rng.uniform(*lat, count),
        rng.uniform(*lon, count),
        rng.uniform(0, 120 if fast_mps < 50 else 12e3, count),
    )
    return *places, speed * np.sin(track), speed * np.cos(track), np.zeros(count)


def search(motion: Motion, **options: object) -> Found:
    return find_pairs(*motion, **options)  # type: ignore[arg-type]  # floats and matrices


def couples(found: Found) -> set[tuple[int, int]]:
    return set(zip(found.pairs.i.tolist(), found.pairs.j.tolist(), strict=True))


def test_threads_do_not_disturb_each_other() -> None:
    scenes = [mixed(seed) for seed in range(6)] * 3
    with ThreadPoolExecutor(3) as pool:
        together = list(pool.map(lambda scene: scene.found(), scenes))
    for scene, found in zip(scenes, together, strict=True):
        alone = scene.found()
        assert couples(found) == couples(alone)
        assert found.pairs.t_in_s.tobytes() == alone.pairs.t_in_s.tobytes()


def test_fleets_beside_each_other_meet_as_they_do_alone() -> None:
    drones = spread(3_000, 1, lat=(46.0, 46.05), lon=(7.0, 7.07), fast_mps=15.0)
    jets = spread(300, 2, lat=(45.8, 46.3), lon=(6.7, 7.4), fast_mps=250.0)
    both = tuple(np.concatenate(columns) for columns in zip(drones, jets, strict=True))
    small, large = (
        {"d_m": 50.0, "h_m": 15.0, "horizon_s": 30.0},
        {"d_m": 9e3, "h_m": 300.0, "horizon_s": 200.0},
    )
    mixed_up = {"d_m": 2_000.0, "h_m": 400.0, "horizon_s": 100.0}
    matrices = {n: np.array([[small[n], mixed_up[n]], [mixed_up[n], large[n]]]) for n in small}
    kinds = np.repeat([0, 1], [3_000, 300])
    found = search(both, category=kinds, **matrices)
    assert {pair for pair in couples(found) if pair[1] < 3_000} == couples(search(drones, **small))
    among_jets = {(i + 3_000, j + 3_000) for i, j in couples(search(jets, **large))}
    assert {pair for pair in couples(found) if pair[0] >= 3_000} == among_jets
    across = search(both, between=kinds == 1, crowd=10_000, **mixed_up)
    assert {pair for pair in couples(found) if pair[0] < 3_000 <= pair[1]} == couples(across)
    assert len(couples(search(drones, **small))) > 100
    assert couples(across)


@pytest.mark.skipif(
    "COMITY_MILLION" not in os.environ, reason="takes seconds and a gigabyte: set COMITY_MILLION"
)
def test_a_million() -> None:
    motion = spread(1_000_000, 3, lat=(-60.0, 60.0), lon=(-180.0, 180.0), fast_mps=250.0)
    found = search(motion, d_m=9_260.0, h_m=304.8, horizon_s=300.0)
    assert len(found.pairs) > 50_000
    assert not found.crowds
    some = np.flatnonzero((motion[0] > 46.0) & (motion[0] < 50.0) & (motion[1] > 0.0) & (motion[1] < 10.0))
    part = search(tuple(column[some] for column in motion), d_m=9_260.0, h_m=304.8, horizon_s=300.0)
    inside = set(some.tolist())
    wanted = {(i, j) for i, j in couples(found) if i in inside and j in inside}
    assert {(int(some[i]), int(some[j])) for i, j in couples(part)} == wanted
