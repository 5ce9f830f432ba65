"""The ledger: one SQLite file with one writer. Appends are batches; a batch is one transaction.

An append ends in one of three ways. It returns: the batch is on disk. It raises ``LedgerFull``: the
disk had no room, the batch was rolled back for sure, and the ledger goes on as if it had not been
tried. It raises ``OutcomeUnknown``: nobody can say whether the disk has it; the ledger takes nothing
more, and the process has to be restarted, which reads from disk what is so. Opening first copies the
write-ahead log into the file and syncs it, so that pages which a failed sync left in memory alone
cannot be built upon.

A ``Ledger`` may be used from several threads; appends, checkpoints and erasures take turns.
"""

from __future__ import annotations

import fcntl
import os
import threading
from collections.abc import Callable, Collection, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Self

import apsw
import msgspec

from comity.clock import micros
from comity.errors import (
    ComityError,
    IntegrityFailure,
    InvalidInput,
    LedgerFull,
    NotFound,
    OutcomeUnknown,
    Unavailable,
)
from comity.ids import Entropy, ParticipantId
from comity.ledger.batch import Batch, Heads
from comity.ledger.entry import PERIOD, TREE, Appended, Draft, Stored
from comity.ledger.keyfile import KeyFile
from comity.ledger.keyring import Keyring, destroy
from comity.ledger.merkle import Frontier
from comity.ledger.reader import Reader, frontier_of, last_entry
from comity.ledger.schema import TREE_LOG, Storage, connect, rows, upgrade
from comity.ledger.sealing import Master


class Erasure(msgspec.Struct, frozen=True, gc=False):
    """``purged``: no copy is left in the write-ahead log either. False while a reader holds it open;
    :meth:`Ledger.purge` tries again."""

    keys: int
    payloads: int
    purged: bool


class Ledger:
    """See the file's head. Use :meth:`open`."""

    def __init__(self, path: Path, keyfile: KeyFile, name: str, entropy: Entropy, storage: Storage) -> None:
        self.path = path
        self.name = name
        self._keyfile = keyfile
        self._storage = storage
        self._lock = threading.Lock()
        self._failed: str | None = None
        self._lock_file = _take_lock(path)
        try:
            self._connection = connect(path, write=True, storage=storage)
        except ComityError:
            os.close(self._lock_file)
            raise
        try:
            self.upgraded = upgrade(self._connection)
            _check_about(self._connection, name, keyfile, new=bool(self.upgraded))
            self._purge_log()
            self._heads = _load_heads(self._connection)
        except (ComityError, apsw.Error) as error:
            self._connection.close()
            os.close(self._lock_file)
            if isinstance(error, ComityError):
                raise
            raise Unavailable(f"the ledger {path} cannot be opened: {error}") from error
        self._keys = Keyring(self._connection, Master(keyfile.master), entropy)
        self._reader: Reader | None = None

    @classmethod
    def open(
        cls,
        path: Path,
        keyfile: KeyFile,
        exchange_name: str,
        entropy: Entropy,
        *,
        storage: Storage | None = None,
    ) -> Self:
        """Opens the ledger, or makes a new one. Refused while another process has it open for writing."""
        check_exchange_name(exchange_name)
        return cls(path, keyfile, exchange_name, entropy, storage or Storage())

    def close(self) -> None:
        with self._lock:
            if self._reader is not None:
                self._reader.close()
                self._reader = None
            self._failed = self._failed or "it is closed"
            self._connection.close()
            os.close(self._lock_file)

    # --- writing

    def append(self, drafts: Sequence[Draft]) -> list[Appended]:
        """Makes the drafts entries, all or none, durably."""
        with self._lock:
            self._check_usable()
            batch = Batch(self._heads, self._keys, self)
            try:
                appended = [batch.add(draft) for draft in drafts]
            except apsw.Error as error:
                raise self._give_up(f"reading heads or keys: {error}") from error
            if appended:
                self._transact(lambda: self._insert(batch))
                batch.publish()
            return appended

    def erase(self, owner: ParticipantId, period: str, now: datetime) -> Erasure:
        """Destroys the owner's keys of a month and the payloads under them. Verification still passes."""
        if not PERIOD.match(period) or "." in period:
            raise InvalidInput("period must be a month, YYYY-MM", field="period")
        with self._lock:
            self._check_usable()
            number = self._heads.logs.get(owner)
            if number is None or owner == TREE:
                raise NotFound(f"{owner!r} owns no entries", field="owner")
            done = (0, 0)

            def destroy_rows() -> None:
                nonlocal done
                done = destroy(self._connection, number, period, micros(now))

            self._transact(destroy_rows)
            self._heads.keys.pop(owner, None)
            if self._reader is not None:
                self._reader.forget_keys()
            return Erasure(*done, purged=self._purge_log())

    def purge(self) -> bool:
        """Empties the write-ahead log into the file; False while a reader holds it."""
        with self._lock:
            self._check_usable()
            return self._purge_log()

    # --- reading

    @property
    def reader(self) -> Reader:
        """A reader on a connection of its own, shared by this process's threads."""
        with self._lock:
            if self._reader is None:
                self._check_usable()
                self._reader = self.new_reader()
            return self._reader

    def new_reader(self) -> Reader:
        return Reader.open(self.path, self._keyfile, storage=self._storage)

    @property
    def size(self) -> int:
        """Entries on disk."""
        return self._heads.tree.size

    @property
    def last_time_us(self) -> int:
        return self._heads.last_time_us

    @property
    def failed(self) -> str | None:
        """Why nothing more is taken, or None."""
        return self._failed

    def entries(
        self,
        start: int = 0,
        stop: int | None = None,
        *,
        owner: ParticipantId | None = None,
        kinds: Collection[str] | None = None,
    ) -> Iterator[Stored]:
        return self.reader.entries(start, stop, owner=owner, kinds=kinds)

    def frontier_of(self, log: int) -> Frontier:
        """For :class:`Batch`: a log's frontier from disk, on the writer's connection."""
        return frontier_of(self._connection, log)

    # --- inside

    def _insert(self, batch: Batch) -> None:
        many = self._connection.executemany
        if batch.new_logs:
            many("INSERT INTO logs (id, name) VALUES (?, ?)", batch.new_logs)
        if batch.new_kinds:
            many("INSERT INTO kinds (id, name) VALUES (?, ?)", batch.new_kinds)
        for key in batch.new_keys:
            self._connection.execute(
                "INSERT INTO period_keys (id, owner, period, wrapped) VALUES (?, ?, ?, ?)",
                (key.id, key.owner, key.period, key.wrapped),
            )
        many(
            "INSERT INTO entries (idx, kind, key, leaf, header, sealed) VALUES (?, ?, ?, ?, ?, ?)",
            batch.entries,
        )
        many(
            "INSERT INTO own_leaves (log, position, entry, owned, leaf) VALUES (?, ?, ?, ?, ?)",
            batch.own_leaves,
        )
        if batch.nodes:
            many("INSERT INTO nodes (log, level, number, hash) VALUES (?, ?, ?, ?)", batch.nodes)

    def _transact(self, work: Callable[[], None]) -> None:
        """Runs ``work`` in a transaction; ends committed, refused or unknown (see the file's head)."""
        connection = self._connection
        try:
            connection.execute("BEGIN IMMEDIATE")
        except apsw.BusyError as error:
            raise Unavailable("another program holds the ledger's file locked") from error
        except apsw.FullError as error:
            raise self._refused(error) from error
        except apsw.Error as error:
            raise self._give_up(str(error)) from error
        try:
            work()
            connection.execute("COMMIT")
        except apsw.FullError as error:
            raise self._refused(error) from error
        except apsw.Error as error:
            raise self._give_up(str(error)) from error
        except BaseException:
            self._roll_back()
            raise

    def _refused(self, error: apsw.Error) -> ComityError:
        """No room: makes sure that nothing of the transaction is there."""
        try:
            self._roll_back()
            there = self._connection.execute("SELECT max(idx) FROM entries").get
        except apsw.Error as second:
            return self._give_up(f"{error}; then {second}")
        if (-1 if there is None else there) != self._heads.tree.size - 1:
            return self._give_up(f"{error}; and the file ends with entry {there}")
        return LedgerFull("the disk is full: nothing was written")

    def _roll_back(self) -> None:
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")

    def _give_up(self, why: str) -> OutcomeUnknown:
        self._failed = why
        return OutcomeUnknown(f"the ledger's last write may or may not be on disk: {why}")

    def _check_usable(self) -> None:
        if self._failed is not None:
            raise OutcomeUnknown(f"the ledger takes nothing more until it is opened anew: {self._failed}")

    def _purge_log(self) -> bool:
        try:
            self._connection.wal_checkpoint(mode=apsw.SQLITE_CHECKPOINT_TRUNCATE)
        except (apsw.BusyError, apsw.LockedError, apsw.FullError):
            return False
        except apsw.Error as error:
            raise self._give_up(f"copying the write-ahead log: {error}") from error
        return True


def check_exchange_name(name: str) -> None:
    """A note's key name may hold neither space nor plus (C2SP signed-note); it stands in every checkpoint."""
    if not 1 <= len(name) <= 200 or not name.isascii() or not name.isprintable() or {" ", "+"} & set(name):
        raise InvalidInput(
            "the exchange's name must be 1 to 200 printable ASCII characters without space and plus",
            field="exchange_name",
        )


def _take_lock(path: Path) -> int:
    """Locks ``<path>.lock`` until the descriptor is closed or the process ends, however it ends."""
    descriptor = os.open(f"{path}.lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        holder = os.pread(descriptor, 20, 0).decode(errors="replace").strip() or "unknown"
        os.close(descriptor)
        raise Unavailable(f"the ledger {path} is open for writing in another process ({holder})") from error
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, f"{os.getpid()}\n".encode(), 0)
    return descriptor


def _check_about(connection: apsw.Connection, name: str, keyfile: KeyFile, *, new: bool) -> None:
    """A ledger belongs to one exchange and one key file."""
    key = keyfile.public_key().hex()
    about: dict[str, str] = dict(rows(connection, "SELECT name, value FROM about"))
    if not about and new:
        with connection:
            connection.executemany(
                "INSERT INTO about VALUES (?, ?)", [("exchange_name", name), ("public_key", key)]
            )
        return
    if about.get("exchange_name") != name:
        raise InvalidInput(
            f"the ledger belongs to the exchange {about.get('exchange_name')!r}", field="exchange_name"
        )
    if about.get("public_key") != key:
        raise InvalidInput("the key file is not the one that this ledger was made with", field="key_file")


def _load_heads(connection: apsw.Connection) -> Heads:
    """The committed end of the ledger from O(log n) rows; own logs follow on first use."""
    tree = frontier_of(connection, TREE_LOG)
    last_leaf, last_time_us = last_entry(connection, tree.size)
    next_key = connection.execute("SELECT coalesce(max(id), 0) + 1 FROM period_keys").get
    if not isinstance(next_key, int):
        raise IntegrityFailure("the table of period keys cannot be read")
    return Heads(
        tree=tree,
        last_leaf=last_leaf,
        last_time_us=last_time_us,
        logs={name: number for number, name in rows(connection, "SELECT id, name FROM logs")},
        kinds={name: number for number, name in rows(connection, "SELECT id, name FROM kinds")},
        next_key=next_key,
    )
