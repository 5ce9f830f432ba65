"""Plans before they are filed: volumes of a route, what a filing would be told, what would pass instead.

Everything here is a read. A check asks what deciding a filing asks, of the same released forms in the same
order; it puts nothing into the state and nothing on the record. Work is done in slices of a few milliseconds
on the event loop, which alone may read the state, and what may be compared is bounded for the whole question
as it is for a filing.
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

import msgspec
from msgspec.structs import replace

from comity.clock import Clock
from comity.coordination.conflicts import MAX_COMPARED, MAX_CONFLICTS, Allowance, Conflict, find
from comity.coordination.decision import Asked, check_new_volumes
from comity.coordination.f3548.near import Near, hosted_level, in_the_way
from comity.coordination.intents import clearance, conflict_item, peer_conflict
from comity.coordination.state import State
from comity.errors import InvalidInput, NotFound, QuotaExceeded, TooLarge
from comity.ids import EntityId, Ids, Ovn, ParticipantId, PersonId, RequestId
from comity.model.command import EndIntent, Submission
from comity.model.plan import Alternatives, Plan, PlanCheck, Search
from comity.model.released import Clearance, ConflictItem
from comity.model.route import Route, RouteVolumes
from comity.model.rule import Level
from comity.model.volume import Volumes
from comity.planning.question import Question, Verdict
from comity.planning.route import volumes_of
from comity.planning.search import Looking
from comity.release.forms import References, past
from comity.release.peers import entity_of

SLICE_VOLUMES: Final = 16
"""Volumes looked at in one go: a millisecond or two where little is near, at most some ten where much is.
Larger: fewer turns of the loop, longer waits for everybody else."""

TRIAL_WORK: Final = 4
"""What a trial costs besides its volumes, in volumes."""

WORK_PER_MS: Final = 5.0
"""Volumes that a search may look at for each millisecond of its limit. Larger: more is found on a fast
machine, and on a slow one the clock ends the search, at a moment that tells of the machine."""

PeersCheck = Callable[[ParticipantId, Volumes, Plan], Sequence[ConflictItem]]


class Questioned(msgspec.Struct, frozen=True, gc=False):
    """A plan with the volumes that it comes to, and when it was asked about."""

    who: ParticipantId
    plan: Plan
    volumes: Volumes
    now: datetime


class Met:
    """What the slices of one plan have met so far, each with the numbers of the plan's volumes."""

    def __init__(self) -> None:
        self.natives: dict[EntityId, Conflict] = {}
        self.peers: dict[EntityId, Near] = {}

    def add(self, conflict: Conflict, first: int) -> None:
        known = self.natives.get(conflict.item.id)
        before = () if known is None else known.numbers
        self.natives[conflict.item.id] = replace(conflict, numbers=_joined(before, conflict.numbers, first))

    def add_peer(self, near: Near, first: int) -> None:
        id = entity_of(near.reference)
        known = self.peers.get(id)
        before = () if known is None else known.numbers
        self.peers[id] = replace(near, numbers=_joined(before, near.numbers, first))


def _joined(before: tuple[int, ...], numbers: tuple[int, ...], first: int) -> tuple[int, ...]:
    return tuple(sorted((*before, *(first + number for number in numbers))))


class Plans:
    """See the file's head. ``peers_check``: what of other USSs' plans is in the way of these volumes, as the
    asker may know it; None where there are no peers."""

    def __init__(self, state: State, references: References, ids: Ids, clock: Clock) -> None:
        self._state = state
        self._references = references
        self._ids = ids
        self._clock = clock
        self._turn = asyncio.Lock()
        self._searching: set[ParticipantId] = set()
        self.peers_check: PeersCheck | None = None

    async def volumes(self, route: Route) -> RouteVolumes:
        """Pure, of what the asker gave; in a thread, because a thousand legs take a while."""
        return await asyncio.to_thread(volumes_of, route, self._state.environment)

    async def check(self, who: ParticipantId, plan: Plan) -> PlanCheck:
        """Raises what filing the plan would raise, but for conflicts, which are the answer."""
        asked = await self._questioned(who, plan)
        items = await self._in_the_way(asked)
        made = None if plan.route is None else asked.volumes
        return PlanCheck(items, self._checked(who, bool(items), asked.now), made)

    async def alternatives(self, who: ParticipantId, search: Search) -> Alternatives:
        """The smallest changes of a plan that would be accepted. One search at a time for each participant.

        What it finds follows from what is released to the asker: work is counted, not timed, and a search
        ends at the same trial on a busy machine as on an idle one, unless the clock ends it first."""
        if who in self._searching:
            raise QuotaExceeded("a search of yours is under way; one at a time", detail={"retry_after_s": 1})
        self._searching.add(who)
        try:
            return await self._search(who, search)
        finally:
            self._searching.discard(who)

    async def _search(self, who: ParticipantId, search: Search) -> Alternatives:
        until_s = self._clock.monotonic() + search.limit_ms / 1e3
        asked = await self._questioned(who, search)
        hindered = await self._in_the_way(asked)
        if not hindered:
            return Alternatives((), tried=1, complete=True, passes=True)
        environment = self._state.environment.lasting()
        looking = Looking(Question(asked.volumes, search.route, hindered, search, environment, asked.now))
        tried, work = 1, 0
        while (trial := looking.trial()) is not None:
            work += TRIAL_WORK + len(trial)
            if work > search.limit_ms * WORK_PER_MS or self._clock.monotonic() > until_s:
                break
            verdict = await self._try(replace(asked, volumes=trial), hindered)
            hindered = verdict or hindered
            looking.tell(verdict)
            tried += 1
        return Alternatives(looking.found(), tried=tried, complete=trial is None, passes=False)

    async def _try(self, asked: Questioned, hindered: tuple[ConflictItem, ...]) -> Verdict:
        """Whether a trial passes; it is looked at first where the one before was hindered."""
        first = min(min(one.volumes, default=0) for one in hindered)
        try:
            items = await self._in_the_way(asked, first - first % SLICE_VOLUMES, enough=True)
            if not items:
                check_new_volumes(asked.volumes, self._state, asked.now)
        except (InvalidInput, TooLarge):
            return None
        return items

    async def _questioned(self, who: ParticipantId, plan: Plan) -> Questioned:
        now = self._clock.now()
        self._check_own(who, plan.id, now)
        volumes = plan.volumes
        if plan.route is not None:
            volumes = (await self.volumes(plan.route)).volumes
        assert volumes is not None
        check_new_volumes(volumes, self._state, now)
        return Questioned(who, plan, volumes, now)

    async def _in_the_way(
        self, asked: Questioned, begin: int = 0, *, enough: bool = False
    ) -> tuple[ConflictItem, ...]:
        """What a filing would be refused for, as released; nothing where it would be accepted. ``begin``: the
        volume to begin with; ``enough``: the first slice in which something is in the way."""
        met = Met()
        left = Allowance(MAX_COMPARED)
        count = len(asked.volumes)
        for turn in range(0, count, SLICE_VOLUMES):
            first = (begin + turn) % (math.ceil(count / SLICE_VOLUMES) * SLICE_VOLUMES)
            async with self._turn:
                self._meet(met, asked, first, left)
                items = self._items(asked, met) if enough else ()
                await asyncio.sleep(0)
            if items:
                return items
        return self._items(asked, met)

    def _meet(self, met: Met, asked: Questioned, first: int, left: Allowance) -> None:
        """Look at one slice."""
        state, who, now = self._state, asked.who, asked.now
        part = asked.volumes[first : first + SLICE_VOLUMES]
        for conflict in find(state, who, part, now, asked.plan.id, left=left):
            met.add(conflict, first)
        if state.references or state.constraint_references:
            hosted = hosted_level(state, who, now) is not Level.NONE
            for near in in_the_way(state, part, now, constraints_alone=hosted):
                met.add_peer(near, first)
        if len(met.natives) > MAX_CONFLICTS:
            raise TooLarge(f"more than {MAX_CONFLICTS} conflicts; ask for a smaller volume", field="volumes")

    def _items(self, asked: Questioned, met: Met) -> tuple[ConflictItem, ...]:
        """In the order in which a refusal lists them; none where all are accepted."""
        forms = self._asked(asked.who, asked.now)
        natives = list(met.natives.values())
        made = self._references.of_all([one.item for one in natives], asked.who, asked.now)
        found = {ref: conflict_item(forms, one, ref) for ref, one in zip(made, natives, strict=True)}
        for near in met.peers.values():
            ref = self._references.foreign(entity_of(near.reference), asked.who, asked.now)
            found[ref] = peer_conflict(near, ref)
        items = [found[ref] for ref in sorted(found)]
        if self.peers_check is not None:
            items += self.peers_check(asked.who, asked.volumes, asked.plan)
        accepted = {str(ref) for ref in asked.plan.accept_conflicts}
        if all(one.item.ref in accepted and not one.blocking for one in items):
            return ()
        return tuple(items)

    def _asked(self, who: ParticipantId, now: datetime) -> Asked:
        """What the forms of a refusal are made with: a command that is never carried out."""
        nothing = Submission(who, PersonId("-"), RequestId("-"), EndIntent(EntityId("-"), Ovn("")), "")
        return Asked(self._state, nothing, now, self._ids, self._references)

    def _checked(self, who: ParticipantId, hindered: bool, now: datetime) -> Clearance:
        words = "checked against what is released to you" if hindered else "clear of what is released to you"
        return replace(clearance(self._asked(who, now)), checked=words)

    def _check_own(self, who: ParticipantId, id: EntityId | None, now: datetime) -> None:
        if id is not None:
            intent = self._state.intents.get(id)
            if intent is None or intent.owner != who or past(intent, now):
                raise NotFound("you have no intent with this id", field="id")
