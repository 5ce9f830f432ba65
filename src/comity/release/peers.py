"""What participants get of what USSs filed by ASTM F3548-21: level 0, from the cells and the box of the DSS.

Filing under F3548 is itself a release: every participant sees where and when, never more exactly than the
DSS holds it, and which USS to ask. The cells are those of the DSS, made coarser to what is drawn elsewhere.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from comity.geo.cells import MAX_CELLS, cell_of, corners, level_of, parent, token
from comity.ids import EntityId, Reference
from comity.model.altitude import HIGHEST_M, LOWEST_M
from comity.model.f3548 import CellBox, ConstraintReference, OperationalIntentReference
from comity.model.released import ItemKind, ReleasedItem, ReservedVolume

PeerReference = OperationalIntentReference | ConstraintReference

_INTENT: Final = "f3548/"
_CONSTRAINT: Final = "f3548c/"
"""Before a reference's id, where views and references know it: ids that USSs choose are apart from ours."""

_NEVER: Final = datetime(2000, 1, 1, tzinfo=UTC)
_EVER: Final = datetime(2100, 1, 1, tzinfo=UTC)
"""For bounds that a box does not have; a reference that a DSS takes has all of them."""


def entity_of(reference: PeerReference) -> EntityId:
    """Under which name views and rotating references know a peer's reference."""
    head = _INTENT if isinstance(reference, OperationalIntentReference) else _CONSTRAINT
    return EntityId(head + reference.id)


def split(entity: EntityId) -> tuple[ItemKind, EntityId] | None:
    """Kind and the DSS's id; None where it is no peer's."""
    for head, kind in ((_INTENT, ItemKind.INTENT), (_CONSTRAINT, ItemKind.CONSTRAINT)):
        if entity.startswith(head):
            return kind, EntityId(entity[len(head) :])
    return None


def is_peers(entity: EntityId) -> bool:
    """Whether a view's entity is a peer's reference."""
    return entity.startswith((_INTENT, _CONSTRAINT))


def contact(manager: str) -> str:
    return f"USS {manager}"


def over(reference: PeerReference, now: datetime) -> bool:
    """Whether it has left every participant's view: a DSS keeps what is past until its USS deletes it."""
    return reference.box.end is not None and reference.box.end < now


def peer_form(reference: PeerReference, ref: Reference) -> ReleasedItem:
    kind = ItemKind.INTENT if isinstance(reference, OperationalIntentReference) else ItemKind.CONSTRAINT
    return ReleasedItem(
        ref=ref,
        kind=kind,
        level="reserved",
        contact=contact(reference.manager),
        reserved=(_reserved(reference.box),),
    )


def _reserved(box: CellBox) -> ReservedVolume:
    cells = {cell_of(each) for each in box.cells}
    level = level_of(next(iter(cells)))
    while len(cells) > MAX_CELLS and level > 0:
        level -= 1
        cells = {parent(cell, level) for cell in cells}
    ordered = sorted(cells)
    return ReservedVolume(
        cells=tuple(token(cell) for cell in ordered),
        outlines=tuple(tuple(corners(cell)) for cell in ordered),
        lower_w84_m=LOWEST_M if box.lower_m is None else box.lower_m,
        upper_w84_m=HIGHEST_M if box.upper_m is None else box.upper_m,
        start=box.start or _NEVER,
        end=box.end or _EVER,
    )
