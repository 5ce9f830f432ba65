"""Looking back gives what was read then, byte for byte; what was withdrawn is not had again; and how far
back one sees follows from nobody else's doings."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from comity.errors import NotFound
from comity.exchange.history import (
    AGED,
    FULL,
    NOT_KEPT,
    STARTED,
    TOO_MUCH,
    UNREAD,
    WITHDRAWN,
    HistorySettings,
)
from comity.ids import EntityId, Ovn, ParticipantId
from comity.model import command as c
from comity.model.constraint import ConstraintKind
from comity.model.observation import Provenance, Report
from comity.model.rule import Level, ToParticipant
from comity.wire.encode import encode
from tests.world import CENTRE, NORTH, SOUTH, START, World, levels, volume, world

EVERYTHING = levels(Level.VOLUME, Level.VOLUME, Level.IDENTITY, Level.POSITION)


def played(
    directory: Path, scenario: Callable[[World], Coroutine[Any, Any, None]], **settings: float
) -> None:
    async def run() -> None:
        async with world(directory) as here:
            here.exchange.history._settings = HistorySettings(**settings)  # type: ignore[arg-type]  # numbers
            await scenario(here)

    asyncio.run(run())


def fly(here: World, second: int, *owners: ParticipantId) -> None:
    """One aircraft of each owner's own, one that its radar sees, and one that everybody hears."""
    now = here.clock.now()
    for number, owner in enumerate(owners):
        lat = 47.0 + number + second * 0.001
        for feed, provenance, shift in (("own", Provenance.OWN, 0), ("radar", Provenance.SENSED, 8)):
            report = Report(f"4B{number + shift:02X}00", now, lat=lat, lon=11.0 + shift, callsign="REGA1")
            here.exchange.observe(owner, feed, provenance, [report])
    heard = Report("3C0000", now, lat=48.0, lon=11.0 + second * 0.001)
    here.exchange.observe(CENTRE, "adsb", Provenance.BROADCAST, [heard])


def reading(here: World, who: ParticipantId) -> tuple[bytes, bytes, bytes]:
    exchange = here.exchange
    items = encode(sorted(exchange.airspace(who), key=lambda item: item.ref))
    return items, exchange.tracks(who).json, exchange.alerts(who).json


async def past(here: World, who: ParticipantId, when: datetime) -> tuple[bytes, bytes, bytes]:
    found = await here.exchange.history.at(who, when, here.clock.now())
    assert found.gap is None
    return found.items_json, found.tracks_json, found.alerts_json


def seconds(number: float) -> datetime:
    return START + timedelta(seconds=number)


def test_every_moment_is_what_was_read_then(tmp_path: Path) -> None:
    async def scenario(here: World) -> None:
        exchange = here.exchange
        exchange.history.read(SOUTH, here.clock.now())
        rule: Any = None
        then: dict[datetime, tuple[bytes, bytes, bytes]] = {}
        filed: list[Any] = []
        for second in range(1, 61):
            fly(here, second, NORTH, SOUTH)
            if second == 7:
                rule = (await here.release(NORTH, SOUTH, EVERYTHING)).result
            if second % 6 == 0:
                filed.append(await here.file(NORTH, volume(lat=40.0 + second / 2)))
            if second % 14 == 0:
                item = filed.pop(0)
                await here.do(NORTH, c.EndIntent(EntityId(item.ref), Ovn(item.ovn)))
            await here.pass_time(1)
            if second % 5 == 0:
                then[here.clock.now()] = reading(here, SOUTH)
        assert rule is not None
        assert len({items for items, _, _ in then.values()}) > 8
        assert len({tracks for _, tracks, _ in then.values()}) == 12
        for when, read in then.items():
            assert await past(here, SOUTH, when) == read
            assert when == seconds(60) or await past(here, SOUTH, when + timedelta(seconds=3)) == read
        span = exchange.history.span(SOUTH, here.clock.now())
        assert (span.since, span.until, span.step_s, span.because) == (seconds(1), seconds(60), 5.0, STARTED)

    played(tmp_path, scenario)


def test_outside_of_the_span_it_is_refused_with_the_span(tmp_path: Path) -> None:
    async def scenario(here: World) -> None:
        history = here.exchange.history
        span = history.span(SOUTH, here.clock.now())
        assert (span.since, span.until) == (START, START)
        for _ in range(12):
            await here.pass_time(1)
        for when in (seconds(0.9), START - timedelta(days=400), seconds(12.1)):
            with pytest.raises(NotFound) as refused:
                await history.at(SOUTH, when, here.clock.now())
            assert "from 2026-06-01T08:00:01Z to 2026-06-01T08:00:10Z" in refused.value.message
            assert refused.value.field == "at"
        with pytest.raises(NotFound):
            await history.at(NORTH, seconds(7), here.clock.now())

    played(tmp_path, scenario)


@pytest.mark.parametrize("kind", ["intent", "constraint", "own_track", "sensed_track"])
def test_what_is_withdrawn_is_not_had_again(tmp_path: Path, kind: str) -> None:
    """Each kind by itself, also where it had ended before it was taken back."""

    async def scenario(here: World) -> None:
        history = here.exchange.history
        history.read(SOUTH, here.clock.now())
        given = levels(**{kind: Level.POSITION if "track" in kind else Level.VOLUME})
        rule: Any = (await here.release(NORTH, SOUTH, given)).result
        if kind == "intent":
            item = await here.file(NORTH)
            await here.pass_time(6)
            await here.do(NORTH, c.EndIntent(EntityId(item.ref), Ovn(item.ovn or "")))
        elif kind == "constraint":
            await here.do(NORTH, c.PublishConstraint(ConstraintKind.CLOSED, "LSR-1", (volume(),)))
        else:
            fly(here, 1, NORTH)
            await here.pass_time(5)
            assert b'"position"' in here.exchange.tracks(SOUTH).json
            await here.pass_time(61)
            assert b'"position"' not in here.exchange.tracks(SOUTH).json
        for _ in range(3):
            await here.pass_time(5)
        assert len(history._memories[SOUTH].moments) >= 3
        before = here.clock.now()
        await here.do(NORTH, c.WithdrawRule(rule.id, rule.ovn))
        span = history.span(SOUTH, here.clock.now())
        assert (span.since, span.because) == (before, WITHDRAWN)
        for when in (seconds(6), before):
            with pytest.raises(NotFound):
                await history.at(SOUTH, when, here.clock.now())
        await here.pass_time(5)
        items, tracks, _ = await past(here, SOUTH, here.clock.now())
        assert items == b"[]"
        assert b'"position"' not in tracks

    played(tmp_path, scenario)


def test_a_rule_that_showed_nothing_goes_without_a_trace(tmp_path: Path) -> None:
    """Otherwise the end of one's history would tell that there had been a rule."""

    async def scenario(here: World) -> None:
        history = here.exchange.history
        history.read(SOUTH, here.clock.now())
        rule: Any = (await here.release(NORTH, SOUTH, EVERYTHING)).result
        for second in range(4):
            fly(here, second)
            await here.file(SOUTH, volume(lat=40.0 + second))
            await here.pass_time(5)
        before = history.span(SOUTH, here.clock.now())
        await here.do(NORTH, c.WithdrawRule(rule.id, rule.ovn))
        assert history.span(SOUTH, here.clock.now()) == before

    played(tmp_path, scenario)


def test_anothers_withdrawal_and_a_raised_level_leave_it_alone(tmp_path: Path) -> None:
    async def scenario(here: World) -> None:
        history = here.exchange.history
        history.read(SOUTH, here.clock.now())
        await here.release(NORTH, SOUTH, EVERYTHING)
        centre: Any = (await here.release(CENTRE, SOUTH, levels(intent=Level.RESERVED))).result
        await here.file(NORTH)
        await here.pass_time(5)
        before = history.span(SOUTH, here.clock.now())
        raised = levels(intent=Level.VOLUME)
        changed: Any = (await here.do(CENTRE, c.ChangeRule(centre.id, centre.ovn, raised))).result
        await here.do(CENTRE, c.WithdrawRule(centre.id, changed.ovn))
        assert history.span(SOUTH, here.clock.now()) == before

    played(tmp_path, scenario)


def test_a_rule_that_expires_takes_the_history_with_it(tmp_path: Path) -> None:
    async def scenario(here: World) -> None:
        history = here.exchange.history
        history.read(SOUTH, here.clock.now())
        await here.do(NORTH, c.SetRule(ToParticipant(SOUTH), EVERYTHING, expires=seconds(11)))
        await here.file(NORTH)
        await here.pass_time(5)
        await here.pass_time(5)
        await here.pass_time(2)
        assert history.span(SOUTH, here.clock.now()).because == WITHDRAWN

    played(tmp_path, scenario)


def test_an_answer_under_way_when_something_is_withdrawn_does_not_come(tmp_path: Path) -> None:
    async def scenario(here: World) -> None:
        history = here.exchange.history
        history.read(SOUTH, here.clock.now())
        await here.release(NORTH, SOUTH, EVERYTHING)
        await here.file(NORTH)
        await here.pass_time(5)
        asking = asyncio.create_task(history.at(SOUTH, seconds(5), here.clock.now()))
        await asyncio.sleep(0)
        policy = here.exchange.state.policy
        old, new = policy(here.clock.now()).levels(NORTH, SOUTH), levels()
        history.lowered(SOUTH, NORTH, old, new, here.clock.now())
        with pytest.raises(NotFound):
            await asking

    played(tmp_path, scenario)


def test_an_owners_erased_words_are_in_no_history(tmp_path: Path) -> None:
    async def scenario(here: World) -> None:
        history = here.exchange.history
        for who in (SOUTH, NORTH, CENTRE):
            history.read(who, here.clock.now())
        await here.release(NORTH, SOUTH, EVERYTHING)
        await here.file(NORTH)
        await here.pass_time(5)
        history.erased(NORTH, here.clock.now())
        because = {who: history.span(who, here.clock.now()).because for who in (SOUTH, NORTH, CENTRE)}
        assert because == {SOUTH: WITHDRAWN, NORTH: WITHDRAWN, CENTRE: STARTED}

    played(tmp_path, scenario)


def test_it_is_bounded_by_age(tmp_path: Path) -> None:
    async def scenario(here: World) -> None:
        history = here.exchange.history
        history.read(SOUTH, here.clock.now())
        filed = [await here.file(SOUTH, volume(lat=40.0 + n)) for n in range(3)]
        for n in range(60):
            if n % 20 == 0:
                await here.do(SOUTH, c.EndIntent(EntityId(filed[n // 20].ref), Ovn(filed[n // 20].ovn or "")))
            await here.pass_time(5)
            history.read(SOUTH, here.clock.now())
        span = history.span(SOUTH, here.clock.now())
        assert (span.since, span.because) == (seconds(180), AGED)
        items, _, _ = await past(here, SOUTH, seconds(181))
        assert items.count(b'"ref"') == 1
        items, _, _ = await past(here, SOUTH, seconds(300))
        assert items.count(b'"ref"') == 0

    played(tmp_path, scenario, minutes=2.0)


def test_it_is_bounded_by_size_and_each_participant_by_its_own(tmp_path: Path) -> None:
    async def scenario(here: World) -> None:
        history = here.exchange.history
        for who in (SOUTH, NORTH):
            history.read(who, here.clock.now())
        for n in range(20):
            await here.file(NORTH, *(volume(lat=30.0 + n + k / 100) for k in range(3)))
            await here.pass_time(5)
            assert all(memory.size <= 30_000 for memory in history._memories.values())
        north, south = (history.span(who, here.clock.now()) for who in (NORTH, SOUTH))
        assert (north.because, south.because) == (FULL, STARTED)
        assert north.since > south.since == seconds(5)
        items, _, _ = await past(here, NORTH, north.since)
        assert items.count(b'"ref"') == round((north.since - START).total_seconds() / 5)

    played(tmp_path, scenario, bytes_each=30_000)


def test_it_is_kept_while_somebody_reads_and_says_when_nobody_did(tmp_path: Path) -> None:
    async def scenario(here: World) -> None:
        history = here.exchange.history
        await here.pass_time(5)
        assert history._memories == {}, "nobody has read anything"
        here.exchange.tracks(SOUTH)
        for _ in range(20):
            await here.pass_time(5)
        assert set(history._memories) == {SOUTH}
        here.exchange.track_delta(SOUTH, None)
        await here.pass_time(5)
        found = await history.at(SOUTH, here.clock.now() - timedelta(seconds=6), here.clock.now())
        assert (found.gap, found.items_json) == (UNREAD, b"[]")
        assert (await history.at(SOUTH, here.clock.now(), here.clock.now())).gap is None
        for _ in range(40):
            await here.pass_time(5)
        assert history._memories == {}

    played(tmp_path, scenario, minutes=1.0)


def test_a_pause_of_the_exchange_is_a_gap(tmp_path: Path) -> None:
    async def scenario(here: World) -> None:
        history = here.exchange.history
        history.read(SOUTH, here.clock.now())
        await here.pass_time(5)
        await here.pass_time(60)
        assert (await history.at(SOUTH, seconds(19), here.clock.now())).gap is None
        assert (await history.at(SOUTH, seconds(20), here.clock.now())).gap == NOT_KEPT
        assert (await history.at(SOUTH, seconds(65), here.clock.now())).gap is None

    played(tmp_path, scenario)


def test_a_view_past_its_limit_is_a_gap_and_not_a_part_of_it(tmp_path: Path) -> None:
    async def scenario(here: World) -> None:
        history = here.exchange.history
        history.read(SOUTH, here.clock.now())
        await here.file(SOUTH)
        await here.pass_time(5)
        view = here.exchange.views.of(SOUTH, here.clock.now())
        view.limit = 1
        extra = await here.file(SOUTH, volume(lat=40.0))
        await here.pass_time(5)
        found = await history.at(SOUTH, seconds(10), here.clock.now())
        assert (found.gap, found.items_json) == (TOO_MUCH, b"[]")
        await here.do(SOUTH, c.EndIntent(EntityId(extra.ref), Ovn(extra.ovn or "")))
        await here.pass_time(5)
        items, _, _ = await past(here, SOUTH, seconds(15))
        assert items.count(b'"ref"') == 1

    played(tmp_path, scenario)


def test_references_that_rotate_start_the_items_anew(tmp_path: Path) -> None:
    async def scenario(here: World) -> None:
        history = here.exchange.history
        history.read(SOUTH, here.clock.now())
        await here.release(NORTH, SOUTH, EVERYTHING)
        long = volume(end_s=3 * 86_400.0)
        await here.file(NORTH, long)
        here.clock.advance(15.9 * 3_600)
        history.read(SOUTH, here.clock.now())
        refs = set()
        for _ in range(3):
            await here.pass_time(300)
            items, _, _ = await past(here, SOUTH, here.clock.now())
            assert items == reading(here, SOUTH)[0]
            refs.add(items)
        assert len(refs) == 2

    played(tmp_path, scenario)


def test_nothing_of_others_doings_changes_how_far_it_reaches(tmp_path: Path) -> None:
    """Law 2: two worlds that differ in what south may not know give it the same span and the same past."""
    told: list[Any] = []
    for name, busy in (("quiet", False), ("busy", True)):

        async def scenario(here: World, busy: bool = busy) -> None:
            history = here.exchange.history
            history.read(SOUTH, here.clock.now())
            for second in range(0, 60, 5):
                if busy:
                    history.read(NORTH, here.clock.now())
                    fly(here, second, NORTH)
                    await here.file(NORTH, volume(lat=30.0 + second))
                else:
                    fly(here, second)
                await here.pass_time(5)
            told.append((history.span(SOUTH, here.clock.now()), await past(here, SOUTH, seconds(33))))

        played(tmp_path / name, scenario, bytes_each=6_000)
    assert told[0] == told[1]
    assert told[0][0].because == FULL
