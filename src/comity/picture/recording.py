"""The recording of what was observed, beside the ledger: segments on disk, written off the event loop.

Records gather in memory and go to one writer thread as blocks: at ``block_bytes``, and at every
:meth:`Recorder.flush` (once a second). So a crash loses at most the last second and what the operating
system had not written; this is a recording, not a promise. A segment is closed at ``segment_bytes`` or
``segment_s``; its SHA-256 is then told, so that the ledger may hold it.

Bounds. At most ``pending_bytes`` wait for the disk; beyond that, and while the disk is full or fails, records
are dropped and counted and ingest goes on. After ``retry_s`` a new segment is tried. Closed segments beyond
``keep_segments`` or ``keep_s`` are deleted, oldest first.

A segment still open has the suffix ``.part``. One left by a crash is closed as it stands when the recorder
starts.
"""

from __future__ import annotations

import hashlib
import os
import threading
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import datetime
from io import FileIO
from pathlib import Path
from typing import Final

import msgspec

from comity.clock import micros
from comity.errors import InvalidInput
from comity.model.batch import ReportBatch, pack
from comity.model.intake import SourceKey
from comity.picture.segment import Kind, Sealer, block, head, record

SUFFIX: Final = ".rec"
OPEN_SUFFIX: Final = ".rec.part"


class RecordingSettings(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    block_bytes: int = 256 * 1024
    segment_bytes: int = 16 * 1024 * 1024
    segment_s: float = 60.0
    pending_bytes: int = 32 * 1024 * 1024
    keep_segments: int = 2_000
    keep_s: float = 7 * 86_400.0
    retry_s: float = 30.0

    def __post_init__(self) -> None:
        for name in self.__struct_fields__:
            if not 0 < getattr(self, name) < float("inf"):
                raise InvalidInput(f"{name} must be a finite number over 0", field=name)


class ClosedSegment(msgspec.Struct, frozen=True):
    """``sha256``: of the file's bytes, in hex."""

    name: str
    sha256: str
    size_bytes: int
    started_us: int


class RecordingState(msgspec.Struct, frozen=True):
    """For the operator. ``stopped``: why nothing is being written now, or None."""

    written_bytes: int
    dropped_records: int
    pending_bytes: int
    segments: int
    stopped: str | None


class Recorder:
    """One owner calls it from one thread. ``on_closed`` is called on the caller's thread, by
    :meth:`flush` and :meth:`close`, for each segment closed since."""

    def __init__(
        self,
        folder: Path,
        settings: RecordingSettings,
        *,
        now: datetime,
        key: bytes | None = None,
        on_closed: Callable[[ClosedSegment], None] = lambda segment: None,
    ) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._settings = settings
        self._on_closed = on_closed
        self._gathered: list[bytes] = []
        self._gathered_bytes = 0
        self._last = now
        self._writer = _Writer(folder, settings, Sealer(key))
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="recording")
        self._last_job: Future[None] = self._thread.submit(self._writer.recover)

    def lines(self, source: SourceKey, received_at: datetime, chunk: bytes, time_offset_s: float) -> None:
        """Record SBS text as it came."""
        self._add(record(source, received_at, Kind.SBS, chunk, time_offset_s), received_at)

    def reports(self, source: SourceKey, received_at: datetime, batch: ReportBatch) -> None:
        self._add(record(source, received_at, Kind.BATCH, pack(batch)), received_at)

    def _add(self, data: bytes, now: datetime) -> None:
        self._gathered.append(data)
        self._gathered_bytes += len(data)
        if self._gathered_bytes >= self._settings.block_bytes:
            self._hand_over(now)

    def flush(self, now: datetime) -> None:
        """Hand what is gathered to the writer, and let a segment that is old enough be closed."""
        self._hand_over(now)
        for segment in self._writer.take_closed():
            self._on_closed(segment)

    def _hand_over(self, now: datetime) -> None:
        self._last = now
        data, count = b"".join(self._gathered), len(self._gathered)
        self._gathered.clear()
        self._gathered_bytes = 0
        if not self._writer.reserve(len(data), count):
            return
        self._last_job = self._thread.submit(self._writer.write, data, count, micros(now))

    def wait(self) -> None:
        """Until everything handed over is written or dropped; for tests and the orderly stop."""
        self._last_job.result()

    def state(self) -> RecordingState:
        return self._writer.state()

    def close(self) -> None:
        """Write what is gathered, close the segment, end the thread."""
        self._hand_over(self._last)
        self._thread.submit(self._writer.close).result()
        self._thread.shutdown()
        for segment in self._writer.take_closed():
            self._on_closed(segment)


class _Writer:
    """What the writer thread does; ``reserve``, ``state`` and ``take_closed`` are called from outside it."""

    def __init__(self, folder: Path, settings: RecordingSettings, sealer: Sealer) -> None:
        self._folder, self._settings, self._sealer = folder, settings, sealer
        self._lock = threading.Lock()
        self._closed: list[ClosedSegment] = []
        self._pending_bytes = 0
        self._dropped = 0
        self._written_bytes = 0
        self._segments = 0
        self._stopped: str | None = None
        self._retry_us = 0
        self._file: FileIO | None = None
        self._name = ""
        self._digest = hashlib.sha256()
        self._size = self._blocks = self._started_us = 0

    def reserve(self, size: int, records: int) -> bool:
        """Whether the queue has room; where not, the records are counted as dropped."""
        with self._lock:
            if size and self._pending_bytes + size > self._settings.pending_bytes:
                self._dropped += records
                return False
            self._pending_bytes += size
            return True

    def state(self) -> RecordingState:
        with self._lock:
            return RecordingState(
                self._written_bytes, self._dropped, self._pending_bytes, self._segments, self._stopped
            )

    def take_closed(self) -> list[ClosedSegment]:
        with self._lock:
            closed, self._closed = self._closed, []
            return closed

    def recover(self) -> None:
        """Close what an earlier process left open."""
        try:
            for path in sorted(self._folder.glob("*" + OPEN_SUFFIX)):
                self._finish(path)
        except OSError as error:
            with self._lock:
                self._stopped = _why(error)
        with self._lock:
            self._segments = len(segments(self._folder))

    def _finish(self, part: Path) -> None:
        digest, size = hashlib.sha256(), 0
        with part.open("rb") as file:
            while chunk := file.read(1 << 20):
                digest.update(chunk)
                size += len(chunk)
        name = part.name.removesuffix(OPEN_SUFFIX)
        part.rename(self._folder / (name + SUFFIX))
        self._tell(ClosedSegment(name, digest.hexdigest(), size, _started_us(name)))

    def write(self, data: bytes, records: int, now_us: int) -> None:
        try:
            self._write(data, records, now_us)
        except OSError as error:
            self._give_up(error, records, now_us)
        finally:
            with self._lock:
                self._pending_bytes -= len(data)

    def _write(self, data: bytes, records: int, now_us: int) -> None:
        if self._file is not None and (
            self._size >= self._settings.segment_bytes
            or now_us - self._started_us >= self._settings.segment_s * 1e6
        ):
            self.close()
            self._retain(now_us)
        if not data:
            return
        if self._file is None:
            if now_us < self._retry_us:
                with self._lock:
                    self._dropped += records
                return
            self._open(now_us)
        self._append(block(data, segment=self._name, number=self._blocks, sealer=self._sealer))
        self._blocks += 1
        with self._lock:
            self._stopped = None

    def _open(self, now_us: int) -> None:
        self._name = _fresh_name(self._folder, now_us)
        self._file = _create(self._folder / (self._name + OPEN_SUFFIX))
        self._digest = hashlib.sha256()
        self._size = self._blocks = 0
        self._started_us = now_us
        self._append(head(self._name, self._sealer))

    def _append(self, data: bytes) -> None:
        """Write all of it or none: what a full disk took of a block is cut off again."""
        file = self._file
        if file is None:
            raise RuntimeError("no segment is open")
        rest = memoryview(data)
        try:
            while rest:
                rest = rest[file.write(rest) :]
        except OSError:
            os.ftruncate(file.fileno(), self._size)
            raise
        self._digest.update(data)
        self._size += len(data)
        with self._lock:
            self._written_bytes += len(data)

    def close(self) -> None:
        """End the open segment, if there is one."""
        file, self._file = self._file, None
        if file is None:
            return
        part = self._folder / (self._name + OPEN_SUFFIX)
        try:
            file.close()
            if not self._size:
                part.unlink()
                return
            part.rename(self._folder / (self._name + SUFFIX))
        except OSError as error:
            with self._lock:
                self._stopped = _why(error)
            return
        self._tell(ClosedSegment(self._name, self._digest.hexdigest(), self._size, self._started_us))

    def _tell(self, segment: ClosedSegment) -> None:
        with self._lock:
            self._closed.append(segment)
            self._segments += 1

    def _give_up(self, error: OSError, records: int, now_us: int) -> None:
        self.close()
        self._retry_us = now_us + round(self._settings.retry_s * 1e6)
        with self._lock:
            self._dropped += records
            self._stopped = _why(error)

    def _retain(self, now_us: int) -> None:
        """Delete closed segments beyond what is kept."""
        paths = segments(self._folder)
        oldest_us = now_us - round(self._settings.keep_s * 1e6)
        surplus = len(paths) - self._settings.keep_segments
        gone = [
            path
            for place, path in enumerate(paths)
            if place < surplus or _started_us(path.name.removesuffix(SUFFIX)) < oldest_us
        ]
        for path in gone:
            path.unlink(missing_ok=True)
        with self._lock:
            self._segments = len(paths) - len(gone)


def segments(folder: Path) -> list[Path]:
    """The closed segments, oldest first."""
    return sorted(folder.glob("*" + SUFFIX))


def _create(path: Path) -> FileIO:
    """A new file, unbuffered: what it takes is the operating system's, and what it refuses is known."""
    return path.open("xb", buffering=0)


def _fresh_name(folder: Path, now_us: int) -> str:
    """Sorts by time; the number tells apart what began in the same microsecond."""
    for number in range(1_000_000):
        name = f"{now_us:017d}-{number:06d}"
        if not any((folder / (name + suffix)).exists() for suffix in (SUFFIX, OPEN_SUFFIX)):
            return name
    raise OSError("no free name for a recording segment")


def _started_us(name: str) -> int:
    digits = name.partition("-")[0]
    return int(digits) if digits.isdigit() else 0


def _why(error: OSError) -> str:
    return f"{error.strerror or error} while recording"
