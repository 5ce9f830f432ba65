"""``comity participants``, ``people``, ``charter``, ``revoke``, ``erase``, ``health``: for administrators."""

from __future__ import annotations

from pathlib import Path

import click
from msgspec.structs import replace

from comity.cli.connection import connected
from comity.cli.output import json_option, print_json, table
from comity.client import Client
from comity.errors import NotFound
from comity.ids import ParticipantId, PersonId
from comity.model.charter import Charter
from comity.model.participant import Participant, Person, Role, SigningKey
from comity.wire.decode import Reader


@click.group()
def participants() -> None:
    """The centre's members."""


@participants.command("list")
@json_option
@connected
def list_participants(client: Client, as_json: bool) -> None:
    """All members."""
    found = client.participants()
    if as_json:
        print_json({"participants": found})
        return
    rows = ((p.id, p.name, "centre" if p.centre else "suspended" if p.suspended else "") for p in found)
    table(("id", "name", ""), rows, empty="no members")


@participants.command()
@click.argument("id")
@click.argument("name")
@click.option("--suspended", is_flag=True, help="It can do nothing until it is admitted again without this.")
@connected
def admit(client: Client, id: str, name: str, suspended: bool) -> None:
    """Admit a participant, or replace its record (centre's administrators).

    \b
    comity participants admit relief-air 'Relief Air Coordination'
    """
    old = {participant.id: participant for participant in client.participants()}.get(ParticipantId(id))
    new = Participant(ParticipantId(id), name) if old is None else replace(old, name=name)
    client.admit(replace(new, suspended=suspended))
    click.echo(f"admitted: {id}" + (", suspended" if suspended else ""))


@click.group()
def people() -> None:
    """Your participant's people, their roles and keys."""


@people.command("list")
@json_option
@connected
def list_people(client: Client, as_json: bool) -> None:
    """Your participant's people."""
    found = client.people()
    if as_json:
        print_json({"people": found})
        return
    rows = (
        (p.id, p.name, ", ".join(p.roles), ", ".join(k.key_id for k in p.signing_keys) or "-") for p in found
    )
    table(("id", "name", "roles", "signing keys"), rows, empty="nobody")


@people.command("put")
@click.argument("participant")
@click.argument("id")
@click.argument("name")
@click.option(
    "--role",
    "roles",
    multiple=True,
    required=True,
    type=click.Choice([role.value for role in Role]),
    help="What the person may do; repeatable.",
)
@click.option(
    "--key", "keys", nargs=2, multiple=True, metavar="ID KEY", help="An Ed25519 key in base64; repeatable."
)
@connected
def put_person(
    client: Client,
    participant: str,
    id: str,
    name: str,
    roles: tuple[str, ...],
    keys: tuple[tuple[str, str], ...],
) -> None:
    """Add a person, or replace the record.

    \b
    comity people put relief-air s-okafor 'Samuel Okafor' --role duty_desk --role airspace_owner
    """
    signing = tuple(SigningKey(key_id, key) for key_id, key in keys)
    held = tuple(Role(role) for role in roles)
    client.put_person(Person(PersonId(id), ParticipantId(participant), name, held, signing))
    click.echo(f"put: {id} of {participant}")


@people.command("remove")
@click.argument("participant")
@click.argument("id")
@connected
def remove_person(client: Client, participant: str, id: str) -> None:
    """Remove a person; its tokens are worth nothing at once."""
    client.remove_person(participant, id)
    click.echo(f"removed: {id} of {participant}")


@click.command()
@click.argument("participant")
@click.argument("person")
@click.option("--token-id", help="This token alone (its jti), instead of all issued up to now.")
@connected
def revoke(client: Client, participant: str, person: str, token_id: str | None) -> None:
    """Revoke a person's tokens; the streams that they opened close."""
    client.revoke_tokens(participant, person, token_id=token_id)
    click.echo(f"revoked: {token_id or 'every token'} of {person} of {participant}")


@click.group()
def charter() -> None:
    """What all participants have agreed to."""


@charter.command("show")
@connected
def show_charter(client: Client) -> None:
    """The charter in force, as JSON."""
    print_json(client.charter())


@charter.command("adopt")
@click.argument("file", type=click.Path(exists=True, dir_okay=False, path_type=Path))
@connected
def adopt_charter(client: Client, file: Path) -> None:
    """Adopt the charter in FILE, JSON as ``charter show`` prints it (centre's administrators)."""
    adopted = client.adopt_charter(Reader(Charter).read(file.read_bytes())).result
    click.echo(f"adopted: {adopted.title}, version {adopted.version}")


@click.command()
@click.argument("owner")
@click.argument("month", metavar="YYYY-MM")
@click.option("--yes", is_flag=True, help="Do not ask.")
@connected
def erase(client: Client, owner: str, month: str, yes: bool) -> None:
    """Destroy what OWNER's entries of a month say, for good. Every proof still holds."""
    if owner not in {participant.id for participant in client.participants()}:
        raise NotFound(f"no participant has the id {owner}", field="owner")
    if not yes:
        click.confirm(f"Destroy the content of {owner}'s entries of {month}, for good?", abort=True)
    client.erase(owner, month)
    click.echo(f"erased: {month} of {owner}")


@click.command()
@click.option("--metrics", is_flag=True, help="Prometheus text instead.")
@connected
def health(client: Client, metrics: bool) -> None:
    """Detailed health, as JSON (centre's administrators)."""
    if metrics:
        click.echo(client.metrics(), nl=False)
    else:
        print_json(client.operator_health())
