"""The search against every pair, one by one: nothing missed, nothing invented, same times, in any order."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from tests.conflict.scenes import Scene, extreme, mixed, plain

TIMES_S = 1e-9
"""The reference works in sixty digits from the same plane; larger would hide a wrong formula."""

SEEDS = range(8)


def agrees(scene: Scene, times_s: float = TIMES_S) -> int:
    found, expected = scene.found(), scene.expected()
    assert not found.crowds
    got = list(zip(found.pairs.i.tolist(), found.pairs.j.tolist(), strict=True))
    assert got == [(i, j) for i, j, _ in expected]
    for name, end in (("t_in_s", 0), ("t_out_s", 1)):
        wanted = np.array([interval[end] for _, _, interval in expected])
        assert getattr(found.pairs, name) == pytest.approx(wanted, rel=0.0, abs=times_s)
    return len(got)


def test_plain_traffic_agrees_with_the_reference() -> None:
    assert sum(agrees(plain(seed)) for seed in SEEDS) > 100


def test_mixed_traffic_agrees_with_the_reference() -> None:
    assert sum(agrees(mixed(seed)) for seed in SEEDS) > 100


def test_extremes_agree_with_the_reference() -> None:
    assert sum(agrees(extreme(seed), 1e-6) for seed in SEEDS) > 100


@pytest.mark.parametrize("make", [plain, mixed])
def test_order_changes_neither_verdict_nor_time_to_the_bit(make: Callable[[int], Scene]) -> None:
    for seed in SEEDS:
        scene = make(seed)
        order = np.random.default_rng(seed + 100).permutation(len(scene.motion[0]))
        straight, turned = scene.found().pairs, scene.shuffled(order).found().pairs
        one, other = order[turned.i], order[turned.j]
        back = np.lexsort((np.maximum(one, other), np.minimum(one, other)))
        assert np.array_equal(np.minimum(one, other)[back], straight.i)
        assert np.array_equal(np.maximum(one, other)[back], straight.j)
        for name in ("t_in_s", "t_out_s", "tcpa_s", "dcpa_m", "miss_m", "miss_s", "distance_m", "d_m", "h_m"):
            assert getattr(turned, name)[back].tobytes() == getattr(straight, name).tobytes(), name
