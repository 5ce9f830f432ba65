"""The flight planning test interface (version 0.7.0), below ``/flight_planning/v1``: off unless switched on.

Whoever has a token for it files, changes and ends the intents of the one participant that the configuration
names, as one of its people (``exchange.virtual_user``).
"""

from __future__ import annotations

from typing import Any, Final, cast

from comity.config import FlightPlanningSection
from comity.errors import InvalidInput
from comity.exchange.exchange import Exchange
from comity.exchange.virtual_user import VirtualUser
from comity.http.answers import Answer
from comity.http.standards.routing import StandardCall, StandardRoute, answer, any_of
from comity.ids import ParticipantId, PersonId
from comity.wire import flight_planning as fp
from comity.wire.f3411 import query_time
from comity.wire.f3548_bodies import entity_id

ROOT: Final = "/flight_planning/v1"
DIRECT: Final = any_of("interuss.flight_planning.direct_automated_test")
PLAN: Final = any_of("interuss.flight_planning.plan")


class FlightPlanning:
    """Handlers over one virtual user, who comes with the first request."""

    def __init__(self, section: FlightPlanningSection) -> None:
        if section.participant is None or section.person is None:
            raise InvalidInput(
                "participant and person are needed where it is switched on", field="f3548.flight_planning"
            )
        self._who = ParticipantId(section.participant), PersonId(section.person)
        self._made: VirtualUser | None = None

    def _user(self, call: StandardCall) -> VirtualUser:
        if self._made is None:
            exchange = cast(Exchange, call.exchange)
            user = VirtualUser(exchange, *self._who, exchange.settings.boot)
            exchange.on_swept.append(lambda took_s, late_s, pairs: user.look(exchange.clock.now()))
            self._made = user
        return self._made

    async def status(self, call: StandardCall) -> Answer:
        return answer(fp.StatusAnswer("Ready"))

    async def clear_area(self, call: StandardCall) -> Answer:
        request = call.body(fp.ClearAreaRequest)
        return answer(fp.ClearAreaAnswer(await self._user(call).clear(request.extent)))

    async def upsert(self, call: StandardCall) -> Answer:
        id = entity_id(call.path["flight_plan_id"], "flight_plan_id")
        request = call.body(fp.UpsertRequest)
        as_planned: dict[str, Any] | None = None
        if request.flight_plan.telemetry is not None:
            as_planned = fp.without_telemetry(call.raw_body)
        return answer(await self._user(call).upsert(id, request, as_planned))

    async def delete(self, call: StandardCall) -> Answer:
        id = entity_id(call.path["flight_plan_id"], "flight_plan_id")
        return answer(await self._user(call).delete(id))

    async def notifications(self, call: StandardCall) -> Answer:
        after = query_time(call.query.get("after"), "after")
        before = query_time(call.query.get("before"), "before") or call.now
        if after is None:
            raise InvalidInput("the time after which notifications count is needed", field="after")
        if "before" in call.query and before <= after:
            raise InvalidInput("before must be later than after", field="before")
        return answer(fp.NotificationsAnswer(self._user(call).notifications(after, before)))

    def routes(self) -> tuple[StandardRoute, ...]:
        plan = f"{ROOT}/flight_plans/{{flight_plan_id}}"
        clear = f"{ROOT}/clear_area_requests"
        return (
            StandardRoute("GET", f"{ROOT}/status", DIRECT, self.status, "Whether it is ready"),
            StandardRoute("POST", clear, DIRECT, self.clear_area, "End plans in an area", write=True),
            StandardRoute("PUT", plan, PLAN, self.upsert, "Plan, change, activate or close", write=True),
            StandardRoute("DELETE", plan, DIRECT, self.delete, "Remove a plan", write=True),
            StandardRoute(
                "GET", f"{ROOT}/user_notifications", PLAN, self.notifications, "What the user was told"
            ),
        )


def routes(section: FlightPlanningSection) -> tuple[StandardRoute, ...]:
    return FlightPlanning(section).routes()
