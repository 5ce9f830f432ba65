"""YAIXM: airspace as YAML, as published for the United Kingdom.

``airspace`` is a list; each has ``name``, ``type``, perhaps ``localtype``, and ``geometry``: volumes with
``upper``, ``lower`` and a ``boundary`` of ``line`` (points joined by geodesics), ``arc`` (``dir``,
``radius``, ``centre``, ``to``) and ``circle``. Points are ``571834N 0021602W``, radii ``10 nm`` or ``4 km``,
limits ``SFC``, ``1500 ft`` (above mean sea level) and ``FL115``. Other sections at the top (obstacles,
letters of agreement) are no airspace: each is listed as not read. A designator is the name with its type,
since aerodromes give one name to their zones. Zones active by NOTAM alone are taken as always active.
"""

from __future__ import annotations

import re
from functools import partial
from typing import Any, Final

from comity.errors import InvalidInput
from comity.geozones.arcs import Arc, Point
from comity.geozones.collecting import Collection, Made
from comity.geozones.fields import members, plain, record, shown, text
from comity.geozones.limits import band, worded
from comity.geozones.outline import Outlined, bounded, circle
from comity.geozones.trees import LINE, refuse, yaml_tree
from comity.geozones.zone import Reading, ZoneVolume
from comity.units import metres_from_nautical_miles

FORMAT: Final = "yaixm"

_POINT = re.compile(r"(\d{2})(\d{2})(\d{2}(?:\.\d+)?)([NS])\s+(\d{3})(\d{2})(\d{2}(?:\.\d+)?)([EW])")
_LENGTH = re.compile(r"(\d{1,5}(?:\.\d+)?)\s*(nm|km)")
_SAYS_ITSELF: Final = frozenset({"D", "R", "P"})
"""Types whose names begin with their designator, such as ``D138A SHOEBURYNESS``."""

BY_NOTAM: Final = "active by NOTAM: taken as always active"


def recognised(tree: Any) -> bool:
    return isinstance(tree, dict) and isinstance(tree.get("airspace"), list)


def read(data: bytes, source: str) -> Reading:
    tree = yaml_tree(data)
    if not recognised(tree):
        refuse("a YAIXM file is a mapping with a list named airspace")
    collected = Collection(data, source, FORMAT)
    for number, one in enumerate(tree["airspace"]):
        place = f"airspace[{number}]"
        if isinstance(one, dict):
            place += f", line {one[LINE]}"
        collected.add(place, _designator(one), _stated(one), partial(_made, one))
    for name, section in tree.items():
        if name not in ("airspace", LINE):
            count = len(section) if isinstance(section, list) else 1
            collected.leave(plain(name) or "?", None, f"a section of {count} that is no airspace")
    return collected.reading()


def _stated(one: Any) -> int:
    geometry = one.get("geometry") if isinstance(one, dict) else None
    return len(geometry) if isinstance(geometry, list) else 0


def _designator(one: Any) -> str | None:
    if not isinstance(one, dict) or not isinstance(one.get("name"), str):
        return None
    kind = one.get("localtype") or one.get("type")
    name: str = one["name"]
    if not isinstance(kind, str) or one.get("type") in _SAYS_ITSELF or kind in name.split():
        return name
    return f"{name} {kind}"


def _made(value: Any) -> Made:
    one = record(value, "airspace")
    name = text(one.get("name"), "name")
    kind = [text(one.get("type"), "type")]
    kind += [text(one[word], word) for word in ("localtype", "class") if word in one]
    notes: list[str] = [BY_NOTAM] if "NOTAM" in _rules(one) else []
    volumes = []
    for number, geometry in enumerate(members(one.get("geometry"), "geometry")):
        try:
            volumes.append(_volume(record(geometry, "geometry"), notes))
        except InvalidInput as error:
            raise InvalidInput(f"geometry[{number}]: {error.message}", field=error.field) from error
    return Made(_designator(one) or name, " ".join(kind), tuple(volumes), plain(name), notes=tuple(notes))


def _rules(of: dict[str, Any]) -> list[Any]:
    rules = of.get("rules", [])
    return rules if isinstance(rules, list) else []


def _volume(one: dict[str, Any], notes: list[str]) -> ZoneVolume:
    lower = worded(text(one.get("lower"), "lower"))
    limits = band(lower, worded(text(one.get("upper"), "upper")))
    drawn = _outline(members(one.get("boundary"), "boundary"))
    notes += limits.notes + drawn.notes
    if "NOTAM" in _rules(one):
        notes.append(BY_NOTAM)
    return ZoneVolume(drawn.outline, limits.lower, limits.upper)


def _outline(boundary: list[Any]) -> Outlined:
    parts = [_part(record(part, "boundary")) for part in boundary]
    if len(parts) == 1 and parts[0][0] == "circle":
        around = record(parts[0][1], "circle")
        return circle(_point(around.get("centre")), _metres(around.get("radius")))
    path: list[Point | Arc] = []
    for kind, value in parts:
        if kind == "line":
            path += [_point(point) for point in members(value, "line")]
        elif kind == "arc":
            path.append(_arc(record(value, "arc"), path, parts))
        else:
            raise InvalidInput("a circle stands alone in its boundary", field="boundary")
    return bounded(path)


def _part(part: dict[str, Any]) -> tuple[str, Any]:
    words = [name for name in part if name != LINE]
    if len(words) != 1 or words[0] not in ("line", "arc", "circle"):
        raise InvalidInput("a part of a boundary is one of line, arc, circle", field="boundary")
    return words[0], part[words[0]]


def _arc(one: dict[str, Any], path: list[Point | Arc], parts: list[tuple[str, Any]]) -> Arc:
    if one.get("dir") not in ("cw", "ccw"):
        raise InvalidInput(f"dir must be cw or ccw: {shown(one.get('dir'))}", field="dir")
    last = path[-1] if path else _point(_end(parts[-1]))
    start = last.end if isinstance(last, Arc) else last
    return Arc(
        _point(one.get("centre")),
        _metres(one.get("radius")),
        start,
        _point(one.get("to")),
        one["dir"] == "cw",
    )


def _end(part: tuple[str, Any]) -> Any:
    """Where a boundary ends, which is where one that begins with an arc begins."""
    kind, value = part
    if kind == "line":
        return members(value, "line")[-1] if value else None
    return record(value, kind).get("to")


def _point(value: Any) -> Point:
    found = _POINT.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None:
        raise InvalidInput(f"no point such as 571834N 0021602W: {shown(value)}", field="boundary")
    lat = _degrees(found[1], found[2], found[3])
    lon = _degrees(found[5], found[6], found[7])
    return (-lat if found[4] == "S" else lat), (-lon if found[8] == "W" else lon)


def _degrees(degrees: str, minutes: str, seconds: str) -> float:
    if float(minutes) >= 60.0 or float(seconds) >= 60.0:
        raise InvalidInput("minutes and seconds must be under 60", field="boundary")
    return float(degrees) + float(minutes) / 60.0 + float(seconds) / 3600.0


def _metres(value: Any) -> float:
    found = _LENGTH.fullmatch(value.strip()) if isinstance(value, str) else None
    if found is None:
        raise InvalidInput(f"no length such as 10 nm or 4 km: {shown(value)}", field="radius")
    length = float(found[1])
    return metres_from_nautical_miles(length) if found[2] == "nm" else length * 1000.0
