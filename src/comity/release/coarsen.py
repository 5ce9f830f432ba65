"""Level 0: a volume coarsened outward to the fixed nested grid.

Space: S2 cells, all of one level for one outline (``geo.cells``). Height: bands of 1,000 m above the
WGS84 ellipsoid, multiples of the band. Time: slots of 30 minutes, multiples of the slot since
1970. The grid is the same for all recipients and all owners, so two recipients who lay what they
got together learn nothing that one of them did not have.

Everything is rounded outward (law 1, containment): the result contains the promised volume. Heights
go through ``bounds`` with an environment that has no QNH, so that the result does not change when
a pressure setting expires: a change that the owner did not make would tell of the true height.

Changes of level-0 items are seen when they are made; that something ended early is seen only at the
next slot's edge (``lingers_until``), because the moment of a landing is finer than the slot.
"""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import Final

from comity.clock import EPOCH
from comity.geo.cells import corners, grid_cells, token
from comity.geo.heights import Environment, bounds
from comity.model.released import ReservedVolume
from comity.model.volume import Volume4D, Volumes

BAND_M: Final = 1_000.0
"""Three of the 300 m layers that separate traffic: larger hides more and conflicts more often."""

SLOT: Final = timedelta(minutes=30)
"""About a short flight: larger hides more and reserves longer."""


def floor_slot(when: datetime) -> datetime:
    return EPOCH + (when - EPOCH) // SLOT * SLOT


def ceil_slot(when: datetime) -> datetime:
    return EPOCH - (EPOCH - when) // SLOT * SLOT


lingers_until = ceil_slot
"""Until when a level-0 item that ended at a moment stays in view: the next slot's edge."""


def floor_band(height_m: float) -> float:
    band_m = math.floor(height_m / BAND_M) * BAND_M
    return band_m if band_m <= height_m else band_m - BAND_M


def ceil_band(height_m: float) -> float:
    """Outward, also where dividing takes a height of next to nothing for nothing."""
    band_m = math.ceil(height_m / BAND_M) * BAND_M
    return band_m if band_m >= height_m else band_m + BAND_M


def reserve(volumes: Volumes, environment: Environment) -> tuple[ReservedVolume, ...]:
    """Each volume coarsened; equal results once, in canonical order. Of the environment what lasts counts."""
    lasting = environment.lasting()
    forms = {_reserve_one(volume, lasting) for volume in volumes}
    return tuple(sorted(forms, key=lambda f: (f.start, f.end, f.lower_w84_m, f.upper_w84_m, f.cells)))


def _reserve_one(volume: Volume4D, environment: Environment) -> ReservedVolume:
    cells = grid_cells(volume.outline)
    lower = bounds(volume.lower, environment, volume.start)
    upper = bounds(volume.upper, environment, volume.start)
    return ReservedVolume(
        cells=tuple(token(cell) for cell in cells),
        outlines=tuple(tuple(corners(cell)) for cell in cells),
        lower_w84_m=floor_band(min(lower.lower_m, upper.lower_m)),
        upper_w84_m=ceil_band(max(lower.upper_m, upper.upper_m)),
        start=floor_slot(volume.start),
        end=ceil_slot(volume.end),
    )
