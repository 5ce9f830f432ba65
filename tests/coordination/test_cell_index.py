"""The index of cells finds what comparing cell by cell finds, whatever the levels, and soon."""

from __future__ import annotations

from collections.abc import Callable
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from comity.coordination.cell_index import CellIndex, OverlayCellIndex, Places, meet
from comity.geo.cells import cell_of, cells_touch
from comity.geo.coverage import circle_cells
from comity.ids import EntityId
from comity.model.f3548 import CellBox
from tests.world import START

RADII = st.sampled_from([50.0, 3_000.0, 40_000.0, 60_000.0, 300_000.0])


@st.composite
def boxes(draw: st.DrawFn) -> CellBox:
    lat, lon = draw(st.floats(40.0, 50.0)), draw(st.floats(5.0, 15.0))
    start = START + timedelta(hours=draw(st.integers(0, 3)))
    lower_m = draw(st.sampled_from([0.0, 100.0, 200.0]))
    cells = circle_cells(lat, lon, draw(RADII))
    return CellBox(cells, lower_m, lower_m + 100.0, start, start + timedelta(hours=1))


def touch(one: CellBox, other: CellBox) -> bool:
    return cells_touch([cell_of(t) for t in one.cells], [cell_of(t) for t in other.cells])


def share(one: CellBox, other: CellBox) -> bool:
    """Ends count. All boxes here have all their bounds."""
    lows, highs = (one.lower_m, other.lower_m), (one.upper_m, other.upper_m)
    starts, ends = (one.start, other.start), (one.end, other.end)
    heights = max(x for x in lows if x is not None) <= min(x for x in highs if x is not None)
    times = max(x for x in starts if x) <= min(x for x in ends if x)
    return heights and times and touch(one, other)


@settings(max_examples=25, deadline=None)
@given(st.lists(boxes(), min_size=1, max_size=8), boxes())
def test_a_search_finds_what_comparing_each_finds(held: list[CellBox], asked: CellBox) -> None:
    index = CellIndex()
    split = len(held) // 2
    for number, box in enumerate(held[:split]):
        index.put(EntityId(str(number)), box)
    overlay = OverlayCellIndex(index)
    for number, box in enumerate(held[split:], split):
        overlay.put(EntityId(str(number)), box)
    expected = {str(number) for number, box in enumerate(held) if share(box, asked)}
    assert set(overlay.search(asked)) == expected
    for box in held:
        at = Places().of
        assert meet(at(box), at(asked)) == touch(box, asked) == meet(at(asked), at(box))


def test_a_wide_search_among_many_small_things_compares_few_cells() -> None:
    index = CellIndex()
    for number in range(400):
        index.put(
            EntityId(str(number)), CellBox(circle_cells(45.0 + number / 1_000, 11.0, 300.0), 0.0, 100.0)
        )
    wide = CellBox(circle_cells(45.0, 11.0, 500_000.0))
    assert len(index.search(wide)) == 400
    index.put(EntityId("wide"), wide)
    assert "wide" in index.search(CellBox(circle_cells(45.0, 11.0, 40_000.0)))


@pytest.mark.parametrize("make", [CellIndex, lambda: OverlayCellIndex(CellIndex())])
def test_what_is_put_again_is_found_where_it_is_and_not_where_it_was(
    make: Callable[[], CellIndex | OverlayCellIndex],
) -> None:
    index, id = make(), EntityId("a")
    here = CellBox(circle_cells(46.8, 9.8, 50.0), 0.0, 50.0, START, START + timedelta(hours=1))
    there = replace(here, lower_m=60.0, upper_m=90.0)
    elsewhere = replace(here, cells=circle_cells(47.8, 9.8, 50.0))
    for box in (here, there, elsewhere, here):
        index.put(id, box)
        assert [asked for asked in (here, there, elsewhere) if index.search(asked) == [id]] == [box]
    index.drop(id)
    assert not index.search(here)
