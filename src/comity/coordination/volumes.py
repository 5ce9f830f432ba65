"""Live volumes by place, height and time: which items may overlap one, and whose.

Joins the 4D index of ``geo`` (handles, owner codes) to items. The index returns too much and never too
little; ``conflicts`` then decides exactly. What has ended stands in an index of its own: nothing exact is
ever asked of it, but its level-0 form lingers.

Level 0 is searched without finding a single grid cell. A cell of the item's form and one of the asker's touch
when one holds the other. Where the item's cells are no larger, the item lies within the asker's box
grown by the reach of the asker's own cells; where they are larger, the asker's box meets the item's grown
likewise, which is kept in a third index for the few items that are large enough to have such cells.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import numpy as np
from numpy.typing import NDArray

from comity.geo.boxes import Box, coarsened, diameter_m
from comity.geo.cells import FINEST_FITS_M
from comity.geo.heights import Environment
from comity.geo.index import VolumeIndex
from comity.ids import EntityId, ParticipantId
from comity.model.released import ReservedVolume
from comity.model.volume import Volume4D
from comity.release.coarsen import BAND_M, SLOT, reserve
from comity.release.forms import Item

Hit = tuple[Item, int]
"""An item and the number of its volume that may overlap."""

_REMEMBERED: Final = 4_096
"""Boxes remembered, so that a volume asked about, tried in an overlay and put is boxed once; more than a
batch of ordinary writes has, and a few megabytes at most."""

_SLOT_S: Final = SLOT.total_seconds()


class Boxes:
    """Boxes of volumes, found once for each value that is passed around. Keyed by identity."""

    def __init__(self, index: VolumeIndex) -> None:
        self._index = index
        self._known: dict[int, tuple[Volume4D, Box]] = {}

    def of(self, volume: Volume4D) -> Box:
        known = self._known.get(id(volume))
        if known is None:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            known = self._known[id(volume)] = (volume, self._index.box_of(volume))
        return known[1]


class Volumes:
    """The spatial side of a state's items. Item codes and owner codes are private to it."""

    def __init__(self, environment: Environment, boxes: Boxes | None = None) -> None:
        self.environment = environment
        self._live = VolumeIndex(environment)
        self._ended = VolumeIndex(environment)
        self._wide = VolumeIndex(environment)
        self.boxes = boxes or Boxes(self._live)
        self._items: list[Item | None] = []
        self._free: list[int] = []
        self._code: dict[EntityId, int] = {}
        self._handles: list[tuple[int, ...]] = []
        self._wide_handles: dict[int, list[int]] = {}
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
            same = old.volumes is item.volumes or old.volumes == item.volumes
            if same and old.state.live() == item.state.live():
                return
            self._take_out(code, old)
            if not same:
                self._reserved.pop(item.id, None)
        else:
            code = self._new_code(item)
        self._put_in(code, item)

    def put_many(self, items: list[Item]) -> None:
        """Fill empty indexes at restart: the same as ``put`` for each, vectorised."""
        volumes: list[Volume4D] = []
        codes: list[int] = []
        owners: list[int] = []
        for item in items:
            code = self._new_code(item)
            if not item.state.live():
                self._put_in(code, item)
                continue
            owner = self._owner_code(item.owner)
            volumes.extend(item.volumes)
            codes.extend([code] * len(item.volumes))
            owners.extend([owner] * len(item.volumes))
        handles = self._live.bulk_insert(volumes, codes, owners)
        wide = np.flatnonzero(self._live.diameters_m(handles) > FINEST_FITS_M)
        for number in wide.tolist():
            self._put_wide(codes[number], owners[number], self.boxes.of(volumes[number]))
        listed = handles.tolist()
        first = 0
        while first < len(codes):
            last = first + len(self._item(codes[first]).volumes)
            self._handles[codes[first]] = tuple(listed[first:last])
            first = last

    def drop(self, entity: EntityId) -> None:
        code = self._code.pop(entity)
        self._take_out(code, self._item(code))
        self._items[code] = None
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
        """Live items of these owners whose volumes may overlap; too much, never too little."""
        handles = self._live.search_box(self.boxes.of(volume))
        if not len(handles):
            return
        handles = handles[self._wanted(owners)[self._live.owner[handles]]]
        for handle, code in zip(handles.tolist(), self._live.item[handles].tolist(), strict=True):
            numbers = self._handles[code]
            yield self._item(code), 0 if len(numbers) == 1 else numbers.index(handle)

    def near_coarsened(self, volume: Volume4D, owners: set[ParticipantId]) -> Iterator[Item]:
        """Items of these owners, live or not, whose level-0 form may touch the volume; each once."""
        box = self.boxes.of(volume)
        grown = coarsened(box, BAND_M, _SLOT_S)
        level = box._replace(
            lower_m=grown.lower_m, upper_m=grown.upper_m, start_s=grown.start_s, end_s=grown.end_s
        )
        found: set[int] = set()
        wanted = self._wanted(owners)
        for index, asked in ((self._live, grown), (self._ended, grown), (self._wide, level)):
            if len(index):
                handles = index.search_box(asked)
                if len(handles):
                    found.update(index.item[handles[wanted[index.owner[handles]]]].tolist())
        return map(self._item, found)

    def owners(self) -> list[ParticipantId]:
        """Everyone who has or had an item here."""
        return list(self._owners)

    def _wanted(self, owners: set[ParticipantId]) -> NDArray[np.bool_]:
        """By owner code, whether it is one of these."""
        wanted = np.zeros(len(self._owners), dtype=np.bool_)
        for owner in owners:
            code = self._owners.get(owner)
            if code is not None:
                wanted[code] = True
        return wanted

    def _put_in(self, code: int, item: Item) -> None:
        owner = self._owner_code(item.owner)
        index = self._live if item.state.live() else self._ended
        boxes = [self.boxes.of(volume) for volume in item.volumes]
        self._handles[code] = tuple(index.insert_box(box, code, owner) for box in boxes)
        for box in boxes:
            if diameter_m(box) > FINEST_FITS_M:
                self._put_wide(code, owner, box)

    def _put_wide(self, code: int, owner: int, box: Box) -> None:
        handle = self._wide.insert_box(coarsened(box, 0.0, 0.0), code, owner)
        self._wide_handles.setdefault(code, []).append(handle)

    def _take_out(self, code: int, item: Item) -> None:
        index = self._live if item.state.live() else self._ended
        for handle in self._handles[code]:
            index.remove(handle)
        for handle in self._wide_handles.pop(code, ()):
            self._wide.remove(handle)
        self._handles[code] = ()

    def _item(self, code: int) -> Item:
        item = self._items[code]
        assert item is not None
        return item

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
        self._own = Volumes(base.environment, base.boxes)
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
        for hit in self._base.near(volume, owners):
            if hit[0].id not in self._hidden:
                yield hit
        if len(self._own):
            yield from self._own.near(volume, owners)

    def near_coarsened(self, volume: Volume4D, owners: set[ParticipantId]) -> Iterator[Item]:
        for item in self._base.near_coarsened(volume, owners):
            if item.id not in self._hidden:
                yield item
        if len(self._own):
            yield from self._own.near_coarsened(volume, owners)

    def owners(self) -> list[ParticipantId]:
        return list(dict.fromkeys([*self._base.owners(), *self._own.owners()]))
