"""From disk to state: the newest good snapshot, then every entry after it.

Replay from entry 0 gives the same state digest while nothing is erased; where an entry that has to be
folded was erased, recovery needs a snapshot from after it and refuses without one, naming the entry.
A snapshot counts only if the ledger has an entry with its digest, or if it is verified by folding; one
that cannot be read, or does not give the digest it names, is passed over and said.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from pathlib import Path

import msgspec

from comity.clock import from_micros
from comity.coordination.facts import load, rows
from comity.coordination.fold import apply
from comity.coordination.state import State
from comity.errors import IntegrityFailure
from comity.geo.heights import Environment
from comity.ledger.keyfile import KeyFile
from comity.ledger.reader import Reader
from comity.ledger.snapshot import read_snapshot, snapshots
from comity.model.fact import Payload, SnapshotRecorded

_decoder = msgspec.json.Decoder(Payload)


class Recovered(msgspec.Struct, frozen=True):
    """``size`` entries are folded into ``state``, ``from_snapshot`` of them by a snapshot. ``passed_over``:
    snapshots that could not be used, each with the reason."""

    state: State
    size: int
    from_snapshot: int
    passed_over: tuple[str, ...]


def recover(reader: Reader, keyfile: KeyFile, directory: Path, environment: Environment) -> Recovered:
    """The state as the ledger has it now."""
    state, start, passed_over = _from_snapshot(reader, keyfile, directory, environment)
    size = fold_entries(state, reader, start)
    return Recovered(state, size, start, tuple(passed_over))


def fold_entries(state: State, reader: Reader, start: int, stop: int | None = None) -> int:
    """Fold entries ``start`` to ``stop`` (or the end); returns how many entries the state then has."""
    size = start
    for entry in reader.entries(start, stop):
        if entry.payload is None:
            raise IntegrityFailure(
                f"entry {entry.header.index} was erased and no snapshot from after it can be used",
                detail={"index": entry.header.index},
            )
        payload = _decoder.decode(entry.payload)
        now = from_micros(entry.header.time_us)
        apply(state, payload.fact, payload.request, now, entry.header.index)
        size = entry.header.index + 1
    return size


def _from_snapshot(
    reader: Reader, keyfile: KeyFile, directory: Path, environment: Environment
) -> tuple[State, int, list[str]]:
    recorded = _recorded_digests(reader)
    passed_over: list[str] = []
    for path in snapshots(directory):
        try:
            meta, chunks = read_snapshot(path, keyfile.master)
            if recorded.get(meta.size) != meta.state_digest:
                passed_over.append(f"{path.name}: the ledger has no entry with its digest")
                continue
            if meta.size > reader.size():
                passed_over.append(f"{path.name}: it is from after the ledger's end")
                continue
            sha = hashlib.sha256()
            state = load(_lines(chunks, sha), environment)
            if sha.hexdigest() == meta.state_digest:
                return state, meta.size, passed_over
            passed_over.append(f"{path.name}: it does not give the digest that it names")
        except (IntegrityFailure, msgspec.DecodeError, OSError) as error:
            passed_over.append(f"{path.name}: {error}")
    return State(environment), 0, passed_over


def _recorded_digests(reader: Reader) -> dict[int, str]:
    found: dict[int, str] = {}
    for entry in reader.entries(kinds=("snapshot.recorded",)):
        if entry.payload is not None:
            fact = _decoder.decode(entry.payload).fact
            if isinstance(fact, SnapshotRecorded):
                found[fact.size] = fact.state_digest
    return found


def _lines(chunks: Iterator[bytes], sha: hashlib._Hash) -> Iterator[bytes]:
    """Rows out of chunks, which hold whole ones each ended by a newline; ``sha`` takes in every byte."""
    for chunk in chunks:
        sha.update(chunk)
        yield from chunk.split(b"\n")[:-1]


def chunked(state: State, chunk_bytes: int = 4 * 1024 * 1024) -> Iterator[bytes]:
    """The state's rows gathered into chunks of about this size."""
    gathered: list[bytes] = []
    length = 0
    for row in rows(state):
        gathered.append(row + b"\n")
        length += len(row) + 1
        if length >= chunk_bytes:
            yield b"".join(gathered)
            gathered, length = [], 0
    if gathered:
        yield b"".join(gathered)
