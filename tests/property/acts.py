"""What the others and ``south`` may do in a draft, drawn for each of the two worlds.

Volumes of one item come from one family, and reports of one aircraft from one cell, so that what is drawn
twice often looks alike at level 0 and at ``position``.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from hypothesis import strategies as st
from msgspec.structs import replace

from comity.ids import GroupId, ParticipantId, PersonId
from comity.model.altitude import Altitude, Datum
from comity.model.constraint import ConstraintKind, ConstraintState
from comity.model.intent import AircraftCategory, IntentState
from comity.model.observation import Provenance, Report
from comity.model.participant import Person, Role
from comity.model.rule import Level, Levels, Recipient, ToGroup, ToParticipant
from tests.property import happened as h
from tests.property.drafting import FLOORS, Drafting
from tests.property.happened import Event
from tests.property.stack import (
    CENTRE,
    NORTH,
    OTHERS,
    RELIEF,
    SOUTH,
)
from tests.property.volumes import Family, families, members, probes

FRIENDS: Final = GroupId("friends")

Pair = tuple[Event | None, Event | None] | None


def _files(d: Drafting) -> Pair:
    owner, name, family = d.one_of(OTHERS), d.name("intent"), d.draw(families())
    d.families[owner, name] = family
    d.used.append(family)

    def file() -> Event | None:
        volumes = d.draw(st.lists(members(family, d.first_slot), min_size=1, max_size=2).map(tuple))
        if max(v.end for v in volumes) <= d.now:
            return None
        category = d.one_of((AircraftCategory.AEROPLANE, AircraftCategory.ROTORCRAFT))
        return h.Filed(owner, name, volumes, category, d.draw(st.booleans()))

    return file(), file()


def _publishes(d: Drafting) -> Pair:
    owner, name, family = d.one_of(OTHERS), d.name("constraint"), d.draw(families())
    d.families[owner, name] = family
    d.used.append(family)

    def publish() -> Event | None:
        volume = d.draw(members(family, d.first_slot))
        if volume.end <= d.now:
            return None
        return h.Published(owner, name, d.one_of(ConstraintKind), d.one_of(("LS-R1", "LS-R22")), (volume,))

    return publish(), publish()


def _target(d: Drafting, kind: str) -> tuple[h.Token, tuple[bool, bool]] | None:
    """An item of another's that is live in either world, and in which it is."""
    lives = [d.live(which, None, kind) for which in (0, 1)]
    found = sorted(token for token in {*lives[0], *lives[1]} if token[0] != SOUTH)
    if not found:
        return None
    token: h.Token = d.one_of(found)
    return token, (token in lives[0], token in lives[1])


def _changes_intent(d: Drafting) -> Pair:
    target = _target(d, "intent")
    if target is None:
        return None
    token, where = target
    owner = ParticipantId(token[0])

    def change(live: bool) -> Event | None:
        volume = d.draw(members(d.families[token], d.first_slot))
        volumes = None if volume.end <= d.now or d.draw(st.booleans()) else (volume,)
        state = d.one_of((None, IntentState.ACTIVATED, IntentState.NONCONFORMING))
        return h.IntentChanged(owner, token[1], state, volumes) if live else None

    return change(where[0]), change(where[1])


def _ends_intent(d: Drafting) -> Pair:
    target = _target(d, "intent")
    if target is None:
        return None
    token, where = target
    event = h.IntentEnded(ParticipantId(token[0]), token[1])
    return event if where[0] else None, event if where[1] else None


def _changes_constraint(d: Drafting) -> Pair:
    target = _target(d, "constraint")
    if target is None:
        return None
    token, where = target
    owner = ParticipantId(token[0])

    def change(which: int) -> Event | None:
        if not where[which]:
            return None
        if d.draw(st.booleans()):
            active = d.tables(which).items[token].state == ConstraintState.ACTIVE
            ended = ConstraintState.RELEASED if active else ConstraintState.CANCELLED
            return h.ConstraintChanged(owner, token[1], ended)
        volume = d.draw(members(d.families[token], d.first_slot))
        volumes = None if volume.end <= d.now else (volume,)
        return h.ConstraintChanged(owner, token[1], None, d.one_of(ConstraintKind), "LS-R3", volumes)

    return change(0), change(1)


def _rules(d: Drafting) -> Pair:
    """A rule for somebody or a group: new, or in place of an old one; or the old one withdrawn."""
    owner = d.one_of(OTHERS)
    rules = [t for t in d.tables(0).rules if t[0] == owner and t in d.tables(1).rules]

    def rule(name: str) -> Event:
        levels = Levels(
            d.one_of((Level.NONE, Level.RESERVED, Level.VOLUME)),
            d.one_of((Level.NONE, Level.RESERVED, Level.VOLUME)),
            d.one_of((Level.NONE, Level.POSITION, Level.IDENTITY)),
            d.one_of((Level.NONE, Level.POSITION, Level.IDENTITY)),
            d.one_of((Level.RESERVED, Level.POSITION, Level.IDENTITY)),
            d.one_of((Level.RESERVED, Level.POSITION)),
            d.one_of((Level.NONE, Level.POSITION, Level.IDENTITY)),
        )
        expires = d.one_of((None, None, d.now + timedelta(minutes=d.one_of((3, 20)))))
        return h.Ruled(owner, name, d.one_of(_recipients(d, owner)), levels, expires)

    if not rules or d.draw(st.booleans()):
        name = d.name("rule")
        return rule(name), rule(name)
    name = d.one_of(rules)[1]
    if d.draw(st.booleans()):
        return h.Unruled(owner, name), h.Unruled(owner, name)
    return rule(name), rule(name)


def _recipients(d: Drafting, owner: ParticipantId) -> list[Recipient]:
    both = d.tables(0).groups.keys() & d.tables(1).groups.keys()
    groups = sorted((keeper, id) for keeper, id in both if keeper in (owner, CENTRE))
    members = [ToParticipant(who) for who in (SOUTH, SOUTH, NORTH, RELIEF) if who != owner]
    return [*members, *(ToGroup(id, keeper) for keeper, id in groups)]


def _groups(d: Drafting) -> Pair:
    keeper = d.one_of(OTHERS)

    def group() -> Event:
        found = d.draw(st.sets(st.sampled_from((CENTRE, NORTH, SOUTH, RELIEF)), max_size=3))
        return h.Grouped(keeper, FRIENDS, tuple(sorted(found)))

    return group(), group()


def _ungroups(d: Drafting) -> Pair:
    """A centre's group goes while rules of others may still name it; one's own only where none does."""
    keeper = d.one_of(OTHERS)

    def ungroup(which: int) -> Event | None:
        tables = d.tables(which)
        named = [r.recipient for r in tables.rules.values() if r.owner == keeper]
        if (keeper, FRIENDS) not in tables.groups or ToGroup(FRIENDS, keeper) in named:
            return None
        return h.Ungrouped(keeper, FRIENDS)

    return ungroup(0), ungroup(1)


def _adopts(d: Drafting) -> Pair:
    """A changed charter is everybody's to know."""
    charter = d.tables(0).charter
    assert charter is not None
    event = h.Adopted(CENTRE, replace(charter, version=charter.version + 1, floor=d.one_of(FLOORS)))
    return event, event


def _suspends(d: Drafting) -> Pair:
    now = d.tables(0).participants[RELIEF]
    event = h.Admitted(CENTRE, replace(now, suspended=not now.suspended))
    return event, event


def _people(d: Drafting) -> Pair:
    owner, id = d.one_of((NORTH, RELIEF)), PersonId(d.one_of(("night-watch", "chief")))

    def person() -> Event:
        name = d.one_of(("Anna", "Bruno"))
        return h.PersonKept(owner, Person(id, owner, name, (Role.OBSERVER, Role.AUDITOR)))

    if (owner, id) in d.tables(0).people and (owner, id) in d.tables(1).people:
        gone = d.one_of((h.PersonGone(owner, owner, id), h.Revoked(owner, owner, id)))
        return gone, gone
    return person(), person()


def _erases(d: Drafting) -> Pair:
    if d.now.month == 6:
        return None
    event = h.Erasure(CENTRE, d.one_of((NORTH, RELIEF)), "2026-06")
    return event, event


_AIRCRAFT: Final = {"4B1801": (46.9, 10.9), "4B1802": (47.1, 11.2), "~7": (47.05, 11.05)}
_FEEDS: Final = (
    ("fleet", Provenance.OWN),
    ("radar-one", Provenance.SENSED),
    ("antenna", Provenance.BROADCAST),
)


def _brings(d: Drafting) -> Pair:
    owner, (feed, provenance) = d.one_of(OTHERS), d.one_of(_FEEDS)
    address = d.one_of(_AIRCRAFT)
    category = d.one_of((None, *AircraftCategory))

    def bring() -> Event:
        report = replace(_report(d, address), category=d.one_of((category, category, None)))
        return h.Brought(owner, feed, provenance, (report,))

    return bring(), bring()


def _report(d: Drafting, address: str) -> Report:
    """Any of several that are one at level ``position``: within its cell, its second and its steps."""
    lat, lon = _AIRCRAFT[address]
    row, metres = int((lat + 90.0) * 240.0), d.one_of((0.0, 0.0, 60.0))
    return Report(
        address=address,
        observed_at=d.now - timedelta(milliseconds=d.one_of((200, 700))),
        lat=(row + d.one_of((0.3, 0.5, 0.6))) / 240.0 - 90.0,
        lon=lon + d.draw(st.integers(1, 10_000)) * 2e-9,
        altitude=Altitude(1_524.0 + d.one_of((0.0, 3.0)), Datum.PRESSURE),
        ground_speed_mps=100.0 + d.one_of((0.0, 1.5)),
        track_deg=90.0 + d.one_of((0.0, 2.0)),
        callsign=d.one_of((None, "RESCUE1", "RESCUE2")),
        squawk=d.one_of((None, "7000", "7700")),
        accuracy_m=20.0 + metres / 10.0,
    )


ACTS: Final = (
    _files,
    _files,
    _files,
    _publishes,
    _changes_intent,
    _changes_intent,
    _ends_intent,
    _changes_constraint,
    _rules,
    _rules,
    _groups,
    _ungroups,
    _adopts,
    _suspends,
    _people,
    _erases,
    _brings,
    _brings,
    _brings,
)


def _south_files(d: Drafting) -> Event | None:
    family: Family = d.draw(families())
    if d.used and d.one_of((True, False)):
        family = d.one_of(d.used)
    token = (SOUTH, d.name("intent"))
    d.families[token] = family
    volumes = tuple(d.draw(st.lists(probes(family, d.first_slot), min_size=1, max_size=2)))
    if max(v.end for v in volumes) <= d.now:
        return None
    return h.Filed(SOUTH, token[1], volumes, AircraftCategory.AEROPLANE, crewed=True)


def _south_changes(d: Drafting) -> Event | None:
    own = d.live(0, SOUTH, "intent")
    if not own:
        return None
    token = d.one_of(own)
    if d.draw(st.booleans()):
        return h.IntentEnded(SOUTH, token[1])
    volume = d.draw(probes(d.families[token], d.first_slot))
    volumes = None if volume.end <= d.now else (volume,)
    return h.IntentChanged(SOUTH, token[1], IntentState.ACTIVATED, volumes)


def _south_publishes(d: Drafting) -> Event | None:
    family = d.draw(families())
    volume = d.draw(members(family, d.first_slot))
    if volume.end <= d.now:
        return None
    return h.Published(SOUTH, d.name("constraint"), ConstraintKind.ADVISORY, "LS-D9", (volume,))


def _south_rules(d: Drafting) -> Event | None:
    levels = Levels(Level.VOLUME, Level.RESERVED, Level.POSITION, Level.NONE)
    return h.Ruled(SOUTH, d.name("rule"), ToParticipant(d.one_of((NORTH, RELIEF))), levels)


def _south_groups(d: Drafting) -> Event | None:
    return h.Grouped(SOUTH, FRIENDS, tuple(sorted(d.draw(st.sets(st.sampled_from(OTHERS))))))


def _south_brings(d: Drafting) -> Event | None:
    feed, provenance = d.one_of(_FEEDS)
    report = replace(_report(d, d.one_of(_AIRCRAFT)), category=d.one_of((None, *AircraftCategory)))
    return h.Brought(SOUTH, feed, provenance, (report,))


SOUTH_ACTS: Final = (
    _south_files,
    _south_files,
    _south_files,
    _south_changes,
    _south_publishes,
    _south_rules,
    _south_groups,
    _south_brings,
)
