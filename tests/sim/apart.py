"""Brute force over made traffic: does anything come near anything, now or by flying on as it does?

From the definition of a closest approach in space, with margins instead of care: chords for arcs (shorter
by 0.01 % at 60 km), the sphere for WGS84 (0.6 %), which the margins hold many times over. It shares
nothing with ``conflict``.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from comity.sim.flight import EVERY_S, Route
from comity.sim.sphere import RADIUS_M, Point

Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

HORIZONTAL_M = 9_260.0 + 1_500.0
VERTICAL_M = 304.8 + 100.0
AHEAD_S = 130.0
"""5 NM, 1,000 ft and two minutes, which is the most that any pair keeps, with margins."""


class Swarm(NamedTuple):
    """Aircraft at a number of moments: axes are moment, aircraft, and for the first two x, y, z in metres.
    ``flies``: whether it is there at that moment."""

    place: Floats
    velocity: Floats
    height_m: Floats
    rate_mps: Floats
    flies: Bools

    def only(self, aircraft: int) -> Swarm:
        one = [aircraft]
        return Swarm(
            self.place[:, one],
            self.velocity[:, one],
            self.height_m[:, one],
            self.rate_mps[:, one],
            self.flies[:, one],
        )


def vectors(lat: Floats, lon: Floats, speed_mps: Floats, track_deg: Floats) -> tuple[Floats, Floats]:
    """Places and velocities in axes through the earth's middle."""
    phi, lam, track = np.radians(lat), np.radians(lon), np.radians(track_deg)
    place = np.stack([np.cos(phi) * np.cos(lam), np.cos(phi) * np.sin(lam), np.sin(phi)], -1)
    north = np.stack([-np.sin(phi) * np.cos(lam), -np.sin(phi) * np.sin(lam), np.cos(phi)], -1)
    east = np.stack([-np.sin(lam), np.cos(lam), np.zeros_like(lam)], -1)
    along = north * np.cos(track)[..., None] + east * np.sin(track)[..., None]
    return place * RADIUS_M, along * speed_mps[..., None]


def stream(route: Route, step_s: int = 1) -> Swarm:
    """Every departure of a route, none left out, in every ``step_s``-th second of one period. The last
    seconds of a flight are on the ground, and do not count."""
    airborne_s = route.airborne_s()
    moments = np.arange(0, EVERY_S, step_s)
    since_s = (moments[:, None] - route.phase_s) % EVERY_S + EVERY_S * np.arange(
        math.ceil(airborne_s / EVERY_S)
    )
    flies = since_s < airborne_s
    rows = [route.motion(float(each)) for each in np.where(flies, since_s, 0.0).ravel()]
    lat, lon, height, speed, track, rate = np.array([(*place, *rest) for place, *rest in rows]).T
    shape = since_s.shape
    place, velocity = vectors(lat, lon, speed, track)
    return Swarm(
        place.reshape(*shape, 3),
        velocity.reshape(*shape, 3),
        height.reshape(shape),
        rate.reshape(shape),
        flies,
    )


def still(at: Point, lower_m: float, upper_m: float, moments: int) -> Swarm:
    place, velocity = vectors(*(np.full((moments, 1), value) for value in (at.lat, at.lon, 0.0, 0.0)))
    flat = np.full((moments, 1), (lower_m + upper_m) / 2.0)
    return Swarm(place, velocity, flat, np.zeros_like(flat), np.ones_like(flat, np.bool_))


def near(
    a: Swarm,
    b: Swarm,
    horizontal_m: float = HORIZONTAL_M,
    vertical_m: float = VERTICAL_M,
    ahead_s: float = AHEAD_S,
) -> Bools:
    """By moment, one of ``a``, one of ``b``: whether they are, or flying on would be, within both
    distances."""
    apart = a.place[:, :, None] - b.place[:, None]
    closing = a.velocity[:, :, None] - b.velocity[:, None]
    speed2 = np.maximum((closing * closing).sum(-1), 1e-12)
    toward = (apart * closing).sum(-1)
    root = toward * toward - speed2 * ((apart * apart).sum(-1) - horizontal_m**2)
    width = np.sqrt(np.maximum(root, 0.0))
    enter, leave = (-toward - width) / speed2, (-toward + width) / speed2
    above = a.height_m[:, :, None] - b.height_m[:, None]
    climb = a.rate_mps[:, :, None] - b.rate_mps[:, None]
    climb = np.where(np.abs(climb) < 1e-9, 1e-9, climb)
    one, two = (-vertical_m - above) / climb, (vertical_m - above) / climb
    first = np.maximum(np.maximum(enter, np.minimum(one, two)), 0.0)
    last = np.minimum(np.minimum(leave, np.maximum(one, two)), ahead_s)
    both = a.flies[:, :, None] & b.flies[:, None]
    return np.asarray((root > 0.0) & (first <= last) & both)
