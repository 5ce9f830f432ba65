"""Volume4D: an outline, a lower and an upper height each with its datum, and a half-open UTC interval.

``[start, end)``: at ``end`` the volume is free again. Both limits are required; there is no
unlimited volume, because nobody can be asked to keep clear of for ever.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Annotated, Final

import msgspec

from comity.errors import InvalidInput
from comity.model.altitude import Altitude
from comity.model.shape import Shape

Instant = Annotated[datetime, msgspec.Meta(tz=True)]
"""An aware time. Decoders refuse one without a zone; values are normalised to UTC."""

MAX_DURATION: Final = timedelta(days=366)
"""Longer than any published airspace reservation; beyond it a year was mistyped."""

EARLIEST: Final = datetime(2000, 1, 1, tzinfo=UTC)
LATEST: Final = datetime(2100, 1, 1, tzinfo=UTC)
"""Instants outside are typing mistakes and would cost the index its microseconds."""


class Volume4D(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    outline: Shape
    lower: Altitude
    upper: Altitude
    start: Instant
    end: Instant

    def __post_init__(self) -> None:
        if self.lower.datum == self.upper.datum and self.lower.value_m > self.upper.value_m:
            raise InvalidInput("lower must not be above upper", field="lower")
        for name, when in (("start", self.start), ("end", self.end)):
            if when.tzinfo is None:
                raise InvalidInput(f"{name} must carry a time zone", field=name)
            if not EARLIEST <= when < LATEST:
                raise InvalidInput(f"{name} must lie in the years 2000 to 2099", field=name)
            if when.tzinfo is not UTC:
                msgspec.structs.force_setattr(self, name, when.astimezone(UTC))
        if not self.start < self.end:
            raise InvalidInput("start must be before end", field="start")
        if self.end - self.start > MAX_DURATION:
            raise InvalidInput(f"end must be within {MAX_DURATION.days} days of start", field="end")


Volumes = tuple[Volume4D, ...]

MAX_VOLUMES: Final = 1_000


def check_volumes(volumes: Volumes) -> None:
    if not 1 <= len(volumes) <= MAX_VOLUMES:
        raise InvalidInput(f"volumes must hold 1 to {MAX_VOLUMES} volumes", field="volumes")


def starts(volumes: Iterable[Volume4D]) -> datetime:
    """The earliest start."""
    return min(v.start for v in volumes)


def ends(volumes: Iterable[Volume4D]) -> datetime:
    """The latest end."""
    return max(v.end for v in volumes)
