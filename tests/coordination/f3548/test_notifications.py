"""Whom a write has to notify, and with which index."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from comity.coordination.f3548.keys import KeyRefused
from comity.coordination.state import DssSettings
from comity.model.f3548 import CellBox, Notified, Subscriber
from tests.coordination.f3548.desk import Desk, box, id_, told


def test_every_manager_that_asks_is_told_the_caller_included() -> None:
    desk = Desk()
    for number, by in enumerate(("uss1", "uss2", "uss3"), start=1):
        desk.subscribe(number, by=by)
    assert told(desk.do(desk.putting())) == {id_(number, "b"): 1 for number in (1, 2, 3)}


def test_they_are_grouped_by_base_url() -> None:
    desk = Desk()
    desk.subscribe(1, url="https://b.example")
    desk.subscribe(2, url="https://a.example")
    desk.subscribe(3, url="https://b.example", by="uss2")
    assert desk.do(desk.putting()).subscribers == (
        Subscriber("https://a.example", (Notified(id_(2, "b"), 1),)),
        Subscriber("https://b.example", (Notified(id_(1, "b"), 1), Notified(id_(3, "b"), 1))),
    )


def test_each_kind_of_change_is_told_to_those_who_ask_for_it() -> None:
    desk = Desk()
    desk.subscribe(1)
    desk.subscribe(2, intents=False, constraints=True)
    desk.subscribe(3, constraints=True)
    assert set(told(desk.do(desk.putting()))) == {id_(1, "b"), id_(3, "b")}
    desk.constrain()
    assert [desk.state.subscriptions[id_(number, "b")].index for number in (1, 2, 3)] == [1, 1, 2]


@pytest.mark.parametrize(
    ("at", "reached"),
    [
        (box(start_s=0.0), True),
        (box(start_s=0.0, lower_m=5_000.0, upper_m=6_000.0), True),
        (box(start_s=0.0, end_s=600.0), True),
        (box(start_s=4_200.0, end_s=5_000.0), True),
        (box(start_s=0.0, end_s=599.0), False),
        (box(start_s=4_201.0, end_s=5_000.0), False),
        (box(start_s=0.0, lat=47.1), False),
    ],
)
def test_cells_and_times_count_and_heights_do_not(at: CellBox, reached: bool) -> None:
    desk = Desk()
    desk.subscribe(at=at)
    assert (told(desk.do(desk.putting())) == {id_(1, "b"): 1}) is reached


def test_a_change_is_told_where_it_was_and_where_it_is() -> None:
    desk = Desk()
    held = desk.put()
    desk.subscribe(1)
    desk.subscribe(2, at=box(start_s=0.0, lat=47.1))
    desk.subscribe(3, at=box(start_s=0.0, lat=47.2))
    decision = desk.do(desk.putting(ovn=held.ovn, at=box(lat=47.1)))
    assert told(decision) == {id_(1, "b"): 1, id_(2, "b"): 1}
    assert told(desk.remove(desk.state.references[id_(1)])) == {id_(2, "b"): 2}


def test_what_has_ended_is_not_told() -> None:
    desk = Desk()
    desk.subscribe(1, at=box(start_s=0.0, end_s=1_000.0))
    held = desk.put()
    desk.pass_time(2_000.0)
    assert told(desk.do(desk.putting(at=held.box, ovn=held.ovn))) == {}


def test_a_refused_write_moves_no_index() -> None:
    desk = Desk()
    desk.put(1)
    desk.subscribe(1)
    desk.refused(KeyRefused, desk.putting(2))
    assert desk.state.subscriptions[id_(1, "b")].index == 0


def test_an_index_outlives_a_change_of_its_subscription() -> None:
    desk = Desk()
    held = desk.subscribe(1)
    desk.put(1)
    changed = desk.subscribe(1, version=held.version)
    assert (changed.index, changed.version == held.version) == (1, False)


def test_an_index_can_be_a_time() -> None:
    desk = Desk(DssSettings(counting=False))
    desk.now = datetime(2026, 6, 1, 13, 1, 2, 345_000, tzinfo=UTC)
    desk.subscribe(1, at=box(start_s=0.0, now=desk.now))
    decision = desk.do(desk.putting(at=box(now=desk.now)))
    ms = ((13 * 60 + 1) * 60 + 2) * 1_000 + 345 + 2
    assert told(decision) == {id_(1, "b"): ms}
    assert desk.state.subscriptions[id_(1, "b")].index == ms


def test_constraints_are_told_where_they_were_and_are() -> None:
    desk = Desk()
    held = desk.constrain()
    desk.subscribe(1, intents=False, constraints=True)
    desk.subscribe(2, intents=False, constraints=True, at=box(start_s=0.0, lat=47.1))
    desk.constrain(ovn=held.ovn, at=box(lat=47.1))
    assert [desk.state.subscriptions[id_(number, "b")].index for number in (1, 2)] == [1, 1]
