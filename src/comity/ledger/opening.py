"""Opening the ledger for writing: the lock, whose ledger it is, and its heads from disk."""

from __future__ import annotations

import fcntl
import os
from pathlib import Path

import apsw

from comity.errors import IntegrityFailure, InvalidInput, Unavailable
from comity.ledger.batch import Heads
from comity.ledger.keyfile import KeyFile, sync_directory
from comity.ledger.reader import frontier_of, last_entry
from comity.ledger.schema import TREE_LOG, rows


def check_exchange_name(name: str) -> None:
    """A note's key name may hold neither space nor plus (C2SP signed-note); it stands in every checkpoint."""
    if not 1 <= len(name) <= 200 or not name.isascii() or not name.isprintable() or {" ", "+"} & set(name):
        raise InvalidInput(
            "the exchange's name must be 1 to 200 printable ASCII characters without space and plus",
            field="exchange_name",
        )


def take_lock(path: Path) -> int:
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


def make_private(path: Path) -> None:
    """A new ledger is its owner's alone, and its name survives a crash; SQLite sees to neither. It gives
    the files that it makes beside it the same mode."""
    if not path.exists():
        os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
        sync_directory(path.parent)


def check_about(connection: apsw.Connection, name: str, keyfile: KeyFile) -> None:
    """A ledger belongs to one exchange and one key file."""
    key = keyfile.public_key().hex()
    about: dict[str, str] = dict(rows(connection, "SELECT name, value FROM about"))
    if not about:
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


def load_heads(connection: apsw.Connection) -> Heads:
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
