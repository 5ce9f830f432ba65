"""Plans over HTTP: volumes of a route, a check that changes nothing, alternatives; and their refusals."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from comity.model.rule import Level
from tests.http.serving import INTENT, VOLUME, Served, changed, serving
from tests.world import NORTH, SOUTH, levels, volume

ROUTE: dict[str, Any] = {
    "waypoints": [{"lat": 47.0, "lon": 10.9}, {"lat": 47.0, "lon": 11.1}],
    "levels": [{"value_m": 1250.0, "datum": "W84"}],
    "speed_mps": 50.0,
    "half_width_m": 200.0,
    "half_height_m": 50.0,
    "departs": "2026-06-01T08:30:00Z",
}
PLAN: dict[str, Any] = {"route": ROUTE, "category": "rotorcraft", "crewed": True}


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("served")) as one:
        one.run(one.world.release(NORTH, SOUTH, levels(intent=Level.VOLUME)))
        yield one


@pytest.fixture(scope="module")
def in_the_way(served: Served) -> str:
    """Something of north's over the middle of the route, and what it is to its owner."""
    with served.client("north") as north:
        filed = served.put(north, "/v1/intents", INTENT)
        assert filed.status_code == 201
        return str(filed.json()["result"]["ref"])


def test_a_route_becomes_volumes_that_can_be_filed(served: Served) -> None:
    with served.client("north") as north:
        far = {**ROUTE, "waypoints": [{"lat": 40.0, "lon": 179.9}, {"lat": 40.0, "lon": -179.9}]}
        made = north.post("/v1/plans/volumes", json=far)
        assert made.status_code == 200
        answer = made.json()
        assert answer["length_m"] == pytest.approx(17_079, abs=10)
        assert answer["arrives"].startswith("2026-06-01T08:35:41")
        assert len(answer["volumes"]) == 6
        filed = served.put(north, "/v1/intents", {**INTENT, "volumes": answer["volumes"]})
        assert filed.status_code == 201
        assert filed.json()["result"]["volumes"] == answer["volumes"]


@pytest.mark.parametrize(
    ("path", "wrong", "field"),
    [
        ("waypoints.1.lat", 91, "waypoints[1].lat"),
        ("waypoints.1", {"lat": 47.0, "lon": 10.9}, "waypoints[1]"),
        ("waypoints", [{"lat": 47.0, "lon": 10.9}], "waypoints"),
        ("levels", [], "levels"),
        ("levels", ROUTE["levels"] * 3, "levels"),
        ("speed_mps", 0, "speed_mps"),
        ("half_width_m", 0.5, "half_width_m"),
        ("half_height_m", -1, "half_height_m"),
        ("departs", "2026-06-01T08:30:00", "departs"),
        ("most_volumes", 1001, "most_volumes"),
        ("step_s", 0, "step_s"),
        ("knots", 90, "knots"),
    ],
)
def test_what_is_wrong_with_a_route_is_named(served: Served, path: str, wrong: Any, field: str) -> None:
    with served.client("north") as north:
        refused = north.post(
            "/v1/plans/volumes",
            json=changed({**ROUTE, "knots": 0}, path, wrong)
            if path == "knots"
            else changed(ROUTE, path, wrong),
        )
        assert (refused.status_code, refused.json()["code"]) == (400, "invalid_input")
        assert refused.json()["field"] == field


def test_a_check_says_what_a_filing_would_be_told_and_files_nothing(served: Served, in_the_way: str) -> None:
    with served.client("south") as south:
        before = south.get("/v1/log/checkpoint").json()
        checked = south.post("/v1/plans/check", json={**INTENT, "volumes": [VOLUME]})
        refused = served.put(south, "/v1/intents", INTENT)
        assert (checked.status_code, refused.status_code) == (200, 409)
        assert checked.json()["conflicts"] == refused.json()["detail"]["conflicts"]
        assert in_the_way not in checked.text
        assert checked.json()["clearance"]["checked"] == "checked against what is released to you"
        assert south.get("/v1/log/checkpoint").json() == before
        assert south.get("/v1/changes").json()["changes"][0]["item"]["level"] == "volume"


def test_a_check_of_a_route_counts_the_volumes_that_it_answers(served: Served, in_the_way: str) -> None:
    with served.client("south") as south:
        checked = south.post("/v1/plans/check", json=PLAN).json()
        made = south.post("/v1/plans/volumes", json=ROUTE).json()
        assert checked["volumes"] == made["volumes"]
        (conflict,) = checked["conflicts"]
        assert conflict["volumes"] == [2, 3]
        ref = conflict["item"]["ref"]
        over = south.post("/v1/plans/check", json={**PLAN, "accept_conflicts": [ref]}).json()
        assert over["conflicts"] == []
        assert over["clearance"]["checked"] == "clear of what is released to you"


def test_ones_own_intent_is_left_out_of_its_own_way(served: Served, in_the_way: str) -> None:
    with served.client("north") as north:
        plain = north.post("/v1/plans/check", json=INTENT).json()
        assert [one["item"]["ref"] for one in plain["conflicts"]] == [in_the_way]
        assert north.post("/v1/plans/check", json={**INTENT, "id": in_the_way}).json()["conflicts"] == []
    with served.client("south") as south:
        for id in (in_the_way, "nothing"):
            answer = south.post("/v1/plans/check", json={**INTENT, "id": id})
            assert (answer.status_code, answer.json()["field"]) == (404, "id")


def test_volumes_or_a_route_are_given(served: Served) -> None:
    with served.client("north") as north:
        for body in ({**PLAN, **INTENT}, {"category": "rotorcraft", "crewed": True}):
            refused = north.post("/v1/plans/check", json=body)
            assert (refused.status_code, refused.json()["field"]) == (400, "volumes")


SOUTHS: dict[str, Any] = changed(INTENT, "volumes.0.start", "2026-06-01T08:20:00Z")


def test_alternatives_come_with_their_words_and_pass(served: Served, in_the_way: str) -> None:
    with served.client("south") as south:
        answer = south.post("/v1/plans/alternatives", json={**SOUTHS, "limit_ms": 2_000}).json()
        assert (answer["passes"], answer["complete"]) == (False, True)
        found = {one["kind"]: one for one in answer["alternatives"]}
        assert set(found) == {"later", "higher", "lower", "around"}
        assert found["later"]["later_s"] == 3_000.0
        assert found["later"]["words"] == "50 min later"
        assert found["higher"]["higher_m"] == 510.0
        assert found["around"]["towards_deg"] in range(0, 360, 45)
        for one in answer["alternatives"]:
            checked = south.post("/v1/plans/check", json={**INTENT, "volumes": one["volumes"]})
            assert checked.json()["conflicts"] == []
        assert in_the_way not in str(answer)


def test_a_refused_filing_brings_alternatives_where_they_are_asked_for(
    served: Served, in_the_way: str
) -> None:
    with served.client("south") as south:
        plain = served.put(south, "/v1/intents", SOUTHS)
        assert set(plain.json()["detail"]) == {"conflicts"}
        refused = served.put(south, "/v1/intents", {**SOUTHS, "alternatives_ms": 2_000})
        assert (refused.status_code, refused.json()["code"]) == (409, "strategic_conflict")
        detail = refused.json()["detail"]
        assert detail["conflicts"] == plain.json()["detail"]["conflicts"]
        same = south.post("/v1/plans/alternatives", json={**SOUTHS, "limit_ms": 2_000}).json()
        assert detail["alternatives"] == same["alternatives"]
        assert (detail["tried"], detail["complete"]) == (same["tried"], True)
        cheapest = {**SOUTHS, "volumes": detail["alternatives"][0]["volumes"], "alternatives_ms": 2_000}
        filed = served.put(south, "/v1/intents", cheapest)
        assert filed.status_code == 201
        id = filed.json()["result"]["ref"]
        back = {
            "ovn": filed.json()["result"]["ovn"],
            "volumes": SOUTHS["volumes"],
            "alternatives_ms": 2_000,
        }
        change = served.put(south, f"/v1/intents/{id}", back, "PUT")
        assert change.status_code == 409
        assert change.json()["detail"]["alternatives"] == same["alternatives"]
        ovn = filed.json()["result"]["ovn"]
        ended = south.delete(f"/v1/intents/{id}", params={"ovn": ovn}, headers=served.key())
        assert ended.status_code == 200


@pytest.mark.parametrize(
    ("name", "wrong"),
    [
        ("limit_ms", 0),
        ("limit_ms", 5_001),
        ("kinds", []),
        ("kinds", ["sideways"]),
        ("later_s", 0),
        ("earlier_s", 1e9),
        ("vertical_m", -5),
        ("around_m", 1e9),
        ("most", 0),
    ],
)
def test_what_is_wrong_with_a_search_is_named(served: Served, name: str, wrong: Any) -> None:
    with served.client("south") as south:
        refused = south.post("/v1/plans/alternatives", json={**SOUTHS, name: wrong})
        assert (refused.status_code, refused.json()["code"]) == (400, "invalid_input")
        assert refused.json()["field"].startswith(name)
        filing = served.put(south, "/v1/intents", {**SOUTHS, "alternatives_ms": 5_001})
        assert (filing.status_code, filing.json()["field"]) == (400, "alternatives_ms")


def test_a_search_takes_of_the_quota_what_its_limit_says(tmp_path: Path) -> None:
    quotas = "reads_per_s = 0.001\nreads_burst = 100\n"
    with serving(tmp_path, quotas=quotas) as served, served.client("south") as south:
        for _ in range(4):
            assert south.post("/v1/plans/alternatives", json={**SOUTHS, "limit_ms": 1_000}).status_code == 200
        refused = south.post("/v1/plans/alternatives", json={**SOUTHS, "limit_ms": 1_000})
        assert (refused.status_code, refused.json()["code"]) == (429, "quota_exceeded")
        served.run(served.world.file(SOUTH, volume()))
        filing = served.put(south, "/v1/intents", {**INTENT, "alternatives_ms": 5_000})
        assert filing.status_code == 409
        assert filing.json()["detail"]["alternatives"] == []
        assert filing.json()["detail"]["complete"] is False


def test_plans_are_for_those_who_may_read(served: Served) -> None:
    with served.client(None) as anyone:
        for path in ("volumes", "check", "alternatives"):
            assert anyone.post(f"/v1/plans/{path}", json=PLAN).status_code == 401
