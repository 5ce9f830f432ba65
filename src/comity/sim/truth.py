"""What is true of two paths: when they are within their minima, when that is predicted, how close they come.

From the definition, line by line: while both fly straight the line that a projection follows is the one
that they are on, so entry and exit of the cylinder are roots of a quadratic equation and do not depend on
when one looks. It shares nothing with ``conflict``, which is what it is there to check. Metres and seconds
of the cycle; intervals closed, in order, and apart from one another.
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator
from typing import NamedTuple

from comity.sim.paths import Line, Path

EVER = (-math.inf, math.inf)


class Span(NamedTuple):
    start_s: float
    end_s: float

    def holds(self, s: float) -> bool:
        return self.start_s <= s <= self.end_s


class Minima(NamedTuple):
    horizontal_m: float
    vertical_m: float
    look_ahead_s: float

    def wider(self, share: float) -> Minima:
        return Minima(self.horizontal_m * share, self.vertical_m * share, self.look_ahead_s * share)


class Closest(NamedTuple):
    """The smallest horizontal distance that the two have, when, and how far apart in height then."""

    at_s: float
    horizontal_m: float
    vertical_m: float


def within(a: Path, b: Path, minima: Minima) -> tuple[Span, ...]:
    """When they are closer than both minima."""
    return _joined(
        Span(max(start_s, cylinder.start_s), min(end_s, cylinder.end_s))
        for start_s, end_s, cylinder, _, _ in _common(a, b, minima)
    )


def predicted(a: Path, b: Path, minima: Minima) -> tuple[Span, ...]:
    """When they are, or flying on as they do would be within the look-ahead."""
    return _joined(
        Span(max(start_s, cylinder.start_s - minima.look_ahead_s), min(end_s, cylinder.end_s))
        for start_s, end_s, cylinder, _, _ in _common(a, b, minima)
    )


def closest(a: Path, b: Path) -> Closest | None:
    """None if they never fly at the same time."""
    found = []
    for start_s, end_s, _, one, two in _common(a, b, Minima(0.0, 0.0, 0.0), always=True):
        (x, y, _), (u, v, _) = _apart(one, two, start_s)
        speed2 = u * u + v * v
        at_s = start_s + (min(max(-(x * u + y * v) / speed2, 0.0), end_s - start_s) if speed2 else 0.0)
        (x, y, z), _ = _apart(one, two, at_s)
        found.append(Closest(at_s, math.hypot(x, y), abs(z)))
    return min(found, key=lambda each: (each.horizontal_m, each.vertical_m, each.at_s), default=None)


def inside(
    a: Path, centre: tuple[float, float], radius_m: float, upper_m: float, open_: Span
) -> tuple[Span, ...]:
    """When it is within a circle, below ``upper_m``, while that is closed to it."""
    return _joined(
        Span(max(line.start_s, cylinder.start_s, open_.start_s), min(line.end_s, cylinder.end_s, open_.end_s))
        for line, cylinder in _entries(a, centre, radius_m, upper_m)
    )


def entering(
    a: Path,
    centre: tuple[float, float],
    radius_m: float,
    upper_m: float,
    open_: Span,
    published_s: float,
    look_ahead_s: float,
) -> tuple[Span, ...]:
    """When it is, or flying on as it does would be within the look-ahead; not before it was published."""
    return _joined(
        Span(
            max(line.start_s, published_s, max(cylinder.start_s, open_.start_s) - look_ahead_s),
            min(line.end_s, cylinder.end_s, open_.end_s),
        )
        for line, cylinder in _entries(a, centre, radius_m, upper_m)
    )


def _entries(
    a: Path, centre: tuple[float, float], radius_m: float, upper_m: float
) -> Iterator[tuple[Line, Span]]:
    for line in a.lines():
        area = Line(line.start_s, line.end_s, *centre, 0.0, 0.0, 0.0, 0.0)
        cylinder = _cylinder(line, area, Minima(radius_m, upper_m, 0.0))
        if cylinder is not None:
            yield line, cylinder


def _common(
    a: Path, b: Path, minima: Minima, *, always: bool = False
) -> Iterator[tuple[float, float, Span, Line, Line]]:
    """Each time in which both fly straight, with when the two lines are within the cylinder."""
    for one in a.lines():
        for two in b.lines():
            start_s, end_s = max(one.start_s, two.start_s), min(one.end_s, two.end_s)
            if start_s < end_s:
                cylinder = _cylinder(one, two, minima)
                if always or cylinder is not None:
                    yield start_s, end_s, cylinder or Span(*EVER), one, two


def _cylinder(one: Line, two: Line, minima: Minima) -> Span | None:
    start_s = max(one.start_s, two.start_s)
    (x, y, z), (u, v, w) = _apart(one, two, start_s)
    flat = _disc(x, y, u, v, minima.horizontal_m)
    high = _slab(z, w, minima.vertical_m)
    if flat is None or high is None:
        return None
    enter_s, leave_s = max(flat[0], high[0]), min(flat[1], high[1])
    return Span(start_s + enter_s, start_s + leave_s) if enter_s < leave_s else None


def _disc(x: float, y: float, u: float, v: float, radius_m: float) -> tuple[float, float] | None:
    """From now, when a point moving evenly is within a circle around the origin."""
    a, b, c = u * u + v * v, x * u + y * v, x * x + y * y - radius_m * radius_m
    if a == 0.0:
        return EVER if c < 0.0 else None
    root = b * b - a * c
    if root <= 0.0:
        return None
    return (-b - math.sqrt(root)) / a, (-b + math.sqrt(root)) / a


def _slab(z: float, w: float, half_m: float) -> tuple[float, float] | None:
    if w == 0.0:
        return EVER if abs(z) < half_m else None
    first, second = (-half_m - z) / w, (half_m - z) / w
    return min(first, second), max(first, second)


def _apart(one: Line, two: Line, s: float) -> tuple[tuple[float, float, float], tuple[float, float, float]]:
    """Where ``one`` is from ``two`` at ``s``, and how fast that changes."""
    a, b = one.at(s), two.at(s)
    return (
        (a[0] - b[0], a[1] - b[1], a[2] - b[2]),
        (one.east_mps - two.east_mps, one.north_mps - two.north_mps, one.up_mps - two.up_mps),
    )


def _joined(spans: Iterable[Span]) -> tuple[Span, ...]:
    found: list[Span] = []
    for span in sorted(span for span in spans if span.start_s < span.end_s):
        if found and span.start_s <= found[-1].end_s:
            found[-1] = Span(found[-1].start_s, max(found[-1].end_s, span.end_s))
        else:
            found.append(span)
    return tuple(found)
