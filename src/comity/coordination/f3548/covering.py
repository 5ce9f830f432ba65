"""Whether a subscription's box covers a reference's, as ASTM F3548-21 asks of one that serves it.

By cells and times; heights count where asked. A missing bound covers everything.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from comity.geo.cells import cell_of, level_of
from comity.geo.coverage import coarsened
from comity.model.f3548 import CellBox


def holds_cells(outer: CellBox, inner: CellBox) -> bool:
    """Each cell of ``inner`` is or lies in one of ``outer``."""
    if outer.cells == inner.cells:
        return True
    level, finer = level_of(cell_of(outer.cells[0])), level_of(cell_of(inner.cells[0]))
    if level == finer:
        return set(outer.cells).issuperset(inner.cells)
    return level < finer and set(outer.cells) >= coarsened(inner.cells, level)


def holds_times(outer: CellBox, inner: CellBox, late: timedelta = timedelta(0)) -> bool:
    """``late``: by so much ``outer`` may start later than ``inner``."""
    return _no_later(outer.start, inner.start, late) and _no_earlier(outer.end, inner.end)


def holds_heights(outer: CellBox, inner: CellBox) -> bool:
    return (outer.lower_m is None or (inner.lower_m is not None and outer.lower_m <= inner.lower_m)) and (
        outer.upper_m is None or (inner.upper_m is not None and outer.upper_m >= inner.upper_m)
    )


def _no_later(outer: datetime | None, inner: datetime | None, late: timedelta) -> bool:
    return outer is None or (inner is not None and outer - inner <= late)


def _no_earlier(outer: datetime | None, inner: datetime | None) -> bool:
    return outer is None or (inner is not None and outer >= inner)
