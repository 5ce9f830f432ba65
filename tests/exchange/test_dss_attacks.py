"""What a lying, careless or hostile USS can do at the DSS, and what it cannot."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from pathlib import Path
from typing import Any

import msgspec
import pytest
from msgspec.structs import replace

from comity.coordination.f3548 import notifications
from comity.errors import (
    NotPermitted,
    QuotaExceeded,
    Refused,
    StaleOvn,
    StrategicConflict,
    TooLarge,
)
from comity.exchange import dss as dss_module
from comity.exchange.dss import Dss
from comity.geo.coverage import circle_cells
from comity.ids import EntityId
from comity.model import dss_command as c
from comity.model.dss_fact import ReferencePut
from comity.model.f3548 import AvailabilityState, peer
from comity.model.fact import Payload
from comity.model.intent import IntentState
from comity.release.f3548 import HIDDEN
from tests.coordination.f3548.desk import URL, box, id_
from tests.exchange.usses import available, plain, put, remove, subscribe
from tests.hosting import ran
from tests.world import World, world

_payloads = msgspec.json.Decoder(Payload)


def keys_recorded(w: World) -> list[tuple[str, ...]]:
    found = []
    for entry in w.exchange.ledger.reader.entries(0, None):
        assert entry.payload is not None
        fact = _payloads.decode(entry.payload).fact
        if isinstance(fact, ReferencePut):
            found.append(fact.key)
    return found


@ran
async def test_a_key_of_anything_and_everything_is_neither_recorded_nor_slow(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        held = await put(w.exchange.dss, 1)
        junk = [f"{number:0128d}" for number in range(60_000)]
        await put(w.exchange.dss, 2, "uss2", key=[*junk, held["ovn"], HIDDEN, "", "é" * 100])
        assert keys_recorded(w) == [(), (held["ovn"],)]


@ran
async def test_the_words_that_stand_for_an_ovn_open_nothing(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        dss = w.exchange.dss
        await put(dss, 1)
        with pytest.raises(StrategicConflict):
            await put(dss, 2, "uss2", key=[HIDDEN])
        with pytest.raises(NotPermitted):
            await put(dss, 1, "uss2", ovn=HIDDEN)
        with pytest.raises(StaleOvn):
            await put(dss, 1, "uss1", ovn=HIDDEN)


@ran
async def test_an_ovn_from_before_a_deletion_is_stale_for_ever(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        dss = w.exchange.dss
        first = await put(dss, 1)
        await remove(dss, first)
        w.clock.advance(0.001)
        await put(dss, 1)
        with pytest.raises(StrategicConflict):
            await put(dss, 2, "uss2", key=[first["ovn"]])
        with pytest.raises(StaleOvn):
            await put(dss, 1, ovn=first["ovn"])
        with pytest.raises(StaleOvn):
            await remove(dss, first)


@ran
async def test_nobody_takes_over_an_id_a_subscription_or_a_name(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        dss = w.exchange.dss
        held = await put(dss, 1, implicit=True)
        for write in (
            put(dss, 1, "uss2"),
            put(dss, 1, "uss2", ovn=held["ovn"]),
            put(dss, 2, "uss2", at=box(lat=40.0), subscription=held["subscription_id"]),
            dss.submit("uss2", c.RemoveSubscription(EntityId(held["subscription_id"]), "x" * 32)),
            dss.submit("uss2", c.RemoveReference(id_(1), held["ovn"])),
        ):
            with pytest.raises(NotPermitted):
                await write
        # The ledger's name of a long name is a digest; having that for a name is being another.
        strange = "a name with spaces"
        mine = await put(dss, 3, strange, at=box(lat=41.0))
        impostor = peer(strange).removeprefix("f3548:")
        with pytest.raises(NotPermitted):
            await put(dss, 3, impostor, at=box(lat=41.0), ovn=mine["ovn"])
        assert plain(dss.operational_intent(impostor, id_(3)))["ovn"] == HIDDEN


@ran
async def test_one_id_may_name_one_thing_of_each_kind(tmp_path: Path) -> None:
    """Kinds have tables of their own: nothing is hidden or overwritten by a collision."""
    async with world(tmp_path) as w:
        dss, same = w.exchange.dss, id_(1)
        held = await put(dss, 1, implicit=True)
        await dss.submit("uss2", c.PutConstraintReference(same, None, box(), URL))
        at = box(start_s=0.0, lat=40.0)
        await dss.submit("uss3", c.PutSubscription(same, None, at, URL, True, True))
        assert plain(dss.operational_intent("uss1", same)) == held
        assert plain(dss.constraint("uss2", same))["manager"] == "uss2"
        assert plain(dss.subscription("uss3", same))["dependent_operational_intents"] == []
        with pytest.raises(NotPermitted):
            await put(dss, 1, ovn=held["ovn"], subscription=same)


@ran
async def test_a_manager_marked_down_by_others_gets_back_what_is_its(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        dss = w.exchange.dss
        held = await put(dss, 1)
        await available(dss, "uss1", AvailabilityState.DOWN)
        await put(dss, 2, "uss2")
        await available(dss, "uss1", AvailabilityState.NORMAL)
        with pytest.raises(StrategicConflict):
            await put(dss, 1, ovn=held["ovn"])


@ran
async def test_many_subscriptions_in_one_place_are_bounded_for_each_manager(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        dss = w.exchange.dss
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(notifications, "MOST_THERE", 3)
            held = [await subscribe(dss, number) for number in range(3)]
            with pytest.raises(QuotaExceeded):
                await subscribe(dss, 4)
            with pytest.raises(QuotaExceeded):
                await put(dss, 1, implicit=True)
            await subscribe(dss, 5, "uss2")
            await subscribe(dss, 6, at=box(start_s=0.0, lat=40.0))
            command = c.PutSubscription(id_(6, "b"), held[0]["version"], box(start_s=0.0), URL, True, False)
            version = plain(dss.subscription("uss1", id_(6, "b")))["version"]
            with pytest.raises(QuotaExceeded):
                await dss.submit("uss1", replace(command, version=version))
            again = replace(command, id=id_(0, "b"), version=held[0]["version"])
            await dss.submit("uss1", again)


@ran
async def test_a_refusal_that_would_name_too_many_names_none(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        dss = w.exchange.dss
        for number in range(4):
            await put(dss, number, at=box(lower_m=number * 200.0, upper_m=number * 200.0 + 100.0))
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(dss_module, "MOST_FOUND", 3)
            with pytest.raises(TooLarge):
                await put(dss, 9, "uss2", at=box(lower_m=0.0, upper_m=2_000.0))
        assert not dss.turns._holding or id_(9) in {name[1] for name in dss.turns._holding}


@pytest.mark.parametrize("lat", [90.0, -90.0, 89.999_999])
@pytest.mark.parametrize("lon", [-180.0, 0.0, 180.0])
def test_every_way_to_name_a_pole_is_one_place(tmp_path: Path, lat: float, lon: float) -> None:
    async def test() -> None:
        async with world(tmp_path) as w:
            dss = w.exchange.dss
            await put(dss, 1, at=box(lat, 37.0))
            with pytest.raises(StrategicConflict):
                await put(dss, 2, "uss2", at=box(lat, lon))
            assert len(dss.operational_intents("uss2", box(lat, lon))) == 1

    asyncio.run(test())


@ran
async def test_a_footprint_as_large_as_the_earth_meets_everything(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        dss = w.exchange.dss
        for number, at in enumerate((box(), box(-89.9, 0.0), box(0.0, 180.0)), start=1):
            await put(dss, number, at=at)
        for radius_m in (9e6, 1.2e7, 2.1e7, 1e12):
            whole = replace(box(), cells=circle_cells(10.0, 20.0, radius_m))
            assert len(dss.operational_intents("uss2", whole)) == 3
        with pytest.raises(StrategicConflict) as refused:
            await put(dss, 9, "uss2", at=whole)
        assert len(refused.value.detail["missing_operational_intents"]) == 3


@ran
async def test_who_is_refused_again_and_again_does_not_keep_others_out(tmp_path: Path) -> None:
    """Twenty writers of one manager that never learn, and one that does."""
    async with world(tmp_path) as w:
        dss = w.exchange.dss
        known = {1: (await put(dss, 1))["ovn"]}
        done = asyncio.Event()

        async def hostile(number: int) -> None:
            while not done.is_set():
                with pytest.raises(StrategicConflict):
                    await put(dss, 1_000 + number, "hostile")
                await asyncio.sleep(0)

        async def honest() -> list[int]:
            tries = []
            for number in range(2, 12):
                for attempt in range(1, 50):
                    try:
                        held = await put(dss, number, "uss1", key=[*known.values()])
                    except StrategicConflict:
                        continue
                    known[number] = held["ovn"]
                    tries.append(attempt)
                    break
            done.set()
            return tries

        every = await asyncio.wait_for(asyncio.gather(honest(), *map(hostile, range(20))), 60.0)
        assert every[0] == [1] * 10, "a good key is taken at the first try"
        assert len(dss.turns._holding) <= 20


@ran
async def test_what_fails_late_leaves_nothing(tmp_path: Path) -> None:
    """Refused by the ledger's own bound, after everything was decided."""
    async with world(tmp_path) as w:
        dss = w.exchange.dss
        await subscribe(dss)
        before = dict(w.exchange.state.subscriptions)
        long = "https://uss.example/" + "x" * (5 * 1024 * 1024)
        new = c.NewSubscription(long)
        commands: list[Any] = [
            c.PutReference(id_(1), None, box(), IntentState.ACCEPTED, URL, (), None, new),
            c.PutReference(id_(1), None, box(), IntentState.ACCEPTED, long, (), None, c.NewSubscription(URL)),
            c.PutConstraintReference(id_(1, "c"), None, box(), long),
            c.FileReport({"exchange": {"problem": long}}),
        ]
        for command in commands:
            with pytest.raises(TooLarge):
                await dss.submit("uss1", command)
        assert dict(w.exchange.state.subscriptions) == before
        assert not w.exchange.state.references
        assert not w.exchange.state.constraint_references
        assert (await put(dss, 1))["version"] == 1


@ran
async def test_a_mob_of_every_command_breaks_nothing(tmp_path: Path) -> None:
    """Wrong ids, versions and owners at random; the exchange refuses and goes on."""
    async with world(tmp_path) as w:
        dss: Dss = w.exchange.dss
        await put(dss, 1, implicit=True)
        odd: list[Any] = [
            c.PutReference(id_(1), "", box(), IntentState.ACCEPTED, URL),
            c.PutReference(EntityId(""), None, box(lat=3.0), IntentState.ACCEPTED, ""),
            c.RemoveReference(EntityId("é" * 200), ""),
            c.RemoveConstraintReference(id_(1), ""),
            c.RemoveSubscription(id_(1), "x"),
            c.SetAvailability("", AvailabilityState.DOWN, ""),
            c.PruneSubscriptions(w.clock.now(), (id_(1),)),
            c.RecordDelivered(),
            c.AlignReferences((id_(1),)),
        ]
        for command in odd:
            with suppress(Refused):
                await dss.submit("hostile", command)
        assert plain(dss.operational_intent("uss1", id_(1)))["version"] == 1
        assert len(w.exchange.state.subscriptions) == 1
        assert w.exchange.writer.faults == 0
