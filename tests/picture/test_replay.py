"""Replay: order, pace and the recording's own times."""

from __future__ import annotations

import asyncio
from pathlib import Path

import msgspec
import pytest

from comity.errors import IntegrityFailure, InvalidInput, NotFound
from comity.feeds.sbs import SbsDecoder
from comity.model.batch import from_reports, pack, unpack
from comity.model.intent import AircraftCategory
from comity.picture.recording import Recorder, RecordingSettings
from comity.picture.replay import Recording, play
from comity.picture.segment import Kind
from tests.feeds.sbs_lines import line
from tests.picture.making import BERT, SOURCES, START, at, feed, picture, report


class Time:
    """A monotonic clock that only sleeping moves."""

    def __init__(self) -> None:
        self.now_s = 100.0
        self.slept: list[float] = []

    def monotonic(self) -> float:
        return self.now_s

    async def sleep(self, seconds: float) -> None:
        self.slept.append(round(seconds, 6))
        self.now_s += seconds


def test_it_plays_in_order_at_the_speed_asked_for(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, RecordingSettings(segment_bytes=100), now=START)
    for second in (0.0, 0.0, 1.5, 10.0):
        recorder.lines(SOURCES[0], at(second), b"x\n", 0.0)
        recorder.flush(at(second))
    recorder.close()

    async def run(speed: float) -> list[float]:
        time = Time()
        seen = [
            one.received_at
            async for one in play(
                Recording.at(tmp_path), speed=speed, monotonic=time.monotonic, sleep=time.sleep
            )
        ]
        assert seen == [at(0), at(0), at(1.5), at(10)]
        return time.slept

    assert asyncio.run(run(1.0)) == [1.5, 8.5]
    assert asyncio.run(run(10.0)) == [0.15, 0.85]
    assert asyncio.run(run(0.0)) == []
    with pytest.raises(InvalidInput, match="speed"):
        asyncio.run(run(-1.0))


def test_nothing_to_play_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(NotFound, match="no recording"):
        Recording.at(tmp_path)


def test_a_replayed_hour_makes_the_picture_that_was(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, RecordingSettings(), now=START)
    live = picture()
    live._recording = recorder
    decoder = SbsDecoder()
    for second in range(5):
        chunk = line(lat=f"{46 + second / 1000}", lon="7", date="2026/02/24", time=f"15:00:0{second}.000")
        batch = decoder.decode(chunk, received_at=at(second))
        live.ingest(SOURCES[0], batch, received_at=at(second), lines=chunk)
        feed(live, SOURCES[3], report("~7", second, lat=46.0 + second / 1e3, lon=7.0), seconds=second)
    recorder.close()
    again = picture()
    decoder = SbsDecoder()
    for one in Recording.at(tmp_path):
        batch = (
            decoder.decode(one.payload, received_at=one.received_at, time_offset_s=one.time_offset_s)
            if one.kind is Kind.SBS
            else unpack(one.payload)
        )
        again.ingest(one.source, batch, received_at=one.received_at)
    released = [(SOURCES[0], "broadcast"), (SOURCES[3], "identity")]
    for world in (live, again):
        world.tick(at(6))
    assert live.frame(BERT, released).json == again.frame(BERT, released).json
    assert len(live.frame(BERT, released)) == 2


def test_packing_keeps_every_column() -> None:
    batch = from_reports(
        [
            report(
                "~7",
                lat=46.0,
                lon=7.0,
                callsign="A",
                squawk="7700",
                on_ground=True,
                accuracy_m=3.0,
                category=AircraftCategory.GLIDER,
            ),
            report(),
        ]
    )
    again = unpack(pack(batch))
    assert repr(again) == repr(batch)
    assert again.category.tolist() == [2, -1]


def test_a_recording_made_before_categories_is_still_read() -> None:
    batch = from_reports([report("~7", lat=46.0, lon=7.0, category=AircraftCategory.GLIDER), report()])
    addresses, columns = msgspec.msgpack.decode(pack(batch))
    again = unpack(msgspec.msgpack.encode([addresses, columns[:-1]]))
    assert again.category.tolist() == [-1, -1]
    assert (again.addresses, again.callsign.tolist()) == (["~7", "4CA7B5"], batch.callsign.tolist())
    for wrong in (columns[:-2], [*columns, columns[-1]], [*columns[:-1], b"\x63\0\0\0"]):
        with pytest.raises(IntegrityFailure, match="recorded batch"):
            unpack(msgspec.msgpack.encode([addresses, wrong]))
