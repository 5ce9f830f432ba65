"""``comity``: the group of all commands, and the one place where errors become a line and an exit code.

Commands are loaded when they are called: the table below names each with its module and its line of help,
so that a call does not wait for what it does not use. A test holds the lines to the commands' own.
"""

from __future__ import annotations

import importlib
from collections.abc import Mapping
from typing import Any, Final

import click

from comity import __version__
from comity.errors import ComityError

COMMANDS: Final[Mapping[str, tuple[str, str]]] = {
    "demo": ("demo", "Play a made-up day over the Alps with four participants."),
    "init": ("init", "Make a configuration and keys for an exchange on this machine."),
    "serve": ("serve", "Run the exchange of a configuration file."),
    "dss": ("dss", "Run a DSS with its data in DIRECTORY."),
    "keygen": ("keys", "Make key files: mode 0600, never overwritten."),
    "token": ("keys", "Issue a token with the built-in issuer's key."),
    "whoami": ("look", "Who your token speaks for, and until when."),
    "airspace": ("look", "Intents and constraints: yours, and others' as released to you."),
    "picture": ("look", "Aircraft, as they were released to you."),
    "alerts": ("alerts", "What you are warned of, the most urgent first."),
    "acknowledge": ("alerts", "Acknowledge an alert: your name stands on the record."),
    "watch": ("look", "Follow the stream: a line a second, until Ctrl-C."),
    "changes": ("look", "Changes of the airspace, to be resumed from a cursor."),
    "intents": ("intents", "Operational intents: where aircraft will be."),
    "plan": ("plan", "Plans before they are filed: routes, checks, alternatives."),
    "constraints": ("constraints", "Constraints: closed and advisory airspace."),
    "geozones": ("geozones", "Zones from files: read, and published as constraints."),
    "rules": ("release", "Release rules: what you give to whom."),
    "groups": ("release", "Sharing groups: named lists of participants."),
    "what-others-see": ("release", "What each other participant has of yours, and by which rule."),
    "feed": ("feed", "Bring position reports to an exchange."),
    "replay": ("replay", "Play what an exchange recorded, at a chosen speed."),
    "recorded": ("replay", "Print what an exchange recorded, as lines of JSON."),
    "export": ("export", "Write what was released to you as GeoJSON or Parquet."),
    "log": ("logs", "The record: receipts, proofs, checkpoints."),
    "participants": ("members", "The centre's members."),
    "people": ("members", "Your participant's people, their roles and keys."),
    "charter": ("members", "What all participants have agreed to."),
    "revoke": ("members", "Revoke a person's tokens."),
    "erase": ("members", "Destroy what one owner's entries of a month say, for good."),
    "health": ("members", "Detailed health and metrics, for the operator."),
    "verify": ("ledger", "Check a ledger against itself and against checkpoints that others hold."),
    "backup": ("ledger", "Copy a ledger, which may be in use, and verify the copy."),
    "restore": ("ledger", "Make a ledger from a backup."),
}
"""Name to module and help, in the order in which one meets them."""


class Commands(click.Group):
    """Loads commands by name, and prints an error of ours as one line and leaves with 1."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(f"comity.cli.{COMMANDS[cmd_name][0]}")
        command = getattr(module, cmd_name.replace("-", "_"))
        assert isinstance(command, click.Command)
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, help_) for name, (_, help_) in COMMANDS.items()])

    def invoke(self, ctx: click.Context) -> Any:
        try:
            return super().invoke(ctx)
        except ComityError as error:
            field = f" ({error.field})" if error.field else ""
            click.echo(f"comity: {error.code}{field}: {error.message}", err=True)
            for conflict in error.detail.get("conflicts", []):
                click.echo(f"  in the way: {_conflict(conflict)}", err=True)
            ctx.exit(1)


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
