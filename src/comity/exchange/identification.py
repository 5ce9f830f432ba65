"""Remote identification at the DSS (ASTM F3411-22a): its door in, and its door out.

``owner`` is always the ``sub`` of the asker's token.

``submit`` takes a USS's command to the writer and answers from the decision alone; reads answer from the
state as it is. Searches go by cell and time, never by height, and are never cut short.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Final

from msgspec.structs import replace

from comity.clock import Clock
from comity.coordination.decision import Decision
from comity.coordination.f3411.outlived import KEPT, outlived
from comity.coordination.f3411.times import over
from comity.coordination.state import State
from comity.errors import InvalidInput, NotFound
from comity.exchange.writer import Durable, Writer
from comity.ids import EntityId, PersonId, RequestId
from comity.model import dss_command as d
from comity.model.command import Submission
from comity.model.dss_fact import (
    IsaSubscriptionPut,
    IsaSubscriptionRemoved,
    ServiceAreaPut,
    ServiceAreaRemoved,
)
from comity.model.f3411 import IsaSubscription, ServiceArea
from comity.model.f3548 import LONGEST_MANAGER, CellBox, peer
from comity.model.fact import Fact
from comity.release import f3411 as forms

Command = d.PutServiceArea | d.RemoveServiceArea | d.PutIsaSubscription | d.RemoveIsaSubscription
Held = ServiceArea | IsaSubscription
Written = forms.AreaWritten | forms.SubscriptionWritten | forms.SubscriptionRead

PRUNING: Final = timedelta(minutes=1)
MOST_LOOKED_AT: Final = 1_000
"""How often what ended long ago is looked for, and how many at a time."""

AGAIN: Final = timedelta(hours=1)
"""When one is looked at again that the ledger had no room to forget."""

FOREVER: Final = datetime.max.replace(tzinfo=UTC)


class Identification:
    """See the file's head. All methods belong to the event loop."""

    def __init__(self, state: State, writer: Writer, clock: Clock) -> None:
        self._state = state
        self._writer = writer
        self._clock = clock
        held: list[Held] = [*state.service_areas.values(), *state.isa_subscriptions.values()]
        self._looks = [_look(each) for each in held]
        heapq.heapify(self._looks)
        self._pruned_at = clock.now()

    async def submit(self, owner: str, command: Command) -> Written:
        """Carry out a command. Returns once it is durable; raises what refused it."""
        if not 0 < len(owner) <= LONGEST_MANAGER:
            raise InvalidInput(f"a USS's id has 1 to {LONGEST_MANAGER} characters", field="sub")
        by = Submission(peer(owner), PersonId(owner), RequestId("-"), command, "")
        answer = await self._writer.submit(by)
        assert isinstance(answer, Durable), "commands of a USS have no request ids"
        return self._written(answer.decision)

    def service_area(self, id: EntityId) -> forms.AreaRead:
        """One that has ended is found as well."""
        area = self._state.service_areas.get(id)
        if area is None:
            raise NotFound("there is no identification service area with this id", field="id")
        return forms.AreaRead(forms.area_form(area))

    def service_areas(
        self, cells: tuple[str, ...], earliest: datetime | None, latest: datetime | None
    ) -> forms.AreasFound:
        """Those that share a cell, end no earlier than ``earliest`` and now, and start no later than
        ``latest``."""
        box = CellBox(cells)
        return forms.AreasFound(forms.area_forms(self._areas(box, earliest, latest)))

    def subscription(self, id: EntityId) -> forms.SubscriptionRead:
        held = self._state.isa_subscriptions.get(id)
        if held is None:
            raise NotFound("there is no subscription with this id", field="id")
        return forms.SubscriptionRead(forms.subscription_form(held))

    def subscriptions(self, owner: str, cells: tuple[str, ...]) -> forms.SubscriptionsFound:
        """The caller's own that have not ended."""
        state, now = self._state, self._clock.now()
        found = state.cells["isa_subscriptions"].search(CellBox(cells), heights=False, times=False)
        held = (state.isa_subscriptions[id] for id in sorted(found))
        own = (one for one in held if one.owner == owner and not over(one.box, now))
        return forms.SubscriptionsFound(tuple(map(forms.subscription_form, own)))

    def _areas(self, box: CellBox, earliest: datetime | None, latest: datetime | None) -> list[ServiceArea]:
        now = self._clock.now()
        since = now if earliest is None else max(now, earliest)
        if latest is not None and latest < since:
            return []
        asked = replace(box, start=since, end=latest)
        found = self._state.cells["service_areas"].search(asked, heights=False)
        return [self._state.service_areas[id] for id in sorted(found)]

    def _written(self, decision: Decision) -> Written:
        match decision.facts[0]:
            case ServiceAreaPut(area=area) | ServiceAreaRemoved(area=area):
                subscribers = forms.subscriber_forms(decision.subscribers)
                return forms.AreaWritten(forms.area_form(area), subscribers)
            case IsaSubscriptionPut(subscription=subscription):
                areas = forms.area_forms(self._areas(subscription.box, None, None))
                return forms.SubscriptionWritten(forms.subscription_form(subscription), areas)
            case IsaSubscriptionRemoved(subscription=subscription):
                return forms.SubscriptionRead(forms.subscription_form(subscription))
            case fact:
                raise AssertionError(f"no form for {type(fact).__name__}")

    # --- time

    def touched(self, facts: Iterable[Fact]) -> None:
        """Facts that have just been folded: when to look at each again is remembered."""
        for fact in facts:
            match fact:
                case ServiceAreaPut(area=held) | IsaSubscriptionPut(subscription=held):
                    heapq.heappush(self._looks, _look(held))
                case _:
                    pass

    def outlived(self) -> d.PruneIdentification | None:
        """What the exchange is to forget now, looked for once in ``PRUNING``; None where there is nothing."""
        now = self._clock.now()
        if now < self._pruned_at + PRUNING:
            return None
        self._pruned_at = now
        areas: list[EntityId] = []
        subscriptions: list[EntityId] = []
        for _ in range(MOST_LOOKED_AT):
            if not self._looks or self._looks[0][0] >= now:
                break
            _, id = heapq.heappop(self._looks)
            if self._outlived(self._state.service_areas, id, now):
                areas.append(id)
            if self._outlived(self._state.isa_subscriptions, id, now):
                subscriptions.append(id)
        if not areas and not subscriptions:
            return None
        return d.PruneIdentification(now, tuple(areas), tuple(subscriptions))

    def _outlived(self, table: Mapping[EntityId, Held], id: EntityId, now: datetime) -> bool:
        """One that has is looked at again, should the ledger have no room to forget it."""
        held = table.get(id)
        if held is None or not outlived(held.box, now):
            return False
        heapq.heappush(self._looks, (now + AGAIN, id))
        return True


def _look(held: Held) -> tuple[datetime, EntityId]:
    assert held.box.end is not None, "deciding sets both times"
    return min(held.box.end, FOREVER - KEPT) + KEPT, held.id
