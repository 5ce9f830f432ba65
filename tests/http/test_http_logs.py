"""Logs say who did what and how long it took, and never what was in it."""

from __future__ import annotations

import io
import json
import logging
from collections.abc import Iterator
from pathlib import Path

import pytest

from comity.http.logs import FIELDS, JsonLines, set_up_logging
from tests.http.serving import INTENT, changed, serving
from tests.world import START


@pytest.fixture
def lines() -> Iterator[io.StringIO]:
    text = io.StringIO()
    levels = {name: logging.getLogger(name).level for name in ("", "comity", "uvicorn.error")}
    handler = set_up_logging("debug", text)
    logging.getLogger("uvicorn.error").setLevel(logging.DEBUG)  # as careless as anybody could set it
    yield text
    logging.getLogger().removeHandler(handler)
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)


def test_neither_tokens_nor_volumes_nor_queries_are_logged(lines: io.StringIO, tmp_path: Path) -> None:
    with serving(tmp_path) as served:
        token = served.token("north")
        secret = changed(INTENT, "volumes.0.outline.centre.lat", 46.987654)
        with served.client(None) as client:
            client.headers["Authorization"] = f"Bearer {token}"
            assert served.put(client, "/v1/intents", secret).status_code == 201
            bad = changed(secret, "volumes.0.upper.datum", "GRID-SQUARE-77")
            assert served.put(client, "/v1/intents", bad).status_code == 400
            client.get("/v1/airspace", params={"lat": 12.3456789, "lon": 9.8765432, "radius_m": 1234.5})
            client.get("/v1/whoami", headers={"Authorization": f"Bearer {token[:-9]}"})

        def fail(*_: object) -> None:
            raise RuntimeError("centre is at 46.987654")

        served.world.exchange.participants = fail  # type: ignore[method-assign,assignment]  # a fault on purpose
        with served.client("north") as client:
            answer = client.get("/v1/participants")
        assert answer.status_code == 500
        assert answer.json() == {
            "code": "internal",
            "message": "the exchange failed on this request; it was counted and logged",
        }
        with served.client("centre") as centre:
            assert 'comity_http_failures_total{route="/v1/participants"} 1.0' in centre.get("/metrics").text
    text = lines.getvalue()
    for never in (
        token,
        token.split(".")[2],
        "46.987654",
        "GRID-SQUARE-77",
        "12.3456789",
        "9.8765432",
        "1234.5",
    ):
        assert never not in text, never
    found = [json.loads(line) for line in text.splitlines()]
    filed = next(one for one in found if one.get("route") == "/v1/intents" and one["status"] == 201)
    assert (filed["participant"], filed["person"], filed["method"]) == ("north", "desk", "POST")
    assert filed["duration_ms"] >= 0
    assert len(filed["request"]) == 16
    failed = next(one for one in found if one["level"] == "error")
    assert failed["exception"] == "RuntimeError"
    assert any("test_http_logs" in place for place in failed["passed"])


def test_only_known_fields_are_written() -> None:
    record = logging.makeLogRecord(
        {"name": "comity.http", "levelname": "INFO", "msg": "request", "status": 200, "body": "secret"}
    )
    record.created = START.timestamp()
    line = json.loads(JsonLines().format(record))
    assert line == {
        "time": "2026-06-01T08:00:00.000Z",
        "level": "info",
        "logger": "comity.http",
        "message": "request",
        "status": 200,
    }
    assert "body" not in FIELDS


def test_a_librarys_message_is_kept_without_what_it_fills_in() -> None:
    record = logging.makeLogRecord(
        {
            "name": "uvicorn.error",
            "levelname": "INFO",
            "msg": '%s - "WebSocket %s" [accepted]',
            "args": ("a", "/v1/stream?cursor=x"),
        }
    )
    assert json.loads(JsonLines().format(record))["message"] == '%s - "WebSocket %s" [accepted]'
