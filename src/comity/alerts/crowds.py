"""Findings about crowds: aircraft so thick at one place that they are taken together and not paired.

One finding says that a crowd is there, and one for each aircraft outside that may meet it. What a crowd's
members do among themselves is not looked at, so the first of them concerns everybody who has an aircraft in
it. The disc that stands for a crowd is wide: it warns early, and so never more than correctively."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import Final

from comity.alerts.finding import Finding, finding_key
from comity.alerts.settings import AlertSettings
from comity.alerts.traffic import Traffic
from comity.conflict.crowds import Crowd
from comity.conflict.pairs import Found
from comity.model.alert import AlertKind, AlertLevel, Phase

TOLD: Final = 5
"""So many crowds of one square are put into words, the largest; the rest are counted."""


def crowd_findings(traffic: Traffic, found: Found, settings: AlertSettings) -> Iterator[Finding]:
    """Crowds whose middles lie in one square of a degree are one finding: it stays while they drift."""
    squares: dict[str, list[Crowd]] = {}
    for crowd in found.crowds:
        squares.setdefault(f"{math.floor(crowd.lat_deg)} {math.floor(crowd.lon_deg)}", []).append(crowd)
    for square, crowds in squares.items():
        yield Finding(
            key=finding_key(AlertKind.CROWD, (), square),
            kind=AlertKind.CROWD,
            level=AlertLevel.CORRECTIVE,
            phase=Phase.NOW,
            sides=(),
            names=(),
            reasons=_told(crowds),
        )
    yield from _near(traffic, found, settings)


def _near(traffic: Traffic, found: Found, settings: AlertSettings) -> Iterator[Finding]:
    """One for each aircraft, about the crowd that it may meet first."""
    first: dict[int, tuple[float, float, str]] = {}
    near = found.near_crowds
    columns = (near.aircraft, near.crowd, near.t_in_s, near.t_out_s)
    for k, crowd, enters_s, leaves_s in zip(*(column.tolist() for column in columns), strict=True):
        meeting = (enters_s, leaves_s, _words(found.crowds[crowd]))
        first[k] = min(first.get(k, meeting), meeting)
    for k, (enters_s, leaves_s, words) in first.items():
        name = traffic.keys[k]
        soon = enters_s <= settings.corrective_s
        yield Finding(
            key=finding_key(AlertKind.CROWD, (name,)),
            kind=AlertKind.CROWD,
            level=AlertLevel.CORRECTIVE if soon else AlertLevel.PREVENTIVE,
            phase=Phase.PREDICTED if enters_s > 0.0 else Phase.NOW,
            sides=(k,),
            names=(name,),
            reasons=(*traffic.doubts(k), words),
            enters_s=enters_s,
            leaves_s=leaves_s,
            observed_us=(int(traffic.observed_us[k]),),
        )


def _told(crowds: list[Crowd]) -> tuple[str, ...]:
    largest = sorted(crowds, key=lambda crowd: (-len(crowd.members), _words(crowd)))
    words = [_words(crowd) for crowd in largest[:TOLD]]
    if len(largest) > TOLD:
        rest = largest[TOLD:]
        words.append(f"{len(rest)} more crowds of {sum(len(crowd.members) for crowd in rest)} aircraft")
    return tuple(words)


def _words(crowd: Crowd) -> str:
    place = f"{_degrees(crowd.lat_deg, 'NS')} {_degrees(crowd.lon_deg, 'EW')}"
    radius = f"{crowd.radius_m / 1_000.0:.1f} km" if crowd.radius_m >= 1_000.0 else f"{crowd.radius_m:.0f} m"
    return f"{len(crowd.members)} aircraft within {radius} of {place} are not paired one by one"


def _degrees(value: float, signs: str) -> str:
    return f"{abs(value):.2f}° {signs[value < 0.0]}"
