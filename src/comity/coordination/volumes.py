"""Live volumes by place, height and time: which items may overlap one, and whose.

Joins the 4D index of ``geo`` (handles, owner codes) to items. The index returns too much and never too
little; ``conflicts`` then decides exactly. Level-0 forms are searched through the same index with a box
grown to the grid: if a coarsened item touches a volume, then some grid cell, band and slot is
touched by both, so the item itself lies within the volume's own coarsened box.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from comity.clock import seconds
from comity.geo.cells import grid_cells
from comity.geo.heights import Environment, bounds
from comity.geo.index import VolumeIndex
from comity.ids import EntityId, ParticipantId
from comity.model.released import ReservedVolume
from comity.model.volume import Volume4D
from comity.release.coarsen import ceil_band, ceil_slot, floor_band, floor_slot, reserve
from comity.release.forms import Item

Hit = tuple[Item, int]
"""An item and the number of its volume that may overlap."""


class Volumes:
    """The spatial side of a state's items. Item codes and owner codes are private to it."""

    def __init__(self, environment: Environment) -> None:
        self.environment = environment
        self._index = VolumeIndex(environment)
        self._items: list[Item | None] = []
        self._free: list[int] = []
        self._code: dict[EntityId, int] = {}
        self._handles: list[tuple[int, ...]] = []
        self._owners: dict[ParticipantId, int] = {}
        self._reserved: dict[EntityId, tuple[ReservedVolume, ...]] = {}

    def __len__(self) -> int:
        return len(self._code)

    def __contains__(self, entity: object) -> bool:
        return entity in self._code

    def put(self, item: Item) -> None:
        """Add an item, or replace the one with its id."""
        code = self._code.get(item.id)
        if code is not None:
            old = self._items[code]
            assert old is not None
            self._items[code] = item
            if old.volumes is item.volumes or old.volumes == item.volumes:
                return
            for handle in self._handles[code]:
                self._index.remove(handle)
            self._reserved.pop(item.id, None)
        else:
            code = self._new_code(item)
        owner = self._owner_code(item.owner)
        self._handles[code] = tuple(self._index.insert(v, code, owner) for v in item.volumes)

    def put_many(self, items: list[Item]) -> None:
        """Fill an empty index at restart: the same as ``put`` for each, vectorised."""
        volumes: list[Volume4D] = []
        codes: list[int] = []
        owners: list[int] = []
        for item in items:
            code = self._new_code(item)
            owner = self._owner_code(item.owner)
            volumes.extend(item.volumes)
            codes.extend([code] * len(item.volumes))
            owners.extend([owner] * len(item.volumes))
        handles = [int(h) for h in self._index.bulk_insert(volumes, codes, owners)]
        at = 0
        for item in items:
            count = len(item.volumes)
            self._handles[self._code[item.id]] = tuple(handles[at : at + count])
            at += count

    def drop(self, entity: EntityId) -> None:
        code = self._code.pop(entity)
        for handle in self._handles[code]:
            self._index.remove(handle)
        self._items[code] = None
        self._handles[code] = ()
        self._reserved.pop(entity, None)
        self._free.append(code)

    def reserved(self, item: Item) -> tuple[ReservedVolume, ...]:
        """The item's level-0 form, made once and kept until its volumes change."""
        made = self._reserved.get(item.id)
        if made is None:
            made = reserve(item.volumes, self.environment)
            if item.id in self:
                self._reserved[item.id] = made
        return made

    def near(self, volume: Volume4D, owners: set[ParticipantId]) -> Iterator[Hit]:
        """Items of these owners whose volumes may overlap; too much, never too little."""
        return self._hits(self._index.search(volume), owners)

    def near_coarsened(self, volume: Volume4D, owners: set[ParticipantId]) -> Iterator[Hit]:
        """Items of these owners whose level-0 form may touch the volume."""
        lower = bounds(volume.lower, self.environment, volume.start).lower_m
        upper = bounds(volume.upper, self.environment, volume.start).upper_m
        box = self._index.box_of_cells(
            grid_cells(volume.outline),
            floor_band(lower),
            ceil_band(upper),
            seconds(floor_slot(volume.start)),
            seconds(ceil_slot(volume.end)),
        )
        return self._hits(self._index.search_box(box), owners)

    def owners(self) -> list[ParticipantId]:
        """Everyone who has or had an item here."""
        return list(self._owners)

    def _hits(self, handles: NDArray[np.int64], owners: set[ParticipantId]) -> Iterator[Hit]:
        if not len(handles):
            return
        wanted = np.zeros(len(self._owners), dtype=bool)
        for owner in owners:
            code = self._owners.get(owner)
            if code is not None:
                wanted[code] = True
        handles = handles[wanted[self._index.owner[handles]]]
        for handle, code in zip(handles.tolist(), self._index.item[handles].tolist(), strict=True):
            item = self._items[code]
            assert item is not None
            numbers = self._handles[code]
            yield item, 0 if len(numbers) == 1 else numbers.index(handle)

    def _new_code(self, item: Item) -> int:
        if self._free:
            code = self._free.pop()
            self._items[code] = item
        else:
            code = len(self._items)
            self._items.append(item)
            self._handles.append(())
        self._code[item.id] = code
        return code

    def _owner_code(self, owner: ParticipantId) -> int:
        return self._owners.setdefault(owner, len(self._owners))


class OverlayVolumes:
    """A private overlay: items put or dropped in this batch hide the base's."""

    def __init__(self, base: Volumes) -> None:
        self._base = base
        self._own = Volumes(base.environment)
        self._hidden: set[EntityId] = set()
        self.environment = base.environment

    def put(self, item: Item) -> None:
        self._hidden.add(item.id)
        self._own.put(item)

    def drop(self, entity: EntityId) -> None:
        self._hidden.add(entity)
        if entity in self._own:
            self._own.drop(entity)

    def reserved(self, item: Item) -> tuple[ReservedVolume, ...]:
        source = self._own if item.id in self._hidden else self._base
        return source.reserved(item)

    def near(self, volume: Volume4D, owners: set[ParticipantId]) -> Iterator[Hit]:
        yield from self._visible(self._base.near(volume, owners))
        if len(self._own):
            yield from self._own.near(volume, owners)

    def near_coarsened(self, volume: Volume4D, owners: set[ParticipantId]) -> Iterator[Hit]:
        yield from self._visible(self._base.near_coarsened(volume, owners))
        if len(self._own):
            yield from self._own.near_coarsened(volume, owners)

    def owners(self) -> list[ParticipantId]:
        return list(dict.fromkeys([*self._base.owners(), *self._own.owners()]))

    def _visible(self, hits: Iterator[Hit]) -> Iterator[Hit]:
        return (hit for hit in hits if hit[0].id not in self._hidden) if self._hidden else hits
