"""What a USS gets of identification service areas and subscriptions: exactly the JSON of F3411-22a's API.

An area is there for whoever has the scope for it: its owner put it at the DSS to be found. Cells and heights
never leave. Of a subscription a reader gets what its owner wrote, and the index of its last notification.

Each form is written from the value alone, so that whoever answers needs nothing of whoever decided.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime

import msgspec

from comity.model.f3411 import IsaSubscription, ServiceArea
from comity.model.f3548 import Subscriber


class Time(msgspec.Struct, frozen=True):
    value: datetime
    format: str = "RFC3339"


class IdentificationServiceArea(msgspec.Struct, frozen=True):
    id: str
    owner: str
    uss_base_url: str
    time_start: Time
    time_end: Time
    version: str


class Subscription(msgspec.Struct, frozen=True):
    id: str
    owner: str
    uss_base_url: str
    notification_index: int
    time_start: Time
    time_end: Time
    version: str


class SubscriptionState(msgspec.Struct, frozen=True):
    subscription_id: str
    notification_index: int


class SubscriberToNotify(msgspec.Struct, frozen=True):
    url: str
    subscriptions: tuple[SubscriptionState, ...]


class AreaWritten(msgspec.Struct, frozen=True):
    """PutIdentificationServiceAreaResponse, and the one to a delete."""

    service_area: IdentificationServiceArea
    subscribers: tuple[SubscriberToNotify, ...]


class AreaRead(msgspec.Struct, frozen=True):
    service_area: IdentificationServiceArea


class AreasFound(msgspec.Struct, frozen=True):
    service_areas: tuple[IdentificationServiceArea, ...]


class SubscriptionWritten(msgspec.Struct, frozen=True):
    """PutSubscriptionResponse."""

    subscription: Subscription
    service_areas: tuple[IdentificationServiceArea, ...]


class SubscriptionRead(msgspec.Struct, frozen=True):
    """GetSubscriptionResponse, and DeleteSubscriptionResponse."""

    subscription: Subscription


class SubscriptionsFound(msgspec.Struct, frozen=True):
    subscriptions: tuple[Subscription, ...]


def area_form(area: ServiceArea) -> IdentificationServiceArea:
    start, end = area.box.start, area.box.end
    assert start is not None, "deciding sets both times"
    assert end is not None, "deciding sets both times"
    return IdentificationServiceArea(area.id, area.owner, area.url, Time(start), Time(end), area.version)


def area_forms(areas: Iterable[ServiceArea]) -> tuple[IdentificationServiceArea, ...]:
    return tuple(map(area_form, areas))


def subscription_form(given: IsaSubscription) -> Subscription:
    start, end = given.box.start, given.box.end
    assert start is not None, "deciding sets both times"
    assert end is not None, "deciding sets both times"
    times = Time(start), Time(end)
    return Subscription(given.id, given.owner, given.url, given.index, *times, given.version)


def subscriber_forms(subscribers: Iterable[Subscriber]) -> tuple[SubscriberToNotify, ...]:
    return tuple(
        SubscriberToNotify(
            each.url, tuple(SubscriptionState(one.id, one.index) for one in each.subscriptions)
        )
        for each in subscribers
    )
