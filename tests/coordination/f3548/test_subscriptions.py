"""Subscriptions at the DSS: times, versions, ownership, and being forgotten."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from msgspec.structs import replace

from comity.errors import InvalidInput, NotFound, NotPermitted, StaleOvn
from comity.model import dss_command as c
from comity.model.f3548 import CellBox
from tests.coordination.f3548.desk import URL, Desk, box, id_

DAY_S = 86_400.0


def lasting(start_s: float | None, end_s: float | None) -> CellBox:
    return box(start_s=start_s, end_s=end_s)


def test_one_kind_of_notification_has_to_be_asked_for() -> None:
    desk = Desk()
    desk.refused(InvalidInput, desk.subscribing(intents=False))


def test_times_have_defaults() -> None:
    desk = Desk()
    held = desk.subscribe(1, at=lasting(None, None))
    assert (held.box.start, held.box.end) == (desk.now, desk.now + timedelta(days=1))
    held = desk.subscribe(2, at=lasting(None, 3_600.0))
    assert held.box.start == desk.now
    held = desk.subscribe(3, at=lasting(3_600.0, None))
    assert held.box.start is not None
    assert held.box.end == held.box.start + timedelta(days=1)


def test_an_update_keeps_the_times_it_does_not_give() -> None:
    desk = Desk()
    first = desk.subscribe(at=lasting(0.0, 3_600.0))
    desk.pass_time(600.0)
    second = desk.subscribe(at=lasting(None, None), version=first.version)
    assert (second.box.start, second.box.end) == (first.box.start, first.box.end)
    third = desk.subscribe(at=lasting(None, 7_200.0), version=second.version)
    assert third.box.start == first.box.start
    assert third.box.end != first.box.end


@pytest.mark.parametrize(
    ("start_s", "end_s", "good"),
    [
        (-299.0, 3_600.0, True),
        (-301.0, 3_600.0, False),
        (0.0, DAY_S, True),
        (0.0, DAY_S + 1.0, False),
        (None, DAY_S + 60.0, False),
        (3_600.0, 3_599.0, False),
        (3_600.0, 3_600.0, True),
        (-200.0, -100.0, False),
        (None, -100.0, False),
    ],
)
def test_times_have_bounds(start_s: float | None, end_s: float | None, good: bool) -> None:
    desk = Desk()
    if start_s is not None and end_s is not None and start_s > end_s:
        with pytest.raises(InvalidInput):
            lasting(start_s, end_s)
        return
    command = desk.subscribing(at=lasting(start_s, end_s))
    if good:
        desk.do(command)
    else:
        desk.refused(InvalidInput, command)


def test_a_day_counts_from_a_kept_start() -> None:
    desk = Desk()
    held = desk.subscribe(at=lasting(0.0, DAY_S))
    desk.pass_time(3_600.0)
    later = replace(lasting(None, None), end=desk.now + timedelta(days=1))
    desk.refused(InvalidInput, desk.subscribing(at=later, version=held.version), field="time_end")


def test_versions_are_checked_before_ownership_and_the_request_before_both() -> None:
    desk = Desk()
    held = desk.subscribe()
    desk.refused(StaleOvn, desk.subscribing())
    desk.refused(StaleOvn, desk.subscribing(), by="uss2")
    desk.refused(StaleOvn, desk.subscribing(version="x" * 32), by="uss2")
    desk.refused(NotPermitted, desk.subscribing(version=held.version), by="uss2")
    desk.refused(InvalidInput, desk.subscribing(at=lasting(0.0, 2 * DAY_S)))
    desk.refused(InvalidInput, desk.subscribing(2, version="x" * 32), field="subscriptionid")


def test_every_write_changes_the_version() -> None:
    desk = Desk()
    versions = [desk.subscribe().version]
    for _ in range(3):
        versions.append(desk.subscribe(version=versions[-1]).version)
    assert len(set(versions)) == 4


def test_removal_names_the_version_and_is_for_the_manager() -> None:
    desk = Desk()
    held = desk.subscribe()
    desk.refused(InvalidInput, c.RemoveSubscription(held.id, ""), field="version")
    desk.refused(StaleOvn, c.RemoveSubscription(held.id, "x" * 32))
    desk.refused(NotPermitted, c.RemoveSubscription(held.id, held.version), by="uss2")
    desk.do(c.RemoveSubscription(held.id, held.version))
    desk.refused(NotFound, c.RemoveSubscription(held.id, held.version))


def test_what_ended_over_a_day_ago_and_serves_nothing_is_forgotten() -> None:
    desk = Desk()
    for number in (1, 2, 3):
        desk.subscribe(number, at=lasting(0.0, 4_200.0))
    desk.put(1, subscription=id_(2, "b"))
    desk.put(2, at=box(lower_m=300.0, upper_m=400.0), implicit=True)
    ids = tuple(desk.state.subscriptions)
    desk.pass_time(4_200.0 + DAY_S - 60.0)
    desk.subscribe(3, version=desk.state.subscriptions[id_(3, "b")].version, at=fresh(desk.now))
    assert not desk.own(c.PruneSubscriptions(desk.now, ids)).facts
    desk.pass_time(120.0)
    # Naming a later time does not make anything older.
    desk.own(c.PruneSubscriptions(desk.now + timedelta(days=9), (*ids, *ids, id_(9, "b"))))
    implicit = desk.state.references[id_(2)].subscription
    assert set(desk.state.subscriptions) == {id_(2, "b"), id_(3, "b"), implicit}


def fresh(now: datetime) -> CellBox:
    return box(start_s=0.0, now=now)


def test_no_uss_may_prune() -> None:
    desk = Desk()
    desk.subscribe()
    desk.refused(NotPermitted, c.PruneSubscriptions(desk.now, (id_(1, "b"),)))


def test_an_identical_box_of_another_level_covers_only_one_way() -> None:
    desk = Desk()
    coarse = box(start_s=0.0, radius_m=200_000.0)
    given = desk.subscribe(at=coarse)
    held = desk.put(subscription=given.id)
    desk.do(c.PutSubscription(given.id, given_version(desk), held.box, URL, True, False))
    wide = replace(held.box, cells=coarse.cells)
    desk.refused(InvalidInput, desk.putting(ovn=held.ovn, at=wide, subscription=given.id))


def given_version(desk: Desk) -> str:
    return desk.state.subscriptions[id_(1, "b")].version
