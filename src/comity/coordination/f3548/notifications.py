"""Whom a change has to be told to (ASTM F3548-21, SubscriberToNotify).

All subscriptions that have not ended, of any manager, the caller's own included, that ask for this kind of
change and share a cell and a time with where the thing was or is. Heights do not count: too many are told
and never too few. The index moves with the fact that carries it, and so not at all for a write that fails.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from enum import StrEnum
from typing import Final

from comity.coordination.decision import Asked
from comity.coordination.f3548.standing import manager_of
from comity.coordination.state import State
from comity.errors import QuotaExceeded
from comity.geo.coverage import union
from comity.ids import EntityId
from comity.model.f3548 import CellBox, Notified, Subscriber, Subscription

MOST_THERE: Final = 1_000
"""Subscriptions of one manager that may share a place. Every write there lists and records all of them, so
one manager's many are everybody's work; a USS needs one for a place."""

Notices = tuple[tuple[Notified, ...], tuple[Subscriber, ...]]
"""Each subscription with its new index, and the same grouped by base URL."""


class About(StrEnum):
    OPERATIONAL_INTENTS = "operational_intents"
    CONSTRAINTS = "constraints"


def notices(
    asked: Asked,
    about: About,
    *boxes: CellBox,
    put: Subscription | None = None,
    gone: EntityId | None = None,
) -> Notices:
    """``put``: a subscription as this same write makes or widens it. ``gone``: one that it removes."""
    box = boxes[0] if all(each == boxes[0] for each in boxes[1:]) else union(boxes)
    found = {each.id: each for each in listening(asked.state, about, box, asked.now)}
    if gone is not None:
        found.pop(gone, None)
    if put is not None and asks(put, about):
        found[put.id] = put
    return grouped((found[id], Notified(id, next_index(asked, found[id].index))) for id in sorted(found))


def listening(state: State, about: About, box: CellBox, now: datetime) -> list[Subscription]:
    """Subscriptions that ask for this kind of change, have not ended, and share a cell and a time."""
    found = state.cells["subscriptions"].search(box, heights=False)
    held = (state.subscriptions[id] for id in found)
    return [each for each in held if asks(each, about) and not ended(each, now)]


def check_crowd(asked: Asked, box: CellBox, own: EntityId | None = None) -> None:
    """Whether the manager may have one more subscription there; ``own``: the one that is changed."""
    state = asked.state
    found = state.cells["subscriptions"].search(box, heights=False)
    if len(found) < MOST_THERE:
        return
    manager, held = manager_of(asked), (state.subscriptions[id] for id in found if id != own)
    if sum(1 for each in held if each.manager == manager and not ended(each, asked.now)) >= MOST_THERE:
        raise QuotaExceeded(f"this USS has {MOST_THERE} subscriptions there, which is its limit; delete some")


def grouped(owed: Iterable[tuple[Subscription, Notified]]) -> Notices:
    notified: list[Notified] = []
    by_url: dict[str, list[Notified]] = {}
    for subscription, one in owed:
        notified.append(one)
        by_url.setdefault(subscription.url, []).append(one)
    subscribers = tuple(Subscriber(url, tuple(of_url)) for url, of_url in sorted(by_url.items()))
    return tuple(notified), subscribers


def asks(subscription: Subscription, about: About) -> bool:
    if about is About.CONSTRAINTS:
        return subscription.notify_for_constraints
    return subscription.notify_for_operational_intents


def ended(subscription: Subscription, now: datetime) -> bool:
    end = subscription.box.end
    return end is not None and end < now


def next_index(asked: Asked, index: int) -> int:
    """The index that the next notification carries: counted, or milliseconds since midnight."""
    if asked.state.dss.counting:
        return index + 1
    now = asked.now.astimezone(UTC)
    return ((now.hour * 60 + now.minute) * 60 + now.second) * 1_000 + now.microsecond // 1_000
