"""``comity dss``: a DSS of ASTM F3548-21 and F3411-22a from one line, for test set-ups and interoperability.

It is an ordinary exchange whose configuration this command writes: no participants but its centre, a charter
that releases nothing, the standards' interfaces switched on.
"""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Final

import click
import uvloop

from comity.config import Config, load_config
from comity.http.logs import set_up_logging
from comity.ids import SystemEntropy
from comity.ledger.keyfile import KeyFile
from comity.runtime import Runtime, run

_TEXT: Final = """\
# Made by `comity dss` at each start, from its options. An ordinary configuration: `comity serve` runs it too.
[exchange]
name = "dss.local"
data_dir = "data"
key_file = "exchange.key"

[server]
host = {host}
port = {port}
more = {more}

[f3548]
enabled = true
uss_id = {uss_id}
audiences = {audiences}
public_keys = {keys}
allow_http = {allow_http}
notification_index = {index}
{base_url}
[genesis.charter]
title = "A DSS alone: nobody owes anybody anything"
floor = {{ intent = "none", constraint = "none", own_track = "none", sensed_track = "none" }}
signed_commands = false
auditors = []
constraint_lead_s = 900

[genesis.centre]
id = "centre"
name = "The operator of this DSS"
centre = true

[genesis.administrator]
id = "operator"
participant = "centre"
name = "The operator"
roles = ["administrator"]
"""


@click.command()
@click.argument("directory", type=click.Path(file_okay=False, path_type=Path))
@click.option("--listen", multiple=True, default=("127.0.0.1:8082",), show_default=True, metavar="HOST:PORT")
@click.option(
    "--public-key", "keys", multiple=True, required=True, type=click.Path(exists=True, path_type=Path)
)
@click.option("--audience", "audiences", multiple=True, help="Host names in tokens; else those listened on.")
@click.option("--allow-http", is_flag=True, help="Take base URLs without TLS.")
@click.option("--notification-index", "index", type=click.Choice(["counting", "time"]), default="counting")
@click.option("--uss-id", default="comity", show_default=True, help="Under which this DSS's own USS writes.")
@click.option("--base-url", help="Where peers reach that USS.")
def dss(
    directory: Path,
    listen: tuple[str, ...],
    keys: tuple[Path, ...],
    audiences: tuple[str, ...],
    allow_http: bool,
    index: str,
    uss_id: str,
    base_url: str | None,
) -> None:
    """Run a DSS with its data in DIRECTORY.

    Several --listen make a pool; of several --public-key any may have signed a token.

    \b
    comity dss /tmp/dss --public-key auth.pem --listen 127.0.0.1:8082 --listen localhost:8083 --allow-http
    """
    hosts = [each.rpartition(":") for each in listen]
    text = _TEXT.format(
        host=json.dumps(hosts[0][0]),
        port=hosts[0][2],
        more=json.dumps(listen[1:]),
        uss_id=json.dumps(uss_id),
        audiences=json.dumps(list(audiences) or list(dict.fromkeys(host for host, _, _ in hosts))),
        keys=json.dumps([str(key.absolute()) for key in keys]),
        allow_http=json.dumps(allow_http),
        index=json.dumps(index),
        base_url="" if base_url is None else f"base_url = {json.dumps(base_url)}\n",
    )
    raise SystemExit(_serve(_prepared(directory, text)))


def _prepared(directory: Path, text: str) -> Config:
    directory.mkdir(parents=True, exist_ok=True, mode=0o700)
    target = directory / "comity.toml"
    target.write_text(text, encoding="utf-8")
    if not (directory / "exchange.key").exists():
        KeyFile.create(directory / "exchange.key", SystemEntropy())
    return load_config(target)


def _serve(config: Config) -> int:
    set_up_logging(config.logging.level)

    def ready(runtime: Runtime) -> None:
        for url in runtime.server.urls:
            click.echo(f"the DSS is ready at {url}", err=True)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(run(config, ready))
