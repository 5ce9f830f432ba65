"""The stream over real WebSockets: frames, resumption, slowness, withdrawal, revocation, signing in."""

from __future__ import annotations

import contextlib
import json
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from typing import Any

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from comity.http.outbox import Frame
from comity.model.rule import Level
from tests.http.serving import INTENT, Served, changed, serving
from tests.world import NORTH, SOUTH, levels


@pytest.fixture
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("served")) as one:
        yield one


@contextmanager
def stream(
    served: Served, participant: str = "south", query: str = "", **how: Any
) -> Iterator[ClientConnection]:
    with connect(
        served.stream_url + query,
        additional_headers=served.bearer(participant, **how),
        compression=None,
        proxy=None,
    ) as socket:
        yield socket


def frame(socket: ClientConnection) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(socket.recv(timeout=5))
    return found


def closed_with(socket: ClientConnection) -> int:
    try:
        while True:
            socket.recv(timeout=5)
    except ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd is not None else 1006


def file_intent(served: Served, participant: str = "north", lat: float = 47.0) -> dict[str, Any]:
    with served.client(participant) as client:
        answer = served.put(client, "/v1/intents", changed(INTENT, "volumes.0.outline.centre.lat", lat))
        assert answer.status_code == 201, answer.text
        result: dict[str, Any] = answer.json()["result"]
        return result


def release(served: Served, intent: Level = Level.VOLUME) -> Any:
    return served.run(served.world.release(NORTH, SOUTH, levels(intent=intent))).result


def test_a_stream_begins_with_hello_and_a_snapshot_and_ticks(served: Served) -> None:
    release(served)
    first = file_intent(served)
    with stream(served) as socket:
        hello = frame(socket)
        assert hello == {
            "type": "hello",
            "participant": {"id": "south", "name": "Air force south"},
            "as_of": "2026-06-01T08:00:00Z",
        }
        snapshot = frame(socket)
        warned = ["alerts", "alerts_gone", "swept_at", "late_s"]
        assert list(snapshot) == ["type", "as_of", "cursor", "items", "tracks", *warned, "reason"]
        assert snapshot["reason"] == "start"
        assert [item["level"] for item in snapshot["items"]] == ["volume"]
        assert snapshot["items"][0]["ref"] != first["ref"]
        served.advance(1)
        tick = frame(socket)
        assert list(tick) == ["type", "as_of", "cursor", "changes", "tracks", "gone", *warned]
        assert (tick["type"], tick["as_of"], tick["changes"]) == ("tick", "2026-06-01T08:00:01Z", [])
        file_intent(served, lat=48.0)
        served.advance(1)
        tick = frame(socket)
        assert len(tick["changes"]) == 1
        assert tick["cursor"] != snapshot["cursor"]


def test_nothing_of_others_comes_without_a_rule_but_the_rhythm_does(served: Served) -> None:
    with stream(served) as socket:
        frame(socket), frame(socket)
        served.advance(1)
        quiet = frame(socket)
        file_intent(served)
        served.advance(1)
        busy = frame(socket)
    for tick in (quiet, busy):
        del tick["as_of"], tick["swept_at"]
    assert quiet == busy


def test_a_stream_resumes_at_its_cursor(served: Served) -> None:
    release(served)
    file_intent(served)
    with stream(served) as socket:
        frame(socket)
        cursor = frame(socket)["cursor"]
    file_intent(served, lat=48.0)
    with stream(served, query=f"?cursor={cursor}") as socket:
        assert frame(socket)["type"] == "hello"
        tick = frame(socket)
        assert tick["type"] == "tick"
        assert tick["all_tracks"] is True
        assert len(tick["changes"]) == 1
        served.advance(1)
        assert frame(socket)["changes"] == []


def test_a_cursor_of_another_life_gets_a_snapshot(served: Served) -> None:
    file_intent(served, "south")
    with stream(served, query="?cursor=another.12") as socket:
        frame(socket)
        snapshot = frame(socket)
        assert (snapshot["type"], snapshot["reason"]) == ("snapshot", "restart")
        assert len(snapshot["items"]) == 1


def test_what_is_withdrawn_goes_and_what_was_queued_does_not_come(served: Served) -> None:
    rule = release(served)
    file_intent(served)
    with stream(served) as socket:
        frame(socket)
        ref = frame(socket)["items"][0]["ref"]
        with served.client("north") as north:
            answer = north.delete(f"/v1/rules/{rule.id}", params={"ovn": rule.ovn}, headers=served.key())
            assert answer.status_code == 200
        served.advance(1)
        tick = frame(socket)
        assert [(change["ref"], "item" in change) for change in tick["changes"]] == [(ref, False)]


def test_frames_that_wait_when_something_is_withdrawn_are_discarded(served: Served) -> None:
    rule = release(served)
    with stream(served) as socket:
        frame(socket), frame(socket)
        served.advance(1)
        frame(socket)
        file_intent(served)

        async def queue_and_withdraw() -> None:
            hub = served.app.hub
            hub._serve_all(SOUTH, served.clock.now())
            hub.withdrawn(SOUTH)

        served.run(queue_and_withdraw())
        with served.client("north") as north:
            north.delete(f"/v1/rules/{rule.id}", params={"ovn": rule.ovn}, headers=served.key())
        served.advance(1)
        tick = frame(socket)
        assert [change for change in tick["changes"] if "item" in change] == []


def test_revocation_ends_a_stream_with_a_farewell(served: Served) -> None:
    before = served.bearer("south")
    with stream(served, "south") as mine, stream(served, "north") as other:
        for socket in (mine, other):
            frame(socket), frame(socket)
        with served.client("centre") as centre:
            body = {"participant": "south", "person": "desk"}
            assert served.put(centre, "/v1/revocations", body).status_code == 200
        assert frame(mine) == {"type": "bye", "reason": "the token was revoked"}
        assert closed_with(mine) == 4401
        served.advance(1)
        assert frame(other)["type"] == "tick"
    with served.client("south") as south:
        assert south.get("/v1/whoami").status_code == 200, "issued after the revocation"
        assert south.get("/v1/whoami", headers=before).status_code == 401


def test_a_removed_person_and_a_suspended_participant_lose_their_streams(served: Served) -> None:
    with stream(served, "south") as south, stream(served, "north") as north:
        with served.client("centre") as centre:
            assert centre.delete("/v1/people/south/desk", headers=served.key()).status_code == 200
            record = {"name": "Air force north", "suspended": True}
            assert served.put(centre, "/v1/participants/north", record, "PUT").status_code == 200
        assert closed_with(south) == 4401
        assert closed_with(north) == 4401
    with served.client("north") as client:
        assert client.get("/v1/whoami").json()["code"] == "not_permitted"


def test_an_expired_token_ends_its_stream(served: Served) -> None:
    with stream(served, lifetime=timedelta(seconds=30)) as socket:
        frame(socket), frame(socket)
        served.advance(31)
        assert frame(socket)["type"] == "bye"
        assert closed_with(socket) == 4401


def test_a_browser_signs_in_with_its_first_message(served: Served) -> None:
    with connect(served.stream_url, compression=None, proxy=None, origin=Origin(served.server.url)) as socket:
        socket.send(json.dumps({"token": served.token("south")}))
        assert frame(socket)["participant"]["id"] == "south"
        assert frame(socket)["type"] == "snapshot"


@pytest.mark.parametrize("message", ["{}", "not json", '{"token":"x"}', '{"token":1}', "[" * 10_000])
def test_a_wrong_first_message_is_refused_alike(served: Served, message: str) -> None:
    with connect(served.stream_url, compression=None, proxy=None) as socket:
        socket.send(message)
        assert frame(socket) == {"type": "bye", "reason": "a valid bearer token is required"}
        assert closed_with(socket) == 4401


def test_a_silent_stranger_is_closed(tmp_path_factory: pytest.TempPathFactory) -> None:
    with (
        serving(tmp_path_factory.mktemp("served"), "[stream]\nsign_in_s = 0.2\n") as served,
        connect(served.stream_url, compression=None, proxy=None) as socket,
    ):
        assert frame(socket)["type"] == "bye"
        assert closed_with(socket) == 4401


def test_refusals_by_status(served: Served) -> None:
    def status(headers: dict[str, str], query: str = "") -> int:
        with pytest.raises(InvalidStatus) as refused:
            connect(served.stream_url + query, additional_headers=headers, compression=None, proxy=None)
        response = refused.value.response
        assert response.headers["content-type"] == "application/json"
        return response.status_code

    assert status({"Authorization": "Bearer nonsense"}) == 401
    assert status(served.bearer("south", scopes=frozenset({"comity.write"}))) == 403
    assert status({**served.bearer("south"), "Origin": "https://evil.example"}) == 403
    assert status(served.bearer("south"), "?after=3") == 400


def test_a_made_up_cursor_ends_the_stream(served: Served) -> None:
    with stream(served, query="?cursor=made.up") as socket:
        assert frame(socket)["type"] == "bye"
        assert closed_with(socket) == 1008


def test_a_client_that_speaks_is_closed(served: Served) -> None:
    with stream(served) as socket:
        socket.send("hello")
        assert closed_with(socket) == 1008


def test_streams_are_limited_for_each_participant(tmp_path_factory: pytest.TempPathFactory) -> None:
    with (
        serving(tmp_path_factory.mktemp("served"), quotas="streams = 1") as served,
        stream(served, "south") as first,
    ):
        frame(first)
        with stream(served, "south") as second:
            assert frame(second)["type"] == "bye"
            assert closed_with(second) == 4429
        with stream(served, "north") as other:
            assert frame(other)["type"] == "hello"


def test_a_stopping_server_says_goodbye(tmp_path_factory: pytest.TempPathFactory) -> None:
    with serving(tmp_path_factory.mktemp("served")) as served, stream(served) as socket:
        frame(socket), frame(socket)
        served.call(served.server.stop)
        assert frame(socket) == {"type": "bye", "reason": "the exchange is stopping"}
        assert closed_with(socket) == 1012


def test_a_long_poll_waits_for_a_tick_and_for_its_time(served: Served) -> None:
    with served.client("south") as south:
        cursor = south.get("/v1/changes").json()["cursor"]
        began = time.monotonic()
        empty = south.get("/v1/changes", params={"cursor": cursor, "wait_s": 0}).json()
        assert empty["changes"] == []
        assert time.monotonic() - began < 2
    file_intent(served, "south")
    with served.client("south") as south:
        page = south.get("/v1/changes", params={"cursor": cursor, "wait_s": 30}).json()
        assert len(page["changes"]) == 1


def test_a_withdrawal_cuts_a_frame_that_is_still_on_its_way(served: Served) -> None:
    """A client that does not read, a frame larger than what the kernel takes, a rule withdrawn meanwhile."""
    giant = 32_000_000
    head = (
        "GET /v1/stream HTTP/1.1\r\nhost: x\r\nconnection: Upgrade\r\nupgrade: websocket\r\n"
        "sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n"
        f"authorization: Bearer {served.token('south')}\r\n\r\n"
    )
    with socket.create_connection(("127.0.0.1", served.server.port), timeout=5) as connection:
        connection.sendall(head.encode())
        found = connection.recv(100)
        assert found.startswith(b"HTTP/1.1 101 ")

        def fill() -> None:
            (client,) = served.app.hub._clients[SOUTH]
            client.outbox.put(Frame("x" * giant, client.place))

        served.call(fill)
        time.sleep(0.3)
        served.call(lambda: served.app.hub.withdrawn(SOUTH))
        count = 0
        with contextlib.suppress(ConnectionResetError):
            while part := connection.recv(1_000_000):
                count += len(part)
        assert count < giant
    served.advance(1)
    assert len(served.app.hub) == 0
