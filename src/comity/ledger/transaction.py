"""One write transaction, and the three ways in which it can end: committed, refused, unknown.

SQLite reports a full disk as SQLITE_FULL when a write to the write-ahead log finds no room. The
transaction's last frame, the one that commits, was then not written, so it is gone after a rollback and
after a crash as well; that the file still ends where memory says is looked up all the same. Every other
error leaves open what the disk holds: then nothing more is taken until the file has been opened anew.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import apsw

from comity.errors import ComityError, LedgerFull, OutcomeUnknown, Unavailable
from comity.ledger.schema import BUSY_MS

EMPTYING_MS: Final = 200
"""How long emptying the write-ahead log waits for readers, and appends for it; larger succeeds more often."""


class Transactions:
    """The writer's connection. ``expected_size`` tells how many entries the file should hold."""

    def __init__(self, connection: apsw.Connection, expected_size: Callable[[], int]) -> None:
        self.connection = connection
        self.failed: str | None = None
        self._expected_size = expected_size

    def run(self, work: Callable[[], None]) -> None:
        """Runs ``work`` and commits; raises ``LedgerFull``, ``OutcomeUnknown`` or ``Unavailable``."""
        self.check_usable()
        try:
            self.connection.execute("BEGIN IMMEDIATE")
        except apsw.BusyError as error:
            raise Unavailable("another program holds the ledger's file locked") from error
        except apsw.FullError as error:
            raise self._refused(error) from error
        except apsw.Error as error:
            raise self.give_up(str(error)) from error
        try:
            work()
            self.connection.execute("COMMIT")
        except apsw.FullError as error:
            raise self._refused(error) from error
        except apsw.Error as error:
            raise self.give_up(str(error)) from error
        finally:
            self._roll_back_if_open()

    def empty_wal(self) -> bool:
        """Copies the write-ahead log into the file and cuts it to nothing; False while a reader holds it."""
        self.connection.set_busy_timeout(EMPTYING_MS)
        try:
            self.connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
        except (apsw.BusyError, apsw.LockedError, apsw.FullError):
            return False
        except apsw.Error as error:
            raise self.give_up(f"copying the write-ahead log: {error}") from error
        finally:
            self.connection.set_busy_timeout(BUSY_MS)
        return True

    def check_usable(self) -> None:
        if self.failed is not None:
            raise OutcomeUnknown(f"the ledger takes nothing more until it is opened anew: {self.failed}")

    def give_up(self, why: str) -> OutcomeUnknown:
        self.failed = self.failed or why
        return OutcomeUnknown(f"the ledger's last write may or may not be on disk: {why}")

    def _refused(self, error: apsw.Error) -> ComityError:
        """No room: makes sure that nothing of the transaction is there."""
        try:
            self._roll_back_if_open()
            last = self.connection.execute("SELECT coalesce(max(idx), -1) FROM entries").get
        except apsw.Error as second:
            return self.give_up(f"{error}; then {second}")
        if last != self._expected_size() - 1:
            return self.give_up(f"{error}; and the file ends with entry {last}")
        return LedgerFull("the disk is full: nothing was written")

    def _roll_back_if_open(self) -> None:
        """After an error; where SQLite has rolled back by itself there is nothing left to do."""
        if self.connection.in_transaction:
            try:
                self.connection.execute("ROLLBACK")
            except apsw.Error as error:
                self.give_up(f"rolling back: {error}")
