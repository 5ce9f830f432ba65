"""A loose grid: which things may be near a box, for boxes of any size, in earth-centred metres.

Each box is kept in exactly one cell: at the level whose side is the smallest that is longer than the
box's longest side, where its middle lies. It may then stick out of its cell by half a side, so a search
looks half a side farther at each level. A small search asks for its few cells at each occupied level; a
large one walks down a directory of occupied cells, because counting through empty ones would never end.

A cell is an integer: level, then x, y and z counted in sides from the earth's centre. Cells on the side
of 1 km hold all that is smaller. What one cell holds is an array, one thing alone stands for itself.
"""

from __future__ import annotations

import math
from array import array
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from comity.geo.boxes import Corners
from comity.geo.earth import Floats

Handles = NDArray[np.uint32]

SMALLEST_SIDE_M: Final = 1_024.0
"""Larger: fewer cells when sparse, more to sift where thousands of small volumes are in one town."""

LEVELS: Final = 8
"""Sides grow fourfold, to 16,777 km, more than the earth's diameter."""

SIDES_M: Final = tuple(SMALLEST_SIDE_M * 4.0**level for level in range(LEVELS))

_DIRECT: Final = 64
"""Cells at one level that are asked for one by one. Larger: slower searches in empty places."""

_GLANCES_PER_CELL: Final = 20
"""Members of a directory that numpy compares with a box in the time it takes to fetch one cell."""

_BITS: Final = 15
_OFFSET: Final = 1 << (_BITS - 1)
_MASK: Final = (1 << _BITS) - 1
_LEVEL_SHIFT: Final = 3 * _BITS
_DIRECTORY: Final = 1 << (_LEVEL_SHIFT + 4)
_DIRECTORY_LEVELS: Final = (2, 2, 2, 4, 4, 6, 6)
"""Level of the directory that lists the cells of each level; cells of the last level are in the root."""

_ROOT: Final = -1

Bag: TypeAlias = "int | array[int]"
"""One member as it is; more in an array."""


class LooseGrid:
    """Cells and what is in them. The caller keeps, for each thing, its cell and its place in it."""

    def __init__(self) -> None:
        self._held: dict[int, Bag] = {}
        self._listed: dict[int, Bag] = {}
        self._at_level = [0] * LEVELS

    def add(self, cell: int, handle: int) -> int:
        """Put a handle in a cell; its place there."""
        held = self._held.get(cell)
        self._at_level[(cell >> _LEVEL_SHIFT) & 15] += 1
        if held is None:
            self._held[cell] = handle
            self._enlist(cell)
            return 0
        if type(held) is int:
            self._held[cell] = array("I", (held, handle))
            return 1
        held.append(handle)  # type: ignore[union-attr]  # mypy does not narrow on `type() is`
        return len(held) - 1  # type: ignore[arg-type]  # as above

    def add_many(self, cell: int, handles: Handles) -> int:
        """Put several in one cell; the place of the first."""
        held = self._held.get(cell)
        self._at_level[(cell >> _LEVEL_SHIFT) & 15] += len(handles)
        if held is None:
            self._enlist(cell)
            self._held[cell] = array("I", handles.tobytes()) if len(handles) > 1 else int(handles[0])
            return 0
        before = array("I", (held,)) if isinstance(held, int) else held
        first = len(before)
        before.frombytes(handles.tobytes())
        self._held[cell] = before
        return first

    def remove(self, cell: int, place: int) -> int:
        """Take out what is at this place; the handle that has moved there from the end, or -1."""
        held = self._held[cell]
        self._at_level[(cell >> _LEVEL_SHIFT) & 15] -= 1
        if isinstance(held, int):
            del self._held[cell]
            self._delist(cell)
            return -1
        last = held.pop()
        if len(held) == 1:
            self._held[cell] = last if place == 0 else held[0]
        if place == len(held):
            return -1
        held[place] = last
        return last

    def near(self, box: Corners, most_cells: int) -> list[Bag] | None:
        """What may overlap the box, and more; None if that is in more than ``most_cells`` cells."""
        found: list[Bag] = []
        get = self._held.get
        for level, count in enumerate(self._at_level):
            if not count:
                continue
            spans = _spans(box, level)
            if len(spans[0]) * len(spans[1]) * len(spans[2]) > _DIRECT:
                return self._walk(box, most_cells)
            for x in spans[0]:
                for y in spans[1]:
                    for z in spans[2]:
                        held = get(x | y | z)
                        if held is not None:
                            found.append(held)
        return found

    def _walk(self, box: Corners, most_cells: int) -> list[Bag] | None:
        """Through the directory, a whole generation at a time."""
        found: list[int] = []
        listed = [self._listed[_ROOT]]
        while listed:
            members = gathered(listed, np.dtype(np.int64))
            if len(members) > most_cells * _GLANCES_PER_CELL:
                return None
            members = members[_may_overlap(members, box)]
            if len(found) + len(members) > most_cells:
                return None
            is_directory = members >= _DIRECTORY
            found.extend(members[~is_directory].tolist())
            listed = [self._listed[directory] for directory in members[is_directory].tolist()]
        return [self._held[cell] for cell in found]

    def _enlist(self, cell: int) -> None:
        """Name a cell in its directory, and that in the next if it is new."""
        while cell != _ROOT:
            directory = _directory(cell)
            listed = self._listed.get(directory)
            if listed is None:
                self._listed[directory] = cell
                cell = directory
                continue
            if isinstance(listed, int):
                self._listed[directory] = array("q", (listed, cell))
            else:
                listed.append(cell)
            return

    def _delist(self, cell: int) -> None:
        while cell != _ROOT:
            directory = _directory(cell)
            listed = self._listed[directory]
            if isinstance(listed, int):
                del self._listed[directory]
                cell = directory
                continue
            last = listed.pop()
            if last != cell:
                listed[listed.index(cell)] = last
            if len(listed) == 1:
                self._listed[directory] = listed[0]
            return


def cell_for(box: Corners) -> int:
    """The one cell in which a box is kept."""
    x_low, y_low, z_low, x_high, y_high, z_high = box
    _, exponent = math.frexp(max(x_high - x_low, y_high - y_low, z_high - z_low) / SMALLEST_SIDE_M)
    level = (exponent + 1) // 2 if exponent > 0 else 0
    twice = 2.0 * SIDES_M[level]
    return (
        (
            (((level << _BITS) | (math.floor((x_low + x_high) / twice) + _OFFSET)) << _BITS)
            | (math.floor((y_low + y_high) / twice) + _OFFSET)
        )
        << _BITS
    ) | (math.floor((z_low + z_high) / twice) + _OFFSET)


def cells_for(boxes: Floats) -> NDArray[np.int64]:
    """``cell_for`` of many, shape (n, 6)."""
    low, high = boxes[:, :3], boxes[:, 3:]
    _, exponent = np.frexp((high - low).max(axis=1) / SMALLEST_SIDE_M)
    level = np.maximum((exponent + 1) // 2, 0).astype(np.int64)
    twice = 2.0 * np.array(SIDES_M)[level]
    place = np.floor((low + high) / twice[:, None]).astype(np.int64) + _OFFSET
    return np.asarray(
        (level << _LEVEL_SHIFT) | (place[:, 0] << (2 * _BITS)) | (place[:, 1] << _BITS) | place[:, 2]
    )


def gathered(bags: list[Bag], dtype: np.dtype[np.int64] | np.dtype[np.uint32]) -> NDArray[np.int64]:
    """All members of these bags, in an array of its own: a view would keep an array from growing."""
    alone = [bag for bag in bags if isinstance(bag, int)]
    parts = [np.frombuffer(bag, dtype=dtype) for bag in bags if not isinstance(bag, int)]
    if alone:
        parts.append(np.array(alone, dtype=dtype))
    return np.concatenate(parts).astype(np.int64) if parts else np.empty(0, dtype=np.int64)


def _spans(box: Corners, level: int) -> tuple[list[int], list[int], list[int]]:
    """The parts of the cells' numbers to ask for; only counted when there are too many."""
    side = SIDES_M[level]
    x_low, y_low, z_low, x_high, y_high, z_high = box
    x = range(math.floor(x_low / side - 0.5) + _OFFSET, math.floor(x_high / side + 0.5) + _OFFSET + 1)
    y = range(math.floor(y_low / side - 0.5) + _OFFSET, math.floor(y_high / side + 0.5) + _OFFSET + 1)
    z = range(math.floor(z_low / side - 0.5) + _OFFSET, math.floor(z_high / side + 0.5) + _OFFSET + 1)
    if len(x) * len(y) * len(z) > _DIRECT:
        return x, y, z  # type: ignore[return-value]  # only their lengths are used
    high = level << _LEVEL_SHIFT
    return [high | v << (2 * _BITS) for v in x], [v << _BITS for v in y], list(z)


def _may_overlap(cells: NDArray[np.int64], box: Corners) -> NDArray[np.bool_]:
    """Whether a cell, or one that a directory lists, can hold a box that overlaps this one."""
    side = _SIDES[(cells >> _LEVEL_SHIFT) & 15]
    may = np.ones(len(cells), dtype=np.bool_)
    for axis, shift in enumerate((2 * _BITS, _BITS, 0)):
        low = (((cells >> shift) & _MASK) - _OFFSET) * side
        may &= (low - 0.5 * side <= box[axis + 3]) & (low + 1.5 * side >= box[axis])
    return may


def _directory(cell: int) -> int:
    """The directory that names a cell or a directory."""
    level = (cell >> _LEVEL_SHIFT) & 15
    if cell & _DIRECTORY:
        if level == 6:
            return _ROOT
        above = level + 2
    else:
        if level == LEVELS - 1:
            return _ROOT
        above = _DIRECTORY_LEVELS[level]
    down = 2 * (above - level)
    x = (((cell >> (2 * _BITS)) & _MASK) - _OFFSET) >> down
    y = (((cell >> _BITS) & _MASK) - _OFFSET) >> down
    z = ((cell & _MASK) - _OFFSET) >> down
    place = (((x + _OFFSET) << _BITS | (y + _OFFSET)) << _BITS) | (z + _OFFSET)
    return _DIRECTORY | above << _LEVEL_SHIFT | place


_SIDES: Final = np.array(SIDES_M)
