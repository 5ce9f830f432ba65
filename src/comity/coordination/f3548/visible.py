"""Whether a reference stands for something that USSs may know of at this moment.

A reference of a USS's own is there for all. One that this exchange keeps for a participant (``hosted``) is
there while its owner releases that kind of item to the group ``f3548``, at the level at least for which its
box was made: from the moment on at which that ends it counts nowhere, whether or not the entry that takes it
away or makes it coarser has been written.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from operator import attrgetter
from typing import TypeVar

from comity.coordination.state import State
from comity.coordination.tables import values_of
from comity.model.f3548 import CellBox, ConstraintReference, OperationalIntentReference
from comity.model.rule import Level

Reference = OperationalIntentReference | ConstraintReference
R = TypeVar("R", OperationalIntentReference, ConstraintReference)

_id = attrgetter("id")


def visible(state: State, reference: Reference, now: datetime) -> bool:
    """Whether peers may know of it."""
    if reference.hosted is None:
        return True
    levels = state.policy(now).to_peers(reference.hosted)
    given = levels.intent if isinstance(reference, OperationalIntentReference) else levels.constraint
    return given is not Level.NONE and (reference.level is None or given.rank >= reference.level.rank)


def references_in(
    state: State, box: CellBox, now: datetime, *, heights: bool = True
) -> list[OperationalIntentReference]:
    """Visible ones that share cells, times and (where asked) heights with the box, in the order of ids."""
    found = state.cells["references"].search(box, heights=heights)
    return _visible(state, values_of(state.references, found), now)


def constraints_in(state: State, box: CellBox, now: datetime) -> list[ConstraintReference]:
    """Visible ones that share cells and times with the box, whatever their heights, in the order of ids."""
    found = state.cells["constraint_references"].search(box, heights=False)
    return _visible(state, values_of(state.constraint_references, found), now)


def _visible(state: State, references: Iterable[R], now: datetime) -> list[R]:
    shown = [each for each in references if each.hosted is None or visible(state, each, now)]
    shown.sort(key=_id)
    return shown
