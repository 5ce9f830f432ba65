"""ED-269: geozones as EUROCAE's standard for geofencing has them, in the two dialects in use.

One holds its zones under ``UASZoneList`` and their recurring times under ``dailyPeriod``; the other under
``features`` and ``schedule``. Both are read alike, in camelCase and in the snake_case of ASTM F3548's
GeoZone. A zone has ``identifier``, ``country``, ``restriction``, ``applicability``, ``zoneAuthority`` and
``geometry``: a list of a ``horizontalProjection`` (Polygon, or Circle with ``center`` and ``radius``) with
limits in ``uomDimensions`` (M or FT, for the radius too). A lower limit that is not given is the surface, an
upper one unlimited; the notes say so. Reasons, conditions and messages for pilots are not read.
"""

from __future__ import annotations

from functools import partial
from typing import Any, Final

from comity.errors import InvalidInput
from comity.geozones.collecting import Collection, Made
from comity.geozones.fields import found, localized, members, number, plain, record, shown, text
from comity.geozones.limits import SURFACE, UNLIMITED, Band, band, measured, worded
from comity.geozones.mapgeometry import areas, position
from comity.geozones.outline import Outlined, circle
from comity.geozones.trees import json_tree, refuse
from comity.geozones.weekly import applicabilities
from comity.geozones.zone import Reading, ZoneVolume
from comity.model.altitude import Altitude
from comity.units import metres_from_feet

FORMAT: Final = "ed269"
LIST: Final = "UASZoneList"
NO_LOWER: Final = "no lower limit given: taken as the surface"


def recognised(tree: Any) -> bool:
    if not isinstance(tree, dict):
        return False
    if isinstance(tree.get(LIST), list):
        return True
    zones = tree.get("features")
    return (
        isinstance(zones, list)
        and tree.get("type") != "FeatureCollection"
        and any(isinstance(one, dict) and isinstance(one.get("geometry"), list) for one in zones)
    )


def read(data: bytes, source: str) -> Reading:
    tree = json_tree(data)
    name = LIST if isinstance(tree, dict) and LIST in tree else "features"
    if not isinstance(tree, dict) or not isinstance(tree.get(name), list):
        refuse(f"an ED-269 file is an object with a list named {LIST} or features")
    collected = Collection(data, source, FORMAT)
    for place, one in enumerate(tree[name]):
        geometry = one.get("geometry") if isinstance(one, dict) else None
        collected.add(
            f"{name}[{place}]",
            plain(one.get("identifier")) if isinstance(one, dict) else None,
            len(geometry) if isinstance(geometry, list) else 0,
            partial(_of_record, one),
        )
    return collected.reading()


def _of_record(one: object) -> Made:
    return _made(record(one, "zone"))


def _made(one: dict[str, Any]) -> Made:
    identifier = text(found(one, "identifier"), "identifier")
    country = text(found(one, "country"), "country")
    kind = text(found(one, "restriction"), "restriction")
    notes: list[str] = []
    volumes = []
    for place, geometry in enumerate(members(one.get("geometry"), "geometry")):
        try:
            volumes += _volumes(record(geometry, "geometry"), notes)
        except InvalidInput as error:
            raise InvalidInput(f"geometry[{place}]: {error.message}", field=error.field) from error
    applies = applicabilities(found(one, "applicability"), "applicability", volumes, notes)
    return Made(
        identifier,
        f"{kind} ({country})",
        tuple(volumes),
        localized(one.get("name")),
        applies,
        tuple(notes),
        authority_of(one),
    )


def authority_of(one: dict[str, Any]) -> str | None:
    """The name of the first authority; contacts are people's, and are not read."""
    listed = found(one, "zoneAuthority")
    if not isinstance(listed, list) or not listed or not isinstance(listed[0], dict):
        return None
    return localized(listed[0].get("name")) or localized(listed[0].get("service"))


def _volumes(one: dict[str, Any], notes: list[str]) -> list[ZoneVolume]:
    limits = limits_of(one)
    notes += limits.notes
    made = []
    for drawn in _drawn(record(found(one, "horizontalProjection"), "horizontalProjection"), one):
        notes += drawn.notes
        made.append(ZoneVolume(drawn.outline, limits.lower, limits.upper))
    return made


def limits_of(one: dict[str, Any]) -> Band:
    """Of a volume, or of properties that carry these names."""
    lower = _limit(one, "lower")
    made = band(lower or SURFACE, _limit(one, "upper") or UNLIMITED)
    return made if lower is not None else Band(made.lower, made.upper, (NO_LOWER, *made.notes))


def _limit(one: dict[str, Any], which: str) -> Altitude | None:
    value = found(one, f"{which}Limit")
    if value is None:
        return None
    if isinstance(value, str) and value.strip().upper() in ("SFC", "GND", "UNL", "UNLIMITED"):
        return worded(value)
    reference = text(found(one, f"{which}VerticalReference"), f"{which}VerticalReference")
    uom = text(found(one, "uomDimensions"), "uomDimensions")
    return measured(number(value, f"{which}Limit"), reference, uom)


def _drawn(projection: dict[str, Any], one: dict[str, Any]) -> list[Outlined]:
    if projection.get("type") != "Circle":
        return areas(projection, "horizontalProjection")
    radius = number(projection.get("radius"), "radius")
    measure = text(found(one, "uomDimensions"), "uomDimensions").strip().upper()
    if measure not in ("M", "FT"):
        raise InvalidInput(f"uomDimensions must be M or FT: {shown(measure)}", field="uomDimensions")
    centre = projection.get("center", projection.get("centre"))
    radius_m = radius if measure == "M" else metres_from_feet(radius)
    return [circle(position(centre, "center"), radius_m)]
