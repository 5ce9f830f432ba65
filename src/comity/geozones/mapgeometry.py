"""Geometries in GeoJSON's words (RFC 7946), which ED-269 and ED-318 share, as outlines.

Positions are ``[lon, lat]``; a third number is not looked at. ``Polygon`` and ``MultiPolygon`` are read;
a hole is taken as part of the zone, and the notes say so, because the model has outlines without holes and
a zone is never taken smaller. A polygon that was cut at the antimeridian comes as its parts. Points and
lines have no area: a point is read where its format gives a radius, a line never.
"""

from __future__ import annotations

from typing import Any, Final

from comity.errors import InvalidInput
from comity.geozones.arcs import Point
from comity.geozones.fields import members, number, shown
from comity.geozones.outline import MOST_POINTS, Outlined, mapped

HOLES: Final = "its holes are taken as part of it"
MOST_PARTS: Final = 1_000
"""Of one MultiPolygon: as many as a constraint holds volumes."""


def areas(geometry: dict[str, Any], field: str = "geometry") -> list[Outlined]:
    """The outlines of a Polygon or MultiPolygon."""
    kind, coordinates = geometry.get("type"), geometry.get("coordinates")
    if kind == "Polygon":
        return [_area(coordinates, f"{field}.coordinates")]
    if kind == "MultiPolygon":
        parts = members(coordinates, f"{field}.coordinates")
        if not 1 <= len(parts) <= MOST_PARTS:
            raise InvalidInput(f"a MultiPolygon must have 1 to {MOST_PARTS} parts", field=field)
        return [_area(part, f"{field}.coordinates[{k}]") for k, part in enumerate(parts)]
    if kind in ("Point", "MultiPoint"):
        raise InvalidInput("a point has no area, and no radius is given", field=field)
    if kind in ("LineString", "MultiLineString"):
        raise InvalidInput("a line has no area", field=field)
    raise InvalidInput(f"{field}.type must be Polygon or MultiPolygon: {shown(kind)}", field=field)


def position(value: Any, field: str) -> Point:
    if not isinstance(value, list) or len(value) < 2:
        raise InvalidInput(f"{field} must be [lon, lat]: {shown(value)}", field=field)
    lon, lat = value[0], value[1]
    if type(lon) not in (int, float) or type(lat) not in (int, float):
        raise InvalidInput(f"{field} must be two numbers: {shown(value)}", field=field)
    return number(lat, field), number(lon, field)


def _area(coordinates: Any, field: str) -> Outlined:
    rings = members(coordinates, field)
    if not rings:
        raise InvalidInput(f"{field} must have an outer ring", field=field)
    points = members(rings[0], f"{field}[0]")
    if len(points) > MOST_POINTS:
        raise InvalidInput(f"{field}[0] must have at most {MOST_POINTS} points", field=field)
    drawn = mapped([position(point, f"{field}[0][{k}]") for k, point in enumerate(points)])
    return Outlined(drawn.outline, (*drawn.notes, HOLES)) if len(rings) > 1 else drawn
