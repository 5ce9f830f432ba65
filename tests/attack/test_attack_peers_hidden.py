"""What peers of F3548 get of a hosted participant beyond what it releases to them: nothing.

At level ``reserved`` a change within one coarse form is no change; an id that a peer knows from before a
withdrawal gives it nothing; a name that resembles this exchange's own gives no power over what is hosted.
"""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import pytest
from msgspec.structs import replace

from comity.coordination.f3548.footprint import box_of
from comity.errors import NotFound, NotPermitted, QuotaExceeded
from comity.ids import EntityId
from comity.model import command as c
from comity.model import dss_command as d
from comity.model.f3548 import AvailabilityState
from comity.model.intent import IntentState
from comity.model.rule import Level
from tests.hosting import DSS, change, ran, reference_of, subscribe, tell, to_peers
from tests.world import ENVIRONMENT, NORTH, volume, world

OWN = DSS.uss


@ran
async def test_a_change_within_the_coarse_form_is_none_to_peers(tmp_path: Path) -> None:
    """Neither version nor ovn nor index moves, and nothing is owed; a change of the form is told."""
    async with world(tmp_path, dss=DSS) as w:
        await to_peers(w, Level.RESERVED)
        listening = await subscribe(w)
        item = await w.file(NORTH)
        before, owed = reference_of(w, item), dict(w.exchange.state.notices)
        exact = volume()
        assert exact.start is not None
        assert exact.end is not None
        for inner in (
            replace(exact, end=exact.end - timedelta(minutes=1)),
            replace(exact, lower=replace(exact.lower, value_m=exact.lower.value_m + 7.0)),
        ):
            item = await change(w, item, volumes=(inner,))
            assert reference_of(w, item) == before
        assert w.exchange.state.notices == owed
        assert w.exchange.state.subscriptions[listening].index == 1
        item = await change(w, item, volumes=(replace(exact, end=exact.end + timedelta(hours=1)),))
        assert reference_of(w, item).version == before.version + 1
        assert w.exchange.state.subscriptions[listening].index == 2


@ran
async def test_a_change_of_state_is_told_at_every_level(tmp_path: Path) -> None:
    async with world(tmp_path, dss=DSS) as w:
        await to_peers(w, Level.RESERVED)
        item = await w.file(NORTH)
        item = await change(w, item, state=IntentState.ACTIVATED)
        assert reference_of(w, item).state is IntentState.ACTIVATED
        item = await change(w, item, state=IntentState.NONCONFORMING, volumes=(volume(),))
        held = reference_of(w, item)
        assert (held.version, held.state) == (3, IntentState.NONCONFORMING)


@pytest.mark.parametrize("manager", [OWN, "Comity", "comity ", "cоmity", "f3548:comity", "comity\x00"])
def test_no_name_gives_power_over_what_is_hosted(tmp_path: Path, manager: str) -> None:
    @ran
    async def tried(folder: Path) -> None:
        async with world(folder, dss=DSS) as w:
            await to_peers(w)
            item = await w.file(NORTH)
            item = await change(w, item, state=IntentState.ACTIVATED)
            held = reference_of(w, item)
            box = box_of(volume(), ENVIRONMENT)
            put = d.PutReference(
                held.id, held.ovn, box, IntentState.ACTIVATED, "https://a.example", (held.ovn,), None,
                d.NewSubscription("https://a.example"),
            )  # fmt: skip
            for command in (put, d.RemoveReference(held.id, held.ovn)):
                with pytest.raises(NotPermitted):
                    await tell(w, command, manager)
            assert held.subscription is not None
            version = w.exchange.state.subscriptions[held.subscription].version
            with pytest.raises(NotPermitted):
                await tell(w, d.RemoveSubscription(held.subscription, version), manager)
            with pytest.raises(NotPermitted):
                w.exchange.dss.subscription(manager, held.subscription)
            assert not w.exchange.dss.subscriptions(manager, box)
            assert reference_of(w, item) == held

    tried(tmp_path)


@ran
async def test_who_takes_the_id_of_a_withdrawn_plan_does_not_keep_it_from_peers(tmp_path: Path) -> None:
    async with world(tmp_path, dss=DSS) as w:
        rule = await to_peers(w)
        item = await w.file(NORTH)
        id = reference_of(w, item).id
        held = next(one for one in w.exchange.rules(NORTH) if one.id == rule)
        await w.do(NORTH, c.WithdrawRule(held.id, held.ovn))
        with pytest.raises(NotFound):
            w.exchange.dss.operational_intent("uss1.example", id)
        await w.pass_time(2.0)
        far = box_of(volume(10.0, 10.0), ENVIRONMENT)
        await tell(
            w, d.PutReference(id, None, far, IntentState.ACCEPTED, "https://a.example", (), None, None)
        )
        assert w.exchange.state.references[id].hosted is None
        await to_peers(w)
        await w.pass_time(2.0)
        again = reference_of(w, item)
        assert again.hosted == NORTH
        assert EntityId(item.ref) == again.intent
        assert w.exchange.writer.faults == 0
        assert not w.exchange.state.managed


@ran
async def test_availability_is_kept_of_so_many_uss_and_no_more(tmp_path: Path) -> None:
    async with world(tmp_path, dss=replace(DSS, entities_per_manager=5)) as w:
        for number in range(5):
            await tell(w, d.SetAvailability(f"uss{number}", AvailabilityState.DOWN, ""), "arbiter")
        with pytest.raises(QuotaExceeded):
            await tell(w, d.SetAvailability("uss5", AvailabilityState.DOWN, ""), "arbiter")
        version = w.exchange.state.availability["uss0"].version
        await tell(w, d.SetAvailability("uss0", AvailabilityState.NORMAL, version), "arbiter")
