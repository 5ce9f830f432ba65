"""Pairs of worlds that ``south`` may not tell apart, as plans to be played.

A plan is one list of moves for both worlds. An act is what somebody does in the first world and in the
second: the same in both, in one of them alone, or in each something else that looks alike. It enters a plan
only if ``permitted`` of ``south`` is equal after it, so what differs is hidden by construction, whatever it
is; and a plan ends where time alone makes ``permitted`` unequal. All acts are taken to succeed here; the
players (``pair.py``) tell what really happened, and ask ``permitted`` again.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from hypothesis import strategies as st

from comity.ids import GroupId, ParticipantId, PersonId
from comity.model.altitude import Altitude, Datum
from comity.model.constraint import ConstraintKind, ConstraintState
from comity.model.intent import AircraftCategory, IntentState
from comity.model.observation import Provenance, Report
from comity.model.participant import Person, Role
from comity.model.rule import Level, Levels, Recipient, ToGroup, ToParticipant
from tests.permitted import permitted_of
from tests.property import happened as h
from tests.property.happened import Event, Tables, World
from tests.property.stack import (
    CENTRE,
    DESK,
    GEOID_M,
    NORTH,
    OTHERS,
    RELIEF,
    SOUTH,
    TERRAIN_M,
    founding,
    utc,
)
from tests.property.volumes import Family, families, members, probes

Draw = st.DrawFn

NOTHING: Final = Levels(Level.NONE, Level.NONE, Level.NONE, Level.NONE)
FLOORS: Final = (
    NOTHING,
    Levels(Level.RESERVED, Level.RESERVED, Level.NONE, Level.NONE),
    Levels(Level.RESERVED, Level.VOLUME, Level.POSITION, Level.NONE),
)
STARTS: Final = (utc(2026, 6, 1, 8, 7), utc(2026, 6, 30, 23, 21))
"""The second passes into another day and month: references rotate, keys change, months can be erased."""

WAITS_S: Final = (1, 60, 61, 300, 600, 900, 1_500, 2_400)


@dataclass(frozen=True)
class Tick:
    at: datetime


@dataclass(frozen=True)
class Act:
    """``first`` happens in the first world, ``second`` in the second; None: nothing does."""

    first: Event | None
    second: Event | None


@dataclass(frozen=True)
class South:
    """The same in both, asked for by ``south`` itself over HTTP. ``insist``: file over what is in the way."""

    event: Event
    insist: bool = False


@dataclass(frozen=True)
class Look:
    """``south`` asks everything it can. ``again``: opens a second stream from an old cursor as well."""

    again: bool = False


@dataclass(frozen=True)
class Restart:
    """Both exchanges are stopped in order and opened again."""


Move = Tick | Act | South | Look | Restart


@dataclass(frozen=True)
class Plan:
    floor: Levels
    start: datetime
    moves: tuple[Move, ...]


class _Drafting:
    """The two worlds of a plan so far."""

    def __init__(self, draw: Draw, floor: Levels, start: datetime) -> None:
        self.draw = draw
        self.now = start
        self.first_slot = start.replace(minute=start.minute // 30 * 30)
        self.moves: list[Move] = []
        self.worlds: list[list[tuple[datetime, Event]]] = [
            [(start, e) for e in founding(floor)] for _ in "12"
        ]
        self.families: dict[h.Token, Family] = {}
        self.used: list[Family] = []
        self.named = 0
        self.erased = False

    def world(self, which: int) -> World:
        return World(GEOID_M, TERRAIN_M, tuple(self.worlds[which]))

    def tables(self, which: int) -> Tables:
        return h.tables_of(self.world(which), self.now)

    def alike(self) -> bool:
        """Whether ``south`` may know the same in both."""
        one, other = (permitted_of(self.world(w), self.tables(w), SOUTH, self.now) for w in (0, 1))
        return one == other

    def take(self, move: Move, *events: Event | None) -> bool:
        """Add a move with what it makes happen in each world, if that stays hidden."""
        before = [list(world) for world in self.worlds]
        for world, event in zip(self.worlds, events, strict=True):
            if event is not None:
                world.append((self.now, event))
        if self.alike():
            self.moves.append(move)
            return True
        self.worlds = before
        return False

    def name(self, what: str) -> str:
        self.named += 1
        return f"{what}-{self.named:04d}"

    def one_of(self, values: Any) -> Any:
        return self.draw(st.sampled_from(list(values)))

    # --- time

    def wait(self, seconds: float) -> bool:
        """Let time pass, stopping where something falls due; False where the worlds part."""
        until = self.now + timedelta(seconds=seconds)
        while self.now < until:
            dues = [d for w in (0, 1) for d in _dues(self.tables(w), self.now) if self.now < d <= until]
            self.now = min([*dues, until])
            if not self.take(Tick(self.now), h.Ticked(), h.Ticked()):
                return False
        return True

    # --- what there is to act on

    def live(self, which: int, owner: ParticipantId | None, kind: str) -> list[h.Token]:
        return [
            token
            for token, item in self.tables(which).items.items()
            if item.live() and item.kind == kind and owner in (None, token[0])
        ]


def _dues(tables: Tables, now: datetime) -> list[datetime]:
    """Moments at which time does something: deadlines, expiries, and each half hour's edge."""
    edge = now.replace(minute=now.minute // 30 * 30, second=0, microsecond=0)
    found = [edge + timedelta(minutes=30)]
    for item in tables.items.values():
        start, end = min(v.start for v in item.volumes), max(v.end for v in item.volumes)
        found += [start - timedelta(seconds=900), start, end, end + h.GRACE]
    found += [rule.expires for rule in tables.rules.values() if rule.expires is not None]
    return found


@st.composite
def plans(draw: Draw, steps: int = 4) -> Plan:
    floor, start = draw(st.sampled_from(FLOORS)), draw(st.sampled_from(STARTS))
    drafting = _Drafting(draw, floor, start)
    _release_something(drafting)
    for step in range(steps):
        for _ in range(draw(st.integers(2, 7))):
            _act(drafting)
        for _ in range(draw(st.integers(0, 2))):
            _south_acts(drafting)
        drafting.moves.append(Look(again=step == steps - 1))
        if draw(st.sampled_from((False,) * 7 + (True,))) and not drafting.erased:
            drafting.moves.append(Restart())
        if not drafting.wait(draw(st.sampled_from(WAITS_S))):
            break
        drafting.moves.append(Look())
    return Plan(floor, start, tuple(drafting.moves))


def _release_something(d: _Drafting) -> None:
    """Rules of the others towards ``south``, so that there is something to see."""
    for owner in (NORTH, RELIEF):
        levels = Levels(
            d.one_of((Level.NONE, Level.RESERVED, Level.RESERVED, Level.VOLUME)),
            d.one_of((Level.NONE, Level.RESERVED, Level.VOLUME)),
            d.one_of((Level.NONE, Level.POSITION, Level.IDENTITY)),
            d.one_of((Level.NONE, Level.POSITION)),
        )
        rule = h.Ruled(owner, d.name("rule"), ToParticipant(SOUTH), levels)
        d.take(Act(rule, rule), rule, rule)


def _act(d: _Drafting) -> None:
    """Something by the others: drawn for each world, kept if ``south`` may not tell."""
    make = d.one_of(_ACTS)
    made = make(d)
    if made is None:
        return
    first, second = made
    alike = (first, first) if second is not None else (first, second)
    ways = {"both": alike, "twins": (first, second), "first": (first, None), "second": (None, second)}
    how = d.one_of(("both", "twins", "twins", "first", "first", "second", "second"))
    for one, other in (ways[how], alike):
        if (one is not None or other is not None) and d.take(Act(one, other), one, other):
            d.erased = d.erased or isinstance(one or other, h.Erasure)
            return


Pair = tuple[Event | None, Event | None] | None


def _files(d: _Drafting) -> Pair:
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


def _publishes(d: _Drafting) -> Pair:
    owner, name, family = d.one_of(OTHERS), d.name("constraint"), d.draw(families())
    d.families[owner, name] = family
    d.used.append(family)

    def publish() -> Event | None:
        volume = d.draw(members(family, d.first_slot))
        if volume.end <= d.now:
            return None
        return h.Published(owner, name, d.one_of(ConstraintKind), d.one_of(("LS-R1", "LS-R22")), (volume,))

    return publish(), publish()


def _target(d: _Drafting, kind: str) -> tuple[h.Token, tuple[bool, bool]] | None:
    """An item of another's that is live in either world, and in which it is."""
    lives = [d.live(which, None, kind) for which in (0, 1)]
    found = sorted(token for token in {*lives[0], *lives[1]} if token[0] != SOUTH)
    if not found:
        return None
    token: h.Token = d.one_of(found)
    return token, (token in lives[0], token in lives[1])


def _changes_intent(d: _Drafting) -> Pair:
    target = _target(d, "intent")
    if target is None:
        return None
    token, where = target
    owner = ParticipantId(token[0])

    def change(live: bool) -> Event | None:
        volume = d.draw(members(d.families[token], d.first_slot))
        volumes = None if volume.end <= d.now or d.draw(st.booleans()) else (volume,)
        state = d.one_of((None, IntentState.ACTIVATED))
        return h.IntentChanged(owner, token[1], state, volumes) if live else None

    return change(where[0]), change(where[1])


def _ends_intent(d: _Drafting) -> Pair:
    target = _target(d, "intent")
    if target is None:
        return None
    token, where = target
    event = h.IntentEnded(ParticipantId(token[0]), token[1])
    return event if where[0] else None, event if where[1] else None


def _changes_constraint(d: _Drafting) -> Pair:
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


def _rules(d: _Drafting) -> Pair:
    """A rule for somebody or a group: new, or in place of an old one; or the old one withdrawn."""
    owner = d.one_of(OTHERS)
    rules = [t for t in d.tables(0).rules if t[0] == owner and t in d.tables(1).rules]

    def rule(name: str) -> Event:
        levels = Levels(
            d.one_of((Level.NONE, Level.RESERVED, Level.VOLUME)),
            d.one_of((Level.NONE, Level.RESERVED, Level.VOLUME)),
            d.one_of((Level.NONE, Level.POSITION, Level.IDENTITY)),
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


def _recipients(d: _Drafting, owner: ParticipantId) -> list[Recipient]:
    both = d.tables(0).groups.keys() & d.tables(1).groups.keys()
    groups = sorted((keeper, id) for keeper, id in both if keeper in (owner, CENTRE))
    members = [ToParticipant(who) for who in (SOUTH, SOUTH, NORTH, RELIEF) if who != owner]
    return [*members, *(ToGroup(id, keeper) for keeper, id in groups)]


def _groups(d: _Drafting) -> Pair:
    keeper = d.one_of(OTHERS)

    def group() -> Event:
        found = d.draw(st.sets(st.sampled_from((CENTRE, NORTH, SOUTH, RELIEF)), max_size=3))
        return h.Grouped(keeper, GroupId("friends"), tuple(sorted(found)))

    return group(), group()


def _people(d: _Drafting) -> Pair:
    owner, id = d.one_of((NORTH, RELIEF)), PersonId(d.one_of(("night-watch", "chief")))

    def person() -> Event:
        name = d.one_of(("Anna", "Bruno"))
        return h.PersonKept(owner, Person(id, owner, name, (Role.OBSERVER, Role.AUDITOR)))

    if (owner, id) in d.tables(0).people and (owner, id) in d.tables(1).people:
        gone = d.one_of((h.PersonGone(owner, owner, id), h.Revoked(owner, owner, id)))
        return gone, gone
    return person(), person()


def _erases(d: _Drafting) -> Pair:
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


def _brings(d: _Drafting) -> Pair:
    owner, (feed, provenance) = d.one_of(OTHERS), d.one_of(_FEEDS)
    address = d.one_of(_AIRCRAFT)

    def bring() -> Event:
        return h.Brought(owner, feed, provenance, (_report(d, address),))

    return bring(), bring()


def _report(d: _Drafting, address: str) -> Report:
    """Any of several that are one at level ``position``: within its cell, its second and its steps."""
    lat, lon = _AIRCRAFT[address]
    row, metres = int((lat + 90.0) * 240.0), d.one_of((0.0, 0.0, 60.0))
    return Report(
        address=address,
        observed_at=d.now - timedelta(milliseconds=d.one_of((200, 700))),
        lat=(row + d.one_of((0.3, 0.5, 0.6))) / 240.0 - 90.0,
        lon=lon + d.one_of((0.0, 0.00001)),
        altitude=Altitude(1_524.0 + d.one_of((0.0, 3.0)), Datum.PRESSURE),
        ground_speed_mps=100.0 + d.one_of((0.0, 1.5)),
        track_deg=90.0 + d.one_of((0.0, 2.0)),
        callsign=d.one_of((None, "RESCUE1", "RESCUE2")),
        squawk=d.one_of((None, "7000", "7700")),
        accuracy_m=20.0 + metres / 10.0,
    )


_ACTS: Final = (
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
    _people,
    _erases,
    _brings,
    _brings,
    _brings,
)


def _south_acts(d: _Drafting) -> None:
    event = d.one_of(_SOUTH_ACTS)(d)
    if event is not None:
        d.take(South(event, d.draw(st.booleans())), event, event)


def _south_files(d: _Drafting) -> Event | None:
    family: Family = d.draw(families())
    if d.used and d.one_of((True, False)):
        family = d.one_of(d.used)
    token = (SOUTH, d.name("intent"))
    d.families[token] = family
    volumes = tuple(d.draw(st.lists(probes(family, d.first_slot), min_size=1, max_size=2)))
    if max(v.end for v in volumes) <= d.now:
        return None
    return h.Filed(SOUTH, token[1], volumes, AircraftCategory.AEROPLANE, crewed=True)


def _south_changes(d: _Drafting) -> Event | None:
    own = d.live(0, SOUTH, "intent")
    if not own:
        return None
    token = d.one_of(own)
    if d.draw(st.booleans()):
        return h.IntentEnded(SOUTH, token[1])
    volume = d.draw(probes(d.families[token], d.first_slot))
    volumes = None if volume.end <= d.now else (volume,)
    return h.IntentChanged(SOUTH, token[1], IntentState.ACTIVATED, volumes)


def _south_publishes(d: _Drafting) -> Event | None:
    family = d.draw(families())
    volume = d.draw(members(family, d.first_slot))
    if volume.end <= d.now:
        return None
    return h.Published(SOUTH, d.name("constraint"), ConstraintKind.ADVISORY, "LS-D9", (volume,))


def _south_rules(d: _Drafting) -> Event | None:
    levels = Levels(Level.VOLUME, Level.RESERVED, Level.POSITION, Level.NONE)
    return h.Ruled(SOUTH, d.name("rule"), ToParticipant(d.one_of((NORTH, RELIEF))), levels)


def _south_groups(d: _Drafting) -> Event | None:
    return h.Grouped(SOUTH, GroupId("friends"), tuple(sorted(d.draw(st.sets(st.sampled_from(OTHERS))))))


def _south_brings(d: _Drafting) -> Event | None:
    feed, provenance = d.one_of(_FEEDS)
    return h.Brought(SOUTH, feed, provenance, (_report(d, d.one_of(_AIRCRAFT)),))


_SOUTH_ACTS: Final = (
    _south_files,
    _south_files,
    _south_files,
    _south_changes,
    _south_publishes,
    _south_rules,
    _south_groups,
    _south_brings,
)

__all__ = ["DESK", "Act", "Look", "Move", "Plan", "Restart", "South", "Tick", "plans"]
