"""Constraint references, availability of USSs, reports, and settled notices."""

from __future__ import annotations

import pytest
from msgspec.structs import replace

from comity.coordination.fold import apply
from comity.errors import InvalidInput, NotFound, NotPermitted, StaleOvn
from comity.ids import ParticipantId
from comity.model import dss_command as c
from comity.model import dss_fact as d
from comity.model.f3548 import AvailabilityState, CellBox
from tests.coordination.f3548.desk import URL, Desk, box, id_


def constraint(ovn: str | None = None, at: CellBox | None = None) -> c.PutConstraintReference:
    return c.PutConstraintReference(id_(1, "c"), ovn, at or box(), URL)


def test_a_constraint_has_versions_and_ovns() -> None:
    desk = Desk()
    assert desk.do(constraint()).created
    first = desk.state.constraint_references[id_(1, "c")]
    assert not desk.do(constraint(first.ovn)).created
    second = desk.state.constraint_references[id_(1, "c")]
    assert (first.version, second.version) == (1, 2)
    assert first.ovn != second.ovn
    decision = desk.do(c.RemoveConstraintReference(second.id, second.ovn))
    assert decision.facts == (d.ConstraintReferenceRemoved(second),)
    assert not desk.state.constraint_references


@pytest.mark.parametrize("at", [box(start_s=None), box(end_s=None), box(start_s=-200.0, end_s=-100.0)])
def test_a_constraint_needs_both_times_and_an_end_to_come(at: CellBox) -> None:
    desk = Desk()
    desk.refused(InvalidInput, constraint(at=at), field="extents")


def test_a_constraint_needs_no_heights_and_no_key() -> None:
    desk = Desk()
    desk.put()
    desk.constrain(2)
    desk.do(constraint(at=box(lower_m=None, upper_m=None, start_s=-3_600.0)))


def test_a_constraint_is_its_managers_and_has_one_version() -> None:
    desk = Desk()
    held = desk.constrain()
    desk.refused(StaleOvn, constraint())
    desk.refused(StaleOvn, constraint("x" * 32))
    for ovn in (None, held.ovn, "x" * 32):
        desk.refused(NotPermitted, constraint(ovn), by="uss2")
    desk.refused(NotPermitted, c.RemoveConstraintReference(held.id, held.ovn), by="uss2")
    desk.refused(StaleOvn, c.RemoveConstraintReference(held.id, "x" * 32))
    desk.refused(NotFound, c.RemoveConstraintReference(id_(2, "c"), "x" * 32))
    missing = replace(constraint("x" * 32), id=id_(2, "c"))
    desk.refused(StaleOvn, missing, field="entityid")


def test_availability_is_set_against_its_version() -> None:
    desk = Desk()
    desk.refused(StaleOvn, c.SetAvailability("uss2", AvailabilityState.DOWN, "x"), by="arbiter")
    desk.do(c.SetAvailability("uss2", AvailabilityState.DOWN, ""), by="arbiter")
    first = desk.state.availability["uss2"]
    desk.refused(StaleOvn, c.SetAvailability("uss2", AvailabilityState.NORMAL, ""), by="arbiter")
    desk.do(c.SetAvailability("uss2", AvailabilityState.DOWN, first.version), by="another")
    second = desk.state.availability["uss2"]
    assert (first.state, second.state) == (AvailabilityState.DOWN,) * 2
    assert first.version != second.version
    desk.refused(StaleOvn, c.SetAvailability("uss2", AvailabilityState.NORMAL, first.version), by="arbiter")


@pytest.mark.parametrize("uss", ["", "x" * 257])
def test_availability_is_of_a_uss_that_can_be(uss: str) -> None:
    desk = Desk()
    desk.refused(InvalidInput, c.SetAvailability(uss, AvailabilityState.DOWN, ""), by="arbiter")


def test_a_report_is_recorded_as_it_came() -> None:
    desk = Desk()
    record: dict[str, object] = {"exchange": {"url": "https://uss.example", "problem": "late"}}
    first, second = desk.do(c.FileReport(record)), desk.do(c.FileReport(record))
    (a,), (b,) = first.facts, second.facts
    assert isinstance(a, d.ReportFiled)
    assert isinstance(b, d.ReportFiled)
    assert (a.record, a.manager) == (record, "uss1")
    assert a.id != b.id


def test_notices_are_settled_once() -> None:
    desk = Desk()
    owed = [c.Owed(id_(1), version, f"https://{version}.example") for version in (1, 2, 3)]
    apply(desk.state, d.NoticeOwed(tuple(owed), ParticipantId("north")), None, desk.now, 0)
    command = c.RecordDelivered((owed[0], owed[0], c.Owed(id_(7), 1, URL)), (owed[1],))
    decision = desk.own(command)
    assert decision.facts == (
        d.NoticeSettled(owed[0], ParticipantId("north"), True),
        d.NoticeSettled(owed[1], ParticipantId("north"), False),
    )
    assert [key[1] for key in desk.state.notices] == [3]
    assert not desk.own(command).facts
    desk.refused(NotPermitted, command)
