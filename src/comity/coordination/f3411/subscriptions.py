"""Subscriptions to identification service areas: put and remove (F3411-22a, createSubscription and the like).

Order of checks: the version's form; for a new one its times, then that the id is free; for a change that
there is one, that the version is current, that it is the caller's, then the times; last the number that one
owner may have in a place (DSS0050). The one being changed does not count against itself.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Final

from comity.coordination.decision import Asked, Decision
from comity.coordination.f3411.notices import meeting
from comity.coordination.f3411.times import subscription_times
from comity.coordination.f3411.versions import check_current, check_form, new_version
from comity.coordination.f3548.standing import check_room, manager_of
from comity.errors import InvalidInput, NotFound, NotPermitted, QuotaExceeded, WrongState
from comity.geo.cells import cell_of, level_of, parent, token
from comity.model.dss_command import PutIsaSubscription, RemoveIsaSubscription
from comity.model.dss_fact import IsaSubscriptionPut, IsaSubscriptionRemoved
from comity.model.f3411 import IsaSubscription
from comity.model.f3548 import CellBox

MOST_IN_A_CELL: Final = 10
"""Subscriptions of one owner that have not ended and share a cell (F3411-22a DSS0050)."""


def put_subscription(asked: Asked, command: PutIsaSubscription) -> Decision:
    check_form(command.version)
    old = asked.state.isa_subscriptions.get(command.id)
    if command.version is None:
        box = subscription_times(command.box, None, asked.now)
        if old is not None:
            raise WrongState("there is a subscription with this id already", field="id")
        check_room(asked)
        writes, index = 1, 0
    else:
        if old is None:
            raise InvalidInput("there is no subscription with this id", field="id")
        check_current(command.version, old.version)
        _check_own(asked, old)
        box = subscription_times(command.box, old.box, asked.now)
        writes, index = old.writes + 1, old.index
    _check_number(asked, command, box)
    version = new_version(asked, command.id, writes)
    put = IsaSubscription(command.id, manager_of(asked), box, command.url, version, writes, index)
    return Decision((IsaSubscriptionPut(put),), created=old is None)


def remove_subscription(asked: Asked, command: RemoveIsaSubscription) -> Decision:
    check_form(command.version)
    old = asked.state.isa_subscriptions.get(command.id)
    if old is None:
        raise NotFound("there is no subscription with this id", field="id")
    check_current(command.version, old.version)
    _check_own(asked, old)
    return Decision((IsaSubscriptionRemoved(old),))


def _check_own(asked: Asked, subscription: IsaSubscription) -> None:
    if subscription.owner != manager_of(asked):
        raise NotPermitted("this subscription is another's", field="id")


def _check_number(asked: Asked, command: PutIsaSubscription, box: CellBox) -> None:
    owner = manager_of(asked)
    others = [
        one.box
        for one in meeting(asked.state, [box], asked.now)
        if one.owner == owner and one.id != command.id
    ]
    if len(others) >= MOST_IN_A_CELL and deepest(box, others) >= MOST_IN_A_CELL:
        raise QuotaExceeded(
            f"you have {MOST_IN_A_CELL} subscriptions in a part of this area, the most allowed"
        )


def deepest(box: CellBox, others: Sequence[CellBox]) -> int:
    """How many of the others lie over one and the same spot of the box, at most."""
    levels = {_level(one) for one in (box, *others)}
    own = frozenset(box.cells)
    if len(levels) == 1:
        return max(
            Counter(cell for one in others for cell in own.intersection(one.cells)).values(), default=0
        )
    sets = [frozenset(one.cells) for one in others]
    spots = (set(_held(cell, levels)) for cell in own.union(*sets))
    return max(
        (sum(not one.isdisjoint(spot) for one in sets) for spot in spots if not own.isdisjoint(spot)),
        default=0,
    )


def _held(cell: str, levels: set[int]) -> list[str]:
    """The cell, and those of coarser levels that hold it."""
    number = cell_of(cell)
    return [token(parent(number, level)) for level in levels if level <= level_of(number)]


def _level(box: CellBox) -> int:
    return level_of(cell_of(box.cells[0]))
