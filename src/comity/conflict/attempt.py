"""One try at finding all pairs, with a given measure of what is a crowd.

Aircraft are taken category by category, and every two categories with cells as wide as their own reach: fifty
metres between drones stay fast beside five miles between airliners. Memory: what is kept of each aircraft
lies in order of its cell, and is brought into another order column by column.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from comity.conflict.crowds import LEVELS, Crowd, crowded, gather
from comity.conflict.found import Found, Indices, assembled
from comity.conflict.frame import WIDTH, Floats, Ints, place
from comity.conflict.grid import Cells, Side, lay, nearby, reaches_m
from comity.conflict.inputs import HIGHEST_M, Minima, Traffic
from comity.conflict.measures import measure
from comity.conflict.search import search

MAX_LOOKS: Final = 600_000_000
"""Candidates in one attempt, under a second of one core. A million aircraft spread over the Earth need
1e8."""

CELL_SHARE: Final = 1.25
"""Width of a cell in mean reaches to both sides. Smaller: fewer candidates in dense traffic, more cells to
visit."""

LAYER_SHARE: Final = 4.0
"""Height of a layer of a crowd in half-heights of the cylinder."""


class Attempt:
    """``run`` is false where it would list or look at too much. ``width``: of cells that are judged, in those
    that are searched; ``fine``: only full parts of a full cell are taken together."""

    def __init__(
        self, whole: Traffic, limits: Minima, crowd: int, width: float, fine: bool, max_pairs: int
    ) -> None:
        self.whole, self.limits = whole, limits
        self.crowd, self.width, self.fine = crowd, width, fine
        self.pairs_left, self.looks_left = max_pairs, MAX_LOOKS
        self.sides: dict[int, Side] = {}
        self.cells: dict[int, Cells] = {}
        self.crowds: list[Crowd] = []
        self.results: list[tuple[Ints, Floats]] = []

    def run(self) -> bool:
        for kind, rows in self._kinds():
            self._place(kind, rows)
        if self.crowds:
            self.sides = {kind: self._spelled_out(side) for kind, side in self.sides.items()}
        # Each with itself first: its rows lie in order of its own cells until another looks for them.
        kinds = list(self.sides)
        couples = [(a, a) for a in kinds] + [(a, b) for a in kinds for b in kinds if a != b]
        return all(self._compare(a, b) for a, b in couples if self.limits.d_m[a, b] > 0.0)

    def found(self) -> Found:
        self.sides.clear()
        self.cells.clear()
        return assembled(self.results, tuple(self.crowds), aircraft=len(self.whole), crowd=self.crowd)

    def _kinds(self) -> list[tuple[int, Ints]]:
        """Rows by category."""
        if self.whole.category is None:
            return [(0, np.arange(len(self.whole), dtype=np.int32))]
        kinds = np.flatnonzero(np.bincount(self.whole.category)).tolist()
        return [(kind, np.flatnonzero(self.whole.category == kind).astype(np.int32)) for kind in kinds]

    def _place(self, kind: int, rows: Ints) -> None:
        """A category's side, in order of its own cells, which are kept; or with rows that stand for
        crowds."""
        states = np.empty((len(rows), WIDTH))
        place(rows, self.whole.motion, states)
        side = Side(states, rows, np.empty((0, 4)), np.empty((0, 3), np.int32))
        if not self.whole.plain:
            side = self._spelled_out(side)
        own_m, middle_s = float(self.limits.d_m[kind, kind]), 0.5 * float(self.limits.horizon_s[kind, kind])
        cell_m = _cell_m(side, own_m or float(self.limits.d_m[kind].max()), middle_s)
        cells, order = lay(states, middle_s, cell_m)
        if cells.fullest > self.crowd:
            spelled_out = self._spelled_out(side)
            layer_m = LAYER_SHARE * min(float(self.limits.h_m[kind].max()), HIGHEST_M)
            levels = LEVELS if self.fine else LEVELS[-1:]
            groups = crowded(spelled_out, self.crowd, levels, middle_s, cell_m * self.width, layer_m)
            if groups:
                self.sides[kind] = self._thinned(spelled_out, groups, kind)
                return
        self.sides[kind], self.cells[kind] = side, cells
        del states, side
        self._bring_in_order(kind, order)

    def _thinned(self, side: Side, groups: list[Indices], kind: int) -> Side:
        """One row in the place of each group."""
        rest = np.delete(np.arange(len(side.at)), np.concatenate(groups))
        states, at, extras, codes = side
        parts = [Side(states[rest], at[rest], extras[rest], codes[rest])]
        d_m, horizon_s = float(self.limits.d_m[kind].max()), float(self.limits.horizon_s[kind].max())
        for rows in groups:
            called = len(self.whole) + len(self.crowds)
            crowd, row = gather(side, rows, category=kind, called=called, d_m=d_m, horizon_s=horizon_s)
            self.crowds.append(crowd)
            parts.append(row)
        return Side(*(np.concatenate(columns) for columns in zip(*parts, strict=True)))

    def _spelled_out(self, side: Side) -> Side:
        """With extras and codes, even if they say nothing."""
        if len(side.extras) == len(side.at):
            return side
        return side._replace(extras=self.whole.extras_of(side.at), codes=self.whole.codes_of(side.at))

    def _bring_in_order(self, kind: int, order: NDArray[np.int32]) -> None:
        # Each old column goes before the next new one is made. ``take`` is several times as fast as an index.
        states, at, extras, codes = self.sides.pop(kind)
        states, at = states.take(order, axis=0), at.take(order)
        if len(extras):
            extras = extras.take(order, axis=0)
            codes = codes.take(order, axis=0)
        self.sides[kind] = Side(states, at, extras, codes)

    def _compare(self, a: int, b: int) -> bool:
        """Pairs that one in ``a`` seeks in ``b``; false where there are too many."""
        d_m, h_m = float(self.limits.d_m[a, b]), float(self.limits.h_m[a, b])
        horizon_s = float(self.limits.horizon_s[a, b])
        middle_s = 0.5 * horizon_s
        if a == b and a in self.cells:
            cells = self.cells.pop(a)
        else:
            one, other = (reaches_m(self.sides[k].states, self.sides[k].extras, middle_s) for k in (a, b))
            if one[2] < other[0]:
                return True
            cell_m = _cell_m(self.sides[a], d_m, middle_s)
            cells, order = lay(self.sides[b].states, middle_s, cell_m)
            self._bring_in_order(b, order)
        near = nearby(self.sides[b].states, self.sides[b].extras, middle_s)
        found, count, looks = search(
            self.sides[a], self.sides[b], cells, near, d_m, h_m, horizon_s, self.pairs_left, self.looks_left
        )
        self.pairs_left -= count
        self.looks_left -= looks
        if self.pairs_left < 0 or self.looks_left < 0:
            return False
        self.results.append(measure(self.sides[a], self.sides[b], found[:count], d_m, h_m, horizon_s))
        return True


def _cell_m(side: Side, d_m: float, middle_s: float) -> float:
    return CELL_SHARE * (d_m + 2.0 * reaches_m(side.states, side.extras, middle_s)[1])
