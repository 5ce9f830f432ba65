"""Pairs of worlds drawn at random about aircraft: seconds of everybody's reports, and what they tell.

Others' aircraft fly somewhat elsewhere in the second world, under other names and of other kinds, or in
one of the worlds alone. What ``south`` may tell apart is not taken: then all fly the same for that second
(``Drafting``). ``south`` flies beside them, confirmed by others, by itself or by nobody, also under addresses
of theirs, and rules of all of them raise or do not.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Final

from hypothesis import strategies as st

from comity.ids import ParticipantId
from comity.model.intent import AircraftCategory
from comity.model.rule import Level, Levels, ToParticipant
from tests.property import happened as h
from tests.property.drafting import NOTHING, Act, Drafting, Draw, Plan, South
from tests.property.skies import BROADCAST, LATE_S, OWN, SENSED, Craft, Feed, moved, same
from tests.property.stack import CENTRE, NORTH, RELIEF, SOUTH
from tests.property.suspects import START

ROUNDS: Final = 2
SECONDS: Final = 3
FAR_M: Final = 2_000_000.0


@st.composite
def flights(draw: Draw) -> Plan:
    d = Drafting(draw, NOTHING, START)
    _rules(d)
    feeds, pairs = _feeds(d)
    alike = False
    for _ in range(ROUNDS):
        for _ in range(SECONDS):
            kept = list(d.moves), [list(world) for world in d.worlds], d.now
            if not _second(d, feeds, alike):
                d.moves, d.worlds, d.now = kept
                alike = True
                if not _second(d, feeds, alike):
                    return Plan(NOTHING, START, tuple(d.moves))
        if not d.look():
            break
        _acknowledge(d, pairs)
        _rules_of_others(d)
    return Plan(NOTHING, START, tuple(d.moves))


def _rules(d: Drafting) -> None:
    for owner, to in ((NORTH, SOUTH), (RELIEF, SOUTH), (SOUTH, NORTH)):
        rule = h.Ruled(owner, d.name("rule"), ToParticipant(to), _levels(d))
        d.take(South(rule) if owner == SOUTH else Act(rule, rule), rule, rule)
    _rules_of_others(d)


def _rules_of_others(d: Drafting) -> None:
    """Towards third parties, in one world alone."""
    rule = h.Ruled(NORTH, d.name("rule"), ToParticipant(RELIEF), _levels(d))
    if d.draw(st.booleans()):
        d.take(Act(rule, None), rule, None)
    else:
        d.take(Act(None, rule), None, rule)


def _levels(d: Drafting) -> Levels:
    nothing = Level.NONE
    raised = (Level.RESERVED, Level.POSITION, Level.POSITION, Level.IDENTITY)
    return Levels(
        nothing,
        nothing,
        d.one_of((nothing, nothing, nothing, Level.POSITION)),
        d.one_of((nothing, nothing, nothing, Level.POSITION)),
        d.one_of(raised),
        d.one_of(raised),
        d.one_of((nothing, Level.POSITION, Level.IDENTITY)),
    )


def _craft(d: Drafting, address: str, about_m: int) -> Craft:
    return Craft(
        address,
        float(d.draw(st.integers(-about_m, about_m))),
        float(d.draw(st.integers(-about_m, about_m))),
        d.one_of((0.0, 60.0, 200.0, 250.0)),
        float(d.draw(st.integers(0, 359))),
        3_300.0 + 150.0 * d.draw(st.integers(-2, 2)),
        d.one_of((None, "ALPHA1")),
        d.one_of((None, AircraftCategory.AEROPLANE, AircraftCategory.UNCREWED)),
        d.one_of((None, "7000", "7000", "7700")),
        d.one_of((None, None, None, False, True)),
    )


def _other(d: Drafting, craft: Craft) -> Craft:
    """The same aircraft as it may be in the other world."""
    return replace(
        moved(craft, craft.address, *(float(d.draw(st.integers(-900, 900))) for _ in "xy")),
        speed=craft.speed * d.one_of((1.0, 1.0, 1.01)),
        track=(craft.track + d.one_of((0.0, 1.0, 180.0))) % 360.0,
        callsign=d.one_of((craft.callsign, "BRAVO2")),
        category=d.one_of((craft.category, AircraftCategory.ROTORCRAFT)),
        squawk=d.one_of((craft.squawk, craft.squawk, None)),
        on_ground=d.one_of((craft.on_ground, craft.on_ground, False)),
    )


def _feeds(d: Drafting) -> tuple[Sequence[Feed], Sequence[tuple[str, str]]]:
    feeds: list[Feed] = []
    theirs = ["4CA111", "4CA112", "~7"]
    for number in range(d.draw(st.integers(1, 3))):
        owner, kind = d.one_of(((NORTH, OWN), (NORTH, OWN), (RELIEF, OWN), (NORTH, SENSED)))
        craft = _craft(d, theirs[number], 12_000)
        other = d.one_of((craft, _other(d, craft), _other(d, craft)))
        feeds.append(Feed(owner, kind, (craft,), (other,), f"fleet-{number}"))
        if d.draw(st.booleans()):
            feeds.append(Feed(CENTRE, SENSED, (craft,), (other,), f"radar-{number}"))
    own: list[str] = []
    for number, address in enumerate(("4CA222", d.one_of(("~1", "4CA333", theirs[0])))):
        craft = _craft(d, address, 15_000)
        own.append(address)
        feeds.append(same(SOUTH, OWN, craft, name=f"own-{number}"))
        confirmed: ParticipantId | None = d.one_of((None, RELIEF, RELIEF, SOUTH))
        if confirmed is not None:
            kind = BROADCAST if confirmed == SOUTH else SENSED
            feeds.append(same(confirmed, kind, craft, name=f"more-{number}"))
    far = moved(_craft(d, "4CAFFF", 9_000), "4CAFFF", 0.0, -FAR_M)
    feeds.append(Feed(CENTRE, OWN, (far, moved(far, "4CAFFE", 500.0, 0.0)), (), "far"))
    return feeds, [(mine, other) for mine in own for other in theirs[:2]]


def _second(d: Drafting, feeds: Sequence[Feed], alike: bool) -> bool:
    """Everybody reports, and the exchange ticks; False where that tells the worlds apart."""
    age_s = LATE_S if d.now == START else 0.4
    for feed in feeds:
        first, second = (feed.brings(which, d.now, age_s) for which in (0, 1))
        if alike and second is not None:
            second = first
        move = South(first) if feed.by == SOUTH and first is not None else Act(first, second)
        if not d.take(move, first, second):
            return False
    return d.wait(1)


def _acknowledge(d: Drafting, pairs: Sequence[tuple[str, str]]) -> None:
    """By an owner of the other aircraft, in one world alone where that does not show."""
    event = h.Acknowledged(d.one_of((NORTH, RELIEF)), d.one_of(pairs))
    for one, other in ((event, None), (event, event)):
        if d.take(Act(one, other), one, other):
            return
