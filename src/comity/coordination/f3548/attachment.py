"""The subscription of an operational intent reference: given, made with it, widened, or let go.

A given one must be the caller's, cover the reference in cells and times (heights do not count), and ask for
operational intents. An *implicit* one, made with a reference, is widened where it does not cover, and
removed with the last reference that depends on it.
"""

from __future__ import annotations

import msgspec
from msgspec.structs import replace

from comity.clock import micros
from comity.coordination.decision import Asked
from comity.coordination.f3548.covering import holds_cells, holds_times
from comity.coordination.f3548.notifications import check_crowd
from comity.coordination.f3548.standing import check_room, check_size, manager_of
from comity.errors import InvalidInput, NotPermitted
from comity.geo.coverage import union
from comity.ids import EntityId
from comity.model.dss_command import NewSubscription, PutReference
from comity.model.f3548 import CellBox, OperationalIntentReference, Subscription


class Attachment(msgspec.Struct, frozen=True):
    """``subscription``: the one that the reference has from now on. ``put``: whether it is new or was
    widened. ``gone``: an implicit one that nothing depends on any more."""

    subscription: Subscription | None = None
    put: bool = False
    gone: Subscription | None = None

    @property
    def id(self) -> EntityId | None:
        return None if self.subscription is None else self.subscription.id

    @property
    def constraints(self) -> bool:
        return self.subscription is not None and self.subscription.notify_for_constraints


def attach(
    asked: Asked, command: PutReference, old: OperationalIntentReference | None, version: int
) -> Attachment:
    """What becomes of the subscription when ``command`` is carried out; refuses one that cannot serve."""
    if command.new_subscription is not None:
        made = _made(asked, command, command.new_subscription, version)
        return Attachment(made, True, _let_go(asked, old, made.id))
    if not command.subscription:
        return Attachment(gone=_let_go(asked, old, None))
    given = _given(asked, command.subscription)
    gone = _let_go(asked, old, given.id)
    if holds_cells(given.box, command.box) and holds_times(given.box, command.box):
        return Attachment(given, False, gone)
    if not given.implicit:
        raise InvalidInput(
            "the subscription must cover the operational intent in area and time", field="subscription_id"
        )
    return Attachment(_widened(asked, given, command.box), True, gone)


def detach(asked: Asked, old: OperationalIntentReference) -> Subscription | None:
    """The implicit subscription that goes when this reference does."""
    return _let_go(asked, old, None)


def _made(asked: Asked, command: PutReference, given: NewSubscription, version: int) -> Subscription:
    """For the whole height: subscriptions are not matched by it."""
    check_room(asked)
    check_crowd(asked, command.box)
    manager, at = manager_of(asked), micros(asked.now)
    id = asked.ids.entity("subscription", manager, f"{command.id}/{at}/{version}")
    return Subscription(
        id=id,
        manager=manager,
        box=replace(command.box, lower_m=None, upper_m=None),
        url=given.url,
        notify_for_operational_intents=True,
        notify_for_constraints=given.notify_for_constraints,
        implicit=True,
        version=asked.ids.ovn(f"{id}/{at}", 1),
        writes=1,
    )


def _given(asked: Asked, id: EntityId) -> Subscription:
    found = asked.state.subscriptions.get(id)
    if found is None:
        raise InvalidInput("there is no subscription with this id", field="subscription_id")
    if found.manager != manager_of(asked) or found.hosted is not None:
        raise NotPermitted("the subscription is managed by another USS", field="subscription_id")
    if not found.notify_for_operational_intents:
        raise InvalidInput(
            "the subscription of an operational intent must notify for operational intents",
            field="subscription_id",
        )
    return found


def _widened(asked: Asked, held: Subscription, box: CellBox) -> Subscription:
    wider = union((held.box, replace(box, lower_m=None, upper_m=None)))
    check_size(wider)
    writes = held.writes + 1
    version = asked.ids.ovn(f"{held.id}/{micros(asked.now)}", writes)
    return replace(held, box=wider, version=version, writes=writes)


def _let_go(
    asked: Asked, old: OperationalIntentReference | None, kept: EntityId | None
) -> Subscription | None:
    """The implicit subscription that loses its last reference."""
    if old is None or old.subscription is None or old.subscription == kept:
        return None
    held = asked.state.subscriptions.get(old.subscription)
    if held is None or not held.implicit:
        return None
    return held if asked.state.dependents.get(held.id) == frozenset((old.id,)) else None
