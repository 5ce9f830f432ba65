"""Deadlines: time changes state only by an entry that the exchange itself submits.

What ends by time has ended at its time, however late the entry that says so. ``due`` takes what may have
come off the heap; ``meet`` decides each again from the facts, so an outdated heap entry gives nothing,
and a replay that never looks at the heap gives the same state.
"""

from __future__ import annotations

import heapq
from datetime import datetime
from typing import Final

from comity.clock import micros
from comity.coordination.constraints import moved, state_at
from comity.coordination.decision import Asked, Decision
from comity.coordination.f3548.hosted import Hosting
from comity.coordination.fold import LINGERING, intent_deadline
from comity.coordination.intents import ended
from comity.coordination.state import State
from comity.ids import EntityId, RuleId
from comity.model.command import MeetDeadlines
from comity.model.constraint import ConstraintState
from comity.model.fact import ConstraintPut, Fact, IntentPut, RuleRemoved

BATCH: Final = 200
"""Deadlines met in one go: more would make a participant's write wait for them."""

Due = tuple[int, str, str]


def due(state: State, now: datetime) -> list[Due]:
    """Take up to ``BATCH`` deadlines off the heap. Give them back with ``give_back`` if they are not met."""
    us = micros(now)
    taken: list[Due] = []
    while state.deadlines and state.deadlines[0][0] <= us and len(taken) < BATCH:
        taken.append(heapq.heappop(state.deadlines))
    return taken


def give_back(state: State, taken: list[Due]) -> None:
    for each in taken:
        heapq.heappush(state.deadlines, each)


def meet(asked: Asked, command: MeetDeadlines) -> Decision:
    facts: list[Fact] = []
    hosting = Hosting(asked)
    for kind, id in dict.fromkeys(command.due):
        if kind == LINGERING:
            facts.extend(hosting.outlived(EntityId(id)))
            continue
        fact = _met(asked, kind, id)
        if fact is not None:
            facts.append(fact)
        if isinstance(fact, IntentPut):
            facts.extend(hosting.facts(fact.intent))
        elif isinstance(fact, ConstraintPut):
            facts.extend(hosting.facts(fact.constraint))
    return Decision(tuple(facts))


def _met(asked: Asked, kind: str, id: str) -> Fact | None:
    state, now = asked.state, asked.now
    if kind == "intent":
        intent = state.intents.get(EntityId(id))
        if intent is not None and intent.state.live() and intent_deadline(intent) <= now:
            # Never before its last change: how long it lingers at level 0 would tell when that was.
            return IntentPut(ended(asked, intent, max(intent_deadline(intent), intent.changed_at)))
    elif kind == "constraint":
        constraint = state.constraints.get(EntityId(id))
        if constraint is not None and constraint.state.live():
            after = state_at(asked, constraint.volumes)
            if after is not constraint.state:
                expired = after is ConstraintState.EXPIRED
                at = max(constraint.end(), constraint.changed_at) if expired else now
                return ConstraintPut(moved(asked, constraint, after, at))
    elif kind == "rule":
        rule = state.rules.get(RuleId(id))
        if rule is not None and rule.expires is not None and rule.expires <= now:
            return RuleRemoved(rule.id, rule.owner, expired=True)
    return None
