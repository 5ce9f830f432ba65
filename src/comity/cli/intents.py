"""``comity intents``: operational intents, listed, filed, changed, ended."""

from __future__ import annotations

from typing import Any

import click

from comity.cli.connection import connected
from comity.cli.output import items_table, json_option, print_json
from comity.cli.values import volume_options, volumes_of
from comity.client import Client, Written
from comity.model.intent import AircraftCategory, IntentState
from comity.model.released import ReleasedItem


@click.group()
def intents() -> None:
    """Operational intents: where aircraft will be."""


@intents.command("list")
@json_option
@connected
def list_(client: Client, as_json: bool) -> None:
    """Your intents and those released to you."""
    found = client.intents()
    print_json({"items": found}) if as_json else items_table(found)


@intents.command()
@click.argument("ref")
@connected
def show(client: Client, ref: str) -> None:
    """One intent as JSON, with its volumes."""
    print_json(client.intent(ref))


@intents.command()
@volume_options
@click.option(
    "--category",
    type=click.Choice([each.value for each in AircraftCategory]),
    required=True,
    help="Category of aircraft.",
)
@click.option("--crewed/--uncrewed", default=True, show_default=True, help="Whether somebody is on board.")
@click.option("--over", multiple=True, metavar="REF", help="File over this conflict on purpose; repeatable.")
@click.option(
    "--priority", type=int, default=0, show_default=True, help="As the regulator assigns it (F3548)."
)
@click.option("--request-id", help="Makes a repetition of this call the same command.")
@json_option
@connected
def file(
    client: Client,
    category: str,
    crewed: bool,
    over: tuple[str, ...],
    priority: int,
    request_id: str | None,
    as_json: bool,
    **words: Any,
) -> None:
    """File an operational intent.

    It is refused where it conflicts with what is released to you; the refusal names what is in the way. An
    advisory conflict can then be filed over with --over.

    \b
    comity intents file --circle 46.5,8.6,2000 --lower 800:MSL --upper 1500:MSL \\
        --start +5min --end +1h --category uncrewed --uncrewed
    comity intents file --volumes plan.json --category aeroplane
    """
    volumes = volumes_of(**words)
    if volumes is None:
        raise click.UsageError("give --volumes, --circle or --polygon")
    written = client.file_intent(
        volumes,
        category=category,
        crewed=crewed,
        accept_conflicts=over,
        priority=priority,
        request_id=request_id,
    )
    show_written(written, "filed", as_json)


@intents.command()
@click.argument("id")
@click.option("--ovn", help="The version this is based on; the newest, if left out.")
@click.option(
    "--state",
    type=click.Choice([state.value for state in IntentState if state.live()]),
    help="The state it is to have.",
)
@volume_options
@click.option("--over", multiple=True, metavar="REF", help="Accept this conflict on purpose; repeatable.")
@click.option("--priority", type=int, help="As the regulator assigns it (F3548).")
@json_option
@connected
def change(
    client: Client,
    id: str,
    ovn: str | None,
    state: str | None,
    over: tuple[str, ...],
    priority: int | None,
    as_json: bool,
    **words: Any,
) -> None:
    """Change state or volumes of your intent ID. Off nominal, volumes are where it may be now.

    \b
    comity intents change 3f0c... --state Activated
    """
    volumes = volumes_of(**words)
    if volumes is None and state is None and priority is None and not over:
        raise click.UsageError("give --state, --priority or new volumes")
    version = ovn or newest_ovn(client.intent(id))
    written = client.change_intent(
        id, version, state=state, volumes=volumes, accept_conflicts=over, priority=priority
    )
    show_written(written, "changed", as_json)


@intents.command()
@click.argument("id")
@click.option("--ovn", help="The version this is based on; the newest, if left out.")
@json_option
@connected
def end(client: Client, id: str, ovn: str | None, as_json: bool) -> None:
    """End your intent ID: the airspace is free again."""
    show_written(client.end_intent(id, ovn or newest_ovn(client.intent(id))), "ended", as_json)


def newest_ovn(item: ReleasedItem) -> str:
    if item.ovn is None:
        raise click.UsageError(f"{item.ref} is not yours")
    return item.ovn


def show_written(written: Written[ReleasedItem], done: str, as_json: bool) -> None:
    """What became of a write: the item, what it was checked against, the receipt."""
    if as_json:
        print_json(written)
        return
    item = written.result
    click.echo(f"{done}: {item.kind.value} {item.ref}, {item.state}, ovn {item.ovn}")
    if written.clearance is not None:
        floor = f"intents {written.clearance.floor_intent}, constraints {written.clearance.floor_constraint}"
        click.echo(f"{written.clearance.checked}; the floor: {floor}")
    click.echo(f"receipt: position {written.receipt.position} in your log, leaf {written.receipt.leaf}")
