"""What a recipient gets of one item at one level. The only place where another's item becomes an answer."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from typing import Final

from comity.ids import EntityId, Ids, ParticipantId, Reference
from comity.model.constraint import Constraint
from comity.model.intent import Intent
from comity.model.released import ItemKind, ReleasedItem, ReleasedProvenance, ReservedVolume
from comity.model.rule import Level, Levels
from comity.release.coarsen import lingers_until

Item = Intent | Constraint

THROUGH_THE_EXCHANGE: Final = "through the exchange"
"""How to reach the owner of what is not one's own: its name is not told."""


def kind_of(item: Item) -> ItemKind:
    return ItemKind.INTENT if isinstance(item, Intent) else ItemKind.CONSTRAINT


def level_of(item: Item, levels: Levels) -> Level:
    return levels.intent if isinstance(item, Intent) else levels.constraint


def past(item: Item, now: datetime) -> bool:
    """Whether an ended item has left every view. From then on it is to its owner, too, as if it had never
    been: the state lets go of it when some entry is written, and that is others' doing as well."""
    return not item.state.live() and now >= lingers_until(item.changed_at)


_REMEMBERED: Final = 1_000_000
"""References remembered: some 150 MB. Beyond it all are computed anew when next asked for."""


class References:
    """Rotating references, remembered for the running period so that each is computed once.

    The period is the UTC day: what a recipient learned to follow under one name it has to find anew
    the next day.
    """

    def __init__(self, ids: Ids) -> None:
        self._ids = ids
        self._period = ""
        self._day = -1
        self._text = ""
        self._made: dict[ParticipantId, dict[EntityId, Reference]] = {}
        self._count = 0

    def period(self, now: datetime) -> str:
        day = now.toordinal()
        if day != self._day:
            self._day, self._text = day, now.strftime("%Y-%m-%d")
        return self._text

    def of(self, item: Item, recipient: ParticipantId, now: datetime) -> Reference:
        if item.owner == recipient:
            return Reference(item.id)
        return self.foreign(item.id, recipient, now)

    def of_all(self, items: Iterable[Item], recipient: ParticipantId, now: datetime) -> list[Reference]:
        """``of`` each of these."""
        made = self._of_recipient(recipient, now)
        return [
            Reference(item.id)
            if item.owner == recipient
            else made.get(item.id) or self.foreign(item.id, recipient, now)
            for item in items
        ]

    def foreign(self, entity: EntityId, recipient: ParticipantId, now: datetime) -> Reference:
        of_recipient = self._of_recipient(recipient, now)
        made = of_recipient.get(entity)
        if made is None:
            made = of_recipient[entity] = self._ids.reference(recipient, entity, self._period)
            self._count += 1
        return made

    def _of_recipient(self, recipient: ParticipantId, now: datetime) -> dict[EntityId, Reference]:
        period = self.period(now)
        if period != self._period or self._count > _REMEMBERED:
            self._period, self._made, self._count = period, {}, 0
        return self._made.setdefault(recipient, {})


def own_form(item: Item) -> ReleasedItem:
    """An owner's own item, whole."""
    return ReleasedItem(
        ref=item.id,
        kind=kind_of(item),
        level="own",
        contact="yourselves",
        state=item.state,
        volumes=item.volumes,
        category=item.category if isinstance(item, Intent) else None,
        crewed=item.crewed if isinstance(item, Intent) else None,
        constraint_kind=item.kind if isinstance(item, Constraint) else None,
        designator=item.designator if isinstance(item, Constraint) else None,
        ovn=item.ovn,
        version=item.version,
        accepted_conflicts=item.accepted_conflicts if isinstance(item, Intent) else None,
        provenance=provenance_form(item, whole=True),
        priority=item.priority if isinstance(item, Intent) else None,
        nominal_volumes=item.nominal_volumes if isinstance(item, Intent) else None,
    )


def volume_form(item: Item, ref: Reference) -> ReleasedItem:
    """Level 1: exact volumes and times, state, category, crewed or not. No owner, no ovn, no version."""
    return ReleasedItem(
        ref=ref,
        kind=kind_of(item),
        level="volume",
        contact=THROUGH_THE_EXCHANGE,
        state=item.state,
        volumes=item.volumes,
        category=item.category if isinstance(item, Intent) else None,
        crewed=item.crewed if isinstance(item, Intent) else None,
        constraint_kind=item.kind if isinstance(item, Constraint) else None,
        designator=item.designator if isinstance(item, Constraint) else None,
        provenance=provenance_form(item, whole=False),
    )


def provenance_form(item: Item, *, whole: bool) -> ReleasedProvenance | None:
    """What is told of the file a constraint was read from. Its name, hash and the place in it are the owner's
    alone: they would tell that the file holds zones which are not released, and which file that is."""
    if isinstance(item, Intent) or item.provenance is None:
        return None
    of = item.provenance
    if not whole:
        return ReleasedProvenance(of.format, of.authority)
    return ReleasedProvenance(of.format, of.authority, of.source, of.sha256, of.place)


def reserved_form(item: Item, ref: Reference, reserved: tuple[ReservedVolume, ...]) -> ReleasedItem:
    """Level 0: grid cells, and whether it is an intent or a constraint."""
    return ReleasedItem(
        ref=ref,
        kind=kind_of(item),
        level="reserved",
        contact=THROUGH_THE_EXCHANGE,
        reserved=reserved,
    )
