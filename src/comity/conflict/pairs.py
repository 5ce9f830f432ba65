"""All pairs of aircraft that come inside a separation cylinder of each other: the public call.

``find_pairs`` takes arrays and gives arrays, with nothing running. Every pair for which ``cylinder.ever``
says so, in the pair's plane (``frame``) and within the look-ahead, is found once; minima and look-ahead may
differ by pair of categories, and grow with what is uncertain of the two. Verdicts and times do not depend
on the order of the aircraft, to the bit.

Aircraft are taken category by category, and every two categories with cells as wide as their own reach:
fifty metres between drones stay fast beside five miles between airliners. Work is bounded (``crowds``):
where it would not be, more is taken together, and nothing is left out.

Pure; holds no lock of the interpreter while it searches; several threads may call it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import ArrayLike, NDArray

from comity.conflict.crowds import LEVELS, Crowd, crowded, gather
from comity.conflict.frame import WIDTH, Floats, Ints, place
from comity.conflict.grid import Cells, Side, lay, nearby, reaches_m
from comity.conflict.inputs import HIGHEST_M, MOTION, Minima, Traffic, minima, plain_extras, traffic
from comity.conflict.measures import COLUMNS, measure
from comity.conflict.search import search
from comity.errors import InvalidInput

Indices = NDArray[np.int64]

CROWD: Final = 512
MAX_PAIRS: Final = 1_000_000

MAX_LOOKS: Final = 600_000_000
"""Candidates in one attempt, under a second of one core. A million aircraft spread over the Earth need
1e8."""

CELL_SHARE: Final = 1.25
"""Width of a cell in mean reaches to both sides. Smaller: fewer candidates in dense traffic, more cells to
visit."""

LAYER_SHARE: Final = 4.0
"""Height of a layer of a crowd in half-heights of the cylinder."""

_SINGLE: Final = len(COLUMNS) - 6
"""The last six columns are the relative state."""

_NO_TOUCH: Final = np.empty((0, 2), np.int64)

_NARROWING: Final = 4
"""By how much what counts as a crowd shrinks from one attempt to the next; or cells widen, once all is
crowds."""


@dataclass(frozen=True, slots=True)
class Pairs:
    """One row a pair, by (i, j), rows of the arrays given, ``i < j``. ``t_in_s``, ``t_out_s``: inside the
    cylinder, within [0, horizon]. ``tcpa_s``, ``dcpa_m``: horizontal closest approach over all time (time
    NaN without relative speed). ``miss_m``, ``miss_s``, ``miss_dz_m``: least horizontal distance within [0,
    horizon], when, and the height of i over j then. ``distance_m``, ``dz_m``, ``inside``: now. ``d_m``,
    ``h_m``: the cylinder used, in which ``unsure_m`` and ``unsure_height_m`` come from what is uncertain of
    the two; heights between them are NaN where one is not known. ``relative``: i minus j in their plane,
    rows sx, sy, sz, vx, vy, vz."""

    i: Indices
    j: Indices
    t_in_s: Floats
    t_out_s: Floats
    tcpa_s: Floats
    dcpa_m: Floats
    miss_m: Floats
    miss_s: Floats
    miss_dz_m: Floats
    distance_m: Floats
    dz_m: Floats
    inside: NDArray[np.bool_]
    d_m: Floats
    h_m: Floats
    unsure_m: Floats
    unsure_height_m: Floats
    relative: Floats

    def __len__(self) -> int:
        return len(self.i)


@dataclass(frozen=True, slots=True)
class NearCrowds:
    """An aircraft outside that may meet a crowd's member: from when at the earliest, until when at the
    latest, and how far it is from the crowd's edge now (negative: above, below or among them)."""

    aircraft: Indices
    crowd: Indices
    t_in_s: Floats
    t_out_s: Floats
    distance_m: Floats

    def __len__(self) -> int:
        return len(self.aircraft)


@dataclass(frozen=True, slots=True)
class Found:
    """``touching``: rows of two crowds, members of which may meet. ``crowd``: how many in one cell were
    compared one by one at most, in the end."""

    pairs: Pairs
    crowds: tuple[Crowd, ...]
    near_crowds: NearCrowds
    touching: Indices
    crowd: int


def find_pairs(
    lat_deg: ArrayLike,
    lon_deg: ArrayLike,
    height_m: ArrayLike,
    east_mps: ArrayLike,
    north_mps: ArrayLike,
    up_mps: ArrayLike,
    *,
    horizon_s: ArrayLike,
    d_m: ArrayLike,
    h_m: ArrayLike,
    category: ArrayLike | None = None,
    radius_m: ArrayLike | None = None,
    datum: ArrayLike | None = None,
    height_error_m: ArrayLike | None = None,
    wgs84_mid_m: ArrayLike | None = None,
    wgs84_half_m: ArrayLike | None = None,
    skip: ArrayLike | None = None,
    between: ArrayLike | None = None,
    crowd: int = CROWD,
    max_pairs: int = MAX_PAIRS,
) -> Found:
    """Every pair that is inside the cylinder within ``[0, horizon_s]``.

    ``horizon_s``, ``d_m``, ``h_m``: numbers, or symmetric matrices by ``category`` (then each aircraft's
    row in them; a radius of 0: not compared). ``radius_m``: horizontal uncertainty of each, added to the
    radius. Heights of one ``datum`` (any codes from 0) compare directly, the half-height grows by both
    ``height_error_m``; else by ``wgs84_mid_m``, and it grows by both ``wgs84_half_m``. Infinite: not known,
    always close. ``skip``: two with the same number, 0 or more, are one aircraft and not compared.
    ``between``: only pairs with one true and one false. ``crowd``: more in one cell are taken together;
    ``max_pairs``: if more would be listed, more are taken together. Bad input raises ``InvalidInput``.
    """
    limits = minima(d_m, h_m, horizon_s)
    whole = traffic(
        dict(zip(MOTION, (lat_deg, lon_deg, height_m, east_mps, north_mps, up_mps), strict=True)),
        category=category,
        categories=len(limits.d_m),
        unsure={
            "radius_m": radius_m,
            "height_error_m": height_error_m,
            "wgs84_mid_m": wgs84_mid_m,
            "wgs84_half_m": wgs84_half_m,
        },
        datum=datum,
        skip=skip,
        between=between,
    )
    if crowd < 1:
        raise InvalidInput("crowd is at least 1", field="crowd")
    if max_pairs < limits.d_m.size:
        raise InvalidInput("max_pairs is at least the square of the number of categories", field="max_pairs")
    width, fine = 1.0, True
    while True:
        attempt = _Attempt(whole, limits, crowd, width, fine, max_pairs)
        if attempt.run():
            return attempt.found()
        if fine:
            fine = False
            continue
        # In the end everybody of a category is in one crowd, and only these are left to touch each other.
        width *= _NARROWING if crowd == 0 else 1
        crowd //= _NARROWING


class _Attempt:
    """One try with a given crowd; ``run`` is false where it would list or look at too much. ``width``: of
    cells that are judged, in those that are searched; ``fine``: only full parts of a full cell are taken
    together."""

    def __init__(
        self, whole: Traffic, limits: Minima, crowd: int, width: float, fine: bool, max_pairs: int
    ) -> None:
        self.whole, self.limits = whole, limits
        self.crowd, self.width, self.fine = crowd, width, fine
        self.pairs_left, self.looks_left = max_pairs, MAX_LOOKS
        self.crowds: list[Crowd] = []
        self.cells: dict[int, Cells] = {}
        self.results: list[tuple[Ints, Floats]] = []

    def run(self) -> bool:
        sides = dict(self._sides())
        if self.crowds:
            sides = {kind: self._spelled_out(side) for kind, side in sides.items()}
        for a, b in [(a, b) for a in sides for b in sides]:
            if self.limits.d_m[a, b] > 0.0 and not self._compare(sides, a, b):
                return False
        return True

    def found(self) -> Found:
        called = np.concatenate([names for names, _ in self.results] or [np.empty((0, 2), np.int32)])
        table = np.concatenate([rows for _, rows in self.results] or [np.empty((0, len(COLUMNS)))])
        i, j = called[:, 0].astype(np.int64), called[:, 1].astype(np.int64)
        order = np.argsort((i << 32) + j, kind="stable")
        i, j, table = i[order], j[order], table[order]
        if not self.crowds:
            return Found(
                _pairs(i, j, table), (), _near_crowds(i[:0], j[:0], table[:0]), _NO_TOUCH, self.crowd
            )
        first, second = i >= len(self.whole), j >= len(self.whole)
        apart, outside = ~second, second & ~first
        return Found(
            _pairs(i[apart], j[apart], table[apart]),
            tuple(self.crowds),
            _near_crowds(i[outside], j[outside] - len(self.whole), table[outside]),
            np.column_stack((i[first], j[first])) - len(self.whole),
            self.crowd,
        )

    def _sides(self) -> Iterator[tuple[int, Side]]:
        """Aircraft by category, with rows that stand for crowds."""
        if self.whole.category is None:
            yield 0, self._side(np.arange(len(self.whole), dtype=np.int32), 0)
            return
        for kind in np.unique(self.whole.category).tolist():
            yield kind, self._side(np.flatnonzero(self.whole.category == kind).astype(np.int32), kind)

    def _side(self, rows: Ints, kind: int) -> Side:
        """In order of the category's own cells, which are kept, unless there are crowds."""
        states = np.empty((len(rows), WIDTH))
        place(rows, self.whole.motion, states)
        extras, codes = self.whole.extras, self.whole.codes
        if self.whole.category is not None and len(extras):
            extras, codes = extras[rows], codes[rows]
        side = Side(states, rows, extras, codes)
        own_m, middle_s = float(self.limits.d_m[kind, kind]), 0.5 * float(self.limits.horizon_s[kind, kind])
        cell_m = _cell_m(side, own_m or float(self.limits.d_m[kind].max()), middle_s)
        cells, order = lay(states, middle_s, cell_m)
        if cells.fullest > self.crowd:
            spelled_out = self._spelled_out(side)
            layer_m = LAYER_SHARE * min(float(self.limits.h_m[kind].max()), HIGHEST_M)
            levels = LEVELS if self.fine else LEVELS[-1:]
            groups = crowded(spelled_out, self.crowd, levels, middle_s, cell_m * self.width, layer_m)
            if groups:
                return self._thinned(spelled_out, groups, kind)
        self.cells[kind] = cells
        return _taken(side, order)

    def _thinned(self, side: Side, groups: list[Indices], kind: int) -> Side:
        """One row in the place of each group."""
        parts = [_taken(side, np.delete(np.arange(len(side.at)), np.concatenate(groups)))]
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
        plain = plain_extras(self.whole)
        return side._replace(extras=plain.extras[side.at], codes=plain.codes[side.at])

    def _compare(self, sides: dict[int, Side], a: int, b: int) -> bool:
        """Pairs that one in ``a`` seeks in ``b``; false where there are too many."""
        one, other = sides[a], sides[b]
        d_m, h_m = float(self.limits.d_m[a, b]), float(self.limits.h_m[a, b])
        horizon_s = float(self.limits.horizon_s[a, b])
        middle_s = 0.5 * horizon_s
        if a == b and a in self.cells:
            cells = self.cells[a]
        else:
            if (
                reaches_m(one.states, one.extras, middle_s)[2]
                < reaches_m(other.states, other.extras, middle_s)[0]
            ):
                return True
            cells, order = lay(other.states, middle_s, _cell_m(one, d_m, middle_s))
            other = _taken(other, order)
        near = nearby(other.states, other.extras, middle_s)
        found, count, looks = search(
            one, other, cells, near, d_m, h_m, horizon_s, self.pairs_left, self.looks_left
        )
        self.pairs_left -= count
        self.looks_left -= looks
        if self.pairs_left < 0 or self.looks_left < 0:
            return False
        self.results.append(measure(one, other, found[:count], d_m, h_m, horizon_s))
        return True


def _cell_m(side: Side, d_m: float, middle_s: float) -> float:
    return CELL_SHARE * (d_m + 2.0 * reaches_m(side.states, side.extras, middle_s)[1])


def _taken(side: Side, rows: NDArray[np.integer[Any]]) -> Side:
    if not len(side.extras):
        return side._replace(states=side.states[rows], at=side.at[rows])
    return Side(*(column[rows] for column in side))


def _pairs(i: Indices, j: Indices, table: Floats) -> Pairs:
    columns = {name: np.ascontiguousarray(table[:, k]) for k, name in enumerate(COLUMNS[:_SINGLE])}
    inside = columns.pop("inside") > 0.0
    return Pairs(i=i, j=j, inside=inside, relative=np.ascontiguousarray(table[:, _SINGLE:].T), **columns)


def _near_crowds(aircraft: Indices, crowd: Indices, table: Floats) -> NearCrowds:
    t_in_s, t_out_s, distance_m, unsure_m = (
        table[:, COLUMNS.index(name)].copy() for name in ("t_in_s", "t_out_s", "distance_m", "unsure_m")
    )
    return NearCrowds(aircraft, crowd, t_in_s, t_out_s, distance_m - unsure_m)
