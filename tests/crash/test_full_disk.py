"""A full disk: appends are refused and change nothing, reads go on, and with room again it goes on."""

from __future__ import annotations

import random
from collections.abc import Iterator
from pathlib import Path

import apsw
import pytest

from comity.errors import LedgerFull
from comity.ids import ParticipantId
from comity.ledger.entry import TREE
from comity.ledger.schema import Storage
from comity.ledger.store import Ledger
from tests.crash.batches_kept import stamped, what_is_wrong
from tests.crash.losing_vfs import LosingDisk
from tests.ledger.ledger_making import NOW, draft, open_ledger


@pytest.fixture
def ledger(tmp_path: Path) -> Iterator[Ledger]:
    opened = open_ledger(tmp_path)
    yield opened
    opened.close()


def _limit_pages(ledger: Ledger, more: int) -> None:
    """Lets the file grow by ``more`` pages and then be full, as SQLite sees a full disk."""
    pages = ledger._connection.pragma("page_count")
    ledger._connection.pragma("max_page_count", int(str(pages)) + more)


def test_appends_are_refused_reads_go_on_and_room_lets_it_go_on(tmp_path: Path, ledger: Ledger) -> None:
    acknowledged: dict[int, str] = {}
    batch = 0

    full = False

    def add() -> None:
        nonlocal batch, full
        try:
            made = ledger.append(stamped(batch, 4, 700))
        except LedgerFull:
            full = True
        else:
            full = False
            acknowledged.update({each.index: each.leaf.hex() for each in made})
            batch += 1

    for _ in range(5):
        add()
    _limit_pages(ledger, 12)
    while not full:
        add()
    before, root = ledger.size, ledger.reader.root(TREE, ledger.size)
    for _ in range(5):
        add()
        assert full
        assert ledger.size == before == len(list(ledger.entries()))
        assert ledger.reader.root(TREE, before) == root
    with pytest.raises(LedgerFull, match="nothing was written"):
        ledger.append([draft(ParticipantId("a-new-one"), bytes(90_000))])
    assert ledger.failed is None
    _limit_pages(ledger, 100_000)
    for _ in range(5):
        add()
    made = ledger.append([draft(ParticipantId("a-new-one"), b"%d/0/1/" % batch)])
    assert made[0].counted[0].position == 0
    ledger.checkpoint_all(NOW)
    ledger.close()
    assert what_is_wrong(tmp_path, acknowledged) == []


def test_no_space_at_any_write_is_a_refusal(tmp_path: Path) -> None:
    """As ENOSPC from the disk, at whichever write of a commit; a power loss afterwards changes nothing."""
    refused = sum(_fill_again_and_again(tmp_path / str(seed), seed) for seed in range(12))
    assert refused > 50


def _fill_again_and_again(directory: Path, seed: int) -> int:
    """How many appends were refused; everything else was acknowledged and must be there."""
    directory.mkdir()
    chance = random.Random(seed)
    disk = LosingDisk(f"full-{seed}")
    storage = Storage(vfs=f"full-{seed}", exclusive=True, wal_pages=chance.choice((20, 50, 1000)))
    ledger = open_ledger(directory, storage=storage)
    acknowledged: dict[int, str] = {}
    refused = 0
    for batch in range(60):
        if chance.random() < 0.3:
            disk.room_bytes = chance.choice((None, chance.randrange(60_000), 0))
        try:
            made = ledger.append(stamped(batch, chance.randrange(1, 6), chance.choice((10, 3000))))
        except LedgerFull:
            refused += 1
            assert ledger.size == len(acknowledged)
        else:
            acknowledged |= {each.index: each.leaf.hex() for each in made}
    assert ledger.failed is None
    disk.room_bytes = None
    made = ledger.append(stamped(1000, 2, 10))
    acknowledged |= {each.index: each.leaf.hex() for each in made}
    disk.power_fails_after = disk.operations
    ledger._connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)  # a power cut closes nothing
    ledger.close()
    disk.leave(directory, chance)
    disk.unregister()
    assert what_is_wrong(directory, acknowledged) == [], f"seed {seed}"
    return refused
