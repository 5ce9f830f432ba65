"""For the operator alone: Prometheus metrics and detailed health. Both count everybody's doings (law 2)."""

from __future__ import annotations

from typing import Any

from comity.http.access import OPERATOR
from comity.http.answers import Answer, ok
from comity.http.routing import Call, Route


async def metrics(call: Call) -> Answer:
    return Answer(200, call.services.metrics_text(), b"text/plain; version=0.0.4; charset=utf-8")


async def health(call: Call) -> Answer:
    found: dict[str, Any] = dict(call.exchange.operator_health())
    found["token_keys"] = call.services.token_keys_problem() or "ok"
    return ok(found)


ROUTES = (
    Route("GET", "/metrics", OPERATOR, metrics, "Prometheus metrics", {200: str}, media="text/plain"),
    Route("GET", "/v1/operator/health", OPERATOR, health, "Detailed health", {200: dict[str, Any]}),
)
