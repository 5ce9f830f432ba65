"""F3548-21, DSS: operational intent and constraint references, subscriptions, availability, reports."""

from __future__ import annotations

from comity.http.standards.routing import StandardRoute

ROUTES: tuple[StandardRoute, ...] = ()
