"""Other USSs' references near a native plan: by the cells and the box of the DSS, which is all it has.

A hosted plan must have looked at the details behind every such reference (F3548-21's key); to a plan that
peers do not get, they are advisory conflicts at level 0. What this exchange's own USS keeps for hosted plans
is not among them: those are compared natively, by what is released.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime

import msgspec

from comity.coordination.cell_index import union
from comity.coordination.decision import Asked
from comity.coordination.f3548.footprint import box_of, footprint
from comity.coordination.f3548.keys import KEYED, exempt, is_down
from comity.coordination.state import State
from comity.errors import Undecidable, UssDown
from comity.ids import EntityId, ParticipantId
from comity.model.f3548 import CellBox, OperationalIntentReference
from comity.model.intent import Intent
from comity.model.rule import Level
from comity.model.volume import Volumes
from comity.release.peers import PeerReference, over


class PeersUnseen(Undecidable):
    """``references``: other USSs' plans near it that were not looked at beforehand. For ``exchange.filing``,
    which looks and asks again; nobody outside sees it."""

    def __init__(self, references: tuple[OperationalIntentReference, ...]) -> None:
        super().__init__("there are plans of other USSs near it that have not been looked at")
        self.references = references


class Near(msgspec.Struct, frozen=True, gc=False):
    """A reference with the numbers of the volumes asked about that share a cell, height and time with it."""

    reference: PeerReference
    numbers: tuple[int, ...]


def hosted_level(state: State, owner: ParticipantId, now: datetime) -> Level:
    """At which level peers get the owner's intents; none: it is not hosted, and peers see no reference."""
    return state.policy(now).to_peers(owner).intent if state.dss.uss else Level.NONE


def foreign(state: State, box: CellBox, now: datetime) -> list[OperationalIntentReference]:
    """Other USSs' operational intents that meet the box, but for the Accepted ones of a USS that is Down."""
    found = (state.references[id] for id in state.cells["references"].search(box))
    return [one for one in found if one.hosted is None and not over(one, now) and not exempt(state, one)]


def in_the_way(state: State, volumes: Volumes, now: datetime, *, constraints_alone: bool) -> list[Near]:
    """References of peers that meet the volumes; in no particular order."""
    if not state.dss.uss or not (state.references or state.constraint_references):
        return []
    found: dict[tuple[str, EntityId], tuple[PeerReference, list[int]]] = {}
    boxes = [box_of(volume, state.environment) for volume in volumes]
    kinds = ("constraint_references",) if constraints_alone else ("references", "constraint_references")
    whole = union(boxes)
    for kind in kinds:
        if not state.cells[kind].search(whole):
            continue
        for number, box in enumerate(boxes):
            for reference in _meeting(state, kind, box, now):
                found.setdefault((kind, reference.id), (reference, []))[1].append(number)
    return [Near(reference, tuple(numbers)) for reference, numbers in found.values()]


def check_seen(asked: Asked, intent: Intent) -> tuple[OperationalIntentReference, ...]:
    """The peers' plans near a hosted one; raises ``PeersUnseen`` unless every one was looked at as it now is.
    Of a plan that is off nominal, or that peers do not get, nothing is asked."""
    state, now = asked.state, asked.now
    level = hosted_level(state, intent.owner, now)
    if level is Level.NONE or intent.state not in KEYED:
        return ()
    if is_down(state, state.dss.uss):
        raise UssDown(
            "this exchange's own USS is marked Down among F3548 USSs; off-nominal states alone pass"
        )
    near = foreign(state, footprint(whole_volumes(intent), level, state.environment), now)
    key = frozenset(() if asked.by.peers is None else asked.by.peers.key)
    unseen = tuple(one for one in near if one.ovn not in key)
    if unseen:
        raise PeersUnseen(unseen)
    return tuple(near)


def whole_volumes(intent: Intent) -> Volumes:
    """What peers have to know of: off nominal, also what it had before."""
    return (*intent.volumes, *(intent.nominal_volumes or ()))


def _meeting(state: State, kind: str, box: CellBox, now: datetime) -> Iterator[PeerReference]:
    if kind == "references":
        yield from foreign(state, box, now)
        return
    for id in state.cells[kind].search(box):
        one = state.constraint_references[id]
        if one.hosted is None and not over(one, now):
            yield one
