"""Looking back over HTTP: one's own, as it was read then, and refused with the span outside of it."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from comity.model.observation import Provenance, Report
from comity.model.rule import Level
from tests.http.serving import INTENT, Served, serving
from tests.http.test_http_stream import frame, stream
from tests.world import NORTH, SOUTH, levels


@pytest.fixture
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("served")) as one:
        yield one


def observe(served: Served, number: int) -> None:
    report = Report("4B1814", served.clock.now(), lat=47.0 + number / 100, lon=11.0)
    served.call(lambda: served.world.exchange.observe(NORTH, "own", Provenance.OWN, [report]))


def test_a_moment_is_what_was_read_at_it(served: Served) -> None:
    served.run(served.world.release(NORTH, SOUTH, levels(Level.VOLUME, own_track=Level.IDENTITY)))
    then: dict[str, tuple[Any, Any]] = {}
    with served.client("south") as south, served.client("north") as north:
        assert south.get("/v1/history").json()["because"] == "nothing was kept before"
        for number in range(4):
            assert served.put(north, "/v1/intents", INTENT).status_code in (201, 409)
            observe(served, number)
            served.advance(5)
            picture = south.get("/v1/picture").json()
            then[picture["as_of"]] = (south.get("/v1/airspace").json()["items"], picture["tracks"])
        span = south.get("/v1/history").json()
        assert list(span) == ["from", "until", "step_s", "because"]
        assert (span["from"], span["until"]) == ("2026-06-01T08:00:05Z", "2026-06-01T08:00:20Z")
        for when, (items, tracks) in then.items():
            answer = south.get("/v1/history", params={"at": when})
            assert answer.status_code == 200
            moment = answer.json()
            assert list(moment) == ["as_of", "items", "tracks", "alerts", "gap"]
            assert (moment["as_of"], moment["items"], moment["tracks"]) == (when, items, tracks)
            assert (moment["alerts"], moment["gap"]) == ([], None)
        assert len({tracks[0]["lat"] for _, tracks in then.values()}) == 4


def test_outside_of_the_span_and_no_time_are_refused(served: Served) -> None:
    with served.client("south") as south:
        south.get("/v1/history")
        served.advance(5)
        for when in ("2026-06-01T07:00:00Z", "2027-06-01T07:00:00Z"):
            answer = south.get("/v1/history", params={"at": when})
            assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
            assert "from 2026-06-01T08:00:05Z to 2026-06-01T08:00:05Z" in answer.json()["message"]
            assert set(answer.json()["detail"].values()) == {"2026-06-01T08:00:05Z"}
        for bad in ("yesterday", "2026-06-01T08:00:05", ""):
            answer = south.get("/v1/history", params={"at": bad})
            assert (answer.status_code, answer.json()["field"]) == (400, "at")


def test_a_stream_is_reading_and_a_withdrawal_forgets(served: Served) -> None:
    rule: Any = served.run(served.world.release(NORTH, SOUTH, levels(own_track=Level.IDENTITY))).result
    with stream(served) as socket:
        frame(socket), frame(socket)
        for number in range(3):
            observe(served, number)
            served.advance(5)
            frame(socket)
    with served.client("south") as south, served.client("north") as north:
        at = {"at": "2026-06-01T08:00:11Z"}
        assert [t["id"] for t in south.get("/v1/history", params=at).json()["tracks"]] == ["4B1814"]
        path = f"/v1/rules/{rule.id}?ovn={rule.ovn}"
        assert north.delete(path, headers=served.key()).status_code == 200
        answer = south.get("/v1/history", params=at)
        assert answer.status_code == 404
        assert "taken back" in answer.json()["message"]
