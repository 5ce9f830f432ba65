"""Volumes to draw from: families that look alike at level 0, and the awkward ones at the grid's edges.

All members of a ``Family`` have one reserved form: the same cells, band and slot, whatever the exact outline,
heights and times. ``probes`` are what a curious participant would file to find out more: beside an exact
volume and still in its cells, and exactly at an edge of a band or a slot.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Final

import s2geometry
from hypothesis import strategies as st

from comity.model.altitude import Altitude, Datum
from comity.model.shape import Circle, LatLon, Polygon, Shape
from comity.model.volume import Volume4D

_s2: Any = s2geometry

NEAR: Final = ((47.0, 11.0), (47.0, 11.3), (47.25, 11.0))
"""Each within another cell of level 10."""

FAR: Final = (46.0, 9.0)
"""Within a cell of level 8, for outlines of tens of kilometres."""

_OFFSETS: Final = ((0.0, 0.0), (0.01, 0.012), (-0.012, 0.008))
_RADII_M: Final = (150.0, 400.0, 900.0)
_BIG_RADII_M: Final = (24_000.0, 26_500.0, 30_000.0)


def _centre(lat: float, lon: float, level: int) -> LatLon:
    """The middle of the cell that holds a place."""
    cell = _s2.S2CellId(_s2.S2LatLng.FromDegrees(lat, lon).ToPoint()).parent(level)
    middle = cell.ToLatLng()
    return LatLon(lat=middle.lat().degrees(), lon=middle.lng().degrees())


_NEAR: Final = tuple(_centre(lat, lon, 10) for lat, lon in NEAR)
_FAR: Final = _centre(*FAR, 8)


@dataclass(frozen=True)
class Family:
    """``place``: 0 to 2 within one cell of level 10; 3 over several of level 8. ``slot``: half hours after
    the world's first."""

    place: int
    band: int
    slot: int
    datum: Datum = Datum.W84


def families() -> st.SearchStrategy[Family]:
    return st.builds(
        Family,
        place=st.sampled_from((0, 0, 0, 1, 2, 3)),
        band=st.sampled_from((0, 1, 1, 2)),
        slot=st.sampled_from((0, 1, 1, 2, 3)),
        datum=st.sampled_from((Datum.W84, Datum.W84, Datum.AGL, Datum.PRESSURE)),
    )


@st.composite
def members(draw: st.DrawFn, family: Family, first: datetime) -> Volume4D:
    """Any of a family."""
    lower, upper = draw(st.sampled_from(_heights(family)))
    before, after = draw(st.sampled_from(((0, 30), (5, 20), (10, 29), (0, 15), (12, 30))))
    slot = first + timedelta(minutes=30 * family.slot)
    start, end = slot + timedelta(minutes=before), slot + timedelta(minutes=after)
    return Volume4D(draw(outlines(family)), lower, upper, start, end)


@st.composite
def outlines(draw: st.DrawFn, family: Family) -> Shape:
    if family.place == 3:
        return Circle(_FAR, draw(st.sampled_from(_BIG_RADII_M)))
    centre = _moved(_NEAR[family.place], *draw(st.sampled_from(_OFFSETS)))
    radius_m = draw(st.sampled_from(_RADII_M))
    if draw(st.booleans()):
        return Circle(centre, radius_m)
    reach = radius_m / 120_000.0
    return Polygon(tuple(_moved(centre, a * reach, b * reach) for a, b in ((-1, -1), (-1, 1), (1.5, 0))))


def _moved(place: LatLon, north_deg: float, east_deg: float) -> LatLon:
    return LatLon(lat=place.lat + north_deg, lon=place.lon + east_deg)


def _heights(family: Family) -> list[tuple[Altitude, Altitude]]:
    base_m = family.band * 1_000.0
    if family.datum is Datum.PRESSURE:
        return [(Altitude(base_m + 2_000.0, Datum.PRESSURE), Altitude(base_m + 2_300.0, Datum.PRESSURE))]
    if family.datum is Datum.AGL:
        return [
            (Altitude(base_m + low, Datum.AGL), Altitude(base_m + high, Datum.AGL))
            for low, high in ((0.0, 100.0), (50.0, 120.0), (10.0, 30.0))
        ]
    spans = ((0.0, 1_000.0), (100.0, 900.0), (250.0, 500.0), (0.0, 300.0), (600.0, 1_000.0))
    found = [(Altitude(base_m + low, Datum.W84), Altitude(base_m + high, Datum.W84)) for low, high in spans]
    found.append((Altitude(base_m + 100.0, Datum.MSL), Altitude(base_m + 700.0, Datum.MSL)))
    found.append((Altitude(base_m + 300.0, Datum.W84), Altitude(base_m + 800.0, Datum.MSL)))
    return found


@st.composite
def probes(draw: st.DrawFn, family: Family, first: datetime) -> Volume4D:
    """In the family's cells but off its exact outlines; or at an edge of its band or of its slot."""
    if family.place == 3:
        bearing = draw(
            st.sampled_from(((0.25, 0.0), (0.19, 0.26), (0.0, -0.36), (-0.21, 0.2), (-0.24, -0.02)))
        )
        outline: Shape = Circle(_moved(_FAR, *bearing), 300.0)
    else:
        corner = draw(st.sampled_from(((0.03, 0.0), (-0.03, 0.02), (0.0, 0.0), (0.0, -0.04))))
        outline = Circle(_moved(_NEAR[family.place], *corner), draw(st.sampled_from((100.0, 1_000.0))))
    base_m = family.band * 1_000.0
    lower_m, upper_m = draw(
        st.sampled_from(
            (
                (base_m + 100.0, base_m + 900.0),
                (base_m + 400.0, base_m + 450.0),
                (base_m - 500.0, base_m),
                (base_m + 1_000.0, base_m + 1_400.0),
                (base_m + 2_100.0, base_m + 2_400.0),
            )
        )
    )
    minutes = draw(st.sampled_from(((0, 30), (0, 4), (21, 24), (-20, 0), (-20, 3), (30, 40), (29, 50))))
    slot = first + timedelta(minutes=30 * family.slot)
    return Volume4D(
        outline,
        Altitude(lower_m, Datum.W84),
        Altitude(upper_m, Datum.W84),
        slot + timedelta(minutes=minutes[0]),
        slot + timedelta(minutes=minutes[1]),
    )
