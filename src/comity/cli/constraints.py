"""``comity constraints``: where aircraft must not be or must take care; published, changed, given back."""

from __future__ import annotations

from typing import Any

import click

from comity.cli.connection import connected
from comity.cli.intents import newest_ovn, show_written
from comity.cli.output import items_table, json_option, print_json
from comity.cli.values import volume_options, volumes_of
from comity.client import Client
from comity.model.constraint import ConstraintKind

_KIND = click.Choice([kind.value for kind in ConstraintKind])


@click.group()
def constraints() -> None:
    """Constraints: closed and advisory airspace."""


@constraints.command("list")
@json_option
@connected
def list_(client: Client, as_json: bool) -> None:
    """Your constraints and those released to you."""
    found = client.constraints()
    print_json({"items": found}) if as_json else items_table(found)


@constraints.command()
@click.argument("ref")
@connected
def show(client: Client, ref: str) -> None:
    """One constraint as JSON, with its volumes."""
    print_json(client.constraint(ref))


@constraints.command()
@volume_options
@click.option("--kind", type=_KIND, required=True, help="closed: nobody may file into it.")
@click.option("--designator", required=True, help="Its published name, such as LS-R12.")
@click.option("--request-id", help="Makes a repetition of this call the same command.")
@json_option
@connected
def publish(
    client: Client, kind: str, designator: str, request_id: str | None, as_json: bool, **words: Any
) -> None:
    """Publish a constraint.

    \b
    comity constraints publish --kind closed --designator 'POP-UP 1' --circle 46.56,8.56,12000 \\
        --lower 0:MSL --upper 4500:MSL --start +10min --end +2h
    """
    volumes = volumes_of(**words)
    if volumes is None:
        raise click.UsageError("give --volumes, --circle or --polygon")
    written = client.publish_constraint(volumes, kind=kind, designator=designator, request_id=request_id)
    show_written(written, "published", as_json)


@constraints.command()
@click.argument("id")
@click.option("--ovn", help="The version this is based on; the newest, if left out.")
@click.option("--kind", type=_KIND)
@click.option("--designator")
@volume_options
@json_option
@connected
def change(
    client: Client,
    id: str,
    ovn: str | None,
    kind: str | None,
    designator: str | None,
    as_json: bool,
    **words: Any,
) -> None:
    """Change kind, name or volumes of your constraint ID."""
    volumes = volumes_of(**words)
    version = ovn or newest_ovn(client.constraint(id))
    written = client.change_constraint(id, version, kind=kind, designator=designator, volumes=volumes)
    show_written(written, "changed", as_json)


@constraints.command()
@click.argument("id")
@click.option("--ovn", help="The version this is based on; the newest, if left out.")
@json_option
@connected
def end(client: Client, id: str, ovn: str | None, as_json: bool) -> None:
    """Give an active constraint back (released), or call one off before it is active (cancelled)."""
    item = client.constraint(id)
    state = "released" if item.state == "active" else "cancelled"
    show_written(client.change_constraint(id, ovn or newest_ovn(item), state=state), state, as_json)
