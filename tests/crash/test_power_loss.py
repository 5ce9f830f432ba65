"""Power loss at random moments, with unsynced writes lost and torn: nothing acknowledged is lost.

200 rounds, ``COMITY_CRASH_TEARS=n`` for another number. With ``synchronous=OFF`` or ``NORMAL`` the same
rounds do lose acknowledged entries, which shows that the harness would notice.
"""

from __future__ import annotations

import os
import random
from datetime import timedelta
from pathlib import Path

import apsw
import pytest

from comity.errors import ComityError, OutcomeUnknown
from comity.ids import ParticipantId
from comity.ledger.schema import Storage
from comity.ledger.store import Ledger
from tests.crash.batches_kept import OWNERS, stamped, what_is_wrong
from tests.crash.losing_vfs import LosingDisk
from tests.ledger.ledger_making import NOW, draft, key_file, open_ledger

ROUNDS = int(os.environ.get("COMITY_CRASH_TEARS", "200"))
BATCHES = 40
FORGOTTEN = ParticipantId("forgotten")
"""Whose entries are erased at once: apart, as an erased payload cannot say to which batch it belongs."""
OPERATIONS = 900
"""About what ``BATCHES`` batches take; the power fails at one of them, or after the last batch."""


def work(ledger: Ledger, chance: random.Random, acknowledged: dict[int, str]) -> None:
    """Batches of random size, now and then a checkpoint of all logs or an erasure."""
    for batch in range(BATCHES):
        made = ledger.append(stamped(batch, chance.randrange(1, 9), chance.choice((0, 50, 900, 5000))))
        acknowledged |= {each.index: each.leaf.hex() for each in made}
        if chance.random() < 0.1:
            ledger.checkpoint_all(NOW + timedelta(seconds=batch))
        if chance.random() < 0.05:
            acknowledged |= {
                each.index: each.leaf.hex() for each in ledger.append([draft(FORGOTTEN, b"f%d/0/1/" % batch)])
            }
            ledger.erase(FORGOTTEN, "2026-03", NOW)


def one_round(directory: Path, seed: int, synchronous: str) -> tuple[list[str], int]:
    """What is wrong after the power failed once, and how much had been acknowledged."""
    directory.mkdir()
    chance = random.Random(seed)
    name = f"losing-{synchronous}-{seed}"
    disk = LosingDisk(name, power_fails_after=chance.randrange(1, OPERATIONS))
    storage = Storage(
        vfs=name, synchronous=synchronous, exclusive=True, wal_pages=chance.choice((5, 30, 4000))
    )
    acknowledged: dict[int, str] = {}
    try:
        ledger = open_ledger(directory, storage=storage)
    except ComityError:
        assert disk.lost
    else:
        ledger._connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)  # a power cut closes nothing
        try:
            work(ledger, chance, acknowledged)
        except OutcomeUnknown:
            assert disk.lost
        ledger.close()
    disk.leave(directory, chance)
    disk.unregister()
    return what_is_wrong(directory, acknowledged), len(acknowledged)


def test_power_loss_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    total = 0
    for seed in range(ROUNDS):
        wrong, count = one_round(tmp_path / str(seed), seed, "FULL")
        assert wrong == [], f"seed {seed}"
        total += count
    assert total > ROUNDS * 20, "most rounds must get somewhere"
    print(f"{ROUNDS} power losses, {total} acknowledged entries, all there")


@pytest.mark.parametrize("synchronous", ["OFF", "NORMAL"])
def test_the_harness_catches_a_store_that_does_not_sync(tmp_path: Path, synchronous: str) -> None:
    """The same rounds: without a sync at each commit acknowledged entries are lost, or the file is spoilt."""
    lost = [seed for seed in range(20) if one_round(tmp_path / str(seed), seed, synchronous)[0]]
    assert len(lost) >= 5, f"only {lost} of 20 rounds lost something"


def test_a_sync_that_fails_leaves_the_outcome_unknown_and_stops_the_ledger(tmp_path: Path) -> None:
    disk = LosingDisk("failing")
    ledger = open_ledger(tmp_path, storage=Storage(vfs="failing", exclusive=True))
    made = ledger.append(stamped(0, 3, 10))
    disk.sync_fails = True
    with pytest.raises(OutcomeUnknown, match="may or may not be on disk"):
        ledger.append(stamped(1, 3, 10))
    disk.sync_fails = False
    with pytest.raises(OutcomeUnknown, match="until it is opened anew"):
        ledger.append(stamped(2, 3, 10))
    with pytest.raises(OutcomeUnknown):
        ledger.checkpoint_all(NOW)
    with pytest.raises(OutcomeUnknown):
        ledger.erase(OWNERS[0], "2026-03", NOW)
    assert ledger.failed is not None
    assert ledger.size == 3
    ledger._connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
    ledger.close()
    disk.leave(tmp_path, random.Random(1))
    disk.unregister()
    assert what_is_wrong(tmp_path, {each.index: each.leaf.hex() for each in made}) == []
    assert key_file(tmp_path)
