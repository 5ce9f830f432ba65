"""Reading the ledger: entries, a participant's own log, roots and proofs.

A reader has a connection of its own and sees what is committed, while the writer goes on; it may live
in another thread or another process. It may be used by several threads: each step holds its lock for a
few hundred rows at most. Entries are read in short transactions, never one long one, so that a slow
reader does not keep the write-ahead log from being copied away.

Nothing here decides who may see what. A filter narrows what is read, never how much: no answer is cut.
"""

from __future__ import annotations

import contextlib
import heapq
import threading
from collections.abc import Collection, Iterator, Sequence
from operator import itemgetter
from pathlib import Path
from typing import Final, Self

import apsw
import msgspec

from comity.errors import IntegrityFailure, InvalidInput, NotFound, Unavailable
from comity.ids import ParticipantId
from comity.ledger import checkpoint, merkle
from comity.ledger.entry import TREE, Header, Stored, commit, decode_header, own_leaf
from comity.ledger.keyfile import KeyFile
from comity.ledger.keyring import OpeningKeys
from comity.ledger.merkle import Frontier
from comity.ledger.schema import TREE_LOG, Row, Storage, check_version, close, connect, row, rows
from comity.ledger.sealing import Master, PeriodKey
from comity.ledger.stored import StoredNodes, log_size, log_size_before, stored_frontier

_CHUNK: Final = 256
"""Rows a step; larger is no faster and holds the lock and the snapshot longer."""

_PARTICIPANTS = "SELECT id, name FROM logs WHERE id > 0 ORDER BY id"
_BY_INDEX = "SELECT idx, key, header, sealed FROM entries WHERE idx >= ? AND idx < ? ORDER BY idx LIMIT ?"
_BY_KIND = (
    "SELECT idx, key, header, sealed FROM entries WHERE kind = ?4 AND idx >= ?1 AND idx < ?2 "
    "ORDER BY idx LIMIT ?3"
)
_BY_OWNER = (
    "SELECT o.entry, e.key, e.header, e.sealed, o.position FROM own_leaves o "
    "JOIN entries e ON e.idx = o.entry "
    "WHERE o.log = ? AND o.position >= ? AND o.owned = 1 ORDER BY o.position LIMIT ?"
)

_index = itemgetter(0)


class LogLeaf(msgspec.Struct, frozen=True, gc=False):
    """A leaf of a log: ``leaf`` are the bytes that are hashed (a header in the tree, else the own leaf)."""

    position: int
    leaf: bytes


class OpenedLeaf(msgspec.Struct, frozen=True, gc=False):
    """A leaf of an own log with salt and payload; both None where the entry is another's, was erased, or
    there is no key file."""

    leaf: bytes
    salt: bytes | None
    payload: bytes | None


class LogHead(msgspec.Struct, frozen=True, gc=False):
    log: str
    size: int
    root: bytes


class LedgerHeads(msgspec.Struct, frozen=True, gc=False):
    """All heads when the tree had ``size`` entries; the tree's own is ``logs[0]``."""

    size: int
    last_leaf: str
    last_time_us: int
    logs: tuple[LogHead, ...]


class Opening(msgspec.Struct, frozen=True, gc=False):
    """What shows a third party that a commitment is to this payload."""

    header: bytes
    salt: bytes
    payload: bytes


class Reader:
    """See the file's head. Use :meth:`open`."""

    def __init__(self, connection: apsw.Connection, keyfile: KeyFile | None) -> None:
        self._connection = connection
        self._lock = threading.RLock()
        master = Master(keyfile.master) if keyfile is not None else None
        self._keys = OpeningKeys(connection, master)

    @classmethod
    def open(cls, path: Path, keyfile: KeyFile | None, *, storage: Storage | None = None) -> Self:
        """Without a key file payloads read as None; headers, logs and proofs need none."""
        connection = connect(path, write=False, storage=storage or Storage())
        if check_version(connection) == 0:
            close(connection)
            raise NotFound(f"{path} is empty", field="ledger")
        return cls(connection, keyfile)

    def close(self) -> None:
        with self._reading():
            close(self._connection)

    @contextlib.contextmanager
    def _reading(self) -> Iterator[None]:
        """One step at a time, and no error of the database's own leaves it."""
        with self._lock:
            try:
                yield
            except (apsw.CorruptError, apsw.NotADBError) as error:
                raise IntegrityFailure(f"the ledger's file is damaged: {error}") from error
            except apsw.Error as error:
                raise Unavailable(f"the ledger cannot be read: {error}") from error

    def forget_keys(self) -> None:
        """Drops unwrapped keys, after an erasure."""
        with self._reading():
            self._keys.forget()

    # --- entries

    def size(self) -> int:
        with self._reading():
            return log_size(self._connection, TREE_LOG)

    def entries(
        self,
        start: int = 0,
        stop: int | None = None,
        *,
        owner: ParticipantId | None = None,
        kinds: Collection[str] | None = None,
    ) -> Iterator[Stored]:
        """Entries with index in [start, stop), in order; with filters, those that pass all of them."""
        end = self.size() if stop is None else stop
        for found in self._rows(start, end, owner, kinds):
            yield self._stored(found)

    def entries_either(
        self, owner: ParticipantId, kinds: Collection[str], start: int = 0, stop: int | None = None
    ) -> Iterator[Stored]:
        """One owner's entries and everybody's of these kinds, in order, each once."""
        end = self.size() if stop is None else stop
        last = -1
        for found in heapq.merge(
            self._owner_rows(start, end, owner, None), self._rows(start, end, None, kinds), key=_index
        ):
            if found[0] != last:
                last = found[0]
                yield self._stored(found)

    def header(self, index: int) -> bytes:
        """The header's bytes: the leaf of the whole tree."""
        with self._reading():
            found = row(self._connection, "SELECT header FROM entries WHERE idx = ?", (index,))
        if found is None:
            raise NotFound(f"there is no entry {index}", field="index")
        return bytes(found[0])

    def opening(self, index: int) -> Opening | None:
        """Salt and payload of an entry, for evidence; None where it was erased or there is no key file."""
        for found in self._rows(index, index + 1, None, None):
            stored = self._stored(found)
            key = self._key(found[1])
            if stored.payload is None or key is None:
                return None
            salt = key.salt(stored.header.owner_position, stored.payload)
            if commit(salt, stored.payload) != stored.header.commitment:
                raise IntegrityFailure("payload does not match its commitment", detail={"index": index})
            return Opening(found[2], salt, stored.payload)
        raise NotFound(f"there is no entry {index}", field="index")

    # --- logs

    def logs(self) -> list[str]:
        """The participants that have an own log, in the order of their first entry."""
        with self._reading():
            return [name for _, name in rows(self._connection, _PARTICIPANTS)]

    def log_size(self, log: str) -> int:
        with self._reading():
            return log_size(self._connection, self._log(log))

    def leaves(self, log: str, start: int, stop: int) -> list[LogLeaf]:
        """Leaves [start, stop) of a log; all of them must be there."""
        with self._reading():
            number = self._log(log)
            if number == TREE_LOG:
                sql = "SELECT idx, header FROM entries WHERE idx >= ? AND idx < ? ORDER BY idx"
                found = [LogLeaf(i, h) for i, h in rows(self._connection, sql, (start, stop))]
            else:
                sql = (
                    "SELECT o.position, e.header FROM own_leaves o JOIN entries e ON e.idx = o.entry "
                    "WHERE o.log = ? AND o.position >= ? AND o.position < ? ORDER BY o.position"
                )
                pairs = rows(self._connection, sql, (number, start, stop))
                found = [LogLeaf(p, _own_leaf(decode_header(h), log, p)) for p, h in pairs]
        if len(found) != max(0, stop - start):
            raise InvalidInput(f"positions must lie in [0, {self.log_size(log)})", field="stop")
        return found

    def opened(self, log: str, start: int, stop: int) -> list[OpenedLeaf]:
        """Leaves [start, stop) of a participant's own log, with what opens the commitments that are its own.

        An entry that another owns and that only counts here stays closed: the payload is that owner's.
        """
        leaves = self.leaves(log, start, stop)
        sql = (
            "SELECT entry, owned FROM own_leaves WHERE log = ? AND position >= ? AND position < ? "
            "ORDER BY position"
        )
        with self._reading():
            found = rows(self._connection, sql, (self._log(log), start, stop))
        opened = []
        for leaf, (entry, owned) in zip(leaves, found, strict=True):
            opening = self.opening(entry) if owned else None
            salt, payload = (opening.salt, opening.payload) if opening else (None, None)
            opened.append(OpenedLeaf(leaf.leaf, salt, payload))
        return opened

    def root(self, log: str, size: int) -> bytes:
        with self._reading():
            return merkle.root(self._nodes(log, size, "size"), size)

    def inclusion(self, log: str, position: int, size: int) -> list[bytes]:
        """The proof that the leaf at ``position`` is in the log's tree of ``size`` leaves."""
        with self._reading():
            nodes = self._nodes(log, size, "size")
            if not 0 <= position < size:
                raise InvalidInput(f"position must lie in [0, {size})", field="position")
            return merkle.inclusion_proof(nodes, position, size)

    def consistency(self, log: str, first: int, second: int) -> list[bytes]:
        """The proof that the log's first ``first`` leaves are the same in both trees."""
        with self._reading():
            nodes = self._nodes(log, second, "second")
            if not 0 <= first <= second:
                raise InvalidInput(f"first must lie in [0, {second}]", field="first")
            return merkle.consistency_proof(nodes, first, second)

    def checkpoint(self, log: str, *, cosigned: bool = False) -> str:
        """The log's newest signed note with its cosignatures, or the newest that has one."""
        with self._reading():
            note = checkpoint.newest(self._connection, self._log(log), cosigned=cosigned)
        if note is None:
            raise NotFound(
                f"the log {log!r} has no {'cosigned ' if cosigned else ''}checkpoint yet", field="log"
            )
        return note

    def heads(self, size: int | None = None) -> LedgerHeads:
        """All heads as of ``size`` entries, from O(log n) rows for each log."""
        with self._reading():
            self._connection.execute("BEGIN")
            try:
                return self._heads(log_size(self._connection, TREE_LOG) if size is None else size)
            finally:
                self._connection.execute("ROLLBACK")

    # --- inside

    def _heads(self, size: int) -> LedgerHeads:
        logs = [LogHead(TREE, size, merkle.root(self._nodes(TREE, size, "size"), size))]
        for number, name in rows(self._connection, _PARTICIPANTS):
            own = log_size_before(self._connection, number, size)
            if own:
                logs.append(LogHead(name, own, stored_frontier(self._connection, number, own).root()))
        return LedgerHeads(size, *last_entry(self._connection, size), tuple(logs))

    def _rows(
        self, start: int, stop: int, owner: ParticipantId | None, kinds: Collection[str] | None
    ) -> Iterator[Row]:
        if owner is not None:
            return self._owner_rows(start, stop, owner, kinds)
        if kinds is None:
            return self._chunks(_BY_INDEX, start, stop, ())
        numbers = self._kinds(kinds)
        return heapq.merge(*(self._chunks(_BY_KIND, start, stop, (n,)) for n in numbers), key=_index)

    def _chunks(self, sql: str, start: int, stop: int, extra: tuple[int, ...]) -> Iterator[Row]:
        while start < stop:
            with self._reading():
                chunk = rows(self._connection, sql, (start, stop, _CHUNK, *extra))
            yield from chunk
            if len(chunk) < _CHUNK:
                return
            start = chunk[-1][0] + 1

    def _owner_rows(
        self, start: int, stop: int, owner: ParticipantId, kinds: Collection[str] | None
    ) -> Iterator[Row]:
        with self._reading():
            found = self._find_log(owner)
            if found is None:
                return
            position = log_size_before(self._connection, found, start)
        wanted = None if kinds is None else frozenset(kinds)
        while True:
            with self._reading():
                chunk = rows(self._connection, _BY_OWNER, (found, position, _CHUNK))
            for entry in chunk:
                if entry[0] >= stop:
                    return
                if wanted is None or decode_header(entry[2]).kind in wanted:
                    yield entry
            if len(chunk) < _CHUNK:
                return
            position = chunk[-1][4] + 1

    def _stored(self, found: Row) -> Stored:
        index, key_id, raw, sealed = found[:4]
        try:
            header = decode_header(raw)
            key = None if sealed is None else self._key(key_id)
            if key is None:
                return Stored(header, None)
            owner_leaf = _own_leaf(header, header.logs[0][0], header.logs[0][1])
            return Stored(header, key.open(sealed, owner_leaf))
        except IntegrityFailure as error:
            raise IntegrityFailure(f"entry {index}: {error.message}", detail={"index": index}) from error

    def _key(self, key_id: int) -> PeriodKey | None:
        with self._reading():
            return self._keys.get(key_id)

    def _find_log(self, log: str) -> int | None:
        found = row(self._connection, "SELECT id FROM logs WHERE name = ?", (log,))
        return None if found is None else int(found[0])

    def _log(self, log: str) -> int:
        number = self._find_log(log)
        if number is None:
            raise NotFound(f"there is no log {log!r}", field="log")
        return number

    def _kinds(self, kinds: Collection[str]) -> Sequence[int]:
        wanted = frozenset(kinds)
        with self._reading():
            known = rows(self._connection, "SELECT id, name FROM kinds")
        return [number for number, name in known if name in wanted]

    def _nodes(self, log: str, size: int, field: str) -> StoredNodes:
        number = self._log(log)
        present = log_size(self._connection, number)
        if not 0 <= size <= present:
            raise InvalidInput(f"{field} must lie in [0, {present}]", field=field)
        return StoredNodes(self._connection, number)


def frontier_of(connection: apsw.Connection, log: int) -> Frontier:
    """The frontier of a whole log as it is stored."""
    return stored_frontier(connection, log, log_size(connection, log))


def last_entry(connection: apsw.Connection, size: int) -> tuple[str, int]:
    """Leaf hash in hex and time of the last of ``size`` entries; those of no entry where there is none."""
    if size == 0:
        return "0" * 64, 0
    found = row(connection, "SELECT leaf, header FROM entries WHERE idx = ?", (size - 1,))
    if found is None:
        raise IntegrityFailure(f"entry {size - 1} is missing", detail={"index": size - 1})
    return found[0].hex(), decode_header(found[1]).time_us


def _own_leaf(header: Header, log: str, position: int) -> bytes:
    return own_leaf(header.commitment, header.kind, log, position, header.time_us, header.v)
