"""Outlines of areas in columns that grow and shrink, with the cubes to search them by.

A row is a number that stays while its outline is in the table, and is given out again afterwards. Points lie
end to end in whole blocks; what is removed leaves a hole, and when holes are half of all, points move up.
Adding costs what the outline costs; the cubes are sorted when next asked for. Not safe to share between
threads.
"""

from __future__ import annotations

import pickle
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from comity.conflict import incursion, incursion_cover, incursion_grid
from comity.conflict.compiled import keep_nothing
from comity.conflict.cylinder import Floats
from comity.conflict.incursion import Areas, Ints, paths, visits
from comity.conflict.incursion_areas import ANYWHERE, BLOCK, Outline, balls, of_shape, padded
from comity.conflict.incursion_cover import cover
from comity.conflict.incursion_grid import Bands, Cubes, Levels, gathered, join
from comity.model.shape import Circle, LatLon

_ROWS: Final = 64
_NONE: Final = np.empty(0, dtype=np.int64)


class AreaTable:
    def __init__(self) -> None:
        self._free: list[int] = []
        self._kind = np.empty(0, np.int8)
        self._first, self._length, self._serial = _NONE, _NONE, _NONE
        self._centre, self._circle_m, self._box = np.empty((0, 3)), np.empty(0), np.empty((0, 6))
        self._points, self._lifted, self._balls = np.empty((0, 3)), np.empty(0, np.bool_), np.empty((0, 4))
        self._used = self._wasted = self._added = 0
        self._keys, self._rows, self._serials, self._listed = _NONE, _NONE, _NONE, 0
        self._cubes: Cubes | None = None
        self._grow()

    def __len__(self) -> int:
        """Outlines in it."""
        return self.room - len(self._free)

    @property
    def room(self) -> int:
        """Every row is below this. It doubles when rows run out."""
        return len(self._kind)

    def boxes(self) -> Floats:
        """Earth-centred limits of the outlines, a row each; of a row that is free whatever was there."""
        return self._box

    def areas(self) -> Areas:
        return Areas(
            self._kind,
            self._first,
            self._length,
            self._centre,
            self._circle_m,
            self._points,
            self._lifted,
            self._balls,
        )

    def add(self, outline: Outline) -> int:
        """The row of an outline from now on."""
        if not self._free:
            self._grow()
        row = self._free.pop()
        self._added += 1
        points, lifted = padded(outline)
        first, end = self._used, self._used + len(points)
        while end > len(self._points):
            self._points, self._lifted = _doubled(self._points), _doubled(self._lifted)
            self._balls = _doubled(self._balls)
        self._points[first:end], self._lifted[first:end] = points, lifted
        self._balls[first // BLOCK : end // BLOCK] = balls(points)
        self._used = end
        self._kind[row], self._first[row], self._length[row] = outline.kind, first, len(points)
        self._centre[row], self._circle_m[row], self._box[row] = outline.centre, outline.circle_m, outline.box
        self._serial[row] = self._added
        self._list(cover(outline), row)
        self._cubes = None
        return row

    def remove(self, row: int) -> None:
        self._serial[row] = 0
        self._wasted += int(self._length[row])
        self._length[row] = 0
        self._free.append(row)
        self._cubes = None
        if 2 * self._wasted > max(self._used, _ROWS * BLOCK):
            self._move_up()

    def cubes(self) -> Cubes:
        if self._cubes is None:
            kept = self._serial[self._rows[: self._listed]] == self._serials[: self._listed]
            count = int(np.count_nonzero(kept))
            for column in (self._keys, self._rows, self._serials):
                column[:count] = column[: self._listed][kept]
            self._listed = count
            anywhere = np.flatnonzero((self._kind == ANYWHERE) & (self._serial > 0))
            self._cubes = gathered(self._keys[:count], self._rows[:count], anywhere, self._box)
        return self._cubes

    def _list(self, keys: Ints, row: int) -> None:
        first, end = self._listed, self._listed + len(keys)
        while end > len(self._keys):
            self._keys, self._rows = _doubled(self._keys), _doubled(self._rows)
            self._serials = _doubled(self._serials)
        self._keys[first:end], self._rows[first:end], self._serials[first:end] = keys, row, self._added
        self._listed = end

    def _grow(self) -> None:
        before = self.room
        self._kind, self._circle_m = _doubled(self._kind), _doubled(self._circle_m)
        self._first, self._length = _doubled(self._first), _doubled(self._length)
        self._serial, self._box = _doubled(self._serial), _doubled(self._box)
        self._centre = _doubled(self._centre)
        self._free = [*range(self.room - 1, before - 1, -1), *self._free]

    def _move_up(self) -> None:
        rows = np.flatnonzero(self._serial > 0)
        rows = rows[np.argsort(self._first[rows])]
        length = self._length[rows]
        ends = np.cumsum(length)
        kept = np.repeat(self._first[rows] - (ends - length), length) + np.arange(int(length.sum()))
        self._points[: len(kept)], self._lifted[: len(kept)] = self._points[kept], self._lifted[kept]
        blocks = kept[::BLOCK] // BLOCK
        self._balls[: len(blocks)] = self._balls[blocks]
        self._first[rows] = ends - length
        self._used, self._wasted = len(kept), 0


def warm() -> None:
    """Use every kernel of a track against volumes once, so that no later call compiles. Kept code that cannot
    be read is given up, as in ``conflict.warm``."""
    try:
        _use_all()
    except (OSError, EOFError, pickle.UnpicklingError):
        for module in (incursion, incursion_cover, incursion_grid):
            for each in vars(module).values():
                if hasattr(each, "signatures"):
                    keep_nothing(each)
        _use_all()


def _use_all() -> None:
    zero = np.zeros(1)
    flown = paths(lat=zero, lon=zero, track_deg=zero, speed_mps=zero, radius_m=zero)
    levels = Levels(zero, zero, np.zeros(1, np.int64), zero, zero, zero)
    table = AreaTable()
    for shape in (Circle(LatLon(0.0, 0.0), 1.0), Circle(LatLon(0.0, 0.0), 500_000.0)):
        table.add(of_shape(shape))
    limits, datums = np.zeros((6, table.room)), np.zeros((2, table.room), np.int64)
    bands = Bands(
        limits[0], datums[0], limits[1], limits[2], datums[1], limits[3], limits[4], limits[5] + 1.0
    )
    visits(flown, table.areas(), join(flown, levels, bands, table.cubes(), 1.0))


def _doubled(column: NDArray[Any]) -> Any:
    """The same type and twice as long, the new half zeros."""
    larger = np.zeros((max(_ROWS, 2 * len(column)), *column.shape[1:]), column.dtype)
    larger[: len(column)] = column
    return larger
