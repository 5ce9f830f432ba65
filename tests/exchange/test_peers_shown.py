"""What USSs file by F3548, as participants see it, and the USSs as one recipient in what others see."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from comity.coordination.state import DssSettings
from comity.errors import InvalidInput, NotFound, TooLarge
from comity.geo.coverage import circle_cells
from comity.ids import EntityId, PersonId, RequestId
from comity.model import command as c
from comity.model import dss_command as d
from comity.model.f3548 import AvailabilityState, CellBox, peer
from comity.model.intent import IntentState
from comity.model.released import ItemKind
from comity.model.rule import Level, ToGroup
from comity.release.policy import F3548_GROUP
from tests.world import CENTRE, NORTH, SOUTH, START, World, levels, volume, world

DSS = DssSettings(uss="comity", base_url="https://comity.example")
REFERENCE = EntityId("11111111-1111-4111-8111-111111111111")


def alike(test: Callable[[World], Awaitable[None]], directory: Path, **given: Any) -> None:
    async def run() -> None:
        async with world(directory, dss=DSS, **given) as here:
            await test(here)

    asyncio.run(run())


async def ask(here: World, manager: str, command: d.PeerCommand) -> Any:
    by = c.Submission(peer(manager), PersonId("uss"), RequestId("-"), command, "")
    return await here.exchange.writer.submit(by)


def reference(
    radius_m: float = 500.0, ovn: str | None = None, id: EntityId = REFERENCE, lat: float = 47.0
) -> d.PutReference:
    box = CellBox(circle_cells(lat, 11.0, radius_m), 600.0, 700.0, START, START + timedelta(hours=1))
    return d.PutReference(id, ovn, box, IntentState.ACCEPTED, "https://parcels.example")


def test_everybody_sees_a_usss_reference_as_cells_until_its_end(tmp_path: Path) -> None:
    async def test(here: World) -> None:
        await ask(here, "parcels", reference())
        for who in (NORTH, SOUTH):
            (item,) = here.exchange.airspace(who)
            assert (item.kind, item.level, item.contact) == (ItemKind.INTENT, "reserved", "USS parcels")
            assert item.reserved is not None
            (cells,) = item.reserved
            assert (cells.lower_w84_m, cells.upper_w84_m) == (600.0, 700.0)
            assert set(cells.cells) == set(reference().box.cells)
            assert here.exchange.airspace(who, near=(47.0, 11.01, 2_000.0)) == [item]
            assert here.exchange.airspace(who, near=(47.5, 11.0, 2_000.0)) == []
            assert here.exchange.item(who, item.ref) == item
        north, south = (here.exchange.airspace(who)[0].ref for who in (NORTH, SOUTH))
        assert north != south
        cursor = here.exchange.cursor(NORTH)
        await here.pass_time(3_601.0)
        assert here.exchange.airspace(NORTH) == []
        assert here.exchange.airspace(NORTH, near=(47.0, 11.0, 2_000.0)) == []
        (gone,) = here.exchange.changes(NORTH, cursor).changes
        assert (gone.ref, gone.item) == (north, None)
        with pytest.raises(NotFound):
            here.exchange.item(NORTH, north)

    alike(test, tmp_path)


def test_a_large_reference_is_drawn_with_few_cells_that_hold_it(tmp_path: Path) -> None:
    async def test(here: World) -> None:
        await ask(here, "parcels", reference(radius_m=25_000.0))
        (item,) = here.exchange.airspace(NORTH)
        assert item.reserved is not None
        assert len(reference(radius_m=25_000.0).box.cells) > 1_000
        assert len(item.reserved[0].cells) <= 32

    alike(test, tmp_path)


def test_a_flood_of_references_does_not_keep_anybody_from_what_participants_release(tmp_path: Path) -> None:
    async def test(here: World) -> None:
        await here.file(NORTH, volume())
        here.exchange.views.limit = 2
        for number in range(11):
            if number == 10:
                assert len(here.exchange.airspace(NORTH)) == 11
            id = EntityId(f"{number:08x}-1111-4111-8111-111111111111")
            await ask(here, "parcels", reference(id=id, lat=48.0 + number))
        with pytest.raises(TooLarge, match="more than 10 items"):
            here.exchange.airspace(NORTH)
        with pytest.raises(TooLarge, match="more than 10 items"):
            here.exchange.airspace(SOUTH)

    alike(test, tmp_path)


def test_a_removed_reference_leaves_view(tmp_path: Path) -> None:
    async def test(here: World) -> None:
        done = await ask(here, "parcels", reference())
        assert len(here.exchange.airspace(NORTH)) == 1
        ovn = done.decision.facts[0].reference.ovn
        await ask(here, "parcels", d.RemoveReference(REFERENCE, ovn))
        assert here.exchange.airspace(NORTH) == []

    alike(test, tmp_path)


def test_the_usss_are_one_recipient_in_what_others_see_now_and_then(tmp_path: Path) -> None:
    async def test(here: World) -> None:
        item = await here.file(NORTH, volume())
        before = await here.exchange.what_others_see(NORTH)
        assert not [each for each in before if each.recipient == "f3548"]
        await here.pass_time(5.0)
        then = here.clock.now()
        await here.pass_time(5.0)
        rule = await here.do(NORTH, c.SetRule(ToGroup(F3548_GROUP, CENTRE), levels(intent=Level.VOLUME)))
        (seen,) = (each for each in await here.exchange.what_others_see(NORTH) if each.recipient == "f3548")
        assert (seen.ref, seen.level, seen.reason) == (item.ref, "volume", "the owner's rule for group f3548")
        assert seen.rule == rule.result.id  # type: ignore[union-attr]  # it is a rule
        earlier = await here.exchange.what_others_see(NORTH, then)
        assert not [each for each in earlier if each.recipient == "f3548"]
        alone = await here.exchange.what_others_see(NORTH, recipient=seen.recipient)  # type: ignore[arg-type]
        assert alone == [seen]

    alike(test, tmp_path)


def test_the_charters_floor_covers_the_usss(tmp_path: Path) -> None:
    async def test(here: World) -> None:
        await here.file(NORTH, volume())
        seen = [s for s in await here.exchange.what_others_see(NORTH) if s.recipient == "f3548"]
        assert [(each.level, each.rule) for each in seen] == [("reserved", "charter floor")]

    alike(test, tmp_path, floor=levels(intent=Level.RESERVED))


def test_the_group_is_listed_and_nobody_can_make_it(tmp_path: Path) -> None:
    async def test(here: World) -> None:
        assert [g.owner for g in here.exchange.groups(SOUTH) if g.id == F3548_GROUP] == [CENTRE]
        for who in (CENTRE, NORTH):
            with pytest.raises(InvalidInput) as refused:
                await here.do(who, c.SetGroup(F3548_GROUP, (NORTH,)))
            assert refused.value.field == "id"
        with pytest.raises(InvalidInput) as refused:
            await here.do(NORTH, c.SetRule(ToGroup(F3548_GROUP, NORTH), levels()))
        assert refused.value.field == "recipient.keeper"

    alike(test, tmp_path)


def test_a_uss_whose_name_is_no_plain_word_has_a_log_under_a_digest(tmp_path: Path) -> None:
    async def test(here: World) -> None:
        for manager in ("a uss / of\nsorts", "x" * 256, "north", "f3548:north", "ünï", "-"):
            given = d.SetAvailability(manager, AvailabilityState.DOWN, "")
            await ask(here, manager, given)
        assert len(here.exchange.state.availability) == 6
        here.exchange.ledger.checkpoint_all(here.clock.now())
        assert here.exchange.log_checkpoint(peer("north")) != here.exchange.log_checkpoint(NORTH)

    alike(test, tmp_path)
