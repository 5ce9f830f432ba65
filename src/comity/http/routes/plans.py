"""Plans before they are filed: volumes of a route, a check, alternatives. Reads, though they have bodies."""

from __future__ import annotations

from comity.http.access import READER
from comity.http.answers import Answer, ok
from comity.http.routing import Call, Route
from comity.model import route as model
from comity.model.plan import Plan, PlanCheck


async def make_volumes(call: Call) -> Answer:
    return ok(await call.exchange.plans.volumes(call.body(model.Route)))


async def check_plan(call: Call) -> Answer:
    return ok(await call.exchange.plans.check(call.caller.participant.id, call.body(Plan)))


ROUTES = (
    Route(
        "POST",
        "/v1/plans/volumes",
        READER,
        make_volumes,
        "Volumes that contain a route",
        {200: model.RouteVolumes},
        body=model.Route,
    ),
    Route(
        "POST",
        "/v1/plans/check",
        READER,
        check_plan,
        "What filing a plan would be told; nothing is filed",
        {200: PlanCheck},
        body=Plan,
    ),
)
