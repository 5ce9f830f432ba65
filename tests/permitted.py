"""``permitted(world, who, at)``: what a participant may know. The specification of law 2 (DESIGN section 2).

A world is a plain list of what happened, in order, each with its time (``property/happened.py``). It is read
from the start every time it is asked, with dictionaries and loops and no cleverness, and shares no code with
what it specifies: nothing of ``comity.release``, ``comity.coordination``, ``comity.exchange`` or
``comity.geo``. Two worlds whose ``permitted`` is equal throughout have to give a participant the same bytes
(``property/test_noninterference.py``).

A participant may know: what it owns and did, whole; of another's items what the charter's floor and the
rules in force give it, at that level; broadcast tracks, its own, and others' by rule; what warnings have to
tell it (``property/forewarned.py``); who the members are, the charter, the centre's groups. Nothing else.
Which thing a released item is, it may know as a name that means nothing: here the pair of owner and request,
in an answer a rotating reference.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from comity.ids import GroupId, ParticipantId
from comity.model.charter import Charter
from comity.model.observation import Provenance
from comity.model.participant import Participant, Person
from comity.model.rule import Level, Levels, Recipient, ToParticipant
from tests.property.forewarned import GivenLevel, forewarned, position_form
from tests.property.happened import Group, Item, Rule, Tables, Token, World, tables_of
from tests.property.level0 import reserved, slot_after

TRACK_LIFE: Final = timedelta(seconds=60)

LADDER: Final = (Level.NONE, Level.RESERVED, Level.VOLUME, Level.POSITION, Level.IDENTITY)


# --- who gets what


def level(tables: Tables, owner: ParticipantId, who: ParticipantId, kind: str, at: datetime) -> Level:
    """The highest of the floor and of every rule in force that reaches ``who``. Deny by default."""
    found = [Level.NONE]
    if who not in tables.participants:
        return Level.NONE
    if tables.charter is not None:
        found.append(getattr(tables.charter.floor, kind))
    for rule in tables.rules.values():
        if rule.owner != owner or (rule.expires is not None and rule.expires <= at):
            continue
        if _reaches(tables, rule, who):
            found.append(getattr(rule.levels, kind))
    return max(found, key=LADDER.index)


def _given(tables: Tables, at: datetime) -> GivenLevel:
    def given(owner: ParticipantId, who: ParticipantId, kind: str) -> Level:
        return level(tables, owner, who, kind, at)

    return given


def _reaches(tables: Tables, rule: Rule, who: ParticipantId) -> bool:
    to = rule.recipient
    if isinstance(to, ToParticipant):
        return to.id == who
    keeper = tables.participants.get(to.keeper)
    own_or_centre = to.keeper == rule.owner or (keeper is not None and keeper.centre)
    group = tables.groups.get((to.keeper, to.id))
    return own_or_centre and group is not None and who in group.members


# --- what is seen


def _seen(tables: Tables, who: ParticipantId, at: datetime) -> frozenset[object]:
    found: set[object] = set()
    for when, brought in tables.reports:
        if when < at - TRACK_LIFE:
            continue
        source = (brought.by, brought.feed, brought.provenance)
        if brought.provenance is Provenance.BROADCAST:
            known = "broadcast"
        elif brought.by == who:
            known = "own"
        else:
            kind = "own_track" if brought.provenance is Provenance.OWN else "sensed_track"
            known = level(tables, brought.by, who, kind, at).value
        for report in brought.reports:
            if known == Level.POSITION:
                # The address stands for the rotating reference here: which aircraft, and no more.
                found.add((source, known, report.address, when, position_form(report)))
            elif known != Level.NONE:
                found.add((source, known, when, report))
    return frozenset(found)


# --- the answer


@dataclass(frozen=True)
class Permitted:
    """Compare with ``==``. ``own_log``: what stands in the participant's own log, and so its size."""

    charter: Charter | None
    participants: tuple[Participant, ...]
    people: frozenset[Person]
    groups: frozenset[tuple[ParticipantId, GroupId, Group]]
    rules: frozenset[tuple[str, Recipient, Levels, datetime | None, int]]
    own: frozenset[tuple[object, ...]]
    released: frozenset[tuple[object, ...]]
    seen: frozenset[object]
    warned: frozenset[tuple[object, ...]]
    own_log: tuple[tuple[str, datetime], ...]


def permitted(world: World, who: ParticipantId, at: datetime) -> Permitted:
    """All that ``who`` may know at ``at`` of a world."""
    return permitted_of(world, tables_of(world, at), who, at)


def permitted_of(world: World, tables: Tables, who: ParticipantId, at: datetime) -> Permitted:
    """The same, of tables already made."""
    public = {who} | {p.id for p in tables.participants.values() if p.centre}
    return Permitted(
        charter=tables.charter,
        participants=tuple(tables.participants[id] for id in sorted(tables.participants)),
        people=frozenset(person for (of, _), person in tables.people.items() if of == who),
        groups=frozenset((k, id, group) for (k, id), group in tables.groups.items() if k in public),
        rules=frozenset(
            (name, rule.recipient, rule.levels, rule.expires, rule.changes)
            for (owner, name), rule in tables.rules.items()
            if owner == who
        ),
        own=frozenset(_own(tables.items.items(), who)),
        released=frozenset(_released(world, tables, who, at)),
        seen=_seen(tables, who, at),
        warned=forewarned(world, tables, who, at, _given(tables, at)),
        own_log=tuple(tables.logs.get(who, ())),
    )


def _own(items: Iterable[tuple[Token, Item]], who: ParticipantId) -> Iterable[tuple[object, ...]]:
    for (owner, name), item in items:
        if owner == who:
            yield (name, item.changes, item.ended is None, *_whole(item), item.provenance)


def _released(world: World, tables: Tables, who: ParticipantId, at: datetime) -> Iterable[tuple[object, ...]]:
    for token, item in tables.items.items():
        owner = ParticipantId(token[0])
        if owner == who:
            continue
        given = level(tables, owner, who, item.kind, at)
        if given is Level.VOLUME and item.live():
            yield (token, "volume", *_whole(item), *_from_what(item))
        elif given is Level.RESERVED and (item.ended is None or at < slot_after(item.ended)):
            yield (token, "reserved", item.kind, frozenset(reserved(world, v) for v in item.volumes))


def _from_what(item: Item) -> tuple[str | None, ...]:
    """Of the file that a constraint was read from, its format and the authority it names, and no more."""
    return () if item.provenance is None else (item.provenance.format, item.provenance.authority)


def _whole(item: Item) -> tuple[object, ...]:
    return (
        item.kind,
        item.state,
        item.volumes,
        item.category,
        item.crewed,
        item.constraint_kind,
        item.designator,
    )
