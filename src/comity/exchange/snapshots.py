"""Snapshots: made by folding the ledger in a second process, recorded by an entry; this one never stops.

The second process opens the ledger for reading, recovers the state as a restart would, and writes it to a
file; what it prints goes into a ``snapshot.recorded`` entry, whose place in the signed tree is the
snapshot's signature. A snapshot without its entry is not used.
"""

from __future__ import annotations

import asyncio
import logging
import os
import sys
from pathlib import Path
from typing import Final

import msgspec

from comity.coordination.facts import digest, rows
from comity.errors import Unavailable
from comity.exchange.exchange import Exchange
from comity.exchange.recovery import chunked, recover
from comity.geo.heights import Environment
from comity.ledger.keyfile import KeyFile
from comity.ledger.reader import Reader
from comity.ledger.snapshot import Meta, prune, snapshot_path, write_snapshot
from comity.model.command import RecordSnapshot

_log = logging.getLogger("comity.exchange.snapshots")

KEPT: Final = 3
"""Snapshots kept: the newest, and two to fall back on."""


NICENESS: Final = 19
"""The second process can wait, whoever files cannot. With 19 it gets a seventieth of a contended core."""


class Job(msgspec.Struct, frozen=True):
    """What the second process is given on its standard input."""

    ledger: str
    key_file: str
    directory: str
    environment: Environment


class Made(msgspec.Struct, frozen=True):
    """What it prints."""

    size: int
    state_digest: str
    file_sha256: str


class Snapshots:
    """Makes a snapshot when there is something new. One at a time."""

    def __init__(self, exchange: Exchange, data_dir: Path, key_file: Path) -> None:
        self._exchange = exchange
        self._directory = data_dir / "snapshots"
        self._key_file = key_file
        self._size = 0
        self._lock = asyncio.Lock()

    async def make(self) -> None:
        """Fold, write, record. Raises ``Unavailable`` where the second process did not manage."""
        async with self._lock:
            if self._exchange.ledger.size <= self._size:
                return
            made = await self._fold()
            await self._exchange.own(RecordSnapshot(made.size, made.state_digest, made.file_sha256))
            # The entry just made is new as well; a quiet exchange must not snapshot itself for ever.
            self._size = self._exchange.ledger.size
            await asyncio.to_thread(prune, self._directory, KEPT)
            _log.info("snapshot made", extra={"count": made.size})

    async def make_only(self) -> None:
        """A new snapshot and no older one: before an erasure, since older ones hold what is to go."""
        await self.make()
        await asyncio.to_thread(prune, self._directory, 1)

    async def _fold(self) -> Made:
        job = Job(
            str(self._exchange.ledger.path),
            str(self._key_file),
            str(self._directory),
            self._exchange.state.environment,
        )
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "comity.exchange.snapshots",
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        try:
            printed, _ = await process.communicate(msgspec.json.encode(job))
        except asyncio.CancelledError:
            process.kill()
            await process.wait()
            raise
        if process.returncode != 0:
            raise Unavailable(f"the snapshot process ended with status {process.returncode}")
        return msgspec.json.decode(printed, type=Made)


def make_snapshot(job: Job) -> Made:
    """Fold the ledger as it stands and write the snapshot file."""
    keyfile = KeyFile.load(Path(job.key_file))
    directory = Path(job.directory)
    reader = Reader.open(Path(job.ledger), keyfile)
    try:
        recovered = recover(reader, keyfile, directory, job.environment)
        heads = reader.heads(recovered.size)
    finally:
        reader.close()
    state_digest = digest(rows(recovered.state))
    meta = Meta(recovered.size, state_digest, heads.last_leaf, heads.last_time_us, heads.logs)
    directory.mkdir(mode=0o700, parents=True, exist_ok=True)
    path = snapshot_path(directory, recovered.size)
    written = write_snapshot(path, meta, chunked(recovered.state), keyfile.master)
    return Made(recovered.size, state_digest, written.sha256)


if __name__ == "__main__":
    os.nice(NICENESS)
    sys.stdout.buffer.write(
        msgspec.json.encode(make_snapshot(msgspec.json.decode(sys.stdin.buffer.read(), type=Job)))
    )
