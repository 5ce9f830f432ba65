"""Other USSs, as this exchange's own calls them: details, telemetry, notifications, reports.

Details that passed validation are kept in memory by reference, version and ovn, whether they were fetched or
came as a notification; a plan that needs them again costs no request. Callers who want the same at the same
time share one request. Nothing a peer does raises.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from typing import Final, Generic, TypeVar

import msgspec

from comity.clock import Clock
from comity.ids import EntityId
from comity.model.dss_command import DetailsSeen
from comity.model.f3548 import ConstraintReference, OperationalIntentReference
from comity.uss.addresses import BaseUrl, base_url
from comity.uss.log import ExchangeLog, ExchangeRecord
from comity.uss.outbound import Exchanged, Method, Outbound
from comity.uss.tokens import Tokens
from comity.uss.validate import (
    Flaw,
    PeerConstraint,
    PeerIntent,
    Reason,
    Verdict,
    read_constraint,
    read_intent,
    seen,
)

T = TypeVar("T", bound="PeerIntent | PeerConstraint")
R = TypeVar("R", OperationalIntentReference, ConstraintReference)
K = TypeVar("K")
V = TypeVar("V")

STRATEGIC: Final = frozenset({"utm.strategic_coordination"})
SITUATION: Final = frozenset({"utm.conformance_monitoring_sa"})
CONSTRAINT_MANAGEMENT: Final = frozenset({"utm.constraint_management"})
CONSTRAINT_PROCESSING: Final = frozenset({"utm.constraint_processing"})

KEPT_VOLUMES: Final = 200_000
"""Volumes of details kept in memory, some 200 MB. Past it what was asked for longest ago is fetched anew."""

LARGE_BODY: Final = 65_536
"""Bytes from which details are read in a thread: covering a thousand outlines takes a third of a second."""

NO_AUTHORITY: Final = "no authorization server is configured, so no token can be had for calling other USSs"


class PeerSettings(msgspec.Struct, frozen=True):
    """``uss``: our own name, the ``sub`` of our tokens. ``allow_http``: call base URLs without TLS."""

    uss: str
    allow_http: bool = False


class Seen(msgspec.Struct, Generic[T], frozen=True):
    """What came of asking for details. ``details`` None: refused or not had, and ``reasons`` say why.
    ``moved_on``: the reference has a later version by now; read it again. ``record``: the exchange, for a
    report; None where the details were at hand. ``told``: for the ledger; None where nothing was told."""

    details: T | None
    reasons: tuple[Reason, ...] = ()
    moved_on: bool = False
    record: ExchangeRecord | None = None
    told: DetailsSeen | None = None

    @property
    def unreached(self) -> bool:
        """The peer could not be asked, or did not answer as it should; it has not contradicted itself."""
        return any(reason.flaw is Flaw.UNREACHED for reason in self.reasons)

    @property
    def words(self) -> str | None:
        return "; ".join(f"{reason.flaw}: {reason.words}" for reason in self.reasons) or None


class _Kept(Generic[T]):
    """Details by entity; one version of each."""

    def __init__(self) -> None:
        self._by_id: OrderedDict[EntityId, T] = OrderedDict()
        self._volumes = 0

    def get(self, reference: OperationalIntentReference | ConstraintReference) -> T | None:
        held = self._by_id.get(reference.id)
        if held is None or (held.version, held.ovn) != (reference.version, reference.ovn):
            return None
        self._by_id.move_to_end(reference.id)
        return held

    def put(self, details: T) -> None:
        self.drop(details.id)
        self._by_id[details.id] = details
        self._volumes += len(details.everywhere())
        while self._volumes > KEPT_VOLUMES:
            _, oldest = self._by_id.popitem(last=False)
            self._volumes -= len(oldest.everywhere())

    def drop(self, id: EntityId) -> None:
        held = self._by_id.pop(id, None)
        if held is not None:
            self._volumes -= len(held.everywhere())

    def erase(self, manager: str) -> None:
        for id in [id for id, held in self._by_id.items() if held.manager == manager]:
            self.drop(id)


class Peers:
    """One for the process; belongs to its event loop. ``tokens`` None: nobody can be called, and every
    answer says so."""

    def __init__(
        self,
        settings: PeerSettings,
        outbound: Outbound,
        tokens: Tokens | None,
        log: ExchangeLog,
        clock: Clock,
    ) -> None:
        self.settings = settings
        self.log = log
        self._outbound = outbound
        self._tokens = tokens
        self._clock = clock
        self._intents: _Kept[PeerIntent] = _Kept()
        self._constraints: _Kept[PeerConstraint] = _Kept()
        self._asking: dict[tuple[str, EntityId, int, str], asyncio.Future[Seen[PeerIntent]]] = {}
        self._asking_constraints: dict[
            tuple[str, EntityId, int, str], asyncio.Future[Seen[PeerConstraint]]
        ] = {}

    # --- asking

    async def intent(self, reference: OperationalIntentReference) -> Seen[PeerIntent]:
        """The details behind a reference of the DSS's, ``reference.ovn`` being the real one."""
        held = self._intents.get(reference)
        if held is not None:
            return Seen(held)
        path = f"/uss/v1/operational_intents/{reference.id}"
        return await _once(
            self._asking,
            _key(reference),
            lambda: self._details(reference, path, STRATEGIC, read_intent, self._intents),
        )

    async def constraint(self, reference: ConstraintReference) -> Seen[PeerConstraint]:
        held = self._constraints.get(reference)
        if held is not None:
            return Seen(held)
        path = f"/uss/v1/constraints/{reference.id}"
        return await _once(
            self._asking_constraints,
            _key(reference),
            lambda: self._details(reference, path, CONSTRAINT_PROCESSING, read_constraint, self._constraints),
        )

    async def telemetry(self, reference: OperationalIntentReference) -> Exchanged:
        """GET .../telemetry of an off-nominal intent; the body as it came."""
        path = f"/uss/v1/operational_intents/{reference.id}/telemetry"
        exchanged = await self._call("GET", reference.url, path, SITUATION)
        self.log.sent(reference.manager, exchanged)
        return exchanged

    # --- telling

    async def notify_intent(self, url: str, body: bytes, peer: str) -> Exchanged:
        """POST an operational intent's change. ``peer``: the subscriber's name, for the log."""
        exchanged = await self._call("POST", url, "/uss/v1/operational_intents", STRATEGIC, body)
        self.log.sent(peer, exchanged)
        return exchanged

    async def notify_constraint(self, url: str, body: bytes, peer: str) -> Exchanged:
        exchanged = await self._call("POST", url, "/uss/v1/constraints", CONSTRAINT_MANAGEMENT, body)
        self.log.sent(peer, exchanged)
        return exchanged

    async def report(self, url: str, body: bytes, peer: str) -> Exchanged:
        """POST an ErrorReport (``log.error_report``) to a peer."""
        exchanged = await self._call("POST", url, "/uss/v1/reports", STRATEGIC, body)
        self.log.sent(peer, exchanged)
        return exchanged

    # --- what is known

    def know_intent(self, details: PeerIntent) -> None:
        """Details that came as a notification and passed validation."""
        self._intents.put(details)

    def know_constraint(self, details: PeerConstraint) -> None:
        self._constraints.put(details)

    def known_intent(self, reference: OperationalIntentReference) -> PeerIntent | None:
        """What is at hand without asking."""
        return self._intents.get(reference)

    def known_constraint(self, reference: ConstraintReference) -> PeerConstraint | None:
        return self._constraints.get(reference)

    def forget(self, id: EntityId) -> None:
        """An entity that is gone."""
        self._intents.drop(id)
        self._constraints.drop(id)

    def erase(self, manager: str) -> None:
        """Everything remembered of one peer."""
        self._intents.erase(manager)
        self._constraints.erase(manager)
        self.log.erase(manager)

    async def aclose(self) -> None:
        for intent in list(self._asking.values()):
            intent.cancel()
        for constraint in list(self._asking_constraints.values()):
            constraint.cancel()
        if self._tokens is not None:
            await self._tokens.aclose()
        await self._outbound.aclose()

    # --- inside

    async def _details(
        self,
        reference: R,
        path: str,
        scopes: frozenset[str],
        read: Callable[[bytes, R], Verdict[T]],
        kept: _Kept[T],
    ) -> Seen[T]:
        exchanged = await self._call("GET", reference.url, path, scopes)
        record = self.log.sent(reference.manager, exchanged)
        if exchanged.problem is not None:
            return Seen(None, (Reason(Flaw.UNREACHED, exchanged.problem),), record=record)
        if len(exchanged.body) > LARGE_BODY:
            verdict = await asyncio.to_thread(read, exchanged.body, reference)
        else:
            verdict = read(exchanged.body, reference)
        if verdict.details is not None:
            kept.put(verdict.details)
        return Seen(verdict.details, verdict.reasons, verdict.moved_on, record, told=seen(reference, verdict))

    async def _call(
        self, method: Method, url: str, path: str, scopes: frozenset[str], body: bytes | None = None
    ) -> Exchanged:
        """With a token; once more with a fresh one where it was not taken."""
        where = base_url(url, allow_http=self.settings.allow_http)
        if not isinstance(where, BaseUrl):
            return self._not_sent(method, url + path, where)
        if self._tokens is None:
            return self._not_sent(method, where.text + path, NO_AUTHORITY)
        for last in (False, True):
            token = await self._tokens.token(where.host, scopes)
            if token.value is None:
                return self._not_sent(method, where.text + path, token.problem or "no token")
            exchanged = await self._outbound.send(
                method, where.text + path, authorization=f"Bearer {token.value}", body=body
            )
            if exchanged.status != 401 or last:
                break
            self._tokens.forget(where.host, scopes)
        return exchanged

    def _not_sent(self, method: Method, url: str, problem: str) -> Exchanged:
        now = self._clock.now()
        return Exchanged(method, url, now, now, problem=problem)


def _key(reference: OperationalIntentReference | ConstraintReference) -> tuple[str, EntityId, int, str]:
    return reference.url, reference.id, reference.version, reference.ovn


async def _once(asking: dict[K, asyncio.Future[V]], key: K, ask: Callable[[], Awaitable[V]]) -> V:
    """One request for all who want the same; it goes on when one of them no longer waits."""
    future = asking.get(key)
    if future is None:
        future = asking[key] = asyncio.ensure_future(ask())
        future.add_done_callback(lambda done: asking.pop(key, None))
    return await asyncio.shield(future)
