"""``comity init``: a commented configuration and the keys, for an exchange on a single machine."""

from __future__ import annotations

from importlib.resources import files
from pathlib import Path

import click

from comity.cli.keyfiles import create_ed25519
from comity.config import load_config
from comity.errors import InvalidInput
from comity.ids import SystemEntropy
from comity.ledger.keyfile import KeyFile


@click.command()
@click.argument("directory", type=click.Path(file_okay=False, path_type=Path))
@click.option("--name", default="exchange.local", show_default=True, help="Signed into everything; for good.")
def init(directory: Path, name: str) -> None:
    """Make DIRECTORY with a configuration and keys for an exchange on this machine.

    The built-in issuer is switched on; the exchange listens on loopback. Read the charter's floor in the
    configuration before the first start: it is what all participants owe each other.

    \b
    comity init my-exchange
    comity serve my-exchange/comity.toml
    """
    target = directory / "comity.toml"
    if target.exists():
        raise InvalidInput(f"{target} exists and is not overwritten", field="directory")
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    text = example().replace('name = "exchange.example"', f'name = "{name}"')
    text = text.replace("exchange.example", name)
    text = text.replace("#enabled = false", "enabled = true", 1)  # the built-in issuer's, which comes first
    target.write_text(text.replace('#key_file = "issuer.key"', 'key_file = "issuer.key"'), encoding="utf-8")
    load_config(target)
    keys = KeyFile.create(directory / "exchange.key", SystemEntropy())
    create_ed25519(directory / "issuer.key")
    click.echo(f"made {target}, exchange.key, issuer.key")
    click.echo(f"the exchange's public key, for those who will check it: {keys.public_key().hex()}")
    click.echo(f"\nread the charter in {target}, then:\n  comity serve {target}")


def example() -> str:
    """The configuration that shows every setting."""
    return files("comity.cli").joinpath("comity.example.toml").read_text(encoding="utf-8")
