"""Subscriptions: put, remove, and forget what ended long ago (ASTM F3548-21, createSubscription …).

Order of checks: the request by itself, its times with the standard's defaults; that the id is free or the
version current; that it is the caller's; that it still covers the references that depend on it.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from msgspec.structs import replace

from comity.clock import micros
from comity.coordination.decision import Asked, Decision
from comity.coordination.f3548.covering import holds_cells, holds_heights, holds_times
from comity.coordination.f3548.notifications import check_crowd
from comity.coordination.f3548.standing import (
    check_current,
    check_manager,
    check_room,
    check_size,
    manager_of,
)
from comity.coordination.state import State
from comity.errors import InvalidInput, NotFound
from comity.ids import EntityId
from comity.model import dss_fact as d
from comity.model.dss_command import PruneSubscriptions, PutSubscription, RemoveSubscription
from comity.model.f3548 import CellBox, Subscription

LONGEST: Final = timedelta(hours=24)
"""F3548-21 DSS0060: no subscription lasts longer."""

SKEW: Final = timedelta(minutes=5)
"""So much a start may lie in the past, and after the start of what depends on it: clocks differ."""

KEPT: Final = timedelta(hours=24)
"""How long one that has ended can still be read. Longer costs memory."""


def put_subscription(asked: Asked, command: PutSubscription) -> Decision:
    if not (command.notify_for_operational_intents or command.notify_for_constraints):
        raise InvalidInput(
            "notify_for_operational_intents or notify_for_constraints must be true",
            field="notify_for_operational_intents",
        )
    check_size(command.box)
    held = asked.state.subscriptions.get(command.id)
    box = _timed(command.box, held.box if held and command.version is not None else None, asked.now)
    if held is not None:
        check_current(command.version, held.version, "version")
        check_manager(asked, held.manager, held.hosted)
        _check_dependents(asked.state, held, box)
    elif command.version is not None:
        raise InvalidInput("there is no subscription with this id", field="subscriptionid")
    else:
        check_room(asked)
    check_crowd(asked, box, command.id)
    writes = 1 if held is None else held.writes + 1
    subscription = Subscription(
        id=command.id,
        manager=manager_of(asked),
        box=box,
        url=command.url,
        notify_for_operational_intents=command.notify_for_operational_intents,
        notify_for_constraints=command.notify_for_constraints,
        implicit=False,
        version=asked.ids.ovn(f"{command.id}/{micros(asked.now)}", writes),
        writes=writes,
        index=0 if held is None else held.index,
    )
    return Decision((d.SubscriptionPut(subscription),), created=held is None)


def remove_subscription(asked: Asked, command: RemoveSubscription) -> Decision:
    if not command.version:
        raise InvalidInput("the path must name the subscription's version", field="version")
    held = asked.state.subscriptions.get(command.id)
    if held is None:
        raise NotFound("there is no subscription with this id", field="subscriptionid")
    check_manager(asked, held.manager, held.hosted)
    check_current(command.version, held.version, "version")
    if asked.state.dependents.get(held.id):
        raise InvalidInput("operational intents depend on this subscription", field="subscriptionid")
    return Decision((d.SubscriptionRemoved(held),))


def prune(asked: Asked, command: PruneSubscriptions) -> Decision:
    """Each is looked at again: it may have been renewed or have gone meanwhile."""
    held = (asked.state.subscriptions.get(id) for id in dict.fromkeys(command.ids))
    before = min(command.before, asked.now)
    return Decision(
        tuple(d.SubscriptionRemoved(each) for each in held if each and outlived(asked.state, each, before))
    )


def outlived(state: State, held: Subscription, now: datetime) -> bool:
    """Whether it ended so long ago that it is forgotten, with nothing that depends on it."""
    end = held.box.end
    return end is not None and end + KEPT < now and not state.dependents.get(held.id)


def _timed(box: CellBox, held: CellBox | None, now: datetime) -> CellBox:
    """With the standard's defaults for what is missing; ``held``: what an update starts from."""
    if box.start is not None and box.start < now - SKEW:
        raise InvalidInput("time_start must not be more than 5 minutes in the past", field="time_start")
    start = box.start or (held.start if held else None) or now
    end = box.end or (held.end if held else None) or start + LONGEST
    if end < start:
        raise InvalidInput("time_end must not be before time_start", field="time_end")
    if end < now:
        raise InvalidInput("time_end must not be in the past", field="time_end")
    if end - start > LONGEST:
        raise InvalidInput("a subscription lasts 24 hours at most", field="time_end")
    return replace(box, start=start, end=end)


def _check_dependents(state: State, held: Subscription, box: CellBox) -> None:
    dependents: frozenset[EntityId] = state.dependents.get(held.id, frozenset())
    for id in dependents:
        needs = state.references[id].box
        served = holds_cells(box, needs) and holds_heights(box, needs) and holds_times(box, needs, SKEW)
        if not served:
            raise InvalidInput(
                "the subscription must go on covering the operational intents that depend on it",
                field="extents",
            )
