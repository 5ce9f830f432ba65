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
from comity.coordination.decision import Asked, check_ends, check_new_volume, check_size
from comity.coordination.f3548.near import Near, hosted_level, in_the_way
from comity.coordination.intents import clearance, conflict_item, peer_conflict
from comity.coordination.state import State
from comity.errors import InvalidInput, NotFound, QuotaExceeded, TooLarge, Unavailable
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
from comity.release.policy import Givers

SLICE_VOLUMES: Final = 16
"""Volumes after which it is seen whether a trial has passed so far. Larger: more is known of what is in its
way, and more is looked at in vain."""

TURN_VOLUMES: Final = 4
"""Volumes looked at in one turn of the loop: half a millisecond where little is near, some five where much
is. Larger: fewer turns, longer waits for everybody else."""

RETRIES: Final = 3
"""Times that a check is made anew because what is released to the asker has changed meanwhile."""

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
    givers: Givers


class Work:
    """What a search has done, in volumes looked at, and may do; and when it is to end at the latest."""

    def __init__(self, most: float = math.inf, until_s: float = math.inf) -> None:
        self.done = 0
        self.most = most
        self.until_s = until_s


class _Over(Exception):
    """The clock or the work allowed has ended a search."""


class Met:
    """What the slices of one plan have met so far, each with the numbers of the plan's volumes."""

    def __init__(self) -> None:
        self.natives: dict[EntityId, Conflict] = {}
        self.peers: dict[EntityId, Near] = {}
        self.items: dict[str, ConflictItem] = {}

    def add(self, conflict: Conflict, first: int) -> None:
        known = self.natives.get(conflict.item.id)
        before = () if known is None else known.numbers
        self.natives[conflict.item.id] = replace(conflict, numbers=_joined(before, conflict.numbers, first))

    def add_peer(self, near: Near, first: int) -> None:
        id = entity_of(near.reference)
        known = self.peers.get(id)
        before = () if known is None else known.numbers
        self.peers[id] = replace(near, numbers=_joined(before, near.numbers, first))

    def add_item(self, item: ConflictItem, first: int) -> None:
        known = self.items.get(item.item.ref)
        before = () if known is None else known.volumes
        self.items[item.item.ref] = replace(item, volumes=_joined(before, item.volumes, first))


def _joined(before: tuple[int, ...], numbers: tuple[int, ...], first: int) -> tuple[int, ...]:
    return tuple(sorted((*before, *(first + number for number in numbers))))


class Plans:
    """See the file's head. ``peers_check``: what of other USSs' plans is in the way of some of a plan's
    volumes, as the asker may know it and without asking anybody; None where there are no peers."""

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
        for _ in range(RETRIES):
            asked = await self._questioned(who, plan)
            items = await self._in_the_way(asked, Work())
            if self._still(asked):
                made = None if plan.route is None else asked.volumes
                return PlanCheck(items, self._checked(who, bool(items), asked.now), made)
        raise Unavailable("what is released to you changes all the time; try again")

    async def alternatives(self, who: ParticipantId, search: Search) -> Alternatives:
        """The smallest changes of a plan that would be accepted. One search at a time for each participant.

        What it finds follows from what is released to the asker: work is counted, not timed, and a search
        ends at the same trial on a busy machine as on an idle one, unless the clock ends it first. What was
        found by what is released no more is not told."""
        if who in self._searching:
            raise QuotaExceeded("a search of yours is under way; one at a time", detail={"retry_after_s": 1})
        self._searching.add(who)
        try:
            until_s = self._clock.monotonic() + search.limit_ms / 1e3
            asked = await self._questioned(who, search)
            answer = await self._search(asked, search, Work(search.limit_ms * WORK_PER_MS, until_s))
            if self._still(asked):
                return answer
            return Alternatives((), tried=answer.tried, complete=False, passes=False)
        finally:
            self._searching.discard(who)

    async def _search(self, asked: Questioned, search: Search, work: Work) -> Alternatives:
        try:
            hindered = await self._in_the_way(asked, work)
        except _Over:
            return Alternatives((), tried=0, complete=False, passes=False)
        if not hindered:
            return Alternatives((), tried=1, complete=True, passes=True)
        environment = self._state.environment.lasting()
        looking = Looking(Question(asked.volumes, search.route, hindered, search, environment, asked.now))
        tried = 1
        while (trial := looking.trial()) is not None:
            work.done += TRIAL_WORK
            try:
                verdict = await self._try(replace(asked, volumes=trial), hindered, work)
            except _Over:
                break
            hindered = verdict or hindered
            looking.tell(verdict)
            tried += 1
        return Alternatives(looking.found(), tried=tried, complete=trial is None, passes=False)

    async def _try(self, asked: Questioned, hindered: tuple[ConflictItem, ...], work: Work) -> Verdict:
        """Whether a trial passes; it is looked at first where the one before was hindered."""
        first = min(min(one.volumes, default=0) for one in hindered)
        try:
            items = await self._in_the_way(asked, work, first - first % SLICE_VOLUMES, enough=True)
            if not items:
                await self._check_volumes(asked.volumes, asked.now)
        except (InvalidInput, TooLarge):
            return None
        return items

    async def _questioned(self, who: ParticipantId, plan: Plan) -> Questioned:
        now = self._clock.now()
        if plan.id is not None:
            intent = self._state.intents.get(plan.id)
            if intent is None or intent.owner != who or past(intent, now):
                raise NotFound("you have no intent with this id", field="id")
        volumes = plan.volumes
        if plan.route is not None:
            volumes = (await self.volumes(plan.route)).volumes
        assert volumes is not None
        await self._check_volumes(volumes, now)
        return Questioned(who, plan, volumes, now, self._state.policy(now).givers(who))

    async def _check_volumes(self, volumes: Volumes, now: datetime) -> None:
        """As a filing does, a few at a time."""
        check_size(volumes)
        for first in range(0, len(volumes), TURN_VOLUMES):
            async with self._turn:
                for number, volume in enumerate(volumes[first : first + TURN_VOLUMES], first):
                    check_new_volume(number, volume, self._state, now)
                await asyncio.sleep(0)
        check_ends(volumes, now)

    def _still(self, asked: Questioned) -> bool:
        """Whether the same participants still release the same to the asker. A rule's change is answered when
        nothing is sent under it any more, and that holds for what was looked at before."""
        return self._state.policy(self._clock.now()).givers(asked.who) == asked.givers

    # --- what is in the way

    async def _in_the_way(
        self, asked: Questioned, work: Work, begin: int = 0, *, enough: bool = False
    ) -> tuple[ConflictItem, ...]:
        """What a filing would be refused for, as released; nothing where it would be accepted. ``begin``: the
        volume to begin with; ``enough``: no further than the slice in which something is in the way."""
        met, left, count = Met(), Allowance(MAX_COMPARED), len(asked.volumes)
        slices = math.ceil(count / SLICE_VOLUMES)
        for turn in range(slices):
            first = (begin + turn * SLICE_VOLUMES) % (slices * SLICE_VOLUMES)
            last = min(first + SLICE_VOLUMES, count)
            for at in range(first, last, TURN_VOLUMES):
                if self._clock.monotonic() > work.until_s:
                    raise _Over
                async with self._turn:
                    self._meet(met, asked, at, min(at + TURN_VOLUMES, last), left)
                    await asyncio.sleep(0)
            work.done += last - first
            if work.done > work.most:
                raise _Over
            if enough and (items := self._items(asked, met)):
                return items
        return self._items(asked, met)

    def _meet(self, met: Met, asked: Questioned, first: int, last: int, left: Allowance) -> None:
        state, who, now = self._state, asked.who, asked.now
        part = asked.volumes[first:last]
        for conflict in find(state, who, part, now, asked.plan.id, left=left):
            met.add(conflict, first)
        if state.references or state.constraint_references:
            hosted = hosted_level(state, who, now) is not Level.NONE
            for near in in_the_way(state, part, now, constraints_alone=hosted):
                met.add_peer(near, first)
        if self.peers_check is not None:
            for item in self.peers_check(who, part, asked.plan):
                met.add_item(item, first)
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
        items = (*(found[ref] for ref in sorted(found)), *(met.items[ref] for ref in sorted(met.items)))
        accepted = {str(ref) for ref in asked.plan.accept_conflicts}
        if all(one.item.ref in accepted and not one.blocking for one in items):
            return ()
        return items

    def _asked(self, who: ParticipantId, now: datetime) -> Asked:
        """What the forms of a refusal are made with: a command that is never carried out."""
        nothing = Submission(who, PersonId("-"), RequestId("-"), EndIntent(EntityId("-"), Ovn("")), "")
        return Asked(self._state, nothing, now, self._ids, self._references)

    def _checked(self, who: ParticipantId, hindered: bool, now: datetime) -> Clearance:
        words = "checked against what is released to you" if hindered else "clear of what is released to you"
        if hosted_level(self._state, who, now) is not Level.NONE:
            words += ", and of other USSs' plans as far as their details are at hand"
        return replace(clearance(self._asked(who, now)), checked=words)
