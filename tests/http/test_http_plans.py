"""Plans over HTTP: volumes of a route, a check that changes nothing, alternatives; and their refusals."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from comity.model.rule import Level
from tests.http.serving import INTENT, VOLUME, Served, changed, serving
from tests.world import NORTH, SOUTH, levels

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
