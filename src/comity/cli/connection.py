"""Which exchange, as whom: options and environment to a :class:`Client`.

A token is taken from ``--token-file`` or the environment. ``--token`` exists for trying things out; what
stands on a command line can be read by everybody on the machine.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from comity.client import Client, Signer
from comity.errors import InvalidInput, Unauthenticated

F = TypeVar("F", bound=Callable[..., Any])

DEFAULT_URL = "http://127.0.0.1:8787"


def connected(command: F) -> F:
    """Adds the connection's options; the command gets an open client as its first argument."""

    @functools.wraps(command)
    def wrapper(
        url: str,
        token: str | None,
        token_file: Path | None,
        ca: Path | None,
        signing_key: Path | None,
        key_id: str | None,
        **rest: Any,
    ) -> Any:
        found = _token(token, token_file)
        if found is None:
            raise Unauthenticated("no token: set COMITY_TOKEN, or give --token-file", field="token")
        with Client(url, found, signer=_signer(signing_key, key_id), ca_file=ca) as client:
            return command(client, **rest)

    for option in reversed(_OPTIONS):
        wrapper = option(wrapper)
    return wrapper  # type: ignore[return-value]  # click replaces the parameters, not the call


_FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
_OPTIONS = (
    click.option(
        "--url", envvar="COMITY_URL", default=DEFAULT_URL, show_default=True, help="The exchange's address."
    ),
    click.option("--token", envvar="COMITY_TOKEN", help="A bearer token; better given as COMITY_TOKEN."),
    click.option("--token-file", envvar="COMITY_TOKEN_FILE", type=_FILE, help="A file with a bearer token."),
    click.option("--ca", envvar="COMITY_CA", type=_FILE, help="Certificates to trust, as PEM."),
    click.option(
        "--signing-key", envvar="COMITY_SIGNING_KEY", type=_FILE, help="Sign commands with this Ed25519 key."
    ),
    click.option("--key-id", envvar="COMITY_KEY_ID", help="The id under which that key is registered."),
)


def _token(token: str | None, token_file: Path | None) -> str | None:
    if token is not None:
        return token.strip()
    return token_file.read_text(encoding="utf-8").strip() if token_file is not None else None


def _signer(path: Path | None, key_id: str | None) -> Signer | None:
    if path is None:
        return None
    if key_id is None:
        raise InvalidInput("--signing-key needs --key-id, the id of the registered key", field="key-id")
    from comity.cli.keyfiles import load_ed25519

    return Signer(key_id, load_ed25519(path))
