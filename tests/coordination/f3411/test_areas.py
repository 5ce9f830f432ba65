"""Identification service areas at the DSS: order of checks, times, versions, whom to notify, what stays."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from comity.coordination.facts import load, rows
from comity.errors import InvalidInput, NotFound, NotPermitted, QuotaExceeded, StaleOvn, WrongState
from comity.ids import EntityId
from comity.release.f3411 import SubscriberToNotify
from tests.coordination.f3411.rid import (
    ANNA,
    BERT,
    URL,
    box,
    new_id,
    put_area,
    remove_area,
    subscribe,
    unsubscribe,
)
from tests.world import ENVIRONMENT, START, World, world

OTHER = "A" * 32
"""Well formed, and the version of nothing."""


def on_a_world(tmp_path: Path, work: Callable[[World], Awaitable[None]]) -> None:
    async def main() -> None:
        async with world(tmp_path) as w:
            await work(w)

    asyncio.run(main())


def told(subscribers: tuple[SubscriberToNotify, ...]) -> dict[str, dict[str, int]]:
    """By url: indexes by subscription."""
    return {
        each.url: {state.subscription_id: state.notification_index for state in each.subscriptions}
        for each in subscribers
    }


def test_an_area_is_written_read_changed_and_removed(tmp_path: Path) -> None:
    async def work(w: World) -> None:
        first = (await put_area(w)).service_area
        assert (first.id, first.owner, first.uss_base_url) == (new_id(1), ANNA, URL)
        assert first.time_start.value == START
        assert first.time_end.value == START + timedelta(hours=1)
        door = w.exchange.identification
        assert door.service_area(new_id(1)).service_area == first
        second = (await put_area(w, over=box(end_s=7_200.0), version=first.version)).service_area
        assert second.version != first.version
        assert second.time_end.value == START + timedelta(hours=2)
        assert door.service_areas(box().cells, None, None).service_areas == (second,)
        assert (await remove_area(w, 1, second.version)).service_area == second
        assert door.service_areas(box().cells, None, None).service_areas == ()
        with pytest.raises(NotFound, match="no identification service area"):
            door.service_area(new_id(1))

    on_a_world(tmp_path, work)


def test_a_version_fits_into_a_path(tmp_path: Path) -> None:
    async def work(w: World) -> None:
        for number in range(20):
            version = (await put_area(w, number)).service_area.version
            assert not set("\0\t\r\n#%/:?@[\\] ") & set(version)

    on_a_world(tmp_path, work)


def test_a_version_does_not_come_back_after_a_delete(tmp_path: Path) -> None:
    async def work(w: World) -> None:
        first = (await put_area(w)).service_area.version
        await remove_area(w, 1, first)
        w.clock.advance(0.001)
        assert (await put_area(w)).service_area.version != first

    on_a_world(tmp_path, work)


def test_checks_of_a_change_come_in_their_order(tmp_path: Path) -> None:
    """Form of the version, that it is there, whose it is, the version, the times."""

    async def work(w: World) -> None:
        bad = box(start_s=-3_600.0)
        with pytest.raises(InvalidInput, match="no version of this exchange"):
            await put_area(w, over=bad, version="fake_version")
        with pytest.raises(InvalidInput, match="there is no identification service area"):
            await put_area(w, over=bad, version=OTHER)
        version = (await put_area(w)).service_area.version
        with pytest.raises(NotPermitted, match="another's"):
            await put_area(w, over=bad, version=OTHER, owner=BERT)
        with pytest.raises(StaleOvn):
            await put_area(w, over=bad, version=OTHER)
        with pytest.raises(InvalidInput, match="time_start"):
            await put_area(w, over=bad, version=version)
        with pytest.raises(InvalidInput, match="time_end must not"):
            await put_area(w, over=box(end_s=-1.0), version=version)
        assert w.exchange.identification.service_area(new_id(1)).service_area.version == version

    on_a_world(tmp_path, work)


def test_checks_of_a_delete_come_in_their_order(tmp_path: Path) -> None:
    async def work(w: World) -> None:
        with pytest.raises(InvalidInput, match="no version of this exchange"):
            await remove_area(w, 1, "fake_version")
        with pytest.raises(NotFound):
            await remove_area(w, 1, OTHER)
        await put_area(w)
        with pytest.raises(NotPermitted):
            await remove_area(w, 1, OTHER, owner=BERT)
        with pytest.raises(StaleOvn):
            await remove_area(w, 1, OTHER)

    on_a_world(tmp_path, work)


def test_bad_times_of_a_new_area_come_before_an_id_that_is_taken(tmp_path: Path) -> None:
    async def work(w: World) -> None:
        await put_area(w)
        with pytest.raises(InvalidInput, match="time_end is needed"):
            await put_area(w, over=box(end_s=None))
        with pytest.raises(InvalidInput, match="time_start"):
            await put_area(w, over=box(start_s=-301.0))
        with pytest.raises(WrongState, match="already"):
            await put_area(w)
        with pytest.raises(WrongState, match="already"):
            await put_area(w, owner=BERT)

    on_a_world(tmp_path, work)


def test_a_start_may_lie_a_little_in_the_past_or_stay_as_it_was(tmp_path: Path) -> None:
    async def work(w: World) -> None:
        first = (await put_area(w, over=box(start_s=-300.0, end_s=86_400.0))).service_area
        w.clock.advance(7_200.0)
        for start_s in (None, -300.0):
            kept = (
                await put_area(w, over=box(start_s=start_s, end_s=None), version=first.version)
            ).service_area
            assert kept.time_start == first.time_start
            assert kept.time_end == first.time_end
            first = kept
        with pytest.raises(InvalidInput, match="time_start"):
            await put_area(w, over=box(start_s=-299.0), version=first.version)

    on_a_world(tmp_path, work)


def test_every_subscription_in_the_cells_is_told_whatever_its_heights_and_start(tmp_path: Path) -> None:
    async def work(w: World) -> None:
        await subscribe(w, 1, box(lower_m=0.0, upper_m=10.0))
        await subscribe(w, 2, box(start_s=7_200.0, end_s=9_000.0), owner=BERT, url="https://bert.example")
        await subscribe(w, 3, box(lat=48.0))
        written = await put_area(w, over=box(lower_m=500.0, upper_m=600.0))
        assert told(written.subscribers) == {
            URL: {new_id(1): 1},
            "https://bert.example": {new_id(2): 1},
        }
        moved = await put_area(w, over=box(lat=48.0), version=written.service_area.version)
        assert told(moved.subscribers) == {
            URL: {new_id(1): 2, new_id(3): 1},
            "https://bert.example": {new_id(2): 2},
        }
        gone = await remove_area(w, 1, moved.service_area.version)
        assert told(gone.subscribers) == {URL: {new_id(3): 2}}
        door = w.exchange.identification
        indexes = [door.subscription(new_id(n)).subscription.notification_index for n in (1, 2, 3)]
        assert indexes == [2, 2, 2]

    on_a_world(tmp_path, work)


def test_a_subscription_that_has_ended_is_not_told(tmp_path: Path) -> None:
    async def work(w: World) -> None:
        await subscribe(w, 1, box(end_s=60.0))
        w.clock.advance(60.0)
        written = await put_area(w)
        assert told(written.subscribers) == {URL: {new_id(1): 1}}
        w.clock.advance(0.000_001)
        moved = await put_area(w, version=written.service_area.version)
        assert moved.subscribers == ()

    on_a_world(tmp_path, work)


def test_indexes_by_time_are_milliseconds_since_midnight(tmp_path: Path) -> None:
    async def work(w: World) -> None:
        w.exchange.state.dss = replace(w.exchange.state.dss, counting=False)
        await subscribe(w, 1)
        w.clock.advance(1.25)
        written = await put_area(w)
        assert told(written.subscribers) == {URL: {new_id(1): 8 * 3_600_000 + 1_250}}

    on_a_world(tmp_path, work)


def test_a_refused_write_moves_nothing(tmp_path: Path) -> None:
    async def work(w: World) -> None:
        await subscribe(w, 1)
        version = (await put_area(w)).service_area.version
        before, size = list(rows(w.exchange.state)), w.exchange.ledger.size
        for refused in (
            put_area(w),
            put_area(w, 2, box(end_s=None)),
            put_area(w, version=OTHER),
            put_area(w, version=version, owner=BERT),
            remove_area(w, 1, OTHER),
            remove_area(w, 2, OTHER),
            subscribe(w, 1),
            subscribe(w, 2, box(end_s=90_001.0)),
            unsubscribe(w, 1, OTHER),
        ):
            with pytest.raises((InvalidInput, NotFound, NotPermitted, StaleOvn, WrongState)):
                await refused
        assert list(rows(w.exchange.state)) == before
        assert w.exchange.ledger.size == size

    on_a_world(tmp_path, work)


def test_searches_go_by_cell_and_time(tmp_path: Path) -> None:
    async def work(w: World) -> None:
        door = w.exchange.identification
        await put_area(w, 1, box(end_s=600.0))
        await put_area(w, 2, box(start_s=3_600.0, end_s=7_200.0))
        await put_area(w, 3, box(lat=47.1))

        def found(earliest_s: float | None, latest_s: float | None) -> set[EntityId]:
            times = (None if s is None else START + timedelta(seconds=s) for s in (earliest_s, latest_s))
            return {EntityId(area.id) for area in door.service_areas(box().cells, *times).service_areas}

        assert found(None, None) == {new_id(1), new_id(2)}
        assert found(600.0, None) == {new_id(1), new_id(2)}
        assert found(601.0, None) == {new_id(2)}
        assert found(None, 3_599.0) == {new_id(1)}
        assert found(None, 3_600.0) == {new_id(1), new_id(2)}
        assert found(-9_999.0, -9_000.0) == set()
        w.clock.advance(601.0)
        assert found(-9_999.0, None) == {new_id(2)}
        assert door.service_area(new_id(1)).service_area.id == new_id(1)

    on_a_world(tmp_path, work)


def test_footprints_meet_over_the_pole(tmp_path: Path) -> None:
    async def work(w: World) -> None:
        await subscribe(w, 1, box(lat=89.999, lon=180.0))
        assert told((await put_area(w, over=box(lat=89.999, lon=0.0))).subscribers) == {URL: {new_id(1): 1}}

    on_a_world(tmp_path, work)


def test_writers_at_once_are_each_told_an_index_of_their_own(tmp_path: Path) -> None:
    """And of those who change one and the same version, one succeeds."""

    async def work(w: World) -> None:
        await subscribe(w, 1)
        made = await asyncio.gather(*(put_area(w, number) for number in range(64)))
        assert sorted(told(each.subscribers)[URL][new_id(1)] for each in made) == list(range(1, 65))
        first = made[0].service_area.version
        changes = [put_area(w, 0, box(end_s=4_000.0 + number), first) for number in range(20)]
        answers = await asyncio.gather(*changes, return_exceptions=True)
        (taken,) = [each for each in answers if not isinstance(each, BaseException)]
        assert sum(isinstance(each, StaleOvn) for each in answers) == 19
        assert told(taken.subscribers)[URL][new_id(1)] == 65
        assert w.exchange.identification.service_area(new_id(0)).service_area == taken.service_area

    on_a_world(tmp_path, work)


def test_a_restart_and_loaded_rows_keep_everything(tmp_path: Path) -> None:
    async def before(w: World) -> None:
        await subscribe(w, 1)
        await subscribe(w, 2, owner=BERT)
        version = (await put_area(w, 1)).service_area.version
        await put_area(w, 2, owner=BERT)
        await put_area(w, 1, box(end_s=5_000.0), version)
        await unsubscribe(
            w, 2, (await subscribe(w, 2, version=_version(w, 2), owner=BERT)).subscription.version, BERT
        )
        kept.extend(rows(w.exchange.state))
        assert list(rows(load(kept, ENVIRONMENT))) == kept

    async def after(w: World) -> None:
        assert [line for line in rows(w.exchange.state) if b"isa_" in line or b"service_area" in line] == [
            line for line in kept if b"isa_" in line or b"service_area" in line
        ]
        assert len(w.exchange.identification.service_areas(box().cells, None, None).service_areas) == 2
        written = await put_area(w, 3)
        assert told(written.subscribers) == {URL: {new_id(1): 4}}

    kept: list[bytes] = []
    on_a_world(tmp_path, before)
    on_a_world(tmp_path, after)


def _version(w: World, number: int) -> str:
    return w.exchange.identification.subscription(new_id(number)).subscription.version


def test_what_ended_over_a_day_ago_is_forgotten(tmp_path: Path) -> None:
    async def work(w: World) -> None:
        await put_area(w, 1)
        await subscribe(w, 2, owner=BERT)
        version = (await put_area(w, 3)).service_area.version
        await put_area(w, 3, box(end_s=7_200.0), version)
        state, door = w.exchange.state, w.exchange.identification
        assert dict(state.managed) == {ANNA: 2, BERT: 1}
        await w.pass_time(3_600.0 + 86_400.0)
        assert len(state.service_areas) == 2
        await w.pass_time(61.0)
        assert set(state.service_areas) == {new_id(3)}
        assert not state.isa_subscriptions
        assert dict(state.managed) == {ANNA: 1}
        with pytest.raises(NotFound):
            door.service_area(new_id(1))
        size = w.exchange.ledger.size
        await w.pass_time(61.0)
        assert w.exchange.ledger.size == size
        await w.pass_time(3_600.0)
        assert not state.service_areas
        assert not state.managed

    on_a_world(tmp_path, work)


def test_a_uss_has_so_many_entities_and_no_more(tmp_path: Path) -> None:
    async def work(w: World) -> None:
        w.exchange.state.dss = replace(w.exchange.state.dss, entities_per_manager=2)
        await put_area(w, 1)
        version = (await subscribe(w, 2)).subscription.version
        with pytest.raises(QuotaExceeded, match="2 entities"):
            await put_area(w, 3)
        with pytest.raises(QuotaExceeded, match="2 entities"):
            await subscribe(w, 3)
        await put_area(w, 3, owner=BERT)
        again = await subscribe(w, 2, version=version)
        await unsubscribe(w, 2, again.subscription.version)
        await put_area(w, 4)

    on_a_world(tmp_path, work)
