"""Hypothesis strategies for places, outlines and volumes, everywhere on the earth and of every size."""

from __future__ import annotations

import math
import os
from datetime import UTC, datetime, timedelta

from hypothesis import strategies as st

from comity.geo.earth import destination
from comity.geo.heights import (
    WORST_GEOID_M,
    WORST_TEMPERATURE_K,
    WORST_TERRAIN_M,
    Environment,
    Qnh,
    Span,
)
from comity.model.altitude import Altitude, Datum
from comity.model.shape import Circle, LatLon, Polygon, Shape
from comity.model.volume import Volume4D

EFFORT = int(os.environ.get("COMITY_TEST_EFFORT", "1"))
"""Multiplies the examples of every property; 1 for the default run of seconds, 20 for one of minutes."""

NOON = datetime(2026, 6, 1, 12, tzinfo=UTC)


def examples(count: int) -> int:
    return count * EFFORT


awkward_lats = st.sampled_from([-90.0, -89.9999999, -45.0, 0.0, 1e-9, 45.0, 89.9, 90.0])
awkward_lons = st.sampled_from([-180.0, -179.9999999, -90.0, 0.0, 90.0, 179.9999999, 180.0])


def places() -> st.SearchStrategy[LatLon]:
    """Evenly on the sphere, with poles and the antimeridian more often than chance has them."""
    even = st.floats(-1.0, 1.0).map(lambda z: math.degrees(math.asin(z)))
    return st.builds(LatLon, even | awkward_lats, st.floats(-180.0, 180.0) | awkward_lons)


def sizes(largest_m: float = 3_000_000.0) -> st.SearchStrategy[float]:
    """Logarithmic, from 10 m."""
    return st.floats(1.0, math.log10(largest_m)).map(lambda x: 10.0**x)


def near(place: LatLon, distance_m: float, azimuth_deg: float) -> LatLon:
    lat, lon = destination(lat=place.lat, lon=place.lon, azimuth_deg=azimuth_deg, distance_m=distance_m)
    return LatLon(lat, lon)


def star(centre: LatLon, size_m: float, turns: list[float], lengths: list[float]) -> Polygon:
    """A polygon that its centre sees all of: simple, seldom convex, and sure to hold its centre."""
    step = 360.0 / len(turns)
    return Polygon(
        tuple(
            near(centre, size_m * length, step * (k + turn))
            for k, (turn, length) in enumerate(zip(turns, lengths, strict=True))
        )
    )


@st.composite
def polygons(draw: st.DrawFn, at: LatLon | None = None, largest_m: float = 3_000_000.0) -> Polygon:
    centre = draw(places()) if at is None else at
    count = draw(st.integers(4, 9))
    turns = draw(st.lists(st.floats(-0.3, 0.3), min_size=count, max_size=count))
    lengths = draw(st.lists(st.floats(0.2, 1.0), min_size=count, max_size=count))
    return star(centre, draw(sizes(largest_m)), turns, lengths)


@st.composite
def circles(draw: st.DrawFn, at: LatLon | None = None, largest_m: float = 5_000_000.0) -> Circle:
    return Circle(draw(places()) if at is None else at, min(draw(sizes(largest_m)), 5_000_000.0))


def outlines(at: LatLon | None = None, largest_m: float = 3_000_000.0) -> st.SearchStrategy[Shape]:
    return polygons(at, largest_m) | circles(at, largest_m)


heights_m = st.floats(-400.0, 20_000.0) | st.integers(0, 20).map(lambda k: k * 304.8)


def altitudes(datum: Datum | None = None) -> st.SearchStrategy[Altitude]:
    data = st.sampled_from(Datum) if datum is None else st.just(datum)
    return st.builds(Altitude, heights_m, data)


@st.composite
def spans(draw: st.DrawFn, worst: Span) -> Span:
    low, high = sorted((draw(st.floats(*worst)), draw(st.floats(*worst))))
    return low, high


@st.composite
def qnhs(draw: st.DrawFn) -> Qnh:
    error = draw(st.floats(0.0, 5.0))
    hpa = draw(st.floats(950.0, 1050.0))
    begin = draw(st.integers(-90, 90))
    length = draw(st.integers(1, 180))
    elevation = draw(st.floats(-400.0, 4_000.0))
    start = NOON + timedelta(minutes=begin)
    return Qnh(hpa, error, start, start + timedelta(minutes=length), elevation)


@st.composite
def environments(draw: st.DrawFn) -> Environment:
    return Environment(
        geoid_m=draw(st.none() | spans(WORST_GEOID_M)),
        terrain_m=draw(st.none() | spans(WORST_TERRAIN_M)),
        temperature_k=draw(st.none() | spans(WORST_TEMPERATURE_K)),
        qnh=tuple(draw(st.lists(qnhs(), max_size=2))),
    )


@st.composite
def bands(draw: st.DrawFn) -> tuple[Altitude, Altitude]:
    lower, upper = draw(altitudes()), draw(altitudes())
    if lower.datum == upper.datum and lower.value_m > upper.value_m:
        return upper, lower
    return lower, upper


@st.composite
def volumes(draw: st.DrawFn, at: LatLon | None = None, largest_m: float = 3_000_000.0) -> Volume4D:
    """Times on whole minutes, so that ties happen."""
    lower, upper = draw(bands())
    begin, length = draw(st.integers(-60, 60)), draw(st.integers(1, 60))
    start = NOON + timedelta(minutes=begin)
    return Volume4D(draw(outlines(at, largest_m)), lower, upper, start, start + timedelta(minutes=length))
