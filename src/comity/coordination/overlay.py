"""The spatial side of a private overlay: what a batch has put or dropped, over what is there.

A batch is small and lives for milliseconds, so its own volumes are a plain list that is looked through: for a
few dozen of them that costs less than keeping an index.
"""

from __future__ import annotations

from comity.coordination.volumes import Boxes, Hit, Placed, Volumes, asked_coarsely
from comity.geo.boxes import share
from comity.geo.heights import Environment
from comity.ids import EntityId, ParticipantId
from comity.model.released import ReservedVolume
from comity.model.volume import Volume4D
from comity.release.coarsen import reserve
from comity.release.forms import Item


class OverlayVolumes:
    """Items put or dropped here hide the base's; the base is never written to."""

    def __init__(self, base: Volumes | OverlayVolumes) -> None:
        self.environment: Environment = base.environment
        self.boxes: Boxes = base.boxes
        self._base = base
        self._own: dict[EntityId, tuple[Item, list[Placed]]] = {}
        self._hidden: set[EntityId] = set()
        self._reserved: dict[EntityId, tuple[ReservedVolume, ...]] = {}

    def rebase(self, base: Volumes | OverlayVolumes) -> None:
        """Look through to another, which holds what the one before did."""
        self._base = base

    def put(self, item: Item) -> None:
        self._hidden.add(item.id)
        self._reserved.pop(item.id, None)
        self._own[item.id] = item, [self.boxes.of(volume) for volume in item.volumes]

    def drop(self, entity: EntityId) -> None:
        self._hidden.add(entity)
        self._own.pop(entity, None)

    def reserved(self, item: Item) -> tuple[ReservedVolume, ...]:
        """The item's level-0 form."""
        if item.id not in self._hidden:
            return self._base.reserved(item)
        made = self._reserved.get(item.id)
        if made is None:
            made = self._reserved[item.id] = reserve(item.volumes, self.environment)
        return made

    def near(self, volume: Volume4D, owners: frozenset[ParticipantId]) -> list[Hit]:
        """As ``Volumes.near``."""
        found = self._base.near(volume, owners)
        if not self._hidden:
            return found
        hidden = self._hidden
        found = [hit for hit in found if hit[0].id not in hidden]
        asked = self.boxes.of(volume).box
        for item, placed in self._own.values():
            if item.owner in owners and item.state.live():
                found += [(item, number) for number, own in enumerate(placed) if share(own.box, asked)]
        return found

    def near_coarsened(self, volume: Volume4D, owners: frozenset[ParticipantId]) -> list[Item]:
        """As ``Volumes.near_coarsened``."""
        found = self._base.near_coarsened(volume, owners)
        if not self._hidden:
            return found
        hidden = self._hidden
        found = [item for item in found if item.id not in hidden]
        asked = asked_coarsely(self.boxes.of(volume).box)
        for item, placed in self._own.values():
            if item.owner in owners and any(share(own.grown, asked) for own in placed):
                found.append(item)
        return found
