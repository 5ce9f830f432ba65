"""Operational intent references over HTTP: every status of every operation, bodies as the interface file."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.http.serving import changed
from tests.http.standards.standing import (
    AA,
    AVAILABILITY,
    CP,
    INTENTS,
    SA,
    SC,
    SUBSCRIPTIONS,
    URL,
    Standing,
    at,
    intent,
    new_id,
    place,
    query,
    standing,
    volume,
)

HIDDEN = "Available from USS"
NEW = {"new_subscription": {"uss_base_url": URL}}


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standing]:
    with standing(tmp_path_factory.mktemp("standing")) as one:
        yield one


def put(here: Standing, body: Any, id: str | None = None, **how: Any) -> tuple[int, dict[str, Any]]:
    answer = here.call("PUT", f"{INTENTS}/{id or new_id()}", body, **how)
    return answer.status_code, answer.json()


# --- 201, 200


def test_201_for_a_new_one(here: Standing) -> None:
    id, spot = new_id(), place()
    status, told = put(here, intent(spot), id)
    assert status == 201
    reference = told["operational_intent_reference"]
    assert told["subscribers"] == []
    assert re.fullmatch(r"[A-Za-z0-9._~-]{16,128}", reference.pop("ovn"))
    assert reference == {
        "id": id,
        "manager": "uss1",
        "uss_availability": "Unknown",
        "version": 1,
        "state": "Accepted",
        "time_start": at(60),
        "time_end": at(3_600),
        "uss_base_url": URL,
        "subscription_id": "00000000-0000-4000-8000-000000000000",
    }


def test_200_for_a_change_with_a_new_ovn_and_version(here: Standing) -> None:
    spot = place()
    first = here.file_intent(spot=spot)
    answer = here.call("PUT", f"{INTENTS}/{first['id']}/{first['ovn']}", intent(spot, end_s=7_200))
    assert answer.status_code == 200
    second = answer.json()["operational_intent_reference"]
    assert (second["version"], second["time_end"]) == (2, at(7_200))
    assert second["ovn"] != first["ovn"]
    assert here.call("GET", f"{INTENTS}/{first['id']}").json() == {"operational_intent_reference": second}


def test_200_for_an_end_which_shows_what_it_was(here: Standing) -> None:
    first = here.file_intent()
    answer = here.call("DELETE", f"{INTENTS}/{first['id']}/{first['ovn']}")
    assert answer.status_code == 200
    assert answer.json() == {"operational_intent_reference": first, "subscribers": []}
    assert here.call("GET", f"{INTENTS}/{first['id']}").status_code == 404


def test_200_for_a_query_of_what_is_there(here: Standing) -> None:
    spot = place()
    here.file_intent(spot=spot)
    low = here.call("POST", f"{INTENTS}/query", query(spot))
    assert [one["manager"] for one in low.json()["operational_intent_references"]] == ["uss1"]
    for bounds in ({"lower_m": 201.0, "upper_m": 300.0}, {"start_s": 3_601, "end_s": 4_000}):
        none = here.call("POST", f"{INTENTS}/query", query(spot, **bounds))
        assert none.json() == {"operational_intent_references": []}


@pytest.mark.parametrize(
    "bounds",
    [
        {"start_s": None, "end_s": None},
        {"start_s": None},
        {"end_s": None},
        {"lower_m": None, "upper_m": None},
        {"start_s": 3_600, "end_s": 3_600},
        {"lower_m": 200.0},
    ],
    ids=str,
)
def test_missing_bounds_are_none_and_ends_count(here: Standing, bounds: dict[str, Any]) -> None:
    spot = place()
    here.file_intent(spot=spot)
    found = here.call("POST", f"{INTENTS}/query", query(spot, **bounds))
    assert len(found.json()["operational_intent_references"]) == 1


def test_a_query_wholly_in_the_past_is_fine(here: Standing) -> None:
    assert (
        here.call("POST", f"{INTENTS}/query", query(place(), start_s=-9_000, end_s=-8_000)).status_code == 200
    )


def test_ovns_are_shown_to_the_manager_alone(here: Standing) -> None:
    spot = place()
    mine = here.file_intent(spot=spot)
    one = here.call("GET", f"{INTENTS}/{mine['id']}", sub="uss2").json()["operational_intent_reference"]
    found = here.call("POST", f"{INTENTS}/query", query(spot), sub="uss2").json()
    assert one == mine | {"ovn": HIDDEN}
    assert found["operational_intent_references"] == [one]


def test_ids_are_answered_in_dashed_lower_case(here: Standing) -> None:
    id = new_id()
    made = here.file_intent(id.replace("-", "").upper())
    assert made["id"] == id
    assert here.call("GET", f"{INTENTS}/{id.upper()}").json()["operational_intent_reference"] == made


def test_times_come_back_to_the_microsecond_in_utc(here: Standing) -> None:
    body = intent()
    body["extents"][0]["time_start"]["value"] = "2026-06-01T10:01:02.123456+02:00"
    _, told = put(here, body)
    value = told["operational_intent_reference"]["time_start"]["value"]
    assert value == "2026-06-01T08:01:02.123456Z"


def test_unknown_fields_are_ignored_and_null_is_left_out(here: Standing) -> None:
    body = intent(
        more={"old_version": 0, "request_id": "1", "subscription_id": None, "new_subscription": None}
    )
    body["extents"][0]["volume"]["outline_polygon"] = None
    body["extents"][0]["flavour"] = {"deep": [1, 2]}
    assert put(here, body | {"key": None})[0] == 201


def test_an_empty_subscription_id_is_none(here: Standing) -> None:
    assert put(here, intent(more={"subscription_id": ""}))[0] == 201


def test_a_start_in_the_past_is_fine(here: Standing) -> None:
    assert put(here, intent(start_s=-7_200))[0] == 201


def test_extents_are_one_box(here: Standing) -> None:
    one, other = place(), place()
    body = intent(one)
    body["extents"].append(volume(other, lower_m=300.0, upper_m=400.0, start_s=4_000, end_s=5_000))
    _, told = put(here, body)
    reference = told["operational_intent_reference"]
    assert (reference["time_start"], reference["time_end"]) == (at(60), at(5_000))
    found = here.call(
        "POST", f"{INTENTS}/query", query(one, lower_m=400.0, upper_m=500.0, start_s=5_000, end_s=6_000)
    )
    assert [each["id"] for each in found.json()["operational_intent_references"]] == [reference["id"]]


def test_new_subscriptions_are_made_and_go_with_the_intent(here: Standing) -> None:
    spot = place()
    status, told = put(here, intent(spot, more=NEW))
    assert status == 201
    reference = told["operational_intent_reference"]
    id = reference["subscription_id"]
    assert told["subscribers"] == [
        {"uss_base_url": URL, "subscriptions": [{"subscription_id": id, "notification_index": 1}]}
    ]
    implicit = here.call("GET", f"{SUBSCRIPTIONS}/{id}").json()["subscription"]
    assert implicit["implicit_subscription"]
    assert implicit["dependent_operational_intents"] == [reference["id"]]
    assert (implicit["time_start"], implicit["time_end"]) == (at(60), at(3_600))
    gone = here.call("DELETE", f"{INTENTS}/{reference['id']}/{reference['ovn']}").json()
    assert [one["uss_base_url"] for one in gone["subscribers"]] == [URL]
    assert here.call("GET", f"{SUBSCRIPTIONS}/{id}").status_code == 404


@pytest.mark.parametrize("state", ["Activated", "Nonconforming", "Contingent", "Accepted"])
def test_states_may_follow_in_any_order(here: Standing, state: str) -> None:
    spot = place()
    first = here.file_intent(spot=spot)
    scopes = (SA,) if state in ("Nonconforming", "Contingent") else (SC,)
    answer = here.call(
        "PUT", f"{INTENTS}/{first['id']}/{first['ovn']}", intent(spot, state=state, more=NEW), scopes=scopes
    )
    assert answer.status_code == 200
    reference = answer.json()["operational_intent_reference"]
    assert reference["state"] == state
    again = here.call("PUT", f"{INTENTS}/{first['id']}/{reference['ovn']}", intent(spot))
    assert again.json()["operational_intent_reference"]["state"] == "Accepted"


def test_a_wished_ovn_is_given(here: Standing) -> None:
    ms = int(here.now.timestamp() * 1_000)
    suffix = f"{ms >> 16:08x}-{ms & 0xFFFF:04x}-7abc-8def-0123456789ab"
    id = new_id()
    _, told = put(here, intent(more={"requested_ovn_suffix": suffix}), id)
    assert told["operational_intent_reference"]["ovn"] == f"{id}_{suffix}"
    for wrong in (
        "x",
        new_id(),
        f"{(ms - 400_000) >> 16:08x}-0000-7abc-8def-0123456789ab",
        "f" * 8 + suffix[8:],
    ):
        assert put(here, intent(more={"requested_ovn_suffix": wrong}))[0] == 400


# --- 403


@pytest.mark.parametrize("state", ["Nonconforming", "Contingent"])
def test_403_for_an_off_nominal_state_without_its_scope(here: Standing, state: str) -> None:
    spot = place()
    first = here.file_intent(spot=spot)
    path = f"{INTENTS}/{first['id']}/{first['ovn']}"
    body = intent(spot, state=state, more=NEW)
    assert here.call("PUT", path, body).status_code == 403
    assert here.call("PUT", path, changed(body, "uss_base_url", "")).status_code == 400
    assert here.call("PUT", f"{INTENTS}/{first['id']}/{'x' * 32}", body).status_code == 403


def test_403_for_another_managers(here: Standing) -> None:
    spot = place()
    first = here.file_intent(spot=spot)
    path = f"{INTENTS}/{first['id']}/{first['ovn']}"
    assert here.call("PUT", path, intent(spot), sub="uss2").status_code == 403
    assert here.call("DELETE", path, sub="uss2").status_code == 403
    assert here.call("PUT", f"{INTENTS}/{first['id']}", intent(spot), sub="uss2").status_code == 403
    assert here.call("GET", f"{INTENTS}/{first['id']}").json()["operational_intent_reference"] == first


def test_403_for_another_managers_subscription(here: Standing) -> None:
    spot = place()
    id = here.subscribe(spot=spot, sub="uss2")["id"]
    assert put(here, intent(spot, more={"subscription_id": id}))[0] == 403


# --- 404


def test_404_for_what_there_is_not(here: Standing) -> None:
    assert here.call("GET", f"{INTENTS}/{new_id()}").status_code == 404
    assert here.call("DELETE", f"{INTENTS}/{new_id()}/{'x' * 32}").status_code == 404


# --- 409


def test_409_for_a_version_that_is_not_the_current_one_has_a_message_alone(here: Standing) -> None:
    spot = place()
    first = here.file_intent(spot=spot)
    here.call("PUT", f"{INTENTS}/{first['id']}/{first['ovn']}", intent(spot))
    for method, path, body in (
        ("PUT", f"{INTENTS}/{first['id']}/{first['ovn']}", intent(spot)),
        ("PUT", f"{INTENTS}/{first['id']}", intent(spot)),
        ("DELETE", f"{INTENTS}/{first['id']}/{first['ovn']}", None),
    ):
        answer = here.call(method, path, body)
        assert answer.status_code == 409
        assert set(answer.json()) == {"message"}


def test_409_lists_what_the_key_lacks_and_leaves_nothing_behind(here: Standing) -> None:
    spot = place()
    mine = here.file_intent(spot=spot)
    watch = here.subscribe(spot=spot, sub="uss3")
    theirs = here.call("PUT", f"{INTENTS}/{new_id()}", intent(spot, more={"key": [mine["ovn"]]}), sub="uss2")
    assert theirs.status_code == 201
    reference = theirs.json()["operational_intent_reference"]
    before = here.call("GET", f"{SUBSCRIPTIONS}/{watch['id']}", sub="uss3").json()
    area = query(spot)
    held = here.call("POST", f"{SUBSCRIPTIONS}/query", area).json()
    id = new_id()
    status, told = put(here, intent(spot, more=NEW | {"key": ["x" * 32]}), id)
    assert status == 409
    assert set(told) == {"message", "missing_operational_intents"}
    missing = sorted(told["missing_operational_intents"], key=lambda one: str(one["manager"]))
    assert missing == [mine, reference | {"ovn": HIDDEN}]
    assert here.call("GET", f"{INTENTS}/{id}").status_code == 404
    assert here.call("GET", f"{SUBSCRIPTIONS}/{watch['id']}", sub="uss3").json() == before
    assert here.call("POST", f"{SUBSCRIPTIONS}/query", area).json() == held
    status, _ = put(here, intent(spot, more={"key": ["stale" * 8, mine["ovn"], reference["ovn"]]}), id)
    assert status == 201


def test_409_lists_constraints_where_the_subscription_is_for_them(here: Standing) -> None:
    spot = place()
    closed = here.file_constraint(spot=spot, sub="uss2")
    asks = {"new_subscription": {"uss_base_url": URL, "notify_for_constraints": True}}
    status, told = put(here, intent(spot, more=asks), scopes=(SC, CP))
    assert status == 409
    assert set(told) == {"message", "missing_constraints"}
    assert told["missing_constraints"] == [closed | {"ovn": HIDDEN}]
    assert put(here, intent(spot, more=asks | {"key": [closed["ovn"]]}))[0] == 201


def test_no_key_is_needed_off_nominal(here: Standing) -> None:
    spot = place()
    mine = here.file_intent(spot=spot)
    put(here, intent(spot, more={"key": [mine["ovn"]]}), sub="uss2")
    body = intent(spot, state="Nonconforming", more=NEW)
    answer = here.call("PUT", f"{INTENTS}/{mine['id']}/{mine['ovn']}", body, scopes=(SA,))
    assert answer.status_code == 200


# --- 412


def test_412_for_a_uss_that_is_down(here: Standing) -> None:
    spot, sub = place(), "fallen"
    first = here.file_intent(spot=spot, sub=sub)
    path = f"{INTENTS}/{first['id']}/{first['ovn']}"
    down = {"availability": "Down", "old_version": ""}
    here.call("PUT", f"{AVAILABILITY}/{sub}", down, sub="arbiter", scopes=(AA,))
    shown = here.call("GET", f"{INTENTS}/{first['id']}", sub="uss2").json()["operational_intent_reference"]
    assert shown["uss_availability"] == "Down"
    for method, url, body in (
        ("PUT", f"{INTENTS}/{new_id()}", intent()),
        ("PUT", path, intent(spot)),
        ("DELETE", path, None),
    ):
        assert here.call(method, url, body, sub=sub).status_code == 412
    emergency = intent(spot, state="Contingent", more=NEW)
    assert here.call("PUT", path, emergency, sub=sub, scopes=(SA,)).status_code == 200


# --- 413


def test_413_for_more_than_is_taken_at_once(here: Standing) -> None:
    many = intent(start_s=60)
    many["extents"] = many["extents"] * 1_001
    assert put(here, many)[0] == 413
    wide = intent()
    wide["extents"] = [volume((lat, 10.0), radius_m=100_000.0) for lat in range(-60, 60, 4)]
    assert put(here, wide)[0] == 413


def test_413_for_a_search_that_would_be_cut_short(here: Standing, monkeypatch: pytest.MonkeyPatch) -> None:
    spot = place()
    first = here.file_intent(spot=spot)
    here.file_intent(spot=spot, more={"key": [first["ovn"]]})
    monkeypatch.setattr("comity.exchange.dss.MOST_FOUND", 1)
    answer = here.call("POST", f"{INTENTS}/query", query(spot))
    assert answer.status_code == 413
    assert set(answer.json()) == {"message"}


def test_many_extents_are_one_box_as_few_are(here: Standing) -> None:
    spot, wide = place(), intent()
    wide["extents"] = [volume((spot[0] + k / 1_000, spot[1]), end_s=3_600 + k) for k in range(40)]
    status, told = put(here, wide)
    assert status == 201
    assert told["operational_intent_reference"]["time_end"] == at(3_639)
    wide["extents"][33]["volume"]["outline_circle"]["radius"]["value"] = 0
    assert put(here, wide)[0] == 400
