"""``comity keygen`` and ``comity token``: key files, and tokens from the built-in issuer."""

from __future__ import annotations

import base64
from datetime import timedelta
from pathlib import Path

import click

from comity.cli.keyfiles import create_ed25519
from comity.cli.values import Length
from comity.clock import SystemClock
from comity.config import Config, load_config
from comity.errors import InvalidInput
from comity.http.issuer import Issuer, load_issuer_key
from comity.http.tokens import SCOPES
from comity.ids import SystemEntropy
from comity.ledger.keyfile import KeyFile

FILE = click.Path(dir_okay=False, path_type=Path)
CONFIG = click.option(
    "--config",
    "config_file",
    envvar="COMITY_CONFIG",
    type=click.Path(exists=True, dir_okay=False, path_type=Path),
    required=True,
    help="The exchange's configuration.",
)


@click.group()
def keygen() -> None:
    """Make key files: mode 0600, never overwritten."""


@keygen.command()
@click.argument("file", type=FILE)
def exchange(file: Path) -> None:
    """The secrets of an exchange: seals, checkpoints, ids. Keep a copy on another medium."""
    made = KeyFile.create(file, SystemEntropy())
    click.echo(f"made {file}\nThe exchange's public key: {made.public_key().hex()}")


@keygen.command()
@click.argument("file", type=FILE)
def issuer(file: Path) -> None:
    """The built-in issuer's key. Whoever has it can sign in as anybody."""
    create_ed25519(file)
    click.echo(f"made {file}")


@keygen.command()
@click.argument("file", type=FILE)
def signing(file: Path) -> None:
    """A person's key for signing commands; an administrator registers the public half.

    \b
    comity keygen signing me.key
    comity people put relief-air me 'My Name' --role duty_desk --key desk-1 <the public key>
    """
    raw = create_ed25519(file).public_key().public_bytes_raw()
    click.echo(f"made {file}\nPublic key to register: {base64.b64encode(raw).decode()}")


@keygen.command()
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def public(file: Path) -> None:
    """The public key in an exchange's key file: what checkpoints verify under."""
    click.echo(KeyFile.load(file).public_key().hex())


@click.command()
@CONFIG
@click.option("--participant", required=True, help="Whom it speaks for.")
@click.option("--person", required=True, help="Who of it.")
@click.option("--scope", "scopes", multiple=True, help="Narrow it to this; repeatable. All, if left out.")
@click.option("--lifetime", type=Length(), default="12h", show_default=True, help="How long it is good for.")
@click.option("--link", is_flag=True, help="Print a link that signs a browser in.")
def token(
    config_file: Path,
    participant: str,
    person: str,
    scopes: tuple[str, ...],
    lifetime: timedelta,
    link: bool,
) -> None:
    """Issue a token with the built-in issuer's key. The person must be a member when it is used.

    \b
    export COMITY_TOKEN=$(comity token --config comity.toml --participant centre --person admin)
    """
    config = load_config(config_file)
    issued = issue(config, participant, person, scopes or tuple(SCOPES), lifetime)
    click.echo(f"{address(config)}/#token={issued}" if link else issued)


def issue(config: Config, participant: str, person: str, scopes: tuple[str, ...], lifetime: timedelta) -> str:
    if not config.issuer.enabled or config.issuer.key_file is None:
        raise InvalidInput("the built-in issuer is not switched on", field="issuer.enabled")
    if lifetime > timedelta(seconds=config.auth.max_lifetime_s):
        raise InvalidInput(
            f"this exchange refuses tokens for longer than {config.auth.max_lifetime_s} s", field="lifetime"
        )
    key = load_issuer_key(config.path(config.issuer.key_file))
    made = Issuer(key, config.exchange.name, config.audiences()[0])
    return made.issue(person, participant, scopes, lifetime, SystemClock().now())


def address(config: Config) -> str:
    """Where a browser on this machine finds the exchange."""
    scheme = "https" if config.server.tls_cert else "http"
    host = config.server.host if config.server.host not in ("0.0.0.0", "::") else "localhost"  # noqa: S104  # compared, not bound
    return f"{scheme}://{f'[{host}]' if ':' in host else host}:{config.server.port}"
