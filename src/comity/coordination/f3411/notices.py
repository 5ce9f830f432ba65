"""Whom a change of a service area has to be told to (F3411-22a, SubscriberToNotify).

All subscriptions that have not ended, of any owner, the caller's own included, that share a cell with where
the area was or is. Neither heights nor starts count: too many are told, and never too few.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime

from comity.coordination.cell_index import union
from comity.coordination.decision import Asked
from comity.coordination.f3411.times import over
from comity.coordination.state import State
from comity.model.f3411 import IsaSubscription
from comity.model.f3548 import CellBox, Notified, Subscriber


def notices(asked: Asked, *boxes: CellBox) -> tuple[tuple[Notified, ...], tuple[Subscriber, ...]]:
    """Each subscription with its new index, and the same grouped by base URL; in the order of ids."""
    owed = [
        (one, Notified(one.id, _next(asked, one.index))) for one in meeting(asked.state, boxes, asked.now)
    ]
    by_url: dict[str, list[Notified]] = {}
    for one, notified in owed:
        by_url.setdefault(one.url, []).append(notified)
    subscribers = tuple(Subscriber(url, tuple(of_url)) for url, of_url in sorted(by_url.items()))
    return tuple(notified for _, notified in owed), subscribers


def meeting(state: State, boxes: Iterable[CellBox], now: datetime) -> list[IsaSubscription]:
    """Subscriptions that have not ended and share a cell with any of the boxes, in the order of ids."""
    found = state.cells["isa_subscriptions"].search(union(boxes), heights=False, times=False)
    known = (state.isa_subscriptions[id] for id in sorted(found))
    return [one for one in known if not over(one.box, now)]


def _next(asked: Asked, index: int) -> int:
    """The index that the next notification carries: counted, or milliseconds since midnight."""
    if asked.state.dss.counting:
        return index + 1
    now = asked.now.astimezone(UTC)
    return ((now.hour * 60 + now.minute) * 60 + now.second) * 1_000 + now.microsecond // 1_000
