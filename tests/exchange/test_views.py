"""The door out for what is promised: views, feeds, withdrawal, lingering, account, snapshots."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from comity.coordination.facts import digest, rows
from comity.errors import InvalidInput, NotFound, TooLarge
from comity.exchange.snapshots import Snapshots
from comity.ids import EntityId, GroupId, Ovn, ParticipantId
from comity.model import command as c
from comity.model.observation import Provenance, Report
from comity.model.participant import Participant
from comity.model.released import ReleasedItem
from comity.model.rule import Group, Level, ReleaseRule, ToGroup
from tests.world import CENTRE, NORTH, SOUTH, START, World, levels, volume, world


def rule_of(result: object) -> ReleaseRule:
    assert isinstance(result, ReleaseRule)
    return result


def seen(w: World, who: ParticipantId) -> list[tuple[str, str]]:
    return [(item.ref, item.level) for item in w.exchange.airspace(who)]


def test_nothing_is_released_by_default(tmp_path: Path) -> None:
    async def main() -> None:
        async with world(tmp_path) as w:
            await w.file(NORTH)
            assert seen(w, SOUTH) == []
            assert seen(w, CENTRE) == []
            assert w.exchange.changes(SOUTH, None).changes == ()

    asyncio.run(main())


def test_a_rule_gives_its_level_and_the_reference_rotates_by_recipient(tmp_path: Path) -> None:
    async def main() -> None:
        async with world(tmp_path) as w:
            item = await w.file(NORTH)
            await w.release(NORTH, SOUTH, levels(Level.VOLUME))
            await w.release(NORTH, CENTRE, levels(Level.RESERVED))
            ((south_ref, south_level),) = seen(w, SOUTH)
            ((centre_ref, centre_level),) = seen(w, CENTRE)
            assert (south_level, centre_level) == ("volume", "reserved")
            assert len({item.ref, south_ref, centre_ref}) == 3
            given = w.exchange.item(SOUTH, south_ref)
            assert given.volumes == item.volumes
            assert given.ovn is None
            assert given.version is None
            with pytest.raises(NotFound):
                w.exchange.item(SOUTH, item.ref)
            with pytest.raises(NotFound):
                w.exchange.item(SOUTH, centre_ref)

    asyncio.run(main())


def test_an_update_that_does_not_show_leaves_no_trace(tmp_path: Path) -> None:
    async def main() -> None:
        async with world(tmp_path, floor=levels(Level.RESERVED)) as w:
            item = await w.file(NORTH)
            before = w.exchange.changes(SOUTH, None)
            moved = volume(radius_m=990.0, upper_m=1_490.0)
            assert item.ovn is not None
            await w.do(NORTH, c.ChangeIntent(EntityId(item.ref), Ovn(item.ovn), volumes=(moved,)))
            after = w.exchange.changes(SOUTH, before.cursor)
            assert after.changes == ()
            assert after.cursor == before.cursor
            own = w.exchange.changes(NORTH, None)
            assert [x.item.version for x in own.changes if x.item is not None] == [2]

    asyncio.run(main())


def test_withdrawal_is_told_before_the_answer_and_empties_the_view(tmp_path: Path) -> None:
    async def main() -> None:
        async with world(tmp_path) as w:
            await w.file(NORTH)
            rule = rule_of((await w.release(NORTH, SOUTH, levels(Level.VOLUME))).result)
            cursor = w.exchange.changes(SOUTH, None).cursor
            ((ref, _),) = seen(w, SOUTH)
            told: list[tuple[ParticipantId, list[tuple[str, str]]]] = []
            w.exchange.on_withdrawn.append(lambda who: told.append((who, seen(w, who))))
            await w.do(NORTH, c.WithdrawRule(rule.id, rule.ovn))
            assert told == [(SOUTH, [])]
            (gone,) = w.exchange.changes(SOUTH, cursor).changes
            assert (gone.ref, gone.item) == (ref, None)

    asyncio.run(main())


def test_a_rule_that_expires_withdraws_even_if_no_entry_could_be_written(tmp_path: Path) -> None:
    async def main() -> None:
        async with world(tmp_path) as w:
            await w.file(NORTH)
            expires = START + timedelta(seconds=100)
            await w.do(NORTH, c.SetGroup(GroupId("allies"), (SOUTH,)))
            await w.do(NORTH, c.SetRule(ToGroup(GroupId("allies"), NORTH), levels(Level.VOLUME), expires))
            assert len(seen(w, SOUTH)) == 1
            w.clock.advance(100.0)
            assert seen(w, SOUTH) == []

    asyncio.run(main())


def test_an_empty_group_reaches_nobody_and_a_foreign_keepers_group_is_no_group(tmp_path: Path) -> None:
    async def main() -> None:
        async with world(tmp_path) as w:
            await w.file(NORTH)
            await w.do(NORTH, c.SetGroup(GroupId("allies"), ()))
            await w.do(NORTH, c.SetRule(ToGroup(GroupId("allies"), NORTH), levels(Level.VOLUME)))
            assert seen(w, SOUTH) == []
            await w.do(SOUTH, c.SetGroup(GroupId("allies"), (SOUTH,)))
            with pytest.raises(InvalidInput) as refusal:
                await w.do(NORTH, c.SetRule(ToGroup(GroupId("allies"), SOUTH), levels(Level.VOLUME)))
            assert refusal.value.field == "recipient"
            assert seen(w, SOUTH) == []
            group = w.exchange.group(NORTH, "allies")
            assert isinstance(group, Group)
            await w.do(NORTH, c.SetGroup(GroupId("allies"), (SOUTH,), group.ovn))
            assert len(seen(w, SOUTH)) == 1

    asyncio.run(main())


def test_what_ended_lingers_at_level_0_until_the_slots_edge_and_nowhere_else(tmp_path: Path) -> None:
    async def main() -> None:
        async with world(tmp_path, floor=levels(Level.RESERVED)) as w:
            item = await w.file(NORTH)
            await w.release(NORTH, CENTRE, levels(Level.VOLUME))
            shown = w.exchange.airspace(SOUTH)
            assert item.ovn is not None
            await w.pass_time(700.0)
            await w.do(NORTH, c.EndIntent(EntityId(item.ref), Ovn(item.ovn)))
            assert seen(w, NORTH) == []
            assert seen(w, CENTRE) == []
            assert w.exchange.airspace(SOUTH) == shown
            await w.pass_time(1_099.0)
            assert w.exchange.airspace(SOUTH) == shown
            await w.pass_time(1.0)
            assert seen(w, SOUTH) == []

    asyncio.run(main())


def test_a_cursor_pages_through_a_snapshot_and_then_the_changes(tmp_path: Path) -> None:
    async def main() -> None:
        async with world(tmp_path, floor=levels(Level.VOLUME)) as w:
            for number in range(7):
                await w.file(NORTH, volume(lat=40.0 + number))
            page = w.exchange.changes(SOUTH, None, limit=3)
            assert page.reset
            assert page.more
            refs = [change.ref for change in page.changes]
            await w.file(NORTH, volume(lat=60.0))
            while page.more:
                page = w.exchange.changes(SOUTH, page.cursor, limit=3)
                assert not page.reset
                refs += [change.ref for change in page.changes]
            page = w.exchange.changes(SOUTH, page.cursor)
            refs += [change.ref for change in page.changes]
            assert set(refs) == {ref for ref, _ in seen(w, SOUTH)}
            assert w.exchange.changes(SOUTH, "elsewhere.5").reset
            with pytest.raises(InvalidInput) as refusal:
                w.exchange.changes(SOUTH, "not a cursor")
            assert refusal.value.field == "cursor"

    asyncio.run(main())


def test_a_page_is_bounded_by_its_volumes_as_well(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    async def main() -> None:
        async with world(tmp_path, floor=levels(Level.VOLUME)) as w:
            monkeypatch.setattr("comity.release.view.PAGE_VOLUMES", 5)
            for number in range(4):
                await w.file(NORTH, *(volume(lat=40.0 + number + n / 10) for n in range(3)))
            page = w.exchange.changes(SOUTH, None)
            sizes, refs = [len(page.changes)], [change.ref for change in page.changes]
            while page.more:
                page = w.exchange.changes(SOUTH, page.cursor)
                sizes.append(len(page.changes))
                refs += [change.ref for change in page.changes]
            assert sizes == [1, 1, 1, 1]
            assert refs == [item.ref for item in w.exchange.airspace(SOUTH)]

    asyncio.run(main())


def test_past_its_limit_a_view_is_refused_and_a_place_can_be_asked_for(tmp_path: Path) -> None:
    async def main() -> None:
        async with world(tmp_path, floor=levels(Level.VOLUME)) as w:
            w.exchange.views.limit = 3
            for number in range(4):
                await w.file(NORTH, volume(lat=40.0 + number))
            with pytest.raises(TooLarge) as refusal:
                w.exchange.airspace(SOUTH)
            assert refusal.value.field == "area"
            near = w.exchange.airspace(SOUTH, near=(41.0, 11.0, 20_000.0))
            assert [item.level for item in near] == ["volume"]

    asyncio.run(main())


def test_the_account_now_and_then_is_what_each_recipient_had(tmp_path: Path) -> None:
    async def main() -> None:
        async with world(tmp_path, floor=levels(Level.RESERVED)) as w:
            item = await w.file(NORTH)
            before = w.exchange.airspace(SOUTH)
            at = w.clock.now()
            await w.pass_time(10.0)
            rule = rule_of((await w.release(NORTH, SOUTH, levels(Level.VOLUME))).result)
            now = await w.exchange.what_others_see(NORTH, recipient=SOUTH)
            assert [(x.kind, x.level, x.rule, x.ref) for x in now] == [
                ("intent", "volume", rule.id, item.ref)
            ]
            assert now[0].item == w.exchange.airspace(SOUTH)[0]
            then = await w.exchange.what_others_see(NORTH, at=at, recipient=SOUTH)
            assert [x.item for x in then] == before
            assert then[0].rule == "charter floor"
            assert await w.exchange.what_others_see(SOUTH) == []

    asyncio.run(main())


def test_tracks_go_by_provenance_and_rule(tmp_path: Path) -> None:
    async def main() -> None:
        async with world(tmp_path) as w:
            for provenance, address in ((Provenance.BROADCAST, "400001"), (Provenance.OWN, "400002")):
                report = Report(address, w.clock.now(), lat=47.0, lon=11.0, callsign="TEST" + address)
                assert w.exchange.observe(NORTH, provenance.value, provenance, [report]).accepted == 1
            await w.pass_time(1.0)
            assert w.exchange.tracks(NORTH).ids() == ["400001", "400002"]
            assert w.exchange.tracks(SOUTH).ids() == ["400001"]
            rule = rule_of((await w.release(NORTH, SOUTH, levels(own_track=Level.POSITION))).result)
            ids = w.exchange.tracks(SOUTH).ids()
            assert len(ids) == 2
            assert "400002" not in ids
            assert b"TEST400001" in w.exchange.tracks(SOUTH).json
            assert b"TEST400002" not in w.exchange.tracks(SOUTH).json
            await w.do(NORTH, c.WithdrawRule(rule.id, rule.ovn))
            assert w.exchange.tracks(SOUTH).ids() == ["400001"]

    asyncio.run(main())


def test_what_was_released_is_recorded_and_hashed_into_the_recipients_log(tmp_path: Path) -> None:
    async def main() -> None:
        async with world(tmp_path, floor=levels(Level.RESERVED)) as w:
            item = await w.file(NORTH)
            w.exchange.airspace(SOUTH)
            await w.exchange.close_segments()
            size = w.exchange.ledger.reader.log_size(SOUTH)
            last = w.exchange.log_entries(SOUTH, size - 1, size)[0]
            assert last.kind == "segment.recorded"
            (line,) = w.exchange.recorder.read(SOUTH, 1)
            assert item.ref.encode() in line
            assert b'"level":"reserved"' in line
            await w.exchange.close_segments()
            assert w.exchange.ledger.reader.log_size(SOUTH) == size

    asyncio.run(main())


def test_a_snapshot_by_a_second_process_gives_the_same_state(tmp_path: Path) -> None:
    async def main() -> None:
        async with world(tmp_path, floor=levels(Level.RESERVED)) as w:
            for number in range(10):
                await w.file(NORTH, volume(lat=40.0 + number))
            snapshots = Snapshots(w.exchange, tmp_path / "data", tmp_path / "keys")
            await snapshots.make()
            size = w.exchange.ledger.size
            await snapshots.make()
            assert w.exchange.ledger.size == size
            await w.file(SOUTH, volume(lat=60.0))
            before, clock = digest(rows(w.exchange.state)), w.clock
        async with world(tmp_path, clock=clock) as w:
            assert w.opened.recovered.from_snapshot == size - 1
            assert w.opened.recovered.passed_over == ()
            assert digest(rows(w.exchange.state)) == before
            assert len(w.exchange.airspace(NORTH)) == 11
            clock = w.clock
        (snapshot,) = (tmp_path / "data" / "snapshots").glob("snapshot-*")
        snapshot.write_bytes(snapshot.read_bytes()[:-100])
        async with world(tmp_path, clock=clock) as w:
            assert w.opened.recovered.from_snapshot == 0
            assert len(w.opened.recovered.passed_over) == 1
            assert digest(rows(w.exchange.state)) == before

    asyncio.run(main())


def test_a_new_member_sees_what_the_floor_gives_at_once(tmp_path: Path) -> None:
    async def main() -> None:
        async with world(tmp_path, floor=levels(Level.RESERVED)) as w:
            await w.file(NORTH)
            west = ParticipantId("west")
            await w.do(CENTRE, c.AdmitParticipant(Participant(west, "Relief flights")))
            (item,) = w.exchange.airspace(west)
            assert isinstance(item, ReleasedItem)
            assert item.level == "reserved"

    asyncio.run(main())
