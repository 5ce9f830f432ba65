"""A qualifier's plans beside another USS's: what the flight planning test interface answers, and what a peer
sees of it."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.http.standards.asked import time
from tests.http.standards.planned import DIRECT, ON, PLAN, ROOT, area, check, outcome, wanted
from tests.http.standards.standing import new_id
from tests.uss_peers.two import Two, two
from tests.world import volume

HERE = [area(start_s=600.0, end_s=4_200.0)]
"""Where ``volume()`` is, and a part of it."""


def upsert(both: Two, id: str, *what: Any, **how: Any) -> dict[str, Any]:
    body = wanted(*what, **{"volumes": HERE, **how})
    path = f"{ROOT}/flight_plans/{id}"
    return check(
        both.dss.call("PUT", path, body, sub="qualifier", scopes=(PLAN,)), "UpsertFlightPlanResponse"
    )


def states(both: Two) -> list[str]:
    """Of the hosted plans, as the peer finds them at any height."""
    found = both.peer.around(volume(lower_m=0.0, upper_m=9_000.0))
    return [one["state"] for one in found if one["manager"] == "comity"]


def settle(both: Two) -> None:
    """What is asked of peers in the background is answered, and it is looked at: three seconds."""
    for _ in range(3):
        both.dss.served.advance(1.0)
        both.dss.served.run(both.world.exchange.watch.settled())


def test_a_plan_is_seen_by_peers_as_it_goes(tmp_path: Path) -> None:
    with two(tmp_path, ON) as both:
        id = new_id()
        for number, (usage, uas, status, state) in enumerate(
            [
                ("Planned", "Nominal", "Planned", "Accepted"),
                ("InUse", "Nominal", "OkToFly", "Activated"),
                ("InUse", "OffNominal", "OffNominal", "Nonconforming"),
                ("InUse", "Contingent", "OffNominal", "Contingent"),
            ]
        ):
            answer = upsert(both, id, f"seen {number}", usage, uas, priority=7)
            assert outcome(answer) == ("Completed", status), answer
            assert states(both) == [state]
        (reference,) = both.peer.around(volume())
        assert both.peer.details(reference["id"])["details"]["priority"] == 7
        assert outcome(upsert(both, id, "seen end", "Closed")) == ("Completed", "Closed")
        assert states(both) == []


def test_a_peers_plan_of_equal_or_higher_priority_is_rejected(tmp_path: Path) -> None:
    with two(tmp_path, ON) as both:
        both.peer.plan(volume(), priority=10)
        for priority, answered in ((0, "Rejected"), (10, "Rejected"), (11, "Completed")):
            answer = upsert(both, new_id(), f"priority {priority}", priority=priority)
            assert answer["planning_result"] == answered, answer
        assert states(both) == ["Accepted"]


def test_a_peer_that_does_not_answer_makes_it_fail(tmp_path: Path) -> None:
    with two(tmp_path, ON) as both:
        both.peer.plan(volume())
        both.peer.silent = True
        answer = upsert(both, new_id(), "silent")
        assert outcome(answer) == ("Failed", "NotPlanned")
        assert "USS uss1" in answer["notes"]
        assert states(both) == []


def test_a_change_into_a_peers_way_is_rejected_unless_it_is_so(tmp_path: Path) -> None:
    with two(tmp_path, ON) as both:
        id = new_id()
        above = [area(start_s=600.0, end_s=4_200.0, lower_m=3_000.0, upper_m=3_100.0)]
        assert outcome(upsert(both, id, "above", volumes=above)) == ("Completed", "Planned")
        both.peer.plan(volume(), priority=10)
        assert outcome(upsert(both, id, "down", "InUse")) == ("Rejected", "Planned")
        assert states(both) == ["Accepted"]
        assert outcome(upsert(both, id, "really", "InUse", style="InReality")) == ("Completed", "OffNominal")
        assert states(both) == ["Nonconforming"]


def test_the_user_is_notified_of_a_peers_plan_that_comes_later(tmp_path: Path) -> None:
    with two(tmp_path, ON) as both:
        id = new_id()
        upsert(both, id, "noticed")
        settle(both)
        assert notified(both) == []
        both.peer.plan(volume(), priority=10)
        settle(both)
        (notice,) = notified(both)
        assert notice["conflicts"] == "Single"
        assert id in notice["message"]
        assert time(3)["value"] <= notice["observed_at"]["value"] <= time(6)["value"]
        both.peer.plan(volume(), priority=11)
        settle(both)
        assert [each["conflicts"] for each in notified(both)] == ["Single", "Multiple"]


def notified(both: Two) -> list[dict[str, Any]]:
    path = f"{ROOT}/user_notifications?after={time(0)['value']}"
    answer = both.dss.call("GET", path, sub="qualifier", scopes=(PLAN,))
    found: list[dict[str, Any]] = check(answer, "QueryUserNotificationsResponse")["user_notifications"]
    return found


def test_an_area_is_cleared_among_peers_as_well(tmp_path: Path) -> None:
    with two(tmp_path, ON) as both:
        upsert(both, new_id(), "one")
        both.filed(volume(lower_m=4_000.0, upper_m=4_100.0))
        mine = both.peer.plan(volume(lower_m=6_000.0, upper_m=6_100.0))
        body = {"request_id": "clear", "extent": HERE[0]}
        answer = both.dss.call("POST", f"{ROOT}/clear_area_requests", body, sub="qualifier", scopes=(DIRECT,))
        assert check(answer, "ClearAreaResponse")["outcome"] == {
            "success": True,
            "message": "2 plans were ended",
        }
        assert [one["id"] for one in both.peer.around(volume())] == []
        assert [one["id"] for one in both.peer.around(volume(lower_m=0.0, upper_m=9_000.0))] == [mine]
