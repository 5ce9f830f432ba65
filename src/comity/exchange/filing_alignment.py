"""Keeping references in line with release: who began or ceased to release to F3548 peers, and the entries
that give or take the references of what it had filed before.

A reference is hidden from the moment on at which its owner releases less than it was made for
(``coordination.f3548.visible``); this writes it down, before the command that changed a rule is answered
where that takes no second, and otherwise, as for what time alone ends, with the next ticks.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterator
from datetime import datetime
from itertools import islice
from typing import Final

from comity.clock import Clock
from comity.coordination.state import State
from comity.ids import EntityId, ParticipantId
from comity.model.dss_command import AlignReferences
from comity.model.f3548 import ConstraintReference, OperationalIntentReference
from comity.model.released import ItemKind
from comity.model.rule import Level
from comity.release.policy import PEERS, Policy

BATCH: Final = 50
"""Items in one entry's decision: their footprints take some 20 ms, for which everybody's writes wait."""

IN_A_COMMAND_S: Final = 1.0
IN_A_TICK_S: Final = 0.2
"""For so long a rule's change, or a tick, goes on with it. Longer: more is right at once, and more waits."""

Own = Callable[[AlignReferences], Awaitable[None]]
Given = tuple[Level, Level]
"""At which levels an owner's intents and constraints are released to peers."""

_NOTHING: Final[Given] = (Level.NONE, Level.NONE)


class Alignment:
    """``own`` submits a command of the exchange's own."""

    def __init__(self, state: State, own: Own, clock: Clock) -> None:
        self._state = state
        self._own = own
        self._clock = clock
        self._policy: Policy | None = None
        self._given: dict[ParticipantId, Given] | None = None
        self._pending: dict[EntityId, None] = {}
        self._lock = asyncio.Lock()

    async def run(self, most_s: float) -> None:
        """Align what needs it, for so long; the rest, and what cannot be written, is for the next time."""
        if not self._state.dss.uss:
            return
        async with self._lock:
            self._follow(self._clock.now())
            until_s = self._clock.monotonic() + most_s
            while self._clock.monotonic() <= until_s and (batch := list(islice(self._pending, BATCH))):
                await self._own(AlignReferences(tuple(batch)))
                for id in batch:
                    self._pending.pop(id, None)

    def _follow(self, now: datetime) -> None:
        """Note the items of every owner whose levels to peers are others than before."""
        policy = self._state.policy(now)
        if policy is self._policy:
            return
        self._policy = policy
        given = {owner: _given(policy, owner) for owner in self._state.participants}
        if self._given is None:
            self._pending.update(dict.fromkeys(self._left_behind(given)))
        else:
            for owner, levels in given.items():
                if levels != self._given.get(owner, _NOTHING):
                    self._pending.update(dict.fromkeys(self._live(owner)))
        self._given = given

    def _left_behind(self, given: dict[ParticipantId, Given]) -> Iterator[EntityId]:
        """At the start: whatever a process that ended too soon has not aligned, references first."""
        state = self._state
        for one in state.references.values():
            level = given.get(one.hosted or PEERS, _NOTHING)[0]
            if one.intent is not None and not self._as_put(one, level):
                yield one.intent
        for each in state.constraint_references.values():
            level = given.get(each.hosted or PEERS, _NOTHING)[1]
            if each.constraint is not None and not self._as_put(each, level):
                yield each.constraint
        for owner, levels in given.items():
            if levels != _NOTHING:
                yield from (id for id in self._live(owner) if id not in state.reference_of)

    def _as_put(self, reference: OperationalIntentReference | ConstraintReference, level: Level) -> bool:
        """Whether it would be put the same now; the USS's name and URL may be others since the last run."""
        dss = self._state.dss
        return (level, dss.uss, dss.base_url) == (reference.level, reference.manager, reference.url)

    def _live(self, owner: ParticipantId) -> list[EntityId]:
        state = self._state
        keys = [(owner, kind) for kind in ItemKind]
        return sorted(
            id for key in keys for id in state.owned.get(key, set()) - state.lingers.get(key, set())
        )


def _given(policy: Policy, owner: ParticipantId) -> Given:
    levels = policy.to_peers(owner)
    return levels.intent, levels.constraint
