"""Attempts: a lost connection and "unavailable" are tried again under the same key; nothing else is."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, ClassVar

import pytest

from comity.client import Client
from comity.client.transport import error_classes
from comity.errors import (
    STATUS,
    ComityError,
    InvalidInput,
    LedgerFull,
    OutcomeUnknown,
    QuotaExceeded,
    Unavailable,
)

DONE = {
    "result": {"id": "some-group", "owner": "north", "members": [], "ovn": "x", "version": 1},
    "receipt": {"position": 1, "leaf": "00"},
}


class Script(BaseHTTPRequestHandler):
    """Answers from a list: (status, body), or None to drop the connection."""

    answers: ClassVar[list[tuple[int, Any] | None]] = []
    keys: ClassVar[list[str | None]] = []

    def do_PUT(self) -> None:
        self.keys.append(self.headers.get("Idempotency-Key"))
        self.rfile.read(int(self.headers.get("Content-Length", 0)))
        answer = self.answers.pop(0)
        if answer is None:
            self.close_connection = True
            self.connection.close()
            return
        body = answer[1] if isinstance(answer[1], bytes) else json.dumps(answer[1]).encode()
        self.send_response(answer[0])
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Silent."""

    def handle(self) -> None:
        try:
            super().handle()
        except (OSError, ValueError):
            return

    def finish(self) -> None:
        try:
            super().finish()
        except (OSError, ValueError):
            return


@pytest.fixture
def url() -> Iterator[str]:
    Script.answers, Script.keys = [], []
    server = ThreadingHTTPServer(("127.0.0.1", 0), Script)
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture(autouse=True)
def no_pauses(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("comity.client.transport.FIRST_PAUSE_S", 0.0)


def error(code: str) -> tuple[int, Any]:
    return STATUS[code], {"code": code, "message": "says so", "field": "f", "detail": {"n": 1}}


def test_a_write_is_repeated_under_its_key_until_it_is_answered(url: str) -> None:
    Script.answers = [None, error("stopping"), error("outcome_unknown"), (502, b"<html>"), (200, DONE)]
    with Client(url, "t") as client:
        written = client.set_group("some-group", [])
    assert written.receipt.position == 1
    assert len(Script.keys) == 5
    assert len(set(Script.keys)) == 1
    assert Script.keys[0]


def test_attempts_end(url: str) -> None:
    Script.answers = [error("outcome_unknown")] * 3
    with Client(url, "t", attempts=3) as client, pytest.raises(OutcomeUnknown):
        client.set_group("some-group", [])
    assert Script.answers == []


@pytest.mark.parametrize(("code", "cls"), [("ledger_full", LedgerFull), ("quota_exceeded", QuotaExceeded)])
def test_what_is_final_is_not_repeated(url: str, code: str, cls: type[ComityError]) -> None:
    Script.answers = [error(code)]
    with Client(url, "t") as client, pytest.raises(cls) as raised:
        client.set_group("some-group", [])
    assert (raised.value.message, raised.value.field, raised.value.detail) == ("says so", "f", {"n": 1})


def test_nobody_there_is_unavailable() -> None:
    with Client("http://127.0.0.1:9", "t", attempts=2) as client, pytest.raises(Unavailable) as raised:
        client.whoami()
    assert "127.0.0.1:9" in raised.value.message


@pytest.mark.parametrize("answer", [(200, b"not json"), (200, {"other": 1}), (418, b"teapot")])
def test_something_else_answering_is_said_plainly(url: str, answer: tuple[int, Any]) -> None:
    Script.answers = [answer]
    with Client(url, "t") as client, pytest.raises(ComityError) as raised:
        client.set_group("some-group", [])
    assert raised.value.code == "error"


def test_every_code_has_its_class() -> None:
    classes = error_classes()
    assert set(classes) == set(STATUS)
    assert classes["invalid_input"] is InvalidInput


def test_a_proxy_is_not_asked_for_this_machine(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HTTP_PROXY", "http_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    Script.answers = [(200, DONE)]
    with Client(url, "t", attempts=1) as client:
        assert client.set_group("some-group", []).receipt.position == 1
