"""The loose grid finds every box that overlaps, whether it asks cell by cell or walks its directory."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from comity.geo.boxes import Corners
from comity.geo.grid import LEVELS, SIDES_M, LooseGrid, cell_for, cells_for, gathered
from tests.geo.making import examples

EARTH_M = 6_378_140.0
TOWN = np.array([4_000_000.0, 500_000.0, 4_900_000.0])

coordinates = st.floats(-EARTH_M, EARTH_M) | st.sampled_from(
    [0.0, *(k * side for side in SIDES_M for k in (-1.0, -0.5, 0.5, 1.0) if side < EARTH_M)]
)
extents = st.floats(0.0, 7.1).map(lambda x: 10.0**x) | st.sampled_from(SIDES_M[:6])


@st.composite
def boxes(draw: st.DrawFn, extent_m: float | None = None) -> Corners:
    x, y, z = draw(coordinates), draw(coordinates), draw(coordinates)
    size = draw(extents) if extent_m is None else extent_m
    dx, dy, dz = (size * draw(st.floats(0.0, 1.0)) for _ in range(3))
    return tuple(max(-EARTH_M, v) for v in (x, y, z)) + tuple(  # type: ignore[return-value]  # six numbers
        min(EARTH_M, v) for v in (x + dx, y + dy, z + dz)
    )


def overlap(a: Corners, b: Corners) -> bool:
    return all(a[k] <= b[k + 3] and a[k + 3] >= b[k] for k in range(3))


def found(grid: LooseGrid, box: Corners, most_cells: int) -> set[int]:
    bags = grid.near(box, most_cells)
    assert bags is not None
    handles = gathered(bags, np.dtype(np.uint32)).tolist()
    assert len(handles) == len(set(handles))
    return set(handles)


@settings(max_examples=examples(100), deadline=None)
@given(st.lists(boxes(), max_size=30), boxes(), st.integers(1, 3))
def test_near_finds_every_overlapping_box(kept: list[Corners], asked: Corners, copies: int) -> None:
    grid = LooseGrid()
    handles = 0
    by_handle = {}
    for box in kept:
        for _ in range(copies):
            grid.add(cell_for(box), handles)
            by_handle[handles] = box
            handles += 1
    wanted = {handle for handle, box in by_handle.items() if overlap(box, asked)}
    assert wanted <= found(grid, asked, 10**6)
    if kept:
        bags = grid._walk(asked, 10**6)
        assert bags is not None
        assert wanted <= set(gathered(bags, np.dtype(np.uint32)).tolist())


@settings(max_examples=examples(100), deadline=None)
@given(st.lists(boxes(), min_size=1, max_size=20))
def test_many_boxes_get_the_cells_that_each_gets(kept: list[Corners]) -> None:
    assert cells_for(np.array(kept)).tolist() == [cell_for(box) for box in kept]


def test_a_walk_over_a_town_finds_what_a_comparison_does() -> None:
    rng = np.random.default_rng(11)
    low = rng.uniform(-40_000.0, 40_000.0, (4_000, 3)) + TOWN
    kept = np.hstack(
        [low, low + 10.0 ** rng.uniform(1.0, 4.5, (4_000, 1)) * rng.uniform(0.1, 1.0, (4_000, 3))]
    )
    grid = LooseGrid()
    for cell, first in zip(cells_for(kept).tolist(), range(4_000), strict=True):
        grid.add(cell, first)
    for extent in (100.0, 3_000.0, 20_000.0, 60_000.0, 400_000.0):
        for _ in range(5):
            at = rng.uniform(-40_000.0, 40_000.0, 3) + TOWN
            asked: Corners = (*at.tolist(), *(at + extent).tolist())
            wanted = {k for k, box in enumerate(kept.tolist()) if overlap(tuple(box), asked)}
            assert wanted <= found(grid, asked, 10**6)
    assert grid.near((*(kept[:, :3].min(axis=0) - 1.0), *(kept[:, 3:].max(axis=0) + 1.0)), 50) is None


@pytest.mark.parametrize("extent_m", [0.0, 1.0, *SIDES_M[:-1]])
def test_a_box_is_in_the_smallest_cell_that_is_longer(extent_m: float) -> None:
    level = cell_for((5.0, 5.0, 5.0, 5.0 + extent_m, 6.0, 6.0)) >> 45
    assert 0 <= level < LEVELS
    assert SIDES_M[level] > extent_m
    assert level == 0 or SIDES_M[level - 1] <= extent_m
