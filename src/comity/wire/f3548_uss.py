"""Bodies that USSs send each other: exactly the JSON of ASTM F3548-21's USS-USS interface, both ways.

What comes in may have further fields, which are ignored, and null for what may be left out. Volumes are those
of ``wire.f3548``.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

import msgspec
from msgspec import Meta

from comity.wire.f3548 import Time, Volume4D

UuidText = Annotated[
    str,
    Meta(pattern=r"^[0-9a-fA-F]{8}-[0-9a-fA-F]{4}-4[0-9a-fA-F]{3}-[89abAB][0-9a-fA-F]{3}-[0-9a-fA-F]{12}$"),
]
"""UUIDv4Format of the interface."""

PeerState = Literal["Accepted", "Activated", "Nonconforming", "Contingent"]

HIDDEN_OVN = "Available from USS"
"""What a DSS shows in the place of a foreign ovn; no USS may send it as one."""


class _Form(msgspec.Struct, frozen=True, omit_defaults=True):
    pass


Forms = tuple[Volume4D, ...]
"""Volumes of details, in the order in which they came."""


class OperationalIntentReference(_Form, frozen=True):
    id: UuidText
    manager: str
    uss_availability: str
    version: int
    state: PeerState
    time_start: Time
    time_end: Time
    uss_base_url: str
    subscription_id: str
    ovn: str | None = None


class OperationalIntentDetails(_Form, frozen=True):
    volumes: Forms | None = None
    off_nominal_volumes: Forms | None = None
    priority: int | None = None


class OperationalIntent(_Form, frozen=True):
    reference: OperationalIntentReference
    details: OperationalIntentDetails


class OperationalIntentAnswer(_Form, frozen=True):
    """GetOperationalIntentDetailsResponse."""

    operational_intent: OperationalIntent


class ConstraintReference(_Form, frozen=True):
    id: UuidText
    manager: str
    uss_availability: str
    version: int
    time_start: Time
    time_end: Time
    uss_base_url: str
    ovn: str | None = None


class ConstraintDetails(_Form, frozen=True):
    """``geozone``: as it came, an ED-269 zone."""

    volumes: Annotated[Forms, Meta(min_length=1)]
    type: str | None = None
    geozone: dict[str, Any] | None = None


class Constraint(_Form, frozen=True):
    reference: ConstraintReference
    details: ConstraintDetails


class ConstraintAnswer(_Form, frozen=True):
    """GetConstraintDetailsResponse."""

    constraint: Constraint


class SubscriptionState(_Form, frozen=True):
    subscription_id: UuidText
    notification_index: Annotated[int, Meta(ge=0)]


class IntentNotice(_Form, frozen=True):
    """PutOperationalIntentDetailsParameters. Without the intent: it was deleted."""

    operational_intent_id: UuidText
    subscriptions: Annotated[tuple[SubscriptionState, ...], Meta(min_length=1)]
    operational_intent: OperationalIntent | None = None


class ConstraintNotice(_Form, frozen=True):
    """PutConstraintDetailsParameters, likewise."""

    constraint_id: UuidText
    subscriptions: Annotated[tuple[SubscriptionState, ...], Meta(min_length=1)]
    constraint: Constraint | None = None
