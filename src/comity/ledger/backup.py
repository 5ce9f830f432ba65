"""Backup while writes go on, and restore; either way the copy is verified before it gets its name.

The copy is one state of the ledger: every entry acknowledged before the call began is in it. It is made
under a temporary name, synced, verified, and only then linked to its own, which must be free. It holds
wrapped keys and needs the key file, which is not in it: keep that apart. What is erased later stays in
backups made before: they have to be destroyed with it.

A ledger restored from a backup lacks what was appended since, and whoever holds a later checkpoint will
see that. Positions that were used before are used again; sealing.py keeps that from harming anything.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

import apsw

from comity.errors import IntegrityFailure, InvalidInput, LedgerFull, Unavailable
from comity.ledger.keyfile import KeyFile, sync_directory
from comity.ledger.offline import open_offline
from comity.ledger.verify import Report, verify

_STEP_PAGES: Final = 4096
"""16 MiB between two reports of progress."""

Progress = Callable[[int, int], None]
"""Called with pages done and pages in all."""


def back_up(
    ledger: Path, destination: Path, keyfile: KeyFile | None = None, *, progress: Progress | None = None
) -> Report:
    """Copies a ledger, which may be in use, to a new file. With the key file payloads are verified too."""
    return _copy(ledger, destination, (), keyfile, progress)


def restore(
    backup: Path,
    destination: Path,
    keyfile: KeyFile | None = None,
    *,
    held: Sequence[str] = (),
    progress: Progress | None = None,
) -> Report:
    """Makes a ledger from a backup where there is none. ``held``: checkpoints that it has to agree with."""
    for suffix in ("", "-wal", "-shm"):
        if Path(f"{destination}{suffix}").exists():
            raise InvalidInput(f"{destination}{suffix} exists and is not overwritten", field="destination")
    return _copy(backup, destination, held, keyfile, progress)


def _copy(
    source: Path, destination: Path, held: Sequence[str], keyfile: KeyFile | None, progress: Progress | None
) -> Report:
    if destination.exists():
        raise InvalidInput(f"{destination} exists and is not overwritten", field="destination")
    partial = destination.with_name(destination.name + ".part")
    try:
        os.close(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
    except FileExistsError as error:
        raise InvalidInput(
            f"{partial} is in the way: is another backup running?", field="destination"
        ) from error
    except OSError as error:
        raise InvalidInput(f"{partial} cannot be written: {error}", field="destination") from error
    try:
        _copy_pages(source, partial, progress)
        report = verify(partial, held, keyfile=keyfile)
        if report.first_bad is not None:
            bad = report.first_bad
            raise IntegrityFailure(f"the copy is not good: {bad.message}", detail={"index": bad.index})
        try:
            os.link(partial, destination)
        except FileExistsError as error:
            raise InvalidInput(f"{destination} exists and is not overwritten", field="destination") from error
    finally:
        partial.unlink()
    sync_directory(destination.parent)
    return report


def _copy_pages(source: Path, partial: Path, progress: Progress | None) -> None:
    """One read transaction throughout, so that a writer neither waits nor makes the copy start again."""
    with contextlib.closing(open_offline(source)) as from_:
        try:
            with contextlib.closing(apsw.Connection(str(partial))) as to:
                to.pragma("journal_mode", "OFF")
                to.pragma("synchronous", "OFF")
                with to.backup("main", from_, "main") as copying:
                    while not copying.done:
                        copying.step(_STEP_PAGES)
                        if progress is not None:
                            progress(copying.page_count - copying.remaining, copying.page_count)
        except apsw.FullError as error:
            raise LedgerFull(f"there is no room for the copy {partial}") from error
        except apsw.Error as error:
            raise Unavailable(f"{source} cannot be copied: {error}") from error
    with partial.open("rb") as file:
        os.fsync(file.fileno())
