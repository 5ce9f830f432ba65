"""A participant's plan beside another USS's: what may be made, what is refused, and what is told of it."""

from __future__ import annotations

import time
from datetime import datetime
from pathlib import Path

import httpx
import pytest
import shapely

from comity.errors import STATUS
from comity.model.rule import Level
from tests.http.standards.standing import INTENTS, new_id
from tests.peer import Json
from tests.uss_peers.two import Two, native, two
from tests.world import START, volume

NEAR = volume(lower_m=3_000.0, upper_m=3_100.0)
"""Shares cells with ``volume()`` and nothing else."""

APART = volume(47.0, 11.0145, radius_m=80.0)
"""Shares a cell and the heights with ``volume()``, whose circle ends 20 m away."""


def refused(answer: httpx.Response, code: str) -> Json:
    assert answer.status_code == STATUS[code], answer.text
    error: Json = answer.json()
    assert error["code"] == code, error
    return error


@pytest.mark.parametrize(
    ("state", "priority", "mine", "passes"),
    [
        ("Accepted", 0, 0, False),
        ("Accepted", 10, 0, False),
        ("Accepted", 0, 10, True),
        ("Activated", 0, 0, False),
        ("Activated", 10, 0, False),
        ("Activated", 0, 10, True),
        ("Nonconforming", 0, 10, False),
        ("Contingent", 0, 10, False),
    ],
)
def test_priority_decides(tmp_path: Path, state: str, priority: int, mine: int, passes: bool) -> None:
    with two(tmp_path) as both:
        off = state in ("Nonconforming", "Contingent")
        nominal = () if state == "Contingent" else (volume(),)
        id = both.peer.plan(*nominal, state=state, priority=priority, off_nominal=(volume(),) if off else ())
        answer = both.file(priority=mine)
        if passes:
            assert answer.status_code == 201, answer.text
            assert both.peer.asked == [id]
            assert [(one.id, one.refused) for one in both.seen()] == [(id, None)]
            return
        (conflict,) = refused(answer, "strategic_conflict")["detail"]["conflicts"]
        assert conflict["blocking"]
        assert conflict["item"]["contact"] == "USS uss1"
        assert conflict["item"]["ref"] in {
            each["ref"] for each in both.north.get("/v1/intents").json()["items"]
        }
        assert both.file(priority=mine, accept_conflicts=[conflict["item"]["ref"]]).status_code == 409
        assert [one.id for one in both.seen()] == [id]


def test_equal_priority_passes_where_the_configuration_permits_it(tmp_path: Path) -> None:
    with two(tmp_path, 'equal_priority = "permitted"\n') as both:
        both.peer.plan(volume())
        assert both.file().status_code == 201
        both.peer.plan(volume(48.0), priority=1)
        refused(both.file(volume(48.0)), "strategic_conflict")


def test_what_is_near_and_does_not_overlap_is_looked_at_and_passes(tmp_path: Path) -> None:
    with two(tmp_path) as both:
        both.peer.plan(APART)
        answer = both.file()
        assert answer.status_code == 201, answer.text
        clearance = answer.json()["clearance"]
        assert len(clearance["peers"]) == 1
        assert "1 plans of other USSs" in clearance["checked"]
        both.peer.plan(NEAR)
        again = both.changed(answer.json()["result"], volume(end_s=5_000.0))
        assert again["version"] == 2
        assert both.peer.asked == [next(iter(both.peer.intents))]


def test_peers_get_a_hosted_plan_from_filing_to_its_end(tmp_path: Path) -> None:
    with two(tmp_path) as both:
        watching = both.peer.plan(APART, state="Activated")
        item = both.filed(priority=3)
        (reference,) = [one for one in both.peer.around(volume()) if one["id"] != watching]
        assert (reference["manager"], reference["state"]) == ("comity", "Accepted")
        details = both.peer.details(reference["id"])["details"]
        assert details["priority"] == 3
        assert len(details["volumes"]) == 1
        item = both.changed(item, state="Activated")
        assert both.peer.details(reference["id"])["reference"]["state"] == "Activated"
        both.end(item)
        assert [one["id"] for one in both.peer.around(volume())] == [watching]
        assert both.peer.get(reference["id"]).status_code == 404
        wait_for(both, 3)
        told = [
            each.get("operational_intent", {}).get("reference", {}).get("state") for each in both.peer.told
        ]
        assert told == ["Accepted", "Activated", None]
        indexes = [each["subscriptions"][0]["notification_index"] for each in both.peer.told]
        assert indexes == sorted(set(indexes))


def wait_for(both: Two, notices: int) -> None:
    """Until so many notifications have come; the outbox has its own pace."""
    until = time.monotonic() + 20.0
    while len(both.peer.told) < notices and time.monotonic() < until:
        time.sleep(0.02)


def test_a_peers_plan_must_know_of_the_hosted_one(tmp_path: Path) -> None:
    with two(tmp_path) as both:
        item = both.filed()
        reference = both.reference(item)
        assert reference is not None
        body = {
            "extents": both.peer.details(reference.id)["details"]["volumes"],
            "state": "Accepted",
            "uss_base_url": both.peer.url,
            "key": [],
        }
        answer = both.dss.call("PUT", f"{INTENTS}/{new_id()}", body)
        assert answer.status_code == 409
        assert [one["id"] for one in answer.json()["missing_operational_intents"]] == [reference.id]
        body["key"] = [reference.ovn]
        assert both.dss.call("PUT", f"{INTENTS}/{new_id()}", body).status_code == 201


def test_a_uss_that_is_down(tmp_path: Path) -> None:
    with two(tmp_path) as both:
        both.peer.plan(volume())
        both.peer.plan(volume(48.0), state="Activated")
        both.peer.mark("Down")
        assert both.file(priority=0).status_code == 201
        (conflict,) = refused(both.file(volume(48.0), priority=100), "strategic_conflict")["detail"][
            "conflicts"
        ]
        assert conflict["item"]["contact"] == "USS uss1"
        assert both.peer.asked == []
        both.peer.mark("Normal")
        assert both.file(volume(48.0), priority=100).status_code == 201


def test_a_peer_that_does_not_answer_cannot_be_decided_beside(tmp_path: Path) -> None:
    with two(tmp_path) as both:
        both.peer.plan(APART)
        both.peer.silent = True
        error = refused(both.file(), "undecidable")
        assert "USS uss1 did not tell its plan" in str(error["message"])
        both.peer.silent = False
        assert both.file().status_code == 201


def test_a_peer_that_contradicts_its_reference_is_refused_and_reported(tmp_path: Path) -> None:
    with two(tmp_path) as both:
        id = both.peer.plan(APART)

        def elsewhere(intent: Json) -> Json:
            for one in intent["details"]["volumes"]:
                one["volume"]["outline_circle"]["center"]["lat"] = 12.0
            return intent

        both.peer.lie = elsewhere
        error = refused(both.file(), "undecidable")
        assert "contradicts its reference" in str(error["message"])
        (seen,) = both.seen()
        assert seen.id == id
        assert seen.refused is not None
        assert "cells" in seen.refused
        refused(both.file(), "undecidable")
        both.dss.served.run(both.world.exchange.filing.reports.settled())
        assert len(both.peer.reports) == 1
        exchange = both.peer.reports[0]["exchange"]
        assert exchange["url"].endswith(id)
        assert "cells" in exchange["problem"]
        filed = list(both.world.exchange.ledger.entries(kinds=["report.filed"]))
        assert len(filed) == 1


def test_a_peer_whose_answer_is_behind_the_dss_is_asked_again(tmp_path: Path) -> None:
    with two(tmp_path) as both:
        id = both.peer.plan(APART)
        behind = both.peer.intents[id]
        both.peer.plan(APART, id=id, priority=1)
        current = both.peer.intents[id]
        both.peer.intents[id] = behind

        def catch_up() -> None:
            if len(both.peer.asked) == 2:
                both.peer.intents[id] = current

        both.peer.before_answer = catch_up
        assert both.file().status_code == 201
        assert both.peer.asked == [id, id]
        (seen,) = both.seen()
        assert (seen.version, seen.refused) == (2, None)
        assert both.peer.reports == []


def test_a_peer_that_files_between_looking_and_deciding_is_looked_at(tmp_path: Path) -> None:
    with two(tmp_path) as both:
        both.peer.plan(APART)
        once = iter([True])

        def race() -> None:
            if next(once, False):
                both.peer.plan(volume(), priority=5)

        both.peer.before_answer = race
        answer = both.file()
        (conflict,) = refused(answer, "strategic_conflict")["detail"]["conflicts"]
        assert conflict["volumes"] == [0]
        assert len(both.peer.asked) == 2


def test_a_plan_in_use_may_stay_where_a_peer_came_to_conflict(tmp_path: Path) -> None:
    with two(tmp_path) as both:
        accepted, active = both.filed(), both.filed(volume(48.0))
        active = both.changed(active, state="Activated")
        both.peer.plan(volume(), priority=5)
        theirs = both.peer.plan(volume(48.0), priority=5)
        refused(both.change(accepted, state="Activated"), "strategic_conflict")
        refused(both.change(accepted, volume(end_s=4_300.0)), "strategic_conflict")
        active = both.changed(active, volume(48.0, end_s=4_300.0))
        assert active["version"] == 3
        both.peer.plan(volume(48.1), priority=5)
        refused(both.change(active, volume(48.0), volume(48.1)), "strategic_conflict")
        refused(both.change(active, volume(48.0), priority=-1), "strategic_conflict")
        assert theirs not in both.peer.asked, "it came as a notification"


def test_off_nominal_is_never_refused_and_comes_back(tmp_path: Path) -> None:
    with two(tmp_path) as both:
        both.peer.plan(volume(48.0), priority=9)
        item = both.changed(both.filed(), state="Activated")
        feared = volume(48.0, radius_m=3_000.0)
        item = both.changed(item, feared, state="Nonconforming")
        reference = both.reference(item)
        assert reference is not None
        details = both.peer.details(reference.id)["details"]
        assert len(details["volumes"]) == len(details["off_nominal_volumes"]) == 1
        item = both.changed(item, state="Activated")
        assert "nominal_volumes" not in item
        assert both.peer.details(reference.id)["details"]["off_nominal_volumes"] == []


def test_the_owner_is_told_what_came_to_conflict(tmp_path: Path) -> None:
    with two(tmp_path) as both:
        accepted, active = both.filed(), both.filed(volume(48.0))
        active = both.changed(active, state="Activated")
        both.dss.served.advance(1.0)
        assert "peer_conflicts" not in both.own(accepted) | both.own(active)
        near_accepted = both.peer.plan(volume(), priority=5)
        near_active = both.peer.plan(volume(48.0), priority=5)
        settle(both)
        shown = {each["ref"] for each in both.north.get("/v1/intents").json()["items"]}
        for item in (accepted, active):
            (ref,) = both.own(item)["peer_conflicts"]
            assert ref in shown
        assert both.peer.asked == [near_accepted], "the active one was told by its subscription"
        both.peer.end(near_active)
        both.peer.plan(volume(47.5), id=near_accepted)
        settle(both)
        assert "peer_conflicts" not in both.own(accepted) | both.own(active)


def settle(both: Two) -> None:
    """A tick that asks, and one that compares."""
    both.dss.served.advance(1.0)
    both.dss.served.run(both.world.exchange.watch.settled())
    both.dss.served.advance(1.0)


def test_withdrawn_release_hides_the_plan_before_it_is_answered(tmp_path: Path) -> None:
    with two(tmp_path, level=Level.NONE) as both:
        rule = both.release()
        item = both.filed()
        reference = both.reference(item)
        assert reference is not None
        assert both.peer.around(volume())
        current = both.north.get(f"/v1/rules/{rule}").json()
        gone = both.north.delete(f"/v1/rules/{rule}?ovn={current['ovn']}", headers=both.dss.served.key())
        assert gone.status_code == 200, gone.text
        assert both.peer.around(volume()) == []
        assert both.reference(item) is None
        assert both.peer.get(reference.id).status_code == 404
        both.release(Level.RESERVED)
        (again,) = both.peer.around(volume())
        assert again["id"] == reference.id


def test_at_level_0_peers_get_coarse_details_that_hold_the_promised(tmp_path: Path) -> None:
    with two(tmp_path, level=Level.RESERVED) as both:
        item = both.filed()
        reference = both.reference(item)
        assert reference is not None
        promised = volume()
        told = both.peer.details(reference.id)["details"]["volumes"]
        for one in told:
            space = one["volume"]
            assert space["altitude_lower"]["value"] == 1_000.0
            assert space["altitude_upper"]["value"] == 2_000.0
            assert parsed(one["time_start"]["value"]) == START < promised.start
            assert parsed(one["time_end"]["value"]) > promised.end
        shapes = [
            shapely.Polygon(
                [(each["lng"], each["lat"]) for each in one["volume"]["outline_polygon"]["vertices"]]
            )
            for one in told
        ]
        assert min(shape.area for shape in shapes) > 1e-3, "cells of nine kilometres"
        circle = shapely.Point(11.0, 47.0).buffer(0.01)
        assert shapely.union_all(shapes).contains(circle)
        (seen,) = both.peer.around(volume())
        assert parsed(seen["time_start"]["value"]) == START
        assert seen["ovn"] == "Available from USS"


def parsed(text: str) -> datetime:
    return datetime.fromisoformat(text)


def test_a_check_and_alternatives_know_of_peers_plans(tmp_path: Path) -> None:
    with two(tmp_path) as both:
        both.peer.plan(volume(), priority=1)
        plan = {"volumes": native((volume(),)), "category": "uncrewed", "crewed": False}
        unknown = both.north.post("/v1/plans/check", json=plan).json()["conflicts"]
        assert [one["blocking"] for one in unknown] == [True], "what is not known counts with all of its box"
        assert both.north.post("/v1/plans/check", json=plan | {"priority": 2}).json()["conflicts"]
        refusal = refused(both.file(alternatives_ms=2_000), "strategic_conflict")
        assert both.north.post("/v1/plans/check", json=plan | {"priority": 2}).json()["conflicts"] == []
        found = refusal["detail"]["alternatives"]
        assert found
        offered = found[0]["volumes"]
        answer = both.dss.served.put(both.north, "/v1/intents", plan | {"volumes": offered})
        assert answer.status_code == 201, answer.text
