"""Who asks, and what they may: the manager behind a command, its allowance, and whether it is Down.

The manager is the ``sub`` of the caller's token. The envelope's ``participant`` is the ledger's name for it,
which for a ``sub`` that is no plain word is a digest; ``person`` then holds the ``sub`` itself.
"""

from __future__ import annotations

from collections.abc import Iterable

from comity.coordination.decision import Asked
from comity.coordination.f3548.keys import KEYED, is_down
from comity.coordination.state import State
from comity.errors import NotPermitted, QuotaExceeded, StaleOvn, TooLarge, UssDown
from comity.geo.coverage import MOST_CELLS
from comity.model import dss_fact as d
from comity.model.f3411 import IsaSubscription, ServiceArea
from comity.model.f3548 import (
    PEER,
    CellBox,
    ConstraintReference,
    OperationalIntentReference,
    Subscription,
    peer,
)
from comity.model.fact import Fact
from comity.model.intent import IntentState

_Boxed = OperationalIntentReference | ConstraintReference | Subscription | ServiceArea | IsaSubscription


def manager_of(asked: Asked) -> str:
    by = asked.by
    said = str(by.person)
    if peer(said) == by.participant:
        return said
    return by.participant.removeprefix(PEER)


def check_manager(asked: Asked, manager: str, hosted: object) -> None:
    """Only who made it may change it; what is hosted, nobody from outside, whatever its token says."""
    if manager != manager_of(asked) or hosted is not None:
        raise NotPermitted("this is managed by another USS", field="id")


def check_current(given: str | None, current: str, field: str = "ovn") -> None:
    if given is None:
        raise StaleOvn("there is one with this id already; a change has to name its version", field="id")
    if given != current:
        raise StaleOvn(f"{field} is not the current one; read it again", field=field)


def check_not_down(asked: Asked, state: IntentState | None) -> None:
    """F3548-21, UssAvailabilityState: what a USS that is Down may not do. ``state`` None: to delete."""
    if (state is None or state in KEYED) and is_down(asked.state, manager_of(asked)):
        raise UssDown(
            "this USS is marked Down: until it is Normal again it may neither delete an operational intent "
            "nor have one Accepted or Activated"
        )


def check_room(asked: Asked) -> None:
    """So many entities may one manager have, what has ended and was not deleted included."""
    if asked.state.managed.get(manager_of(asked), 0) >= asked.state.dss.entities_per_manager:
        raise _full(asked)


def check_growth(asked: Asked, facts: Iterable[Fact]) -> None:
    """The same of what a decision would make larger: an entity of many cells counts for several."""
    state = asked.state
    growth = sum(_growth(state, fact) for fact in facts)
    if growth > 0 and state.managed.get(manager_of(asked), 0) + growth > state.dss.entities_per_manager:
        raise _full(asked)


def _growth(state: State, fact: Fact) -> int:
    match fact:
        case d.ReferencePut(reference=intent):
            return _grown(intent.box, state.references.get(intent.id))
        case d.ConstraintReferencePut(reference=constraint):
            return _grown(constraint.box, state.constraint_references.get(constraint.id))
        case d.SubscriptionPut(subscription=subscription):
            return _grown(subscription.box, state.subscriptions.get(subscription.id))
        case d.ServiceAreaPut(area=area):
            return _grown(area.box, state.service_areas.get(area.id))
        case d.IsaSubscriptionPut(subscription=isa_subscription):
            return _grown(isa_subscription.box, state.isa_subscriptions.get(isa_subscription.id))
        case _:
            return 0


def _grown(box: CellBox, held: _Boxed | None) -> int:
    return box.weight - (0 if held is None else held.box.weight)


def _full(asked: Asked) -> QuotaExceeded:
    limit = asked.state.dss.entities_per_manager
    return QuotaExceeded(
        f"this USS has {limit} entities in the DSS, which is its limit (large ones count for several); "
        "delete some"
    )


def check_size(box: CellBox) -> None:
    """Cells are recorded and searched by; the standards' largest area has far fewer."""
    if len(box.cells) > MOST_CELLS:
        raise TooLarge(f"extents must have at most {MOST_CELLS} cells of the DSS together", field="extents")
