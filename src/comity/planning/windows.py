"""When and how high what is in the way is, and which of it is near enough to matter.

From a verdict to the least change that could possibly pass: a lower bound, so that the search can step over
everything below it. An item is in the way of a volume because at least one of its parts shares time, height
and ground with it; a change that leaves each of the near parts where it is cannot pass. Errs downward: the
bound may be too small, which costs a trial, and never too large, which would miss an alternative.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Final, NamedTuple

import numpy as np

from comity.geo.earth import Floats, xyz
from comity.geo.heights import Environment, bounds
from comity.model.altitude import Altitude, Datum
from comity.model.released import ConflictItem, ReservedVolume
from comity.model.shape import Circle
from comity.model.volume import Volume4D, Volumes

LOOKED_AT: Final = 24
"""Items of a verdict that are looked at. Fewer: cheaper, and smaller steps."""

_BEND: Final = 1.1 / (8.0 * 6_330_000.0)
"""An arc of length L leaves its chord by at most L² times this."""

_ROUND_M: Final = 1.0

Part = Volume4D | ReservedVolume
Least = Callable[[Volume4D, Part], float]
"""By how much a volume has to move, at least, to be clear of one part."""


class Balls(NamedTuple):
    """A ball in space about each outline."""

    centres: Floats
    radii_m: Floats


def balls_of(volumes: Volumes) -> Balls:
    points: list[tuple[float, float]] = []
    counts, added = [], []
    for volume in volumes:
        outline = volume.outline
        if isinstance(outline, Circle):
            points.append((outline.centre.lat, outline.centre.lon))
            counts.append(1)
            added.append(outline.radius_m)
        else:
            points.extend((vertex.lat, vertex.lon) for vertex in outline.vertices)
            counts.append(len(outline.vertices))
            added.append(0.0)
    flat = np.array(points)
    places = xyz(lats=flat[:, 0], lons=flat[:, 1])
    many = np.array(counts, dtype=np.intp)
    first = np.cumsum(many) - many
    centres = np.add.reduceat(places, first, axis=0) / many[:, None]
    away = places - np.repeat(centres, many, axis=0)
    radii = np.maximum.reduceat(np.sqrt(np.einsum("ij,ij->i", away, away)), first) + np.array(added)
    return Balls(centres, radii + (2.0 * radii) ** 2 * _BEND + _ROUND_M)


class Windows:
    """Lower bounds for changes of one plan. Balls of what is in the way are kept from trial to trial."""

    def __init__(self, volumes: Volumes) -> None:
        self._mine = balls_of(volumes)
        self._theirs: dict[str, tuple[Volumes, Balls]] = {}

    def least(self, volumes: Volumes, verdict: tuple[ConflictItem, ...], least: Least) -> float:
        """No change of the trial's ``volumes`` that is less than this can pass; 0 where nothing is known."""
        found = 0.0
        for conflict in verdict[:LOOKED_AT]:
            for number in {*conflict.volumes[:1], *conflict.volumes[-1:]}:
                volume = volumes[number]
                moves = [least(volume, part) for part in self._parts(conflict, number, volume)]
                found = max(found, min((move for move in moves if move >= 0.0), default=0.0))
        return found

    def _parts(self, conflict: ConflictItem, number: int, volume: Volume4D) -> list[Part]:
        """Parts of the item that share time with the volume and are near it."""
        item = conflict.item
        if item.volumes is None:
            forms = item.reserved or ()
            return [form for form in forms if form.start < volume.end and volume.start < form.end]
        near = self._near(item.ref, item.volumes, number)
        return [
            part
            for part, close in zip(item.volumes, near, strict=True)
            if close and part.start < volume.end and volume.start < part.end
        ]

    def _near(self, ref: str, theirs: Volumes, number: int) -> list[bool]:
        known = self._theirs.get(ref)
        if known is None or known[0] is not theirs:
            known = self._theirs[ref] = (theirs, balls_of(theirs))
        balls = known[1]
        gap = balls.centres - self._mine.centres[number]
        reach = balls.radii_m + self._mine.radii_m[number]
        near: list[bool] = (np.einsum("ij,ij->i", gap, gap) <= reach * reach).tolist()
        return near


def later_s(volume: Volume4D, part: Part) -> float:
    return (part.end - volume.start).total_seconds()


def earlier_s(volume: Volume4D, part: Part) -> float:
    return (volume.end - part.start).total_seconds()


def higher_m(environment: Environment) -> Least:
    """By how much the lower height must rise above a part's upper one. Touching is not clear."""

    def least(volume: Volume4D, part: Part) -> float:
        if isinstance(part, ReservedVolume):
            lower = bounds(volume.lower, environment, volume.start).lower_m
            return _careful(part.upper_w84_m - lower, volume.lower.datum, Datum.W84)
        return _above(part.upper, volume.lower, environment, volume)

    return least


def lower_m(environment: Environment) -> Least:
    """By how much the upper height must sink below a part's lower one."""

    def least(volume: Volume4D, part: Part) -> float:
        if isinstance(part, ReservedVolume):
            upper = bounds(volume.upper, environment, volume.start).upper_m
            return _careful(upper - part.lower_w84_m, volume.upper.datum, Datum.W84)
        return _above(volume.upper, part.lower, environment, volume)

    return least


def _above(upper: Altitude, lower: Altitude, environment: Environment, volume: Volume4D) -> float:
    """How far ``upper`` is above ``lower``, as far as they compare."""
    if upper.datum is lower.datum:
        return upper.value_m - lower.value_m
    highest = bounds(upper, environment, volume.start).upper_m
    return _careful(highest - bounds(lower, environment, volume.start).lower_m, upper.datum, lower.datum)


def _careful(move_m: float, one: Datum, other: Datum) -> float:
    """A metre of pressure height is not a metre, and a QNH in force may make the doubt smaller: half of it is
    certainly not too much, and halves soon come to the end."""
    if one is not other and Datum.PRESSURE in (one, other):
        return move_m / 2.0
    return move_m


def whole(value: float, step: float) -> float:
    """The next multiple of a step that is above the value, or equals it."""
    return math.ceil(value / step - 1e-9) * step
