"""The key: what has to be in it, what is exempt, and that nothing is left by a write it refuses."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from comity.coordination.f3548.keys import KeyRefused
from comity.model.dss_fact import ReferencePut
from comity.model.f3548 import AvailabilityState, CellBox
from comity.model.intent import IntentState
from tests.coordination.f3548.desk import Desk, box, id_


def lacking(error: KeyRefused) -> tuple[list[str], list[str]]:
    return [each.id for each in error.lacking.references], [each.id for each in error.lacking.constraints]


@pytest.mark.parametrize("by", ["uss1", "uss2"])
def test_whatever_overlaps_is_needed_the_callers_own_included(by: str) -> None:
    desk = Desk()
    held = desk.put(1)
    refused = desk.refused(KeyRefused, desk.putting(2), by=by)
    assert lacking(refused) == ([id_(1)], [])
    desk.put(2, by=by, key=[held.ovn])


def test_the_one_that_is_written_is_not_needed() -> None:
    desk = Desk()
    held = desk.put(1)
    assert desk.put(1, ovn=held.ovn).version == 2


def test_an_old_ovn_does_not_do_and_more_than_is_needed_does_no_harm() -> None:
    desk = Desk()
    first = desk.put(1)
    second = desk.change(first)
    assert lacking(desk.refused(KeyRefused, desk.putting(2, key=[first.ovn]))) == ([id_(1)], [])
    desk.put(2, key=["x" * 32, first.ovn, second.ovn, second.ovn])


def test_all_that_is_missing_is_named_at_once() -> None:
    desk = Desk()
    held = [desk.put(number, every_key=True) for number in range(1, 6)]
    refused = desk.refused(KeyRefused, desk.putting(9, key=[held[2].ovn]))
    assert lacking(refused)[0] == [id_(1), id_(2), id_(4), id_(5)]


@pytest.mark.parametrize(
    "at",
    [
        box(lat=47.2),
        box(lower_m=200.001, upper_m=300.0),
        box(lower_m=0.0, upper_m=99.999),
        box(start_s=4_200.000001, end_s=5_000.0),
        box(start_s=0.0, end_s=599.999999),
    ],
)
def test_what_is_elsewhere_higher_lower_earlier_or_later_is_not_needed(at: CellBox) -> None:
    desk = Desk()
    desk.put(1)
    assert desk.put(2, at=at).version == 1


@pytest.mark.parametrize(
    "at",
    [
        box(lower_m=200.0, upper_m=300.0),
        box(lower_m=0.0, upper_m=100.0),
        box(start_s=4_200.0, end_s=5_000.0),
        box(start_s=0.0, end_s=600.0),
        box(lat=47.0005),
    ],
)
def test_ends_count(at: CellBox) -> None:
    desk = Desk()
    desk.put(1)
    desk.refused(KeyRefused, desk.putting(2, at=at))


@pytest.mark.parametrize("state", [IntentState.NONCONFORMING, IntentState.CONTINGENT])
def test_off_nominal_ones_need_no_key_and_count_in_others(state: IntentState) -> None:
    desk = Desk()
    held = desk.put(1, implicit=True)
    desk.put(2, at=box(lat=40.0), implicit=True)
    other = desk.put(2, ovn=desk.state.references[id_(2)].ovn, state=state, implicit=True)
    assert other.box == held.box
    desk.refused(KeyRefused, desk.putting(1, ovn=held.ovn))


def test_activated_needs_a_key_as_well() -> None:
    desk = Desk()
    desk.put(1)
    held = desk.put(2, at=box(lat=40.0), implicit=True)
    desk.refused(KeyRefused, desk.putting(2, ovn=held.ovn, state=IntentState.ACTIVATED, implicit=True))


@pytest.mark.parametrize(
    ("state", "exempt"),
    [
        (IntentState.ACCEPTED, True),
        (IntentState.ACTIVATED, False),
        (IntentState.NONCONFORMING, False),
        (IntentState.CONTINGENT, False),
    ],
)
def test_of_a_uss_that_is_down_only_what_is_accepted_is_exempt(state: IntentState, exempt: bool) -> None:
    desk = Desk()
    desk.change(desk.put(1, implicit=True), state=state, implicit=True)
    desk.available("uss1", AvailabilityState.DOWN)
    if exempt:
        assert desk.put(2, by="uss2").version == 1
    else:
        desk.refused(KeyRefused, desk.putting(2), by="uss2")
    for other in (AvailabilityState.NORMAL, AvailabilityState.UNKNOWN):
        desk.available("uss1", other)
        desk.refused(KeyRefused, desk.putting(3), by="uss2")


def test_constraints_are_needed_where_the_subscription_asks_for_them_whatever_their_height() -> None:
    desk = Desk()
    constraint = desk.constrain(1, by="uss2", at=box(lower_m=5_000.0, upper_m=6_000.0))
    desk.put(1)
    command = desk.putting(2, at=box(lower_m=300.0, upper_m=400.0), implicit=True, constraints=True)
    assert lacking(desk.refused(KeyRefused, command)) == ([], [id_(1, "c")])
    desk.do(replace(command, key=(constraint.ovn,)))


def test_constraints_are_needed_by_a_given_subscription_too_and_not_by_one_without() -> None:
    desk = Desk()
    desk.constrain(1)
    with_, without = desk.subscribe(1, constraints=True), desk.subscribe(2)
    desk.refused(KeyRefused, desk.putting(1, subscription=with_.id))
    desk.put(1, subscription=without.id)


def test_a_constraint_elsewhere_or_at_another_time_is_not_needed() -> None:
    desk = Desk()
    desk.constrain(1, at=box(lat=47.2))
    desk.constrain(2, at=box(start_s=5_000.0, end_s=6_000.0))
    assert desk.put(1, implicit=True, constraints=True).version == 1


def test_the_record_holds_the_ovns_that_were_needed_and_no_others() -> None:
    desk = Desk()
    first, second = desk.put(1), desk.put(2, at=box(lat=40.0))
    decision = desk.do(desk.putting(3, key=["x" * 100, second.ovn, first.ovn, first.ovn]))
    (put,) = [fact for fact in decision.facts if isinstance(fact, ReferencePut)]
    assert put.key == (first.ovn,)


def test_a_refused_key_leaves_no_subscription_and_moves_no_index() -> None:
    desk = Desk()
    desk.subscribe(1)
    held = desk.put(1, implicit=True)
    desk.put(2, at=box(lat=40.0), implicit=True)
    before = dict(desk.state.subscriptions)
    own = desk.state.references[id_(2)]
    desk.refused(KeyRefused, desk.putting(3, implicit=True))
    desk.refused(KeyRefused, desk.putting(2, ovn=own.ovn, subscription=own.subscription))
    assert desk.state.subscriptions == before
    assert desk.state.references[id_(1)] == held


@pytest.mark.parametrize(("a", "b"), [((89.999, 0.0), (89.999, 180.0)), ((0.0, 179.9995), (0.0, -179.9995))])
def test_places_meet_over_the_pole_and_over_the_antimeridian(
    a: tuple[float, float], b: tuple[float, float]
) -> None:
    desk = Desk()
    desk.put(1, at=box(*a))
    desk.refused(KeyRefused, desk.putting(2, at=box(*b)))
    desk.put(2, at=box(-a[0] - 1.0, 10.0))


def test_a_coarser_footprint_meets_a_finer_one() -> None:
    desk = Desk()
    wide = desk.put(1, at=box(radius_m=200_000.0))
    desk.refused(KeyRefused, desk.putting(2))
    narrow = desk.put(2, key=[wide.ovn])
    desk.refused(KeyRefused, desk.putting(1, at=wide.box, ovn=wide.ovn))
    desk.put(1, at=wide.box, ovn=wide.ovn, key=[narrow.ovn])


def test_what_has_ended_is_needed_only_by_what_reaches_back() -> None:
    desk = Desk()
    desk.put(1, at=box(end_s=1_000.0))
    desk.pass_time(2_000.0)
    reaching = replace(box(now=desk.now), start=desk.now - timedelta(hours=2))
    desk.refused(KeyRefused, desk.putting(2, at=reaching))
    desk.put(2, at=box(now=desk.now))
