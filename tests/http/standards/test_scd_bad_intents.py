"""Operational intent references over HTTP: every body and bound that is refused with 400, and what is not."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.http.serving import changed
from tests.http.standards.standing import (
    INTENTS,
    SA,
    SC,
    URL,
    Standing,
    at,
    height,
    intent,
    new_id,
    place,
    query,
    standing,
    volume,
)

NEW = {"new_subscription": {"uss_base_url": URL}}


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standing]:
    with standing(tmp_path_factory.mktemp("standing")) as one:
        yield one


def put(here: Standing, body: Any, id: str | None = None, **how: Any) -> tuple[int, dict[str, Any]]:
    answer = here.call("PUT", f"{INTENTS}/{id or new_id()}", body, **how)
    return answer.status_code, answer.json()


BAD: list[tuple[str, Any]] = [
    ("extents", ...),
    ("extents", None),
    ("extents", []),
    ("extents", volume((0.0, 0.0))),
    ("extents.0", 7),
    ("extents.0.volume", ...),
    ("extents.0.volume.outline_circle", ...),
    ("extents.0.volume.outline_circle.center", ...),
    ("extents.0.volume.outline_circle.center.lat", 90.1),
    ("extents.0.volume.outline_circle.center.lng", -180.1),
    ("extents.0.volume.outline_circle.center.lng", "11"),
    ("extents.0.volume.outline_circle.radius", ...),
    ("extents.0.volume.outline_circle.radius.value", 0),
    ("extents.0.volume.outline_circle.radius.value", -1),
    ("extents.0.volume.outline_circle.radius.value", True),
    ("extents.0.volume.outline_circle.radius.units", "FT"),
    ("extents.0.volume.outline_polygon", {"vertices": [{"lat": 0, "lng": 0}] * 3}),
    ("extents.0.volume.altitude_lower", ...),
    ("extents.0.volume.altitude_upper", ...),
    ("extents.0.volume.altitude_lower", height(201.0)),
    ("extents.0.volume.altitude_lower.reference", "SFC"),
    ("extents.0.volume.altitude_lower.units", "FT"),
    ("extents.0.volume.altitude_upper.value", 100_001),
    ("extents.0.volume.altitude_lower.value", -8_001),
    ("extents.0.time_start", ...),
    ("extents.0.time_end", ...),
    ("extents.0.time_start", at(3_601)),
    ("extents.0.time_end", at(-1)),
    ("extents.0.time_start.format", "ISO8601"),
    ("extents.0.time_start.format", ...),
    ("extents.0.time_start.value", "2026-06-01T08:00:00"),
    ("extents.0.time_start.value", "tomorrow"),
    ("extents.0.time_start.value", "0001-01-01T00:00:00+23:00"),
    ("extents.0.time_start", "2026-06-01T08:00:00Z"),
    ("state", ...),
    ("state", "Ended"),
    ("state", "Pending"),
    ("state", "accepted"),
    ("uss_base_url", ...),
    ("uss_base_url", ""),
    ("uss_base_url", None),
    ("uss_base_url", "http://uss.example"),
    ("uss_base_url", "https://"),
    ("uss_base_url", "uss.example"),
    ("uss_base_url", "https://uss.example:port"),
    ("uss_base_url", "https://u:p@uss.example"),
    ("uss_base_url", "https://uss.example/a b"),
    ("uss_base_url", "https://uss.example/?q=1"),
    ("uss_base_url", "https://uss.example/#a"),
    ("uss_base_url", "https://" + "u" * 2_000),
    ("key", "x" * 32),
    ("key", [7]),
    ("subscription_id", "no-id"),
    ("subscription_id", "03e5572a-f733-49af-bc14-8a18bd53ee39"),
    ("new_subscription", {}),
    ("new_subscription", {"uss_base_url": "http://uss.example"}),
    ("new_subscription", {"uss_base_url": URL, "notify_for_constraints": "yes"}),
]


@pytest.mark.parametrize(("path", "value"), BAD, ids=[f"{p} {v!r}"[:70] for p, v in BAD])
@pytest.mark.parametrize("update", [False, True], ids=["create", "update"])
def test_400_names_the_field_and_changes_nothing(here: Standing, path: str, value: Any, update: bool) -> None:
    spot = place()
    first = here.file_intent(spot=spot) if update else {"id": new_id()}
    url = f"{INTENTS}/{first['id']}" + (f"/{first['ovn']}" if update else "")
    answer = here.call("PUT", url, changed(intent(spot), path, value))
    assert answer.status_code == 400, answer.text
    assert path.split(".")[0] in answer.json()["message"]
    found = here.call("POST", f"{INTENTS}/query", query(spot)).json()["operational_intent_references"]
    assert found == ([first] if update else [])


def ring(*points: tuple[float, float]) -> dict[str, Any]:
    return {"vertices": [{"lat": lat, "lng": lng} for lat, lng in points]}


def polygon_intent(*points: tuple[float, float]) -> dict[str, Any]:
    body: dict[str, Any] = changed(intent(), "extents.0.volume.outline_circle", ...)
    body["extents"][0]["volume"]["outline_polygon"] = ring(*points)
    return body


@pytest.mark.parametrize(
    ("points", "word"),
    [
        (((1, 1), (1, 2)), "3 vertices"),
        (((1, 1), (1, 1), (1, 1)), "repeats no vertex"),
        (((1, 1), (1, 1.1), (1.1, 1.1), (1, 1)), "repeats no vertex"),
        (((1, 1), (1.1, 1.1), (1, 1.1), (1.1, 1)), "must not cross"),
        (((1, 1), (1, 1.6), (1.6, 1.6), (1.6, 1)), "2500"),
        (((0, 0), (0, 120), (0, -120)), "hemisphere"),
    ],
)
def test_400_for_what_is_no_plain_polygon(here: Standing, points: Any, word: str) -> None:
    status, told = put(here, polygon_intent(*points))
    assert status == 400
    assert word in told["message"]


@pytest.mark.parametrize(
    "points",
    [
        ((2, 1), (2, 1.1), (2.1, 1.1), (2.1, 1)),
        ((2, 3), (2.1, 3), (2.1, 3.1), (2, 3.1)),
        ((2, 5), (2.1, 5), (2.2, 5)),
        ((2, 179.95), (2, -179.95), (2.1, -179.95), (2.1, 179.95)),
        ((89.99, 0), (89.99, 120), (89.99, -120)),
    ],
)
def test_201_for_polygons_either_way_round_lines_and_far_places(here: Standing, points: Any) -> None:
    assert put(here, polygon_intent(*points))[0] == 201


def test_circles_meet_across_the_pole(here: Standing) -> None:
    made = here.file_intent(spot=(-89.999, 0.0), radius_m=250.0)
    found = here.call("POST", f"{INTENTS}/query", query((-89.999, 180.0), radius_m=300.0)).json()
    assert made["id"] in [one["id"] for one in found["operational_intent_references"]]


@pytest.mark.parametrize("state", ["Activated", "Nonconforming", "Contingent"])
def test_400_for_a_new_one_that_is_not_accepted(here: Standing, state: str) -> None:
    status, told = put(here, intent(state=state, more=NEW), scopes=(SC, SA))
    assert status == 400
    assert "Accepted" in told["message"]


@pytest.mark.parametrize("state", ["Activated", "Nonconforming", "Contingent"])
def test_400_without_a_subscription_where_one_is_needed(here: Standing, state: str) -> None:
    spot = place()
    first = here.file_intent(spot=spot)
    answer = here.call(
        "PUT", f"{INTENTS}/{first['id']}/{first['ovn']}", intent(spot, state=state), scopes=(SC, SA)
    )
    assert answer.status_code == 400
    assert "subscription_id" in answer.json()["message"]


def test_400_for_both_kinds_of_subscription(here: Standing) -> None:
    spot = place()
    id = here.subscribe(spot=spot)["id"]
    assert put(here, intent(spot, more={"subscription_id": id} | NEW))[0] == 400


def test_400_for_a_subscription_that_does_not_cover_it(here: Standing) -> None:
    spot = place()
    id = here.subscribe(spot=spot, end_s=1_800)["id"]
    assert put(here, intent(spot, more={"subscription_id": id}))[0] == 400


def test_400_for_an_update_of_what_there_is_not(here: Standing) -> None:
    answer = here.call("PUT", f"{INTENTS}/{new_id()}/{'x' * 32}", intent())
    assert answer.status_code == 400


@pytest.mark.parametrize(
    "body",
    [{}, {"area_of_interest": None}, {"area_of_interest": {}}, {"area_of_interest": [volume((0, 0))]}],
    ids=str,
)
def test_400_for_a_query_without_an_area(here: Standing, body: Any) -> None:
    assert here.call("POST", f"{INTENTS}/query", body).status_code == 400
