"""The plan as it is, at another time or another height.

Each way looks for the smallest change that passes. After a trial it goes on to the least change that could
pass, as ``windows`` says, and at least by one step; so what it finds is the smallest, to within a step.
Outlines stay the very same objects, so that what was made ready for one trial serves the next.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from msgspec.structs import replace

from comity.errors import InvalidInput
from comity.geo.heights import Environment, bounds
from comity.model.altitude import HIGHEST_M, LOWEST_M, Altitude, Datum
from comity.model.plan import COST, Alternative, ChangeKind
from comity.model.route import Route
from comity.model.volume import Volume4D, Volumes, starts
from comity.planning.question import Question, Verdict, Way
from comity.planning.route import volumes_of
from comity.planning.windows import Least, Windows, earlier_s, higher_m, lower_m, whole
from comity.planning.windows import later_s as least_later_s
from comity.planning.words import of_height, of_time

TIME_STEP_S: Final = 10.0
"""Nobody departs by the second. Smaller: smaller changes are found, in more trials."""

HEIGHT_STEP_M: Final = 10.0
"""About the least that a pressure altimeter tells apart."""


def later(question: Question) -> Way:
    return _in_time(question, ChangeKind.LATER, question.search.later_s)


def earlier(question: Question) -> Way:
    """Not so early that it would begin before now."""
    room_s = (starts(question.volumes) - question.now).total_seconds()
    return _in_time(question, ChangeKind.EARLIER, min(question.search.earlier_s, room_s))


def _in_time(question: Question, kind: ChangeKind, most_s: float) -> Way:
    sign, least = (1.0, least_later_s) if kind is ChangeKind.LATER else (-1.0, earlier_s)
    windows = Windows(question.volumes)
    volumes, off_s = question.volumes, 0.0
    verdict: Verdict = question.hindered
    while True:
        off_s = whole(off_s + max(windows.least(volumes, verdict or (), least), TIME_STEP_S), TIME_STEP_S)
        if off_s > most_s:
            return None
        volumes = in_time(question.volumes, sign * off_s)
        verdict = yield volumes
        if verdict == ():
            break
    route, moved_s = question.route, timedelta(seconds=sign * off_s)
    return Alternative(
        kind=kind,
        cost=COST[kind] * off_s,
        words=of_time(sign * off_s),
        volumes=volumes,
        later_s=sign * off_s,
        route=None if route is None else replace(route, departs=route.departs + moved_s),
    )


def in_time(volumes: Volumes, off_s: float) -> Volumes:
    off = timedelta(seconds=off_s)
    return tuple(replace(volume, start=volume.start + off, end=volume.end + off) for volume in volumes)


# --- heights


def higher(question: Question) -> Way:
    return _in_height(question, ChangeKind.HIGHER, higher_m(question.environment))


def lower(question: Question) -> Way:
    return _in_height(question, ChangeKind.LOWER, lower_m(question.environment))


def _in_height(question: Question, kind: ChangeKind, least: Least) -> Way:
    sign = 1.0 if kind is ChangeKind.HIGHER else -1.0
    windows = Windows(question.volumes)
    volumes, off_m = question.volumes, 0.0
    verdict: Verdict = question.hindered
    while True:
        # Heights are closed: one that is just reached still touches, so it has to be passed.
        past_m = windows.least(volumes, verdict or (), least) + 0.1
        off_m = whole(off_m + max(past_m, HEIGHT_STEP_M), HEIGHT_STEP_M)
        moved = _moved(question, sign * off_m) if off_m <= question.search.vertical_m else None
        if moved is None:
            return None
        volumes, route = moved
        verdict = yield volumes
        if verdict == ():
            break
    return Alternative(
        kind=kind,
        cost=COST[kind] * off_m,
        words=of_height(sign * off_m),
        volumes=volumes,
        higher_m=sign * off_m,
        route=route,
    )


def _moved(question: Question, off_m: float) -> tuple[Volumes, Route | None] | None:
    """The plan at another height; None where it cannot be there."""
    environment = question.environment
    if question.route is not None:
        route = at_height(question.route, off_m)
        if route is None:
            return None
        try:
            volumes = volumes_of(route, environment).volumes
        except InvalidInput:
            return None
        return None if any(_buried(v, environment) for v in volumes) else (volumes, route)
    if any(_on_ground(volume.lower) for volume in question.volumes):
        return None
    found = []
    for volume in question.volumes:
        low, high = _raised(volume.lower, off_m), _raised(volume.upper, off_m)
        if low is None or high is None or _on_ground(low):
            return None
        found.append(replace(volume, lower=low, upper=high))
    return None if any(_buried(v, environment) for v in found) else (tuple(found), None)


def at_height(route: Route, off_m: float) -> Route | None:
    """The route with its levels raised; a climb from where it departs and a descent to where it arrives begin
    and end where they did."""
    levels = []
    for number, level in enumerate(route.levels):
        stays = len(route.levels) > 1 and _is_end(route, number)
        raised = level if stays else _raised(level, off_m)
        if raised is None or (_on_ground(raised) and not stays):
            return None
        levels.append(raised)
    return None if tuple(levels) == route.levels else replace(route, levels=tuple(levels))


def _is_end(route: Route, number: int) -> bool:
    """Departs or arrives there at another height than it flies."""
    levels, last = route.levels, len(route.levels) - 1
    if number == 0:
        return levels[1] != levels[0]
    return (number == last and levels[last - 1] != levels[last]) or _on_ground(levels[number])


def _on_ground(altitude: Altitude) -> bool:
    return altitude.datum is Datum.AGL and altitude.value_m <= 0.0


def _raised(altitude: Altitude, off_m: float) -> Altitude | None:
    value_m = round(altitude.value_m + off_m, 3)
    if not LOWEST_M <= value_m <= HIGHEST_M:
        return None
    return Altitude(value_m, altitude.datum)


def _buried(volume: Volume4D, environment: Environment) -> bool:
    """Its lower limit is certainly below the ground, wherever that is highest and lowest."""
    low = volume.lower
    if low.datum is Datum.AGL:
        return False
    ground = bounds(Altitude(0.0, Datum.AGL), environment, volume.start)
    return bounds(low, environment, volume.start).upper_m < ground.lower_m
