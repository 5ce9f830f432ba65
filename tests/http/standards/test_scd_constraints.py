"""Constraint references over HTTP: every status of every operation, bodies as the interface file has them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.http.serving import changed
from tests.http.standards.standing import (
    AA,
    AVAILABILITY,
    CM,
    CONSTRAINTS,
    CP,
    URL,
    Standing,
    at,
    constraint,
    new_id,
    place,
    query,
    standing,
)

HIDDEN = "Available from USS"


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standing]:
    with standing(tmp_path_factory.mktemp("standing")) as one:
        yield one


def ask(here: Standing, method: str, path: str, body: Any = None, **how: Any) -> tuple[int, dict[str, Any]]:
    answer = here.call(method, f"{CONSTRAINTS}/{path}", body, **({"scopes": (CM,)} | how))
    return answer.status_code, answer.json()


def test_201_for_a_new_one(here: Standing) -> None:
    id = new_id()
    status, told = ask(here, "PUT", id, constraint(lower_m=None, upper_m=None))
    assert status == 201
    reference = told["constraint_reference"]
    assert len(reference.pop("ovn")) >= 16
    assert told["subscribers"] == []
    assert reference == {
        "id": id,
        "manager": "uss1",
        "uss_availability": "Unknown",
        "version": 1,
        "time_start": at(60),
        "time_end": at(3_600),
        "uss_base_url": URL,
    }


def test_200_for_a_change_and_an_end(here: Standing) -> None:
    spot = place()
    first = here.file_constraint(spot=spot)
    status, told = ask(here, "PUT", f"{first['id']}/{first['ovn']}", constraint(spot, end_s=7_200))
    second = told["constraint_reference"]
    assert (status, second["version"], second["time_end"]) == (200, 2, at(7_200))
    assert second["ovn"] != first["ovn"]
    assert ask(here, "GET", first["id"])[1] == {"constraint_reference": second}
    status, told = ask(here, "DELETE", f"{first['id']}/{second['ovn']}")
    assert (status, told) == (200, {"constraint_reference": second, "subscribers": []})
    assert ask(here, "GET", first["id"])[0] == 404


def test_200_for_a_query_whatever_the_heights(here: Standing) -> None:
    spot = place()
    made = here.file_constraint(spot=spot)
    status, told = ask(here, "POST", "query", query(spot, lower_m=900, upper_m=901), sub="uss2", scopes=(CP,))
    assert (status, told) == (200, {"constraint_references": [made | {"ovn": HIDDEN}]})
    assert ask(here, "POST", "query", query(spot, start_s=3_601, end_s=4_000))[1] == {
        "constraint_references": []
    }


def test_the_subscribers_are_those_who_asked_for_constraints(here: Standing) -> None:
    spot = place()
    here.subscribe(spot=spot, sub="uss2")
    other = here.subscribe(spot=spot, sub="uss3", intents=False, constraints=True)
    _, told = ask(here, "PUT", new_id(), constraint(spot))
    assert told["subscribers"] == [
        {"uss_base_url": URL, "subscriptions": [{"subscription_id": other["id"], "notification_index": 1}]}
    ]


BAD: list[tuple[str, Any]] = [
    ("extents", ...),
    ("extents", []),
    ("extents", {}),
    ("extents.0.volume.outline_circle", ...),
    ("extents.0.time_start", ...),
    ("extents.0.time_end", ...),
    ("extents.0.time_end", at(-60)),
    ("extents.0.volume.altitude_upper.value", 1.0),
    ("uss_base_url", ...),
    ("uss_base_url", "http://uss.example"),
]


@pytest.mark.parametrize(("path", "value"), BAD, ids=[f"{p} {v!r}"[:60] for p, v in BAD])
@pytest.mark.parametrize("update", [False, True], ids=["create", "update"])
def test_400_names_the_field_and_changes_nothing(here: Standing, path: str, value: Any, update: bool) -> None:
    spot = place()
    first = here.file_constraint(spot=spot) if update else {"id": new_id(), "ovn": ""}
    url = f"{first['id']}/{first['ovn']}".rstrip("/")
    status, told = ask(here, "PUT", url, changed(constraint(spot), path, value))
    assert status == 400
    assert path.split(".")[0] in told["message"]
    found = ask(here, "POST", "query", query(spot))[1]["constraint_references"]
    assert found == ([first] if update else [])


@pytest.mark.parametrize("body", [{}, {"area_of_interest": {}}, {"area_of_interest": 7}], ids=str)
def test_400_for_a_query_without_an_area(here: Standing, body: Any) -> None:
    assert ask(here, "POST", "query", body)[0] == 400


def test_403_for_another_managers(here: Standing) -> None:
    spot = place()
    first = here.file_constraint(spot=spot)
    path = f"{first['id']}/{first['ovn']}"
    assert ask(here, "PUT", path, constraint(spot), sub="uss2")[0] == 403
    assert ask(here, "DELETE", path, sub="uss2")[0] == 403
    assert ask(here, "GET", first["id"])[1] == {"constraint_reference": first}


def test_404_for_what_there_is_not(here: Standing) -> None:
    assert ask(here, "GET", new_id())[0] == 404
    assert ask(here, "DELETE", f"{new_id()}/{'x' * 32}")[0] == 404


def test_409_for_what_is_not_current(here: Standing) -> None:
    spot = place()
    first = here.file_constraint(spot=spot)
    wrong = f"{first['id']}/{'x' * 32}"
    assert ask(here, "PUT", first["id"], constraint(spot))[0] == 409
    assert ask(here, "PUT", wrong, constraint(spot))[0] == 409
    assert ask(here, "DELETE", wrong)[0] == 409
    assert ask(here, "PUT", f"{new_id()}/{'x' * 32}", constraint(spot))[0] == 409


def test_413_for_more_than_is_taken_at_once(here: Standing, monkeypatch: pytest.MonkeyPatch) -> None:
    many = constraint()
    many["extents"] = many["extents"] * 1_001
    assert ask(here, "PUT", new_id(), many)[0] == 413
    spot = place()
    first = here.file_constraint(spot=spot)
    here.file_constraint(spot=spot)
    assert ask(here, "PUT", f"{first['id']}/{first['ovn']}", many)[0] == 413
    monkeypatch.setattr("comity.exchange.dss.MOST_FOUND", 1)
    assert ask(here, "POST", "query", query(spot))[0] == 413


def test_availability_is_never_said_of_a_constraints_manager(here: Standing) -> None:
    first = here.file_constraint(sub="fallen")
    down = {"availability": "Down", "old_version": ""}
    here.call("PUT", f"{AVAILABILITY}/fallen", down, scopes=(AA,))
    shown = ask(here, "GET", first["id"])[1]["constraint_reference"]
    assert shown["uss_availability"] in ("Down", "Unknown")
