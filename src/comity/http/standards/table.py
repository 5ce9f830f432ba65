"""The routes of the standards' interfaces by subject; each file is a table and its thin handlers."""

from __future__ import annotations

from comity.config import Config
from comity.http.standards import aux, rid, scd
from comity.http.standards.routing import StandardRoute


def standard_table(config: Config) -> tuple[StandardRoute, ...]:
    """Every standard's route of an exchange with this configuration."""
    return (*scd.ROUTES, *rid.ROUTES, *aux.routes(config))
