"""What a search answers: pairs, crowds, and who may meet a crowd."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from comity.conflict.crowds import Crowd
from comity.conflict.frame import Floats, Ints
from comity.conflict.measures import COLUMNS

Indices = NDArray[np.int64]

_SINGLE: Final = len(COLUMNS) - 6
"""The last six columns are the relative state."""


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


def assembled(
    results: list[tuple[Ints, Floats]], crowds: tuple[Crowd, ...], *, aircraft: int, crowd: int
) -> Found:
    """From what ``measure`` gave: names from ``aircraft`` on are those of crowds."""
    called = np.concatenate([names for names, _ in results] or [np.empty((0, 2), np.int32)])
    table = np.concatenate([rows for _, rows in results] or [np.empty((0, len(COLUMNS)))])
    results.clear()
    i, j = called[:, 0].astype(np.int64), called[:, 1].astype(np.int64)
    order = np.argsort((i << 32) + j)
    i, j, table = i[order], j[order], table.take(order, axis=0)
    if not crowds:
        return Found(_pairs(i, j, table), (), _near_crowds(i[:0], j[:0], table[:0]), _NO_TOUCH, crowd)
    first, second = i >= aircraft, j >= aircraft
    apart, outside = ~second, second & ~first
    return Found(
        _pairs(i[apart], j[apart], table[apart]),
        crowds,
        _near_crowds(i[outside], j[outside] - aircraft, table[outside]),
        np.column_stack((i[first], j[first])) - aircraft,
        crowd,
    )


_NO_TOUCH: Final = np.empty((0, 2), np.int64)


def _pairs(i: Indices, j: Indices, table: Floats) -> Pairs:
    rows = np.ascontiguousarray(table.T)
    columns = dict(zip(COLUMNS[:_SINGLE], rows, strict=False))
    inside = columns.pop("inside") > 0.0
    return Pairs(i=i, j=j, inside=inside, relative=rows[_SINGLE:], **columns)


def _near_crowds(aircraft: Indices, crowd: Indices, table: Floats) -> NearCrowds:
    t_in_s, t_out_s, distance_m, unsure_m = (
        table[:, COLUMNS.index(name)].copy() for name in ("t_in_s", "t_out_s", "distance_m", "unsure_m")
    )
    return NearCrowds(aircraft, crowd, t_in_s, t_out_s, distance_m - unsure_m)
