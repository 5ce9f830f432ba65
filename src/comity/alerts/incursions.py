"""Track against volume: who is in a constraint or another's intent now, or will be, and how grave that is.

A closed constraint: a warning inside and within ``warning_s`` of it, corrective within ``corrective_s``, else
preventive. One that only advises is a step lower, preventive at least: nothing is left out. An intent:
corrective inside, for its owner filed it knowing of others, and preventive ahead.

An unknown height is in every band, and then the level is preventive at most, unless the volume is from the
ground to ``HIGHEST_FLOWN_M``, where height is no question. The caller says who is expected where, such as an
intent's own aircraft; those give nothing. Volumes of one item that follow on each other are one visit, as
long as each is entered for the first time. Times are seconds from now; ``leaves_s`` is None where that is
beyond the look-ahead.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from datetime import datetime
from typing import Final

import numpy as np

from comity.alerts.finding import Finding, finding_key
from comity.alerts.settings import AlertSettings
from comity.alerts.traffic import HEIGHT_UNKNOWN, Traffic
from comity.alerts.volumes import Item, Visits, Watched
from comity.model.alert import AlertKind, AlertLevel, Phase

Expected = Callable[[str, str], bool]
"""Whether an aircraft (its key in the traffic) is meant to be in an item (its key in the table)."""

_LEVELS: Final = (AlertLevel.PREVENTIVE, AlertLevel.CORRECTIVE, AlertLevel.WARNING)

_JOIN_S: Final = 1e-3
"""Two volumes that are left and entered within so long are one: they share a side, or an instant."""


def nobody(aircraft: str, item: str) -> bool:
    """Expected nowhere."""
    return False


def incursions(
    traffic: Traffic,
    watched: Watched,
    settings: AlertSettings,
    now: datetime,
    *,
    expected: Expected = nobody,
    horizon_s: float | None = None,
) -> list[Finding]:
    """One finding for each aircraft and item that meet within the horizon (the default look-ahead)."""
    ahead_s = settings.default.look_ahead_s if horizon_s is None else horizon_s
    found = []
    for aircraft, item, visits in _by_item(watched.visits(traffic, now, ahead_s), watched):
        if not expected(traffic.keys[aircraft], item.key):
            found.append(_finding(traffic, watched, settings, now, aircraft, item, visits, ahead_s))
    return found


def level_of(item: Item, settings: AlertSettings, enters_s: float, height_known: bool) -> AlertLevel:
    """How grave it is that an aircraft enters then; 0: it is inside."""
    if item.kind == "intent":
        rank = 2 if enters_s <= 0.0 else 1
    elif enters_s <= settings.warning_s:
        rank = 3
    else:
        rank = 2 if enters_s <= settings.corrective_s else 1
    if item.kind == "constraint" and not item.closed:
        rank = max(1, rank - 1)
    return _LEVELS[rank - 1 if height_known else 0]


Visit = tuple[float, float, int]
"""(enters_s, leaves_s, row)."""


def _by_item(visits: Visits, watched: Watched) -> Iterator[tuple[int, Item, list[Visit]]]:
    """The visits of each aircraft to each item, by entry."""
    order = np.lexsort((visits.row, visits.enters_s, visits.aircraft))
    columns = (visits.aircraft, visits.enters_s, visits.leaves_s, visits.row)
    of_one: dict[str, tuple[Item, list[Visit]]] = {}
    before = -1
    for aircraft, enters_s, leaves_s, row in zip(*(c[order].tolist() for c in columns), strict=True):
        if aircraft != before:
            yield from ((before, *group) for group in of_one.values())
            of_one, before = {}, aircraft
        item = watched.item(row)
        of_one.setdefault(item.key, (item, []))[1].append((enters_s, leaves_s, row))
    yield from ((before, *group) for group in of_one.values())


def _finding(
    traffic: Traffic,
    watched: Watched,
    settings: AlertSettings,
    now: datetime,
    aircraft: int,
    item: Item,
    visits: list[Visit],
    horizon_s: float,
) -> Finding:
    enters_s, leaves_s, row = visits[0]
    for next_s, until_s, _ in visits[1:]:
        if next_s > leaves_s + _JOIN_S:
            break
        leaves_s = max(leaves_s, until_s)
    names = (traffic.keys[aircraft],)
    height_known = not traffic.flags[aircraft] & HEIGHT_UNKNOWN or watched.every_height(row)
    inside = enters_s <= 0.0
    return Finding(
        key=finding_key(AlertKind.INCURSION, names, item.key),
        kind=AlertKind.INCURSION,
        level=level_of(item, settings, enters_s, height_known),
        phase=Phase.NOW if inside else Phase.PREDICTED,
        sides=(aircraft,),
        names=names,
        reasons=(*traffic.doubts(aircraft), *_reasons(traffic, watched, now, aircraft, item, row, enters_s)),
        item=item.ref,
        item_kind=item.kind,
        item_label=item.label,
        enters_s=enters_s,
        leaves_s=None if leaves_s >= horizon_s else leaves_s,
        observed_us=(int(traffic.observed_us[aircraft]),),
    )


def _reasons(
    traffic: Traffic, watched: Watched, now: datetime, aircraft: int, item: Item, row: int, enters_s: float
) -> Iterator[str]:
    """What the volume's side of it rests on."""
    if item.reserved:
        yield "shown as reserved cells"
    if item.kind == "constraint" and not item.closed:
        yield "advisory: one level lower"
    datum = int(traffic.datum[aircraft])
    if datum >= 0 and not watched.on_datum(row, datum):
        yield "heights on different datums, compared by their bounds"
    opens_s = watched.opens_s(row, now)
    if opens_s > 0.0 and enters_s <= opens_s + _JOIN_S:
        yield f"will be inside when it begins in {opens_s:.0f} s"
