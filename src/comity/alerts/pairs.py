"""Which aircraft come too close to each other: findings of one sweep, in order of their keys.

The search (``conflict.pairs``) finds, ``judge`` says when, how close and at what level, and here it is put
into words. Nothing is found twice, and the order of rows changes nothing. Aircraft that stand so thick at one
place that they are not paired one by one are found as a crowd: one finding for the crowd itself, and
one for each aircraft that may meet it.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from comity.alerts.crowds import crowd_findings
from comity.alerts.finding import Finding, finding_key
from comity.alerts.judge import Judged, judge
from comity.alerts.settings import AlertSettings
from comity.alerts.traffic import Traffic, doubts
from comity.conflict.pairs import Pairs, find_pairs
from comity.model.alert import AlertKind, AlertLevel, Phase

_LEVELS: Final = tuple(AlertLevel)

WORST_CASE: Final = "heights on different datums: worst case taken"


def conflicts(
    traffic: Traffic,
    settings: AlertSettings,
    *,
    between: NDArray[np.bool_] | None = None,
    groups: NDArray[np.integer[Any]] | None = None,
) -> list[Finding]:
    """``between``: only pairs of one for which it is true and one for which it is not. ``groups``: two of one
    group are one aircraft and no pair; -1 for none."""
    table = settings.table()
    found = find_pairs(
        *(traffic.lat_deg, traffic.lon_deg, traffic.height_m),
        *(traffic.east_mps, traffic.north_mps, traffic.up_mps),
        horizon_s=table.look_ahead_s,
        d_m=table.horizontal_m,
        h_m=table.vertical_m,
        category=traffic.category,
        radius_m=traffic.radius_m,
        datum=traffic.datum,
        height_error_m=traffic.height_error_m,
        wgs84_mid_m=traffic.wgs84_mid_m,
        wgs84_half_m=traffic.wgs84_half_m,
        skip=groups,
        between=between,
        crowd=settings.crowd,
        max_pairs=settings.most_pairs,
    )
    judged = judge(traffic, found.pairs, table)
    findings = [*_worded(traffic, found.pairs, judged), *crowd_findings(traffic, found, settings)]
    return sorted(findings, key=lambda finding: finding.key)


def _worded(traffic: Traffic, pairs: Pairs, judged: Judged) -> Iterator[Finding]:
    keys, flags, ages = traffic.keys, traffic.flags.tolist(), traffic.age_s.tolist()
    observed = traffic.observed_us.tolist()
    rows = zip(
        *(column.tolist() for column in (pairs.i, pairs.j, pairs.t_in_s, pairs.t_out_s, *judged)), strict=True
    )
    for i, j, enters_s, leaves_s, rank, at_s, horizontal_m, vertical_m, lost_s, mixed, *minima in rows:
        a, b = (i, j) if keys[i] <= keys[j] else (j, i)
        reasons = doubts(flags[a] | flags[b], (ages[a], ages[b]))
        if mixed:
            reasons = (*reasons, WORST_CASE)
        if lost_s < enters_s:
            reasons = (*reasons, f"loses well clear in {lost_s:.0f} s" if lost_s else "has lost well clear")
        names = keys[a], keys[b]
        yield Finding(
            key=finding_key(AlertKind.CONFLICT, names),
            kind=AlertKind.CONFLICT,
            level=_LEVELS[rank - 1],
            phase=Phase.PREDICTED if enters_s > 0.0 else Phase.NOW,
            sides=(a, b),
            names=names,
            reasons=reasons,
            enters_s=enters_s,
            leaves_s=leaves_s if leaves_s < minima[2] else None,
            closest_s=at_s,
            horizontal_m=horizontal_m,
            vertical_m=None if math.isnan(vertical_m) else vertical_m,
            minima_horizontal_m=minima[0],
            minima_vertical_m=minima[1],
            observed_us=(observed[a], observed[b]),
        )
