"""The routes of the standards' interfaces by subject; each file is a table and its thin handlers."""

from __future__ import annotations

from comity.config import Config
from comity.http.standards import aux, bench, flight_planning, rid, scd, uss, versioning
from comity.http.standards.routing import StandardRoute


def standard_table(config: Config) -> tuple[StandardRoute, ...]:
    """Every standard's route of an exchange with this configuration."""
    planning = config.f3548.flight_planning
    tested = (*flight_planning.routes(planning), *versioning.ROUTES) if planning.enabled else ()
    measured = bench.ROUTES if config.bench.echo else ()
    return (*scd.ROUTES, *rid.ROUTES, *uss.ROUTES, *aux.routes(config), *tested, *measured)
