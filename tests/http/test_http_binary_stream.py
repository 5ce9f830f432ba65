"""The binary stream beside its JSON twin, from a real exchange: after every tick a reader of either knows the
same, through withdrawals, resumption and being too slow."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import msgspec
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect

from comity.client.answers import Frame, Snapshot, Tick
from comity.client.packed import Unpacker
from comity.ids import ParticipantId
from comity.model.alert import Alert
from comity.model.altitude import Altitude, Datum
from comity.model.observation import Provenance, Report
from comity.model.released import TrackView
from comity.model.rule import Level
from tests.http.serving import Served, serving
from tests.http.test_http_stream import stream
from tests.http.warning import Warned, an_alert
from tests.world import CENTRE, NORTH, SOUTH, levels

_FRAMES: Any = msgspec.json.Decoder(Frame)


@pytest.fixture
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("served")) as one:
        yield one


class Reader:
    """One stream folded into what its reader knows."""

    def __init__(self, socket: ClientConnection, *, binary: bool) -> None:
        self._socket = socket
        self._unpacker = Unpacker() if binary else None
        self.tracks: dict[str, TrackView] = {}
        self.alerts: dict[str, Alert] = {}
        self.cursor = ""

    def read(self) -> Frame:
        """The next frame, which is told and taken in."""
        while True:
            message = self._socket.recv(timeout=20)
            frame = _FRAMES.decode(message) if self._unpacker is None else self._unpacker.take(message)
            if frame is not None:
                break
        if isinstance(frame, Snapshot | Tick):
            if isinstance(frame, Snapshot) or frame.all_tracks:
                self.tracks = {}
            if isinstance(frame, Snapshot) or frame.all_alerts:
                self.alerts = {}
            self.tracks |= {track.id: track for track in frame.tracks}
            self.alerts |= {alert.ref: alert for alert in frame.alerts}
            for id_ in frame.gone if isinstance(frame, Tick) else ():
                del self.tracks[id_]
            for ref in frame.alerts_gone if isinstance(frame, Tick) else ():
                del self.alerts[ref]
            self.cursor = frame.cursor
        found: Frame = frame
        return found


MARGINS = {
    "lat": 6e-7,
    "lon": 6e-7,
    "age_s": 1e-6,
    "accuracy_m": 1e-6,
    "altitude_m": 0.0051,
    "ground_speed_mps": 0.051,
    "track_deg": 0.056,
    "vertical_rate_mps": 0.0051,
}
"""How far the two forms' rounding may be apart; all else is equal."""


def assert_same(binary: TrackView, twin: TrackView) -> None:
    for name in TrackView.__struct_fields__:
        one, other = getattr(binary, name), getattr(twin, name)
        if name in MARGINS and one is not None and other is not None:
            assert abs(one - other) <= MARGINS[name], (name, one, other)
        else:
            assert one == other, (name, one, other)


def assert_alike(binary: Frame, twin: Frame) -> None:
    """Two frames that say the same in their two forms."""
    assert type(binary) is type(twin)
    if isinstance(binary, Snapshot | Tick) and isinstance(twin, Snapshot | Tick):
        assert [track.id for track in binary.tracks] == [track.id for track in twin.tracks]
        for one, other in zip(binary.tracks, twin.tracks, strict=True):
            assert_same(one, other)
        bare = [msgspec.structs.replace(frame, tracks=()) for frame in (binary, twin)]
        assert bare[0] == bare[1]


class Play:
    """Aircraft that come, fly, stand still, change their words, fall silent and go; from four sources."""

    FEEDS = (
        (CENTRE, "adsb", Provenance.BROADCAST),
        (NORTH, "own", Provenance.OWN),
        (NORTH, "radar", Provenance.SENSED),
        (SOUTH, "own", Provenance.OWN),
    )

    def __init__(self, served: Served, seed: int = 7) -> None:
        self._served = served
        self._random = random.Random(seed)

    def second(self) -> None:
        def observe() -> None:
            for index, (who, feed, provenance) in enumerate(self.FEEDS):
                reports = [self._report(index, n) for n in range(8) if self._random.random() < 0.7]
                self._served.world.exchange.observe(ParticipantId(who), feed, provenance, reports)

        self._served.call(observe)
        self._served.advance(self._random.choice((1, 1, 1, 9, 25)))

    def _report(self, feed: int, number: int) -> Report:
        draw = self._random
        rough: bool = draw.random() < 0.3
        return Report(
            address=f"{0x4B0000 + feed * 4 + number:06X}" if number % 4 else f"~{number}",
            observed_at=self._served.clock.now() - timedelta(seconds=draw.randrange(40) / 10),
            lat=47.0 + feed + number * 0.1 + draw.uniform(-0.001, 0.001),
            lon=11.0 + draw.uniform(-0.001, 0.001),
            altitude=None if rough else Altitude(draw.uniform(-10, 12_000), draw.choice(list(Datum)[:3])),
            ground_speed_mps=None if rough else draw.uniform(0, 250),
            track_deg=draw.choice((None, 0.0, 359.99, draw.uniform(0, 360))),
            vertical_rate_mps=None if rough else draw.uniform(-60, 60),
            callsign=draw.choice((None, "REGA1", "SAR2")),
            squawk=draw.choice((None, "7000", "7700")),
            on_ground=draw.choice((None, True, False)),
            accuracy_m=draw.choice((None, 10.0, 185.2)),
        )


@pytest.mark.parametrize("seed", [1, 2, 3])
def test_both_forms_say_the_same_over_a_played_day(served: Served, seed: int) -> None:
    warned: Warned = served.call(lambda: Warned(served.world))
    play = Play(served, seed)
    given = levels(own_track=Level.IDENTITY, sensed_track=Level.POSITION)
    rule: Any = served.run(served.world.release(NORTH, SOUTH, given)).result
    play.second()
    with stream(served, query="?frames=binary") as one, stream(served) as other:
        binary, twin = Reader(one, binary=True), Reader(other, binary=False)
        for _ in range(2):
            assert_alike(binary.read(), twin.read())
        seen = 0
        for step in range(14):
            if step == 7:
                path = f"/v1/rules/{rule.id}?ovn={rule.ovn}"
                with served.client("north") as north:
                    assert north.delete(path, headers=served.key()).status_code == 200
            alerts = [an_alert(f"a-{step}"), an_alert("a-0", advisory=step % 2 == 0)]
            served.call(lambda alerts=alerts: warned.set(SOUTH, *alerts))  # type: ignore[misc]  # mypy knows no lambda with defaults
            play.second()
            assert_alike(binary.read(), twin.read())
            assert binary.tracks.keys() == twin.tracks.keys()
            assert binary.alerts == twin.alerts
            seen += len(twin.tracks)
            if step >= 7:
                assert {track.level for track in binary.tracks.values()} <= {"own", "broadcast"}
        assert seen > 100, "the play shows something"


def test_a_stream_resumes_in_the_binary_form(served: Served) -> None:
    play = Play(served)
    play.second()
    with stream(served, query="?frames=binary") as socket:
        reader = Reader(socket, binary=True)
        reader.read(), reader.read()
    play.second()
    query = f"?frames=binary&cursor={reader.cursor}"
    with stream(served, query=query) as one, stream(served, query=query.replace("binary", "json")) as other:
        binary, twin = Reader(one, binary=True), Reader(other, binary=False)
        binary.read(), twin.read()
        tick = binary.read()
        assert isinstance(tick, Tick)
        assert tick.all_tracks
        assert tick.all_alerts
        assert_alike(tick, twin.read())
        play.second()
        assert_alike(binary.read(), twin.read())
        assert binary.tracks.keys() == twin.tracks.keys()


def test_one_tick_is_encoded_once_for_all_clients_of_a_form(served: Served) -> None:
    play = Play(served)
    play.second()
    with stream(served, query="?frames=binary") as one, stream(served, query="?frames=binary") as other:
        readers = Reader(one, binary=True), Reader(other, binary=True)
        for reader in readers:
            reader.read(), reader.read()

        async def queued() -> list[Any]:
            hub = served.app.hub
            hub._serve_all(SOUTH, served.clock.now())
            return [client.outbox._queue[-1] for client in hub._clients[SOUTH]]

        first, second = served.run(queued())
        assert first is second
        assert readers[0].read() == readers[1].read()


def test_what_waits_when_something_is_withdrawn_comes_in_neither_message(served: Served) -> None:
    """North's aircraft was queued for south, words and place, when north took it back."""
    given = levels(own_track=Level.IDENTITY)
    rule: Any = served.run(served.world.release(NORTH, SOUTH, given)).result
    with stream(served, query="?frames=binary") as socket:
        reader = Reader(socket, binary=True)
        reader.read(), reader.read()

        async def queue_and_withdraw() -> None:
            exchange, hub = served.world.exchange, served.app.hub
            report = Report("4B1814", served.clock.now(), lat=47.0, lon=11.0)
            exchange.observe(NORTH, "own", Provenance.OWN, [report])
            served.clock.advance(1)
            exchange.picture.tick(served.clock.now())
            hub._serve_all(SOUTH, served.clock.now())
            (client,) = hub._clients[SOUTH]
            assert client.outbox._queue[-1].packed is not None
            hub.withdrawn(SOUTH)
            assert client.outbox.idle

        served.run(queue_and_withdraw())
        with served.client("north") as north:
            path = f"/v1/rules/{rule.id}?ovn={rule.ovn}"
            assert north.delete(path, headers=served.key()).status_code == 200
        served.advance(1)
        tick = reader.read()
        assert isinstance(tick, Tick)
        assert tick.tracks == ()
        assert reader.tracks == {}


def test_another_form_is_refused_by_name(served: Served) -> None:
    with pytest.raises(InvalidStatus) as refused:
        connect(
            served.stream_url + "?frames=cbor",
            additional_headers=served.bearer("south"),
            compression=None,
            proxy=None,
        )
    assert refused.value.response.status_code == 400
    said = json.loads(refused.value.response.body or b"")
    assert said["field"] == "frames"
    assert "json, binary" in said["message"]
