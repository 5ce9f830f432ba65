"""``comity geozones``: files of zones, read on this machine, and published as ordinary constraints.

Publishing says everything it does and everything it leaves, and leaves with 1 where something of the file
was not published that should have been. It waits where the participant's quota is used up. Stopped in the
middle, it goes on where it was when it is called again.
"""

from __future__ import annotations

import time
from collections import Counter
from datetime import datetime
from pathlib import Path
from typing import Any, Final

import click

from comity.cli.connection import connected
from comity.cli.output import json_option, print_json, table
from comity.cli.values import Moment
from comity.client import Client
from comity.clock import SystemClock
from comity.errors import NotPermitted, QuotaExceeded, Refused, TooLarge, Unauthenticated
from comity.geozones.publication import Doing, Publication, Step, Wanted, publication, published_of
from comity.geozones.reading import FORMATS, MAX_BYTES, read
from comity.geozones.schedule import within
from comity.geozones.zone import Reading, Window, Zone
from comity.model.altitude import Altitude
from comity.model.constraint import ConstraintKind

_FILE = click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
_FORMAT = click.option("--format", "format_", type=click.Choice(FORMATS), help="Found out, if left out.")
_SOURCE = click.option("--source", help="The data set's name; the file's, if left out.")
_KIND = click.Choice([kind.value for kind in ConstraintKind])

_DONE: Final = {Doing.PUBLISH: "published", Doing.CHANGE: "changed", Doing.END: "ended"}
_LONGEST_WAIT_S: Final = 60
"""The exchange says how long to wait for quota; more than this means another quota is used up."""


@click.group()
def geozones() -> None:
    """Zones from files: ED-269, ED-318, OpenAir, GeoJSON, KML, YAIXM."""


@geozones.command("read")
@_FILE
@_FORMAT
@_SOURCE
@click.option("--from", "since", type=Moment(), help="With --to: also how many volumes there are then.")
@click.option("--to", "until", type=Moment())
@json_option
def read_(
    file: Path,
    format_: str | None,
    source: str | None,
    since: datetime | None,
    until: datetime | None,
    as_json: bool,
) -> None:
    """What FILE holds: zones as they are read, and what cannot be read. Asks no exchange."""
    if (since is None) != (until is None):
        raise click.UsageError("give both --from and --to, or neither")
    reading = _read(file, source, format_)
    if as_json:
        print_json(reading)
        return
    window = Window(since, until) if since is not None and until is not None else None
    columns = ("designator", "kind", "volumes", "from", "to", "times", "place", "notes")
    table(columns, (_row(zone, window) for zone in reading.zones), empty="no zone can be read")
    if reading.unreadable:
        click.echo("\nNot read:")
        rows = ((one.place, one.designator, one.reason) for one in reading.unreadable)
        table(("place", "designator", "reason"), rows, empty="")
    click.echo(
        f"\n{reading.format}: {reading.records} zones with {reading.stated_volumes()} volumes, "
        f"{len(reading.zones)} read, {len(reading.unreadable)} not"
    )


def _read(file: Path, source: str | None, format_: str | None) -> Reading:
    with file.open("rb") as opened:
        data = opened.read(MAX_BYTES + 1)
    return read(data, source or file.name, format_)


def _row(zone: Zone, window: Window | None) -> tuple[object, ...]:
    lowest, highest = {v.lower for v in zone.volumes}, {v.upper for v in zone.volumes}
    count = _count(zone, window)
    times = "always" if not zone.applies else f"{len(zone.applies)} times"
    place = zone.provenance.place
    return (
        zone.designator,
        zone.kind,
        count,
        _limit(lowest),
        _limit(highest),
        times,
        place,
        "; ".join(zone.notes),
    )


def _count(zone: Zone, window: Window | None) -> str:
    if window is None:
        return str(len(zone.volumes))
    try:
        return f"{len(within(zone, window))} then"
    except TooLarge:
        return "too many then"


def _limit(limits: set[Altitude]) -> str:
    if len(limits) > 1:
        return "several"
    one = next(iter(limits))
    return f"{one.value_m:.0f} m {one.datum.value}"


@geozones.command()
@_FILE
@_FORMAT
@_SOURCE
@click.option("--kind", type=_KIND, required=True, help="What the zones become: closed or advisory.")
@click.option("--from", "since", type=Moment(), required=True, help="Start of what is published.")
@click.option("--to", "until", type=Moment(), required=True, help="Its end, at most 366 days later.")
@click.option("--only", multiple=True, metavar="DESIGNATOR", help="This zone alone; may be repeated.")
@click.option("--end-vanished", is_flag=True, help="End constraints whose zone has gone from the file.")
@click.option("--edition", default="", help="Another word publishes again what was ended by hand.")
@click.option("--dry-run", is_flag=True, help="Say what would be done, and do nothing.")
@json_option
@connected
def publish(
    client: Client,
    file: Path,
    format_: str | None,
    source: str | None,
    kind: str,
    since: datetime,
    until: datetime,
    only: tuple[str, ...],
    end_vanished: bool,
    edition: str,
    dry_run: bool,
    as_json: bool,
) -> None:
    """Publish FILE's zones as constraints; called again, change what has changed.

    \b
    comity geozones publish zones.json --kind closed --from 2026-12-01T00:00Z --to 2027-06-01T00:00Z
    """
    wanted = Wanted(ConstraintKind(kind), Window(since, until), frozenset(only), end_vanished, edition)
    reading = _read(file, source, format_)
    todo = publication(reading, client.constraints(), wanted, SystemClock().now())
    refused = [] if dry_run else _carry_out(client, todo, wanted.kind)
    if not dry_run and any(step.doing is Doing.PUBLISH for step in todo.steps):
        refused += _missing(client, reading, todo, {designator for designator, _ in refused})
    _tell(todo, refused, dry_run, as_json)
    if refused or not all(one.meant for one in todo.left):
        click.get_current_context().exit(1)


def _carry_out(client: Client, todo: Publication, kind: ConstraintKind) -> list[tuple[str, str]]:
    """Does it all; what the exchange refused, with its reason."""
    refused = []
    for step in todo.steps:
        try:
            _patiently(client, step, kind)
        except (Unauthenticated, NotPermitted):
            raise
        except Refused as error:
            refused.append((step.designator, f"{error.code}: {error.message}"))
    return refused


def _patiently(client: Client, step: Step, kind: ConstraintKind) -> None:
    while True:
        try:
            return _do(client, step, kind)
        except QuotaExceeded as error:
            wait_s = error.detail.get("retry_after_s")
            if not isinstance(wait_s, int) or not 0 < wait_s <= _LONGEST_WAIT_S:
                raise
            time.sleep(wait_s)


def _do(client: Client, step: Step, kind: ConstraintKind) -> None:
    if step.item is None:
        client.publish_constraint(
            step.volumes,
            kind=kind,
            designator=step.designator,
            provenance=step.provenance,
            request_id=step.request_id,
        )
        return
    change: dict[str, Any] = {"state": step.state}
    if step.doing is Doing.CHANGE:
        change = {"kind": kind, "volumes": step.volumes, "provenance": step.provenance}
    client.change_constraint(step.item.ref, step.item.ovn or "", request_id=step.request_id, **change)


def _missing(client: Client, reading: Reading, todo: Publication, refused: set[str]) -> list[tuple[str, str]]:
    """What was published and is not there: an earlier, equal command made it, and it was ended since."""
    there = published_of(reading.source, client.constraints())
    asked = [step.designator for step in todo.steps if step.doing is Doing.PUBLISH]
    reason = "was published by the same command before and ended since: give another --edition"
    return [(name, reason) for name in asked if name not in there and name not in refused]


def _tell(todo: Publication, refused: list[tuple[str, str]], dry_run: bool, as_json: bool) -> None:
    not_done = dict(refused)
    done = [step for step in todo.steps if step.designator not in not_done]
    if as_json:
        print_json(
            {
                "dry_run": dry_run,
                "done": [{"doing": step.doing, "designator": step.designator} for step in done],
                "unchanged": todo.unchanged,
                "refused": [{"designator": name, "reason": reason} for name, reason in refused],
                "left": todo.left,
            }
        )
        return
    for name, reason in [*refused, *((one.designator, one.reason) for one in todo.left)]:
        click.echo(f"not published: {name}: {reason}", err=True)
    counts = Counter(_DONE[step.doing] for step in done)
    words = [f"{counts[word]} {word}" for word in _DONE.values()]
    words += [f"{len(todo.unchanged)} unchanged", f"{len(refused)} refused", f"{len(todo.left)} left"]
    click.echo(("would be: " if dry_run else "") + ", ".join(words))
