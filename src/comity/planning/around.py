"""Another way: a route that leaves the way it had, goes past and comes back; volumes that move as a whole.

With a route its two ends stay. It leaves the path before the stretch on which something is in the way, at an
angle of 45 degrees or less, keeps beside it and comes back behind. Volumes without a route say nothing of
how they hang together, so they move all together, by turning the earth under them: distances among them
stay to 1e-4 (the ellipsoid is not a ball, and a move of 500 km changes its measures by that much).

Distances aside grow by a half each time, to both sides in turn, and what passes is then halved towards what
did not: what is found is the smallest to within a tenth, and with gaps between obstacles not for certain.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterator
from datetime import datetime
from typing import Final, NamedTuple

import numpy as np
from msgspec.structs import replace

from comity.errors import InvalidInput
from comity.geo.earth import Floats, destination, geodesics, normals
from comity.model.plan import COST, Alternative, ChangeKind
from comity.model.route import Route
from comity.model.shape import Circle, LatLon, Polygon, Shape
from comity.model.volume import Volumes
from comity.planning.path import Path
from comity.planning.question import Question, Trial, Verdict, Way
from comity.planning.route import volumes_of
from comity.planning.windows import balls_of
from comity.planning.words import of_detour, of_shift

GROWTH: Final = 1.5
FIRST: Final = 1.0 / 256.0
"""The first distance tried, of the farthest: with ``GROWTH`` fifteen distances to each side."""

HALVINGS: Final = 3
"""From a growth of a half to a tenth."""

_LEFT, _RIGHT = -90.0, 90.0
_ALL_ROUND: Final = (0.0, 90.0, 180.0, 270.0, 45.0, 135.0, 225.0, 315.0)
_DECIMALS: Final = 7


class Moved(NamedTuple):
    """A plan somewhere else, and the direction in which its middle went."""

    volumes: Volumes
    towards_deg: float
    route: Route | None = None
    arrives: datetime | None = None
    longer_s: float = 0.0


Mover = Callable[[float], Moved | None]
"""A plan moved by a distance to one side; None where that cannot be."""


def around(question: Question) -> Way:
    movers = _beside(question) if question.route is not None else _away(question)
    best: tuple[float, Moved] | None = None
    for aside_m in _distances(question.search.around_m):
        for move in movers:
            moved = move(aside_m)
            if moved is None or (yield moved.volumes) != ():
                continue
            found = yield from _closer(move, aside_m, moved)
            if best is None or found[0] < best[0]:
                best = found
        if best is not None:
            return _alternative(*best)
    return None


def _distances(farthest_m: float) -> Iterator[float]:
    aside_m = farthest_m * FIRST
    while aside_m < farthest_m:
        yield aside_m
        aside_m *= GROWTH
    yield farthest_m


def _closer(move: Mover, aside_m: float, moved: Moved) -> Generator[Trial, Verdict, tuple[float, Moved]]:
    """Between a distance that passes and the last one that did not."""
    low_m, best = aside_m / GROWTH, (aside_m, moved)
    for _ in range(HALVINGS):
        middle_m = (low_m + best[0]) / 2.0
        nearer = move(middle_m)
        if nearer is not None and (yield nearer.volumes) == ():
            best = middle_m, nearer
        else:
            low_m = middle_m
    return best


def _alternative(aside_m: float, moved: Moved) -> Alternative:
    if moved.route is None:
        words = of_shift(aside_m, moved.towards_deg)
    else:
        words = of_detour(aside_m, moved.towards_deg, moved.longer_s)
    return Alternative(
        kind=ChangeKind.AROUND,
        cost=round(COST[ChangeKind.AROUND] * aside_m + max(moved.longer_s, 0.0), 1),
        words=words,
        volumes=moved.volumes,
        aside_m=round(aside_m, 1),
        towards_deg=round(moved.towards_deg, 1) % 360.0,
        route=moved.route,
        arrives=moved.arrives,
    )


# --- a route, beside its path


def _beside(question: Question) -> list[Mover]:
    route = question.route
    assert route is not None
    path = Path(route)
    numbers = [number for conflict in question.hindered for number in conflict.volumes]
    before = volumes_of(route, question.environment)
    stretch = path.stretch(question.volumes, numbers)

    def mover(side_deg: float) -> Mover:
        def move(aside_m: float) -> Moved | None:
            changed = path.past(stretch, aside_m, side_deg)
            if changed is None:
                return None
            try:
                made = volumes_of(changed, question.environment)
            except InvalidInput:
                return None
            longer_s = (made.arrives - before.arrives).total_seconds()
            towards = path.direction(sum(stretch) / 2.0) + side_deg
            return Moved(made.volumes, towards, changed, made.arrives, longer_s)

        return move

    return [mover(_LEFT), mover(_RIGHT)]


# --- volumes, all together


def _away(question: Question) -> list[Mover]:
    volumes = question.volumes
    centres, radii = balls_of(volumes)
    lats, lons = _lats_lons(centres / np.linalg.norm(centres, axis=1)[:, None])
    spread_m = float(np.linalg.norm(centres[-1] - centres[0]))
    middle = len(volumes) // 2
    bearings: tuple[float, ...] = _ALL_ROUND
    if spread_m > float(radii.max()):
        azimuths, _ = geodesics(lats_a=lats[:1], lons_a=lons[:1], lats_b=lats[-1:], lons_b=lons[-1:])
        bearings = (float(azimuths[0]) + _LEFT, float(azimuths[0]) + _RIGHT)

    corners = _Corners([volume.outline for volume in volumes])

    def mover(bearing: float) -> Mover:
        def move(aside_m: float) -> Moved | None:
            outlines = corners.turned(_turn(float(lats[middle]), float(lons[middle]), bearing, aside_m))
            moved = (replace(volume, outline=o) for volume, o in zip(volumes, outlines, strict=True))
            return Moved(tuple(moved), bearing)

        return move

    return [mover(bearing) for bearing in bearings]


class _Corners:
    """The corners of outlines, and the centres of circles, end to end: turned all at once."""

    def __init__(self, outlines: list[Shape]) -> None:
        self._outlines = outlines
        of_each = [(o.centre,) if isinstance(o, Circle) else o.vertices for o in outlines]
        self._counts = [len(points) for points in of_each]
        points = [point for each in of_each for point in each]
        self._directions = normals(lats=[point.lat for point in points], lons=[point.lon for point in points])

    def turned(self, turn: Floats) -> list[Shape]:
        lats, lons = _lats_lons(self._directions @ turn.T)
        pairs = zip(np.round(lats, _DECIMALS).tolist(), np.round(lons, _DECIMALS).tolist(), strict=True)
        points = [LatLon(lat, lon) for lat, lon in pairs]
        found: list[Shape] = []
        first = 0
        for outline, count in zip(self._outlines, self._counts, strict=True):
            corners = tuple(points[first : first + count])
            found.append(
                Circle(corners[0], outline.radius_m) if isinstance(outline, Circle) else Polygon(corners)
            )
            first += count
        return found


def _turn(lat: float, lon: float, bearing: float, aside_m: float) -> Floats:
    """The rotation that takes a place to the one so far away (Rodrigues), for unit normals as rows."""
    end_lat, end_lon = destination(lat=lat, lon=lon, azimuth_deg=bearing, distance_m=aside_m)
    a, b = normals(lats=[lat, end_lat], lons=[lon, end_lon])
    axis, cosine = np.cross(a, b), float(a @ b)
    cross = np.array([[0.0, -axis[2], axis[1]], [axis[2], 0.0, -axis[0]], [-axis[1], axis[0], 0.0]])
    turn: Floats = np.eye(3) + cross + cross @ cross / (1.0 + cosine)
    return turn


def _lats_lons(directions: Floats) -> tuple[Floats, Floats]:
    """Latitude and longitude read as if on a sphere: the inverse of ``normals``."""
    x, y, z = directions[:, 0], directions[:, 1], directions[:, 2]
    return np.degrees(np.arctan2(z, np.hypot(x, y))), np.degrees(np.arctan2(y, x))
