"""Forgetting service areas and subscriptions that ended long ago, so that memory is bounded by use.

F3411-22a lets a subscription go once it has ended; an area that has ended is found by its id for ``KEPT`` and
by no search. Nobody is notified: whoever knew of it knew when it would end.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from comity.coordination.decision import Asked, Decision
from comity.model.dss_command import PruneIdentification
from comity.model.dss_fact import IsaSubscriptionRemoved, ServiceAreaRemoved
from comity.model.f3548 import CellBox
from comity.model.fact import Fact

KEPT: Final = timedelta(hours=24)
"""How long what has ended can still be read by its id. Longer costs memory."""


def outlived(box: CellBox, now: datetime) -> bool:
    return box.end is not None and box.end + KEPT < now


def prune(asked: Asked, command: PruneIdentification) -> Decision:
    """Each is looked at again: it may have been renewed or have gone meanwhile."""
    state, before = asked.state, min(command.before, asked.now)
    areas = (state.service_areas.get(id) for id in dict.fromkeys(command.areas))
    held = (state.isa_subscriptions.get(id) for id in dict.fromkeys(command.subscriptions))
    gone: tuple[Fact, ...] = (
        *(ServiceAreaRemoved(each) for each in areas if each and outlived(each.box, before)),
        *(IsaSubscriptionRemoved(each) for each in held if each and outlived(each.box, before)),
    )
    return Decision(gone)
