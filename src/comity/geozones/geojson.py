"""GeoJSON (RFC 7946): a FeatureCollection or one Feature, with the properties that ``properties`` documents.

Polygons, MultiPolygons and collections of them; a Point with ``radius_m`` among its properties is a circle.
Where a geometry has ED-318's ``layer``, its limits are taken from there. Edges are straight on the map, as
the RFC has them. Coordinates are WGS84; a file that names another reference system is refused.
"""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from comity.errors import InvalidInput
from comity.geozones.collecting import Collection, Made
from comity.geozones.ed318 import layered
from comity.geozones.fields import members, number, record
from comity.geozones.mapgeometry import areas, position
from comity.geozones.outline import Outlined, circle
from comity.geozones.properties import Properties, designator_of, limits_of, made
from comity.geozones.trees import json_tree, refuse
from comity.geozones.zone import Reading, ZoneVolume

FORMAT: Final = "geojson"
_MOST_NESTED: Final = 4
_WGS84: Final = ("CRS84", "EPSG::4326", "EPSG:4326")


def recognised(tree: Any) -> bool:
    return isinstance(tree, dict) and tree.get("type") in ("FeatureCollection", "Feature")


def read(data: bytes, source: str) -> Reading:
    tree = json_tree(data)
    if not recognised(tree):
        refuse("a GeoJSON file of zones is a FeatureCollection or a Feature")
    _check_crs(tree.get("crs"))
    features = [tree] if tree["type"] == "Feature" else tree.get("features")
    if not isinstance(features, list):
        refuse("a FeatureCollection has a list of features")
    collected = Collection(data, source, FORMAT)
    for place, feature in enumerate(features):
        one = feature if isinstance(feature, dict) else {}
        properties = one.get("properties")
        collected.add(
            f"features[{place}]",
            designator_of(properties if isinstance(properties, dict) else {}, one.get("id")),
            1 if isinstance(one.get("geometry"), dict) else 0,
            partial(_of_record, feature),
        )
    return collected.reading()


def _check_crs(crs: Any) -> None:
    if crs is not None and not str(crs).rstrip("}' ").endswith(_WGS84):
        refuse("the file's coordinates are not WGS84 longitude and latitude")


def _of_record(one: object) -> Made:
    return _made(record(one, "feature"))


def _made(feature: dict[str, Any]) -> Made:
    of = record(feature.get("properties"), "properties")
    notes: list[str] = []
    volumes = _volumes(record(feature.get("geometry"), "geometry"), of, notes, 0)
    return made(of, feature.get("id"), volumes, notes)


def _volumes(geometry: dict[str, Any], of: Properties, notes: list[str], depth: int) -> list[ZoneVolume]:
    if "layer" in geometry or "extent" in geometry:
        return layered(geometry, notes)
    if geometry.get("type") == "GeometryCollection":
        if depth >= _MOST_NESTED:
            raise InvalidInput(f"geometry collections must be at most {_MOST_NESTED} deep", field="geometry")
        inner = members(geometry.get("geometries"), "geometries")
        return [one for each in inner for one in _volumes(record(each, "geometry"), of, notes, depth + 1)]
    limits = limits_of(of)
    drawn = _drawn(geometry, of)
    notes += [*limits.notes, *(note for one in drawn for note in one.notes)]
    return [ZoneVolume(one.outline, limits.lower, limits.upper) for one in drawn]


def _drawn(geometry: dict[str, Any], of: Properties) -> list[Outlined]:
    if geometry.get("type") == "Point" and of.get("radius_m") is not None:
        centre = position(geometry.get("coordinates"), "coordinates")
        return [circle(centre, number(of["radius_m"], "radius_m"))]
    return areas(geometry)
