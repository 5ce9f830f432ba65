"""``comity verify``, ``backup``, ``restore``: a ledger with files alone; nothing has to be running."""

from __future__ import annotations

from pathlib import Path

import click
from rich.console import Console
from rich.progress import Progress

from comity.cli.output import json_option, print_json
from comity.ledger.backup import back_up
from comity.ledger.backup import restore as restore_ledger
from comity.ledger.keyfile import KeyFile, parse_public_key
from comity.ledger.verify import Report
from comity.ledger.verify import verify as verify_ledger

EXISTING = click.Path(exists=True, dir_okay=False, path_type=Path)
KEY_FILE = click.option(
    "--key-file", type=EXISTING, help="The key file: payloads are opened and checked too."
)
HELD = click.option(
    "--checkpoint",
    "held",
    multiple=True,
    type=EXISTING,
    metavar="HELD",
    help="A checkpoint that somebody kept; repeatable.",
)


@click.command()
@click.argument("ledger", type=EXISTING)
@HELD
@click.option("--public-key", help="The exchange's key as you were given it, in hex or base64.")
@KEY_FILE
@json_option
def verify(
    ledger: Path, held: tuple[Path, ...], public_key: str | None, key_file: Path | None, as_json: bool
) -> None:
    """Check a LEDGER against itself and against checkpoints that others HELD.

    Everything is recomputed. What a ledger says of itself shows only that it agrees with itself; a checkpoint
    that you kept shows rewriting and cutting off even by a host that has the key. Names the first bad entry
    and leaves with 1.

    \b
    comity verify data/ledger.sqlite --checkpoint held.txt --public-key 3b6a27bc...
    """
    report = verify_ledger(
        ledger,
        [path.read_text(encoding="utf-8") for path in held],
        parse_public_key(public_key) if public_key else None,
        KeyFile.load(key_file) if key_file else None,
    )
    print_json(report) if as_json else _show(report)
    if not report.ok:
        raise SystemExit(1)


def _show(report: Report) -> None:
    for finding in report.findings:
        where = "" if finding.index is None else f"entry {finding.index}: "
        click.echo(f"WRONG  {where}{finding.message}")
    click.echo(f"{report.exchange}: {report.entries} entries good, root {report.root}")
    click.echo(f"payloads: {report.opened} opened, {report.erased} erased, {report.sealed} sealed")
    click.echo(f"checkpoints: {report.checkpoints} in the ledger, {report.held} held by others")
    if report.held == 0:
        click.echo("no checkpoint was given: it agrees with itself, which proves nothing against its host")
    click.echo(f"signatures by {report.public_key}, on the word of: {report.key_from}")


@click.command()
@click.argument("ledger", type=EXISTING)
@click.argument("destination", type=click.Path(dir_okay=False, path_type=Path))
@KEY_FILE
def backup(ledger: Path, destination: Path, key_file: Path | None) -> None:
    """Copy a LEDGER, which may be in use, to a new file, and verify the copy.

    The key file is not in it: keep that on another medium.

    \b
    comity backup data/ledger.sqlite /backups/ledger-2026-05-01.sqlite
    """
    keys = KeyFile.load(key_file) if key_file else None
    with _Pages("copying") as pages:
        report = back_up(ledger, destination, keys, progress=pages.show)
    click.echo(f"{report.entries} entries to {destination}, verified")


@click.command()
@click.argument("backup", type=EXISTING)
@click.argument("destination", type=click.Path(dir_okay=False, path_type=Path))
@HELD
@KEY_FILE
def restore(backup: Path, destination: Path, held: tuple[Path, ...], key_file: Path | None) -> None:
    """Make a ledger at DESTINATION from a BACKUP; nothing may be there.

    Whoever holds a checkpoint later than the backup will see that what came after it is missing.
    """
    keys = KeyFile.load(key_file) if key_file else None
    notes = [path.read_text(encoding="utf-8") for path in held]
    with _Pages("restoring") as pages:
        report = restore_ledger(backup, destination, keys, held=notes, progress=pages.show)
    click.echo(f"{report.entries} entries to {destination}, verified")


class _Pages:
    """A bar over pages, on a terminal."""

    def __init__(self, what: str) -> None:
        show = Console(stderr=True)
        self._progress = Progress(console=show, transient=True, disable=not show.is_terminal)
        self._task = self._progress.add_task(what)

    def __enter__(self) -> _Pages:
        self._progress.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._progress.stop()

    def show(self, done: int, total: int) -> None:
        self._progress.update(self._task, completed=done, total=total)
