"""Remote identification at the DSS (ASTM F3411-22a): its door in, and its door out.

``submit`` takes a USS's command to the writer and answers from the decision alone; reads answer from the
state as it is. Searches go by cell and time, never by height, and are never cut short.
"""

from __future__ import annotations

from datetime import datetime

from msgspec.structs import replace

from comity.clock import Clock
from comity.coordination.decision import Decision
from comity.coordination.f3411.times import over
from comity.coordination.state import State
from comity.errors import NotFound
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
from comity.model.f3411 import ServiceArea
from comity.model.f3548 import CellBox, peer
from comity.release import f3411 as forms

Command = d.PutServiceArea | d.RemoveServiceArea | d.PutIsaSubscription | d.RemoveIsaSubscription
Written = forms.AreaWritten | forms.SubscriptionWritten | forms.SubscriptionRead


class Identification:
    """See the file's head. ``owner`` is the ``sub`` of the caller's token."""

    def __init__(self, state: State, writer: Writer, clock: Clock) -> None:
        self._state = state
        self._writer = writer
        self._clock = clock

    async def submit(self, command: Command) -> Written:
        """Carry out a command of ``command.owner``. Returns once it is durable; raises what refused it."""
        by = Submission(peer(command.owner), PersonId("uss"), RequestId("-"), command, "")
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
