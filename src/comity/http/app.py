"""The ASGI application: every route of the tables, the stream, and nothing else.

``create_app`` joins gate, quotas, hub, counters and routes over one exchange. Starlette finds the path; the
boundary does the rest. Paths of the standards' interfaces, where they are switched on, have a boundary of
their own.
"""

from __future__ import annotations

from starlette.routing import BaseRoute, Router, WebSocketRoute
from starlette.routing import Route as PathRoute
from starlette.types import Receive, Scope, Send

from comity.config import Config
from comity.http.access import Access, Caller, Gate
from comity.http.boundary import PathEndpoint, not_found
from comity.http.issuer import Issuer, load_issuer_key
from comity.http.keyring import Keyring, TrustedKey, build_keyring
from comity.http.metrics import Metrics
from comity.http.openapi import document
from comity.http.pages import DOCS, STATIC, Pages
from comity.http.port import ExchangePort
from comity.http.quota import Quotas
from comity.http.routes import table
from comity.http.routing import Route, Services
from comity.http.socket import PATH as STREAM_PATH
from comity.http.socket import StreamEndpoint
from comity.http.standards.boundary import StandardsEndpoint
from comity.http.standards.routing import StandardServices
from comity.http.standards.table import standard_table
from comity.http.standards.tokens import StandardVerifier, build_standard_keyring
from comity.http.stream import Hub
from comity.http.tokens import Verifier
from comity.ids import Entropy


class App:
    """An ASGI application. ``routes`` is what it serves besides the ``standards``; ``hub`` wants a tick
    every second."""

    def __init__(
        self,
        router: Router,
        routes: tuple[Route, ...],
        hub: Hub,
        metrics: Metrics,
        keyring: Keyring,
        standards: StandardsEndpoint | None = None,
    ) -> None:
        self.router = router
        self.routes = routes
        self.hub = hub
        self.metrics = metrics
        self.keyring = keyring
        self.standards = standards

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if self.standards is not None and self.standards.takes(scope):
            await self.standards(scope, receive, send)
        else:
            await self.router(scope, receive, send)


def create_app(
    exchange: ExchangePort,
    config: Config,
    *,
    metrics: Metrics | None = None,
    keyring: Keyring | None = None,
) -> App:
    """The application over an exchange. ``keyring``: other keys than the configuration names, for tests."""
    metrics = metrics or Metrics()
    keyring = keyring or build_keyring(config)
    _add_own_issuer(keyring, config)
    authorities = build_standard_keyring(config) if config.f3548.enabled else None
    auth = config.auth
    verifier = Verifier(keyring, frozenset(config.audiences()), auth.max_lifetime_s, auth.cached_tokens)
    gate = Gate(exchange, verifier)
    hub = Hub(exchange, gate, config.stream, metrics)
    exchange.on_swept.append(metrics.swept)
    routes = table(config)

    def still_welcome(caller: Caller, access: Access) -> None:
        gate.permit(gate.standing_of(caller.identity, exchange.clock.now()), access)

    described = document(routes, config)
    services = Services(
        exchange=exchange,
        config=config,
        quotas=Quotas(config.quotas),
        wait_tick=hub.wait_tick,
        still_welcome=still_welcome,
        metrics_text=metrics.text,
        openapi=lambda: described,
        token_keys_problem=lambda: keyring.problem or (authorities.problem if authorities else None),
        static=Pages(STATIC),
        docs=Pages(DOCS),
    )
    router = _router(routes, services, gate, hub, metrics)
    return App(router, routes, hub, metrics, keyring, _standards(exchange, config, metrics, authorities))


def _standards(
    exchange: ExchangePort, config: Config, metrics: Metrics, authorities: Keyring | None
) -> StandardsEndpoint | None:
    if authorities is None:
        return None
    services = StandardServices(exchange, config)
    verifier = StandardVerifier(authorities, frozenset(config.f3548.audiences))
    return StandardsEndpoint(standard_table(config), services, verifier, metrics)


def own_issuer(config: Config, entropy: Entropy | None = None) -> Issuer | None:
    """The built-in issuer, where it is switched on. ``entropy``: where token ids come from."""
    if not config.issuer.enabled or config.issuer.key_file is None:
        return None
    key = load_issuer_key(config.path(config.issuer.key_file))
    return Issuer(key, config.exchange.name, config.audiences()[0], entropy)


def _add_own_issuer(keyring: Keyring, config: Config) -> None:
    issuer = own_issuer(config)
    if issuer is not None:
        keyring.add(TrustedKey(issuer.name, issuer.public_key(), "EdDSA", None, None))


def _router(routes: tuple[Route, ...], services: Services, gate: Gate, hub: Hub, metrics: Metrics) -> Router:
    by_path: dict[str, list[Route]] = {}
    for route in routes:
        by_path.setdefault(route.path, []).append(route)
    found: list[BaseRoute] = [
        PathRoute(path, PathEndpoint(methods, services, gate, metrics)) for path, methods in by_path.items()
    ]
    found.append(WebSocketRoute(STREAM_PATH, StreamEndpoint(services, gate, hub, metrics)))
    return Router(found, redirect_slashes=False, default=not_found)
