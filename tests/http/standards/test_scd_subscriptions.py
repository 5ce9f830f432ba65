"""Subscriptions over HTTP: every status of every operation, bodies as the interface file has them."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from tests.http.serving import changed
from tests.http.standards.standing import (
    CM,
    CONSTRAINTS,
    CP,
    INTENTS,
    SC,
    SUBSCRIPTIONS,
    URL,
    Standing,
    at,
    constraint,
    intent,
    new_id,
    place,
    query,
    standing,
    subscription,
    volume,
)

HIDDEN = "Available from USS"
DAY_S = 86_400


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standing]:
    with standing(tmp_path_factory.mktemp("standing")) as one:
        yield one


def ask(here: Standing, method: str, path: str, body: Any = None, **how: Any) -> tuple[int, dict[str, Any]]:
    answer = here.call(method, f"{SUBSCRIPTIONS}/{path}", body, **how)
    return answer.status_code, answer.json()


def test_200_for_a_new_one(here: Standing) -> None:
    id = new_id()
    status, told = ask(here, "PUT", id, subscription(start_s=None, end_s=None))
    assert status == 200
    made = told["subscription"]
    assert made.pop("version")
    assert made == {
        "id": id,
        "notification_index": 0,
        "time_start": at(0),
        "time_end": at(DAY_S),
        "uss_base_url": URL,
        "notify_for_operational_intents": True,
        "notify_for_constraints": False,
        "implicit_subscription": False,
        "dependent_operational_intents": [],
    }
    assert told["operational_intent_references"] == []


@pytest.mark.parametrize(("intents", "constraints"), [(True, False), (False, True), (True, True)])
def test_what_is_there_comes_with_it_as_far_as_it_was_asked_for(
    here: Standing, intents: bool, constraints: bool
) -> None:
    spot = place()
    flown = here.file_intent(spot=spot) | {"ovn": HIDDEN}
    closed = here.file_constraint(spot=spot) | {"ovn": HIDDEN}
    id = new_id()
    body = subscription(spot, intents=intents, constraints=constraints)
    _, made = ask(here, "PUT", id, body, sub="uss2")
    _, again = ask(here, "PUT", f"{id}/{made['subscription']['version']}", body, sub="uss2")
    for told in (made, again):
        assert told.get("operational_intent_references") == ([flown] if intents else None)
        assert told.get("constraint_references") == ([closed] if constraints else None)


def test_200_for_a_change_which_keeps_the_index(here: Standing) -> None:
    spot = place()
    first = here.subscribe(spot=spot)
    here.file_intent(spot=spot)
    status, told = ask(here, "PUT", f"{first['id']}/{first['version']}", subscription(spot, end_s=None))
    second = told["subscription"]
    assert (status, second["notification_index"], second["time_end"]) == (200, 1, at(3_600))
    assert second["version"] != first["version"]


def test_200_for_the_end_of_one(here: Standing) -> None:
    first = here.subscribe()
    status, told = ask(here, "DELETE", f"{first['id']}/{first['version']}")
    assert (status, told) == (200, {"subscription": first})
    assert ask(here, "GET", first["id"])[0] == 404


def test_200_for_a_query_of_ones_own_whatever_the_heights(here: Standing) -> None:
    spot = place()
    mine = here.subscribe(spot=spot)
    here.subscribe(spot=spot, sub="uss2")
    assert ask(here, "POST", "query", query(spot, lower_m=900, upper_m=901))[1] == {"subscriptions": [mine]}
    assert ask(here, "POST", "query", query(spot, start_s=4_000, end_s=5_000))[1] == {"subscriptions": []}


def test_those_who_watch_are_told_to_the_writer_by_url(here: Standing) -> None:
    spot = place()
    one, two = here.subscribe(spot=spot), here.subscribe(spot=spot)
    far = subscription(spot, more={"uss_base_url": "https://far.example"})
    other = ask(here, "PUT", new_id(), far, sub="uss2")[1]["subscription"]
    answer = here.call("PUT", f"{INTENTS}/{new_id()}", intent(spot))
    by_url = {one["uss_base_url"]: one["subscriptions"] for one in answer.json()["subscribers"]}
    assert by_url["https://far.example"] == [{"subscription_id": other["id"], "notification_index": 1}]
    assert {each["subscription_id"] for each in by_url[URL]} == {one["id"], two["id"]}
    assert ask(here, "GET", one["id"])[1]["subscription"]["notification_index"] == 1


def test_a_constraint_processor_may_subscribe(here: Standing) -> None:
    body = subscription(intents=False, constraints=True)
    assert ask(here, "PUT", new_id(), body, scopes=(CP,))[0] == 200


BAD: list[tuple[str, Any]] = [
    ("extents", ...),
    ("extents", [volume((0.0, 0.0))]),
    ("extents.volume", ...),
    ("extents.volume.outline_circle", ...),
    ("extents.volume.altitude_lower", {"value": 300, "reference": "W84", "units": "M"}),
    ("extents.time_start", at(-400)),
    ("extents.time_start", at(4_000)),
    ("extents.time_end", at(60 + DAY_S + 1)),
    ("uss_base_url", ...),
    ("uss_base_url", "ftp://uss.example"),
    ("notify_for_operational_intents", ...),
    ("notify_for_operational_intents", False),
    ("notify_for_operational_intents", "true"),
]


@pytest.mark.parametrize(("path", "value"), BAD, ids=[f"{p} {v!r}"[:60] for p, v in BAD])
@pytest.mark.parametrize("update", [False, True], ids=["create", "update"])
def test_400_names_the_field_and_changes_nothing(here: Standing, path: str, value: Any, update: bool) -> None:
    spot = place()
    first = here.subscribe(spot=spot) if update else {"id": new_id(), "version": ""}
    url = f"{first['id']}/{first['version']}".rstrip("/")
    status, told = ask(here, "PUT", url, changed(subscription(spot), path, value))
    assert status == 400, told
    assert path.split(".")[-1].split("_")[0] in told["message"]
    assert ask(here, "POST", "query", query(spot))[1]["subscriptions"] == ([first] if update else [])


@pytest.mark.parametrize("year", ["0001", "9999"])
@pytest.mark.parametrize("name", ["time_start", "time_end"])
def test_400_for_a_time_to_which_no_day_can_be_added(here: Standing, year: str, name: str) -> None:
    body = subscription(start_s=None, end_s=None)
    body["extents"][name] = {"value": f"{year}-12-31T23:59:59Z", "format": "RFC3339"}
    status, told = ask(here, "PUT", new_id(), body)
    assert status == 400
    assert name in told["message"]


def test_400_for_a_bad_range_comes_before_409(here: Standing) -> None:
    first = here.subscribe()
    body = changed(subscription(), "extents.time_end", at(60 + DAY_S + 1))
    assert ask(here, "PUT", first["id"], body)[0] == 400


def test_400_for_an_update_of_what_there_is_not(here: Standing) -> None:
    assert ask(here, "PUT", f"{new_id()}/{'x' * 32}", subscription())[0] == 400


def test_400_for_what_dependent_intents_would_lose(here: Standing) -> None:
    spot = place()
    first = here.subscribe(spot=spot)
    answer = here.call("PUT", f"{INTENTS}/{new_id()}", intent(spot, more={"subscription_id": first["id"]}))
    assert answer.status_code == 201
    path = f"{first['id']}/{first['version']}"
    assert ask(here, "DELETE", path)[0] == 400
    assert ask(here, "PUT", path, subscription(spot, end_s=1_800))[0] == 400
    assert ask(here, "PUT", path, subscription(place()))[0] == 400


@pytest.mark.parametrize("body", [{}, {"area_of_interest": {}}, {"area_of_interest": 7}], ids=str)
def test_400_for_a_query_without_an_area(here: Standing, body: Any) -> None:
    assert ask(here, "POST", "query", body)[0] == 400


def test_403_for_another_managers(here: Standing) -> None:
    spot = place()
    first = here.subscribe(spot=spot)
    path = f"{first['id']}/{first['version']}"
    assert ask(here, "GET", first["id"], sub="uss2")[0] == 403
    assert ask(here, "PUT", path, subscription(spot), sub="uss2")[0] == 403
    assert ask(here, "DELETE", path, sub="uss2")[0] == 403
    assert ask(here, "GET", first["id"])[1] == {"subscription": first}


def test_404_for_what_there_is_not(here: Standing) -> None:
    assert ask(here, "GET", new_id())[0] == 404
    assert ask(here, "DELETE", f"{new_id()}/{'x' * 32}")[0] == 404
    assert ask(here, "GET", "00000000-0000-4000-8000-000000000000")[0] == 404


def test_409_for_what_is_not_current(here: Standing) -> None:
    spot = place()
    first = here.subscribe(spot=spot)
    wrong = f"{first['id']}/{'x' * 32}"
    assert ask(here, "PUT", first["id"], subscription(spot))[0] == 409
    assert ask(here, "PUT", wrong, subscription(spot))[0] == 409
    assert ask(here, "PUT", wrong, subscription(spot), sub="uss2")[0] == 409
    assert ask(here, "DELETE", wrong)[0] == 409


def test_413_for_a_search_that_would_be_cut_short(here: Standing, monkeypatch: pytest.MonkeyPatch) -> None:
    spot = place()
    here.subscribe(spot=spot)
    here.subscribe(spot=spot)
    monkeypatch.setattr("comity.exchange.dss.MOST_FOUND", 1)
    assert ask(here, "POST", "query", query(spot))[0] == 413


def test_400_for_one_that_would_be_answered_with_too_much_before_it_is_made(
    here: Standing, monkeypatch: pytest.MonkeyPatch
) -> None:
    spot, id = place(), new_id()
    first = here.file_intent(spot=spot)
    here.file_intent(spot=spot, more={"key": [first["ovn"]]})
    monkeypatch.setattr("comity.exchange.dss.MOST_FOUND", 1)
    status, told = ask(here, "PUT", id, subscription(spot))
    assert status == 400
    assert "smaller area" in told["message"]
    assert ask(here, "GET", id)[0] == 404
    assert ask(here, "PUT", id, subscription(spot, start_s=4_000, end_s=5_000))[0] == 200


def test_what_comes_with_a_subscription_that_was_made_is_whole(
    here: Standing, monkeypatch: pytest.MonkeyPatch
) -> None:
    spot = place()
    first = here.file_intent(spot=spot)
    here.file_intent(spot=spot, more={"key": [first["ovn"]]})
    monkeypatch.setattr(here.served.world.exchange.dss, "_check_around", lambda _: None)
    monkeypatch.setattr("comity.exchange.dss.MOST_FOUND", 1)
    _, told = ask(here, "PUT", new_id(), subscription(spot))
    assert len(told["operational_intent_references"]) == 2


def test_one_that_is_gone_before_its_answer_is_answered_with_what_it_asked_for(
    here: Standing, monkeypatch: pytest.MonkeyPatch
) -> None:
    from comity.errors import NotFound

    def gone(*_: object) -> None:
        raise NotFound("there is no subscription with this id")

    spot = place()
    flown = here.file_intent(spot=spot)
    monkeypatch.setattr(here.served.world.exchange.dss, "around", gone)
    status, told = ask(here, "PUT", new_id(), subscription(spot, constraints=True))
    assert status == 200
    assert told["operational_intent_references"] == [flown]
    assert told["constraint_references"] == []


def test_an_implicit_one_that_is_changed_is_explicit(here: Standing) -> None:
    spot = place()
    made = here.file_intent(spot=spot, more={"new_subscription": {"uss_base_url": URL}})
    _, held = ask(here, "GET", made["subscription_id"])
    path = f"{made['subscription_id']}/{held['subscription']['version']}"
    assert not ask(here, "PUT", path, subscription(spot))[1]["subscription"]["implicit_subscription"]
    here.call("DELETE", f"{INTENTS}/{made['id']}/{made['ovn']}")
    assert ask(here, "GET", made["subscription_id"])[0] == 200


def test_ended_ones_are_not_found_any_more_but_can_be_read(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    with standing(tmp_path_factory.mktemp("ended")) as here:
        spot = place()
        first = here.subscribe(spot=spot, end_s=600)
        here.served.advance(601)
        assert ask(here, "POST", "query", query(spot))[1] == {"subscriptions": []}
        assert ask(here, "GET", first["id"])[0] == 200
        assert (
            here.call("PUT", f"{CONSTRAINTS}/{new_id()}", constraint(spot), scopes=(CM, SC)).status_code
            == 201
        )
