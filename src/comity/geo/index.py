"""The 4D index: which volumes may overlap one. Too many, never too few; ties count.

In memory, for a million volumes. Each volume is a row (its *handle*) of columns: an earth-centred box
in single precision padded outward, height bounds, times, and the caller's ``item`` and ``owner``. A
``LooseGrid`` says which rows to look at; the columns then decide. Nothing here depends on the order of
insertion but the order of the answer, which means nothing: sort it by something of your own.

Heights are bounded by what lasts of the environment given (never a QNH, which expires). ``overlapping``
must be asked with that environment or with one that knows more.
"""

from __future__ import annotations

import math
from array import array
from collections.abc import Sequence
from typing import Any, Final, cast

import numpy as np
from numpy.typing import NDArray

from comity.geo.boxes import Box, volume_box, volume_boxes
from comity.geo.earth import Floats
from comity.geo.grid import LooseGrid, cell_for, cells_for, gathered
from comity.geo.heights import Environment
from comity.model.volume import Volume4D

Handles = NDArray[np.int64]

Test = tuple[NDArray[Any], float, NDArray[Any], float]
"""Two columns and their limits: the first must not be above its limit, nor the second below."""

_FEW: Final = 16
"""Rows up to which a Python loop over them is faster than numpy's calls."""

_FIRST_CAPACITY: Final = 1_024
_GROWTH: Final = 1.3
"""Rows grow by this: at most 30 % of the columns stand empty."""

_SCAN_PER_WALK: Final = 40_000
_SCAN_PER_CELL: Final = 700
"""Rows that can be compared from end to end in the time of setting out on a walk through the grid's
directory, and of one more cell of it. Larger: more is scanned, less is walked. Both only change speed."""

_THIN: Final = 16
"""Where fewer than one row in this many is left, the rest is compared row by row, not in whole columns."""


class VolumeIndex:
    """``item``, ``owner``, ``start_s``, ``end_s``, ``lower_m`` and ``upper_m`` are columns by handle. They
    are replaced when the index grows: read them anew after an insertion."""

    def __init__(self, environment: Environment) -> None:
        self._environment = environment.lasting()
        self._grid = LooseGrid()
        self._free = array("I")
        self._used = 0
        self._make(_FIRST_CAPACITY)

    def __len__(self) -> int:
        return self._used - len(self._free)

    def insert(self, volume: Volume4D, item: int, owner: int) -> int:
        """Add a volume; its handle, which is its own until ``remove``."""
        return self.insert_box(volume_box(volume, self._environment), item, owner)

    def insert_box(self, box: Box, item: int, owner: int) -> int:
        """Add a box as it is; its handle."""
        if self._free:
            handle = self._free.pop()
        else:
            handle = self._used
            if handle == len(self.item):
                self._grow(handle + 1)
            self._used += 1
        cell = cell_for(box[:6])
        self._write(handle, box, item, owner)
        self._cells[handle] = cell
        self._places[handle] = self._grid.add(cell, handle)
        return handle

    def move_box(self, handle: int, box: Box) -> None:
        """Put another box in the place of the one with this handle, which stays what it is called by."""
        cell = cell_for(box[:6])
        if cell != self._cells[handle]:
            self._leave(handle)
            self._cells[handle], self._places[handle] = cell, self._grid.add(cell, handle)
        self._write(handle, box, self._items[handle], self._owners[handle])

    def bulk_insert(
        self, volumes: Sequence[Volume4D], items: Sequence[int], owners: Sequence[int]
    ) -> Handles:
        """Add many at once, for a restart; their handles in order."""
        if not len(volumes) == len(items) == len(owners):
            raise ValueError("volumes, items and owners must be equally many")
        return self.bulk_insert_boxes(volume_boxes(volumes, self._environment), items, owners)

    def bulk_insert_boxes(self, boxes: Floats, items: Sequence[int], owners: Sequence[int]) -> Handles:
        """Add many boxes as they are, one a row in the order of ``Box``."""
        first, count = self._used, len(boxes)
        if first + count > len(self.item):
            self._grow(first + count)
        self._used += count
        rows = slice(first, first + count)
        columns: list[NDArray[Any]] = [*self._limits, self.lower_m, self.upper_m, self.start_s, self.end_s]
        for column, limits in zip(columns, boxes.T, strict=True):
            column[rows] = limits
        self.item[rows], self.owner[rows] = items, owners
        self._place(first, cells_for(boxes[:, :6]))
        return np.arange(first, first + count, dtype=np.int64)

    def remove(self, handle: int) -> None:
        """Forget a volume. Its handle may be given out again."""
        if not 0 <= handle < self._used or self._places[handle] < 0:
            raise KeyError(handle)
        self._leave(handle)
        self._places[handle] = -1
        self.start_s[handle] = math.nan  # passes no test
        self._free.append(handle)

    def _leave(self, handle: int) -> None:
        """Out of its cell in the grid."""
        place = self._places[handle]
        moved = self._grid.remove(self._cells[handle], place)
        if moved >= 0:
            self._places[moved] = place

    def search(self, volume: Volume4D) -> Handles:
        """Handles of all that may overlap a volume."""
        return self.search_box(volume_box(volume, self._environment))

    def search_box(self, box: Box) -> Handles:
        """Handles of all whose box, band and time share a point with this box, its ends included."""
        bags = self._grid.near(box[:6], (self._used - _SCAN_PER_WALK) // _SCAN_PER_CELL)
        if bags is None:
            return self._scan(box)
        if not bags:
            return np.empty(0, dtype=np.int64)
        if len(bags) <= _FEW:
            few: list[int] = []
            for bag in bags:
                if isinstance(bag, int):
                    few.append(bag)
                else:
                    few.extend(bag[: _FEW + 1])
            if len(few) <= _FEW:
                return np.array([h for h in few if self._overlaps(h, box)], dtype=np.int64)
        rows = gathered(bags, np.dtype(np.uint32))
        return self._scan(box) if len(rows) * _THIN > self._used else self._sift(rows, self._tests(box), box)

    def box_of(self, volume: Volume4D) -> Box:
        """The box with which ``search`` looks and under which ``insert`` puts."""
        return volume_box(volume, self._environment)

    def _overlaps(self, handle: int, box: Box) -> bool:
        x_low, y_low, z_low, x_high, y_high, z_high, lower_m, upper_m, start_s, end_s = box
        limits = self._limit_views
        return (
            self._starts[handle] <= end_s
            and self._ends[handle] >= start_s
            and self._lowers[handle] <= upper_m
            and self._uppers[handle] >= lower_m
            and limits[0][handle] <= x_high
            and limits[1][handle] <= y_high
            and limits[2][handle] <= z_high
            and limits[3][handle] >= x_low
            and limits[4][handle] >= y_low
            and limits[5][handle] >= z_low
        )

    def _tests(self, box: Box) -> list[Test]:
        """What a row must pass, the most telling first: heights, times, x, y and z."""
        starts: list[NDArray[Any]] = [self.lower_m, self.start_s, *self._limits[:3]]
        ends: list[NDArray[Any]] = [self.upper_m, self.end_s, *self._limits[3:]]
        tops = (box.upper_m, box.end_s, *box[3:6])
        bottoms = (box.lower_m, box.start_s, *box[:3])
        return list(zip(starts, tops, ends, bottoms, strict=True))

    def _sift(self, rows: Handles, tests: list[Test], box: Box) -> Handles:
        """Those of ``rows`` that pass."""
        for below, top, above, bottom in tests:
            if len(rows) <= _FEW:
                return np.array([h for h in rows.tolist() if self._overlaps(h, box)], dtype=np.int64)
            rows = rows[(below[rows] <= top) & (above[rows] >= bottom)]
        return rows

    def _scan(self, box: Box) -> Handles:
        """Those of all rows that pass."""
        used, tests = self._used, self._tests(box)
        keep = np.ones(used, dtype=np.bool_)
        for done, (below, top, above, bottom) in enumerate(tests, start=1):
            keep &= below[:used] <= top
            keep &= above[:used] >= bottom
            if np.count_nonzero(keep) * _THIN < used:
                return self._sift(np.flatnonzero(keep), tests[done:], box)
        return np.flatnonzero(keep)

    def _place(self, first: int, cells: NDArray[np.int64]) -> None:
        """Put rows from ``first`` on into their cells, cell by cell."""
        if not len(cells):
            return
        rows = slice(first, first + len(cells))
        order = np.argsort(cells, kind="stable")
        ordered = cells[order]
        starts = np.flatnonzero(np.r_[True, ordered[1:] != ordered[:-1]])
        counts = np.diff(np.r_[starts, len(cells)])
        handles = (order + first).astype(np.uint32)
        offsets = [
            self._grid.add_many(cell, handles[a : a + n])
            for cell, a, n in zip(ordered[starts].tolist(), starts.tolist(), counts.tolist(), strict=True)
        ]
        places = np.arange(len(cells)) - np.repeat(starts - np.array(offsets), counts)
        self._cell_column[rows] = cells
        self._place_column[handles] = places

    def _write(self, handle: int, box: Box, item: int, owner: int) -> None:
        for view, limit in zip(self._limit_views, box, strict=False):
            view[handle] = limit
        self._lowers[handle], self._uppers[handle] = box.lower_m, box.upper_m
        self._starts[handle], self._ends[handle] = box.start_s, box.end_s
        self._items[handle], self._owners[handle] = item, owner

    def _grow(self, needed: int) -> None:
        before = self._columns()
        self._make(max(needed, int(len(self.item) * _GROWTH)))
        for old, new in zip(before, self._columns(), strict=True):
            new[: len(old)] = old

    def _columns(self) -> list[NDArray[Any]]:
        numbers: list[NDArray[Any]] = [*self._limits, self.lower_m, self.upper_m, self.start_s, self.end_s]
        return [*numbers, self.item, self.owner, self._cell_column, self._place_column]

    def _make(self, rows: int) -> None:
        self._limits: list[NDArray[np.float32]] = [np.empty(rows, dtype=np.float32) for _ in range(6)]
        self.lower_m, self.upper_m, self.start_s, self.end_s = (np.empty(rows) for _ in range(4))
        self.item = np.empty(rows, dtype=np.int64)
        self.owner = np.empty(rows, dtype=np.int32)
        self._cell_column = np.empty(rows, dtype=np.int64)
        self._place_column = np.full(rows, -1, dtype=np.int32)
        # Writing one number through a memoryview costs a third of writing it through numpy.
        self._limit_views = [_floats(column) for column in self._limits]
        self._lowers, self._uppers = _floats(self.lower_m), _floats(self.upper_m)
        self._starts, self._ends = _floats(self.start_s), _floats(self.end_s)
        self._items, self._owners = self.item.data, self.owner.data
        self._cells, self._places = self._cell_column.data, self._place_column.data


def _floats(column: NDArray[Any]) -> memoryview[float]:
    return cast("memoryview[float]", column.data)
