"""The ledger: one SQLite file with one writer. Appends are batches; a batch is one transaction.

An append ends in one of three ways. It returns: the batch is on disk. It raises ``LedgerFull``: the
disk had no room, the batch was rolled back for sure, and the ledger goes on as if it had not been
tried. It raises ``OutcomeUnknown``: nobody can say whether the disk has it; the ledger takes nothing
more, and the process has to be restarted, which reads from disk what is so. Opening first copies the
write-ahead log into the file and syncs it, so that pages which a failed sync left in memory alone
cannot be built upon.

A ``Ledger`` may be used from several threads; appends, checkpoints and erasures take turns. In the process
that writes, nothing but apsw may open the file: closing any other descriptor of it drops SQLite's locks
(sqlite.org/howtocorrupt.html, 2.2), and another process could then take the write-ahead log away.
"""

from __future__ import annotations

import contextlib
import os
import threading
from collections.abc import Collection, Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Final, Self

import apsw
import msgspec

from comity.clock import micros
from comity.errors import (
    IntegrityFailure,
    InvalidInput,
    LedgerFull,
    NotFound,
    Unavailable,
)
from comity.ids import Entropy, ParticipantId
from comity.ledger import checkpoint
from comity.ledger.batch import Batch
from comity.ledger.entry import PERIOD, TREE, Appended, Draft, Stored
from comity.ledger.keyfile import KeyFile
from comity.ledger.keyring import Keyring, destroy
from comity.ledger.merkle import Frontier
from comity.ledger.note import (
    Checkpoint,
    SignedCheckpoint,
    cosigned_at_s,
    is_signed_by,
    origin_of,
    parse,
    sign,
)
from comity.ledger.opening import check_about, check_exchange_name, load_heads, make_private, take_lock
from comity.ledger.reader import Reader, frontier_of
from comity.ledger.schema import TREE_LOG, Storage, close, connect, inserts, upgrade
from comity.ledger.sealing import Master
from comity.ledger.transaction import Transactions

WITNESS_AHEAD_S: Final = 300
"""How far a witness's clock may run ahead of ours; larger lets a wrong clock pass unseen."""


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
        self._public_key = keyfile.public_key()
        self._storage = storage
        self._lock = threading.Lock()
        self._reader: Reader | None = None
        self._closed = False
        self._roots: dict[str, tuple[int, bytes]] = {}
        with contextlib.ExitStack() as undo:
            self._lock_file = take_lock(path)
            undo.callback(os.close, self._lock_file)
            if not storage.vfs:
                make_private(path)
            self._connection = connect(path, write=True, storage=storage)
            undo.callback(close, self._connection)
            self._load()
            undo.pop_all()
        self._keys = Keyring(self._connection, Master(keyfile.master), entropy)

    def _load(self) -> None:
        try:
            self.upgraded = upgrade(self._connection)
            check_about(self._connection, self.name, self._keyfile)
            self._transactions = Transactions(self._connection, lambda: self.size)
            self._transactions.empty_wal()
            self._heads = load_heads(self._connection)
            self._last_checkpoint_s = checkpoint.newest_time_s(self._connection, TREE_LOG)
        except apsw.FullError as error:
            raise LedgerFull(f"the disk has no room to open {self.path}") from error
        except apsw.Error as error:
            raise Unavailable(f"the ledger {self.path} cannot be opened: {error}") from error

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
        """Orderly or after a failure; once is enough, more does nothing."""
        with self._lock:
            if self._closed:
                return
            self._closed = True
            if self._reader is not None:
                self._reader.close()
                self._reader = None
            self._transactions.give_up("it is closed")
            close(self._connection)
            os.close(self._lock_file)

    # --- writing

    def append(self, drafts: Sequence[Draft]) -> list[Appended]:
        """Makes the drafts entries, all or none, durably."""
        with self._lock:
            self._transactions.check_usable()
            batch = Batch(self._heads, self._keys, self)
            try:
                appended = [batch.add(draft) for draft in drafts]
            except apsw.Error as error:
                raise self._transactions.give_up(f"reading heads or keys: {error}") from error
            if appended:
                self._transactions.run(lambda: self._insert(batch))
                batch.publish()
            return appended

    def erase(self, owner: ParticipantId, period: str, now: datetime) -> Erasure:
        """Destroys the owner's keys of a month and the payloads under them. Verification still passes."""
        if not PERIOD.match(period) or "." in period:
            raise InvalidInput("period must be a month, YYYY-MM", field="period")
        with self._lock:
            self._transactions.check_usable()
            number = self._heads.logs.get(owner)
            if number is None or owner == TREE:
                raise NotFound(f"{owner!r} owns no entries", field="owner")
            done = (0, 0)

            def destroy_rows() -> None:
                nonlocal done
                done = destroy(self._connection, number, period, micros(now))

            self._transactions.run(destroy_rows)
            self._heads.keys.pop(owner, None)
            if self._reader is not None:
                self._reader.forget_keys()
            return Erasure(*done, purged=self._transactions.empty_wal())

    def checkpoint_all(self, now: datetime) -> int:
        """Signs a checkpoint of the tree and of every participant's log; how many. For a cadence."""
        with self._lock:
            self._transactions.check_usable()
            heads = [(TREE_LOG, TREE, self._heads.tree.copy())]
            heads += [
                (n, log, self._frontier(log, n)) for log, n in self._heads.logs.items() if n != TREE_LOG
            ]
            time_s = max(micros(now) // 1_000_000, self._last_checkpoint_s)
            self._last_checkpoint_s = time_s
        signed = [(number, self._sign(log, frontier, time_s)) for number, log, frontier in heads]
        with self._lock:
            self._transactions.check_usable()
            self._transactions.run(lambda: checkpoint.store(self._connection, signed))
        return len(signed)

    def add_cosignature(self, log: str, note: str, witness_key: bytes, now: datetime) -> None:
        """Takes in a witness's cosignature of a checkpoint that this exchange signed.

        ``witness_key``: the raw Ed25519 key that the participant registered.
        """
        signed = parse(note)
        given = signed.checkpoint
        if given.origin != origin_of(self.name, log):
            raise InvalidInput(f"the checkpoint is of {given.origin!r}, not of this log", field="checkpoint")
        if not is_signed_by(signed, self._public_key):
            raise InvalidInput("this exchange did not sign the checkpoint", field="checkpoint")
        if self.reader.root(log, given.size) != given.root:
            raise IntegrityFailure("a checkpoint signed by this exchange is not of this ledger")
        latest_s = micros(now) // 1_000_000 + WITNESS_AHEAD_S
        lines = [
            line
            for line in signed.signatures
            if (cosigned_s := cosigned_at_s(given, line, witness_key)) is not None and cosigned_s <= latest_s
        ]
        if not lines:
            raise InvalidInput("no good cosignature under the registered witness key", field="checkpoint")
        bare = sign(given, self._keyfile.signing, self._public_key)
        with self._lock:
            self._transactions.check_usable()
            number = self._heads.logs[log]
            self._transactions.run(
                lambda: checkpoint.store_cosignatures(self._connection, number, bare, lines)
            )

    def purge(self) -> bool:
        """Empties the write-ahead log into the file; False while a reader holds it."""
        with self._lock:
            self._transactions.check_usable()
            return self._transactions.empty_wal()

    # --- reading

    @property
    def reader(self) -> Reader:
        """A reader on a connection of its own, shared by this process's threads."""
        with self._lock:
            if self._reader is None:
                self._transactions.check_usable()
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
        return self._transactions.failed

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
        execute = self._connection.execute
        for into, made in (
            ("entries (idx, kind, key, leaf, header, sealed)", batch.entries),
            ("own_leaves (log, position, entry, owned, leaf)", batch.own_leaves),
            ("nodes (log, level, number, hash)", batch.nodes),
        ):
            for sql, values in inserts(into, made):
                execute(sql, values)

    def _frontier(self, log: str, number: int) -> Frontier:
        """A log's frontier, kept once read; the caller holds the lock and does not change it."""
        if log not in self._heads.frontiers:
            self._heads.frontiers[log] = self.frontier_of(number)
        return self._heads.frontiers[log]

    def _sign(self, log: str, frontier: Frontier, time_s: int) -> SignedCheckpoint:
        size, root = self._roots.get(log, (-1, b""))
        if size != frontier.size:
            size, root = frontier.size, frontier.root()
            self._roots[log] = (size, root)
        point = Checkpoint(origin_of(self.name, log), size, root, time_s)
        return sign(point, self._keyfile.signing, self._public_key)
