"""``comity whoami``, ``airspace``, ``picture``, ``changes``, ``watch``: what was released to the reader."""

from __future__ import annotations

import click

from comity.cli.connection import connected
from comity.cli.output import (
    console,
    items_table,
    json_option,
    late,
    print_json,
    print_line,
    searched,
    table,
    utc,
)
from comity.client import Bye, Client, Hello, Near, Snapshot, Tick
from comity.model.released import TrackView


@click.command()
@json_option
@connected
def whoami(client: Client, as_json: bool) -> None:
    """Who your token speaks for, and until when."""
    me = client.whoami()
    if as_json:
        print_json(me)
        return
    click.echo(f"{me.person_name} ({me.person}) of {me.participant_name} ({me.participant})")
    click.echo(f"roles:  {', '.join(me.roles)}")
    click.echo(f"scopes: {', '.join(me.scopes)}")
    click.echo(f"until:  {utc(me.expires_at)} at {me.exchange}")


@click.command()
@click.option("--near", nargs=3, type=float, metavar="LAT LON METRES", help="Only what may lie there.")
@json_option
@connected
def airspace(client: Client, near: tuple[float, float, float] | None, as_json: bool) -> None:
    """Intents and constraints: yours, and others' as they were released to you."""
    found = client.airspace(near=Near(*near) if near else None)
    if as_json:
        print_json(found)
        return
    items_table(found.items)
    click.echo(f"as of {utc(found.as_of)}")


@click.command()
@json_option
@connected
def picture(client: Client, as_json: bool) -> None:
    """Aircraft, as they were released to you."""
    found = client.picture()
    if as_json:
        print_json(found)
        return
    columns = ("id", "callsign", "source", "lat", "lon", "height m", "datum", "m/s", "track", "age s", "")
    table(columns, (_track(track) for track in found.tracks), empty="no aircraft")
    click.echo(f"{len(found.tracks)} aircraft as of {utc(found.as_of)}")
    click.echo(searched(found.swept_at, found.late_s))


def _track(track: TrackView) -> tuple[object, ...]:
    note = track.emergency or ("stale" if track.stale else "")
    return (
        track.id,
        track.callsign,
        track.source,
        f"{track.lat:.4f}",
        f"{track.lon:.4f}",
        track.altitude_m,
        track.altitude_datum,
        track.ground_speed_mps,
        track.track_deg,
        track.age_s,
        note,
    )


@click.command()
@click.option("--cursor", help="From here; from a snapshot, if left out.")
@click.option("--follow", is_flag=True, help="Wait for more, for ever.")
@connected
def changes(client: Client, cursor: str | None, follow: bool) -> None:
    """Changes of the airspace released to you, as one JSON object a page. Keep the last cursor to resume."""
    for page in client.changes(cursor, follow=follow):
        print_line(page)


@click.command()
@click.option("--json", "as_json", is_flag=True, help="Print each frame as a line of JSON.")
@connected
def watch(client: Client, as_json: bool) -> None:
    """Follow the stream: a line a second, until Ctrl-C."""
    screen = console()
    for frame in client.stream():
        if as_json:
            print_line(frame)
        elif isinstance(frame, Hello):
            screen.print(f"signed in as {frame.participant.name}")
        elif isinstance(frame, Snapshot):
            counts = f"{len(frame.items)} items, {len(frame.tracks)} aircraft, {len(frame.alerts)} alerts"
            screen.print(f"{utc(frame.as_of)}  {counts}{late(frame.late_s)}")
        elif isinstance(frame, Tick):
            counts = f"{len(frame.changes)} changes, {len(frame.tracks)} aircraft moved"
            screen.print(f"{utc(frame.as_of)}  {counts}, {len(frame.gone)} gone{late(frame.late_s)}")
            for alert in frame.alerts:
                screen.print(f"  {alert.level.value} {alert.kind.value} {alert.state.value}: {alert.ref}")
            for ref in frame.alerts_gone:
                screen.print(f"  no longer: {ref}")
        elif isinstance(frame, Bye):
            screen.print(f"the exchange says goodbye: {frame.reason}")
