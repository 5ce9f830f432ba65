"""What a USS gets of references, subscriptions and availability: exactly the JSON of F3548-21's API.

An OVN is for its manager alone; anybody else finds ``HIDDEN`` in its place and asks the managing USS.
Cells, heights, who is hosted and which native plan a reference stands for leave by no form. Who may know of a
reference at all is decided before.

References are asked for far more often than they change, so ``Forms`` keeps them encoded. A kept one is as
good as its reference and its manager's availability, both compared by identity: they are values.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

import msgspec

from comity.ids import EntityId
from comity.model.f3548 import (
    Availability,
    AvailabilityState,
    ConstraintReference,
    OperationalIntentReference,
    Subscriber,
    Subscription,
)

HIDDEN: Final = "Available from USS"
"""Stands where somebody else's OVN would. As long as an OVN has to be at least."""

NO_SUBSCRIPTION: Final = "00000000-0000-4000-8000-000000000000"
"""``subscription_id`` is required, and a reference need have none. No subscription has this id."""

MOST_KEPT: Final = 131_072
"""Encoded forms kept, of some 600 bytes each; the oldest goes first. More costs memory alone."""

Reference = OperationalIntentReference | ConstraintReference


class Time(msgspec.Struct, frozen=True, gc=False):
    value: datetime
    format: str = "RFC3339"


class OperationalIntentReferenceForm(msgspec.Struct, frozen=True, gc=False):
    id: str
    manager: str
    uss_availability: str
    version: int
    state: str
    ovn: str
    time_start: Time | None
    time_end: Time | None
    uss_base_url: str
    subscription_id: str


class ConstraintReferenceForm(msgspec.Struct, frozen=True, gc=False):
    id: str
    manager: str
    uss_availability: str
    version: int
    ovn: str
    time_start: Time | None
    time_end: Time | None
    uss_base_url: str


class SubscriptionForm(msgspec.Struct, frozen=True, gc=False):
    id: str
    version: str
    notification_index: int
    time_start: Time | None
    time_end: Time | None
    uss_base_url: str
    notify_for_operational_intents: bool
    notify_for_constraints: bool
    implicit_subscription: bool
    dependent_operational_intents: list[str]


class SubscriptionState(msgspec.Struct, frozen=True, gc=False):
    subscription_id: str
    notification_index: int


class SubscriberToNotify(msgspec.Struct, frozen=True, gc=False):
    subscriptions: list[SubscriptionState]
    uss_base_url: str


class UssAvailabilityStatus(msgspec.Struct, frozen=True, gc=False):
    uss: str
    availability: str


class UssAvailabilityStatusResponse(msgspec.Struct, frozen=True, gc=False):
    version: str
    status: UssAvailabilityStatus


def reference_form(
    reference: OperationalIntentReference, availability: AvailabilityState, ovn: str
) -> OperationalIntentReferenceForm:
    """``ovn``: the reference's own or ``HIDDEN``, as ``ovn_for`` says."""
    return OperationalIntentReferenceForm(
        reference.id,
        reference.manager,
        availability.value,
        reference.version,
        reference.state.value,
        ovn,
        _time(reference.box.start),
        _time(reference.box.end),
        reference.url,
        reference.subscription or NO_SUBSCRIPTION,
    )


def constraint_form(
    reference: ConstraintReference, availability: AvailabilityState, ovn: str
) -> ConstraintReferenceForm:
    return ConstraintReferenceForm(
        reference.id,
        reference.manager,
        availability.value,
        reference.version,
        ovn,
        _time(reference.box.start),
        _time(reference.box.end),
        reference.url,
    )


def ovn_for(reference: Reference, manager: str) -> str:
    """What ``manager`` sees as the OVN. One that this exchange keeps for a participant shows it to nobody:
    whoever wants it asks for the details."""
    shown = reference.manager == manager and reference.hosted is None
    return reference.ovn if shown else HIDDEN


def subscription_form(subscription: Subscription, dependents: Iterable[EntityId]) -> SubscriptionForm:
    return SubscriptionForm(
        subscription.id,
        subscription.version,
        subscription.index,
        _time(subscription.box.start),
        _time(subscription.box.end),
        subscription.url,
        subscription.notify_for_operational_intents,
        subscription.notify_for_constraints,
        subscription.implicit,
        sorted(dependents),
    )


def subscriber_forms(subscribers: Iterable[Subscriber]) -> list[SubscriberToNotify]:
    return [
        SubscriberToNotify([SubscriptionState(one.id, one.index) for one in to.subscriptions], to.url)
        for to in subscribers
    ]


def availability_form(uss: str, held: Availability | None) -> UssAvailabilityStatusResponse:
    """Unknown, with an empty version, where nobody has said anything."""
    state = AvailabilityState.UNKNOWN if held is None else held.state
    version = "" if held is None else held.version
    return UssAvailabilityStatusResponse(version, UssAvailabilityStatus(uss, state.value))


class _Kept(NamedTuple):
    reference: Reference
    availability: Availability | None
    encoded: msgspec.Raw


class Forms:
    """References as JSON, each encoded once for its manager and once for everybody else."""

    def __init__(self, availability: Mapping[str, Availability]) -> None:
        self._availability = availability
        self._kept: dict[tuple[type[Any], EntityId, bool], _Kept] = {}
        self._encode = msgspec.json.Encoder().encode

    def of(self, reference: Reference, manager: str) -> msgspec.Raw:
        """The form of ``reference`` for ``manager``."""
        availability = self._availability.get(reference.manager)
        key = (type(reference), reference.id, reference.manager == manager)
        kept = self._kept.get(key)
        if kept is not None and kept.reference is reference and kept.availability is availability:
            return kept.encoded
        if kept is None and len(self._kept) >= MOST_KEPT:
            del self._kept[next(iter(self._kept))]
        encoded = msgspec.Raw(self._encode(self._form(reference, availability, manager)))
        self._kept[key] = _Kept(reference, availability, encoded)
        return encoded

    def _form(self, reference: Reference, availability: Availability | None, manager: str) -> msgspec.Struct:
        state = AvailabilityState.UNKNOWN if availability is None else availability.state
        ovn = ovn_for(reference, manager)
        if isinstance(reference, OperationalIntentReference):
            return reference_form(reference, state, ovn)
        return constraint_form(reference, state, ovn)


def _time(when: datetime | None) -> Time | None:
    return None if when is None else Time(when.astimezone(UTC))
