"""Whether 4D volumes overlap: time, then height, then ground. The decision after the index.

Times are half-open, so a volume that starts when another ends is clear of it. Heights and outlines are
closed: touching counts. A QNH is used only where one is in force for all of the time that two volumes
have in common and that is not yet past; otherwise doubt about heights counts as overlap.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import numpy as np
from numpy.typing import NDArray

from comity.geo import heights, shapes
from comity.geo.heights import Environment
from comity.model.volume import Volume4D


def overlapping(
    query: Volume4D, others: Sequence[Volume4D], environment: Environment, now: datetime
) -> NDArray[np.bool_]:
    """For each of ``others``, whether it overlaps ``query``."""
    start, end = query.start, query.end
    lower, upper = query.lower, query.upper
    rest = []
    for k, other in enumerate(others):
        if other.start < end and start < other.end:
            # Two limits on one datum compare directly, as ``heights.overlap`` has it.
            if other.lower.datum is upper.datum and other.upper.datum is lower.datum:
                share = other.lower.value_m <= upper.value_m and lower.value_m <= other.upper.value_m
            else:
                share = _share_height(query, other, environment, now)
            if share:
                rest.append(k)
    answer = np.zeros(len(others), dtype=np.bool_)
    if rest:
        answer[rest] = shapes.intersects(query.outline, [others[k].outline for k in rest])
    return answer


def _share_height(a: Volume4D, b: Volume4D, environment: Environment, now: datetime) -> bool:
    if environment.qnh:
        start, end = max(a.start, b.start), min(a.end, b.end)
        if start < now < end:
            start = now
        return heights.overlap(a.lower, a.upper, b.lower, b.upper, environment.during(start, end), start)
    return heights.overlap(a.lower, a.upper, b.lower, b.upper, environment, now)
