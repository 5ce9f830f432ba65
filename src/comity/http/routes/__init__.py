"""The routes by subject. Each file is a table and its thin handlers; ``table`` joins them.

Routes that are asked most stand first, since a path is found by trying them in order.
"""

from __future__ import annotations

from comity.config import Config
from comity.http.routes import (
    airspace,
    alerts,
    bench,
    constraints,
    feeds,
    geozones,
    history,
    intents,
    log,
    members,
    operator,
    plans,
    public,
    rules,
)
from comity.http.routing import Route


def table(config: Config) -> tuple[Route, ...]:
    """Every route of an exchange with this configuration."""
    return (
        *(bench.ROUTES if config.bench.echo else ()),
        *intents.ROUTES,
        *feeds.ROUTES,
        *airspace.ROUTES,
        *alerts.ROUTES,
        *history.ROUTES,
        *constraints.ROUTES,
        *geozones.ROUTES,
        *plans.ROUTES,
        *rules.ROUTES,
        *log.ROUTES,
        *members.ROUTES,
        *operator.ROUTES,
        *public.ROUTES,
    )
