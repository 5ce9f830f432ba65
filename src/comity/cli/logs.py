"""``comity log``: one's own log, or the whole tree; proofs are checked here, not believed.

A checkpoint that was kept is what makes all of this worth something: ``prove`` and ``check`` recompute the
Merkle paths (RFC 6962) and, with the exchange's public key, verify its signature.
"""

from __future__ import annotations

import base64
from pathlib import Path

import click

from comity.cli.connection import connected
from comity.cli.output import json_option, print_json, table
from comity.client import Client
from comity.client.logs import Log
from comity.errors import IntegrityFailure
from comity.ledger.keyfile import parse_public_key
from comity.ledger.merkle import leaf_hash, verify_consistency, verify_inclusion
from comity.ledger.note import SignedCheckpoint, is_signed_by, parse

_TREE = click.option("--tree", is_flag=True, help="The whole tree instead of your own log (auditors).")
_KEY = click.option(
    "--public-key", help="The exchange's Ed25519 key, in hex or base64; checks its signature."
)


def _log(client: Client, tree: bool) -> Log:
    return client.tree if tree else client.log


@click.group()
def log() -> None:
    """The record: receipts, proofs, checkpoints."""


@log.command()
@_TREE
@_KEY
@connected
def checkpoint(client: Client, tree: bool, public_key: str | None) -> None:
    """Print the newest checkpoint. Keep it: later ones must continue it."""
    note = _log(client, tree).checkpoint()
    _signed(parse(note), public_key)
    click.echo(note, nl=False)


@log.command()
@_TREE
@click.option("--from", "start", type=click.IntRange(min=0), default=0, show_default=True)
@click.option("--to", "stop", type=click.IntRange(min=0), help="Up to and without; the newest, if left out.")
@json_option
@connected
def entries(client: Client, tree: bool, start: int, stop: int | None, as_json: bool) -> None:
    """List entries."""
    which = _log(client, tree)
    until = stop if stop is not None else parse(which.checkpoint()).checkpoint.size
    found = which.entries(start, until)
    if as_json:
        print_json({"entries": found})
        return
    rows = ((leaf.position, leaf.time, leaf.kind, _hash(leaf.data).hex()) for leaf in found)
    table(("position", "time", "kind", "leaf"), rows, empty="no entries")


@log.command()
@click.argument("position", type=click.IntRange(min=0))
@_TREE
@_KEY
@click.option("--leaf", help="The leaf hash from your receipt, in hex; the exchange's word, if left out.")
@connected
def prove(client: Client, position: int, tree: bool, public_key: str | None, leaf: str | None) -> None:
    """Prove that the entry at POSITION stands in the log under the newest checkpoint.

    \b
    comity log prove 12 --leaf 9f86d081... --public-key 3b6a27bc...
    """
    which = _log(client, tree)
    signed = parse(which.checkpoint())
    point = signed.checkpoint
    _signed(signed, public_key)
    if position >= point.size:
        raise IntegrityFailure(f"the newest checkpoint covers {point.size} entries; try again after the next")
    told = _hash(which.entries(position, position + 1)[0].data)
    if leaf is not None and told.hex() != leaf.lower():
        raise IntegrityFailure(f"the entry at {position} is not the one of your receipt: {told.hex()}")
    path = [base64.b64decode(each) for each in which.inclusion(position, point.size)]
    if not verify_inclusion(told, position, point.size, path, point.root):
        raise IntegrityFailure(f"the proof does not lead from entry {position} to the checkpoint's root")
    click.echo(f"proven: entry {position} is in {point.origin} of {point.size} entries; {_trust(public_key)}")


@log.command()
@click.argument("held", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@_TREE
@_KEY
@connected
def check(client: Client, held: Path, tree: bool, public_key: str | None) -> None:
    """Check that the log still continues the checkpoint in the file HELD."""
    old, new = parse(held.read_text(encoding="utf-8")), parse(_log(client, tree).checkpoint())
    for signed in (old, new):
        _signed(signed, public_key)
    first, second = old.checkpoint, new.checkpoint
    if first.origin != second.origin:
        raise IntegrityFailure(f"the file is of {first.origin}, this log is {second.origin}")
    if first.size > second.size:
        raise IntegrityFailure(f"the log has shrunk: {first.size} entries then, {second.size} now")
    path = [base64.b64decode(each) for each in _log(client, tree).consistency(first.size, second.size)]
    if not verify_consistency(first.size, second.size, first.root, second.root, path):
        raise IntegrityFailure(f"the log was rewritten: it does not continue the {first.size} entries held")
    click.echo(f"continues: {first.size} entries held, {second.size} now; {_trust(public_key)}")


def _hash(data: str) -> bytes:
    return leaf_hash(base64.b64decode(data))


def _signed(signed: SignedCheckpoint, public_key: str | None) -> None:
    if public_key is not None and not is_signed_by(signed, parse_public_key(public_key)):
        raise IntegrityFailure("the checkpoint is not signed by this key")


def _trust(public_key: str | None) -> str:
    return "signature verified" if public_key else "its signature was not checked (no --public-key)"
