"""KML 2.2 and 2.3: placemarks with polygons.

Limits, times and designator come from ``ExtendedData`` by the names that ``properties`` documents (the name
of the placemark is its designator otherwise, a ``TimeSpan`` its times). Without limits there, an extruded
polygon of one height is read as it is drawn: from the ground to that height, above mean sea level for
``absolute``, above ground for ``relativeToGround``. Inner boundaries are holes, taken as part of the zone.
Points and lines have no area; links to other files are not followed: each is listed. KMZ, which is a zip
archive, is not read.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Final

from comity.errors import InvalidInput
from comity.geozones.arcs import Point
from comity.geozones.collecting import Collection, Made
from comity.geozones.fields import number, shown
from comity.geozones.limits import SURFACE, Band, band
from comity.geozones.mapgeometry import HOLES, MOST_PARTS
from comity.geozones.outline import MOST_POINTS, mapped
from comity.geozones.properties import Properties, designator_of, has_limits, limits_of, made
from comity.geozones.trees import Element, refuse, xml_tree
from comity.geozones.zone import Reading, ZoneVolume
from comity.model.altitude import Altitude, Datum

FORMAT: Final = "kml"

_DATUMS: Final = {"absolute": Datum.MSL, "relativeToGround": Datum.AGL}
_GEOMETRIES: Final = frozenset(
    {"Polygon", "Point", "LineString", "LinearRing", "Model", "Track", "MultiTrack"}
)
_ELSEWHERE: Final = frozenset({"NetworkLink", "GroundOverlay", "PhotoOverlay", "ScreenOverlay", "Tour"})

Position = tuple[Point, float | None]


def recognised(data: bytes) -> bool:
    return data.lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<") and b"<kml" in data[:4096]


def read(data: bytes, source: str) -> Reading:
    root = xml_tree(data)
    if root.name != "kml":
        refuse(f"a KML file's outermost element is kml, and this one's is {root.name[:40]}")
    collected = Collection(data, source, FORMAT)
    for element in _listed(root):
        place = f"{element.name}, line {element.line}"
        if element.name != "Placemark":
            collected.leave(place, element.words("name"), f"a {element.name} is no zone, and is not followed")
            continue
        of = _properties(element)
        collected.add(
            place,
            designator_of(of),
            sum(1 for _ in _geometries(element)),
            partial(_made, element, of),
        )
    return collected.reading()


def _listed(element: Element) -> Iterator[Element]:
    """Placemarks, and what refers to other files, wherever they are."""
    for one in element.inside:
        if one.name == "Placemark" or one.name in _ELSEWHERE:
            yield one
        else:
            yield from _listed(one)


def _geometries(element: Element) -> Iterator[Element]:
    for one in element.inside:
        if one.name in _GEOMETRIES:
            yield one
        elif one.name == "MultiGeometry":
            yield from _geometries(one)


def _properties(placemark: Element) -> Properties:
    of: Properties = {}
    name = placemark.words("name")
    if name is not None:
        of["name"] = name
    span = placemark.first("TimeSpan")
    if span is not None:
        of |= {to: span.words(word) for word, to in (("begin", "start"), ("end", "end")) if span.words(word)}
    data = placemark.first("ExtendedData")
    for one in data.inside if data is not None else ():
        if one.name == "Data" and one.words("value") is not None:
            of[one.attributes.get("name", "")] = one.words("value")
        if one.name == "SchemaData":
            of |= {
                simple.attributes.get("name", ""): simple.text.strip()
                for simple in one.inside
                if simple.name == "SimpleData" and simple.text.strip()
            }
    return of


def _made(placemark: Element, of: Properties) -> Made:
    if placemark.first("TimeStamp") is not None:
        raise InvalidInput("a TimeStamp is an instant; a zone applies for a TimeSpan", field="TimeStamp")
    notes: list[str] = []
    found = list(_geometries(placemark))
    if not 1 <= len(found) <= MOST_PARTS:
        raise InvalidInput(f"a placemark must have 1 to {MOST_PARTS} geometries", field="MultiGeometry")
    return made(of, placemark.attributes.get("id"), [_volume(one, of, notes) for one in found], notes)


def _volume(polygon: Element, of: Properties, notes: list[str]) -> ZoneVolume:
    if polygon.name != "Polygon":
        raise InvalidInput(f"a {polygon.name} has no area", field=polygon.name)
    outer = polygon.first("outerBoundaryIs")
    ring = outer.first("LinearRing") if outer is not None else None
    words = ring.words("coordinates") if ring is not None else None
    if words is None:
        raise InvalidInput("a Polygon must have an outerBoundaryIs with coordinates", field="Polygon")
    positions = _positions(words)
    limits = limits_of(of) if has_limits(of) else _as_drawn(polygon, positions)
    drawn = mapped([point for point, _ in positions])
    notes += [*limits.notes, *drawn.notes]
    if polygon.first("innerBoundaryIs") is not None:
        notes.append(HOLES)
    return ZoneVolume(drawn.outline, limits.lower, limits.upper)


def _as_drawn(polygon: Element, positions: list[Position]) -> Band:
    datum = _DATUMS.get(polygon.words("altitudeMode") or "")
    heights = {height for _, height in positions}
    if datum is None or polygon.words("extrude") not in ("1", "true"):
        raise InvalidInput("no limits: give lower and upper in ExtendedData, or extrude the polygon")
    if len(heights) != 1 or None in heights:
        raise InvalidInput("an extruded polygon must have one height all around")
    return band(SURFACE, Altitude(heights.pop() or 0.0, datum))


def _positions(words: str) -> list[Position]:
    tuples = words.split()
    if len(tuples) > MOST_POINTS:
        raise InvalidInput(f"a ring must have at most {MOST_POINTS} points", field="coordinates")
    return [_position(one) for one in tuples]


def _position(words: str) -> Position:
    parts = words.split(",")
    if len(parts) not in (2, 3):
        raise InvalidInput(
            f"coordinates must be lon,lat or lon,lat,height: {shown(words)}", field="coordinates"
        )
    lon, lat, *height = (number(part, "coordinates") for part in parts)
    return (lat, lon), (height[0] if height else None)
