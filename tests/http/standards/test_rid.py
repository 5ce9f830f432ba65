"""Remote identification at the DSS over HTTP: each operation, each status, each form of the API's file."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from pathlib import Path
from random import Random
from typing import Any

import httpx
import pytest

from tests.http.serving import changed, serving
from tests.http.standards.asked import Asking, asking, forms, refused, time
from tests.http.standards.interface import F3411
from tests.http.standards.standing import claims, signed

DP, SP = "rid.display_provider", "rid.service_provider"
AREAS, SUBSCRIPTIONS = "/rid/v2/dss/identification_service_areas", "/rid/v2/dss/subscriptions"
check = forms(F3411)


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asking]:
    with asking(tmp_path_factory.mktemp("rid")) as found:
        yield found


@pytest.fixture
def place(request: pytest.FixtureRequest) -> float:
    """A latitude of the test's own, so that tests do not meet."""
    return Random(request.node.name).uniform(-60.0, 60.0)


def new_id(name: str) -> str:
    return str(uuid.UUID(int=Random(name).getrandbits(128), version=4))


def extents(lat: float, **times: Any) -> dict[str, Any]:
    square = [(lat, 11.0), (lat, 11.01), (lat + 0.01, 11.01), (lat + 0.01, 11.0)]
    volume = {
        "outline_polygon": {"vertices": [{"lat": y, "lng": x} for y, x in square]},
        "altitude_lower": {"value": 20.0, "reference": "W84", "units": "M"},
        "altitude_upper": {"value": 400.0, "reference": "W84", "units": "M"},
    }
    return {"volume": volume, "time_start": time(0), "time_end": time(3_600), **times}


def put(lat: float, **times: Any) -> dict[str, Any]:
    return {"extents": extents(lat, **times), "uss_base_url": "https://anna.example/rid"}


def square(lat: float, side: float = 0.01) -> str:
    return f"{lat},11.0,{lat},{11.0 + side},{lat + side},{11.0 + side},{lat + side},11.0"


def test_an_area_lives_through_every_operation(asked: Asking, place: float) -> None:
    id = new_id("area")
    made = check(asked.ask("PUT", f"{AREAS}/{id}", SP, put(place)), "PutIdentificationServiceAreaResponse")
    area = made["service_area"]
    assert made["subscribers"] == []
    assert area == {
        "id": id,
        "owner": "anna.example",
        "uss_base_url": "https://anna.example/rid",
        "time_start": time(0),
        "time_end": time(3_600),
        "version": area["version"],
    }
    for scope in (DP, SP):
        got = asked.ask("GET", f"{AREAS}/{id}", scope)
        assert check(got, "GetIdentificationServiceAreaResponse") == {"service_area": area}
    query = {"area": square(place), "earliest_time": time(10)["value"], "latest_time": time(20)["value"]}
    for some in (query, {"area": square(place)}):
        found = asked.ask("GET", AREAS, DP, params=some)
        assert check(found, "SearchIdentificationServiceAreasResponse") == {"service_areas": [area]}
    later = asked.ask("PUT", f"{AREAS}/{id}/{area['version']}", SP, put(place, time_end=time(7_200)))
    changed_area = check(later, "PutIdentificationServiceAreaResponse")["service_area"]
    assert changed_area["version"] != area["version"]
    gone = asked.ask("DELETE", f"{AREAS}/{id}/{changed_area['version']}", SP)
    assert check(gone, "DeleteIdentificationServiceAreaResponse")["service_area"] == changed_area
    assert {later.status_code, gone.status_code, found.status_code, got.status_code} == {200}
    refused(asked.ask("GET", f"{AREAS}/{id}", DP), 404)


def test_a_subscription_lives_through_every_operation(asked: Asking, place: float) -> None:
    id, area = new_id("subscription"), new_id("subscribed area")
    path = f"{SUBSCRIPTIONS}/{id}"
    made = check(asked.ask("PUT", path, DP, put(place)), "PutSubscriptionResponse")
    first = made["subscription"]
    assert made["service_areas"] == []
    assert first["notification_index"] == 0
    assert (first["time_start"], first["time_end"]) == (time(0), time(3_600))
    told = check(asked.ask("PUT", f"{AREAS}/{area}", SP, put(place)), "PutIdentificationServiceAreaResponse")
    assert told["subscribers"] == [
        {"url": first["uss_base_url"], "subscriptions": [{"subscription_id": id, "notification_index": 1}]}
    ]
    got = check(asked.ask("GET", path, SP), "GetSubscriptionResponse")["subscription"]
    assert got == {**first, "notification_index": 1}
    found = asked.ask("GET", SUBSCRIPTIONS, DP, params={"area": square(place)})
    assert check(found, "SearchSubscriptionsResponse") == {"subscriptions": [got]}
    again = check(asked.ask("PUT", f"{path}/{first['version']}", DP, put(place)), "PutSubscriptionResponse")
    assert again["service_areas"] == [told["service_area"]]
    gone = asked.ask("DELETE", f"{path}/{again['subscription']['version']}", DP)
    assert check(gone, "DeleteSubscriptionResponse") == {"subscription": again["subscription"]}
    refused(asked.ask("GET", path, DP), 404)


OPERATIONS = [
    ("GET", AREAS, {DP}),
    ("GET", f"{AREAS}/{{id}}", {DP, SP}),
    ("PUT", f"{AREAS}/{{id}}", {SP}),
    ("PUT", f"{AREAS}/{{id}}/v", {SP}),
    ("DELETE", f"{AREAS}/{{id}}/v", {SP}),
    ("GET", SUBSCRIPTIONS, {DP}),
    ("GET", f"{SUBSCRIPTIONS}/{{id}}", {DP, SP}),
    ("PUT", f"{SUBSCRIPTIONS}/{{id}}", {DP}),
    ("PUT", f"{SUBSCRIPTIONS}/{{id}}/v", {DP}),
    ("DELETE", f"{SUBSCRIPTIONS}/{{id}}/v", {DP}),
]


@pytest.mark.parametrize(("method", "path", "scopes"), OPERATIONS)
def test_who_may_ask_comes_before_what_is_asked(
    asked: Asking, method: str, path: str, scopes: set[str]
) -> None:
    """A bad id and a bad body show only to those with the scope; everybody else is told 401 or 403."""
    path = path.format(id="no-uuid")
    body = {"extents": 1} if method == "PUT" else None
    refused(asked.ask(method, path, None, body), 401)
    for scope in {DP, SP, "utm.strategic_coordination", ""} - scopes:
        refused(asked.ask(method, path, scope, body), 403)
    for scope in scopes:
        refused(asked.ask(method, path, scope, body), 400)


@pytest.mark.parametrize("wrong", ["exp", "aud", "sub", "iss", "late", "key"])
def test_a_token_that_is_not_good_is_401(asked: Asking, wrong: str) -> None:
    said = claims("anna.example", DP)
    if wrong == "late":
        said["exp"] += 3_600
    elif wrong == "aud":
        said["aud"] = "elsewhere.example"
    elif wrong != "key":
        del said[wrong]
    text = signed(said, "nobody" if wrong == "key" else "authority")
    answer = asked.client.get(AREAS, headers={"Authorization": f"Bearer {text}"})
    refused(answer, 401)


BAD_PUTS: list[tuple[str, Any]] = [
    ("extents", ...),
    ("extents", []),
    ("extents.volume", ...),
    ("extents.volume.outline_polygon", ...),
    ("extents.volume.outline_polygon.vertices", []),
    ("extents.volume.outline_polygon.vertices.2", {"lat": 91.0, "lng": 0.0}),
    ("extents.volume.outline_polygon.vertices.2", {"lat": 0.0, "lng": 181.0}),
    (
        "extents.volume.outline_circle",
        {"center": {"lat": 0.0, "lng": 0.0}, "radius": {"value": 9, "units": "M"}},
    ),
    ("extents.volume.altitude_lower.reference", "SFC"),
    ("extents.volume.altitude_lower.units", "FT"),
    ("extents.volume.altitude_lower.value", 401.0),
    ("extents.time_start", time(3_601)),
    ("extents.time_start", time(-301)),
    ("extents.time_start.format", "RFC"),
    ("extents.time_end.value", "soon"),
    ("extents.time_end.value", "2026-06-01T09:00:00"),
    ("uss_base_url", ...),
    ("uss_base_url", "http://anna.example"),
    ("uss_base_url", "anna.example"),
    ("uss_base_url", ""),
]


@pytest.mark.parametrize(("path", "scope"), [(AREAS, SP), (SUBSCRIPTIONS, DP)])
@pytest.mark.parametrize(("at", "value"), BAD_PUTS, ids=str)
def test_a_bad_put_is_400_and_leaves_nothing(
    asked: Asking, place: float, path: str, scope: str, at: str, value: Any
) -> None:
    id = new_id("bad")
    refused(asked.ask("PUT", f"{path}/{id}", scope, changed(put(place), at, value)), 400)
    refused(asked.ask("GET", f"{path}/{id}", DP), 404)


@pytest.mark.parametrize(("path", "scope"), [(AREAS, SP), (SUBSCRIPTIONS, DP)])
def test_no_body_and_no_json_are_400(asked: Asking, path: str, scope: str) -> None:
    for content in (b"", b"{", b"[]", b"null", b'{"extents":'):
        refused(asked.ask("PUT", f"{path}/{new_id('x')}", scope, content=content), 400)


def test_unknown_fields_are_ignored_and_null_is_left_out(asked: Asking, place: float) -> None:
    body = put(place, time_start=None)
    body["old_version"] = body["extents"]["more"] = 1
    body["extents"]["volume"]["outline_circle"] = None
    answer = asked.ask("PUT", f"{AREAS}/{new_id('extra')}", SP, body)
    assert check(answer, "PutIdentificationServiceAreaResponse")["service_area"]["time_start"] == time(0)


def test_an_area_needs_an_end_and_a_subscription_lasts_a_day(asked: Asking, place: float) -> None:
    refused(asked.ask("PUT", f"{AREAS}/{new_id('endless')}", SP, put(place, time_end=None)), 400, "time_end")
    path = f"{SUBSCRIPTIONS}/{new_id('endless')}"
    refused(asked.ask("PUT", path, DP, put(place, time_end=time(86_401))), 400, "24 hours")
    answer = check(asked.ask("PUT", path, DP, put(place, time_end=None)), "PutSubscriptionResponse")
    assert answer["subscription"]["time_end"] == time(86_400)


def large(lat: float) -> dict[str, Any]:
    body = put(lat)
    corners = [(lat, 11.0), (lat, 12.0), (lat + 1.0, 12.0), (lat + 1.0, 11.0)]
    body["extents"]["volume"]["outline_polygon"]["vertices"] = [{"lat": y, "lng": x} for y, x in corners]
    return body


def test_too_large_is_400_to_put_and_413_to_search(asked: Asking) -> None:
    refused(asked.ask("PUT", f"{AREAS}/{new_id('large')}", SP, large(30.0)), 400, "2500 km²")
    refused(asked.ask("PUT", f"{SUBSCRIPTIONS}/{new_id('large')}", DP, large(30.0)), 400, "2500 km²")
    for path in (AREAS, SUBSCRIPTIONS):
        refused(asked.ask("GET", path, DP, params={"area": square(30.0, 1.0)}), 413, "2500 km²")
        assert asked.ask("GET", path, DP, params={"area": square(30.0, 0.25)}).status_code == 200


@pytest.mark.parametrize(
    "area",
    [
        None,
        "",
        "1,2,3,4",
        "1,2,3,4,5",
        "1,2,3,4,5,6,7",
        "a,b,c,d,e,f",
        "0,0,0,nan,1,1",
        "0,0,0,0.1,91,0.1",
        "0,0,0,181,0.1,0.1",
        "0,0,0.1,0.1,0,0.1,0.1,0",
        "0,0,0,0,0.1,0.1",
    ],
)
@pytest.mark.parametrize("path", [AREAS, SUBSCRIPTIONS])
def test_a_bad_area_is_400(asked: Asking, path: str, area: str | None) -> None:
    refused(asked.ask("GET", path, DP, params={} if area is None else {"area": area}), 400, "area")


@pytest.mark.parametrize("text", ["", "yesterday", "2026-06-01", "2026-06-01T08:00:00", "1780300800"])
@pytest.mark.parametrize("name", ["earliest_time", "latest_time"])
def test_a_bad_time_to_search_is_400(asked: Asking, name: str, text: str) -> None:
    refused(asked.ask("GET", AREAS, DP, params={"area": square(10.0), name: text}), 400, name)


@pytest.mark.parametrize("id", ["no-uuid", str(uuid.UUID(int=1, version=1)), "0" * 32, " "])
@pytest.mark.parametrize("path", [AREAS, SUBSCRIPTIONS])
def test_an_id_that_is_no_uuid_of_version_4_is_400(asked: Asking, path: str, id: str) -> None:
    for method, tail in (("GET", ""), ("PUT", ""), ("PUT", "/v"), ("DELETE", "/v")):
        scope = SP if path == AREAS and method != "GET" else DP
        body = put(10.0) if method == "PUT" else None
        refused(asked.ask(method, f"{path}/{id}{tail}", scope, body), 400)


def made(asked: Asking, path: str, scope: str, name: str, lat: float) -> tuple[str, str]:
    """The path of a new one, and its version."""
    there = f"{path}/{new_id(name)}"
    answer = asked.ask("PUT", there, scope, put(lat)).json()
    return there, (answer.get("service_area") or answer["subscription"])["version"]


@pytest.mark.parametrize(("path", "scope"), [(AREAS, SP), (SUBSCRIPTIONS, DP)])
def test_versions_and_owners(asked: Asking, place: float, path: str, scope: str) -> None:
    there, version = made(asked, path, scope, "owned", place)
    nowhere = f"{path}/{new_id('nowhere')}"
    other = version[::-1]
    body = put(place)
    refused(asked.ask("PUT", there, scope, body), 409)
    refused(asked.ask("PUT", f"{there}/{other}", scope, body), 409)
    refused(asked.ask("PUT", f"{there}/fake_version", scope, body), 400)
    refused(asked.ask("PUT", f"{there}/", scope, body), 400)
    refused(asked.ask("PUT", f"{there}/{version}", scope, body, sub="bert.example"), 403)
    refused(asked.ask("PUT", f"{nowhere}/{version}", scope, body), 400)
    refused(asked.ask("DELETE", f"{there}/{other}", scope), 409)
    refused(asked.ask("DELETE", f"{there}/fake_version", scope), 400)
    refused(asked.ask("DELETE", f"{there}/", scope), 400)
    refused(asked.ask("DELETE", f"{there}/{version}", scope, sub="bert.example"), 403)
    refused(asked.ask("DELETE", f"{nowhere}/{version}", scope), 404)
    refused(asked.ask("GET", nowhere, DP), 404)
    both = (403, 409) if path == AREAS else (409, 409)
    foreign = asked.ask("PUT", f"{there}/{other}", scope, body, sub="bert.example")
    assert (foreign.status_code, asked.ask("PUT", f"{there}/{other}", scope, body).status_code) == both
    assert asked.ask("DELETE", f"{there}/{version}", scope).status_code == 200


def test_the_eleventh_subscription_in_an_area_is_429(asked: Asking, place: float) -> None:
    for number in range(10):
        assert asked.ask("PUT", f"{SUBSCRIPTIONS}/{new_id(f'n{number}')}", DP, put(place)).status_code == 200
    path = f"{SUBSCRIPTIONS}/{new_id('eleventh')}"
    refused(asked.ask("PUT", path, DP, put(place)), 429)
    refused(asked.ask("GET", path, DP), 404)
    assert asked.ask("PUT", path, DP, put(place), sub="bert.example").status_code == 200


def test_an_ended_area_is_found_by_id_alone(tmp_path: Path) -> None:
    with asking(tmp_path) as asked:
        path, _ = made(asked, AREAS, SP, "ended", 10.0)
        asked.served.advance(3_601.0)
        query = {"area": square(10.0), "earliest_time": time(0)["value"]}
        assert asked.ask("GET", AREAS, DP, params=query).json() == {"service_areas": []}
        assert asked.ask("GET", path, DP).status_code == 200


def test_http_base_urls_are_taken_where_that_is_switched_on(tmp_path: Path) -> None:
    with asking(tmp_path, "allow_http = true\n") as asked:
        body = {**put(10.0), "uss_base_url": "http://localhost:8080/rid"}
        assert asked.ask("PUT", f"{AREAS}/{new_id('plain')}", SP, body).status_code == 200


def test_what_there_is_not_is_404_and_405(asked: Asking) -> None:
    refused(asked.client.get("/rid/v2/dss/other"), 404)
    refused(asked.client.post(AREAS), 405)


def test_without_the_switch_there_is_none_of_it(tmp_path: Path) -> None:
    with asking(tmp_path) as asked:
        assert asked.client.get(AREAS).status_code == 401
    (tmp_path / "off").mkdir()
    with serving(tmp_path / "off") as served, httpx.Client(base_url=served.server.url) as client:
        assert client.get(AREAS).status_code == 404
