"""F3548-21, USS to USS: what other USSs ask of this exchange's own, and tell it.

Details and telemetry of hosted participants' intents and constraints as these release them, notifications of
peers' own, reports, and the record of what was exchanged with the one who asks. Statuses and scopes are those
of the standard's interface file; what it leaves open is in docs/uss.md. Every request of a peer's that passed
the boundary is in that record, whatever became of it.
"""

from __future__ import annotations

from typing import Final, Literal

from comity.errors import STATUS, ComityError
from comity.http.answers import Answer
from comity.http.port import HostingPort
from comity.http.standards.boundary import message
from comity.http.standards.routing import Handler, Scopes, StandardCall, StandardRoute, answer, any_of
from comity.http.standards.scd import AA, CM, CP, SA, SC
from comity.ids import EntityId
from comity.wire import f3548_bodies as bodies
from comity.wire.f3548_uss import ConstraintNotice, IntentNotice

NO_TELEMETRY: Final = message(412, "no telemetry of this operational intent is available")
"""Alike whether nothing is known or nothing is released."""

LARGEST_NOTICE: Final = 8_388_608
"""Bytes of a notification: some thousands of volumes. What it holds is checked and kept in memory within
bounds of its own, and not in the ledger."""

_INTENTS: Final = "/uss/v1/operational_intents"
_CONSTRAINTS: Final = "/uss/v1/constraints"


async def get_intent(call: StandardCall) -> Answer:
    return answer(_hosting(call).operational_intent(call.sub, _id(call)))


async def get_telemetry(call: StandardCall) -> Answer:
    found = _hosting(call).telemetry(call.sub, _id(call))
    return NO_TELEMETRY if found is None else answer(found)


async def notify_intent(call: StandardCall) -> Answer:
    await _hosting(call).intent_notice(call.sub, call.body(IntentNotice))
    return _taken()


async def get_constraint(call: StandardCall) -> Answer:
    return answer(_hosting(call).constraint(call.sub, _id(call)))


async def notify_constraint(call: StandardCall) -> Answer:
    await _hosting(call).constraint_notice(call.sub, call.body(ConstraintNotice))
    return _taken()


async def make_report(call: StandardCall) -> Answer:
    written = await call.exchange.dss.submit(call.sub, call.body(bodies.ReportBody).command())
    return answer(written.value, 201)


async def get_log_set(call: StandardCall) -> Answer:
    return answer(_hosting(call).log_set(call.sub, call.path["log_set_id"]))


def _taken() -> Answer:
    return Answer(204, b"")


def _hosting(call: StandardCall) -> HostingPort:
    return call.exchange.hosting


def _id(call: StandardCall) -> EntityId:
    return bodies.entity_id(call.path["entityid"], "entityid")


def _logged(handler: Handler) -> Handler:
    """The handler, with the exchange in the record of what was exchanged with the peer."""

    async def logged(call: StandardCall) -> Answer:
        status, problem = 500, None
        try:
            answered = await handler(call)
            status = answered.status
            return answered
        except ComityError as error:
            status, problem = STATUS[error.code], error.message
            raise
        finally:
            path = call.route.path
            for name, value in call.path.items():
                path = path.replace(f"{{{name}}}", value)
            _hosting(call).received(
                call.sub, call.route.method, path, call.now, status, call.raw_body, problem
            )

    return logged


def _route(
    method: Literal["GET", "POST"],
    path: str,
    scopes: Scopes,
    handler: Handler,
    summary: str,
    *,
    body_bytes: int | None = None,
) -> StandardRoute:
    write = method == "POST"
    return StandardRoute(method, path, scopes, _logged(handler), summary, body_bytes, write)


ROUTES: Final = (
    _route("GET", f"{_INTENTS}/{{entityid}}", any_of(SC), get_intent, "Details of an operational intent"),
    _route(
        "GET",
        f"{_INTENTS}/{{entityid}}/telemetry",
        any_of(SA),
        get_telemetry,
        "Where the aircraft of an off-nominal operational intent is",
    ),
    _route(
        "POST",
        _INTENTS,
        any_of(SC),
        notify_intent,
        "Tell of a changed operational intent",
        body_bytes=LARGEST_NOTICE,
    ),
    _route("GET", f"{_CONSTRAINTS}/{{entityid}}", any_of(CP), get_constraint, "Details of a constraint"),
    _route(
        "POST",
        _CONSTRAINTS,
        any_of(CM),
        notify_constraint,
        "Tell of a changed constraint",
        body_bytes=LARGEST_NOTICE,
    ),
    _route("POST", "/uss/v1/reports", any_of(SC, CP, CM, SA, AA), make_report, "Report a problem"),
    _route(
        "GET",
        "/uss/v1/log_sets/{log_set_id}",
        any_of(SC, CP, CM, SA, AA),
        get_log_set,
        "What was exchanged with the USS that asks",
    ),
)
