"""Checkpoints in the ledger's file: written on a cadence, cosigned, and kept within bounds.

Every log gets one at every tick, whether or not anything happened. Kept, for each log and size: the
first, the newest, and the newest that a witness cosigned. So there are at most three for each size that
a log had at a tick, however long it stays idle, and the cadence can still be seen: between the newest of
one size and the first of the next lies one tick, and two signed statements of one size leave no room for
anything between them. What cannot be seen afterwards is a pause while nothing happened.

These functions run inside the caller's transaction.
"""

from __future__ import annotations

from collections.abc import Iterable

import apsw

from comity.ledger.note import SignatureLine, SignedCheckpoint
from comity.ledger.schema import row, rows

_NEWEST = "SELECT size, time_s, note FROM checkpoints WHERE log = ? ORDER BY size DESC, time_s DESC LIMIT 1"
_NEWEST_COSIGNED = (
    "SELECT c.size, c.time_s, c.note FROM checkpoints c WHERE c.log = ? AND EXISTS "
    "(SELECT 1 FROM cosignatures s WHERE s.log = c.log AND s.size = c.size AND s.time_s = c.time_s) "
    "ORDER BY c.size DESC, c.time_s DESC LIMIT 1"
)
_COSIGNATURES = "SELECT line FROM cosignatures WHERE log = ? AND size = ? AND time_s = ? ORDER BY witness"


def store(connection: apsw.Connection, signed: Iterable[tuple[int, SignedCheckpoint]]) -> None:
    """Puts by new checkpoints, each with the number of its log."""
    for log, each in signed:
        _put(connection, log, each)
        _thin(connection, log, each.checkpoint.size)


def store_cosignatures(
    connection: apsw.Connection, log: int, signed: SignedCheckpoint, lines: Iterable[SignatureLine]
) -> None:
    """``signed`` carries the exchange's signature alone; it is stored again where it had been thinned out."""
    point = signed.checkpoint
    _put(connection, log, signed)
    connection.executemany(
        "INSERT OR REPLACE INTO cosignatures (log, size, time_s, witness, line) VALUES (?, ?, ?, ?, ?)",
        [(log, point.size, point.time_s, line.name, line.text()) for line in lines],
    )
    _thin(connection, log, point.size)


def _put(connection: apsw.Connection, log: int, signed: SignedCheckpoint) -> None:
    connection.execute(
        "INSERT OR IGNORE INTO checkpoints (log, size, time_s, note) VALUES (?, ?, ?, ?)",
        (log, signed.checkpoint.size, signed.checkpoint.time_s, signed.text()),
    )


def _thin(connection: apsw.Connection, log: int, size: int) -> None:
    """Keeps the first, the newest and the newest cosigned of one size."""
    at = (log, size)
    times = [t for (t,) in rows(connection, "SELECT time_s FROM checkpoints WHERE log = ? AND size = ?", at)]
    if len(times) <= 2:
        return
    cosigned = row(connection, "SELECT max(time_s) FROM cosignatures WHERE log = ? AND size = ?", at)
    keep = {min(times), max(times), cosigned[0] if cosigned else None}
    for time_s in times:
        if time_s not in keep:
            for table in ("checkpoints", "cosignatures"):
                connection.execute(
                    f"DELETE FROM {table} WHERE log = ? AND size = ? AND time_s = ?",  # noqa: S608 - two names above
                    (*at, time_s),
                )


def newest(connection: apsw.Connection, log: int, *, cosigned: bool) -> str | None:
    """The newest note with its cosignatures, or the newest that has some."""
    found = row(connection, _NEWEST_COSIGNED if cosigned else _NEWEST, (log,))
    if found is None:
        return None
    size, time_s, note = found
    lines = rows(connection, _COSIGNATURES, (log, size, time_s))
    return str(note) + "".join(line for (line,) in lines)


def newest_time_s(connection: apsw.Connection, log: int) -> int:
    found = row(connection, _NEWEST, (log,))
    return 0 if found is None else int(found[1])
