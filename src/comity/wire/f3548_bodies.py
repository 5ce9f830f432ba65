"""Bodies of F3548-21's DSS operations, made into commands: everything that is refused as malformed.

Checked here is what neither the state nor the asker's rights decide: shapes, identifiers, URLs, states that
there are, fields that exclude each other, bounds that must be given, an end that is past. What an update may
leave out, the DSS decides, as it does all that depends on what it holds.

``allow_http``: take base URLs without TLS, for test set-ups.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import datetime
from functools import lru_cache
from typing import Annotated, Any, Final, Literal
from urllib.parse import urlsplit

import msgspec
from msgspec import Meta

from comity.clock import micros
from comity.errors import InvalidInput
from comity.ids import EntityId
from comity.model.dss_command import (
    FileReport,
    NewSubscription,
    PutConstraintReference,
    PutReference,
    PutSubscription,
    SetAvailability,
)
from comity.model.f3548 import LONGEST_MANAGER, AvailabilityState, CellBox
from comity.model.intent import IntentState
from comity.wire.f3548 import Time, Volume4D, extent, extents

LONGEST_URL: Final = 2_000
"""Characters of a base URL; what browsers and servers take alike."""

SUFFIX_WITHIN_MS: Final = 300_000
"""How far the time in a wished ovn's suffix may be from now."""

_UUID4: Final = re.compile(
    r"([0-9a-f]{8})(-?)([0-9a-f]{4})\2(4[0-9a-f]{3})\2([89ab][0-9a-f]{3})\2([0-9a-f]{12})\Z", re.I | re.A
)
_UUID7: Final = re.compile(
    r"([0-9a-f]{8})-([0-9a-f]{4})-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}\Z", re.I | re.A
)
"""RFC 9562: the first 48 bits are milliseconds since 1970."""


class ImplicitSubscription(msgspec.Struct, frozen=True, gc=False):
    uss_base_url: str
    notify_for_constraints: bool | None = False


class OperationalIntentBody(msgspec.Struct, frozen=True, gc=False):
    """PutOperationalIntentReferenceParameters, with the extension ``requested_ovn_suffix``."""

    extents: tuple[Volume4D, ...]
    state: Literal["Accepted", "Activated", "Nonconforming", "Contingent"]
    uss_base_url: str
    key: tuple[str, ...] | None = None
    subscription_id: str | None = None
    new_subscription: ImplicitSubscription | None = None
    requested_ovn_suffix: str | None = None


class ConstraintBody(msgspec.Struct, frozen=True, gc=False):
    """PutConstraintReferenceParameters."""

    extents: tuple[Volume4D, ...]
    uss_base_url: str


class SubscriptionBody(msgspec.Struct, frozen=True, gc=False):
    """PutSubscriptionParameters."""

    extents: Volume4D
    uss_base_url: str
    notify_for_operational_intents: bool | None = False
    notify_for_constraints: bool | None = False


class QueryBody(msgspec.Struct, frozen=True, gc=False):
    """The parameters of all three queries. The area is needed: there is no search of everything."""

    area_of_interest: Volume4D

    def box(self) -> CellBox:
        return extent(self.area_of_interest, "area_of_interest")


class AvailabilityBody(msgspec.Struct, frozen=True, gc=False):
    """SetUssAvailabilityStatusParameters."""

    availability: str
    old_version: str | None = ""


class WrittenTime(msgspec.Struct, frozen=True, gc=False):
    """A time whose text is kept."""

    value: str
    format: Literal["RFC3339"]

    def __post_init__(self) -> None:
        try:
            msgspec.convert({"value": self.value, "format": self.format}, Time)
        except msgspec.ValidationError as error:
            raise InvalidInput("a time is RFC 3339 with a zone", field="value") from error


class ExchangeRecord(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """What of an ErrorReport's exchange is declared. The standard also demands a ``request_source`` that it
    declares nowhere; one may leave it out. Times are kept as they were written."""

    url: str
    method: str
    recorder_role: Literal["Client", "Server"]
    request_time: WrittenTime
    headers: tuple[str, ...] | None = None
    request_source: str | float | bool | msgspec.UnsetType | None = msgspec.UNSET
    request_body: str | None = None
    response_time: WrittenTime | None = None
    response_body: str | None = None
    response_code: Annotated[int, Meta(ge=-(2**31), lt=2**31)] | None = None
    problem: str | None = None


class ReportBody(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """ErrorReport. A ``report_id`` that the reporter gives is ignored, as is what is not declared."""

    exchange: ExchangeRecord

    def command(self) -> FileReport:
        return FileReport(msgspec.to_builtins(self))


def entity_id(text: str, field: str) -> EntityId:
    """A UUID of version 4, with its dashes or as 32 hexadecimal digits; answered in dashed lower case."""
    found = _UUID4.match(text)
    if found is not None:
        return EntityId("-".join(found.group(1, 3, 4, 5, 6)).lower())
    raise InvalidInput("an id is a UUID of version 4 (RFC 4122)", field=field)


def version(text: str, field: str) -> str:
    """An ovn or a version from a path: any, but there must be one."""
    if not text:
        raise InvalidInput(f"the path must end with the current {field}", field=field)
    return text


@lru_cache(maxsize=1_024)
def base_url(text: str, field: str, *, allow_http: bool) -> str:
    """A base URL to which paths can be appended."""
    schemes = ("https", "http") if allow_http else ("https",)
    try:
        parts = urlsplit(text)
        good = parts.scheme in schemes and bool(parts.hostname) and parts.port != 0
    except ValueError as error:
        raise InvalidInput("this is no URL", field=field) from error
    if not good or len(text) > LONGEST_URL or not text.isascii() or not text.isprintable() or " " in text:
        raise InvalidInput(
            f"a base URL is {' or '.join(schemes)}, a host and a path, at most {LONGEST_URL} characters",
            field=field,
        )
    if parts.username is not None or parts.query or parts.fragment:
        raise InvalidInput("a base URL has no user, query or fragment", field=field)
    return text


def put_reference(
    body: OperationalIntentBody, id: EntityId, ovn: str | None, now: datetime, *, allow_http: bool
) -> PutReference:
    state = IntentState(body.state)
    if ovn is None and state is not IntentState.ACCEPTED:
        raise InvalidInput("a new operational intent is Accepted", field="state")
    new, given = body.new_subscription, body.subscription_id
    if new is not None and given:
        raise InvalidInput("give either subscription_id or new_subscription", field="new_subscription")
    if new is None and not given and state is not IntentState.ACCEPTED:
        raise InvalidInput(f"{state} needs subscription_id or new_subscription", field="subscription_id")
    box = extents(body.extents)
    _check_bounds(box, body.extents, now, heights=True)
    return PutReference(
        id=id,
        ovn=ovn,
        box=box,
        state=state,
        url=base_url(body.uss_base_url, "uss_base_url", allow_http=allow_http),
        key=body.key or (),
        subscription=entity_id(given, "subscription_id") if given else None,
        new_subscription=None if new is None else _implicit(new, allow_http),
        ovn_suffix=_suffix(body.requested_ovn_suffix, now),
    )


def put_constraint(
    body: ConstraintBody, id: EntityId, ovn: str | None, now: datetime, *, allow_http: bool
) -> PutConstraintReference:
    box = extents(body.extents)
    _check_bounds(box, body.extents, now, heights=False)
    return PutConstraintReference(
        id, ovn, box, base_url(body.uss_base_url, "uss_base_url", allow_http=allow_http)
    )


def put_subscription(
    body: SubscriptionBody, id: EntityId, version: str | None, *, allow_http: bool
) -> PutSubscription:
    intents, constraints = bool(body.notify_for_operational_intents), bool(body.notify_for_constraints)
    if not intents and not constraints:
        raise InvalidInput(
            "a subscription is for operational intents, constraints or both",
            field="notify_for_operational_intents",
        )
    return PutSubscription(
        id=id,
        version=version,
        box=extent(body.extents, "extents"),
        url=base_url(body.uss_base_url, "uss_base_url", allow_http=allow_http),
        notify_for_operational_intents=intents,
        notify_for_constraints=constraints,
    )


def set_availability(body: AvailabilityBody, uss: str) -> SetAvailability:
    """The state's case does not matter, and an empty one is Unknown."""
    word = body.availability.lower() or "unknown"
    for state in AvailabilityState:
        if state.lower() == word:
            return SetAvailability(uss_id(uss), state, body.old_version or "")
    raise InvalidInput("availability is Unknown, Normal or Down", field="availability")


def uss_id(text: str) -> str:
    """The ``sub`` of some USS's tokens, which need not have written anything yet."""
    if not 1 <= len(text) <= LONGEST_MANAGER or not text.isprintable():
        raise InvalidInput(f"a USS's id has 1 to {LONGEST_MANAGER} printable characters", field="uss_id")
    return text


def _implicit(new: ImplicitSubscription, allow_http: bool) -> NewSubscription:
    url = base_url(new.uss_base_url, "new_subscription.uss_base_url", allow_http=allow_http)
    return NewSubscription(url, bool(new.notify_for_constraints))


def _check_bounds(box: CellBox, volumes: Sequence[Volume4D], now: datetime, *, heights: bool) -> None:
    """Each volume must have its times, and where ``heights`` its altitudes; the last end is yet to come."""
    for number, volume in enumerate(volumes):
        given: dict[str, Any] = {"time_start": volume.time_start, "time_end": volume.time_end}
        if heights:
            given["volume.altitude_lower"] = volume.volume.altitude_lower
            given["volume.altitude_upper"] = volume.volume.altitude_upper
        for name, bound in given.items():
            if bound is None:
                raise InvalidInput(f"{name} is required", field=f"extents[{number}].{name}")
    if box.end is not None and box.end < now:
        raise InvalidInput("the last time_end must not be past", field="extents")


def _suffix(text: str | None, now: datetime) -> str | None:
    """A wished ovn's suffix: a UUID of version 7 whose time is about now."""
    if not text:
        return None
    found = _UUID7.match(text)
    if found is not None:
        ahead_ms = int(found[1] + found[2], 16) - micros(now) // 1_000
        if abs(ahead_ms) <= SUFFIX_WITHIN_MS:
            return text.lower()
    raise InvalidInput(
        "requested_ovn_suffix is a UUID of version 7, made within 5 minutes of now",
        field="requested_ovn_suffix",
    )
