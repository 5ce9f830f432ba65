"""Rows of several sources made one row for each aircraft.

Among the sources given, and no others: the newest position is the aircraft's; height, speed, callsign and
the rest come from the same source, and what it lacks from the next newest: words from any, height and
motion only where that source's position is not older by more than the stale time. Equal times are decided
by the order of the sources' names, so the answer depends on nothing else. ``source`` and ``level`` are the
best among them (own, then broadcast, then the others).

Aircraft are joined by their 24-bit address alone. A feed's own track numbers mean nothing outside it, and
tracks released at ``position`` are never joined with anything (``coarse`` makes those rows).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from comity.picture.rows import Rows, join, none, pick

_WORDS: Final = (("callsign", b""), ("squawk", -1), ("on_ground", -1), ("category", -1))
_MOTION: Final = (("altitude_m",), ("ground_speed_mps", "track_deg"), ("vertical_rate_mps",))
"""Columns that are taken together; a height brings its datum."""


def fuse(parts: Sequence[Rows], *, stale_after_s: float) -> Rows:
    """One row for each number, in ascending order. ``parts`` in the order of their sources, each sorted by
    number with no number twice."""
    parts = [part for part in parts if len(part)]
    if not parts:
        return none()
    if len(parts) == 1:
        return parts[0]
    rows = join(parts)
    rank = np.repeat(np.arange(len(parts)), [len(part) for part in parts])
    rows = pick(rows, np.lexsort((rank, -rows["observed_us"], rows["number"])))
    starts = np.flatnonzero(np.concatenate(([True], rows["number"][1:] != rows["number"][:-1])))
    counts = np.diff(np.concatenate((starts, [len(rows)])))
    fused = pick(rows, starts)
    fused["source"] = np.minimum.reduceat(rows["source"], starts)
    fused["level"] = np.minimum.reduceat(rows["level"], starts)
    fused["sources"] = np.minimum(counts, np.iinfo(np.int16).max)
    for further in range(1, int(counts.max())):
        group = np.flatnonzero(counts > further)
        _fill(fused, group, pick(rows, starts[group] + further), round(stale_after_s * 1e6))
    return fused


def _fill(fused: Rows, group: NDArray[np.intp], older: Rows, stale_after_us: int) -> None:
    """Give ``fused[group]`` what it lacks and ``older`` has."""
    for name, unknown in _WORDS:
        lacks = fused[name][group] == unknown
        fused[name][group[lacks]] = older[name][lacks]
    current = older["observed_us"] >= fused["observed_us"][group] - stale_after_us
    for names in _MOTION:
        lacks = current & np.logical_and.reduce([np.isnan(fused[name][group]) for name in names])
        for name in names:
            fused[name][group[lacks]] = older[name][lacks]
        if names == ("altitude_m",):
            fused["altitude_datum"][group[lacks]] = older["altitude_datum"][lacks]


def only(rows: Rows, numbers: NDArray[np.int64]) -> Rows:
    """The rows with one of ``numbers``; both ascending."""
    return pick(rows, has(numbers, rows["number"]))


def has(numbers: NDArray[np.int64], wanted: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Whether each of ``wanted`` is among ``numbers``, which ascend."""
    if not len(numbers):
        return np.zeros(len(wanted), np.bool_)
    place = np.minimum(np.searchsorted(numbers, wanted), len(numbers) - 1)
    return np.asarray(numbers[place] == wanted)


def at_level(rows: Rows, level_code: int) -> Rows:
    """A copy marked as released at that level."""
    marked = join([rows])
    marked["level"] = level_code
    return marked
