"""A zone within a window: its volumes with times, as a constraint is published.

A zone that always applies gets the window asked for, since a volume needs an end. One that applies by a
recurring schedule gets a volume for each period that reaches into the window; periods that overlap or meet
become one. Nothing is shortened to fit: what would be too many volumes is refused with the count.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Final

from comity.errors import InvalidInput, TooLarge
from comity.geozones.zone import Applicability, Window, Zone
from comity.model.volume import MAX_DURATION, MAX_VOLUMES, Volume4D, Volumes

Span = tuple[datetime, datetime]

LONGEST_WINDOW: Final = MAX_DURATION
"""A volume may not last longer; neither may the window, so that what always applies is one volume."""

_REACH: Final = timedelta(days=3)
"""A period belongs to a day and may reach this far from it (``zone.Period``)."""


def within(zone: Zone, window: Window) -> Volumes:
    """The zone's volumes between the window's ends; empty where it does not apply then. Raises ``TooLarge``
    where there would be more than a constraint holds."""
    check_window(window)
    times = spans(zone.applies, window)
    count = len(times) * len(zone.volumes)
    if count > MAX_VOLUMES:
        raise TooLarge(
            f"its schedule makes {count} volumes in this window and a constraint holds {MAX_VOLUMES}: "
            "ask for a shorter window",
            field="volumes",
        )
    return tuple(
        Volume4D(volume.outline, volume.lower, volume.upper, start, end)
        for start, end in times
        for volume in zone.volumes
    )


def check_window(window: Window) -> None:
    if window.end - window.start > LONGEST_WINDOW:
        raise InvalidInput(f"to must be within {LONGEST_WINDOW.days} days of from", field="to")


def spans(applies: tuple[Applicability, ...], window: Window) -> list[Span]:
    """When it applies within the window: in order, apart from each other."""
    if not applies:
        return [(window.start, window.end)]
    found = sorted(span for one in applies for span in _spans(one, window))
    joined: list[Span] = []
    for start, end in found:
        if joined and start <= joined[-1][1]:
            joined[-1] = (joined[-1][0], max(joined[-1][1], end))
        else:
            joined.append((start, end))
    return joined


def _spans(one: Applicability, window: Window) -> Iterator[Span]:
    start = max(window.start, one.start) if one.start is not None else window.start
    end = min(window.end, one.end) if one.end is not None else window.end
    if start >= end:
        return
    if not one.periods:
        yield start, end
        return
    day = (start.astimezone(UTC) - _REACH).replace(hour=0, minute=0, second=0, microsecond=0)
    while day < end + _REACH:
        for period in one.periods:
            if day.weekday() in period.days:
                begins = max(start, day + timedelta(seconds=period.start_s))
                ends = min(end, day + timedelta(seconds=period.end_s))
                if begins < ends:
                    yield begins, ends
        day += timedelta(days=1)
