"""The USS's operations over HTTP: every status of each, every body as the interface file has it.

``Standing.call`` holds each answer to the file; here is what the file does not say.
"""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from typing import Any

import pytest

from comity.model.constraint import ConstraintKind
from comity.model.f3548 import peer
from comity.model.intent import IntentState
from comity.model.rule import Level
from tests.http.serving import changed
from tests.http.standards.standing import AA, CM, CP, SA, SC, at, new_id
from tests.uss.hosted import (
    CONSTRAINTS,
    INTENTS,
    LOG_SETS,
    REPORTS,
    Hosted,
    constraint_notice,
    gone,
    hosted,
    notice,
)
from tests.uss.telling import form
from tests.world import volume

Json = dict[str, Any]


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Hosted]:
    with hosted(tmp_path_factory.mktemp("hosted")) as one:
        one.release()
        yield one


_spots = iter(range(1, 1_000))


def spot(**how: Any) -> Any:
    """A volume half a degree from every other test's."""
    number = next(_spots)
    return volume(lat=-60.0 + number / 2, lon=30.0, **how)


# --- details of operational intents


def test_200_with_the_ovn_and_the_exact_volumes(here: Hosted) -> None:
    one = spot()
    item = here.file(one)
    reference = here.reference(item)
    answer = here.call("GET", f"{INTENTS}/{reference.id}")
    assert answer.status_code == 200
    told = answer.json()["operational_intent"]
    assert told["reference"]["ovn"] == reference.ovn
    assert told["reference"]["manager"] == "comity"
    assert told["reference"]["uss_base_url"] == "https://exchange.example"
    assert told["details"] == {"volumes": [form(one)], "off_nominal_volumes": [], "priority": 0}
    assert "north" not in answer.text
    assert item.ref not in answer.text


def test_off_nominal_intents_have_their_volumes_where_the_standard_wants_them(here: Hosted) -> None:
    one, other = spot(), spot()
    item = here.become(here.file(one), IntentState.ACTIVATED)
    path = f"{INTENTS}/{here.reference(item).id}"
    item = here.become(item, IntentState.NONCONFORMING, other)
    details = here.call("GET", path).json()["operational_intent"]["details"]
    assert details["off_nominal_volumes"] == [form(other)]
    assert details["volumes"] == [form(one)]
    here.become(item, IntentState.CONTINGENT)
    details = here.call("GET", path).json()["operational_intent"]["details"]
    assert (details["volumes"], details["off_nominal_volumes"]) == ([], [form(other)])


@pytest.mark.parametrize("id", ["not-an-id", "00000000-0000-1000-8000-000000000000", "%20"])
@pytest.mark.parametrize(
    ("path", "scope"),
    [(f"{INTENTS}/{{}}", SC), (f"{INTENTS}/{{}}/telemetry", SA), (f"{CONSTRAINTS}/{{}}", CP)],
)
def test_400_for_an_id_that_is_none(here: Hosted, path: str, scope: str, id: str) -> None:
    assert here.call("GET", path.format(id), scopes=(scope,)).status_code == 400


@pytest.mark.parametrize(
    ("path", "scope"),
    [(f"{INTENTS}/{{}}", SC), (f"{INTENTS}/{{}}/telemetry", SA), (f"{CONSTRAINTS}/{{}}", CP)],
)
def test_404_for_what_is_not_there_or_a_peers(here: Hosted, path: str, scope: str) -> None:
    peers = here.peers_reference(spot())["id"], here.peers_constraint(spot())["id"]
    for id in (new_id(), *peers):
        assert here.call("GET", path.format(id), scopes=(scope,)).status_code == 404


def test_404_alike_for_what_is_not_released_and_what_is_not_there(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    with hosted(tmp_path_factory.mktemp("hidden")) as here:
        rule = here.release()
        item = here.file(spot())
        id = here.reference(item).id
        assert here.call("GET", f"{INTENTS}/{id}").status_code == 200
        before = here.call("GET", f"{INTENTS}/{new_id()}")
        here.withdraw(rule)
        hidden = here.call("GET", f"{INTENTS}/{id}")
        assert (hidden.status_code, hidden.content) == (404, before.content)


@pytest.mark.parametrize(
    ("method", "path", "scopes"),
    [
        ("GET", f"{INTENTS}/{{}}", {SC}),
        ("GET", f"{INTENTS}/{{}}/telemetry", {SA}),
        ("POST", INTENTS, {SC}),
        ("GET", f"{CONSTRAINTS}/{{}}", {CP}),
        ("POST", CONSTRAINTS, {CM}),
        ("POST", REPORTS, {SC, CP, CM, SA, AA}),
    ],
)
def test_401_without_a_token_and_403_without_a_scope(
    here: Hosted, method: str, path: str, scopes: set[str]
) -> None:
    path = path.format(new_id())
    bare = here.dss.http.request(method, path)
    assert bare.status_code == 401
    assert list(bare.json()) == ["message"]
    for scope in (SC, SA, CM, CP, AA, "rid.display_provider"):
        body = b"not json" if method == "POST" else None
        status = here.call(method, path, body, scopes=(scope,)).status_code
        assert (status == 403) == (scope not in scopes), scope
        assert status in (400, 403, 404)


def test_coarse_details_contain_the_exact_ones_and_say_no_more(
    tmp_path_factory: pytest.TempPathFactory,
) -> None:
    with hosted(tmp_path_factory.mktemp("coarse")) as here:
        here.release(Level.RESERVED, Level.RESERVED)
        one = volume()
        intent = here.file(one)
        told = here.call("GET", f"{INTENTS}/{here.reference(intent).id}").json()["operational_intent"]
        cells = told["details"]["volumes"]
        for cell in cells:
            assert cell["volume"]["altitude_lower"]["value"] == 1_000.0
            assert cell["volume"]["altitude_upper"]["value"] == 2_000.0
            assert cell["time_start"]["value"] == "2026-06-01T08:00:00Z"
            assert cell["time_end"]["value"] == "2026-06-01T09:30:00Z"
            assert len(cell["volume"]["outline_polygon"]["vertices"]) == 4
        constraint = here.publish(ConstraintKind.CLOSED, one)
        path = f"{CONSTRAINTS}/{here.constraint_reference(constraint).id}"
        details = here.call("GET", path, scopes=(CP,)).json()["constraint"]["details"]
        assert details == {"volumes": cells}


def test_what_a_uss_got_is_in_the_recording_of_what_was_released(here: Hosted) -> None:
    item = here.file(spot())
    id = here.reference(item).id
    recorder, who = here.world.exchange.recorder, peer("uss-reader")
    for _ in range(2):
        told = here.call("GET", f"{INTENTS}/{id}", sub="uss-reader").content
    (closed,) = here.served.call(lambda: [one for one in recorder.close_all() if one.recipient == who])
    (line,) = [json.loads(line) for line in recorder.read(who, closed.segment)]
    assert (line["what"], line["ref"], line["level"]) == ("item", id, "volume")
    assert (line["owner"], line["entity"]) == ("north", item.ref)
    form = told.removeprefix(b'{"operational_intent":').removesuffix(b"}")
    assert line["form_sha256"] == recorder.form_digest(form)


# --- telemetry


@pytest.mark.parametrize("state", [IntentState.ACCEPTED, IntentState.ACTIVATED])
def test_409_where_a_state_provides_no_telemetry(here: Hosted, state: IntentState) -> None:
    item = here.file(spot())
    if state is IntentState.ACTIVATED:
        item = here.become(item, state)
    answer = here.call("GET", f"{INTENTS}/{here.reference(item).id}/telemetry", scopes=(SA,))
    assert answer.status_code == 409
    assert str(state) in answer.json()["message"]


# --- notifications


def test_204_for_a_peers_intent_and_its_details_are_known(here: Hosted) -> None:
    one = spot()
    reference = here.peers_reference(one)
    answer = here.call("POST", INTENTS, notice(reference, one))
    assert answer.status_code == 204
    assert answer.content == b""
    again = here.call("POST", INTENTS, notice(reference, one))
    assert again.status_code == 204
    assert here.call("POST", INTENTS, gone(reference["id"])).status_code == 204


def test_204_for_an_entity_that_the_dss_does_not_have(here: Hosted) -> None:
    reference = here.peers_reference(spot())
    unknown = reference | {"id": new_id()}
    assert here.call("POST", INTENTS, notice(unknown, spot())).status_code == 204
    assert here.call("POST", INTENTS, gone(new_id())).status_code == 204


BROKEN = [
    ("operational_intent_id", ...),
    ("operational_intent_id", "no-id"),
    ("subscriptions", ...),
    ("subscriptions", []),
    ("subscriptions.0.subscription_id", ...),
    ("subscriptions.0.notification_index", -1),
    ("operational_intent.reference", ...),
    ("operational_intent.details", ...),
    ("operational_intent.reference.ovn", ...),
    ("operational_intent.reference.ovn", "Available from USS"),
    ("operational_intent.reference.ovn", "short"),
    ("operational_intent.reference.state", "Ended"),
    ("operational_intent.reference.id", "11111111-55b6-4d02-a1d9-0a1b2c3d4e5f"),
    ("operational_intent.details.volumes", []),
    ("operational_intent.details.volumes.0.time_end", ...),
    ("operational_intent.details.volumes.0.volume.altitude_lower", ...),
    ("operational_intent.details.volumes.0.volume.altitude_lower.units", "FT"),
    ("operational_intent.details.volumes.0.volume.outline_circle", ...),
    ("operational_intent.details.volumes.0.volume.outline_circle.center.lat", 89.0),
    ("operational_intent.details.volumes.0.volume.altitude_upper.value", 9_000.0),
]


@pytest.mark.parametrize(("path", "value"), BROKEN)
def test_400_for_a_notification_that_is_broken_or_contradicts(here: Hosted, path: str, value: Any) -> None:
    one = spot()
    reference = here.peers_reference(one)
    body = changed(json.loads(json.dumps(notice(reference, one), default=str)), path, value)
    assert here.call("POST", INTENTS, body).status_code == 400
    assert here.call("POST", INTENTS, notice(reference, one)).status_code == 204


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b"null", b"\xff"])
@pytest.mark.parametrize(("path", "scope"), [(INTENTS, SC), (CONSTRAINTS, CM), (REPORTS, SC)])
def test_400_for_a_body_that_is_none(here: Hosted, path: str, scope: str, body: bytes) -> None:
    assert here.call("POST", path, body, scopes=(scope,)).status_code == 400


def test_403_for_an_entity_of_another_manager(here: Hosted) -> None:
    one = spot()
    reference = here.peers_reference(one)
    assert here.call("POST", INTENTS, notice(reference, one), sub="uss2").status_code == 403
    assert here.call("POST", INTENTS, notice(reference, one, manager="uss2"), sub="uss2").status_code == 403
    assert here.call("POST", INTENTS, notice(reference, one, manager="uss2")).status_code == 403
    assert here.call("POST", INTENTS, gone(reference["id"]), sub="uss2").status_code == 403
    own = here.reference(here.file(spot()))
    assert here.call("POST", INTENTS, gone(own.id)).status_code == 403
    unknown = notice(reference | {"id": new_id()}, one)
    assert here.call("POST", INTENTS, unknown).status_code == 204
    assert here.call("POST", INTENTS, gone(unknown["operational_intent_id"]), sub="uss2").status_code == 403


def test_409_for_what_comes_late_or_says_otherwise(here: Hosted) -> None:
    one = spot()
    first = here.peers_reference(one)
    assert here.call("POST", INTENTS, notice(first, one)).status_code == 204
    second = here.peers_reference(one, id=first["id"], ovn=first["ovn"])
    assert here.call("POST", INTENTS, notice(second, one)).status_code == 204
    assert here.call("POST", INTENTS, notice(first, one)).status_code == 409
    other = changed(
        json.loads(json.dumps(notice(second, one), default=str)), "operational_intent.details.priority", 7
    )
    assert here.call("POST", INTENTS, other).status_code == 409
    assert here.call("POST", INTENTS, notice(second, one)).status_code == 204


@pytest.mark.parametrize("changes", [0, 1])
def test_an_entity_made_anew_begins_anew(here: Hosted, changes: int) -> None:
    one, other = spot(), spot()
    last = here.peers_reference(one)
    for _ in range(changes):
        last = here.peers_reference(one, id=last["id"], ovn=last["ovn"])
    assert here.call("POST", INTENTS, notice(last, one)).status_code == 204
    path = f"/dss/v1/operational_intent_references/{last['id']}/{last['ovn']}"
    assert here.call("DELETE", path).status_code == 200
    here.served.clock.advance(1.0)
    anew = here.peers_reference(other, id=last["id"])
    assert anew["version"] == 1
    assert here.call("POST", INTENTS, notice(anew, other)).status_code == 204
    here.call("POST", INTENTS, notice(last, one))
    assert here.call("POST", INTENTS, notice(anew, other)).status_code == 204


def test_a_late_notification_of_an_earlier_version_is_taken_and_not_relied_on(here: Hosted) -> None:
    one = spot()
    first = here.peers_reference(one)
    here.peers_reference(one, id=first["id"], ovn=first["ovn"])
    assert here.call("POST", INTENTS, notice(first, one)).status_code == 204


# --- constraints


def test_200_for_a_constraints_details(here: Hosted) -> None:
    one = spot()
    item = here.publish(ConstraintKind.CLOSED, one)
    reference = here.constraint_reference(item)
    answer = here.call("GET", f"{CONSTRAINTS}/{reference.id}", scopes=(CP,))
    assert answer.status_code == 200
    told = answer.json()["constraint"]
    assert told["reference"]["ovn"] == reference.ovn
    assert told["details"] == {"volumes": [form(one)], "type": "comity.constraint.closed"}
    assert "EX-R1" not in answer.text


def test_204_for_a_peers_constraint(here: Hosted) -> None:
    one = spot()
    reference = here.peers_constraint(one)
    assert here.call("POST", CONSTRAINTS, constraint_notice(reference, one), scopes=(CM,)).status_code == 204
    deleted = {"constraint_id": reference["id"], "subscriptions": gone(reference["id"])["subscriptions"]}
    assert here.call("POST", CONSTRAINTS, deleted, scopes=(CM,)).status_code == 204


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("constraint_id", ...),
        ("subscriptions", []),
        ("constraint.reference.ovn", ...),
        ("constraint.details.volumes", []),
        ("constraint.details.volumes.0.time_start", ...),
        ("constraint.details.volumes.0.volume.outline_circle.center.lat", 89.0),
    ],
)
def test_400_for_a_constraint_that_is_broken_or_contradicts(here: Hosted, path: str, value: Any) -> None:
    one = spot()
    body = json.loads(json.dumps(constraint_notice(here.peers_constraint(one), one), default=str))
    assert here.call("POST", CONSTRAINTS, changed(body, path, value), scopes=(CM,)).status_code == 400


def test_403_and_409_for_constraints_likewise(here: Hosted) -> None:
    one = spot()
    body = constraint_notice(here.peers_constraint(one), one)
    assert here.call("POST", CONSTRAINTS, body, sub="uss2", scopes=(CM,)).status_code == 403
    assert here.call("POST", CONSTRAINTS, body, scopes=(CM,)).status_code == 204
    other = changed(json.loads(json.dumps(body, default=str)), "constraint.details.type", "com.other")
    assert here.call("POST", CONSTRAINTS, other, scopes=(CM,)).status_code == 409


# --- reports and logs

REPORT: Json = {
    "exchange": {
        "url": "https://exchange.example/uss/v1/operational_intents",
        "method": "POST",
        "headers": ["Authorization: Bearer x"],
        "recorder_role": "Client",
        "request_time": at(0),
        "request_source": "uss1",
        "response_code": 500,
        "problem": "it failed",
    }
}


@pytest.mark.parametrize("scope", [SC, CP, CM, SA, AA])
def test_201_for_a_report_with_an_id(here: Hosted, scope: str) -> None:
    answer = here.call("POST", REPORTS, REPORT, scopes=(scope,))
    assert answer.status_code == 201
    told = answer.json()
    assert 0 < len(told["report_id"]) <= 128
    assert told["exchange"]["problem"] == "it failed"


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("exchange", ...),
        ("exchange", []),
        ("exchange.url", ...),
        ("exchange.method", 3),
        ("exchange.recorder_role", "Judge"),
        ("exchange.request_time", "now"),
    ],
)
def test_400_for_a_report_that_is_none(here: Hosted, path: str, value: Any) -> None:
    assert here.call("POST", REPORTS, changed(REPORT, path, value)).status_code == 400


def log_set(here: Hosted, id: str, sub: str) -> Any:
    """The file has 200 alone for it, and says that a USS need not have it."""
    return here.dss.http.get(f"{LOG_SETS}/{id}", headers=here.dss.bearer(sub, SC))


def test_a_peer_gets_what_was_exchanged_with_itself_and_nothing_of_others(here: Hosted) -> None:
    one = spot()
    assert log_set(here, "exchanges", "uss-new").json() == {"messages": []}
    reference = here.peers_reference(one)
    here.call("POST", INTENTS, notice(reference, one))
    here.call("POST", INTENTS, notice(reference, one), sub="uss-new")
    here.call("GET", f"{INTENTS}/{new_id()}", sub="uss-new")
    for id in ("exchanges", "uss-new"):
        answer = log_set(here, id, "uss-new")
        assert answer.status_code == 200
        problems = here.dss.file.problems({"$ref": "#/components/schemas/USSLogSet"}, answer.json())
        assert not problems, problems
    told = answer.json()["messages"]
    assert {each["request_source"] for each in told} == {"uss-new"}
    refused = next(each for each in told if each["method"] == "POST")
    assert (refused["response_code"], refused["recorder_role"]) == (403, "Server")
    assert "another USS" in refused["problem"]
    assert base64.b64decode(refused["request_body"]).startswith(b"sha256:")
    for id in ("uss1", "com.example.incident", "x"):
        assert log_set(here, id, "uss-new").status_code == 404


def test_what_is_remembered_of_a_uss_can_be_erased(here: Hosted) -> None:
    here.call("GET", f"{INTENTS}/{new_id()}", sub="uss-erased")
    assert log_set(here, "exchanges", "uss-erased").json()["messages"]
    here.served.call(lambda: here.world.exchange.hosting.erase(peer("uss-erased")))
    assert log_set(here, "exchanges", "uss-erased").json() == {"messages": []}


def test_429_for_one_that_asks_too_much(tmp_path_factory: pytest.TempPathFactory) -> None:
    extra = "reads_per_s = 1.0\nreads_burst = 1\nwrites_per_s = 1.0\nwrites_burst = 1\n"
    with hosted(tmp_path_factory.mktemp("quota"), extra) as here:
        for method, path, body, scope in (
            ("GET", f"{INTENTS}/{new_id()}", None, SC),
            ("GET", f"{INTENTS}/{new_id()}/telemetry", None, SA),
            ("GET", f"{CONSTRAINTS}/{new_id()}", None, CP),
            ("POST", INTENTS, {}, SC),
            ("POST", CONSTRAINTS, {}, CM),
            ("POST", REPORTS, {}, AA),
        ):
            statuses = {
                here.call(method, path, body, sub=scope, scopes=(scope,)).status_code for _ in range(3)
            }
            assert 429 in statuses, path
