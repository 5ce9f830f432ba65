"""Plans before they are filed: volumes of a route, what a filing would be told, what would pass instead.

Everything here is a read. A check asks what deciding a filing asks, of the same released forms in the same
order; it puts nothing into the state and nothing on the record. Work is done in slices of a few milliseconds
on the event loop, which alone may read the state, and what may be compared is bounded for the whole question
as it is for a filing.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Final

from msgspec.structs import replace

from comity.clock import Clock
from comity.coordination.conflicts import MAX_COMPARED, MAX_CONFLICTS, Allowance, Conflict, find
from comity.coordination.decision import Asked, check_new_volumes
from comity.coordination.intents import clearance, conflict_item
from comity.coordination.state import State
from comity.errors import NotFound, TooLarge
from comity.ids import EntityId, Ids, Ovn, ParticipantId, PersonId, RequestId
from comity.model.command import EndIntent, Submission
from comity.model.plan import Plan, PlanCheck
from comity.model.released import Clearance, ConflictItem
from comity.model.route import Route, RouteVolumes
from comity.model.volume import Volumes
from comity.planning.route import volumes_of
from comity.release.forms import References, past

SLICE_VOLUMES: Final = 16
"""Volumes looked at in one go: a millisecond or two where little is near, at most some ten where much is.
Larger: fewer turns of the loop, longer waits for everybody else."""

PeersCheck = Callable[[ParticipantId, Volumes, Plan], Sequence[ConflictItem]]


class Plans:
    """See the file's head. ``peers_check``: what of other USSs' plans is in the way of these volumes, as the
    asker may know it; None where there are no peers."""

    def __init__(self, state: State, references: References, ids: Ids, clock: Clock) -> None:
        self._state = state
        self._references = references
        self._ids = ids
        self._clock = clock
        self.peers_check: PeersCheck | None = None

    async def volumes(self, route: Route) -> RouteVolumes:
        """Pure, of what the asker gave; in a thread, because a thousand legs take a while."""
        return await asyncio.to_thread(volumes_of, route, self._state.environment)

    async def check(self, who: ParticipantId, plan: Plan) -> PlanCheck:
        """Raises what filing the plan would raise, but for conflicts, which are the answer."""
        now = self._clock.now()
        self._own(who, plan.id, now)
        volumes = await self.volumes_of(plan)
        check_new_volumes(volumes, self._state, now)
        items = await self.in_the_way(who, plan, volumes, now)
        made = None if plan.route is None else volumes
        return PlanCheck(tuple(items), self._checked(who, bool(items), now), made)

    async def volumes_of(self, plan: Plan) -> Volumes:
        if plan.route is not None:
            return (await self.volumes(plan.route)).volumes
        assert plan.volumes is not None
        return plan.volumes

    async def in_the_way(
        self, who: ParticipantId, plan: Plan, volumes: Volumes, now: datetime
    ) -> list[ConflictItem]:
        """What a filing of these volumes would be refused for; nothing where it would be accepted."""
        found: dict[EntityId, Conflict] = {}
        left = Allowance(MAX_COMPARED)
        for first in range(0, len(volumes), SLICE_VOLUMES):
            if first:
                await asyncio.sleep(0)
            part = volumes[first : first + SLICE_VOLUMES]
            for conflict in find(self._state, who, part, now, plan.id, left=left):
                _add(found, conflict, first)
            if len(found) > MAX_CONFLICTS:
                raise TooLarge(
                    f"more than {MAX_CONFLICTS} conflicts; ask for a smaller volume", field="volumes"
                )
        return self._items(who, plan, volumes, list(found.values()), now)

    def _items(
        self, who: ParticipantId, plan: Plan, volumes: Volumes, conflicts: list[Conflict], now: datetime
    ) -> list[ConflictItem]:
        """As released, in the order in which a refusal lists them; none where all are accepted."""
        asked = self._asked(who, now)
        made = self._references.of_all([conflict.item for conflict in conflicts], who, now)
        refs = dict(zip(made, conflicts, strict=True))
        items = [conflict_item(asked, refs[ref], ref) for ref in sorted(refs)]
        if self.peers_check is not None:
            items += self.peers_check(who, volumes, plan)
        accepted = {str(ref) for ref in plan.accept_conflicts}
        if all(item.item.ref in accepted and not item.blocking for item in items):
            return []
        return items

    def _asked(self, who: ParticipantId, now: datetime) -> Asked:
        """What the forms of a refusal are made with: a command that is never carried out."""
        nothing = Submission(who, PersonId("-"), RequestId("-"), EndIntent(EntityId("-"), Ovn("")), "")
        return Asked(self._state, nothing, now, self._ids, self._references)

    def _checked(self, who: ParticipantId, hindered: bool, now: datetime) -> Clearance:
        words = "checked against what is released to you" if hindered else "clear of what is released to you"
        return replace(clearance(self._asked(who, now)), checked=words)

    def _own(self, who: ParticipantId, id: EntityId | None, now: datetime) -> None:
        if id is not None:
            intent = self._state.intents.get(id)
            if intent is None or intent.owner != who or past(intent, now):
                raise NotFound("you have no intent with this id", field="id")


def _add(found: dict[EntityId, Conflict], conflict: Conflict, first: int) -> None:
    """Join what parts of a plan have met, counting its volumes from the plan's first."""
    numbers = tuple(first + number for number in conflict.numbers)
    known = found.get(conflict.item.id)
    found[conflict.item.id] = replace(conflict, numbers=numbers if known is None else known.numbers + numbers)
