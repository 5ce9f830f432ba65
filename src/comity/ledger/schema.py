"""The SQLite file: its tables, its format version with the upgrade path, and how it is opened.

WAL and ``synchronous=FULL``: a transaction is on disk when COMMIT returns. ``secure_delete`` overwrites
what is erased. The format version is ``user_version``, and each step to it is a row of ``migrations``;
a file of a newer version is refused, an older one is brought forward in one transaction.

Only headers, leaves and sealed payloads are the ledger. All else in the file is derived from them
(``nodes``, the index by kind, ``own_leaves.leaf``) or kept beside them (keys, checkpoints), and verify
checks the one against the other.
"""

from __future__ import annotations

import contextlib
import itertools
from collections.abc import Iterator, Sequence
from functools import lru_cache
from pathlib import Path
from typing import Any, Final, NamedTuple

import apsw
import msgspec

from comity.errors import IntegrityFailure, NotFound, Unavailable

APPLICATION_ID: Final = 0x436F6D79
"""``Comy``: says in the file's header whose file it is (see file(1))."""

PAGE_BYTES: Final = 4096
TREE_LOG: Final = 0
"""The number of the whole tree among the logs."""

BUSY_MS: Final = 10_000
"""How long a reader waits while the file is being checkpointed after a crash; larger only waits longer."""

WAL_PAGES: Final = 1000
"""4 MiB of write-ahead log before it is copied into the file, while an append waits (about 8 ms on a fast
disk); larger copies less often, for longer."""


_ROWS_AT_ONCE: Final = (64, 16, 4, 1)
"""Rows in one statement: few sizes, so that SQLite compiles each once and keeps it."""


class Migration(NamedTuple):
    version: int
    name: str
    sql: str


_V1: Final = """
CREATE TABLE about (name TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT, WITHOUT ROWID;
CREATE TABLE logs (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE kinds (id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE) STRICT;
CREATE TABLE period_keys (
    id INTEGER PRIMARY KEY,
    owner INTEGER NOT NULL REFERENCES logs (id),
    period TEXT NOT NULL,
    wrapped BLOB,
    erased_us INTEGER,
    UNIQUE (owner, period)
) STRICT;
CREATE TABLE entries (
    idx INTEGER PRIMARY KEY,
    kind INTEGER NOT NULL REFERENCES kinds (id),
    key INTEGER NOT NULL REFERENCES period_keys (id),
    leaf BLOB NOT NULL,
    header BLOB NOT NULL,
    sealed BLOB
) STRICT;
CREATE INDEX entries_by_kind ON entries (kind);
CREATE TABLE own_leaves (
    log INTEGER NOT NULL REFERENCES logs (id),
    position INTEGER NOT NULL,
    entry INTEGER NOT NULL REFERENCES entries (idx),
    owned INTEGER NOT NULL,
    leaf BLOB NOT NULL,
    PRIMARY KEY (log, position)
) STRICT, WITHOUT ROWID;
CREATE TABLE nodes (
    log INTEGER NOT NULL REFERENCES logs (id),
    level INTEGER NOT NULL,
    number INTEGER NOT NULL,
    hash BLOB NOT NULL,
    PRIMARY KEY (log, level, number)
) STRICT, WITHOUT ROWID;
CREATE TABLE checkpoints (
    log INTEGER NOT NULL REFERENCES logs (id),
    size INTEGER NOT NULL,
    time_s INTEGER NOT NULL,
    note TEXT NOT NULL,
    PRIMARY KEY (log, size, time_s)
) STRICT, WITHOUT ROWID;
CREATE TABLE cosignatures (
    log INTEGER NOT NULL,
    size INTEGER NOT NULL,
    time_s INTEGER NOT NULL,
    witness TEXT NOT NULL,
    line TEXT NOT NULL,
    PRIMARY KEY (log, size, time_s, witness)
) STRICT, WITHOUT ROWID;
INSERT INTO logs (id, name) VALUES (0, 'tree');
"""

Row = tuple[Any, ...]

MIGRATIONS: tuple[Migration, ...] = (Migration(1, "the ledger", _V1),)
"""Each brings the file from the version before to its own. Append only: a released step never changes."""


class Storage(msgspec.Struct, frozen=True, gc=False):
    """How the file is kept. The defaults are the only ones that keep the ledger's promises; crash tests
    use the others to show that they do. ``exclusive`` keeps the WAL's index in memory, for a VFS that
    shares none."""

    vfs: str = ""
    synchronous: str = "FULL"
    exclusive: bool = False
    wal_pages: int = WAL_PAGES


def connect(path: Path, *, write: bool, storage: Storage) -> apsw.Connection:
    """A connection with this file's settings. A file that is not a database is named in the error."""
    flags = apsw.SQLITE_OPEN_READWRITE | apsw.SQLITE_OPEN_CREATE if write else apsw.SQLITE_OPEN_READONLY
    try:
        connection = apsw.Connection(str(path), flags=flags, vfs=storage.vfs or None)
    except apsw.CantOpenError as error:
        raise NotFound(f"the ledger {path} cannot be opened", field="ledger") from error
    except apsw.Error as error:
        raise Unavailable(f"the ledger {path} cannot be opened: {error}") from error
    try:
        connection.set_busy_timeout(BUSY_MS)
        if storage.exclusive:
            connection.pragma("locking_mode", "EXCLUSIVE")
        if write:
            connection.pragma("page_size", PAGE_BYTES)
            connection.pragma("journal_mode", "WAL")
            connection.pragma("synchronous", storage.synchronous)
            connection.pragma("secure_delete", True)
            connection.wal_autocheckpoint(storage.wal_pages)
        connection.pragma("cache_size", -32_768)
        connection.pragma("user_version")
    except (apsw.NotADBError, apsw.CorruptError) as error:
        close(connection)
        raise IntegrityFailure(f"{path} is not a ledger, or its first page is damaged") from error
    except apsw.Error as error:
        close(connection)
        raise Unavailable(f"the ledger {path} cannot be read: {error}") from error
    return connection


def check_version(connection: apsw.Connection) -> int:
    """The file's format version; refuses another program's file and a newer format."""
    version = int(connection.pragma("user_version"))
    application = int(connection.pragma("application_id"))
    newest = MIGRATIONS[-1].version
    if application != APPLICATION_ID and (application != 0 or version != 0 or _has_tables(connection)):
        raise IntegrityFailure("the file is a SQLite database, but not a ledger of this exchange")
    if version > newest:
        raise IntegrityFailure(
            f"the ledger has format version {version}; this program knows up to {newest}: use a newer one"
        )
    return version


def upgrade(connection: apsw.Connection) -> Sequence[Migration]:
    """Brings the file to the newest format, all steps or none; returns the steps that were taken."""
    version = check_version(connection)
    steps = [step for step in MIGRATIONS if step.version > version]
    if not steps:
        return ()
    with connection:
        if version == 0:
            connection.execute(
                "CREATE TABLE migrations (version INTEGER PRIMARY KEY, name TEXT NOT NULL) STRICT"
            )
            connection.pragma("application_id", APPLICATION_ID)
        for step in steps:
            connection.execute(step.sql)
            connection.execute("INSERT INTO migrations VALUES (?, ?)", (step.version, step.name))
        connection.pragma("user_version", steps[-1].version)
    return steps


def close(connection: apsw.Connection) -> None:
    """Closes; what was committed is on disk, and tidying that fails is done when the file is opened again."""
    with contextlib.suppress(apsw.Error):
        connection.close()


def inserts(into: str, rows: Sequence[Row]) -> Iterator[tuple[str, Row]]:
    """Statements that insert these rows into ``table (columns)``, many rows in each: between statements a
    thread has to wait its turn for the interpreter, which can take longer than the statement.

    ``OR FAIL``: SQLite would otherwise keep a copy of each page that a statement of many rows touches, to
    undo it alone (a third of an insert's cost). Here whatever fails rolls the whole batch back.
    """
    first = 0
    while first < len(rows):
        count = next(size for size in _ROWS_AT_ONCE if size <= len(rows) - first)
        taken = rows[first : first + count]
        yield _insert_sql(into, len(taken[0]), count), tuple(itertools.chain.from_iterable(taken))
        first += count


@lru_cache(maxsize=64)
def _insert_sql(into: str, columns: int, count: int) -> str:
    row_ = f"({', '.join('?' * columns)})"
    return f"INSERT OR FAIL INTO {into} VALUES {', '.join([row_] * count)}"  # noqa: S608  # names of our own


def rows(connection: apsw.Connection, sql: str, bindings: Sequence[int | str] = ()) -> list[Row]:
    """All rows, read at once, so that no statement stays open. STRICT tables vouch for the types."""
    return connection.execute(sql, tuple(bindings)).fetchall()


def row(connection: apsw.Connection, sql: str, bindings: Sequence[int | str] = ()) -> Row | None:
    """The only row, or None."""
    found = rows(connection, sql, bindings)
    return found[0] if found else None


def _has_tables(connection: apsw.Connection) -> bool:
    return bool(connection.execute("SELECT count(*) FROM sqlite_schema").get)
