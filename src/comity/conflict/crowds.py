"""Too many aircraft in one place to be compared one by one: taken together as one obstacle.

A million reports at one point would be half a billion pairs a thousand times over. Where a cell about as
wide as the reach holds more aircraft than allowed, they become one crowd: an upright disc, at rest, that
contains every member during the whole look-ahead, its uncertainty included. Whatever would meet a member
meets the disc, and earlier: a crowd says too much and never too little. What members do among themselves is
not looked at; that they are a crowd is the finding.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from comity.conflict.frame import HEIGHT, UP, Floats
from comity.conflict.grid import Side, unfolded
from comity.conflict.inputs import LOWEST_M
from comity.geo.earth import lats_lons, on_ellipsoid, units

Indices = NDArray[np.int64]
Levels = tuple[tuple[int, bool], ...]

BEND_SHARE: Final = 0.002
BEND_M: Final = 20.0
"""What the disc is wider than its members' paths, of the way that they and what meets them go: a pair's
plane and the plane of one with the centre differ by less within 1,000 km. Larger: crowds warn further out."""


LEVELS: Final[Levels] = ((16, True), (4, True), (1, True), (1, False))
"""What is tried in turn as a part of a full cell: its width divided, and whether height counts. Finer:
those who fly beside or above a full place are left alone; coarser: fewer crowds."""

FULL: Final = 32
"""Members that crowds have on average at least, but for the last level."""

MOST_PARTS: Final = 64
"""Crowds of one cell, but for the last level: each may meet all of the cells around."""

_LAYERS: Final = 4_096
"""More than there are layers of 30 m; the last is for heights not known."""


@dataclass(frozen=True, slots=True)
class Crowd:
    """``members``: their rows, ascending. The heights are a span that they stay in: of their own datum
    where they have one in common, else on WGS84; infinite where one is not known."""

    members: NDArray[np.int64]
    category: int
    lat_deg: float
    lon_deg: float
    radius_m: float
    lower_m: float
    upper_m: float


def crowded(
    side: Side, most: int, levels: Levels, middle_s: float, cell_m: float, layer_m: float
) -> list[Indices]:
    """Rows to be taken together, so that no cell keeps more than ``most`` others: in each the fullest
    parts."""
    groups = []
    for rows in _alike(unfolded(side.states, middle_s, cell_m)):
        if len(rows) > most:
            groups += _fullest(side, rows, most, levels, middle_s, cell_m, layer_m)
    return groups


def _fullest(
    side: Side, rows: Indices, most: int, levels: Levels, middle_s: float, cell_m: float, layer_m: float
) -> list[Indices]:
    """Of one cell: small parts where enough of them are full, so that who flies apart is left alone."""
    states, many = side.states[rows], len(rows) - most
    heights_m = states[:, HEIGHT] + states[:, UP] * middle_s
    layers = np.clip((heights_m - LOWEST_M) / layer_m, 0, _LAYERS - 2).astype(np.int64)
    layers[np.isinf(side.extras[rows, 1]) | np.isinf(side.extras[rows, 3])] = _LAYERS - 1
    for parts, layered in levels:
        numbers = unfolded(states, middle_s, cell_m / parts)
        groups = _alike(numbers * _LAYERS + layers if layered else numbers)
        groups.sort(key=len, reverse=True)
        needed = int(np.searchsorted(np.cumsum([len(group) for group in groups]), many)) + 1
        if needed * FULL <= many and needed <= MOST_PARTS:
            break
    return [np.sort(rows[group]) for group in groups[:needed]]


def _alike(numbers: Indices) -> list[Indices]:
    """Positions of each number."""
    order = np.argsort(numbers, kind="stable")
    return np.split(order, np.flatnonzero(np.diff(numbers[order])) + 1)


def gather(
    side: Side, rows: NDArray[np.int64], *, category: int, called: int, d_m: float, horizon_s: float
) -> tuple[Crowd, Side]:
    """The crowd of these rows, and the one row that stands for it. ``called``: the row's name outside."""
    states, extras, codes = side.states[rows], side.extras[rows], side.codes[rows]
    begins, ways_m = states[:, 0:3], states[:, 3:6] * horizon_s
    centre = on_ellipsoid(units((begins + 0.5 * ways_m).mean(axis=0)))
    reaches_m = np.maximum(_lengths(begins - centre), _lengths(begins + ways_m - centre)) + extras[:, 0]
    bend_m = BEND_SHARE * (d_m + 2.0 * float(reaches_m.max())) + BEND_M
    radius_m = float(reaches_m.max()) + bend_m
    climbs_m = states[:, 7] * horizon_s
    own = _span(states[:, 6], climbs_m, extras[:, 1])
    wgs84 = _span(extras[:, 2], climbs_m, extras[:, 3])
    alike = bool(np.all(codes[:, 0] == codes[0, 0]))
    datum = int(codes[0, 0]) if alike else -1 - called
    masked = int(codes[0, 2]) if bool(np.all(codes[:, 2] == codes[0, 2])) else 2
    lower_m, upper_m = own if alike else wgs84
    lat, lon = lats_lons(centre)
    crowd = Crowd(
        np.sort(side.at[rows].astype(np.int64)), category, float(lat), float(lon), radius_m, lower_m, upper_m
    )
    middle, half = _middle(own)
    middle_2, half_2 = _middle(wgs84)
    row = Side(
        np.array([[*centre, 0.0, 0.0, 0.0, middle, 0.0]]),
        np.array([called], np.int32),
        np.array([[radius_m, half, middle_2, half_2]]),
        np.array([[datum, -1, masked]], np.int32),
    )
    return crowd, row


def _lengths(vectors: Floats) -> Floats:
    lengths: Floats = np.sqrt(np.einsum("ij,ij->i", vectors, vectors))
    return lengths


def _span(heights_m: Floats, climbs_m: Floats, errors_m: Floats) -> tuple[float, float]:
    low = np.minimum(heights_m, heights_m + climbs_m) - errors_m
    high = np.maximum(heights_m, heights_m + climbs_m) + errors_m
    return float(low.min()), float(high.max())


def _middle(span: tuple[float, float]) -> tuple[float, float]:
    """Middle and half-width; an unbounded span is one around 0."""
    low, high = span
    if np.isinf(high - low):
        return 0.0, np.inf
    return 0.5 * (low + high), 0.5 * (high - low)
