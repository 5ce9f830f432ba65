"""``comity alerts`` and ``comity acknowledge``: what one is warned of, and one's word that it is known."""

from __future__ import annotations

import click

from comity.cli.connection import connected
from comity.cli.output import json_option, print_json, searched, table, utc, utc_short
from comity.client import Client
from comity.model.alert import Alert, AlertSide


@click.command()
@json_option
@connected
def alerts(client: Client, as_json: bool) -> None:
    """What you are warned of, the most urgent first."""
    found = client.alerts()
    if as_json:
        print_json(found)
        return
    columns = ("ref", "level", "kind", "state", "phase", "who", "closest", "apart m", "above m", "because")
    table(columns, (_row(alert) for alert in found.alerts), empty="no alerts from what is released to you")
    click.echo(f"{len(found.alerts)} alerts as of {utc(found.as_of)}")
    click.echo(searched(found.swept_at, found.late_s))


@click.command()
@click.argument("ref")
@json_option
@connected
def acknowledge(client: Client, ref: str, as_json: bool) -> None:
    """Acknowledge an alert: your name stands on the record."""
    written = client.acknowledge_alert(ref)
    if as_json:
        print_json(written)
        return
    alert = written.result
    when = utc(alert.acknowledged_at) if alert.acknowledged_at else "now"
    click.echo(f"acknowledged by {alert.acknowledged_by} at {when}")


def _row(alert: Alert) -> tuple[object, ...]:
    return (
        alert.ref,
        alert.level.value + (" (advisory)" if alert.advisory else ""),
        alert.kind.value,
        alert.state.value,
        alert.phase.value,
        " and ".join([_side(side) for side in alert.sides] + [alert.item_label or ""]).removesuffix(" and "),
        utc_short(alert.closest_at or alert.enters_at),
        alert.horizontal_m,
        alert.vertical_m,
        "; ".join(alert.reasons),
    )


def _side(side: AlertSide) -> str:
    name = side.label or side.track or "an aircraft not released to you"
    return f"{name} (yours)" if side.own else name
