"""``comity``: the group of all commands, and the one place where errors become a line and an exit code."""

from __future__ import annotations

from typing import Any

import click

from comity import __version__
from comity.cli.constraints import constraints
from comity.cli.demo import demo
from comity.cli.export import export
from comity.cli.feed import feed
from comity.cli.init import init
from comity.cli.intents import intents
from comity.cli.keys import keygen, token
from comity.cli.ledger import backup, restore, verify
from comity.cli.logs import log
from comity.cli.look import airspace, changes, picture, watch, whoami
from comity.cli.members import charter, erase, health, participants, people, revoke
from comity.cli.release import groups, rules, what_others_see
from comity.cli.serve import serve
from comity.errors import ComityError


class Commands(click.Group):
    """Prints an error of ours as one line and leaves with 1."""

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except ComityError as error:
            field = f" ({error.field})" if error.field else ""
            click.echo(f"comity: {error.code}{field}: {error.message}", err=True)
            for conflict in error.detail.get("conflicts", []):
                click.echo(f"  in the way: {_conflict(conflict)}", err=True)
            ctx.exit(1)

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order in which one meets them."""
        return list(self.commands)


def _conflict(conflict: Any) -> str:
    item = conflict.get("item", {})
    words = [str(item.get(name)) for name in ("kind", "level", "designator", "ref") if item.get(name)]
    return " ".join(words) + (", cannot be filed over" if conflict.get("blocking") else "")


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="comity")
def main() -> None:
    """Comity, an airspace coordination exchange.

    Commands that talk to an exchange take its address and a token from --url and --token-file, or from
    COMITY_URL and COMITY_TOKEN (or COMITY_TOKEN_FILE).
    """


for _command in (
    demo,
    init,
    serve,
    keygen,
    token,
    whoami,
    airspace,
    picture,
    changes,
    watch,
    intents,
    constraints,
    rules,
    groups,
    what_others_see,
    feed,
    export,
    log,
    participants,
    people,
    charter,
    revoke,
    erase,
    health,
    verify,
    backup,
    restore,
):
    main.add_command(_command)
