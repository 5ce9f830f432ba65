"""The auxiliary interface that DSS deployments have beside the standards': version, tokens, pool, options.

Each address on which this process listens is an instance of the pool; all of them are one process over one
ledger, so a heartbeat received at any is one of each. Heartbeats are kept in memory: they say that somebody
called lately, which a restart ends. Everything else is read from the configuration.

``/healthy`` is in ``http.routes.public``, with or without the standards' interfaces.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

import msgspec

from comity import __version__
from comity.config import Config
from comity.errors import InvalidInput, NotPermitted
from comity.http.answers import Answer
from comity.http.standards.routing import PUBLIC, StandardCall, StandardRoute, answer, any_of
from comity.wire.f3411 import query_time

READ_POOL: Final = any_of("interuss.pool_status.read")
BEAT: Final = any_of("interuss.pool_status.heartbeat.write")
DSS_SCOPES: Final = any_of("dss.read.identification_service_areas", "dss.write.identification_service_areas")

LONGEST_SOURCE: Final = 256
"""Characters of a heartbeat's source, which is kept and shown."""


class Heartbeat(msgspec.Struct, frozen=True, omit_defaults=True):
    """``reporter``: the ``sub`` of who sent it; ``index`` counts them from 1."""

    source: str
    timestamp: datetime
    reporter: str
    index: int
    next_heartbeat_expected_before: datetime | None = None


class Instance(msgspec.Struct, frozen=True, omit_defaults=True):
    id: str
    public_endpoint: str | None = None
    most_recent_heartbeat: Heartbeat | None = None


class Auxiliary:
    """Handlers, and the last heartbeat."""

    def __init__(self, config: Config) -> None:
        self._config = config
        self._last: Heartbeat | None = None

    async def version(self, call: StandardCall) -> Answer:
        return answer({"version": f"v{__version__}"})

    async def validate_oauth(self, call: StandardCall) -> Answer:
        owner = call.query.get("owner")
        if owner and owner != call.sub:
            raise NotPermitted("the token's sub is not this owner", field="owner")
        return answer({})

    async def pool(self, call: StandardCall) -> Answer:
        return answer({"dar_id": self._config.exchange.name})

    async def instances(self, call: StandardCall) -> Answer:
        return self._instances()

    async def heartbeat(self, call: StandardCall) -> Answer:
        source = call.query.get("source", "")
        if not 1 <= len(source) <= LONGEST_SOURCE:
            raise InvalidInput(f"1 to {LONGEST_SOURCE} characters are needed", field="source")
        timestamp = query_time(call.query.get("timestamp"), "timestamp") or call.now
        name = "next_heartbeat_expected_before"
        expected = query_time(call.query.get(name), name)
        if expected is not None and expected < timestamp:
            raise InvalidInput("must not be before timestamp", field=name)
        index = 1 if self._last is None else self._last.index + 1
        self._last = Heartbeat(source, timestamp, call.sub, index, expected)
        return self._instances(201)

    async def no_certificates(self, call: StandardCall) -> Answer:
        """Instances of this pool do not speak to each other: there is nothing to certify."""
        return answer({"CAs": []})

    async def global_options(self, call: StandardCall) -> Answer:
        by_time = self._config.f3548.notification_index == "time"
        return answer(
            {"scd_global_lock": False, "scd_hash_lock": False, "time_based_notification_index": by_time}
        )

    def _instances(self, status: int = 200) -> Answer:
        found = [Instance(*each, self._last) for each in instances(self._config)]
        return answer({"dss_instances": found}, status)

    def routes(self) -> tuple[StandardRoute, ...]:
        pool = "/aux/v1/pool"
        certificates = "/aux/v1/configuration"
        beat = f"{pool}/dss_instances/heartbeat"
        return (
            StandardRoute("GET", "/aux/v1/version", PUBLIC, self.version, "Version of this DSS"),
            StandardRoute("GET", "/aux/v1/validate_oauth", DSS_SCOPES, self.validate_oauth, "Try a token"),
            StandardRoute("GET", pool, READ_POOL, self.pool, "The pool that this DSS belongs to"),
            StandardRoute("GET", f"{pool}/dss_instances", READ_POOL, self.instances, "Its instances"),
            StandardRoute("PUT", beat, BEAT, self.heartbeat, "Record a heartbeat", write=True),
            StandardRoute(
                "GET", f"{certificates}/accepted_ca_certs", PUBLIC, self.no_certificates, "Taken of others"
            ),
            StandardRoute("GET", f"{certificates}/ca_certs", PUBLIC, self.no_certificates, "Of its own"),
            StandardRoute(
                "GET", f"{certificates}/global_options", READ_POOL, self.global_options, "What pools agree on"
            ),
        )


def routes(config: Config) -> tuple[StandardRoute, ...]:
    return Auxiliary(config).routes()


def instances(config: Config) -> list[tuple[str, str | None]]:
    """Id and URL of each; a port that the machine chooses is not known here, and no URL is told."""
    server = config.server
    host = f"[{server.host}]" if ":" in server.host else server.host
    scheme = "https" if server.tls_cert is not None else "http"
    found: list[tuple[str, str | None]] = []
    for number, address in enumerate((f"{host}:{server.port}", *server.more), 1):
        url = None if address.endswith(":0") else f"{scheme}://{address}"
        found.append((f"{config.exchange.name}-{number}", url))
    return found
