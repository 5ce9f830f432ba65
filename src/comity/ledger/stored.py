"""Stored trees: the hashes of perfect subtrees, from rows, for roots and proofs without reading all leaves.

Leaves are rows of ``entries`` (the whole tree) or ``own_leaves`` (a participant's log); of the inner
nodes only those at levels 4, 8, 12, ... are rows of ``nodes``. A node between is computed from at most
eight rows below it.
"""

from __future__ import annotations

import apsw

from comity.errors import IntegrityFailure
from comity.ledger.merkle import STRIDE, Frontier, frontier, node_hash
from comity.ledger.schema import TREE_LOG

_ENTRY_LEAVES = "SELECT leaf FROM entries WHERE idx >= ? AND idx < ? ORDER BY idx"
_OWN_LEAVES = "SELECT leaf FROM own_leaves WHERE log = ? AND position >= ? AND position < ? ORDER BY position"
_NODES = "SELECT hash FROM nodes WHERE log = ? AND level = ? AND number >= ? AND number < ? ORDER BY number"


class StoredNodes:
    """A :class:`~comity.ledger.merkle.Nodes` source over one log of the file."""

    __slots__ = ("_connection", "_log")

    def __init__(self, connection: apsw.Connection, log: int) -> None:
        self._connection = connection
        self._log = log

    def node(self, level: int, number: int) -> bytes:
        above = level % STRIDE
        hashes = self._row(level - above, number << above, 1 << above)
        while len(hashes) > 1:
            hashes = [node_hash(hashes[i], hashes[i + 1]) for i in range(0, len(hashes), 2)]
        return hashes[0]

    def _row(self, level: int, first: int, count: int) -> list[bytes]:
        execute = self._connection.execute
        if level:
            rows = execute(_NODES, (self._log, level, first, first + count))
        elif self._log == TREE_LOG:
            rows = execute(_ENTRY_LEAVES, (first, first + count))
        else:
            rows = execute(_OWN_LEAVES, (self._log, first, first + count))
        hashes = [bytes(row[0]) for row in rows]
        if len(hashes) != count:
            raise IntegrityFailure(f"log {self._log} lacks nodes {first} to {first + count} of level {level}")
        return hashes


def log_size(connection: apsw.Connection, log: int) -> int:
    """Leaves in a log, by one seek."""
    if log == TREE_LOG:
        last = connection.execute("SELECT max(idx) FROM entries").get
    else:
        last = connection.execute("SELECT max(position) FROM own_leaves WHERE log = ?", (log,)).get
    return 0 if last is None else int(last) + 1


def log_size_before(connection: apsw.Connection, log: int, entry: int) -> int:
    """How many leaves a participant's log had when the whole tree had ``entry``: bisection, O(log n)."""
    low, high = 0, log_size(connection, log)
    while low < high:
        middle = (low + high) // 2
        at = connection.execute(
            "SELECT entry FROM own_leaves WHERE log = ? AND position = ?", (log, middle)
        ).get
        if at is None:
            raise IntegrityFailure(f"log {log} lacks position {middle}")
        if int(at) < entry:
            low = middle + 1
        else:
            high = middle
    return low


def stored_frontier(connection: apsw.Connection, log: int, size: int) -> Frontier:
    return frontier(StoredNodes(connection, log), size)
