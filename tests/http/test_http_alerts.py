"""Alerts over HTTP and on the stream: one's own and nobody else's, acknowledged once, and how late."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from comity.http.stream import Client as StreamClient
from comity.ids import ParticipantId
from comity.model.alert import AlertLevel
from tests.http.serving import Served, serving
from tests.http.test_http_stream import frame, stream
from tests.http.warning import Warned, an_alert
from tests.world import NORTH, SOUTH, START


@pytest.fixture
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("served")) as one:
        yield one


@pytest.fixture
def warned(served: Served) -> Warned:
    found: Warned = served.call(lambda: Warned(served.world))
    return found


def test_alerts_come_with_the_sweep_that_they_rest_on(served: Served, warned: Warned) -> None:
    first, second = an_alert("a-1", AlertLevel.CORRECTIVE), an_alert("a-2")
    served.call(lambda: warned.set(NORTH, first, second))
    warned.late_s, warned.swept_at = 3.2, START - timedelta(seconds=4)
    with served.client("north") as north, served.client("south") as south:
        answer = north.get("/v1/alerts").json()
        assert list(answer) == ["alerts", "as_of", "swept_at", "late_s"]
        assert [alert["ref"] for alert in answer["alerts"]] == ["a-2", "a-1"]
        assert (answer["swept_at"], answer["late_s"]) == ("2026-06-01T07:59:56Z", 3.2)
        one = north.get("/v1/alerts/a-1").json()
        assert one in answer["alerts"]
        picture = north.get("/v1/picture").json()
        assert list(picture) == ["tracks", "as_of", "swept_at", "late_s"]
        assert picture["late_s"] == 3.2
        assert south.get("/v1/alerts").json()["alerts"] == []


def test_anothers_alert_and_one_that_never_was_are_refused_alike(served: Served, warned: Warned) -> None:
    served.call(lambda: warned.set(NORTH, an_alert("a-1")))
    with served.client("south") as south:
        for tail in ("", "/acknowledgement"):
            answers = [
                south.get(f"/v1/alerts/{ref}")
                if not tail
                else served.put(south, f"/v1/alerts/{ref}{tail}", {})
                for ref in ("a-1", "never-was")
            ]
            assert [answer.status_code for answer in answers] == [404, 404]
            assert answers[0].content == answers[1].content
            assert answers[0].json()["code"] == "not_found"


def test_an_alert_is_acknowledged_once_by_a_named_person(served: Served, warned: Warned) -> None:
    served.call(lambda: warned.set(NORTH, an_alert("a-1")))
    path = "/v1/alerts/a-1/acknowledgement"
    with served.client("north") as north:
        key = served.key()
        answer = north.post(path, json={}, headers=key)
        assert answer.status_code == 200
        result = answer.json()["result"]
        assert (result["state"], result["acknowledged_by"]) == ("acknowledged", "The desk")
        assert answer.json()["receipt"]["leaf"]
        assert north.post(path, json={}, headers=key).json() == answer.json(), "the same command again"
        again = served.put(north, path, {})
        assert (again.status_code, again.json()["code"]) == (409, "wrong_state")
        assert north.get("/v1/alerts/a-1").json() == result


def test_who_may_acknowledge_and_with_what(served: Served, warned: Warned) -> None:
    served.call(lambda: warned.set(NORTH, an_alert("a-1")))
    path = "/v1/alerts/a-1/acknowledgement"
    with served.client("north", scopes=frozenset({"comity.read"})) as reader:
        assert reader.get("/v1/alerts").status_code == 200
        assert served.put(reader, path, {}).status_code == 403
    with served.client("north") as north:
        answer = served.put(north, path, {"by": "somebody else"})
        assert (answer.status_code, answer.json()["field"]) == (400, "by")
        assert north.post(path, json={}).json()["field"] == "Idempotency-Key"
        assert north.get("/v1/alerts/a-1").json()["state"] == "raised"


def test_a_stream_carries_alerts_what_changed_of_them_and_what_is_gone(
    served: Served, warned: Warned
) -> None:
    served.call(lambda: warned.set(SOUTH, an_alert("a-1"), an_alert("a-2")))
    with stream(served) as socket:
        frame(socket)
        snapshot = frame(socket)
        assert [alert["ref"] for alert in snapshot["alerts"]] == ["a-1", "a-2"]
        assert (snapshot["alerts_gone"], snapshot["late_s"]) == ([], 0.0)
        served.advance(1)
        quiet = frame(socket)
        assert (quiet["alerts"], quiet["alerts_gone"]) == ([], [])
        assert "all_alerts" not in quiet
        warned.late_s = 2.5
        served.call(lambda: warned.set(SOUTH, an_alert("a-2", AlertLevel.PREVENTIVE)))
        served.advance(1)
        tick = frame(socket)
        assert [(alert["ref"], alert["level"]) for alert in tick["alerts"]] == [("a-2", "preventive")]
        assert (tick["alerts_gone"], tick["late_s"]) == (["a-1"], 2.5)
        assert tick["swept_at"] == "2026-06-01T08:00:00Z"


def test_a_resumed_stream_gets_all_alerts_and_says_so(served: Served, warned: Warned) -> None:
    served.call(lambda: warned.set(SOUTH, an_alert("a-1")))
    with stream(served) as socket:
        frame(socket)
        cursor = frame(socket)["cursor"]
    served.call(lambda: warned.set(SOUTH, an_alert("a-2")))
    with stream(served, query=f"?cursor={cursor}") as socket:
        frame(socket)
        tick = frame(socket)
        assert tick["all_alerts"] is True
        assert [alert["ref"] for alert in tick["alerts"]] == ["a-2"]


def test_a_reader_too_far_behind_to_be_told_what_changed_gets_all_there_is(
    served: Served, warned: Warned
) -> None:
    """Seen with tracks: after a withdrawal discarded more frames than the picture remembers, what had gone in
    between stayed on the map, because the whole picture came without a word that it was whole."""
    served.call(lambda: warned.set(SOUTH, an_alert("a-1")))
    with stream(served) as socket:
        frame(socket), frame(socket)
        (client,) = served.app.hub._clients[SOUTH]
        sent = client.place
        for number in range(6):
            served.call(lambda number=number: warned.set(SOUTH, an_alert(f"b-{number}")))  # type: ignore[misc]  # mypy knows no lambda with defaults
            served.advance(1)
            frame(socket)
        served.call(lambda: _stand(client, sent))
        served.advance(1)
        tick = frame(socket)
        assert (tick["all_alerts"], tick["all_tracks"]) == (True, True)
        assert [alert["ref"] for alert in tick["alerts"]] == ["b-5"]


def _stand(client: StreamClient, place: Any) -> None:
    client.place = place


def test_sweeps_are_counted_for_the_operator(served: Served) -> None:
    def sweep() -> None:
        for tell in served.world.exchange.on_swept:
            tell(0.004, 0.0, 17)
            tell(1.5, 0.5, 19)

    served.call(sweep)
    with served.client("centre") as centre:
        text = centre.get("/metrics").text
    assert "comity_sweep_late_total 1.0" in text
    assert "comity_sweep_pairs 19.0" in text
    assert "comity_sweep_late_seconds 0.5" in text
    assert "comity_sweep_seconds_count 2.0" in text


def test_alerts_are_one_participants_own_on_the_stream(served: Served, warned: Warned) -> None:
    with stream(served, "south") as socket:
        frame(socket), frame(socket)
        served.advance(1)
        quiet = frame(socket)
        served.call(lambda: warned.set(ParticipantId("north"), an_alert("a-1")))
        served.advance(1)
        busy = frame(socket)
    del quiet["as_of"], busy["as_of"]
    assert quiet == busy
