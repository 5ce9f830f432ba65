"""Availability and reports over HTTP: every status, bodies as the interface file has them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import quote

import pytest

from tests.http.serving import changed
from tests.http.standards.standing import AA, AVAILABILITY, REPORTS, SC, Standing, at, standing


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standing]:
    with standing(tmp_path_factory.mktemp("standing")) as one:
        yield one


def put(here: Standing, uss: str, body: Any) -> tuple[int, dict[str, Any]]:
    answer = here.call("PUT", f"{AVAILABILITY}/{quote(uss)}", body, sub="arbiter", scopes=(AA,))
    return answer.status_code, answer.json()


def got(here: Standing, uss: str) -> dict[str, Any]:
    answer = here.call("GET", f"{AVAILABILITY}/{quote(uss)}")
    assert answer.status_code == 200
    told: dict[str, Any] = answer.json()
    return told


def test_200_for_one_of_whom_nothing_is_known(here: Standing) -> None:
    assert got(here, "new") == {"status": {"uss": "new", "availability": "Unknown"}, "version": ""}


@pytest.mark.parametrize(
    ("word", "meant"),
    [("Normal", "Normal"), ("normal", "Normal"), ("DOWN", "Down"), ("", "Unknown"), ("unknown", "Unknown")],
)
def test_200_for_a_state_in_any_case(here: Standing, word: str, meant: str) -> None:
    uss = f"uss-{word or 'empty'}"
    status, told = put(here, uss, {"availability": word})
    assert status == 200
    assert told["status"] == {"uss": uss, "availability": meant}
    assert told["version"]
    assert got(here, uss) == told


def test_each_change_has_a_version_of_its_own(here: Standing) -> None:
    versions = [""]
    for word in ("Down", "Down", "Unknown"):
        status, told = put(here, "busy", {"availability": word, "old_version": versions[-1]})
        assert status == 200
        versions.append(told["version"])
    assert len(set(versions)) == 4


@pytest.mark.parametrize("uss", ["uss.example", "a b", "ü", "x" * 256])
def test_a_uss_is_any_word(here: Standing, uss: str) -> None:
    assert put(here, uss, {"availability": "Down", "old_version": ""})[1]["status"]["uss"] == uss


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"availability": None},
        {"availability": "Sleeping"},
        {"availability": 7},
        {"availability": "Down", "old_version": 7},
    ],
    ids=str,
)
def test_400_for_what_is_no_state(here: Standing, body: Any) -> None:
    assert put(here, "bad", body)[0] == 400
    assert got(here, "bad")["version"] == ""


@pytest.mark.parametrize("uss", ["", "x" * 257, "%0A", "%00"])
def test_400_for_what_is_no_uss(here: Standing, uss: str) -> None:
    assert here.http.get(f"{AVAILABILITY}/{uss}", headers=here.bearer("uss1", SC)).status_code == 400
    body = {"availability": "Down"}
    answer = here.http.put(f"{AVAILABILITY}/{uss}", json=body, headers=here.bearer("uss1", AA))
    assert answer.status_code == 400


def test_409_for_a_version_that_is_not_the_current_one(here: Standing) -> None:
    assert put(here, "stale", {"availability": "Down", "old_version": "x"})[0] == 409
    put(here, "stale", {"availability": "Down", "old_version": ""})
    for wrong in ("", "x", None):
        assert put(here, "stale", {"availability": "Normal", "old_version": wrong})[0] == 409
    assert got(here, "stale")["status"]["availability"] == "Down"


REPORT: dict[str, Any] = {
    "exchange": {
        "url": "https://dss.example/dss/v1/subscriptions/query",
        "method": "POST",
        "headers": ["Authorization: Bearer …"],
        "recorder_role": "Client",
        "request_time": at(0),
        "request_source": "uss1",
        "request_body": "e30=",
        "response_time": at(1),
        "response_code": 500,
        "response_body": "",
        "problem": "it failed",
    }
}


def report(here: Standing, body: Any) -> tuple[int, dict[str, Any]]:
    answer = here.call("POST", REPORTS, body)
    return answer.status_code, answer.json()


def test_201_for_a_report_which_comes_back_with_its_id(here: Standing) -> None:
    status, told = report(here, REPORT)
    assert status == 201
    assert told.pop("report_id")
    assert told == REPORT


def test_each_report_has_an_id_of_its_own_whatever_it_says(here: Standing) -> None:
    first = report(here, REPORT)[1]["report_id"]
    here.served.clock.advance(1.0)
    second = report(here, REPORT | {"report_id": first})[1]["report_id"]
    assert first != second


def test_a_report_need_not_have_what_is_declared_nowhere(here: Standing) -> None:
    without = changed(REPORT, "exchange.request_source", ...)
    answer = here.http.post(REPORTS, json=without, headers=here.bearer("uss1", SC))
    assert answer.status_code == 201
    assert answer.json()["exchange"] == without["exchange"]


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("exchange", ...),
        ("exchange", None),
        ("exchange", []),
        ("exchange.url", ...),
        ("exchange.method", ...),
        ("exchange.recorder_role", ...),
        ("exchange.recorder_role", "Bystander"),
        ("exchange.request_time", ...),
        ("exchange.request_time", "2026-06-01T08:00:00Z"),
        ("exchange.headers", "none"),
        ("exchange.response_code", "500"),
        ("exchange.response_code", 2**70),
        ("exchange.problem", 7),
    ],
    ids=str,
)
def test_400_for_what_is_no_report(here: Standing, path: str, value: Any) -> None:
    status, told = report(here, changed(REPORT, path, value))
    assert status == 400
    assert "exchange" in told["message"]
