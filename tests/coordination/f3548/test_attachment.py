"""Subscriptions of references: given, implicit, widened, made explicit, and gone with the last reference."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from comity.errors import InvalidInput, NotFound, NotPermitted
from comity.model import dss_command as c
from comity.model.f3548 import CellBox, Subscription
from comity.model.intent import IntentState
from tests.coordination.f3548.desk import URL, Desk, box, id_, told


def implicit_of(desk: Desk, number: int = 1) -> Subscription:
    id = desk.state.references[id_(number)].subscription
    assert id is not None
    return desk.state.subscriptions[id]


def test_an_implicit_one_covers_its_reference_and_is_the_callers() -> None:
    desk = Desk()
    held = desk.put(implicit=True, constraints=True)
    made = implicit_of(desk)
    assert (made.manager, made.url, made.implicit) == ("uss1", URL, True)
    assert (made.notify_for_operational_intents, made.notify_for_constraints) == (True, True)
    assert (made.box.cells, made.box.start, made.box.end) == (held.box.cells, held.box.start, held.box.end)
    assert desk.state.dependents[made.id] == {held.id}


def test_it_asks_for_constraints_only_if_told_to() -> None:
    desk = Desk()
    desk.put(implicit=True)
    assert not implicit_of(desk).notify_for_constraints


def test_the_one_just_made_is_told_of_its_own_reference() -> None:
    desk = Desk()
    decision = desk.do(desk.putting(implicit=True))
    made = implicit_of(desk)
    assert told(decision) == {made.id: 1}
    assert made.index == 1


def test_it_goes_with_its_last_reference_which_it_is_still_told_of() -> None:
    desk = Desk()
    held = desk.put(implicit=True)
    made = implicit_of(desk)
    other = desk.put(2, at=box(lower_m=300.0, upper_m=400.0), subscription=made.id)
    desk.remove(held)
    assert made.id in desk.state.subscriptions
    assert made.id in told(desk.remove(other))
    assert not desk.state.subscriptions
    assert not desk.state.dependents


def test_it_goes_when_it_is_detached_or_replaced() -> None:
    desk = Desk()
    held = desk.put(implicit=True)
    first = implicit_of(desk)
    held = desk.change(held, implicit=True)
    second = implicit_of(desk)
    assert set(desk.state.subscriptions) == {second.id} != {first.id}
    held = desk.change(held)
    assert held.subscription is None
    assert not desk.state.subscriptions


def test_one_replaced_is_not_told_any_more_and_one_kept_is() -> None:
    desk = Desk()
    held = desk.put(implicit=True)
    first = implicit_of(desk)
    desk.put(2, at=box(lower_m=300.0, upper_m=400.0), subscription=first.id)
    decision = desk.do(desk.putting(ovn=held.ovn, implicit=True))
    assert set(told(decision)) == {first.id, implicit_of(desk).id}
    second = implicit_of(desk)
    held = desk.state.references[id_(1)]
    decision = desk.do(desk.putting(ovn=held.ovn, implicit=True))
    assert set(told(decision)) == {first.id, implicit_of(desk).id}
    assert second.id not in desk.state.subscriptions


def test_an_explicit_one_stays() -> None:
    desk = Desk()
    given = desk.subscribe()
    held = desk.put(subscription=given.id)
    held = desk.change(held, implicit=True)
    assert given.id in desk.state.subscriptions
    held = desk.change(held, subscription=given.id)
    desk.remove(held)
    assert set(desk.state.subscriptions) == {given.id}


@pytest.mark.parametrize(
    "at",
    [
        box(start_s=0.0, lat=47.05),
        box(start_s=700.0),
        box(start_s=0.0, end_s=4_199.0),
        box(start_s=0.0, radius_m=1.0),
    ],
)
def test_a_given_one_must_cover_in_cells_and_times(at: CellBox) -> None:
    desk = Desk()
    given = desk.subscribe(at=at)
    wide = box(radius_m=1_500.0)
    desk.refused(InvalidInput, desk.putting(at=wide, subscription=given.id), field="subscription_id")


def test_heights_are_not_looked_at() -> None:
    desk = Desk()
    given = desk.subscribe(at=box(start_s=0.0, lower_m=5_000.0, upper_m=6_000.0))
    assert desk.put(subscription=given.id).subscription == given.id


def test_a_given_one_must_be_there_be_the_callers_and_ask_for_operational_intents() -> None:
    desk = Desk()
    desk.refused(InvalidInput, desk.putting(subscription=id_(9, "b")), field="subscription_id")
    foreign = desk.subscribe(1, by="uss2")
    desk.refused(NotPermitted, desk.putting(subscription=foreign.id))
    other = desk.subscribe(2, intents=False, constraints=True)
    desk.refused(InvalidInput, desk.putting(subscription=other.id), field="subscription_id")


def test_an_implicit_one_that_does_not_cover_is_widened() -> None:
    desk = Desk()
    desk.put(implicit=True)
    made = implicit_of(desk)
    far = replace(box(lat=47.1, start_s=500.0, end_s=9_000.0), lower_m=1_000.0, upper_m=1_100.0)
    desk.put(2, at=far, subscription=made.id)
    wider = desk.state.subscriptions[made.id]
    assert wider.version != made.version
    assert set(wider.box.cells) == {*made.box.cells, *far.cells}
    assert (wider.box.start, wider.box.end) == (far.start, far.end)
    assert wider.implicit
    assert wider.index == made.index + 1
    # One that covers is left as it is.
    desk.put(3, at=replace(far, lower_m=2_000.0, upper_m=2_100.0), subscription=made.id)
    assert desk.state.subscriptions[made.id].version == wider.version


def test_its_owners_put_makes_it_explicit() -> None:
    desk = Desk()
    held = desk.put(implicit=True)
    made = implicit_of(desk)
    desk.do(c.PutSubscription(made.id, made.version, held.box, URL, True, False))
    assert not desk.state.subscriptions[made.id].implicit
    desk.remove(held)
    assert set(desk.state.subscriptions) == {made.id}


def test_one_on_which_references_depend_is_not_removed() -> None:
    desk = Desk()
    given = desk.subscribe()
    held = desk.put(subscription=given.id)
    desk.refused(InvalidInput, c.RemoveSubscription(given.id, given.version))
    desk.remove(held)
    desk.do(c.RemoveSubscription(given.id, desk.state.subscriptions[given.id].version))
    desk.refused(NotFound, c.RemoveSubscription(given.id, given.version))


@pytest.mark.parametrize(
    ("at", "covers"),
    [
        (box(start_s=0.0), True),
        (box(start_s=900.0), True),
        (box(start_s=900.001), False),
        (box(start_s=0.0, end_s=4_199.999), False),
        (box(start_s=0.0, lower_m=100.001), False),
        (box(start_s=0.0, upper_m=199.999), False),
        (box(start_s=0.0, lower_m=None, upper_m=None), True),
        (box(start_s=0.0, lat=47.1), False),
    ],
)
def test_a_change_must_go_on_covering_what_depends_on_it(at: CellBox, covers: bool) -> None:
    desk = Desk()
    given = desk.subscribe()
    desk.put(subscription=given.id)
    version = desk.state.subscriptions[given.id].version
    if covers:
        desk.subscribe(version=version, at=at)
    else:
        desk.refused(InvalidInput, desk.subscribing(version=version, at=at), field="extents")


def test_states_move_with_the_subscription_kept() -> None:
    desk = Desk()
    held = desk.put(implicit=True)
    made = implicit_of(desk)
    for state in (IntentState.ACTIVATED, IntentState.NONCONFORMING, IntentState.CONTINGENT):
        held = desk.change(held, state=state, subscription=made.id)
    assert implicit_of(desk).id == made.id
    later = replace(held.box, end=desk.now + timedelta(hours=30))
    held = desk.change(held, state=IntentState.CONTINGENT, subscription=made.id, at=later)
    assert implicit_of(desk).box.end == later.end
