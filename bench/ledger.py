"""What an entry costs: appended, read, proved, verified, against a plain table of the same payloads.

The baseline of an append is the same payload inserted into a table (integer key, blob) of another SQLite
file with the same settings (WAL, ``synchronous=FULL``, ``secure_delete``) in the same batches. Both are
measured in turns; a figure is the median of the rounds. CPU is the process's, wall includes the disk's sync,
one for each batch.
"""

from __future__ import annotations

import argparse
import random
import statistics
import tempfile
import time
from collections.abc import Callable, Iterable, Sequence
from contextlib import closing
from functools import partial
from pathlib import Path
from typing import Any

import apsw

from bench.report import Figure, show, spread, stated
from comity.ids import ParticipantId, SystemEntropy
from comity.ledger.backup import back_up
from comity.ledger.entry import TREE, Draft
from comity.ledger.keyfile import KeyFile
from comity.ledger.schema import PAGE_BYTES, WAL_PAGES
from comity.ledger.store import Ledger
from comity.ledger.verify import verify

PAYLOAD_BYTES = 1_500
GOAL_US = 60.0
"""CPU for an entry in a batch of 32, the disk's sync apart."""
_START_US = 1_772_532_000_000_000


class Costs:
    """Microseconds an entry, CPU and wall, one of each for a round."""

    def __init__(self) -> None:
        self.cpu_us: list[float] = []
        self.wall_us: list[float] = []

    def take(self, entries: int, work: Callable[[], object]) -> None:
        cpu, wall = time.process_time(), time.perf_counter()
        work()
        self.cpu_us.append((time.process_time() - cpu) / entries * 1e6)
        self.wall_us.append((time.perf_counter() - wall) / entries * 1e6)

    def words(self) -> str:
        return f"{spread(self.cpu_us)} µs CPU, {statistics.median(self.wall_us):.3g} µs wall"


def main(arguments: Sequence[str] | None = None) -> list[Figure]:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--entries", type=int, default=6_400, help="appended in each round")
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--owners", type=int, default=64)
    parser.add_argument("--directory", type=Path, help="where the files are; a temporary one by default")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(dir=given.directory) as name:
        directory = Path(name)
        keys = KeyFile.create(directory / "keys.json", SystemEntropy())
        ledger = Ledger.open(directory / "ledger.db", keys, "bench.example", SystemEntropy())
        figures = appends(ledger, directory, given.entries, given.rounds, given.owners)
        figures += reads(ledger, keys)
        show("Ledger", directory, figures)
    return figures


def appends(ledger: Ledger, directory: Path, entries: int, rounds: int, owners: int) -> list[Figure]:
    chance = random.Random(1)
    figures = []
    with closing(_plain_table(directory / "plain.db")) as plain:
        for batch in (32, 1):
            count = entries if batch > 1 else entries // 8
            ours, theirs = Costs(), Costs()
            for _ in range(rounds + 1):
                drafts = [_draft(chance, owners) for _ in range(count)]
                batches = [drafts[i : i + batch] for i in range(0, count, batch)]
                ours.take(count, partial(_each, ledger.append, batches))
                theirs.take(count, partial(_each, partial(_insert, plain), batches))
            for costs in (ours, theirs):
                del costs.cpu_us[0], costs.wall_us[0]
            figures.append(_append_figure(batch, owners, ours, theirs))
    return figures


def _append_figure(batch: int, owners: int, ours: Costs, theirs: Costs) -> Figure:
    name = f"append, batches of {batch}, {owners} owners, {PAYLOAD_BYTES} B"
    mine = statistics.median(ours.cpu_us)
    ratio = mine / statistics.median(theirs.cpu_us)
    if batch == 1:
        return stated(name, ours.words(), theirs.words(), ratio)
    return Figure(name, ours.words(), theirs.words(), ratio, f"≤ {GOAL_US:g} µs CPU", mine <= GOAL_US)


def reads(ledger: Ledger, keys: KeyFile) -> list[Figure]:
    size, reader = ledger.size, ledger.reader
    figures = []
    costs = Costs()
    costs.take(size, lambda: _drain(ledger))
    header_bytes = sum(len(leaf.leaf) for leaf in reader.leaves(TREE, 0, 1_000)) / 1_000
    per_entry = ledger.path.stat().st_size / size
    figures.append(stated("read and open an entry", costs.words(), f"of {size:,}", 1.0))
    figures.append(
        stated(
            "file for an entry",
            f"{per_entry:,.0f} B",
            f"{PAYLOAD_BYTES} B payload, header {header_bytes:.0f} B",
            per_entry / PAYLOAD_BYTES,
        )
    )
    chance = random.Random(2)
    for what, act in (
        ("inclusion proof", lambda _: reader.inclusion(TREE, chance.randrange(size), size)),
        ("consistency proof", lambda _: reader.consistency(TREE, chance.randrange(1, size), size)),
    ):
        each = Costs()
        each.take(500, partial(_each, act, range(500)))
        figures.append(stated(what, each.words(), f"of {size:,}", 1.0))
    for what, keyfile in (("verify", None), ("verify with the key file", keys)):
        each = Costs()
        each.take(size, partial(_good, ledger.path, keyfile))
        figures.append(stated(f"{what}, an entry", each.words(), f"of {size:,}", 1.0))
    copied = Costs()
    copied.take(size, lambda: _back_up(ledger.path))
    figures.append(stated("back up and verify, an entry", copied.words(), f"of {size:,}", 1.0))
    return [*figures, _open_figure(ledger, keys)]


def _open_figure(ledger: Ledger, keys: KeyFile) -> Figure:
    path, size = ledger.path, ledger.size
    ledger.close()
    each = Costs()
    each.take(1, lambda: Ledger.open(path, keys, "bench.example", SystemEntropy()).close())
    return stated(
        "open after an orderly stop", f"{each.wall_us[0] / 1e3:.2f} ms", f"with {size:,} entries", 1.0
    )


def _each(act: Callable[[Any], object], of: Iterable[Any]) -> None:
    for one in of:
        act(one)


def _draft(chance: random.Random, owners: int) -> Draft:
    owner = ParticipantId(f"owner-{chance.randrange(owners):04d}")
    return Draft(_START_US, "intent.put", owner, (owner,), chance.randbytes(PAYLOAD_BYTES))


def _plain_table(path: Path) -> apsw.Connection:
    connection = apsw.Connection(str(path))
    connection.pragma("page_size", PAGE_BYTES)
    connection.pragma("journal_mode", "WAL")
    connection.pragma("synchronous", "FULL")
    connection.pragma("secure_delete", True)
    connection.wal_autocheckpoint(WAL_PAGES)
    connection.execute("CREATE TABLE plain (id INTEGER PRIMARY KEY, payload BLOB NOT NULL) STRICT")
    return connection


def _insert(plain: apsw.Connection, drafts: Sequence[Draft]) -> None:
    plain.execute("BEGIN IMMEDIATE")
    plain.executemany("INSERT INTO plain (payload) VALUES (?)", [(each.payload,) for each in drafts])
    plain.execute("COMMIT")


def _drain(ledger: Ledger) -> None:
    for entry in ledger.entries():
        if entry.payload is None:
            raise RuntimeError("an entry did not open")


def _good(path: Path, keyfile: KeyFile | None) -> None:
    report = verify(path, keyfile=keyfile)
    if not report.ok:
        raise RuntimeError(str(report.findings))


def _back_up(path: Path) -> None:
    back_up(path, path.with_name("backup.db"))


if __name__ == "__main__":
    main()
