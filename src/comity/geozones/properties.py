"""What a GeoJSON feature or a KML placemark says besides its geometry: the names this project documents.

``designator`` (or ``identifier``, ``id``, ``name``); ``lower`` and ``upper``, as words (``FL95``, ``1500 ft
AMSL``, ``SFC``, ``UNL``; without a datum above mean sea level) or as numbers with ``lowerReference``,
``upperReference`` (AGL, AMSL, WGS84) and ``uom`` (m if not given); ``start`` and ``end``; ``kind``;
``authority``. The names of ED-269 are taken as well, since national exports carry them as properties. Both
limits must be given: a drawing without heights is not a zone up to the edge of space.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from comity.errors import InvalidInput
from comity.geozones.collecting import Made
from comity.geozones.ed269 import authority_of
from comity.geozones.fields import found, localized, moment, number, plain, text
from comity.geozones.limits import Band, band, measured, worded
from comity.geozones.weekly import applicabilities
from comity.geozones.zone import Applicability, ZoneVolume
from comity.model.altitude import Altitude

Properties = dict[str, Any]


def designator_of(of: Properties, id_: Any = None) -> str | None:
    for value in (of.get("designator"), of.get("identifier"), id_, of.get("id"), of.get("name")):
        if type(value) is int:
            return str(value)
        words = localized(value)
        if words is not None:
            return words
    return None


def made(of: Properties, id_: Any, volumes: list[ZoneVolume], notes: list[str]) -> Made:
    """The zone, once its volumes are there."""
    designator = designator_of(of, id_)
    if designator is None:
        raise InvalidInput("it has no designator: give it as designator, identifier, id or name")
    return Made(
        designator,
        _kind(of),
        tuple(volumes),
        localized(of.get("name")),
        _applies(of, volumes, notes),
        tuple(notes),
        plain(of.get("authority")) or authority_of(of),
    )


def has_limits(of: Properties) -> bool:
    return any(_given(of, which) is not None for which in ("lower", "upper"))


def limits_of(of: Properties) -> Band:
    return band(_limit(of, "lower", "SFC"), _limit(of, "upper", "UNL"))


def _given(of: Properties, which: str) -> Any:
    value = found(of, which)
    return found(of, f"{which}Limit") if value is None else value


def _limit(of: Properties, which: str, without: str) -> Altitude:
    value = _given(of, which)
    if value is None:
        raise InvalidInput(f"no {which} limit: give it as {which}, {without} if it has none", field=which)
    if isinstance(value, str) and not _numeric(value):
        return worded(value)
    reference = found(of, f"{which}Reference") or found(of, f"{which}VerticalReference")
    uom = of.get("uom") or found(of, "uomDimensions") or "m"
    return measured(number(value, which), text(reference, f"{which}Reference"), text(uom, "uom"))


def _numeric(words: str) -> bool:
    try:
        return math.isfinite(float(words))
    except ValueError:
        return False


def _kind(of: Properties) -> str:
    for name in ("kind", "restriction", "type", "class"):
        words = plain(of.get(name))
        if words is not None:
            return words
    return "zone"


def _applies(of: Properties, volumes: Iterable[ZoneVolume], notes: list[str]) -> tuple[Applicability, ...]:
    for name in ("applicability", "limitedApplicability"):
        listed = found(of, name)
        if isinstance(listed, list):
            return applicabilities(listed, name, volumes, notes)
    start, end = _moment(of, "start"), _moment(of, "end")
    return () if start is None and end is None else (Applicability(start, end),)


def _moment(of: Properties, name: str) -> datetime | None:
    value = found(of, name)
    if value is None:
        value = found(of, f"{name}DateTime")
    return None if value is None else moment(value, name)
