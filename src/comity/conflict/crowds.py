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

from comity.conflict.frame import Floats
from comity.conflict.grid import Side
from comity.geo.earth import lats_lons, on_ellipsoid, units

BEND_SHARE: Final = 0.002
BEND_M: Final = 20.0
"""What the disc is wider than its members' paths, of the way that they and what meets them go: a pair's
plane and the plane of one with the centre differ by less within 1,000 km. Larger: crowds warn further out."""


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


def crowded(cells: NDArray[np.int64], most: int) -> list[NDArray[np.int64]]:
    """Rows of each cell that has more than ``most``, by cell number."""
    order = np.argsort(cells, kind="stable")
    _, begins, counts = np.unique(cells[order], return_index=True, return_counts=True)
    return [
        np.sort(order[begin : begin + count])
        for begin, count in zip(begins.tolist(), counts.tolist(), strict=True)
        if count > most
    ]


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
