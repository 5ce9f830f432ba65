"""The auxiliary interface over HTTP: health, version, tokens, pool, options."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from comity import __version__
from tests.http.standards.asked import Asking, asking, refused

READ, BEAT = "interuss.pool_status.read", "interuss.pool_status.heartbeat.write"
POOL = "/aux/v1/pool"
HEARTBEAT = f"{POOL}/dss_instances/heartbeat"


@pytest.fixture(scope="module")
def asked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Asking]:
    with asking(tmp_path_factory.mktemp("aux")) as found:
        yield found


def test_health_and_version_are_for_everyone(asked: Asking) -> None:
    assert asked.client.get("/healthy").status_code == 200
    answer = asked.client.get("/aux/v1/version")
    assert answer.status_code == 200
    assert answer.json() == {"version": f"v{__version__}"}


@pytest.mark.parametrize("kind", ["accepted_ca_certs", "ca_certs"])
def test_there_are_no_certificates(asked: Asking, kind: str) -> None:
    answer = asked.client.get(f"/aux/v1/configuration/{kind}")
    assert (answer.status_code, answer.json()) == (200, {"CAs": []})


def test_a_token_is_tried(asked: Asking) -> None:
    path = "/aux/v1/validate_oauth"
    for what in ("read", "write"):
        scope = f"dss.{what}.identification_service_areas"
        assert asked.ask("GET", path, scope).status_code == 200
        assert asked.ask("GET", path, scope, params={"owner": "anna.example"}).status_code == 200
        refused(asked.ask("GET", path, scope, params={"owner": "bert.example"}), 403)
    refused(asked.ask("GET", path, "rid.display_provider"), 403)
    refused(asked.ask("GET", path, None), 401)


@pytest.mark.parametrize(
    ("method", "path", "scope"),
    [
        ("GET", POOL, READ),
        ("GET", f"{POOL}/dss_instances", READ),
        ("PUT", HEARTBEAT, BEAT),
        ("GET", "/aux/v1/configuration/global_options", READ),
    ],
)
def test_the_pool_is_for_those_with_the_scope(asked: Asking, method: str, path: str, scope: str) -> None:
    refused(asked.ask(method, path, None), 401)
    refused(asked.ask(method, path, READ if scope == BEAT else BEAT), 403)


def test_the_pool_and_its_options_are_told(asked: Asking) -> None:
    assert asked.ask("GET", POOL, READ).json() == {"dar_id": "test-exchange"}
    assert asked.ask("GET", "/aux/v1/configuration/global_options", READ).json() == {
        "scd_global_lock": False,
        "scd_hash_lock": False,
        "time_based_notification_index": False,
    }


def test_a_heartbeat_is_kept(tmp_path: Path) -> None:
    with asking(tmp_path) as asked:
        port = asked.served.config.server.port
        first = {"id": "test-exchange-1", "public_endpoint": f"http://127.0.0.1:{port}"}
        answer = asked.ask("GET", f"{POOL}/dss_instances", READ)
        assert (answer.status_code, answer.json()) == (200, {"dss_instances": [first]})
        when = {
            "source": "qualifier",
            "timestamp": "2026-06-01T07:59:59Z",
            "next_heartbeat_expected_before": "2026-06-01T08:59:59Z",
        }
        beaten = asked.ask("PUT", HEARTBEAT, BEAT, params=when)
        kept = {**first, "most_recent_heartbeat": {**when, "reporter": "anna.example", "index": 1}}
        assert (beaten.status_code, beaten.json()) == (201, {"dss_instances": [kept]})
        assert asked.ask("GET", f"{POOL}/dss_instances", READ).json() == {"dss_instances": [kept]}
        again = asked.ask("PUT", HEARTBEAT, BEAT, params={"source": "qualifier"}).json()
        assert again["dss_instances"][0]["most_recent_heartbeat"] == {
            "source": "qualifier",
            "timestamp": "2026-06-01T08:00:00Z",
            "reporter": "anna.example",
            "index": 2,
        }


@pytest.mark.parametrize(
    "wrong",
    [
        {},
        {"source": ""},
        {"source": "q" * 257},
        {"source": "q", "timestamp": "now"},
        {"source": "q", "next_heartbeat_expected_before": "2026-06-01T09:00:00"},
        {"source": "q", "next_heartbeat_expected_before": "2026-06-01T07:59:59Z"},
    ],
)
def test_a_bad_heartbeat_is_400(asked: Asking, wrong: dict[str, str]) -> None:
    refused(asked.ask("PUT", HEARTBEAT, BEAT, params=wrong), 400)


def test_each_address_is_an_instance(tmp_path: Path) -> None:
    with asking(tmp_path, '[server]\nmore = ["127.0.0.1:0"]\n') as asked:
        found = asked.ask("GET", f"{POOL}/dss_instances", READ).json()["dss_instances"]
        assert [each["id"] for each in found] == ["test-exchange-1", "test-exchange-2"]


def test_indexes_by_time_are_told(tmp_path: Path) -> None:
    with asking(tmp_path, 'notification_index = "time"\n') as asked:
        options = asked.ask("GET", "/aux/v1/configuration/global_options", READ).json()
        assert options["time_based_notification_index"] is True
