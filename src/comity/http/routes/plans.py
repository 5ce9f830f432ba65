"""Plans before they are filed: volumes of a route, a check, alternatives. Reads, though they have bodies.

A search for alternatives takes of the quota of reads as much as its time limit says: one for each
``MS_A_READ`` milliseconds.
"""

from __future__ import annotations

from typing import Final

from comity.errors import QuotaExceeded, StrategicConflict
from comity.http.access import READER
from comity.http.answers import Answer, ok
from comity.http.quota import Use
from comity.http.routing import Call, Route
from comity.model import route as model
from comity.model.plan import Alternatives, Plan, PlanCheck, Search

MS_A_READ: Final = 50.0


async def make_volumes(call: Call) -> Answer:
    return ok(await call.exchange.plans.volumes(call.body(model.Route)))


async def check_plan(call: Call) -> Answer:
    return ok(await call.exchange.plans.check(call.caller.participant.id, call.body(Plan)))


async def look_for_alternatives(call: Call) -> Answer:
    return ok(await alternatives(call, call.body(Search)))


async def alternatives(call: Call, search: Search) -> Alternatives:
    """Takes the quota, then looks."""
    who = call.caller.participant.id
    reads = search.limit_ms / MS_A_READ
    call.services.quotas.take(who, Use.READ, call.exchange.clock.monotonic(), reads)
    return await call.exchange.plans.alternatives(who, search)


async def add_alternatives(call: Call, refusal: StrategicConflict, search: Search) -> None:
    """Adds to a refusal what would pass instead; none, and ``complete`` false, where the quota is used up."""
    try:
        found = await alternatives(call, search)
    except QuotaExceeded:
        found = Alternatives((), tried=0, complete=False, passes=False)
    refusal.detail["alternatives"] = found.alternatives
    refusal.detail["tried"] = found.tried
    refusal.detail["complete"] = found.complete


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
    Route(
        "POST",
        "/v1/plans/alternatives",
        READER,
        look_for_alternatives,
        "The smallest changes of a plan that would be accepted",
        {200: Alternatives},
        body=Search,
    ),
)
