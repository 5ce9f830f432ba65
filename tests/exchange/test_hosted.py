"""What goes with a native plan among F3548 peers: references, subscriptions, notices, by one decision."""

from __future__ import annotations

from pathlib import Path

import pytest

from comity.coordination.f3548.footprint import box_of
from comity.coordination.f3548.near import PeersUnseen
from comity.coordination.f3548.visible import visible
from comity.coordination.facts import rows
from comity.coordination.state import DssSettings
from comity.errors import StrategicConflict, UssDown
from comity.exchange.hosted_forms import HostedForms
from comity.ids import EntityId, Ovn, PersonId, RequestId, RuleId
from comity.model import command as c
from comity.model import dss_command as d
from comity.model.constraint import ConstraintKind
from comity.model.f3548 import AvailabilityState
from comity.model.intent import IntentState
from comity.model.rule import Level
from tests.hosting import (
    DSS,
    URL1,
    USS1,
    change,
    new_id,
    put_peer,
    ran,
    reference_of,
    subscribe,
    tell,
    to_peers,
)
from tests.world import ENVIRONMENT, NORTH, SOUTH, START, World, volume, world


@ran
async def test_who_releases_nothing_to_peers_has_no_reference(tmp_path: Path) -> None:
    async with world(tmp_path, dss=DSS) as w:
        await subscribe(w)
        await w.file(NORTH)
        await w.do(NORTH, c.PublishConstraint(ConstraintKind.CLOSED, "R1", (volume(),)))
        state = w.exchange.state
        assert not state.references
        assert not state.constraint_references
        assert not state.notices


@ran
async def test_a_released_plan_has_a_reference_from_filing_to_its_end(tmp_path: Path) -> None:
    async with world(tmp_path, dss=DSS) as w:
        await to_peers(w)
        await subscribe(w)
        item = await w.file(NORTH)
        first = reference_of(w, item)
        assert (first.manager, first.version, first.state) == ("comity", 1, IntentState.ACCEPTED)
        assert (first.hosted, first.level, first.subscription) == (NORTH, Level.VOLUME, None)
        assert (first.box.lower_m, first.box.upper_m) == (1_000.0, 1_500.0)
        item = await change(w, item, state=IntentState.ACTIVATED)
        active = reference_of(w, item)
        assert active.version == 2
        assert active.ovn != first.ovn
        assert active.id == first.id
        assert active.subscription is not None
        listening = w.exchange.state.subscriptions[active.subscription]
        assert listening.implicit
        assert listening.hosted == NORTH
        assert listening.box == active.box
        item = await change(w, item, volumes=(volume(end_s=5_000.0),))
        moved = reference_of(w, item)
        assert moved.subscription == active.subscription
        assert w.exchange.state.subscriptions[active.subscription].box.end == moved.box.end
        await w.do(NORTH, c.EndIntent(EntityId(item.ref), Ovn(str(item.ovn))))
        state = w.exchange.state
        assert not state.references
        assert not state.reference_of
        assert len(state.subscriptions) == 1
        owed = sorted(w.exchange.state.notices)
        assert owed == [(first.id, version, URL1) for version in (1, 2, 3, 4)]
        indexes = [w.exchange.state.notices[key].owed[0].subscriptions[0].index for key in owed]
        assert indexes == [1, 2, 3, 4]
        assert state.subscriptions[new_id(50)].index == 4


@ran
async def test_time_ends_the_reference_with_the_plan(tmp_path: Path) -> None:
    async with world(tmp_path, dss=DSS) as w:
        await to_peers(w, constraint=Level.VOLUME)
        await w.file(NORTH)
        await w.do(NORTH, c.PublishConstraint(ConstraintKind.CLOSED, "R1", (volume(),)))
        await subscribe(w)
        assert len(w.exchange.state.references) == len(w.exchange.state.constraint_references) == 1
        await w.pass_time(4_200.0)
        assert not w.exchange.state.references
        assert not w.exchange.state.constraint_references
        owed = [one.owed[0] for one in w.exchange.state.notices.values()]
        assert sorted(one.kind for one in owed) == ["constraint", "operational_intent"]
        assert sorted(one.subscriptions[0].index for one in owed) == [1, 2]


@ran
async def test_at_level_0_the_reference_holds_the_coarse_form(tmp_path: Path) -> None:
    async with world(tmp_path, dss=DSS) as w:
        await to_peers(w, Level.RESERVED)
        item = await w.file(NORTH)
        box = reference_of(w, item).box
        assert (box.lower_m, box.upper_m) == (1_000.0, 2_000.0)
        assert box.start == START
        assert box.end is not None
        assert box.end.minute in (0, 30)
        forms = w.exchange.state.volumes.reserved(w.exchange.state.intents[EntityId(item.ref)])
        assert set(box.cells) == {cell for form in forms for cell in form.cells}


@ran
async def test_at_level_0_what_ended_lingers_until_the_slots_edge(tmp_path: Path) -> None:
    """It is 08:00. One is ended at 08:00:05, another is over at 09:10; slots end at 08:30 and 09:30."""
    async with world(tmp_path, dss=DSS) as w:
        await to_peers(w, Level.RESERVED, Level.RESERVED)
        early, late = await w.file(NORTH), await w.file(NORTH, volume(lat=46.0))
        closed = c.PublishConstraint(ConstraintKind.CLOSED, "R1", (volume(lat=45.0),))
        await w.do(NORTH, closed)
        await subscribe(w)
        before = reference_of(w, early)
        told = HostedForms(w.exchange.state, w.clock).intent(before.id)
        await w.pass_time(5.0)
        await w.do(NORTH, c.EndIntent(EntityId(early.ref), Ovn(str(early.ovn))))
        await w.pass_time(1_500.0)
        assert w.exchange.state.references[before.id] == before
        assert HostedForms(w.exchange.state, w.clock).intent(before.id) == told
        assert not w.exchange.state.notices
        clock = w.clock
    async with world(tmp_path, dss=DSS, clock=clock) as w:
        await w.pass_time(1.0)
        assert before.id in w.exchange.state.references
        await w.pass_time(300.0)
        assert [one.intent for one in w.exchange.state.references.values()] == [late.ref]
        assert [one.owed[0].entity for one in w.exchange.state.notices.values()] == [before.id]
        await w.pass_time(2_700.0)
        assert not w.exchange.state.intents[EntityId(late.ref)].state.live()
        assert len(w.exchange.state.references) == len(w.exchange.state.constraint_references) == 1
        await w.pass_time(900.0)
        assert not w.exchange.state.references
        assert not w.exchange.state.constraint_references
        assert not w.exchange.state.reference_of


@ran
async def test_what_lingers_is_invisible_at_once_without_its_release(tmp_path: Path) -> None:
    async with world(tmp_path, dss=DSS) as w:
        rule = await to_peers(w, Level.RESERVED)
        item = await w.file(NORTH)
        await w.pass_time(5.0)
        await w.do(NORTH, c.EndIntent(EntityId(item.ref), Ovn(str(item.ovn))))
        (reference,) = w.exchange.state.references.values()
        ovn = w.exchange.rule(NORTH, rule).ovn
        await w.do(NORTH, c.WithdrawRule(RuleId(rule), ovn))
        assert not visible(w.exchange.state, reference, w.clock.now())
        await w.pass_time(1_800.0)
        assert not w.exchange.state.references


@ran
async def test_off_nominal_says_where_it_may_be_and_what_it_had(tmp_path: Path) -> None:
    async with world(tmp_path, dss=DSS) as w:
        await to_peers(w)
        item = await change(w, await w.file(NORTH), state=IntentState.ACTIVATED)
        feared = (volume(47.1, radius_m=5_000.0),)
        item = await change(w, item, state=IntentState.NONCONFORMING, volumes=feared)
        assert item.volumes == feared
        assert item.nominal_volumes == (volume(),)
        box = reference_of(w, item).box
        assert set(box.cells) == {
            *box_of(volume(), ENVIRONMENT).cells,
            *box_of(feared[0], ENVIRONMENT).cells,
        }
        item = await change(w, item, state=IntentState.ACTIVATED)
        assert item.volumes == (volume(),)
        assert item.nominal_volumes is None
        assert reference_of(w, item).box == box_of(volume(), ENVIRONMENT)


@ran
async def test_a_hosted_plan_must_have_looked_at_every_peers_plan_near_it(tmp_path: Path) -> None:
    async with world(tmp_path, dss=DSS) as w:
        await to_peers(w)
        near = await put_peer(w)
        with pytest.raises(PeersUnseen) as refused:
            await raw(w, ())
        assert [one.id for one in refused.value.references] == [near.id]
        near = await put_peer(w, ovn=near.ovn)
        with pytest.raises(PeersUnseen):
            await raw(w, ("an-ovn-of-before-1234",))
        await raw(w, (near.ovn,))
        assert len(w.exchange.state.references) == 2


async def raw(w: World, key: tuple[str, ...]) -> None:
    """As the exchange submits it once it has looked."""
    command = c.FileIntent((volume(),), "rotorcraft", True)  # type: ignore[arg-type]
    name = RequestId(f"request-raw-{'-'.join(key) or 'none'}"[:60])
    asked = c.Submission(NORTH, PersonId("desk"), name, command, repr(key), peers=d.PeersSeen(key))
    await w.exchange.writer.submit(asked)


@ran
async def test_accepted_plans_of_a_uss_that_is_down_are_not_looked_at(tmp_path: Path) -> None:
    async with world(tmp_path, dss=DSS) as w:
        await to_peers(w)
        await put_peer(w)
        await tell(w, d.SetAvailability(USS1, AvailabilityState.DOWN, ""))
        await raw(w, ())


@ran
async def test_while_its_own_uss_is_down_only_off_nominal_states_pass(tmp_path: Path) -> None:
    async with world(tmp_path, dss=DSS) as w:
        await to_peers(w)
        item = await w.file(NORTH)
        await tell(w, d.SetAvailability("comity", AvailabilityState.DOWN, ""))
        with pytest.raises(UssDown):
            await w.file(NORTH, volume(48.0))
        with pytest.raises(UssDown):
            await change(w, item, state=IntentState.ACTIVATED)
        await change(w, item, state=IntentState.CONTINGENT)


@ran
async def test_peers_plans_are_advisory_to_who_releases_nothing_to_them(tmp_path: Path) -> None:
    async with world(tmp_path, dss=DSS) as w:
        await put_peer(w)
        with pytest.raises(StrategicConflict) as refused:
            await w.file(SOUTH)
        (conflict,) = refused.value.detail["conflicts"]
        assert (conflict.item.level, conflict.item.contact) == ("reserved", f"USS {USS1}")
        assert not conflict.blocking
        assert conflict.volumes == (0,)
        assert conflict.item.ref in {one.ref for one in w.exchange.airspace(SOUTH)}
        item = await w.file(SOUTH, accept=[conflict.item.ref])
        assert item.accepted_conflicts == (conflict.item.ref,)
        assert (await w.file(SOUTH, volume(lower_m=2_000.0, upper_m=2_100.0))).accepted_conflicts == ()


@ran
async def test_a_withdrawn_release_takes_the_reference_at_once(tmp_path: Path) -> None:
    async with world(tmp_path, dss=DSS) as w:
        rule = await to_peers(w)
        item = await w.file(NORTH)
        held = reference_of(w, item)
        assert visible(w.exchange.state, held, w.clock.now())
        ovn = w.exchange.rule(NORTH, rule).ovn
        await w.do(NORTH, c.WithdrawRule(w.exchange.rule(NORTH, rule).id, ovn))
        assert not visible(w.exchange.state, held, w.clock.now())
        assert not w.exchange.state.references
        w.clock.advance(1.0)
        await to_peers(w, Level.RESERVED)
        again = reference_of(w, item)
        assert again.id == held.id
        assert again.version == 1
        assert again.ovn != held.ovn
        assert again.level is Level.RESERVED


@ran
async def test_levels_go_down_and_up_with_the_references_that_are_there(tmp_path: Path) -> None:
    async with world(tmp_path, dss=DSS) as w:
        for number in range(60):
            await w.file(NORTH, volume(40.0 + number / 10))
        await w.do(NORTH, c.PublishConstraint(ConstraintKind.CLOSED, "R1", (volume(),)))
        state = w.exchange.state
        assert not state.references
        await to_peers(w, Level.RESERVED, Level.RESERVED)
        assert len(state.references) == 60
        assert {one.level for one in state.references.values()} == {Level.RESERVED}
        assert [one.level for one in state.constraint_references.values()] == [Level.RESERVED]
        await to_peers(w, Level.VOLUME, Level.VOLUME)
        assert {(one.level, one.version) for one in state.references.values()} == {(Level.VOLUME, 2)}


@ran
async def test_after_a_restart_references_are_as_the_configuration_now_says(tmp_path: Path) -> None:
    async with world(tmp_path, dss=DSS) as w:
        await to_peers(w, constraint=Level.VOLUME)
        item = await change(w, await w.file(NORTH), state=IntentState.ACTIVATED)
        await w.do(NORTH, c.PublishConstraint(ConstraintKind.CLOSED, "R1", (volume(),)))
        before = reference_of(w, item)
        clock = w.clock
    moved = DssSettings(uss="comity2", base_url="https://moved.example")
    async with world(tmp_path, dss=moved, clock=clock) as w:
        assert reference_of(w, item) == before
        await w.pass_time(1.0)
        after = reference_of(w, item)
        assert (after.manager, after.url, after.version) == (
            "comity2",
            "https://moved.example",
            before.version + 1,
        )
        assert after.subscription is not None
        assert w.exchange.state.subscriptions[after.subscription].url == "https://moved.example"
        (constraint,) = w.exchange.state.constraint_references.values()
        assert constraint.url == "https://moved.example"
    async with world(tmp_path, clock=clock) as w:
        await w.pass_time(1.0)
        assert w.exchange.state.references
        await w.do(NORTH, c.EndIntent(EntityId(item.ref), Ovn(str(item.ovn))))
        assert not w.exchange.state.references


@ran
async def test_a_plan_with_its_references_is_the_same_after_replay(tmp_path: Path) -> None:
    async with world(tmp_path, dss=DSS) as w:
        await to_peers(w)
        await subscribe(w)
        item = await change(w, await w.file(NORTH), state=IntentState.ACTIVATED)
        await change(w, item, state=IntentState.CONTINGENT, volumes=(volume(47.1),))
        before = list(rows(w.exchange.state))
        clock = w.clock
    async with world(tmp_path, dss=DSS, clock=clock) as w:
        assert list(rows(w.exchange.state)) == before
