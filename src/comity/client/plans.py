"""Plans before they are filed: volumes of a route, a check, the smallest changes that would pass.

Reads: nothing is filed by them, and nothing of them stands on the record.
"""

from __future__ import annotations

from comity.client.transport import Transport
from comity.model.plan import Alternatives, Plan, PlanCheck, Search
from comity.model.route import Route, RouteVolumes
from comity.wire.encode import encode


class Plans:
    """The attribute ``plans`` of a :class:`~comity.client.Client`."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport

    def volumes(self, route: Route) -> RouteVolumes:
        """Volumes that together contain every flight that the route allows."""
        return self._transport.ask("/v1/plans/volumes", encode(route), RouteVolumes)

    def check(self, plan: Plan) -> PlanCheck:
        """What filing the plan would be told now."""
        return self._transport.ask("/v1/plans/check", encode(plan), PlanCheck)

    def alternatives(self, search: Search) -> Alternatives:
        """The smallest changes of a plan that would be accepted, the cheapest first. Takes up to
        ``search.limit_ms``."""
        path, wait_s = "/v1/plans/alternatives", search.limit_ms / 1e3
        return self._transport.ask(path, encode(search), Alternatives, wait_s=wait_s)
