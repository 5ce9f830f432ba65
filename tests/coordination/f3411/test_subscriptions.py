"""Subscriptions to identification service areas: times, order of checks, and ten of an owner in a cell."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from comity.coordination.f3411.subscriptions import MOST_IN_A_CELL, deepest
from comity.errors import InvalidInput, NotFound, NotPermitted, QuotaExceeded, StaleOvn, WrongState
from comity.geo.cells import cell_of, parent, token
from comity.geo.coverage import circle_cells
from comity.model.f3548 import CellBox
from tests.coordination.f3411.rid import ANNA, BERT, URL, box, new_id, put_area, subscribe, unsubscribe
from tests.world import START, World, world

OTHER = "A" * 32


def on_a_world(tmp_path: Path, work: Callable[[World], Awaitable[None]]) -> None:
    async def main() -> None:
        async with world(tmp_path) as w:
            await work(w)

    asyncio.run(main())


def test_a_subscription_answers_with_the_areas_in_its_cells(tmp_path: Path) -> None:
    async def work(w: World) -> None:
        await put_area(w, 1, box(start_s=50_000.0, end_s=60_000.0))
        await put_area(w, 2, box(lat=47.1))
        await put_area(w, 3, box(end_s=1.0))
        w.clock.advance(2.0)
        written = await subscribe(w, 1, box(end_s=None))
        assert [area.id for area in written.service_areas] == [new_id(1)]
        got = written.subscription
        assert (got.owner, got.uss_base_url, got.notification_index) == (ANNA, URL, 0)
        assert got.time_start.value == START + timedelta(seconds=2)
        assert got.time_end.value - got.time_start.value == timedelta(hours=24)
        assert w.exchange.identification.subscription(new_id(1)).subscription == got

    on_a_world(tmp_path, work)


def test_a_subscription_is_changed_keeps_its_index_and_is_removed(tmp_path: Path) -> None:
    async def work(w: World) -> None:
        first = (await subscribe(w, 1)).subscription
        await put_area(w)
        second = (
            await subscribe(w, 1, box(end_s=None), first.version, url="https://new.example")
        ).subscription
        assert second.version != first.version
        assert (second.notification_index, second.uss_base_url) == (1, "https://new.example")
        assert second.time_end == first.time_end
        assert (await unsubscribe(w, 1, second.version)).subscription == second
        with pytest.raises(NotFound, match="no subscription"):
            w.exchange.identification.subscription(new_id(1))

    on_a_world(tmp_path, work)


@pytest.mark.parametrize(
    ("start_s", "end_s", "words"),
    [
        (-301.0, 3_600.0, "5 minutes in the past"),
        (0.0, 86_401.0, "24 hours"),
        (None, 86_401.0, "24 hours"),
        (None, -1.0, "must not be before"),
    ],
)
def test_times_out_of_range_are_refused_before_an_id_that_is_taken(
    tmp_path: Path, start_s: float | None, end_s: float, words: str
) -> None:
    async def work(w: World) -> None:
        await subscribe(w, 1)
        for number in (1, 2):
            with pytest.raises(InvalidInput, match=words):
                await subscribe(w, number, box(start_s=start_s, end_s=end_s))
        with pytest.raises(WrongState, match="already"):
            await subscribe(w, 1)

    on_a_world(tmp_path, work)


def test_checks_of_a_change_come_in_their_order(tmp_path: Path) -> None:
    """The version before whose it is, other than with areas."""

    async def work(w: World) -> None:
        bad = box(end_s=90_000.0)
        with pytest.raises(InvalidInput, match="no version of this exchange"):
            await subscribe(w, 1, bad, "fake_version")
        with pytest.raises(InvalidInput, match="there is no subscription"):
            await subscribe(w, 1, bad, OTHER)
        version = (await subscribe(w, 1)).subscription.version
        with pytest.raises(StaleOvn):
            await subscribe(w, 1, bad, OTHER, BERT)
        with pytest.raises(NotPermitted):
            await subscribe(w, 1, bad, version, BERT)
        with pytest.raises(InvalidInput, match="24 hours"):
            await subscribe(w, 1, bad, version)

    on_a_world(tmp_path, work)


def test_checks_of_a_delete_come_in_their_order(tmp_path: Path) -> None:
    async def work(w: World) -> None:
        with pytest.raises(InvalidInput, match="no version of this exchange"):
            await unsubscribe(w, 1, "fake_version")
        with pytest.raises(NotFound):
            await unsubscribe(w, 1, OTHER)
        version = (await subscribe(w, 1)).subscription.version
        with pytest.raises(StaleOvn):
            await unsubscribe(w, 1, OTHER, BERT)
        with pytest.raises(NotPermitted):
            await unsubscribe(w, 1, version, BERT)

    on_a_world(tmp_path, work)


def test_searches_give_ones_own_that_have_not_ended(tmp_path: Path) -> None:
    async def work(w: World) -> None:
        await subscribe(w, 1)
        await subscribe(w, 2, owner=BERT)
        await subscribe(w, 3, box(end_s=10.0))
        await subscribe(w, 4, box(lat=48.0))
        w.clock.advance(11.0)
        door = w.exchange.identification
        assert [s.id for s in door.subscriptions(ANNA, box().cells).subscriptions] == [new_id(1)]
        assert [s.id for s in door.subscriptions(BERT, box().cells).subscriptions] == [new_id(2)]
        assert door.subscription(new_id(3)).subscription.id == new_id(3)

    on_a_world(tmp_path, work)


def test_the_eleventh_in_a_cell_is_refused_and_leaves_nothing(tmp_path: Path) -> None:
    async def work(w: World) -> None:
        made = [await subscribe(w, number, box(start_s=3_600.0 * number, end_s=None)) for number in range(10)]
        with pytest.raises(QuotaExceeded, match="10 subscriptions"):
            await subscribe(w, 10)
        with pytest.raises(NotFound):
            w.exchange.identification.subscription(new_id(10))
        await subscribe(w, 10, owner=BERT)
        await subscribe(w, 11, box(lat=47.2))
        version = made[0].subscription.version
        again = await subscribe(w, 0, box(), version)
        with pytest.raises(QuotaExceeded):
            await subscribe(w, 12, box(lat=47.1, radius_m=15_000.0))
        await unsubscribe(w, 0, again.subscription.version)
        await subscribe(w, 13)

    on_a_world(tmp_path, work)


def test_those_that_have_ended_make_room(tmp_path: Path) -> None:
    async def work(w: World) -> None:
        for number in range(10):
            await subscribe(w, number, box(end_s=60.0 + number))
        with pytest.raises(QuotaExceeded):
            await subscribe(w, 10)
        w.clock.advance(60.001)
        await subscribe(w, 10)
        with pytest.raises(QuotaExceeded):
            await subscribe(w, 11)

    on_a_world(tmp_path, work)


LAYOUTS = st.lists(
    st.tuples(st.integers(0, 2), st.integers(0, 2), st.sampled_from([300.0, 1_500.0, 9_000.0])),
    min_size=1,
    max_size=40,
)


@settings(max_examples=8, deadline=None)
@given(LAYOUTS)
def test_no_spot_ever_has_more_than_ten_of_an_owner(
    tmp_path_factory: pytest.TempPathFactory, layout: list[tuple[int, int, float]]
) -> None:
    """And one is refused only where it would be the eleventh: counted here cell by cell."""

    async def work(w: World) -> None:
        over: dict[str, int] = {}
        for number, (row, column, radius_m) in enumerate(layout * 2):
            place = box(lat=47.0 + row / 50, lon=11.0 + column / 50, radius_m=radius_m)
            full = any(over.get(cell, 0) >= MOST_IN_A_CELL for cell in place.cells)
            if full:
                with pytest.raises(QuotaExceeded):
                    await subscribe(w, number, place)
                continue
            await subscribe(w, number, place)
            for cell in place.cells:
                over[cell] = over.get(cell, 0) + 1
        assert max(over.values()) <= MOST_IN_A_CELL

    on_a_world(tmp_path_factory.mktemp("rid"), work)


def test_depth_is_counted_across_levels() -> None:
    fine = CellBox(circle_cells(47.0, 11.0, 300.0))
    beside = CellBox(circle_cells(47.05, 11.0, 300.0))
    coarse = CellBox(tuple({token(parent(cell_of(cell), 8)) for cell in (*fine.cells, *beside.cells)}))
    assert deepest(fine, [coarse, fine]) == 2
    assert deepest(coarse, [fine, beside]) == 1
    assert deepest(coarse, [fine, beside, coarse]) == 2
    assert deepest(fine, [beside]) == 0
    assert deepest(fine, []) == 0
