"""The path of a route by the distance along it: what is at a distance, and a way beside a stretch of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Final, NamedTuple

import numpy as np
from msgspec.structs import replace

from comity.errors import InvalidInput
from comity.geo.earth import GEOD, destination
from comity.model.altitude import Altitude
from comity.model.route import Route
from comity.model.shape import LatLon
from comity.model.volume import Volumes
from comity.planning.route import legs_of

_DECIMALS: Final = 7
_SAME_M: Final = 1.0

Stretch = tuple[float, float]
"""From and to a distance along the path, in metres."""


class Spot(NamedTuple):
    lat: float
    lon: float
    towards_deg: float


class Path:
    """See the file's head."""

    def __init__(self, route: Route) -> None:
        self._route = route
        self._legs = legs_of(route)
        self._ends_m = np.cumsum(self._legs.lengths_m)
        self._ends_s = np.cumsum(self._legs.durations_s)
        self.length_m = float(self._ends_m[-1])

    def stretch(self, volumes: Volumes, numbers: Sequence[int]) -> Stretch:
        """What of the path these volumes are for, by their windows."""
        route = self._route
        begins = [volumes[n].start + timedelta(seconds=route.early_s) for n in numbers]
        ends = [volumes[n].end - timedelta(seconds=route.late_s) for n in numbers]
        return (
            self._at((min(begins) - route.departs).total_seconds()),
            self._at((max(ends) - route.departs).total_seconds()),
        )

    def direction(self, along_m: float) -> float:
        return self._spot(along_m).towards_deg

    def past(self, stretch: Stretch, aside_m: float, side_deg: float) -> Route | None:
        """The route with the stretch replaced by one so far beside it; None where there is no room to leave
        the path and to come back to it."""
        from_m, to_m = max(stretch[0], aside_m), min(stretch[1], self.length_m - aside_m)
        if from_m > to_m:
            from_m = to_m = (from_m + to_m) / 2.0
        leaves, returns = self._leaves(from_m - aside_m), self._returns(to_m + aside_m)
        if from_m - leaves < _SAME_M or returns - to_m < _SAME_M:
            return None
        at_m = [0.0, *self._ends_m.tolist()]
        before = [n for n, at in enumerate(at_m) if at < max(leaves - _SAME_M, _SAME_M)]
        inner = [n for n, at in enumerate(at_m) if from_m + _SAME_M < at < to_m - _SAME_M]
        behind = [n for n, at in enumerate(at_m) if at > min(returns, self.length_m) + _SAME_M]
        behind = behind or [n for n, at in enumerate(at_m) if at > self.length_m - _SAME_M]
        waypoints, level = self._route.waypoints, self._route.level
        points: list[tuple[LatLon, Altitude | None]] = [(waypoints[n], level(n)) for n in before]
        if leaves > _SAME_M:
            points.append((self._place(leaves), self._level(leaves)))
        points.append((self._beside(from_m, aside_m, side_deg), self._level(from_m)))
        points += [(self._beside(at_m[n], aside_m, side_deg, n), level(n)) for n in inner]
        if to_m - from_m > _SAME_M:
            points.append((self._beside(to_m, aside_m, side_deg), self._level(to_m)))
        if returns < self.length_m - _SAME_M:
            points.append((self._place(returns), self._level(returns)))
        points += [(waypoints[n], level(n)) for n in behind]
        return self._with(points)

    def _with(self, points: list[tuple[LatLon, Altitude | None]]) -> Route | None:
        levels = tuple(level for _, level in points if level is not None)
        if len(levels) != len(points):
            return None
        if len(self._route.levels) == 1:
            levels = self._route.levels
        try:
            return replace(self._route, waypoints=tuple(point for point, _ in points), levels=levels)
        except InvalidInput:
            return None

    def _leg(self, along_m: float) -> tuple[int, float]:
        """The leg at a distance, and how far on it that is."""
        leg = min(int(np.searchsorted(self._ends_m, along_m, side="left")), len(self._ends_m) - 1)
        return leg, along_m - float(self._ends_m[leg] - self._legs.lengths_m[leg])

    def _at(self, after_s: float) -> float:
        """The distance along the path after a time."""
        after_s = min(max(after_s, 0.0), float(self._ends_s[-1]))
        leg = min(int(np.searchsorted(self._ends_s, after_s, side="left")), len(self._ends_s) - 1)
        took_s, length_m = float(self._legs.durations_s[leg]), float(self._legs.lengths_m[leg])
        part = 1.0 - (float(self._ends_s[leg]) - after_s) / took_s
        return float(self._ends_m[leg]) - (1.0 - part) * length_m

    def _spot(self, along_m: float) -> Spot:
        leg, on_m = self._leg(along_m)
        legs = self._legs
        lon, lat, back = GEOD.fwd(legs.lons[leg], legs.lats[leg], legs.azimuths_deg[leg], on_m)
        return Spot(float(lat), float(lon), float(back) + 180.0)

    def _place(self, along_m: float) -> LatLon:
        spot = self._spot(along_m)
        return _point(spot.lat, spot.lon)

    def _level(self, along_m: float) -> Altitude | None:
        """The height at a distance; None on a leg whose heights have two datums."""
        leg, on_m = self._leg(along_m)
        here, there = self._route.level(leg), self._route.level(leg + 1)
        if here.datum is not there.datum:
            return None
        part = on_m / max(float(self._legs.lengths_m[leg]), _SAME_M)
        return Altitude(round(here.value_m + min(part, 1.0) * (there.value_m - here.value_m), 1), here.datum)

    def _leaves(self, along_m: float) -> float:
        """From here on the path is left: earlier, at a waypoint, where the height here is nobody's number."""
        _, on_m = self._leg(along_m)
        return along_m if self._level(along_m) is not None else along_m - on_m

    def _returns(self, along_m: float) -> float:
        leg, _ = self._leg(along_m)
        return along_m if self._level(along_m) is not None else float(self._ends_m[leg])

    def _beside(self, along_m: float, aside_m: float, side_deg: float, waypoint: int | None = None) -> LatLon:
        """So far beside the path; at a waypoint, in the middle between both legs' directions."""
        spot = self._spot(along_m)
        towards = spot.towards_deg
        if waypoint is not None:
            turn = float(self._legs.azimuths_deg[waypoint]) - towards
            towards += ((turn + 180.0) % 360.0 - 180.0) / 2.0
        lat, lon = destination(lat=spot.lat, lon=spot.lon, azimuth_deg=towards + side_deg, distance_m=aside_m)
        return _point(lat, lon)


def _point(lat: float, lon: float) -> LatLon:
    return LatLon(lat=round(lat, _DECIMALS), lon=round(lon, _DECIMALS))
