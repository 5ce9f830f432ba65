"""Of native volumes the footprint that a DSS keeps: cells and a box, which hold them at the level released.

At level 1 the cells are those of the standards' interfaces and heights and times the volumes' own; at level 0
all three are those of the coarse form, so that the DSS tells no more than the details do. Heights are
bounded by what lasts: a footprint must not change when a pressure setting expires.
"""

from __future__ import annotations

from comity.coordination.cell_index import union
from comity.geo.coverage import holding
from comity.geo.heights import Environment, bounds
from comity.model.f3548 import CellBox
from comity.model.rule import Level
from comity.model.volume import Volume4D, Volumes
from comity.release.coarsen import reserve


def footprint(volumes: Volumes, level: Level, environment: Environment) -> CellBox:
    """One box that holds every volume as released at ``level``."""
    if level is Level.RESERVED:
        return union(
            CellBox(form.cells, form.lower_w84_m, form.upper_w84_m, form.start, form.end)
            for form in reserve(volumes, environment)
        )
    return union(box_of(volume, environment) for volume in volumes)


def box_of(volume: Volume4D, environment: Environment) -> CellBox:
    """One volume, exactly but for its cells and the bounds of its heights."""
    lasting = environment.lasting()
    lower = bounds(volume.lower, lasting, volume.start)
    upper = bounds(volume.upper, lasting, volume.start)
    return CellBox(
        holding(volume.outline),
        min(lower.lower_m, upper.lower_m),
        max(lower.upper_m, upper.upper_m),
        volume.start,
        volume.end,
    )
