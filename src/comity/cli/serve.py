"""``comity serve``: an exchange from its configuration, until it is told to stop."""

from __future__ import annotations

import asyncio
from pathlib import Path

import click
import uvloop

from comity.config import load_config


@click.command()
@click.argument("config", type=click.Path(exists=True, dir_okay=False, path_type=Path))
def serve(config: Path) -> None:
    """Run the exchange of a CONFIG file.

    Logs are JSON lines on standard error. SIGINT and SIGTERM stop it in order. It leaves with 3 where it must
    be started again, because it could not be sure of the disk: let a supervisor do that.
    """
    from comity.http.logs import set_up_logging
    from comity.runtime import Runtime, run

    settings = load_config(config)
    set_up_logging(settings.logging.level)

    def ready(runtime: Runtime) -> None:
        click.echo(f"{settings.exchange.name} is ready at {runtime.url}", err=True)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        raise SystemExit(runner.run(run(settings, ready)))
