"""The walk over all entries: all that can be recomputed from the headers, compared with what is stored.

The walk stops at the first bad entry, because what follows it hangs on it. It keeps the frontier of the
tree and of every participant's log, and the roots at the sizes that somebody asked for, so that
checkpoints can be held against them afterwards.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum

import apsw
import msgspec

from comity.errors import IntegrityFailure
from comity.ledger.entry import NO_ENTRY, TREE, VERSION, Header, commit, decode_header, own_leaf
from comity.ledger.merkle import Frontier, Node, leaf_hash
from comity.ledger.schema import TREE_LOG, Row, row, rows
from comity.ledger.sealing import Master, PeriodKey

_CHUNK = 512
_ENTRIES = (
    "SELECT idx, kind, key, CAST(leaf AS BLOB), CAST(header AS BLOB), CAST(sealed AS BLOB) FROM entries "
    "WHERE idx >= ? ORDER BY idx LIMIT ?"
)
"""The casts hold the types even where the file's bytes were changed behind SQLite's back."""
_OWN = (
    "SELECT entry, owned, leaf, position FROM own_leaves WHERE log = ? AND position >= ? "
    "ORDER BY position LIMIT ?"
)
_NODE = "SELECT hash FROM nodes WHERE log = ? AND level = ? AND number = ?"


class Flaw(StrEnum):
    """What is wrong."""

    UNREADABLE = "unreadable"
    MISSING = "missing"
    UNDECODABLE = "undecodable"
    HEADER = "header"
    LINK = "link"
    TIME = "time"
    INDEXED = "indexed"
    OWN_LOG = "own_log"
    PAYLOAD = "payload"
    NODES = "nodes"
    TRUNCATED = "truncated"
    REWRITTEN = "rewritten"
    SIGNATURE = "signature"
    CHECKPOINT = "checkpoint"


class Finding(msgspec.Struct, frozen=True, gc=False):
    """``index``: the first entry that is bad or in doubt, where one can be named."""

    flaw: Flaw
    message: str
    index: int | None = None


class Bad(Exception):
    """Ends the walk."""

    def __init__(self, flaw: Flaw, message: str, index: int | None) -> None:
        super().__init__(message)
        self.finding = Finding(flaw, message, index)


class Key(msgspec.Struct, frozen=True, gc=False):
    """A row of ``period_keys``. ``opener`` is None without a key file, or where it does not unwrap."""

    owner: str
    period: str
    erased: bool
    broken: bool
    opener: PeriodKey | None


class OwnLog:
    """One participant's log during the walk: its frontier, and its stored rows in order."""

    def __init__(self, connection: apsw.Connection, number: int) -> None:
        self.number = number
        self.frontier = Frontier()
        self._stored = self._rows(connection)

    def next_row(self) -> Row | None:
        return next(self._stored, None)

    def _rows(self, connection: apsw.Connection) -> Iterator[Row]:
        position = 0
        while chunk := rows(connection, _OWN, (self.number, position, _CHUNK)):
            yield from chunk
            position = chunk[-1][3] + 1


class Walk:
    """Run it once. ``wanted`` names the sizes of each log at which the root is to be kept."""

    def __init__(
        self, connection: apsw.Connection, wanted: Mapping[str, frozenset[int]], master: Master | None
    ) -> None:
        self._connection = connection
        self._wanted = wanted
        self._kinds: dict[int, str] = dict(rows(connection, "SELECT id, name FROM kinds"))
        self._logs: dict[str, int] = {n: i for i, n in rows(connection, "SELECT id, name FROM logs")}
        self._keys = self._read_keys(master)
        self.own: dict[str, OwnLog] = {}
        self.tree = Frontier()
        self.roots: dict[tuple[str, int], bytes] = {(TREE, 0): self.tree.root()}
        self.opened = self.erased = self.sealed = 0
        self._previous = NO_ENTRY
        self._last_time_us = 0
        self._nodes = 0

    def run(self) -> Finding | None:
        """The first bad entry, or None."""
        try:
            while chunk := rows(self._connection, _ENTRIES, (self.tree.size, _CHUNK)):
                for entry in chunk:
                    self._check(entry)
            self._check_rest()
        except Bad as bad:
            return bad.finding
        except (apsw.Error, UnicodeDecodeError) as error:
            at = self.tree.size
            return Finding(Flaw.UNREADABLE, f"entry {at} or what follows cannot be read: {error}", at)
        return None

    def size_of(self, log: str) -> int:
        if log == TREE:
            return self.tree.size
        return self.own[log].frontier.size if log in self.own else 0

    def _check(self, entry: Row) -> None:
        index, kind, key_id, leaf, raw, sealed = entry
        here = self.tree.size
        if index != here:
            raise Bad(Flaw.MISSING, f"entry {here} is missing", here)
        try:
            header = decode_header(raw)
        except IntegrityFailure as error:
            raise Bad(Flaw.UNDECODABLE, f"entry {here}: {error.message}", here) from error
        self._check_header(header, raw, leaf)
        key = self._keys.get(key_id)
        if key is None or (key.owner, key.period) != (header.owner, header.period):
            raise Bad(Flaw.INDEXED, f"entry {here} is stored under another key than its header names", here)
        if self._kinds.get(kind) != header.kind:
            raise Bad(Flaw.INDEXED, f"entry {here} is indexed under another kind than its header's", here)
        owner_leaf = b""
        for order, (log, position) in enumerate(header.logs):
            own = own_leaf(header.commitment, header.kind, log, position, header.time_us, header.v)
            owner_leaf = owner_leaf or own
            self._check_own(log, position, own, here, owned=order == 0)
        self._check_payload(header, key, owner_leaf, sealed)
        self._check_nodes(TREE_LOG, self.tree.append(leaf), here)
        self._keep_root(TREE, self.tree)
        self._previous = leaf.hex()
        self._last_time_us = header.time_us

    def _check_header(self, header: Header, raw: bytes, leaf: bytes) -> None:
        here = self.tree.size
        if leaf_hash(raw) != leaf:
            raise Bad(Flaw.HEADER, f"entry {here}: the header is not the one whose leaf is stored", here)
        if header.index != here or header.v != VERSION:
            raise Bad(Flaw.HEADER, f"entry {here}: the header is of entry {header.index}, v{header.v}", here)
        if header.previous != self._previous:
            first = max(here - 1, 0)
            raise Bad(
                Flaw.LINK, f"entry {here} does not link to entry {first}: one of them was changed", first
            )
        if header.time_us < self._last_time_us:
            raise Bad(Flaw.TIME, f"entry {here} is earlier than the one before it", here)

    def _check_own(self, log: str, position: int, own: bytes, here: int, *, owned: bool) -> None:
        state = self.own.get(log)
        if state is None:
            number = self._logs.get(log)
            if number is None or number == TREE_LOG:
                raise Bad(Flaw.OWN_LOG, f"entry {here} counts in a log {log!r} that is not there", here)
            state = self.own[log] = OwnLog(self._connection, number)
        if position != state.frontier.size:
            expected = state.frontier.size
            raise Bad(Flaw.OWN_LOG, f"entry {here}: position {position} of {log}, not {expected}", here)
        hashed = leaf_hash(own)
        if state.next_row() != (here, int(owned), hashed, position):
            raise Bad(Flaw.OWN_LOG, f"entry {here}: {log}'s own log has another leaf at {position}", here)
        self._check_nodes(state.number, state.frontier.append(hashed), here)
        self._keep_root(log, state.frontier)

    def _check_payload(self, header: Header, key: Key, owner_leaf: bytes, sealed: bytes | None) -> None:
        here = self.tree.size
        if key.erased or sealed is None:
            if (sealed is None) is not key.erased:
                wrong = "is gone, and its key is not" if sealed is None else "is there, and its key is not"
                raise Bad(Flaw.PAYLOAD, f"entry {here}: the payload {wrong}", here)
            self.erased += 1
            return
        if key.broken:
            raise Bad(Flaw.PAYLOAD, f"entry {here}: its key does not unwrap under the key file", here)
        if key.opener is None:
            self.sealed += 1
            return
        try:
            payload = key.opener.open(sealed, owner_leaf)
        except IntegrityFailure as error:
            raise Bad(Flaw.PAYLOAD, f"entry {here}: {error.message}", here) from error
        if commit(key.opener.salt(header.owner_position, payload), payload) != header.commitment:
            raise Bad(Flaw.PAYLOAD, f"entry {here}: the payload is not the one committed to", here)
        self.opened += 1

    def _check_nodes(self, log: int, done: list[Node], here: int) -> None:
        for node in done:
            self._nodes += 1
            stored = row(self._connection, _NODE, (log, node.level, node.number))
            if stored is None or stored[0] != node.hash:
                name = f"node {node.number} of level {node.level} of log {log}"
                raise Bad(Flaw.NODES, f"entry {here}: {name} is not what its leaves give", here)

    def _check_rest(self) -> None:
        """Nothing may be stored beyond what the headers account for."""
        size = self.tree.size
        counts = rows(
            self._connection, "SELECT log, count(*), CAST(max(entry) AS INTEGER) FROM own_leaves GROUP BY log"
        )
        known = {state.number: state.frontier.size for state in self.own.values()}
        for log, count, last in counts:
            if known.get(log, 0) != count:
                message = f"log {log} has {count} leaves, {known.get(log, 0)} of them in headers"
                raise Bad(Flaw.OWN_LOG, message, size if last >= size else None)
        if rows(self._connection, "SELECT count(*) FROM nodes") != [(self._nodes,)]:
            raise Bad(Flaw.NODES, "there are nodes that belong to no entry", None)
        if rows(self._connection, "SELECT count(*) FROM entries") != [(size,)]:
            raise Bad(Flaw.INDEXED, "there are entries with a negative index", None)

    def _keep_root(self, log: str, frontier: Frontier) -> None:
        sizes = self._wanted.get(log)
        if sizes is not None and frontier.size in sizes:
            self.roots[log, frontier.size] = frontier.root()

    def _read_keys(self, master: Master | None) -> dict[int, Key]:
        sql = (
            "SELECT k.id, l.name, k.period, CAST(k.wrapped AS BLOB) FROM period_keys k "
            "JOIN logs l ON l.id = k.owner"
        )
        keys = {}
        for number, owner, period, wrapped in rows(self._connection, sql):
            opener, broken = None, False
            if wrapped is not None and master is not None:
                try:
                    opener = PeriodKey(period, master.unwrap(owner, period, wrapped))
                except IntegrityFailure:
                    broken = True
            keys[number] = Key(owner, period, wrapped is None, broken, opener)
        return keys
