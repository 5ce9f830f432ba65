"""Loss of well clear and alert levels of the pairs that a search found.

A pair can be judged only if it was found: search with a radius of at least DTHR + TTHR times the closing
speed, a half-height of at least the highest ZTHR and a look-ahead of at least the longest alert time, and
none is missed that DO-365B would alert. Five miles, 1,000 ft and a minute or more cover phase I up to 220 m/s
of closing speed; a volume's part outside the cylinder is not seen.

What is uncertain of a pair (``unsure_m``, ``unsure_height_m``) is added to every DTHR and ZTHR: a level is
never too low for it.
"""

from __future__ import annotations

from dataclasses import dataclass

from comity.conflict.alerting import Alerter, Levels, levels
from comity.conflict.cylinder import Floats
from comity.conflict.pairs import Pairs
from comity.conflict.well_clear import intervals


@dataclass(frozen=True, slots=True)
class Assessment:
    """By pair, in the order of the pairs. ``t_in_s``, ``t_out_s``: when well clear is lost by the alerter's
    volume for warnings, both ends in, within the look-ahead given; (inf, -inf) for never."""

    level: Levels
    t_in_s: Floats
    t_out_s: Floats


def assess(pairs: Pairs, alerter: Alerter, *, horizon_s: float) -> Assessment:
    """The level of each pair now, and when it loses well clear within ``[0, horizon_s]``."""
    unsure = {"unsure_m": pairs.unsure_m, "unsure_height_m": pairs.unsure_height_m}
    level = levels(pairs.relative, alerter, **unsure)
    return Assessment(level, *intervals(pairs.relative, alerter.volumes[-1], horizon_s=horizon_s, **unsure))
