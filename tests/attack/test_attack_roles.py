"""People who reach for more than they have: other participants' people, the centre's rights, other roles."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.http.serving import INTENT, Served, serving
from tests.world import NORTH

ALL_ROLES = ["duty_desk", "observer", "airspace_owner", "auditor", "administrator"]


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("roles")) as here:
        yield here


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "/v1/people/south/mallory", {"name": "Mallory", "roles": ALL_ROLES}),
        ("PUT", "/v1/people/centre/mallory", {"name": "Mallory", "roles": ALL_ROLES}),
        ("PUT", "/v1/people/centre/desk", {"name": "Mallory", "roles": ALL_ROLES}),
        ("DELETE", "/v1/people/south/desk", None),
        ("PUT", "/v1/participants/north", {"name": "North", "centre": True}),
        ("PUT", "/v1/participants/centre", {"name": "Gone", "centre": False}),
        ("PUT", "/v1/participants/south", {"name": "South", "suspended": True}),
        ("POST", "/v1/revocations", {"participant": "south", "person": "desk"}),
        ("POST", "/v1/erasures", {"owner": "south", "period": "2026-01"}),
        ("GET", "/v1/tree/checkpoint", None),
        ("GET", "/v1/operator/health", None),
        ("GET", "/metrics", None),
    ],
)
def test_an_administrator_of_a_participant_has_no_say_outside_it(
    served: Served, method: str, path: str, body: Any
) -> None:
    with served.client("north") as north, served.client("centre") as centre:
        before = centre.get("/v1/participants").json()
        answer = served.put(north, path, body, method)
        assert (answer.status_code, answer.json()["code"]) == (403, "not_permitted")
        assert centre.get("/v1/participants").json() == before


def test_an_observer_reads_and_cannot_make_itself_more(served: Served) -> None:
    with served.client("north") as north:
        watcher = {"name": "Watcher", "roles": ["observer"]}
        assert served.put(north, "/v1/people/north/watcher", watcher, "PUT").status_code == 201
    with served.client("north", person="watcher") as watching:
        assert watching.get("/v1/airspace").status_code == 200
        more = {"name": "Watcher", "roles": ALL_ROLES}
        for answer in (
            served.put(watching, "/v1/intents", INTENT),
            served.put(watching, "/v1/people/north/watcher", more, "PUT"),
            watching.post("/v1/reports", json={"feed": "feed", "provenance": "own", "reports": []}),
        ):
            assert answer.status_code == 403


def test_a_token_speaks_for_no_person_or_participant_that_is_not_a_member(served: Served) -> None:
    for participant, person in (("nobody", "desk"), ("north", "nobody"), ("exchange", "exchange")):
        with served.client(participant, person=person) as stranger:
            answer = stranger.get("/v1/whoami")
            assert (answer.status_code, answer.json()["code"]) == (401, "unauthenticated")


def test_anothers_cursor_and_id_say_nothing(served: Served) -> None:
    with served.client("north") as north, served.client("south") as south:
        filed = served.put(north, "/v1/intents", INTENT).json()["result"]["ref"]
        cursor = north.get("/v1/changes").json()["cursor"]
        with_theirs = south.get("/v1/changes", params={"cursor": cursor}).json()
        assert with_theirs["changes"] == []
        unknown = "00000000-0000-4000-8000-000000000000"
        answers = [south.get(f"/v1/airspace/{ref}").content for ref in (filed, unknown)]
        assert answers[0] == answers[1]
        change = {"ovn": "A" * 32, "state": "Activated"}
        answers = [served.put(south, f"/v1/intents/{ref}", change, "PUT").content for ref in (filed, unknown)]
        assert answers[0] == answers[1]


def test_no_entry_of_ones_own_log_names_another_that_one_did_not_name(tmp_path: Path) -> None:
    with serving(tmp_path) as served, served.client("north") as north, served.client("south") as south:
        assert served.put(north, "/v1/intents", INTENT).status_code == 201
        served.put(south, "/v1/intents", INTENT)
        size = 3  # admitted, its person, its intent
        entries = south.get("/v1/log/entries", params={"start": 0, "stop": size}).json()["entries"]
        own = [entry for entry in entries if entry["kind"].startswith("intent")]
        assert own
        for entry in entries:
            assert NORTH not in entry.get("payload", "")
