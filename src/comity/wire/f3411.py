"""Bodies and queries of F3411-22a's DSS operations. Places, heights and times are as in ``wire.f3548``.

Everything that is malformed is refused here; what depends on the clock or on what the DSS holds it decides
itself. The same limit of 2,500 km² is 400 for what is put and 413 for what is searched, as the API has it.

``allow_http``: take base URLs without TLS, for test set-ups.
"""

from __future__ import annotations

import math
from datetime import UTC, datetime
from typing import Final

import msgspec

from comity.errors import InvalidInput, TooLarge
from comity.geo.coverage import check_ring, ring_area_m2
from comity.model.f3548 import CellBox
from comity.wire.f3548 import MOST_AREA_M2, Volume4D, extent, polygon_cells
from comity.wire.f3548_bodies import base_url

AREA: Final = "area"


class PutParameters(msgspec.Struct, frozen=True, gc=False):
    """Parameters of all four puts: areas and subscriptions, new or changed."""

    extents: Volume4D
    uss_base_url: str


class Put(msgspec.Struct, frozen=True, gc=False):
    box: CellBox
    url: str


def put_of(body: PutParameters, *, allow_http: bool) -> Put:
    box = extent(body.extents, "extents")
    return Put(box, base_url(body.uss_base_url, "uss_base_url", allow_http=allow_http))


def area_cells(text: str | None) -> tuple[str, ...]:
    """Cells of a GeoPolygonString. Raises ``TooLarge`` past the limit of a search."""
    points = _points(text)
    check_ring(points, AREA)
    area_m2 = ring_area_m2(points)
    if area_m2 > MOST_AREA_M2:
        raise TooLarge(
            f"at most {MOST_AREA_M2 / 1e6:g} km² are searched; this is {area_m2 / 1e6:.0f} km²", field=AREA
        )
    return polygon_cells(points)


def _points(text: str | None) -> tuple[tuple[float, float], ...]:
    if not text:
        raise InvalidInput("the area to search is needed: lat,lng,lat,lng,lat,lng,...", field=AREA)
    try:
        numbers = [float(part) for part in text.split(",")]
    except ValueError as error:
        raise InvalidInput("an area is numbers between commas", field=AREA) from error
    if len(numbers) % 2 or len(numbers) < 6:
        raise InvalidInput("an area is at least three pairs of latitude and longitude", field=AREA)
    lats, lngs = numbers[::2], numbers[1::2]
    if not all(map(math.isfinite, numbers)) or max(map(abs, lats)) > 90.0 or max(map(abs, lngs)) > 180.0:
        raise InvalidInput("latitudes are within 90 degrees, longitudes within 180", field=AREA)
    return tuple(zip(lats, lngs, strict=True))


def query_time(text: str | None, field: str) -> datetime | None:
    """A time of a query string in UTC; None where it is left out."""
    if text is None:
        return None
    try:
        when = msgspec.convert(text, datetime)
    except msgspec.ValidationError as error:
        raise InvalidInput("a time of RFC 3339 is needed", field=field) from error
    if when.tzinfo is None:
        raise InvalidInput("the time zone is missing", field=field)
    try:
        return when.astimezone(UTC)
    except OverflowError as error:
        raise InvalidInput("a time must lie in the years 1 to 9999 of UTC", field=field) from error
