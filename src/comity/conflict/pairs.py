"""All pairs of aircraft that come inside a separation cylinder of each other: the public call.

``find_pairs`` takes arrays and gives arrays, with nothing running. Every pair for which ``cylinder.ever``
says so, in the pair's plane (``frame``) and within the look-ahead, is found once; minima and look-ahead may
differ by pair of categories, and grow with what is uncertain of the two. Verdicts and times do not depend
on the order of the aircraft, to the bit.

Work is bounded (``crowds``): where it would not be, more is taken together, and nothing is left out.

Pure; holds no lock of the interpreter while it searches; several threads may call it.
"""

from __future__ import annotations

from typing import Final

from numpy.typing import ArrayLike

from comity.conflict.attempt import Attempt
from comity.conflict.crowds import Crowd
from comity.conflict.found import Found, NearCrowds, Pairs
from comity.conflict.inputs import MOTION, Minima, Traffic, minima, traffic
from comity.errors import InvalidInput

__all__ = ["CROWD", "MAX_PAIRS", "Crowd", "Found", "NearCrowds", "Pairs", "find_pairs"]

CROWD: Final = 512
MAX_PAIRS: Final = 1_000_000

_NARROWING: Final = 4
"""By how much what counts as a crowd shrinks from one attempt to the next; or cells widen, once all is
crowds."""


def find_pairs(
    lat_deg: ArrayLike,
    lon_deg: ArrayLike,
    height_m: ArrayLike,
    east_mps: ArrayLike,
    north_mps: ArrayLike,
    up_mps: ArrayLike,
    *,
    horizon_s: ArrayLike,
    d_m: ArrayLike,
    h_m: ArrayLike,
    category: ArrayLike | None = None,
    radius_m: ArrayLike | None = None,
    datum: ArrayLike | None = None,
    height_error_m: ArrayLike | None = None,
    wgs84_mid_m: ArrayLike | None = None,
    wgs84_half_m: ArrayLike | None = None,
    skip: ArrayLike | None = None,
    between: ArrayLike | None = None,
    crowd: int = CROWD,
    max_pairs: int = MAX_PAIRS,
) -> Found:
    """Every pair that is inside the cylinder within ``[0, horizon_s]``.

    ``horizon_s``, ``d_m``, ``h_m``: numbers, or symmetric matrices by ``category`` (then each aircraft's
    row in them; a radius of 0: not compared). ``radius_m``: horizontal uncertainty of each, added to the
    radius. Heights of one ``datum`` (any codes from 0) compare directly, the half-height grows by both
    ``height_error_m``; else by ``wgs84_mid_m``, and it grows by both ``wgs84_half_m``. Infinite: not known,
    always close. ``skip``: two with the same number, 0 or more, are one aircraft and not compared.
    ``between``: only pairs with one true and one false. ``crowd``: more in one cell are taken together;
    ``max_pairs``: if more would be listed, more are taken together. Bad input raises ``InvalidInput``.
    """
    limits = minima(d_m, h_m, horizon_s)
    whole = traffic(
        dict(zip(MOTION, (lat_deg, lon_deg, height_m, east_mps, north_mps, up_mps), strict=True)),
        category=category,
        categories=len(limits.d_m),
        unsure={
            "radius_m": radius_m,
            "height_error_m": height_error_m,
            "wgs84_mid_m": wgs84_mid_m,
            "wgs84_half_m": wgs84_half_m,
        },
        datum=datum,
        skip=skip,
        between=between,
    )
    return _bounded(whole, limits, crowd, max_pairs)


def _bounded(whole: Traffic, limits: Minima, crowd: int, max_pairs: int) -> Found:
    """Attempts, until one is within bounds."""
    if crowd < 1:
        raise InvalidInput("crowd is at least 1", field="crowd")
    if max_pairs < limits.d_m.size:
        raise InvalidInput("max_pairs is at least the square of the number of categories", field="max_pairs")
    width, fine = 1.0, True
    while True:
        attempt = Attempt(whole, limits, crowd, width, fine, max_pairs)
        if attempt.run():
            return attempt.found()
        if fine:
            fine = False
            continue
        # In the end everybody of a category is in one crowd, and only these are left to touch each other.
        width *= _NARROWING if crowd == 0 else 1
        crowd //= _NARROWING
