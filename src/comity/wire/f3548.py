"""F3548-21's shapes of time, height and place, as they come and as they go: JSON <-> cells, JSON <-> volumes.

``footprint`` and ``extents`` make what a DSS keeps: cells and a box, no outline. ``native`` makes a promised
volume of one, for whoever acts as a USS; ``foreign`` writes one, its heights as bounds above the WGS84
ellipsoid, outward.

Heights are metres above the ellipsoid (``W84``, ``M``), nothing else. Names of fields are the standard's;
where a word of it is none of ours, the field is renamed.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, Final, Literal, TypeVar

import msgspec
from msgspec import Meta, field

from comity.errors import InvalidInput, TooLarge
from comity.geo.coverage import check_ring, circle_cells, ring_area_m2, ring_cells, union
from comity.geo.heights import Environment, bounds
from comity.geo.remembered import Remembered
from comity.model import altitude, shape
from comity.model.altitude import Altitude as Height
from comity.model.altitude import Datum
from comity.model.f3548 import CellBox
from comity.model.volume import Volume4D as Promised
from comity.model.volume import Volumes

MOST_AREA_M2: Final = 2_500e6
"""Of one polygon: what other implementations of the standard take."""

MOST_VERTICES: Final = 4_000
"""Of all polygons of one request together; as many as a native command may have."""

MOST_EXTENTS: Final = 1_000
MOST_CELLS: Final = 50_000
"""Of all outlines of one request together, before they are joined: some 60,000 km², and a tenth of a second
of work for which everybody waits."""

FIRST_YEAR: Final = 2
LAST_YEAR: Final = 9_998
"""A year less on either side than a calendar has: whoever adds a day or another zone to a time has room."""

LOWEST_M: Final = -8_000.0
HIGHEST_M: Final = 100_000.0

T = TypeVar("T")
Lat = Annotated[float, Meta(ge=-90.0, le=90.0)]
Lng = Annotated[float, Meta(ge=-180.0, le=180.0)]


class Time(msgspec.Struct, frozen=True, gc=False):
    value: Annotated[datetime, Meta(tz=True)]
    format: Literal["RFC3339"]


class Altitude(msgspec.Struct, frozen=True, gc=False):
    value: Annotated[float, Meta(ge=LOWEST_M, le=HIGHEST_M)]
    reference: Literal["W84"]
    measured_in: Literal["M"] = field(name="units")


class LatLngPoint(msgspec.Struct, frozen=True, gc=False):
    lat: Lat
    lng: Lng


class Radius(msgspec.Struct, frozen=True, gc=False):
    value: Annotated[float, Meta(gt=0.0, le=shape.MAX_RADIUS_M)]
    measured_in: Literal["M"] = field(name="units")


class Circle(msgspec.Struct, frozen=True, gc=False):
    center: LatLngPoint
    radius: Radius


class Polygon(msgspec.Struct, frozen=True, gc=False):
    vertices: tuple[LatLngPoint, ...]


class Volume3D(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    outline_circle: Circle | None = None
    outline_polygon: Polygon | None = None
    altitude_lower: Altitude | None = None
    altitude_upper: Altitude | None = None

    def __post_init__(self) -> None:
        if (self.outline_circle is None) == (self.outline_polygon is None):
            raise InvalidInput("give either a circle or a polygon", field="outline_polygon")
        lower, upper = self.altitude_lower, self.altitude_upper
        if lower is not None and upper is not None and lower.value > upper.value:
            raise InvalidInput("altitude_lower must not be above altitude_upper", field="altitude_lower")


class Volume4D(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    volume: Volume3D
    time_start: Time | None = None
    time_end: Time | None = None

    def __post_init__(self) -> None:
        start, end = self.time_start, self.time_end
        if start is not None and end is not None and start.value > end.value:
            raise InvalidInput("time_start must not be after time_end", field="time_start")


def utc(time: Time | None, field: str) -> datetime | None:
    """The moment in UTC; None stays None."""
    if time is None:
        return None
    if not FIRST_YEAR <= time.value.year <= LAST_YEAR:
        raise InvalidInput(f"a time must lie in the years {FIRST_YEAR} to {LAST_YEAR}", field=field)
    return time.value.astimezone(UTC)


def footprint(volume: Volume3D, field: str) -> tuple[str, ...]:
    """Cells that hold the outline."""
    circle, polygon = volume.outline_circle, volume.outline_polygon
    if circle is not None:
        return circle_cells(circle.center.lat, circle.center.lng, circle.radius.value)
    assert polygon is not None
    if len(polygon.vertices) > MOST_VERTICES:
        raise InvalidInput(
            f"polygons have at most {MOST_VERTICES} vertices", field=f"{field}.outline_polygon.vertices"
        )
    try:
        return polygon_cells(tuple((point.lat, point.lng) for point in polygon.vertices))
    except InvalidInput as error:
        raise InvalidInput(error.message, field=f"{field}.outline_polygon.vertices") from error


@Remembered
def polygon_cells(points: tuple[tuple[float, float], ...]) -> tuple[str, ...]:
    """Cells of a polygon of (lat, lon), which is checked before: that it is one, and how large."""
    check_ring(points, "vertices")
    area_m2 = ring_area_m2(points)
    if area_m2 > MOST_AREA_M2:
        raise InvalidInput(
            f"a polygon's area must be at most {MOST_AREA_M2 / 1e6:g} km²; this has {area_m2 / 1e6:.0f} km²",
            field="vertices",
        )
    return ring_cells(points)


def extent(volume: Volume4D, field: str) -> CellBox:
    """One volume as cells and a box; what has no bound keeps none."""
    space = volume.volume
    lower, upper = space.altitude_lower, space.altitude_upper
    return CellBox(
        footprint(space, f"{field}.volume"),
        None if lower is None else lower.value,
        None if upper is None else upper.value,
        utc(volume.time_start, f"{field}.time_start"),
        utc(volume.time_end, f"{field}.time_end"),
    )


def extents(volumes: Sequence[Volume4D], field: str = "extents") -> CellBox:
    """Volumes as the one box that holds them all. Where one has no bound, neither has the box."""
    if not volumes:
        raise InvalidInput("at least one volume is required", field=field)
    if len(volumes) > MOST_EXTENTS:
        raise TooLarge(f"at most {MOST_EXTENTS} volumes are taken", field=field)
    vertices = sum(len(v.volume.outline_polygon.vertices) for v in volumes if v.volume.outline_polygon)
    if vertices > MOST_VERTICES:
        raise TooLarge(f"polygons have at most {MOST_VERTICES} vertices together", field=field)
    boxes, cells = [], 0
    for number, volume in enumerate(volumes):
        boxes.append(extent(volume, f"{field}[{number}]"))
        cells += len(boxes[-1].cells)
        if cells > MOST_CELLS:
            raise TooLarge("the volumes cover too large an area together", field=field)
    return boxes[0] if len(boxes) == 1 else union(boxes)


def native(volume: Volume4D, field: str) -> Promised:
    """A volume as the model has it: all its bounds are needed, and a duration above zero. One that reaches
    below what the model knows (1.5 km under the ellipsoid, where nobody flies) begins there."""
    space = volume.volume
    lower = _needed(space.altitude_lower, f"{field}.volume.altitude_lower")
    upper = _needed(space.altitude_upper, f"{field}.volume.altitude_upper")
    start = _needed(utc(volume.time_start, f"{field}.time_start"), f"{field}.time_start")
    end = _needed(utc(volume.time_end, f"{field}.time_end"), f"{field}.time_end")
    try:
        bottom = Height(max(lower.value, altitude.LOWEST_M), Datum.W84)
        return Promised(outline(space), bottom, Height(upper.value, Datum.W84), start, end)
    except InvalidInput as error:
        raise InvalidInput(error.message, field=f"{field}.{error.field}") from error


def _needed(given: T | None, field: str) -> T:
    if given is None:
        raise InvalidInput("this bound is required", field=field)
    return given


def natives(volumes: Sequence[Volume4D], field: str) -> Volumes:
    return tuple(native(volume, f"{field}[{number}]") for number, volume in enumerate(volumes))


def outline(space: Volume3D) -> shape.Shape:
    """The outline as the model has it: edges are geodesics, the inside is the smaller side."""
    if space.outline_circle is not None:
        middle = space.outline_circle.center
        return shape.Circle(shape.LatLon(middle.lat, middle.lng), space.outline_circle.radius.value)
    assert space.outline_polygon is not None
    return shape.Polygon(tuple(shape.LatLon(v.lat, v.lng) for v in space.outline_polygon.vertices))


def foreign(volume: Promised, environment: Environment, now: datetime) -> Volume4D:
    """A promised volume in the standard's form. Its heights become bounds that hold it, whatever its datum;
    the standard knows none below -8 km or above 100 km."""
    lower_m = bounds(volume.lower, environment, now).lower_m
    upper_m = bounds(volume.upper, environment, now).upper_m
    circle, polygon = _outlined(volume.outline)
    space = Volume3D(circle, polygon, _altitude(lower_m), _altitude(upper_m))
    return Volume4D(space, Time(volume.start, "RFC3339"), Time(volume.end, "RFC3339"))


def _altitude(value_m: float) -> Altitude:
    return Altitude(min(max(value_m, LOWEST_M), HIGHEST_M), "W84", "M")


def _outlined(outline: shape.Shape) -> tuple[Circle | None, Polygon | None]:
    if isinstance(outline, shape.Circle):
        middle = LatLngPoint(outline.centre.lat, outline.centre.lon)
        return Circle(middle, Radius(outline.radius_m, "M")), None
    return None, Polygon(tuple(LatLngPoint(v.lat, v.lon) for v in outline.vertices))
