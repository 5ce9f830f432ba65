"""Which entries of a DSS meet a ``CellBox``: by S2 cell, height, time. Exact in cells; ends count.

A ``VolumeIndex`` finds what is near: the box of an entry holds the middles of its cells, made larger by
half a cell, in a frame of S2's own sphere. Cells are then compared. Entries of the standards' interfaces
have cells of level 13; what is too large for that has coarser ones, and a cell meets another where one
holds the other.

An overlay reads through to another index and keeps its puts and drops to itself.
"""

from __future__ import annotations

from datetime import datetime
from functools import lru_cache
from typing import Final, NamedTuple

from comity.clock import seconds
from comity.geo.boxes import Box, share
from comity.geo.cells import cell_of, level_of, parent, token
from comity.geo.coverage import union as union
from comity.geo.earth import B_M
from comity.geo.heights import Environment
from comity.geo.index import VolumeIndex
from comity.geo.s2 import centre
from comity.ids import EntityId
from comity.model.f3548 import CellBox

LOWEST_M: Final = -1.0e6
HIGHEST_M: Final = 1.0e9
"""What a missing bound of height stands for: nothing is beyond."""

NEVER_S: Final = -1.0e12
EVER_S: Final = 1.0e12
"""Likewise of time, some 30,000 years either way: more than a date can say."""

_HALF_DIAGONAL: Final = 1.25
"""In radii, of a cell of level 0 (S2's kMaxDiag 2.44, halved and rounded up); it halves with each level."""

_RADIUS_M: Final = B_M - 10.0
"""Of the sphere on which middles are put: inside what the index takes for the earth."""

_REMEMBERED: Final = 4_096


_MOST_CELLS: Final = 1_000_000
"""Of lists whose whereabouts are remembered, together: some 100 MB. Larger: less is worked out twice."""


class Area(NamedTuple):
    """Where cells are: the corners of the box around their middles, made larger; the cells; their level."""

    corners: tuple[float, float, float, float, float, float]
    cells: frozenset[str]
    level: int


class Placed(NamedTuple):
    """A ``CellBox`` as the index holds it: its box, its cells and their level."""

    box: Box
    cells: frozenset[str]
    level: int


@lru_cache(maxsize=262_144)
def _middle(token: str) -> tuple[float, float, float]:
    return centre(cell_of(token))


def area(cells: tuple[str, ...]) -> Area:
    """Takes microseconds a cell the first time, then a tenth."""
    level = level_of(cell_of(cells[0]))
    out = _HALF_DIAGONAL / 2.0**level
    xs, ys, zs = zip(*map(_middle, cells), strict=True)
    (x_low, x_high), (y_low, y_high), (z_low, z_high) = (
        (max(min(v) - out, -1.0) * _RADIUS_M, min(max(v) + out, 1.0) * _RADIUS_M) for v in (xs, ys, zs)
    )
    return Area((x_low, y_low, z_low, x_high, y_high, z_high), frozenset(cells), level)


class Places:
    """Places of boxes that are being passed around, each found once, by identity; and of lists of cells,
    because the same ones come again with other heights and times."""

    def __init__(self) -> None:
        self._known: dict[int, tuple[CellBox, Placed]] = {}
        self._areas: dict[tuple[str, ...], Area] = {}
        self._held = 0

    def of(self, box: CellBox) -> Placed:
        known = self._known.get(id(box))
        if known is None:
            if len(self._known) >= _REMEMBERED:
                self._known.clear()
            known = self._known[id(box)] = box, self._place(box)
        return known[1]

    def _place(self, given: CellBox) -> Placed:
        corners, cells, level = self._area(given.cells)
        box = Box(
            *corners,
            LOWEST_M if given.lower_m is None else given.lower_m,
            HIGHEST_M if given.upper_m is None else given.upper_m,
            _seconds(given.start, NEVER_S),
            _seconds(given.end, EVER_S),
        )
        return Placed(box, cells, level)

    def _area(self, cells: tuple[str, ...]) -> Area:
        known = self._areas.get(cells)
        if known is None:
            self._held += len(cells)
            if self._held > _MOST_CELLS:
                self._areas.clear()
                self._held = len(cells)
            known = self._areas[cells] = area(cells)
        return known


def meet(one: Placed, other: Placed) -> bool:
    """Whether a cell of one is, holds or lies in a cell of the other."""
    if one.level == other.level:
        return not one.cells.isdisjoint(other.cells)
    coarse, fine = (one, other) if one.level < other.level else (other, one)
    held, level = coarse.cells, coarse.level
    return any(_holder(cell, level) in held for cell in fine.cells)


@lru_cache(maxsize=131_072)
def _holder(cell: str, level: int) -> str:
    """The cell of a coarser level that holds this one."""
    return token(parent(cell_of(cell), level))


def overlap(one: Placed, other: Placed) -> bool:
    """Whether two share a cell, a height and a time."""
    return share(one.box, other.box) and meet(one, other)


class CellIndex:
    """Entries by id. ``search`` answers ids in no particular order."""

    def __init__(self, places: Places | None = None) -> None:
        """``places``: shared by indexes that are asked about the same boxes."""
        self._index = VolumeIndex(Environment())
        self.places = Places() if places is None else places
        self._ids: list[EntityId] = []
        self._placed: list[Placed] = []
        self._free: list[int] = []
        self._codes: dict[EntityId, tuple[int, int]] = {}

    def __len__(self) -> int:
        return len(self._codes)

    def put(self, id: EntityId, box: CellBox) -> None:
        """Add an entry, or move the one with this id."""
        placed, known = self.places.of(box), self._codes.get(id)
        if known is not None:
            code, handle = known
            self._index.move_box(handle, placed.box)
            self._placed[code] = placed
            return
        if self._free:
            code = self._free.pop()
            self._ids[code], self._placed[code] = id, placed
        else:
            code = len(self._ids)
            self._ids.append(id)
            self._placed.append(placed)
        self._codes[id] = code, self._index.insert_box(placed.box, code, 0)

    def drop(self, id: EntityId) -> None:
        """Forget an entry; nothing where there is none."""
        known = self._codes.pop(id, None)
        if known is not None:
            code, handle = known
            self._index.remove(handle)
            self._free.append(code)

    def search(self, box: CellBox, *, heights: bool = True, times: bool = True) -> list[EntityId]:
        """Ids of entries that share a cell with the box, and its heights and times where asked."""
        if not self._codes:
            return []
        asked = _widened(self.places.of(box), heights, times)
        codes = self._index.item[self._index.search_box(asked.box)].tolist()
        ids, placed, level, apart = self._ids, self._placed, asked.level, asked.cells.isdisjoint
        coarser: dict[int, Placed] = {}

        def nested(other: Placed) -> bool:
            """Of what is coarser, the asked cells are brought to its level once, not for each."""
            if other.level > level:
                return meet(asked, other)
            if other.level not in coarser:
                cells = frozenset(_holder(cell, other.level) for cell in asked.cells)
                coarser[other.level] = Placed(asked.box, cells, other.level)
            return meet(coarser[other.level], other)

        return [
            ids[code]
            for code in codes
            if not apart(placed[code].cells) or (placed[code].level != level and nested(placed[code]))
        ]


class OverlayCellIndex:
    """As ``CellIndex``, over another that is never written to."""

    def __init__(self, base: CellIndex | OverlayCellIndex) -> None:
        self.places: Places = base.places
        self._base = base
        self._own: dict[EntityId, Placed] = {}
        self._at: dict[str, dict[EntityId, None]] = {}
        self._levels: set[int] = set()
        self._hidden: set[EntityId] = set()

    def rebase(self, base: CellIndex | OverlayCellIndex) -> None:
        """Read through to another, which holds what the one before did."""
        self._base = base

    def put(self, id: EntityId, box: CellBox) -> None:
        placed, before = self.places.of(box), self._own.get(id)
        if before is None or before.cells is not placed.cells:
            self.drop(id)
            self._levels.add(placed.level)
            for cell in placed.cells:
                self._at.setdefault(cell, {})[id] = None
        self._own[id] = placed

    def drop(self, id: EntityId) -> None:
        self._hidden.add(id)
        before = self._own.pop(id, None)
        if before is not None:
            for cell in before.cells:
                del self._at[cell][id]

    def search(self, box: CellBox, *, heights: bool = True, times: bool = True) -> list[EntityId]:
        found = self._base.search(box, heights=heights, times=times)
        if not self._hidden:
            return found
        hidden, own = self._hidden, self._own
        kept = [id for id in found if id not in hidden]
        asked = _widened(self.places.of(box), heights, times)
        if len(asked.cells) > len(own) or not self._levels <= {asked.level}:
            return kept + [id for id, placed in own.items() if overlap(placed, asked)]
        near = {id for cell in asked.cells if cell in self._at for id in self._at[cell]}
        return kept + [id for id in near if share(own[id].box, asked.box)]


Cells = CellIndex | OverlayCellIndex


def _widened(placed: Placed, heights: bool, times: bool) -> Placed:
    if heights and times:
        return placed
    box = placed.box
    bounds = box[6:8] if heights else (LOWEST_M, HIGHEST_M)
    span = box[8:] if times else (NEVER_S, EVER_S)
    return Placed(Box(*box[:6], *bounds, *span), placed.cells, placed.level)


def _seconds(when: datetime | None, missing: float) -> float:
    return missing if when is None else seconds(when)
