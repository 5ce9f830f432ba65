"""The key: proof that a writer knows what is around the place it asks for (ASTM F3548-21, DSS0210).

Every visible reference that shares cells, heights and times with the new box has to have its current OVN in
the key, whoever manages it, the caller's own others included. Exempt is what is Accepted and managed by a USS
that is marked Down. Where the writer's subscription asks for constraints, those that share cells and
times are needed as well. OVNs that are not needed do no harm, and are not recorded.
"""

from __future__ import annotations

from collections.abc import Collection
from datetime import datetime
from typing import Final

import msgspec

from comity.coordination.f3548.visible import constraints_in, references_in
from comity.coordination.state import State
from comity.errors import StrategicConflict
from comity.ids import EntityId
from comity.model.f3548 import (
    AvailabilityState,
    CellBox,
    ConstraintReference,
    OperationalIntentReference,
)
from comity.model.intent import IntentState

KEYED: Final = frozenset({IntentState.ACCEPTED, IntentState.ACTIVATED})
"""States that are asked for with a key. Off-nominal ones tell what is so and are never refused for it."""


class Needed(msgspec.Struct, frozen=True):
    """What a key has to cover, or what of it one lacks."""

    references: tuple[OperationalIntentReference, ...] = ()
    constraints: tuple[ConstraintReference, ...] = ()

    def ovns(self) -> tuple[str, ...]:
        return (*(each.ovn for each in self.references), *(each.ovn for each in self.constraints))

    def lacking(self, key: Collection[str]) -> Needed:
        known = frozenset(key)
        return Needed(
            tuple(each for each in self.references if each.ovn not in known),
            tuple(each for each in self.constraints if each.ovn not in known),
        )

    def __bool__(self) -> bool:
        return bool(self.references or self.constraints)


class KeyRefused(StrategicConflict):
    """``lacking``: what the key did not cover. No form: the door out makes one for whoever asked."""

    def __init__(self, lacking: Needed) -> None:
        super().__init__(
            "the key lacks the current OVN of operational intents or constraints in this place: get "
            "their details from the USSs that manage them, and ask again with their OVNs"
        )
        self.lacking = lacking


def needed(
    state: State, box: CellBox, own: EntityId | None, now: datetime, *, constraints: bool = False
) -> Needed:
    """What a key for ``box`` has to cover; ``own``: the reference that is being written."""
    found = references_in(state, box, now)
    down = {manager for manager in {each.manager for each in found} if is_down(state, manager)}
    references = tuple(
        each
        for each in found
        if each.id != own and not (each.manager in down and each.state is IntentState.ACCEPTED)
    )
    return Needed(references, tuple(constraints_in(state, box, now)) if constraints else ())


def check_key(
    state: State,
    box: CellBox,
    own: EntityId | None,
    now: datetime,
    key: Collection[str],
    *,
    constraints: bool = False,
) -> tuple[str, ...]:
    """The OVNs that were needed, all of which the key holds; raises ``KeyRefused``."""
    found = needed(state, box, own, now, constraints=constraints)
    lacking = found.lacking(key)
    if lacking:
        raise KeyRefused(lacking)
    return found.ovns()


def exempt(state: State, reference: OperationalIntentReference) -> bool:
    """Nobody can learn the OVN from a USS that is Down; what is only Accepted is not yet in the air."""
    return reference.state is IntentState.ACCEPTED and is_down(state, reference.manager)


def is_down(state: State, manager: str) -> bool:
    held = state.availability.get(manager)
    return held is not None and held.state is AvailabilityState.DOWN
