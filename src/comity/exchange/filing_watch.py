"""Which peers' plans conflict with hosted ones as they now are, so that their owners are told.

A plan that was clear when it was accepted need not stay so: a peer of higher priority may plan into it, and
one that is off nominal flies where it can. Whenever a reference or a hosted plan changes, the plans near it
are compared again, by the details that peers pushed; what is not at hand is asked for. The references found
stand on the participant's own item as ``peer_conflicts``, whatever the priorities.

In memory alone, and found anew after a restart. It warns and refuses nothing: activating or changing the plan
is decided on what is so then (``filing``). Where a peer does not answer, nothing is said of its plan.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Iterable
from contextlib import suppress
from datetime import datetime
from itertools import islice
from typing import Final

from comity.coordination.f3548.near import foreign, whole_volumes
from comity.coordination.state import State
from comity.errors import TooLarge
from comity.exchange.filing_reports import PeerDetails
from comity.exchange.filing_verdict import Planned, Question
from comity.ids import EntityId, ParticipantId
from comity.model import dss_fact as d
from comity.model.f3548 import CellBox, OperationalIntentReference
from comity.model.fact import Fact
from comity.uss.validate import PeerIntent

_log = logging.getLogger("comity.exchange.filing")

AT_ONCE: Final = 200
"""Hosted plans compared in one tick; the rest follow with the next. Larger: a longer tick."""

ASKED_AT_ONCE: Final = 16
"""Peers' plans asked for in the background at a time; the rest wait for an answer."""

TRIES: Final = 3
"""How often one version of a plan is asked for, a second or more apart: its USS may not have it yet."""

Asker = tuple[ParticipantId, EntityId]
"""For whose plan, about which peer's."""

Marked = Callable[[EntityId], None]


class Watch:
    """``marked`` is told of each hosted intent whose conflicts changed; ``peers`` gives who asks
    other USSs, if anybody does."""

    def __init__(self, state: State, peers: Callable[[], PeerDetails | None], marked: Marked) -> None:
        self._peers = peers
        self._state = state
        self._marked = marked
        self._dirty: dict[EntityId, None] | None = None
        """Hosted intents to compare; None until the first run, which takes all."""
        self._found: dict[EntityId, tuple[EntityId, ...]] = {}
        self._asking: dict[Asker, asyncio.Task[None]] = {}
        self._had: dict[EntityId, dict[ParticipantId, tuple[str, int]]] = {}
        """Of references whose details were asked for: by whom, for which ovn, and how often in vain."""

    def of(self, intent: EntityId) -> tuple[EntityId, ...]:
        """References of peers' plans that conflict with a hosted intent, as far as is known."""
        return self._found.get(intent, ())

    def touched(self, facts: Iterable[Fact]) -> None:
        """Take in what was folded. A DSS without hosted plans has nothing to compare."""
        if not self._state.reference_of and not self._found:
            self._had.clear()
            return
        for fact in facts:
            if isinstance(fact, d.ReferencePut | d.ReferenceRemoved):
                reference = fact.reference
                if reference.hosted is None:
                    self._near(reference.box)
                    for intent in [one for one, found in self._found.items() if reference.id in found]:
                        self._mark(intent)
                    if isinstance(fact, d.ReferenceRemoved):
                        self._had.pop(reference.id, None)
                elif reference.intent is not None:
                    self._mark(reference.intent)

    def told(self, reference: EntityId) -> None:
        """A peer told of a change."""
        held = self._state.references.get(reference)
        if held is not None:
            self._near(held.box)

    def run(self, now: datetime) -> None:
        """Compare what was marked; once a second."""
        if not self._state.dss.uss:
            return
        if self._dirty is None:
            hosted = (one.intent for one in self._state.references.values())
            self._dirty = {intent: None for intent in hosted if intent is not None}
        for intent in list(islice(self._dirty, AT_ONCE)):
            del self._dirty[intent]
            self._compare(intent, now)

    async def settled(self) -> None:
        """Until nobody is being asked."""
        while self._asking:
            await asyncio.wait(set(self._asking.values()))

    async def stop(self) -> None:
        tasks = list(self._asking.values())
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task

    def _mark(self, intent: EntityId) -> None:
        if self._dirty is not None:
            self._dirty[intent] = None

    def _near(self, box: CellBox) -> None:
        """Mark the hosted plans near a peer's."""
        for id in self._state.cells["references"].search(box):
            intent = self._state.references[id].intent
            if intent is not None:
                self._mark(intent)

    def _compare(self, id: EntityId, now: datetime) -> None:
        intent = self._state.intents.get(id)
        held = self._state.references.get(self._state.reference_of.get(id, EntityId("")))
        if intent is None or held is None:
            self._keep(id, ())
            return
        question = Question(self._state, Planned(whole_volumes(intent), intent.priority), now)
        found, peers = [], self._peers()
        for reference in foreign(self._state, held.box, now):
            had = self._had.get(reference.id, {}).get(intent.owner) == (reference.ovn, 0)
            details = peers.known_intent(reference) if had and peers is not None else None
            if details is None:
                if not self._ask(intent.owner, reference):
                    self._mark(id)
                known = reference.id in self._found.get(id, ())
                if known:
                    found.append(reference.id)
            elif _overlaps(question, details):
                found.append(reference.id)
        self._keep(id, tuple(sorted(found)))

    def _keep(self, intent: EntityId, found: tuple[EntityId, ...]) -> None:
        if found == self._found.get(intent, ()):
            return
        if found:
            self._found[intent] = found
        else:
            del self._found[intent]
        self._marked(intent)

    def _ask(self, owner: ParticipantId, reference: OperationalIntentReference) -> bool:
        """For details, on behalf of one owner, unless that was in vain; False where it has to wait. Also for
        what is at hand because another's plan is near: that must not be told by the moment."""
        peers, asker = self._peers(), (owner, reference.id)
        if peers is None or asker in self._asking:
            return True
        if self._had.get(reference.id, {}).get(owner) == (reference.ovn, TRIES):
            return True
        if len(self._asking) >= ASKED_AT_ONCE:
            return False
        task = asyncio.create_task(self._asked(peers, owner, reference))
        self._asking[asker] = task
        task.add_done_callback(lambda done: self._asking.pop(asker, None))
        return True

    async def _asked(
        self, peers: PeerDetails, owner: ParticipantId, reference: OperationalIntentReference
    ) -> None:
        seen = await peers.intent(reference)
        if reference.id not in self._state.references:
            return
        by_owner = self._had.setdefault(reference.id, {})
        if seen.details is not None:
            by_owner[owner] = reference.ovn, 0
        elif not seen.moved_on:
            ovn, tries = by_owner.get(owner, ("", 0))
            by_owner[owner] = reference.ovn, tries + 1 if ovn == reference.ovn else 1
            _log.info("a plan of USS %s near hosted ones is not known: %s", reference.manager, seen.words)
        self.told(reference.id)


def _overlaps(question: Question, details: PeerIntent) -> bool:
    """What is too much to compare counts as a conflict."""
    try:
        return question.overlaps(details)
    except TooLarge:
        return True
