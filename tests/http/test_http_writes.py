"""Writes over HTTP: idempotency, signed commands, answers, and the client library against the real server."""

from __future__ import annotations

import base64
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from comity.client import Client
from comity.model.altitude import Altitude, Datum
from comity.model.observation import Report
from comity.model.participant import Person, SigningKey
from comity.model.rule import Level, ToParticipant
from comity.wire.signing import CommandText, sign
from tests.http.serving import INTENT, Served, changed, serving
from tests.world import NORTH, SOUTH, START, levels, person, volume


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Served]:
    with serving(tmp_path) as one:
        yield one


def test_a_retried_request_is_one_intent(served: Served) -> None:
    with served.client("north") as north:
        key = served.key()
        first = north.post("/v1/intents", json=INTENT, headers=key)
        again = north.post("/v1/intents", json=INTENT, headers=key)
        assert (first.status_code, again.status_code) == (201, 201)
        assert first.json()["result"] == again.json()["result"]
        assert first.json()["receipt"] == again.json()["receipt"]
        other = north.post("/v1/intents", json=changed(INTENT, "crewed", False), headers=key)
        assert (other.status_code, other.json()["code"]) == (409, "request_id_reused")
        assert len(north.get("/v1/intents").json()["items"]) == 1


def test_one_key_for_two_deletions_is_refused(served: Served) -> None:
    with served.client("north") as north:
        two = [
            served.put(north, "/v1/intents", changed(INTENT, "volumes.0.outline.centre.lat", lat)).json()[
                "result"
            ]
            for lat in (47.0, 48.0)
        ]
        key = served.key()
        first = north.delete(f"/v1/intents/{two[0]['ref']}", params={"ovn": two[0]["ovn"]}, headers=key)
        second = north.delete(f"/v1/intents/{two[1]['ref']}", params={"ovn": two[1]["ovn"]}, headers=key)
        assert first.json()["result"]["state"] == "Ended"
        assert second.json()["code"] == "request_id_reused"
        assert north.get(f"/v1/intents/{two[1]['ref']}").json()["state"] == "Accepted"


def test_a_conflict_names_what_is_in_the_way_as_released(served: Served) -> None:
    served.run(served.world.release(NORTH, SOUTH, levels(intent=Level.VOLUME)))
    with served.client("north") as north, served.client("south") as south:
        filed = served.put(north, "/v1/intents", INTENT).json()["result"]
        refused = served.put(south, "/v1/intents", INTENT)
        assert (refused.status_code, refused.json()["code"]) == (409, "strategic_conflict")
        (conflict,) = refused.json()["detail"]["conflicts"]
        assert conflict["item"]["level"] == "volume"
        assert filed["ref"] not in refused.text
        assert "north" not in refused.text
        over = changed(INTENT, "accept_conflicts", [conflict["item"]["ref"]])
        answer = served.put(south, "/v1/intents", over)
        assert answer.status_code == 201
        assert "clear" in answer.json()["clearance"]["checked"] or answer.json()["clearance"]["checked"]


KEY = Ed25519PrivateKey.generate()
Signing = tuple[Served, httpx.Client, bytes]


def signed_headers(served: Served, sent: bytes, **changes: Any) -> dict[str, str]:
    now = served.clock.now() + changes.pop("late", timedelta(0))
    fields: dict[str, Any] = {
        "exchange": "test-exchange",
        "participant": "north",
        "person": "desk",
        "request_id": "signed-request",
        "method": "POST",
        "target": "/v1/intents",
        "signed_at": now.isoformat(),
        "body": sent,
    }
    key = changes.pop("key", KEY)
    made = sign(CommandText(**(fields | changes)), "laptop", key)
    return {
        "Idempotency-Key": "signed-request",
        "Comity-Signature": made.signature,
        "Comity-Key-Id": made.key_id,
        "Comity-Signed-At": now.isoformat(),
        "Content-Type": "application/json",
    }


@pytest.fixture
def signing(tmp_path: Path) -> Iterator[Signing]:
    with serving(tmp_path) as served, served.client("north") as north:
        public = base64.b64encode(KEY.public_key().public_bytes_raw()).decode()
        record = {
            "name": "The desk",
            "roles": list(person(NORTH).roles),
            "signing_keys": [{"key_id": "laptop", "public_key": public}],
        }
        assert served.put(north, "/v1/people/north/desk", record, "PUT").status_code == 200
        with served.client("centre") as centre:
            charter = centre.get("/v1/charter").json()
            charter |= {"signed_commands": True, "version": charter["version"] + 1}
            assert served.put(centre, "/v1/charter", charter, "PUT").status_code == 200
        yield served, north, httpx.Request("POST", "http://x", json=INTENT).content


def test_where_the_charter_asks_for_it_commands_are_signed(
    signing: Signing,
) -> None:
    served, north, body = signing
    plain = served.put(north, "/v1/intents", INTENT)
    assert (plain.status_code, plain.json()["code"]) == (403, "not_permitted")
    headers = signed_headers(served, body)
    assert north.post("/v1/intents", content=body, headers=headers).status_code == 201


@pytest.mark.parametrize(
    "changes",
    [
        {"exchange": "another-exchange"},
        {"participant": "south"},
        {"person": "admin"},
        {"request_id": "another-request"},
        {"method": "PUT"},
        {"target": "/v1/intents?x=1"},
        {"body": b"{}"},
        {"key": Ed25519PrivateKey.generate()},
    ],
    ids=lambda changes: next(iter(changes)),
)
def test_a_signature_cannot_be_moved(signing: Signing, changes: Any) -> None:
    served, north, body = signing
    answer = north.post("/v1/intents", content=body, headers=signed_headers(served, body, **changes))
    assert (answer.status_code, answer.json()["code"]) == (403, "not_permitted")
    assert north.get("/v1/intents").json()["items"] == []


def test_a_malformed_signature_names_its_header(signing: Signing) -> None:
    served, north, body = signing
    good = signed_headers(served, body)
    for header, value in (
        ("Comity-Signature", "not base64!"),
        ("Comity-Signature", "AAAA"),
        ("Comity-Key-Id", None),
        ("Comity-Signed-At", "noon"),
        ("Comity-Signed-At", "2026-06-01T08:00:00"),
    ):
        headers = {name: text for name, text in (good | {header: value}).items() if text is not None}
        answer = north.post("/v1/intents", content=body, headers=headers)
        assert (answer.status_code, answer.json()["field"]) == (400, header)
    late = signed_headers(served, body, late=timedelta(seconds=-301))
    answer = north.post("/v1/intents", content=body, headers=late)
    assert (answer.status_code, answer.json()["field"]) == (400, "Comity-Signed-At")


def test_the_client_library_reads_everything_that_the_server_answers(served: Served) -> None:
    south_sees = levels(intent=Level.VOLUME, constraint=Level.RESERVED)
    with (
        Client(served.server.url, served.token("north"), clock=served.clock) as north,
        Client(served.server.url, served.token("south"), clock=served.clock) as south,
        Client(served.server.url, served.token("centre"), clock=served.clock) as centre,
    ):
        assert north.whoami().participant == "north"
        assert north.healthy()
        rule = north.set_rule(ToParticipant(SOUTH), south_sees).result
        filed = north.file_intent((volume(),), category="rotorcraft", crewed=True).result
        north.publish_constraint((volume(48.0),), kind="closed", designator="R1")
        assert {item.level for item in south.airspace().items} == {"volume", "reserved"}
        seen = north.what_others_see(recipient="south")
        assert {one.recipient for one in seen} == {"south"}
        assert filed.ovn is not None
        north.change_intent(filed.ref, filed.ovn, state="Activated")
        assert north.intent(filed.ref).state == "Activated"
        assert [page.more for page in south.changes()] == [False]
        report = Report("4b1814", START, 47.0, 11.0, Altitude(1000.0, Datum.W84))
        assert north.report("own-feed", "own", [report]).accepted == 1
        served.advance(1)
        assert len(north.picture().tracks) == 1
        assert north.rules() == (rule,)
        group = north.set_group("friends", ["south"]).result
        assert group in north.groups()
        north.remove_group("friends", group.ovn)
        north.withdraw_rule(rule.id, rule.ovn)
        assert south.airspace().items == ()
        assert [one.id for one in centre.participants()] == ["centre", "north", "south"]
        assert [one.id for one in north.people()] == ["desk"]
        north.put_person(
            Person(
                person(NORTH).id, NORTH, "Renamed", person(NORTH).roles, (SigningKey("k1", "A" * 43 + "="),)
            )
        )
        assert north.people()[0].name == "Renamed"
        assert north.charter().version == 1
        assert north.log.entries(0, 3)
        assert centre.tree.entries(0, 3)
        assert centre.operator_health()["token_keys"] == "ok"
