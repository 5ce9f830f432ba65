"""Plans before they are filed: a check says what a filing says, alternatives pass, and neither tells of
what is not released."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any

import msgspec
import pytest

from comity.coordination.conflicts import find
from comity.errors import InvalidInput, NotFound, QuotaExceeded, StrategicConflict
from comity.ids import EntityId, Reference
from comity.model import command as c
from comity.model.altitude import Altitude, Datum
from comity.model.constraint import ConstraintKind
from comity.model.intent import AircraftCategory
from comity.model.plan import ChangeKind, Plan, Search
from comity.model.released import ConflictItem
from comity.model.route import Route
from comity.model.rule import Level
from comity.model.shape import LatLon
from comity.model.volume import Volume4D, Volumes
from tests.world import CENTRE, NORTH, SOUTH, START, World, intent, levels, volume, world

Play = Callable[[World], Awaitable[Any]]


def play(directory: Path, what: Play, seed: bytes = b"seed") -> Any:
    async def playing() -> Any:
        async with world(directory, seed=seed) as here:
            return await what(here)

    return asyncio.run(playing())


def plan(*volumes: Volume4D, **other: Any) -> Plan:
    how: dict[str, Any] = {} if "route" in other else {"volumes": volumes}
    return Plan(category=AircraftCategory.ROTORCRAFT, crewed=True, **how, **other)


def search(*volumes: Volume4D, **other: Any) -> Search:
    how: dict[str, Any] = {} if "route" in other else {"volumes": volumes}
    usual: dict[str, Any] = {"limit_ms": 5_000, "category": AircraftCategory.ROTORCRAFT, "crewed": True}
    return Search(**(usual | how | other))


ROUTE = Route(
    waypoints=(LatLon(lat=47.0, lon=10.7), LatLon(lat=47.0, lon=11.0), LatLon(lat=47.1, lon=11.3)),
    levels=(Altitude(1_250.0, Datum.W84),),
    speed_mps=50.0,
    half_width_m=200.0,
    half_height_m=50.0,
    departs=START + timedelta(seconds=1_800),
)
LATER = msgspec.structs.replace(ROUTE, departs=START + timedelta(seconds=3_600))


async def busy(here: World, draw: Random, count: int) -> None:
    """Items of both others about one place, some at level 0, some closed, some of one's own."""
    await here.release(NORTH, SOUTH, levels(intent=Level.VOLUME, constraint=Level.VOLUME))
    await here.release(CENTRE, SOUTH, levels(intent=Level.RESERVED, constraint=Level.VOLUME))
    for _ in range(count):
        lower_m, start_s = draw.uniform(500.0, 2_500.0), draw.uniform(600.0, 9_000.0)
        made = volume(
            draw.uniform(46.98, 47.02),
            draw.uniform(10.95, 11.05),
            radius_m=draw.uniform(200.0, 3_000.0),
            lower_m=lower_m,
            upper_m=lower_m + draw.uniform(10.0, 300.0),
            start_s=start_s,
            end_s=start_s + draw.uniform(60.0, 2_400.0),
        )
        who = draw.choice([NORTH, NORTH, NORTH, SOUTH, CENTRE])
        if who == CENTRE and draw.random() < 0.5:
            await here.do(who, c.PublishConstraint(draw.choice(list(ConstraintKind)), "R1", (made,)))
            continue
        try:
            await here.do(who, intent(made))
        except StrategicConflict as refused:
            items: list[ConflictItem] = refused.detail["conflicts"]
            if not any(item.blocking for item in items):
                await here.file(who, made, accept=[item.item.ref for item in items])


@pytest.mark.parametrize("number", range(6))
def test_alternatives_are_accepted_when_they_are_filed_at_once(tmp_path: Path, number: int) -> None:
    draw = Random(number)
    wanted: dict[str, Any] = {"route": ROUTE} if number % 2 else {}

    async def what(here: World) -> None:
        await busy(here, draw, 80)
        asked = search(volume(radius_m=2_000.0, start_s=1_200.0, end_s=4_000.0), **wanted)
        answer = await here.exchange.plans.alternatives(SOUTH, asked)
        assert not answer.passes
        assert answer.alternatives
        assert [one.cost for one in answer.alternatives] == sorted(one.cost for one in answer.alternatives)
        for one in answer.alternatives:
            checked = await here.exchange.plans.check(SOUTH, plan(*one.volumes))
            assert checked.conflicts == ()
            filed = await here.file(SOUTH, *one.volumes)
            await here.do(SOUTH, c.EndIntent(EntityId(filed.ref), filed.ovn or ""))  # type: ignore[arg-type]  # an ovn

    play(tmp_path, what)


def test_a_check_says_what_a_filing_says(tmp_path: Path) -> None:
    async def what(here: World) -> None:
        await busy(here, Random(7), 60)
        many = [volume(47.0, 10.9 + n / 120, start_s=1_200 + 60 * n, end_s=1_900 + 60 * n) for n in range(24)]
        checked = await here.exchange.plans.check(SOUTH, plan(*many))
        assert len(checked.conflicts) > 3
        with pytest.raises(StrategicConflict) as refused:
            await here.file(SOUTH, *many)
        assert list(checked.conflicts) == refused.value.detail["conflicts"]
        size = here.exchange.ledger.size
        over = tuple(Reference(one.item.ref) for one in checked.conflicts)
        again = await here.exchange.plans.check(SOUTH, plan(*many, accept_conflicts=over))
        assert (again.conflicts == ()) is not any(one.blocking for one in checked.conflicts)
        assert here.exchange.ledger.size == size

    play(tmp_path, what)


def test_what_a_filing_refuses_otherwise_a_check_refuses(tmp_path: Path) -> None:
    async def what(here: World) -> None:
        over = volume(start_s=-900.0, end_s=-60.0)
        for ask in (here.exchange.plans.check(SOUTH, plan(over)), here.file(SOUTH, over)):
            with pytest.raises(InvalidInput) as refused:
                await ask
            assert refused.value.field == "volumes"
        with pytest.raises(NotFound) as unknown:
            await here.exchange.plans.check(SOUTH, plan(volume(), id=EntityId("nothing")))
        assert unknown.value.field == "id"

    play(tmp_path, what)


def test_each_kind_is_the_smallest_change_that_passes(tmp_path: Path) -> None:
    async def what(here: World) -> None:
        await here.release(NORTH, SOUTH, levels(intent=Level.VOLUME))
        await here.file(NORTH, volume(start_s=3_600.0, end_s=5_400.0))
        asked = search(volume(start_s=4_000.0, end_s=4_600.0))
        answer = await here.exchange.plans.alternatives(SOUTH, asked)
        found = {one.kind: one for one in answer.alternatives}
        assert answer.complete
        assert found[ChangeKind.LATER].later_s == 1_400.0
        assert found[ChangeKind.EARLIER].later_s == -1_000.0
        assert found[ChangeKind.HIGHER].higher_m == 510.0
        assert found[ChangeKind.LOWER].higher_m == -510.0
        around = found[ChangeKind.AROUND]
        assert around.aside_m == pytest.approx(2_000.0, rel=0.1)
        assert around.aside_m is not None
        assert around.aside_m >= 2_000.0
        assert around.cost == pytest.approx(around.aside_m / 10.0, abs=0.1)
        only = await here.exchange.plans.alternatives(
            SOUTH, msgspec.structs.replace(asked, kinds=(ChangeKind.LATER, ChangeKind.HIGHER), most=1)
        )
        assert [one.kind for one in only.alternatives] == [ChangeKind.HIGHER]
        tight = msgspec.structs.replace(
            asked, later_s=1_390.0, earlier_s=990.0, vertical_m=505.0, around_m=1_900.0
        )
        none = await here.exchange.plans.alternatives(SOUTH, tight)
        assert (none.alternatives, none.complete) == ((), True)

    play(tmp_path, what)


def test_nothing_is_earlier_than_now(tmp_path: Path) -> None:
    async def what(here: World) -> None:
        await here.release(NORTH, SOUTH, levels(intent=Level.VOLUME))
        await here.file(NORTH, volume(start_s=600.0, end_s=5_400.0))
        asked = search(volume(start_s=400.0, end_s=1_300.0), kinds=(ChangeKind.EARLIER,))
        assert (await here.exchange.plans.alternatives(SOUTH, asked)).alternatives == ()

    play(tmp_path, what)


def test_a_way_around_keeps_both_ends_of_the_route(tmp_path: Path) -> None:
    async def what(here: World) -> None:
        await here.release(NORTH, SOUTH, levels(intent=Level.VOLUME))
        await here.file(NORTH, volume())
        asked = search(route=ROUTE, kinds=(ChangeKind.AROUND,))
        (around,) = (await here.exchange.plans.alternatives(SOUTH, asked)).alternatives
        assert around.route is not None
        ends = (around.route.waypoints[0], around.route.waypoints[-1])
        assert ends == (ROUTE.waypoints[0], ROUTE.waypoints[-1])
        assert (await here.exchange.plans.volumes(around.route)).volumes == around.volumes
        assert around.arrives is not None
        assert around.arrives > (await here.exchange.plans.volumes(ROUTE)).arrives

    play(tmp_path, what)


def test_what_is_on_the_ground_stays_there(tmp_path: Path) -> None:
    ground, level = Altitude(0.0, Datum.AGL), Altitude(1_250.0, Datum.MSL)
    climbing = msgspec.structs.replace(ROUTE, levels=(ground, level, ground))

    async def what(here: World) -> None:
        await here.release(NORTH, SOUTH, levels(intent=Level.VOLUME))
        await here.file(NORTH, volume(lower_m=0.0, upper_m=1_600.0))
        kinds = (ChangeKind.HIGHER, ChangeKind.LOWER)
        answer = await here.exchange.plans.alternatives(SOUTH, search(route=climbing, kinds=kinds))
        for one in answer.alternatives:
            assert one.route is not None
            assert (one.route.levels[0], one.route.levels[-1]) == (ground, ground)
        low = volume(lower_m=0.0, upper_m=100.0)
        standing = msgspec.structs.replace(low, lower=ground, upper=Altitude(100.0, Datum.AGL))
        answer = await here.exchange.plans.alternatives(SOUTH, search(standing, kinds=kinds))
        assert answer.alternatives == ()

    play(tmp_path, what)


def test_hidden_intents_change_nothing_of_an_answer(tmp_path: Path) -> None:
    """The second world has intents of north that south has nothing of, amid what it has."""

    def told(hidden: bool) -> Play:
        async def what(here: World) -> bytes:
            await here.release(CENTRE, SOUTH, levels(intent=Level.RESERVED))
            await here.file(CENTRE, volume(47.0, 11.0, start_s=3_600.0, end_s=5_400.0))
            if hidden:
                for n in range(30):
                    await _over(here, volume(47.0, 10.8 + n / 40, start_s=600.0 + 97 * n, end_s=9_000.0 + n))
            parts = []
            for asked in (
                search(volume(start_s=4_000.0, end_s=4_600.0)),
                search(route=LATER),
                search(route=LATER, limit_ms=1),
                search(volume(47.5, 11.0)),
            ):
                parts.append(msgspec.json.encode(await here.exchange.plans.alternatives(SOUTH, asked)))
                how = msgspec.structs.asdict(asked)
                less = {name: how[name] for name in Plan.__struct_fields__}
                parts.append(msgspec.json.encode(await here.exchange.plans.check(SOUTH, Plan(**less))))
            return b"\n".join(parts)

        return what

    first = play(tmp_path / "first", told(hidden=False))
    second = play(tmp_path / "second", told(hidden=True))
    assert b'"alternatives":[{' in first
    assert b'"complete":false' in first
    assert first == second


async def _over(here: World, wanted: Volume4D) -> None:
    try:
        await here.file(NORTH, wanted)
    except StrategicConflict as refused:
        await here.file(NORTH, wanted, accept=[one.item.ref for one in refused.detail["conflicts"]])


def test_a_search_that_runs_out_says_so(tmp_path: Path) -> None:
    async def what(here: World) -> None:
        await here.release(NORTH, SOUTH, levels(intent=Level.VOLUME))
        await here.file(NORTH, volume())
        asked = search(volume(start_s=1_200.0, end_s=3_000.0), limit_ms=1)
        short = await here.exchange.plans.alternatives(SOUTH, asked)
        assert not short.complete
        assert short.tried < 5
        clock = here.clock
        asyncio.get_running_loop().call_soon(clock.advance, 0.2)
        timed = await here.exchange.plans.alternatives(
            SOUTH, search(volume(start_s=1_200.0, end_s=3_000.0), limit_ms=100)
        )
        assert not timed.complete

    play(tmp_path, what)


def test_others_have_their_turn_while_one_searches(tmp_path: Path) -> None:
    async def what(here: World) -> None:
        await busy(here, Random(3), 40)
        turns = 0
        done = False

        async def others() -> None:
            nonlocal turns
            while not done:
                turns += 1
                await asyncio.sleep(0)

        counting = asyncio.create_task(others())
        asked = search(volume(radius_m=2_000.0, start_s=1_200.0, end_s=4_000.0))
        answer = await here.exchange.plans.alternatives(SOUTH, asked)
        done = True
        await counting
        assert turns >= answer.tried

    play(tmp_path, what)


def test_a_participant_searches_once_at_a_time(tmp_path: Path) -> None:
    async def what(here: World) -> None:
        await busy(here, Random(3), 20)
        asked = search(volume(radius_m=2_000.0, start_s=1_200.0, end_s=4_000.0))
        plans = here.exchange.plans
        first, second, other = await asyncio.gather(
            plans.alternatives(SOUTH, asked),
            plans.alternatives(SOUTH, asked),
            plans.alternatives(NORTH, asked),
            return_exceptions=True,
        )
        assert isinstance(second, QuotaExceeded)
        assert not isinstance(first, BaseException)
        assert not isinstance(other, BaseException)
        assert (await plans.alternatives(SOUTH, asked)) == first

    play(tmp_path, what)


def test_nothing_is_told_by_what_was_withdrawn_meanwhile(tmp_path: Path) -> None:
    async def what(here: World) -> None:
        given = await here.release(NORTH, SOUTH, levels(intent=Level.VOLUME))
        await here.file(NORTH, volume())
        asked = search(volume(start_s=1_200.0, end_s=3_000.0))
        rule: Any = given.result
        asking = asyncio.create_task(here.exchange.plans.alternatives(SOUTH, asked))
        await asyncio.sleep(0)
        async with here.exchange.plans._turn:  # between two of the search's own
            await here.do(NORTH, c.WithdrawRule(rule.id, rule.ovn))
        assert not asking.done()
        answer = await asking
        after = await here.exchange.plans.alternatives(SOUTH, asked)
        assert after.passes
        assert answer.alternatives == ()
        assert answer.passes or not answer.complete

    play(tmp_path, what)


def test_other_suppliers_plans_count_where_somebody_asks_them(tmp_path: Path) -> None:
    async def what(here: World) -> None:
        plans = here.exchange.plans
        await here.release(NORTH, SOUTH, levels(intent=Level.VOLUME))
        await here.file(NORTH, volume())
        (known,) = (await plans.check(SOUTH, plan(volume()))).conflicts
        until = START + timedelta(seconds=7_200)

        def peers(who: str, volumes: Volumes, asked: Plan) -> list[ConflictItem]:
            assert who == SOUTH
            return [known] if volumes[0].start < until else []

        plans.peers_check = peers
        (conflict,) = (await plans.check(SOUTH, plan(volume(48.0)))).conflicts
        assert conflict == known
        ten = [volume(48.0, start_s=6_800.0 + 60 * n, end_s=9_000.0) for n in range(10)]
        (conflict,) = (await plans.check(SOUTH, plan(*ten))).conflicts
        assert conflict.volumes == (0, 4)
        asked = search(volume(48.0, start_s=5_000.0, end_s=6_000.0), kinds=(ChangeKind.LATER,))
        (later,) = (await plans.alternatives(SOUTH, asked)).alternatives
        assert later.later_s == 2_200.0

    play(tmp_path, what)


def test_a_leak_would_be_seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a check that knows what north has, the worlds of the test of hidden intents do differ."""

    def leaking(state: Any, asker: Any, *rest: Any, **more: Any) -> Any:
        return [*find(state, asker, *rest, **more), *find(state, NORTH, *rest, **more)]

    async def what(here: World) -> tuple[bool, bool]:
        await _over(here, volume(end_s=9_000.0))
        asked = search(volume(start_s=4_000.0, end_s=4_600.0))
        before = (await here.exchange.plans.alternatives(SOUTH, asked)).passes
        monkeypatch.setattr("comity.exchange.plans.find", leaking)
        return before, (await here.exchange.plans.alternatives(SOUTH, asked)).passes

    assert play(tmp_path, what) == (True, False)
