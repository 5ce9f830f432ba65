"""Opening a ledger's file to read it and leave no trace: what verify and restore stand on.

Three cases. A writer has it open: an ordinary read-only connection, which shares the write-ahead log
with the writer. Nobody has it open and there is no write-ahead log (an orderly stop, a backup): the file
is read as immutable. Nobody has it open and there is one (a crash, a copy of both files): the log is
read too, with its index in memory. In the last two cases no file is made or changed beside the ledger,
so that a copy on a read-only medium will do.
"""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

import apsw

from comity.errors import IntegrityFailure, NotFound
from comity.ledger.schema import Storage, check_version, close, connect


def open_offline(path: Path) -> apsw.Connection:
    """A read-only connection inside one read transaction: it sees one state of the ledger."""
    if not path.is_file():
        raise NotFound(f"there is no ledger {path}", field="ledger")
    still = not _has_writer(path)
    connection = _open_still(path) if still else connect(path, write=False, storage=Storage())
    try:
        if check_version(connection) == 0:
            raise IntegrityFailure(f"{path} is an empty database, not a ledger")
        connection.execute("BEGIN")
        connection.execute("SELECT count(*) FROM about").fetchall()
    except apsw.Error as error:
        close(connection)
        raise IntegrityFailure(f"{path} is not a ledger, or its first pages are damaged") from error
    except IntegrityFailure:
        close(connection)
        raise
    return connection


def _has_writer(path: Path) -> bool:
    try:
        descriptor = os.open(f"{path}.lock", os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def _open_still(path: Path) -> apsw.Connection:
    log = path.with_name(path.name + "-wal")
    uri = path.absolute().as_uri() + "?mode=ro"
    flags = apsw.SQLITE_OPEN_READONLY | apsw.SQLITE_OPEN_URI
    if not log.exists() or log.stat().st_size == 0:
        return apsw.Connection(uri + "&immutable=1", flags=flags)
    connection = apsw.Connection(uri, flags=flags, vfs="unix-none")
    connection.config(apsw.SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1)
    connection.pragma("locking_mode", "EXCLUSIVE")
    return connection
