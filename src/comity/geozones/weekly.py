"""When a zone applies, as ED-269 and ED-318 write it: from, to, and days of the week with times of day.

A time of day carries its offset; the day is then the day on that clock. An end that is not after its start
is on the next day. Sunrise, sunset and twilight (``BMCT``, ``SR``, ``SS``, ``EECT``) are not reckoned: a
period that starts by one of them starts with the day, one that ends by one ends with it, on the clock of the
zone's own longitude and on UTC's, whichever is earlier or later; the notes say so.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from datetime import datetime
from typing import Any, Final

from comity.errors import InvalidInput
from comity.geozones.fields import found, members, moment, one_of, record, shown
from comity.geozones.zone import DAY_S, Applicability, Period, ZoneVolume
from comity.model.shape import Circle

DAYS: Final = ("MON", "TUE", "WED", "THU", "FRI", "SAT", "SUN")
EVERY_DAY: Final = tuple(range(7))
EVENTS: Final = frozenset({"BMCT", "SR", "SS", "EECT"})
BY_THE_SUN: Final = "times by sunrise, sunset or twilight: taken as the whole day"
IN_FORCE: Final = "permanent, with a start or an end besides: taken as always in force"

_CLOCK = re.compile(r"(\d{2}):(\d{2})(?::(\d{2}(?:\.\d{1,6})?))?(?:Z|([+-])(\d{2}):?(\d{2}))")
_S_PER_DEGREE: Final = DAY_S / 360.0
_ANY: Final = frozenset({*DAYS, "ANY"})


def applicabilities(
    value: Any, field: str, volumes: Iterable[ZoneVolume], notes: list[str]
) -> tuple[Applicability, ...]:
    """A list of time periods; none, or one that says nothing, is always."""
    if value is None:
        return ()
    day = solar_day(volumes)
    made = []
    for number, entry in enumerate(members(value, field)):
        made.append(_one(record(entry, f"{field}[{number}]"), day, notes))
    return () if Applicability() in made else tuple(made)


def solar_day(volumes: Iterable[ZoneVolume]) -> tuple[int, int]:
    """From the earliest to the latest second, UTC, of what is one day at the places of these volumes."""
    lons = [lon for volume in volumes for lon in _lons(volume)]
    start_s = min(0.0, -max(lons, default=0.0) * _S_PER_DEGREE)
    end_s = max(float(DAY_S), DAY_S - min(lons, default=0.0) * _S_PER_DEGREE)
    return math.floor(start_s), math.ceil(end_s)


def _lons(volume: ZoneVolume) -> list[float]:
    """Longitudes that it reaches; of a circle those of a box twice as wide as it is."""
    outline = volume.outline
    if not isinstance(outline, Circle):
        return [point.lon for point in outline.vertices]
    narrow = max(0.01, math.cos(math.radians(outline.centre.lat)))
    aside = min(180.0, 2.0 * outline.radius_m / 111_000.0 / narrow)
    return [outline.centre.lon - aside, outline.centre.lon + aside]


def _one(of: dict[str, Any], day: tuple[int, int], notes: list[str]) -> Applicability:
    start, end = _moment(of, "startDateTime"), _moment(of, "endDateTime")
    permanent = found(of, "permanent")
    if permanent not in (None, "YES", "NO", True, False):
        raise InvalidInput(f"permanent must be YES or NO: {shown(permanent)}", field="permanent")
    if permanent in ("YES", True) and (start or end):
        notes.append(IN_FORCE)
        start = end = None
    schedule = found(of, "schedule")
    if schedule is None:
        schedule = found(of, "dailyPeriod")
    periods = []
    for entry in members(schedule, "schedule") if schedule is not None else ():
        period = _period(record(entry, "schedule"), day, notes)
        if period is None:
            return Applicability(start, end)
        periods.append(period)
    return Applicability(start, end, tuple(periods))


def _moment(of: dict[str, Any], name: str) -> datetime | None:
    value = found(of, name)
    return moment(value, name) if value is not None else None


def _period(of: dict[str, Any], day: tuple[int, int], notes: list[str]) -> Period | None:
    """None where it says nothing, and so always applies."""
    named = found(of, "day")
    words = [one_of(word, _ANY, "day") for word in members(named, "day")] if named is not None else []
    start_s = _second(of, "start", 0, day[0], notes)
    end_s = _second(of, "end", DAY_S, day[1], notes)
    if end_s <= start_s:
        end_s += DAY_S
    days = EVERY_DAY if not words or "ANY" in words else tuple(sorted({DAYS.index(word) for word in words}))
    if days == EVERY_DAY and end_s - start_s >= DAY_S:
        return None
    return Period(days, start_s, end_s)


def _second(of: dict[str, Any], which: str, otherwise_s: int, by_the_sun_s: int, notes: list[str]) -> int:
    """Start or end: a time of day, an event, or what stands for neither."""
    event, time = found(of, f"{which}Event"), found(of, f"{which}Time")
    if event is not None:
        one_of(event, EVENTS, f"{which}Event")
        notes.append(BY_THE_SUN)
        return by_the_sun_s
    return otherwise_s if time is None else clock_s(time, f"{which}Time", up=which == "end")


def clock_s(value: Any, field: str, *, up: bool = False) -> int:
    """A time of day with its offset, as seconds after 00:00 UTC of its own day; ``up``: rounded up."""
    read = _CLOCK.fullmatch(value.strip()) if isinstance(value, str) else None
    if read is None:
        raise InvalidInput(
            f"{field} must be a time of day with an offset such as 06:00:00Z: {shown(value)}", field=field
        )
    hours, minutes, seconds = int(read[1]), int(read[2]), float(read[3] or 0.0)
    whole_s = hours * 3600 + minutes * 60 + (math.ceil(seconds) if up else math.floor(seconds))
    if minutes >= 60 or seconds > 60.0 or whole_s > DAY_S:
        raise InvalidInput(f"{field} is no time of day: {shown(value)}", field=field)
    if read[4] is None:
        return whole_s
    if int(read[5]) > 14 or int(read[6]) >= 60:
        raise InvalidInput(f"{field} has an offset that no clock has: {shown(value)}", field=field)
    offset_s = int(read[5]) * 3600 + int(read[6]) * 60
    return whole_s - offset_s if read[4] == "+" else whole_s + offset_s
