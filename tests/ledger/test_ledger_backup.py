"""A backup taken while writes go on has all that was acknowledged before; restored, it has the same roots."""

from __future__ import annotations

import shutil
import threading
from pathlib import Path

import apsw
import pytest

from comity.errors import IntegrityFailure, InvalidInput, NotFound
from comity.ids import SeededEntropy
from comity.ledger.backup import back_up, restore
from comity.ledger.entry import TREE
from comity.ledger.store import Ledger
from comity.ledger.verify import verify
from tests.ledger.ledger_making import NAME, NOW, A, B, draft, key_file, open_ledger


def test_a_backup_made_while_writes_go_on_has_what_was_acknowledged_before(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path)
    keys = key_file(tmp_path)
    stop = threading.Event()
    acknowledged: list[str] = []

    def write() -> None:
        number = 0
        while not stop.is_set():
            made = ledger.append([draft((A, B)[i % 2], b"%d" % (number + i) + bytes(600)) for i in range(5)])
            acknowledged.extend(each.leaf.hex() for each in made)
            number += 5

    writer = threading.Thread(target=write)
    writer.start()
    while len(acknowledged) < 500:
        stop.wait(0.005)
    before = list(acknowledged)
    steps: list[tuple[int, int]] = []
    report = back_up(
        tmp_path / "ledger.db", tmp_path / "backup.db", keys, progress=lambda *at: steps.append(at)
    )
    after = len(acknowledged)
    stop.set()
    writer.join()
    assert len(before) <= report.entries
    assert report.entries % 5 == 0, "whole batches"
    assert after > len(before), "writes went on meanwhile"
    assert steps[-1][0] == steps[-1][1] > 0

    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    restored = restore(tmp_path / "backup.db", elsewhere / "ledger.db", keys)
    assert (restored.entries, restored.root, restored.logs) == (report.entries, report.root, report.logs)
    again = Ledger.open(elsewhere / "ledger.db", keys, NAME, SeededEntropy(b"tests"))
    assert [again.reader.root(log, again.reader.log_size(log)).hex() for log in (TREE,)] == [report.root]
    leaves = [each.leaf for each in again.reader.leaves(TREE, 0, again.size)]
    assert leaves == [each.leaf for each in ledger.reader.leaves(TREE, 0, again.size)]
    (made,) = again.append([draft(A, b"goes on")])
    assert made.index == report.entries
    assert verify(elsewhere / "ledger.db", keyfile=keys).ok
    again.close()
    ledger.close()


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    open_ledger(tmp_path).close()
    backup = tmp_path / "backup.db"
    back_up(tmp_path / "ledger.db", backup)
    whole = backup.read_bytes()
    for act, source, taken in (
        (back_up, tmp_path / "ledger.db", backup),
        (restore, backup, tmp_path / "ledger.db"),
        (restore, backup, backup),
    ):
        with pytest.raises(InvalidInput, match="is not overwritten"):
            act(source, taken)
    (tmp_path / "new.db-wal").write_bytes(b"")
    with pytest.raises(InvalidInput, match=r"new\.db-wal exists"):
        restore(backup, tmp_path / "new.db")
    (tmp_path / "busy.db.part").write_bytes(b"")
    with pytest.raises(InvalidInput, match="another backup"):
        back_up(tmp_path / "ledger.db", tmp_path / "busy.db")
    with pytest.raises(InvalidInput, match="cannot be written"):
        back_up(tmp_path / "ledger.db", tmp_path / "no" / "such" / "directory.db")
    with pytest.raises(NotFound):
        restore(tmp_path / "missing.db", tmp_path / "new2.db")
    assert backup.read_bytes() == whole
    assert not list(tmp_path.glob("new2*"))


def test_a_backup_that_was_touched_is_not_restored(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path)
    ledger.append([draft(A, b"one"), draft(A, b"two")])
    ledger.close()
    backup = tmp_path / "backup.db"
    back_up(tmp_path / "ledger.db", backup, key_file(tmp_path))
    raw = apsw.Connection(str(backup))
    raw.execute("UPDATE entries SET sealed = zeroblob(19) WHERE idx = 1")
    raw.close()
    with pytest.raises(IntegrityFailure) as caught:
        restore(backup, tmp_path / "new.db", key_file(tmp_path))
    assert caught.value.detail == {"index": 1}
    assert not list(tmp_path.glob("new.db*"))


def test_a_backup_is_held_against_checkpoints_when_it_is_restored(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path)
    ledger.append([draft(A)])
    back_up(tmp_path / "ledger.db", tmp_path / "backup.db")
    ledger.checkpoint_all(NOW)
    early = ledger.reader.checkpoint(TREE)
    ledger.append([draft(A)])
    ledger.checkpoint_all(NOW)
    late = ledger.reader.checkpoint(TREE)
    ledger.close()
    restore(tmp_path / "backup.db", tmp_path / "good.db", held=[early])
    with pytest.raises(IntegrityFailure, match="the rest was cut off"):
        restore(tmp_path / "backup.db", tmp_path / "late.db", held=[late])


def test_a_copy_of_both_files_of_a_crashed_ledger_can_be_restored(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path)
    ledger.append([draft(A, b"in the log only")])
    copy = tmp_path / "copy"
    copy.mkdir()
    for name in ("ledger.db", "ledger.db-wal"):
        shutil.copy(tmp_path / name, copy / name)
    ledger.close()
    assert restore(copy / "ledger.db", tmp_path / "new.db", key_file(tmp_path)).opened == 1


def test_files_are_for_their_owner_alone(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path)
    ledger.append([draft(A)])
    back_up(tmp_path / "ledger.db", tmp_path / "backup.db")
    for file in tmp_path.iterdir():
        assert file.stat().st_mode & 0o077 == 0, file.name
    ledger.close()
