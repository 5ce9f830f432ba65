"""Volumes by place, height and time: which items may overlap one, and whose.

Joins two 4D indexes of ``geo`` (handles, owner codes) to items. They return too much and never too little;
``conflicts`` then decides exactly. One has the volumes of what is live, as promised. The other has all that
is held, because the level-0 form of what has ended lingers, and each volume grown by as far as the grid
cells of its form can reach, so that no cell has to be found for a search.

A cell of an item's form and one of the asker's touch when one holds the other. Where the item's is as large
or larger, the asker's own box meets the item's grown one; where the asker's may be larger, its box is
grown likewise.
"""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from comity.geo.boxes import Box, coarsened, coarsened_boxes, diameter_m, volume_box, volume_boxes
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


class Placed(NamedTuple):
    """A volume with its box, and its box grown to what its level-0 form cannot reach out of."""

    volume: Volume4D
    box: Box
    grown: Box


class Boxes:
    """Boxes of volumes, found once for each value that is passed around. Keyed by identity."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment.lasting()
        self._known: dict[int, Placed] = {}

    def of(self, volume: Volume4D) -> Placed:
        known = self._known.get(id(volume))
        if known is None:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            box = volume_box(volume, self._environment)
            known = Placed(volume, box, coarsened(box, BAND_M, _SLOT_S))
            self._known[id(volume)] = known
        return known


def asked_coarsely(box: Box) -> Box:
    """The box with which grown ones are searched. An asker small enough to have the finest cells asks as it
    is: no item's cells are finer."""
    return box if diameter_m(box) <= FINEST_FITS_M else coarsened(box, 0.0, 0.0)


class Volumes:
    """The spatial side of a state's items. Item codes and owner codes are private to it."""

    def __init__(self, environment: Environment) -> None:
        self.environment = environment
        self._live = VolumeIndex(environment)
        self._grown = VolumeIndex(environment)
        self.boxes = Boxes(environment)
        self._items: list[Item | None] = []
        self._free: list[int] = []
        self._code: dict[EntityId, int] = {}
        self._live_handles: list[tuple[int, ...]] = []
        self._grown_handles: list[tuple[int, ...]] = []
        self._owners: dict[ParticipantId, int] = {}
        self._masks: dict[frozenset[ParticipantId], NDArray[np.bool_]] = {}
        self._reserved: dict[EntityId, tuple[ReservedVolume, ...]] = {}

    def __len__(self) -> int:
        return len(self._code)

    def __contains__(self, entity: object) -> bool:
        return entity in self._code

    def put(self, item: Item) -> None:
        """Add an item, or replace the one with its id."""
        code = self._code.get(item.id)
        if code is not None:
            old = self._item(code)
            self._items[code] = item
            if old.volumes is item.volumes or old.volumes == item.volumes:
                if old.state.live() and not item.state.live():
                    self._end(code)
                    return
                if old.state.live() == item.state.live():
                    return
            self._take_out(code)
            self._reserved.pop(item.id, None)
        else:
            code = self._new_code(item)
        owner = self._owner_code(item.owner)
        placed = [self.boxes.of(volume) for volume in item.volumes]
        self._grown_handles[code] = tuple(self._grown.insert_box(p.grown, code, owner) for p in placed)
        if item.state.live():
            self._live_handles[code] = tuple(self._live.insert_box(p.box, code, owner) for p in placed)

    def put_many(self, items: list[Item]) -> None:
        """Fill empty indexes at restart: the same as ``put`` for each, vectorised."""
        ended = [item for item in items if not item.state.live()]
        live = [item for item in items if item.state.live()]
        volumes: list[Volume4D] = []
        codes: list[int] = []
        owners: list[int] = []
        for item in live:
            code, owner = self._new_code(item), self._owner_code(item.owner)
            volumes.extend(item.volumes)
            codes.extend([code] * len(item.volumes))
            owners.extend([owner] * len(item.volumes))
        boxes = volume_boxes(volumes, self.environment.lasting())
        exact_handles = self._live.bulk_insert_boxes(boxes, codes, owners).tolist()
        boxes = coarsened_boxes(boxes, BAND_M, _SLOT_S)
        grown_handles = self._grown.bulk_insert_boxes(boxes, codes, owners).tolist()
        first = 0
        for item in live:
            code, last = codes[first], first + len(item.volumes)
            self._live_handles[code] = tuple(exact_handles[first:last])
            self._grown_handles[code] = tuple(grown_handles[first:last])
            first = last
        for item in ended:
            self.put(item)

    def drop(self, entity: EntityId) -> None:
        code = self._code.pop(entity)
        self._take_out(code)
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

    def near(self, volume: Volume4D, owners: frozenset[ParticipantId]) -> list[Hit]:
        """Live items of these owners whose volumes may overlap; too much, never too little."""
        found = self._of_owners(self._live, self.boxes.of(volume).box, owners)
        items, handles_of = self._items, self._live_handles
        return [
            (item, 0 if len(handles_of[code]) == 1 else handles_of[code].index(handle))
            for handle, code in zip(found.tolist(), self._live.item[found].tolist(), strict=True)
            if (item := items[code]) is not None
        ]

    def near_coarsened(self, volume: Volume4D, owners: frozenset[ParticipantId]) -> list[Item]:
        """Items of these owners, live or not, whose level-0 form may touch the volume; each once."""
        found = self._of_owners(self._grown, asked_coarsely(self.boxes.of(volume).box), owners)
        codes = dict.fromkeys(self._grown.item[found].tolist())
        return [item for code in codes if (item := self._items[code]) is not None]

    def _of_owners(self, index: VolumeIndex, box: Box, owners: frozenset[ParticipantId]) -> NDArray[np.int64]:
        """Handles near a box, of these owners."""
        handles = index.search_box(box)
        if not len(handles):
            return handles
        return handles[self._wanted(owners)[index.owner[handles]]]

    def _wanted(self, owners: frozenset[ParticipantId]) -> NDArray[np.bool_]:
        """By owner code, whether it is one of these; remembered until somebody files for the first time."""
        wanted = self._masks.get(owners)
        if wanted is None or len(wanted) != len(self._owners):
            wanted = np.array([owner in owners for owner in self._owners], dtype=np.bool_)
            if len(self._masks) >= _REMEMBERED:
                self._masks.clear()
            self._masks[owners] = wanted
        return wanted

    def _end(self, code: int) -> None:
        """Take out of the live index what has ended; its grown form stays."""
        for handle in self._live_handles[code]:
            self._live.remove(handle)
        self._live_handles[code] = ()

    def _take_out(self, code: int) -> None:
        self._end(code)
        for handle in self._grown_handles[code]:
            self._grown.remove(handle)
        self._grown_handles[code] = ()

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
            self._live_handles.append(())
            self._grown_handles.append(())
        self._code[item.id] = code
        return code

    def _owner_code(self, owner: ParticipantId) -> int:
        return self._owners.setdefault(owner, len(self._owners))
