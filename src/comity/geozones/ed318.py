"""ED-318: geozones as GeoJSON features with layers, by the schemas that EUROCAE publishes with it.

A feature's properties have ``identifier``, ``country``, ``type``, ``variant`` and ``zoneAuthority``; each
geometry has a ``layer`` (``upper``, ``lower``, their references, ``uom``, metres where it is not given) and
a Point an ``extent`` with a radius in metres. A limit that is not given is the surface or unlimited, and the
notes say so. The collection's ``metadata`` says for how long all of it is valid; where that cannot be read
the file is refused whole, since then nothing is known of when any zone applies. What the schemas require and
what they enumerate is held to; lengths of texts and further members are not.
"""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from comity.errors import InvalidInput
from comity.geozones.collecting import Collection, Made
from comity.geozones.ed269 import NO_LOWER, authority_of
from comity.geozones.fields import found, localized, members, moment, number, one_of, plain, record, text
from comity.geozones.limits import SURFACE, UNLIMITED, Band, band, measured
from comity.geozones.mapgeometry import areas, position
from comity.geozones.outline import Outlined, circle
from comity.geozones.trees import json_tree, refuse
from comity.geozones.weekly import applicabilities
from comity.geozones.zone import Reading, ZoneVolume
from comity.model.altitude import Altitude

FORMAT: Final = "ed318"

TYPES: Final = frozenset({"USPACE", "PROHIBITED", "REQ_AUTHORIZATION", "CONDITIONAL", "NO_RESTRICTION"})
VARIANTS: Final = frozenset({"COMMON", "CUSTOMIZED"})
PURPOSES: Final = frozenset({"AUTHORIZATION", "NOTIFICATION", "INFORMATION"})
_REFERENCES: Final = frozenset({"AGL", "AMSL", "WGS84"})
_MEASURES: Final = frozenset({"m", "ft"})
_METADATA: Final = frozenset({"validFrom", "validTo", "issued", "provider", "otherGeoid"})
_MOST_NESTED: Final = 4


def recognised(tree: Any) -> bool:
    """A FeatureCollection of which the collection or a feature speaks ED-318's words."""
    if not isinstance(tree, dict) or tree.get("type") != "FeatureCollection":
        return False
    features, metadata = tree.get("features"), tree.get("metadata")
    if not isinstance(features, list):
        return False
    known = isinstance(metadata, dict) and bool(_METADATA & metadata.keys())
    return known or any(_speaks(feature) for feature in features)


def _speaks(feature: Any) -> bool:
    properties = feature.get("properties") if isinstance(feature, dict) else None
    return isinstance(properties, dict) and {"identifier", "variant"} <= properties.keys()


def read(data: bytes, source: str) -> Reading:
    tree = json_tree(data)
    if not isinstance(tree, dict) or not isinstance(tree.get("features"), list):
        refuse("an ED-318 file is a FeatureCollection with a list of features")
    collected = Collection(data, source, FORMAT)
    _validity(tree.get("metadata"), collected)
    for place, feature in enumerate(tree["features"]):
        one = feature if isinstance(feature, dict) else {}
        properties, geometry = one.get("properties"), one.get("geometry")
        collected.add(
            f"features[{place}]",
            plain(properties.get("identifier")) if isinstance(properties, dict) else None,
            _stated(geometry),
            partial(_of_record, feature),
        )
    return collected.reading()


def _validity(metadata: Any, collected: Collection) -> None:
    if metadata is None:
        return
    of = record(metadata, "metadata")
    moments = {name: moment(of[name], f"metadata.{name}") for name in ("validFrom", "validTo") if name in of}
    if "issued" in of:
        moment(of["issued"], "metadata.issued")
    collected.starts, collected.ends = moments.get("validFrom"), moments.get("validTo")


def _stated(geometry: Any) -> int:
    if not isinstance(geometry, dict):
        return 0
    inner = geometry.get("geometries")
    return len(inner) if isinstance(inner, list) else 1


def _of_record(one: object) -> Made:
    return _made(record(one, "feature"))


def _made(feature: dict[str, Any]) -> Made:
    of = record(feature.get("properties"), "properties")
    identifier = text(of.get("identifier"), "identifier")
    country = text(of.get("country"), "country")
    kind = one_of(of.get("type"), TYPES, "type")
    one_of(of.get("variant"), VARIANTS, "variant")
    for authority in members(of.get("zoneAuthority"), "zoneAuthority") or [None]:
        one_of(record(authority, "zoneAuthority").get("purpose"), PURPOSES, "zoneAuthority.purpose")
    notes: list[str] = []
    volumes = layered(record(feature.get("geometry"), "geometry"), notes)
    applies = applicabilities(of.get("limitedApplicability"), "limitedApplicability", volumes, notes)
    return Made(
        identifier,
        f"{kind} ({country})",
        tuple(volumes),
        localized(of.get("name")),
        applies,
        tuple(notes),
        authority_of(of),
    )


def layered(
    geometry: dict[str, Any], notes: list[str], layer: Any = None, depth: int = 0
) -> list[ZoneVolume]:
    """A geometry's volumes; ``layer``: that of the collection it is in, for one that has none."""
    layer = geometry.get("layer", layer)
    if geometry.get("type") == "GeometryCollection":
        if depth >= _MOST_NESTED:
            raise InvalidInput(f"geometry collections must be at most {_MOST_NESTED} deep", field="geometry")
        made = []
        for place, one in enumerate(members(geometry.get("geometries"), "geometries")):
            try:
                made += layered(record(one, "geometry"), notes, layer, depth + 1)
            except InvalidInput as error:
                raise InvalidInput(f"geometries[{place}]: {error.message}", field=error.field) from error
        return made
    limits = _limits(record(layer, "layer") if layer is not None else {})
    notes += limits.notes
    drawn = _drawn(geometry)
    notes += [note for one in drawn for note in one.notes]
    return [ZoneVolume(one.outline, limits.lower, limits.upper) for one in drawn]


def _drawn(geometry: dict[str, Any]) -> list[Outlined]:
    extent = geometry.get("extent")
    if geometry.get("type") != "Point" or extent is None:
        return areas(geometry)
    around = record(extent, "extent")
    one_of(around.get("subType"), frozenset({"Circle"}), "extent.subType")
    centre = position(geometry.get("coordinates"), "coordinates")
    return [circle(centre, number(around.get("radius"), "extent.radius"))]


def _limits(layer: dict[str, Any]) -> Band:
    lower = _limit(layer, "lower")
    made = band(lower or SURFACE, _limit(layer, "upper") or UNLIMITED)
    return made if lower is not None else Band(made.lower, made.upper, (NO_LOWER, *made.notes))


def _limit(layer: dict[str, Any], which: str) -> Altitude | None:
    value = found(layer, which)
    if value is None:
        return None
    reference = one_of(layer.get(f"{which}Reference"), _REFERENCES, f"layer.{which}Reference")
    uom = one_of(layer.get("uom", "m"), _MEASURES, "layer.uom")
    return measured(number(value, f"layer.{which}"), reference, uom)
