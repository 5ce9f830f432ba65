"""What one may see as GeoJSON (RFC 7946): items as areas, reserved ones as their cells, aircraft as points.

Outlines are cut along their geodesics so finely that straight lines between the points stay within metres
of them; a circle's outline lies around the circle. Longitude comes first. An area over the antimeridian
is cut there, and one that holds a pole runs along the map's edge. Names of numbers end in their unit.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime
from typing import Any, Final

import numpy as np
import shapely
import shapely.affinity
from shapely.geometry import Polygon, mapping
from shapely.geometry.base import BaseGeometry

from comity.geo.earth import Floats, lats_lons
from comity.geo.rings import ring
from comity.model.altitude import Altitude
from comity.model.released import ReleasedItem, ReservedVolume, TrackView
from comity.model.volume import Volume4D

DIGITS: Final = 7
"""A centimetre: finer digits are noise, coarser ones would move corners."""


def collection(items: Sequence[ReleasedItem], tracks: Sequence[TrackView], as_of: datetime) -> dict[str, Any]:
    features = [*(f for item in items for f in item_features(item)), *(track_feature(t) for t in tracks)]
    return {"type": "FeatureCollection", "as_of": as_of.isoformat(), "features": features}


def item_features(item: ReleasedItem) -> Iterator[dict[str, Any]]:
    """One feature for each volume."""
    about = {
        "ref": item.ref,
        "kind": item.kind.value,
        "level": item.level,
        "state": item.state,
        "category": item.category,
        "crewed": item.crewed,
        "constraint_kind": item.constraint_kind,
        "designator": item.designator,
    }
    known = {name: value for name, value in about.items() if value is not None}
    for volume in item.volumes or ():
        yield _feature(area(volume), known | _exact(volume))
    for reserved in item.reserved or ():
        yield _feature(cells(reserved), known | _coarse(reserved))


def _exact(volume: Volume4D) -> dict[str, Any]:
    def height(name: str, altitude: Altitude) -> dict[str, Any]:
        return {f"{name}_m": altitude.value_m, f"{name}_datum": altitude.datum.value}

    times = {"start": volume.start.isoformat(), "end": volume.end.isoformat()}
    return height("lower", volume.lower) | height("upper", volume.upper) | times


def _coarse(reserved: ReservedVolume) -> dict[str, Any]:
    return {
        "lower_m": reserved.lower_w84_m,
        "lower_datum": "W84",
        "upper_m": reserved.upper_w84_m,
        "upper_datum": "W84",
        "start": reserved.start.isoformat(),
        "end": reserved.end.isoformat(),
        "cells": list(reserved.cells),
    }


def track_feature(track: TrackView) -> dict[str, Any]:
    properties = {
        name: getattr(track, name)
        for name in track.__struct_fields__
        if name not in ("lat", "lon") and getattr(track, name) is not None
    }
    point = {"type": "Point", "coordinates": [round(track.lon, DIGITS), round(track.lat, DIGITS)]}
    return {
        "type": "Feature",
        "id": track.id,
        "geometry": point,
        "properties": {"kind": "track"} | properties,
    }


def area(volume: Volume4D) -> BaseGeometry:
    """The outline on a map of longitude and latitude."""
    lats, lons = lats_lons(ring(volume.outline))
    return flat(list(zip(lons.tolist(), lats.tolist(), strict=True)))


def cells(reserved: ReservedVolume) -> BaseGeometry:
    return shapely.union_all([flat([(lon, lat) for lat, lon in outline]) for outline in reserved.outlines])


def flat(points: Sequence[tuple[float, float]]) -> BaseGeometry:
    """A closed ring of (lon, lat) on the sphere as polygons on the map, cut at the antimeridian."""
    lons = np.unwrap([lon for lon, _ in points], period=360.0)
    corners = [(float(lon), lat) for lon, (_, lat) in zip(lons, points, strict=True)]
    around = _winding(corners)
    if around:
        corners += _over_the_pole(corners, around)
    whole = shapely.make_valid(Polygon(corners))
    pieces = []
    for shift in range(-2, 3):
        piece = shapely.intersection(whole, shapely.box(-180 + 360 * shift, -90, 180 + 360 * shift, 90))
        moved = shapely.affinity.translate(piece, xoff=-360.0 * shift)
        pieces += [part for part in _polygons(moved) if part.area > 0]
    return shapely.union_all(pieces)


def _winding(corners: Sequence[tuple[float, float]]) -> int:
    """1 or -1 for a ring that goes around a pole, eastward or westward; else 0."""
    closing = (corners[0][0] - corners[-1][0] + 180.0) % 360.0 - 180.0
    return round((corners[-1][0] + closing - corners[0][0]) / 360.0)


def _over_the_pole(corners: Sequence[tuple[float, float]], around: int) -> Iterable[tuple[float, float]]:
    """From the ring's end along its first meridian to the pole, and back along the map's edge."""
    pole = 90.0 if sum(lat for _, lat in corners) > 0 else -90.0
    first_lon, first_lat = corners[0]
    last_lon = first_lon + 360.0 * around
    return [(last_lon, first_lat), (last_lon, pole), (first_lon, pole)]


def _polygons(shape: BaseGeometry) -> Iterator[Polygon]:
    if isinstance(shape, Polygon):
        yield shape
    else:
        for part in getattr(shape, "geoms", ()):
            yield from _polygons(part)


def _feature(shape: BaseGeometry, properties: dict[str, Any]) -> dict[str, Any]:
    """Outer rings counter-clockwise, as RFC 7946 asks."""
    turned = shapely.orient_polygons(shape, exterior_cw=False)
    return {
        "type": "Feature",
        "geometry": mapping(shapely.transform(turned, _round)),
        "properties": properties,
    }


def _round(xy: Floats) -> Floats:
    return np.round(xy, DIGITS)
