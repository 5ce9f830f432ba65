"""Moves of two worlds at once, and a draft of them that keeps ``permitted`` of ``south`` equal.

An act enters a draft only if ``permitted`` is equal after it, so what differs is hidden by construction,
whatever it is. All acts are taken to succeed here; the players (``pair.py``) tell what really happened.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

from hypothesis import strategies as st

from comity.ids import ParticipantId
from comity.model.rule import Level, Levels
from tests.permitted import permitted_of
from tests.property import happened as h
from tests.property.happened import Event, Tables, World
from tests.property.level0 import Ambiguous
from tests.property.stack import (
    GEOID_M,
    SOUTH,
    TERRAIN_M,
    founding,
    utc,
)
from tests.property.volumes import Family

Draw = st.DrawFn

NOTHING: Final = Levels(Level.NONE, Level.NONE, Level.NONE, Level.NONE)
FLOORS: Final = (
    NOTHING,
    Levels(Level.RESERVED, Level.RESERVED, Level.NONE, Level.NONE),
    Levels(Level.RESERVED, Level.VOLUME, Level.POSITION, Level.NONE),
)
STARTS: Final = (utc(2026, 6, 1, 8, 7), utc(2026, 6, 30, 23, 21))
"""The second passes into another day and month: references rotate, keys change, months can be erased."""


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
    """Both exchanges are stopped in order, and opened again at ``at``."""

    at: datetime


Move = Tick | Act | South | Look | Restart


@dataclass(frozen=True)
class Plan:
    floor: Levels
    start: datetime
    moves: tuple[Move, ...]
    view_limit: int = 20_000


class Drafting:
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
        try:
            one, other = (permitted_of(self.world(w), self.tables(w), SOUTH, self.now) for w in (0, 1))
        except Ambiguous:
            return False
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

    def look(self, *, again: bool = False) -> bool:
        """Let ``south`` look, which comes with a tick."""
        return self.take(Look(again), h.Ticked(), h.Ticked())

    def restart(self) -> bool:
        """Stop and open again; not after an erasure, when only a snapshot could be opened."""
        if self.erased:
            return True
        self.now += timedelta(seconds=1)
        return self.take(Restart(self.now), h.Restarted(), h.Restarted())

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
