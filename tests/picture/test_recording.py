"""The recording: what goes in comes out, torn tails are told, damage is named, a full disk stops nothing."""

from __future__ import annotations

import errno
import hashlib
import io
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typing_extensions import Buffer

from comity.errors import IntegrityFailure, InvalidInput
from comity.model.batch import from_reports, pack, unpack
from comity.picture import recording as module
from comity.picture.recording import ClosedSegment, Recorder, RecordingSettings, segments
from comity.picture.replay import Recording
from comity.picture.segment import Kind, SegmentReader
from tests.picture.making import SOURCES, START, at, report

KEY = b"k" * 32
LINES = b"MSG,8,1,1,4CA7B5,1,,,,,,,,,,,,,,,,\r\n\xff not a line"


def record(folder: Path, key: bytes | None = None, count: int = 6, **options: float) -> list[ClosedSegment]:
    """One block for each observation, alternating text and reports."""
    closed: list[ClosedSegment] = []
    recorder = Recorder(
        folder,
        RecordingSettings(**options),  # type: ignore[arg-type]  # numbers
        now=START,
        key=key,
        on_closed=closed.append,
    )
    for number in range(count):
        when = at(number)
        if number % 2:
            recorder.reports(SOURCES[3], when, from_reports([report("~7", lat=46.0, lon=7.0, callsign="A")]))
        else:
            recorder.lines(SOURCES[0], when, LINES, 12.5)
        recorder.flush(when)
    recorder.wait()
    recorder.close()
    return closed


@pytest.mark.parametrize("key", [None, KEY])
def test_what_goes_in_comes_out(tmp_path: Path, key: bytes | None) -> None:
    (segment,) = record(tmp_path, key)
    (path,) = segments(tmp_path)
    assert hashlib.sha256(path.read_bytes()).hexdigest() == segment.sha256
    assert path.stat().st_size == segment.size_bytes
    found = Recording.at(tmp_path, key=key)
    told = list(found)
    assert [one.received_at for one in told] == [at(n) for n in range(6)]
    assert (told[0].source, told[0].kind, told[0].payload, told[0].time_offset_s) == (
        SOURCES[0],
        Kind.SBS,
        LINES,
        12.5,
    )
    batch = from_reports([report("~7", lat=46.0, lon=7.0, callsign="A")])
    assert (told[1].source, told[1].kind, told[1].payload) == (SOURCES[3], Kind.BATCH, pack(batch))
    again = unpack(told[1].payload)
    assert (again.addresses, again.callsign[0], again.lat[0]) == (["~7"], b"A", 46.0)
    assert found.torn == {}


def test_a_thief_of_the_disk_reads_nothing(tmp_path: Path) -> None:
    record(tmp_path, KEY)
    data = segments(tmp_path)[0].read_bytes()
    for secret in (b"4CA7B5", b"MSG", b"anna", b"radar", b"~7"):
        assert secret not in data
    with pytest.raises(IntegrityFailure, match="does not open"):
        list(Recording.at(tmp_path, key=b"x" * 32))
    with pytest.raises(InvalidInput, match="needs a key"):
        list(Recording.at(tmp_path))
    with pytest.raises(InvalidInput, match="32 bytes"):
        Recorder(tmp_path, RecordingSettings(), now=START, key=b"short")


@given(st.data())
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_a_file_cut_anywhere_gives_what_was_whole(tmp_path: Path, data: st.DataObject) -> None:
    folder = tmp_path / "whole"
    if not folder.exists():
        record(folder, KEY)
    content = segments(folder)[0].read_bytes()
    cut = data.draw(st.integers(0, len(content)))
    zeros = data.draw(st.sampled_from([0, 5, 4_096]))
    torn = tmp_path / "torn.rec"
    torn.write_bytes(content[:cut] + bytes(zeros))
    reader = SegmentReader(torn, key=KEY)
    try:
        told = list(reader)
    except IntegrityFailure:
        assert zeros
        assert cut < len(content)
        return
    assert [one.received_at for one in told] == [at(n) for n in range(len(told))]
    if cut == len(content):
        assert (len(told), reader.torn_bytes) == (6, zeros)
    elif not zeros:
        assert len(told) < 6 or reader.torn_bytes == 0


def test_damage_before_the_end_is_named(tmp_path: Path) -> None:
    record(tmp_path)
    (path,) = segments(tmp_path)
    content = bytearray(path.read_bytes())
    content[60] ^= 1
    path.write_bytes(content)
    with pytest.raises(IntegrityFailure, match=r"block 0 .* is not what was written"):
        list(Recording.at(tmp_path))
    path.write_bytes(b"something else entirely")
    with pytest.raises(IntegrityFailure, match="not a recording"):
        list(Recording.at(tmp_path))


def test_blocks_cannot_be_moved(tmp_path: Path) -> None:
    """Two sealed blocks of one size exchanged: the checks hold, the seal does not."""
    record(tmp_path, KEY, count=3)
    (path,) = segments(tmp_path)
    content = path.read_bytes()
    start = len(b"COMITYR1") + 2 + content[9]
    sizes = []
    at_ = start
    while at_ < len(content):
        sizes.append(8 + int.from_bytes(content[at_ : at_ + 4], "little"))
        at_ += sizes[-1]
    first, second, third = sizes
    assert first == third
    moved = content[start + first + second :] + content[start + first : start + first + second]
    path.write_bytes(content[:start] + moved + content[start : start + first])
    with pytest.raises(IntegrityFailure, match="block 0"):
        list(Recording.at(tmp_path, key=KEY))


def test_segments_end_by_size_and_by_time_and_old_ones_go(tmp_path: Path) -> None:
    by_size = record(tmp_path / "size", segment_bytes=100, keep_segments=3)
    assert len(by_size) == 6
    assert len(segments(tmp_path / "size")) <= 4
    by_time = record(tmp_path / "time", segment_s=3.0)
    assert [segment.started_us for segment in by_time] == sorted(segment.started_us for segment in by_time)
    assert len(by_time) == 2
    by_age = record(tmp_path / "age", segment_bytes=100, keep_s=1.0)
    assert len(by_age) == 6
    assert len(segments(tmp_path / "age")) == 2


def test_a_segment_left_by_a_crash_is_closed_at_the_start(tmp_path: Path) -> None:
    record(tmp_path)
    (path,) = segments(tmp_path)
    part = path.rename(path.with_name(path.name + ".part"))
    part.write_bytes(part.read_bytes()[:-3])
    closed = record(tmp_path, count=2)
    assert len(closed) == 2
    assert hashlib.sha256(segments(tmp_path)[0].read_bytes()).hexdigest() == closed[0].sha256
    found = Recording.at(tmp_path)
    assert len(list(found)) == 5 + 2
    assert list(found.torn) == [segments(tmp_path)[0].name]


class FullDisk(io.FileIO):
    """Takes 300 bytes in all, and half of the write that goes over."""

    room = 300

    def write(self, data: Buffer) -> int:
        view = memoryview(data)
        if FullDisk.room <= 0:
            raise OSError(errno.ENOSPC, "No space left on device")
        taken = super().write(view[: FullDisk.room])
        FullDisk.room -= taken
        return taken


def test_a_full_disk_stops_the_recording_and_nothing_else(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "_create", lambda path: FullDisk(path, "xb"))
    monkeypatch.setattr(FullDisk, "room", 300)
    recorder = Recorder(tmp_path, RecordingSettings(retry_s=30.0), now=START)
    for number in range(10):
        recorder.lines(SOURCES[0], at(number), LINES, 0.0)
        recorder.flush(at(number))
        recorder.wait()
    state = recorder.state()
    assert state.stopped == "No space left on device while recording"
    assert state.dropped_records == 10 - 3
    assert state.pending_bytes == 0
    monkeypatch.setattr(FullDisk, "room", 1_000_000)
    recorder.lines(SOURCES[0], at(20), LINES, 0.0)
    recorder.flush(at(20))
    recorder.wait()
    assert recorder.state().dropped_records == 8
    recorder.lines(SOURCES[0], at(40), LINES, 0.0)
    recorder.flush(at(40))
    recorder.wait()
    assert recorder.state().stopped is None
    recorder.close()
    found = Recording.at(tmp_path)
    assert [one.received_at - START for one in found] == [timedelta(seconds=n) for n in (0, 1, 2, 40)]
    assert found.torn == {}


def test_what_waits_for_the_disk_is_bounded(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path, RecordingSettings(pending_bytes=1_000, block_bytes=400), now=START)
    recorder.lines(SOURCES[0], at(0), b"x" * 2_000, 0.0)
    recorder.wait()
    assert recorder.state().dropped_records == 1
    recorder.close()
