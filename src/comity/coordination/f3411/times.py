"""When a service area or a subscription holds: defaults and limits (F3411-22a, DSS0030 and its API).

A start may lie a little in the past, for clocks that differ; one that an update leaves as it was may lie
anywhere. Nothing is cut to fit: what is too long is refused.
"""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Final

from msgspec.structs import replace

from comity.errors import InvalidInput
from comity.model.f3548 import CellBox

CLOCK_SKEW: Final = timedelta(minutes=5)
"""How far in the past a start may lie. Larger: more is accepted that is past already."""

LONGEST_SUBSCRIPTION: Final = timedelta(hours=24)
"""F3411-22a DSS0060."""


def area_times(box: CellBox, old: CellBox | None, now: datetime) -> CellBox:
    """Both times of a service area. A missing start is now, or stays as it was; an end is needed at first."""
    start, end = _times(box, old, now, None)
    return replace(box, start=start, end=end)


def subscription_times(box: CellBox, old: CellBox | None, now: datetime) -> CellBox:
    """Both times of a subscription. A missing end is a day after the start, or stays as it was."""
    start, end = _times(box, old, now, LONGEST_SUBSCRIPTION)
    if end - start > LONGEST_SUBSCRIPTION:
        raise InvalidInput("a subscription lasts at most 24 hours", field="time_end")
    return replace(box, start=start, end=end)


def _times(
    box: CellBox, old: CellBox | None, now: datetime, lasts: timedelta | None
) -> tuple[datetime, datetime]:
    kept = None if old is None else old.start
    start = box.start or kept or now
    if start < now - CLOCK_SKEW and start != kept:
        raise InvalidInput("time_start must not be over 5 minutes in the past", field="time_start")
    end = box.end or (None if old is None else old.end)
    if end is None:
        if lasts is None:
            raise InvalidInput("time_end is needed", field="time_end")
        end = start + lasts
    if end < start:
        raise InvalidInput("time_end must not be before time_start", field="time_end")
    return start, end


def over(box: CellBox, now: datetime) -> bool:
    """Whether its end has passed. One that ends now still counts."""
    return box.end is not None and box.end < now
