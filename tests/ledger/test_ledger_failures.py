"""What a sick disk or another program does to the ledger: an error of ours by name, and nothing half done."""

from __future__ import annotations

from pathlib import Path

import apsw
import pytest

from comity.errors import IntegrityFailure, LedgerFull, OutcomeUnknown, Unavailable
from comity.ledger.backup import back_up
from comity.ledger.reader import Reader
from comity.ledger.schema import Storage, connect
from comity.ledger.transaction import Transactions
from comity.ledger.verify import verify
from tests.ledger.ledger_making import A, draft, key_file, open_ledger


def test_another_program_that_holds_the_file_is_no_loss(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path)
    ledger.append([draft(A, b"one")])
    ledger._connection.set_busy_timeout(10)  # the wait is what differs, not the outcome
    other = apsw.Connection(str(tmp_path / "ledger.db"))
    other.execute("BEGIN IMMEDIATE")
    with pytest.raises(Unavailable, match="another program") as caught:
        ledger.append([draft(A, b"two")])
    assert caught.value.code == "unavailable"
    other.execute("ROLLBACK")
    other.close()
    assert ledger.append([draft(A, b"two")])[0].index == 1
    ledger.close()


def _spoil(path: Path, table: str) -> None:
    """Overwrites every page of a table but its root."""
    raw = apsw.Connection(str(path))
    sql = "SELECT pageno FROM dbstat WHERE name = ? AND path <> '/'"
    pages = [int(str(number)) for (number,) in raw.execute(sql, (table,))]
    raw.close()
    assert pages
    with path.open("r+b") as file:
        for number in pages:
            file.seek((number - 1) * 4096)
            file.write(b"\xff" * 4096)


def test_a_damaged_file_is_an_integrity_failure_for_whoever_reads(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path)
    ledger.append([draft(A, bytes(900)) for _ in range(200)])
    ledger.close()
    _spoil(tmp_path / "ledger.db", "entries")
    reader = Reader.open(tmp_path / "ledger.db", key_file(tmp_path))
    with pytest.raises(IntegrityFailure, match="the ledger's file is damaged"):
        list(reader.entries())
    reader.close()
    with pytest.raises(Unavailable):
        reader.size()
    report = verify(tmp_path / "ledger.db")
    assert report.first_bad is not None
    assert report.first_bad.index == 0
    with pytest.raises(IntegrityFailure, match="the copy is not good"):
        back_up(tmp_path / "ledger.db", tmp_path / "backup.db")


def test_damage_met_by_the_writer_stops_it(tmp_path: Path) -> None:
    ledger = open_ledger(tmp_path)
    ledger.append([draft(A, bytes(900)) for _ in range(200)])
    ledger.close()
    _spoil(tmp_path / "ledger.db", "own_leaves")
    ledger = open_ledger(tmp_path)
    with pytest.raises(OutcomeUnknown):
        ledger.append([draft(A)])
    assert ledger.failed is not None
    assert ledger.size == 200
    ledger.close()


def _table(path: Path) -> apsw.Connection:
    connection = apsw.Connection(str(path))
    connection.execute("CREATE TABLE entries (idx INTEGER PRIMARY KEY)")
    return connection


@pytest.mark.parametrize("expected", [0, 1])
def test_a_refusal_is_believed_only_if_the_file_ends_where_it_should(tmp_path: Path, expected: int) -> None:
    """Were the transaction there after all, then nobody may be told that nothing was written."""
    transactions = Transactions(_table(tmp_path / "file.db"), lambda: expected)

    def full() -> None:
        raise apsw.FullError("database or disk is full")

    error = LedgerFull if expected == 0 else OutcomeUnknown
    with pytest.raises(error):
        transactions.run(full)
    assert (transactions.failed is None) is (expected == 0)
    transactions.connection.close()


@pytest.mark.parametrize("kind", [apsw.IOError, apsw.CorruptError, apsw.NoMemError, apsw.ReadOnlyError])
def test_any_other_error_leaves_the_outcome_unknown(tmp_path: Path, kind: type[apsw.Error]) -> None:
    transactions = Transactions(_table(tmp_path / "file.db"), lambda: 0)

    def fail() -> None:
        raise kind("something broke")

    with pytest.raises(OutcomeUnknown, match="something broke"):
        transactions.run(fail)
    with pytest.raises(OutcomeUnknown, match="until it is opened anew"):
        transactions.run(lambda: None)
    transactions.connection.close()


def test_an_error_of_ours_rolls_back_and_the_ledger_goes_on(tmp_path: Path) -> None:
    transactions = Transactions(_table(tmp_path / "file.db"), lambda: 0)

    def fail() -> None:
        transactions.connection.execute("INSERT INTO entries VALUES (0)")
        raise KeyError("a mistake in the program")

    with pytest.raises(KeyError):
        transactions.run(fail)
    assert not transactions.connection.in_transaction
    assert transactions.connection.execute("SELECT count(*) FROM entries").get == 0
    assert transactions.failed is None
    transactions.connection.close()


def test_a_directory_is_no_ledger(tmp_path: Path) -> None:
    with pytest.raises(Unavailable, match="cannot be opened"):
        connect(tmp_path, write=False, storage=Storage())
