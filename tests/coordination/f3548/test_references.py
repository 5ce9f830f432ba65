"""Operational intent references at the DSS: rules of ASTM F3548-21, in the order of their checks."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from uuid import UUID

import pytest
from msgspec.structs import replace

from comity.clock import micros
from comity.coordination.state import DssSettings
from comity.errors import (
    InvalidInput,
    NotFound,
    NotPermitted,
    QuotaExceeded,
    StaleOvn,
    TooLarge,
    UssDown,
)
from comity.geo.coverage import MOST_CELLS
from comity.model import dss_command as c
from comity.model.f3548 import AvailabilityState, CellBox
from comity.model.intent import IntentState
from tests.coordination.f3548.desk import START, URL, Desk, box, id_

FOUR = (IntentState.ACCEPTED, IntentState.ACTIVATED, IntentState.NONCONFORMING, IntentState.CONTINGENT)


def uuid7(when: datetime, low: int = 1) -> str:
    return str(UUID(int=(micros(when) // 1_000) << 80 | 0x7000 << 64 | 0x8 << 60 | low))


def test_a_new_one_has_version_1_and_its_manager() -> None:
    desk = Desk()
    decision = desk.do(desk.putting())
    reference = desk.state.references[id_(1)]
    assert decision.created
    assert (reference.manager, reference.version, reference.state) == ("uss1", 1, IntentState.ACCEPTED)
    assert reference.subscription is None
    assert reference.hosted is None


def test_each_change_has_another_version_and_ovn() -> None:
    desk = Desk()
    ovns = [desk.put().ovn]
    for version in (2, 3):
        held = desk.change(desk.state.references[id_(1)])
        assert held.version == version
        ovns.append(held.ovn)
    assert len(set(ovns)) == 3
    assert all(16 <= len(ovn) <= 128 and not set(ovn) & set("/#?% ") for ovn in ovns)


def test_an_ovn_does_not_come_again_after_delete_and_create() -> None:
    desk = Desk()
    held = desk.put()
    desk.remove(held)
    assert desk.put().ovn != held.ovn


@pytest.mark.parametrize(
    ("at", "field"),
    [
        (box(lower_m=None), "extents"),
        (box(upper_m=None), "extents"),
        (box(start_s=None), "extents"),
        (box(end_s=None), "extents"),
        (box(start_s=-7_200.0, end_s=-3_600.0), "extents"),
    ],
)
def test_extents_need_all_bounds_and_an_end_to_come(at: CellBox, field: str) -> None:
    desk = Desk()
    desk.refused(InvalidInput, desk.putting(at=at), field=field)


def test_a_start_in_the_past_is_fine() -> None:
    assert Desk().put(at=box(start_s=-86_400.0)).version == 1


def test_ended_is_no_state_to_ask_for() -> None:
    desk = Desk()
    desk.refused(InvalidInput, desk.putting(state=IntentState.ENDED, implicit=True), field="state")


@pytest.mark.parametrize("state", FOUR[1:])
def test_a_new_one_must_be_accepted(state: IntentState) -> None:
    desk = Desk()
    desk.refused(InvalidInput, desk.putting(state=state, implicit=True), field="state")


@pytest.mark.parametrize("before", FOUR)
@pytest.mark.parametrize("after", FOUR)
def test_no_other_transition_is_refused(before: IntentState, after: IntentState) -> None:
    desk = Desk()
    held = desk.put(implicit=True)
    held = desk.change(held, state=before, implicit=True)
    assert desk.change(held, state=after, implicit=True).state is after


@pytest.mark.parametrize("state", FOUR[1:])
def test_all_but_accepted_need_a_subscription(state: IntentState) -> None:
    desk = Desk()
    held = desk.put()
    desk.refused(InvalidInput, desk.putting(ovn=held.ovn, state=state), field="subscription_id")
    # An empty one counts as none.
    command = replace(desk.putting(ovn=held.ovn, state=state), subscription="")
    desk.refused(InvalidInput, command, field="subscription_id")


def test_both_kinds_of_subscription_are_one_too_many() -> None:
    desk = Desk()
    held = desk.subscribe()
    command = desk.putting(subscription=held.id, implicit=True)
    desk.refused(InvalidInput, command, field="subscription_id")


def test_another_manager_may_not_touch_it_whatever_ovn_it_names() -> None:
    desk = Desk()
    held = desk.put()
    for ovn in (None, held.ovn, "x" * 32):
        desk.refused(NotPermitted, desk.putting(ovn=ovn), by="uss2")
    desk.refused(NotPermitted, c.RemoveReference(held.id, held.ovn), by="uss2")
    desk.refused(NotPermitted, c.RemoveReference(held.id, "x" * 32), by="uss2")


def test_creating_what_is_there_and_naming_an_old_version_are_conflicts() -> None:
    desk = Desk()
    first = desk.put()
    desk.refused(StaleOvn, desk.putting())
    desk.change(first)
    desk.refused(StaleOvn, desk.putting(ovn=first.ovn))
    desk.refused(StaleOvn, c.RemoveReference(first.id, first.ovn))


def test_changing_what_is_not_there_is_a_bad_request_and_removing_it_finds_nothing() -> None:
    desk = Desk()
    desk.refused(InvalidInput, desk.putting(ovn="x" * 32), field="entityid")
    desk.refused(NotFound, c.RemoveReference(id_(1), "x" * 32))


def test_what_is_wrong_by_itself_comes_before_whose_it_is() -> None:
    desk = Desk()
    desk.put()
    desk.refused(InvalidInput, desk.putting(at=box(end_s=None)), by="uss2")
    desk.refused(InvalidInput, desk.putting(state=IntentState.ACTIVATED), by="uss2")


def test_whose_it_is_comes_before_its_version_and_its_version_before_subscription_and_key() -> None:
    desk = Desk()
    desk.put(2, at=box(), every_key=True)
    desk.put(1, every_key=True)
    desk.refused(NotPermitted, desk.putting(ovn="x" * 32, subscription=id_(9, "b")), by="uss2")
    desk.refused(StaleOvn, desk.putting(ovn="x" * 32, subscription=id_(9, "b")))
    current = desk.state.references[id_(1)].ovn
    desk.refused(InvalidInput, desk.putting(ovn=current, subscription=id_(9, "b")))


@pytest.mark.parametrize("state", FOUR)
def test_a_uss_that_is_down_gets_nothing_accepted_or_activated_and_deletes_nothing(
    state: IntentState,
) -> None:
    desk = Desk()
    held = desk.put(implicit=True)
    desk.available("uss1", AvailabilityState.DOWN)
    command = desk.putting(ovn=held.ovn, state=state, implicit=True)
    if state.off_nominal():
        desk.do(command)
    else:
        desk.refused(UssDown, command)
        desk.refused(UssDown, desk.putting(2))
    held = desk.state.references[id_(1)]
    desk.refused(UssDown, c.RemoveReference(held.id, held.ovn))
    desk.available("uss1", AvailabilityState.UNKNOWN)
    desk.remove(held)
    assert not desk.state.references


def test_being_down_comes_after_whose_it_is_and_its_version() -> None:
    desk = Desk()
    held = desk.put()
    desk.available("uss1", AvailabilityState.DOWN)
    desk.available("uss2", AvailabilityState.DOWN)
    desk.refused(NotPermitted, desk.putting(ovn=held.ovn), by="uss2")
    desk.refused(StaleOvn, desk.putting(ovn="x" * 32))


def test_a_removal_answers_with_what_was() -> None:
    desk = Desk()
    held = desk.put()
    decision = desk.remove(held)
    assert decision.facts[0].reference == held  # type: ignore[union-attr]
    assert not desk.state.references


def test_past_ones_stay_until_they_are_deleted() -> None:
    desk = Desk()
    held = desk.put(at=box(end_s=700.0))
    desk.pass_time(100_000.0)
    assert desk.state.references[held.id] == held
    desk.remove(held)


def test_a_requested_suffix_makes_the_ovn() -> None:
    desk = Desk()
    suffix = uuid7(START + timedelta(minutes=4))
    desk.do(desk.putting(suffix=suffix))
    assert desk.state.references[id_(1)].ovn == f"{id_(1)}_{suffix}"


@pytest.mark.parametrize(
    "suffix",
    [
        "",
        "no-uuid",
        str(UUID(int=UUID(uuid7(START)).int ^ (0x7 ^ 0x4) << 76)),
        uuid7(START - timedelta(minutes=5, seconds=1)),
        uuid7(START + timedelta(minutes=5, seconds=1)),
        uuid7(START).replace("-", ""),
    ],
)
def test_a_suffix_that_is_no_uuid_of_now_is_refused(suffix: str) -> None:
    desk = Desk()
    desk.refused(InvalidInput, desk.putting(suffix=suffix), field="requested_ovn_suffix")


def test_a_suffix_does_not_serve_two_versions() -> None:
    desk = Desk()
    desk.do(desk.putting(suffix=uuid7(START)))
    held = desk.state.references[id_(1)]
    command = desk.putting(ovn=held.ovn, suffix=uuid7(START))
    desk.refused(InvalidInput, command, field="requested_ovn_suffix")


def test_a_manager_has_room_for_so_many_entities_and_others_have_theirs() -> None:
    desk = Desk(DssSettings(entities_per_manager=4))
    desk.put(1, implicit=True)
    desk.constrain(1)
    desk.put(2, at=box(lat=40.0))
    desk.refused(QuotaExceeded, desk.putting(3, at=box(lat=41.0)))
    desk.refused(QuotaExceeded, desk.subscribing(3))
    desk.refused(QuotaExceeded, c.PutConstraintReference(id_(3, "c"), None, box(), URL))
    held = desk.change(desk.state.references[id_(2)], at=box(lat=42.0))
    desk.refused(QuotaExceeded, desk.putting(2, at=held.box, ovn=held.ovn, implicit=True))
    desk.put(4, by="uss2", every_key=True)
    desk.remove(held)
    desk.put(3, at=box(lat=41.0))
    assert desk.state.managed == {"uss1": 4, "uss2": 1}


def test_a_footprint_of_too_many_cells_is_refused() -> None:
    desk = Desk()
    cells = tuple(f"{number:08x}" for number in range(0x47000004, 0x47000004 + 8 * (MOST_CELLS + 1), 8))
    desk.refused(TooLarge, desk.putting(at=replace(box(), cells=cells)), field="extents")


def test_a_sub_that_is_no_plain_word_is_the_manager_as_it_is() -> None:
    desk = Desk()
    name = "urn:uss/1 é"
    assert desk.put(by=name).manager == name
    desk.refused(NotPermitted, desk.putting(ovn=desk.state.references[id_(1)].ovn), by="urn:uss/1")
    desk.remove(desk.state.references[id_(1)])


def test_times_near_the_ends_of_the_calendar_are_found() -> None:
    desk = Desk()
    first, last = datetime(1, 1, 2, tzinfo=UTC), datetime(9999, 12, 30, tzinfo=UTC)
    held = desk.put(at=replace(box(), start=last - timedelta(days=1), end=last))
    without = replace(held.box, start=None, end=None, lower_m=None, upper_m=None)
    assert desk.state.cells["references"].search(without) == [held.id]
    assert desk.state.cells["references"].search(replace(without, start=first)) == [held.id]


def test_a_large_entity_counts_for_several_and_no_update_grows_past_the_limit() -> None:
    desk = Desk(DssSettings(entities_per_manager=4))
    large = tuple(f"{number:08x}" for number in range(0x47000004, 0x47000004 + 8 * 350, 8))
    wide = replace(box(), cells=large)
    desk.put(1, at=box(lat=40.0))
    desk.refused(QuotaExceeded, desk.putting(2, at=wide))
    held = desk.state.references[id_(1)]
    desk.change(held, at=wide)
    assert desk.state.managed == {"uss1": 4}
    desk.refused(QuotaExceeded, desk.subscribing(3))
    desk.remove(desk.state.references[id_(1)])
    assert not desk.state.managed
