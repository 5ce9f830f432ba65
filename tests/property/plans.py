"""Pairs of worlds that ``south`` may not tell apart, as plans to be played.

A plan is one list of moves for both worlds. An act is what somebody does in the first world and in the
second: the same in both, in one of them alone, or in each something else that looks alike. A plan ends where
time alone makes ``permitted`` unequal.
"""

from __future__ import annotations

from typing import Final

from hypothesis import strategies as st

from comity.model.rule import Level, Levels, ToParticipant
from tests.property import happened as h
from tests.property.acts import ACTS, SOUTH_ACTS
from tests.property.drafting import (
    FLOORS,
    STARTS,
    Act,
    Drafting,
    Draw,
    Plan,
    South,
)
from tests.property.stack import (
    NORTH,
    RELIEF,
    SOUTH,
)

WAITS_S: Final = (1, 60, 61, 300, 600, 900, 1_500, 2_400)


@st.composite
def plans(draw: Draw, steps: int = 4) -> Plan:
    floor, start = draw(st.sampled_from(FLOORS)), draw(st.sampled_from(STARTS))
    drafting = Drafting(draw, floor, start)
    _release_something(drafting)
    for step in range(steps):
        for _ in range(draw(st.integers(2, 7))):
            _act(drafting)
        for _ in range(draw(st.integers(0, 2))):
            _south_acts(drafting)
        if not drafting.look(again=step == steps - 1):
            break
        if draw(st.sampled_from((False,) * 7 + (True,))) and not drafting.restart():
            break
        if not drafting.wait(draw(st.sampled_from(WAITS_S))) or not drafting.look():
            break
    return Plan(floor, start, tuple(drafting.moves))


def _release_something(d: Drafting) -> None:
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


def _act(d: Drafting) -> None:
    """Something by the others: drawn for each world, kept if ``south`` may not tell."""
    make = d.one_of(ACTS)
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


def _south_acts(d: Drafting) -> None:
    event = d.one_of(SOUTH_ACTS)(d)
    if event is not None:
        d.take(South(event, d.draw(st.booleans())), event, event)
