"""F3548-21, DSS: operational intent and constraint references, subscriptions, availability, reports.

Statuses and scopes are those of the standard's interface file, and where it leaves something open, those of
the servers that others already speak to (docs/f3548.md). Handlers read a body, make a command and answer
what the DSS gave back; nothing is decided here but what the token's scopes decide.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, Final, TypeVar

from comity.errors import NotFound, NotPermitted
from comity.http.answers import Answer
from comity.http.port import DssPort, DssWritten
from comity.http.standards.routing import Scopes, StandardCall, StandardRoute, answer, any_of
from comity.ids import EntityId
from comity.model import dss_command as d
from comity.model.f3548 import CellBox
from comity.model.intent import IntentState
from comity.wire import f3548_bodies as bodies

SC: Final = "utm.strategic_coordination"
SA: Final = "utm.conformance_monitoring_sa"
CM: Final = "utm.constraint_management"
CP: Final = "utm.constraint_processing"
AA: Final = "utm.availability_arbitration"

MANY_EXTENTS: Final = 16
"""Some 10 ms of work, were all of them polygons. More: everybody waits longer for one; fewer: a thread for
what is done sooner than one starts."""

T = TypeVar("T")

_INTENTS = "/dss/v1/operational_intent_references"
_CONSTRAINTS = "/dss/v1/constraint_references"
_SUBSCRIPTIONS = "/dss/v1/subscriptions"


async def query_intents(call: StandardCall) -> Answer:
    found = _dss(call).operational_intents(call.sub, _asked_box(call))
    return answer({"operational_intent_references": found})


async def get_intent(call: StandardCall) -> Answer:
    return answer({"operational_intent_reference": _dss(call).operational_intent(call.sub, _id(call))})


async def create_intent(call: StandardCall) -> Answer:
    return await _put_intent(call, None, 201)


async def update_intent(call: StandardCall) -> Answer:
    return await _put_intent(call, bodies.version(call.path["ovn"], "ovn"), 200)


async def delete_intent(call: StandardCall) -> Answer:
    command = d.RemoveReference(_id(call), bodies.version(call.path["ovn"], "ovn"))
    return _changed("operational_intent_reference", await _dss(call).submit(call.sub, command), 200)


async def _put_intent(call: StandardCall, ovn: str | None, status: int) -> Answer:
    id = _id(call)
    body = call.body(bodies.OperationalIntentBody)
    command = await _aside(
        body.extents, partial(bodies.put_reference, body, id, ovn, call.now, allow_http=_http(call))
    )
    if IntentState(body.state).off_nominal() and SA not in call.scopes:
        raise NotPermitted(f"{body.state} needs the scope {SA}")
    return _changed("operational_intent_reference", await _dss(call).submit(call.sub, command), status)


async def query_constraints(call: StandardCall) -> Answer:
    return answer({"constraint_references": _dss(call).constraints(call.sub, _asked_box(call))})


async def get_constraint(call: StandardCall) -> Answer:
    return answer({"constraint_reference": _dss(call).constraint(call.sub, _id(call))})


async def create_constraint(call: StandardCall) -> Answer:
    return await _put_constraint(call, None, 201)


async def update_constraint(call: StandardCall) -> Answer:
    return await _put_constraint(call, bodies.version(call.path["ovn"], "ovn"), 200)


async def delete_constraint(call: StandardCall) -> Answer:
    command = d.RemoveConstraintReference(_id(call), bodies.version(call.path["ovn"], "ovn"))
    return _changed("constraint_reference", await _dss(call).submit(call.sub, command), 200)


async def _put_constraint(call: StandardCall, ovn: str | None, status: int) -> Answer:
    id = _id(call)
    body = call.body(bodies.ConstraintBody)
    command = await _aside(
        body.extents, partial(bodies.put_constraint, body, id, ovn, call.now, allow_http=_http(call))
    )
    return _changed("constraint_reference", await _dss(call).submit(call.sub, command), status)


async def query_subscriptions(call: StandardCall) -> Answer:
    return answer({"subscriptions": _dss(call).subscriptions(call.sub, _asked_box(call))})


async def get_subscription(call: StandardCall) -> Answer:
    return answer({"subscription": _dss(call).subscription(call.sub, _id(call, "subscriptionid"))})


async def create_subscription(call: StandardCall) -> Answer:
    return await _put_subscription(call, None)


async def update_subscription(call: StandardCall) -> Answer:
    return await _put_subscription(call, bodies.version(call.path["version"], "version"))


async def delete_subscription(call: StandardCall) -> Answer:
    command = d.RemoveSubscription(
        _id(call, "subscriptionid"), bodies.version(call.path["version"], "version")
    )
    written = await _dss(call).submit(call.sub, command)
    return answer({"subscription": written.value})


async def _put_subscription(call: StandardCall, version: str | None) -> Answer:
    id = _id(call, "subscriptionid")
    body = call.body(bodies.SubscriptionBody)
    command = bodies.put_subscription(body, id, version, allow_http=_http(call))
    written = await _dss(call).submit(call.sub, command)
    intents, constraints = _around(call, command)
    told: dict[str, Any] = {"subscription": written.value}
    if intents is not None:
        told["operational_intent_references"] = intents
    if constraints is not None:
        told["constraint_references"] = constraints
    return answer(told)


def _around(call: StandardCall, command: d.PutSubscription) -> tuple[list[Any] | None, list[Any] | None]:
    """What there is where the subscription looks. It may be gone again by now: then what it was asked for."""
    dss = _dss(call)
    try:
        return dss.around(call.sub, command.id)
    except NotFound:
        return (
            dss.operational_intents(call.sub, command.box)
            if command.notify_for_operational_intents
            else None,
            dss.constraints(call.sub, command.box) if command.notify_for_constraints else None,
        )


async def make_report(call: StandardCall) -> Answer:
    written = await _dss(call).submit(call.sub, call.body(bodies.ReportBody).command())
    return answer(written.value, 201)


async def get_availability(call: StandardCall) -> Answer:
    return answer(_dss(call).availability(bodies.uss_id(call.path["uss_id"])))


async def set_availability(call: StandardCall) -> Answer:
    command = bodies.set_availability(call.body(bodies.AvailabilityBody), call.path["uss_id"])
    return answer((await _dss(call).submit(call.sub, command)).value)


async def _aside(extents: Sequence[object], make: Callable[[], T]) -> T:
    """What ``make`` makes; where there is much to cover, beside the loop, so that others need not wait."""
    return await asyncio.to_thread(make) if len(extents) > MANY_EXTENTS else make()


def _dss(call: StandardCall) -> DssPort:
    return call.exchange.dss


def _http(call: StandardCall) -> bool:
    return call.config.f3548.allow_http


def _id(call: StandardCall, name: str = "entityid") -> EntityId:
    return bodies.entity_id(call.path[name], name)


def _asked_box(call: StandardCall) -> CellBox:
    return call.body(bodies.QueryBody).box()


def _changed(name: str, written: DssWritten, status: int) -> Answer:
    return answer({"subscribers": written.subscribers, name: written.value}, status)


_FLYING = any_of(SC, SA)
_FILING: Scopes = (frozenset({SC}), frozenset({SC, CP}), frozenset({SA}))
_KNOWING = any_of(CM, CP)
_MANAGING = any_of(CM)
_WATCHING = any_of(SC, CP)

ROUTES: tuple[StandardRoute, ...] = (
    StandardRoute("POST", f"{_INTENTS}/query", _FLYING, query_intents, "Find operational intents"),
    StandardRoute(
        "GET", f"{_INTENTS}/{{entityid}}", _FLYING, get_intent, "One operational intent's reference"
    ),
    StandardRoute(
        "PUT", f"{_INTENTS}/{{entityid}}", _FILING, create_intent, "File an operational intent", write=True
    ),
    StandardRoute(
        "PUT",
        f"{_INTENTS}/{{entityid}}/{{ovn}}",
        _FILING,
        update_intent,
        "Change one that was filed",
        write=True,
    ),
    StandardRoute(
        "DELETE",
        f"{_INTENTS}/{{entityid}}/{{ovn}}",
        _FLYING,
        delete_intent,
        "End one that was filed",
        write=True,
    ),
    StandardRoute("POST", f"{_CONSTRAINTS}/query", _KNOWING, query_constraints, "Find constraints"),
    StandardRoute(
        "GET", f"{_CONSTRAINTS}/{{entityid}}", _KNOWING, get_constraint, "One constraint's reference"
    ),
    StandardRoute(
        "PUT", f"{_CONSTRAINTS}/{{entityid}}", _MANAGING, create_constraint, "File a constraint", write=True
    ),
    StandardRoute(
        "PUT",
        f"{_CONSTRAINTS}/{{entityid}}/{{ovn}}",
        _MANAGING,
        update_constraint,
        "Change a constraint",
        write=True,
    ),
    StandardRoute(
        "DELETE",
        f"{_CONSTRAINTS}/{{entityid}}/{{ovn}}",
        _MANAGING,
        delete_constraint,
        "End a constraint",
        write=True,
    ),
    StandardRoute(
        "POST", f"{_SUBSCRIPTIONS}/query", _WATCHING, query_subscriptions, "Find one's own subscriptions"
    ),
    StandardRoute(
        "GET", f"{_SUBSCRIPTIONS}/{{subscriptionid}}", _WATCHING, get_subscription, "One subscription"
    ),
    StandardRoute(
        "PUT",
        f"{_SUBSCRIPTIONS}/{{subscriptionid}}",
        _WATCHING,
        create_subscription,
        "Subscribe to an area",
        write=True,
    ),
    StandardRoute(
        "PUT",
        f"{_SUBSCRIPTIONS}/{{subscriptionid}}/{{version}}",
        _WATCHING,
        update_subscription,
        "Change a subscription",
        write=True,
    ),
    StandardRoute(
        "DELETE",
        f"{_SUBSCRIPTIONS}/{{subscriptionid}}/{{version}}",
        _WATCHING,
        delete_subscription,
        "End a subscription",
        write=True,
    ),
    StandardRoute(
        "POST", "/dss/v1/reports", any_of(SC, CP, CM, SA, AA), make_report, "Report a problem", write=True
    ),
    StandardRoute(
        "GET",
        "/dss/v1/uss_availability/{uss_id}",
        any_of(AA, SC, SA),
        get_availability,
        "Whether a USS is up",
    ),
    StandardRoute(
        "PUT",
        "/dss/v1/uss_availability/{uss_id}",
        any_of(AA),
        set_availability,
        "Say whether a USS is up",
        write=True,
    ),
)
