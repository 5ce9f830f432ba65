"""``comity rules``, ``groups``, ``what-others-see``: what one releases, to whom, and what they have of it."""

from __future__ import annotations

from datetime import datetime

import click

from comity.cli.connection import connected
from comity.cli.output import json_option, print_json, table
from comity.cli.values import Moment, level_options
from comity.client import Client
from comity.ids import GroupId, ParticipantId
from comity.model.rule import Level, Levels, Recipient, ReleaseRule, ToGroup, ToParticipant


@click.group()
def rules() -> None:
    """Release rules: what you give to whom. Without one, only the charter's floor is given."""


@rules.command("list")
@json_option
@connected
def list_(client: Client, as_json: bool) -> None:
    """Your release rules."""
    found = client.rules()
    if as_json:
        print_json({"rules": found})
        return
    columns = ("to", "intents", "constraints", "own tracks", "sensed tracks", "until", "id")
    table(columns, (_row(rule) for rule in found), empty="you release nothing beyond the charter's floor")


def _row(rule: ReleaseRule) -> tuple[object, ...]:
    levels = rule.levels
    seen = (
        _raised(levels.own_track, levels.own_track_in_conflict, levels.own_track_in_emergency),
        _raised(levels.sensed_track, levels.sensed_track_in_conflict),
    )
    return (
        _name(rule.recipient),
        levels.intent.value,
        levels.constraint.value,
        *seen,
        rule.expires or "withdrawn",
        rule.id,
    )


def _raised(level: Level, in_conflict: Level, in_emergency: Level = Level.NONE) -> str:
    """A level, and what raises it, as far as it does."""
    words = level.value
    if in_conflict.rank > max(level.rank, Level.RESERVED.rank):
        words += f", {in_conflict.value} in conflict"
    if in_emergency.rank > level.rank:
        words += f", {in_emergency.value} in emergency"
    return words


def _name(recipient: Recipient) -> str:
    if isinstance(recipient, ToGroup):
        return f"group {recipient.id} of {recipient.keeper}"
    return recipient.id


@rules.command("set")
@click.option("--to", "participant", help="A participant.")
@click.option("--to-group", "group", metavar="KEEPER/GROUP", help="A group of yours or of the centre.")
@level_options
@click.option("--expires", type=Moment(), help="Until when; until withdrawn, if left out.")
@click.option("--request-id", help="Makes a repetition of this call the same command.")
@json_option
@connected
def set_(
    client: Client,
    participant: str | None,
    group: str | None,
    levels: Levels,
    expires: datetime | None,
    request_id: str | None,
    as_json: bool,
) -> None:
    """Release to a participant or a group. Each level is stated; there is no default.

    What raises a level is stated besides: a party to a conflict gets cells at least, and more only if said.

    \b
    comity rules set --to relief-air --intent volume --constraint volume \\
        --own-track position --sensed-track none --expires +12h
    comity rules set --to air-force-north --intent reserved --constraint volume \\
        --own-track none --sensed-track none \\
        --own-track-in-conflict position --own-track-in-emergency identity
    """
    written = client.set_rule(_to(participant, group), levels, expires=expires, request_id=request_id)
    print_json(written) if as_json else click.echo(f"set: rule {written.result.id}")


def _to(participant: str | None, group: str | None) -> Recipient:
    if (participant is None) == (group is None):
        raise click.UsageError("give one of --to and --to-group")
    if participant is not None:
        return ToParticipant(ParticipantId(participant))
    keeper, _, name = (group or "").partition("/")
    if not keeper or not name:
        raise click.UsageError("--to-group is KEEPER/GROUP, such as alpine-ans/partners")
    return ToGroup(GroupId(name), ParticipantId(keeper))


@rules.command()
@click.argument("id")
@level_options
@click.option("--expires", type=Moment(), help="Until when; until withdrawn, if left out.")
@json_option
@connected
def change(
    client: Client,
    id: str,
    levels: Levels,
    expires: datetime | None,
    as_json: bool,
) -> None:
    """Replace levels and expiry of rule ID."""
    written = client.change_rule(id, client.rule(id).ovn, levels, expires=expires)
    print_json(written) if as_json else click.echo(f"changed: rule {id}")


@rules.command()
@click.argument("id")
@connected
def withdraw(client: Client, id: str) -> None:
    """Withdraw rule ID. When this returns, nothing is sent under it any more; what was sent is out."""
    client.withdraw_rule(id, client.rule(id).ovn)
    click.echo(f"withdrawn: rule {id}")


@click.group()
def groups() -> None:
    """Sharing groups: named lists of participants to release to."""


@groups.command("list")
@json_option
@connected
def list_groups(client: Client, as_json: bool) -> None:
    """Your groups and the centre's."""
    found = client.groups()
    if as_json:
        print_json({"groups": found})
        return
    rows = ((f"{group.owner}/{group.id}", ", ".join(group.members) or "nobody") for group in found)
    table(("group", "members"), rows, empty="no groups")


@groups.command("set")
@click.argument("id")
@click.argument("members", nargs=-1)
@connected
def set_group(client: Client, id: str, members: tuple[str, ...]) -> None:
    """Make group ID, or replace its members. An empty one reaches nobody."""
    me = client.whoami().participant
    ovn = next((group.ovn for group in client.groups() if group.id == id and group.owner == me), None)
    client.set_group(id, members, ovn=ovn)
    click.echo(f"set: group {id}, {len(members)} members")


@groups.command()
@click.argument("id")
@connected
def remove(client: Client, id: str) -> None:
    """Remove your group ID."""
    me = client.whoami().participant
    ovn = next((group.ovn for group in client.groups() if group.id == id and group.owner == me), "none")
    client.remove_group(id, ovn)
    click.echo(f"removed: group {id}")


@click.command("what-others-see")
@click.option("--at", type=Moment(), help="At this moment instead of now: -2h or a time.")
@click.option("--recipient", help="One participant alone.")
@json_option
@connected
def what_others_see(client: Client, at: datetime | None, recipient: str | None, as_json: bool) -> None:
    """What each other participant has of yours, at which level, and by which rule.

    \b
    comity what-others-see
    comity what-others-see --at -2h --recipient air-force-south --json
    """
    found = client.what_others_see(at=at, recipient=recipient)
    if as_json:
        print_json({"seen": found})
        return
    columns = ("recipient", "kind", "level", "by", "why", "item")
    rows = ((each.recipient, each.kind, each.level, each.rule, each.reason, each.ref) for each in found)
    table(columns, rows, empty="nobody has anything of yours")
