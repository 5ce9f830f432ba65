"""Earth-centred points and directions agree with geodesy, and the stated bend of great ellipses holds."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from comity.geo import earth
from comity.model.shape import LatLon
from tests.geo.making import examples, places, sizes


def test_distance_from_zurich_to_geneva() -> None:
    metres = earth.distance_m(lat_a=47.4582, lon_a=8.5555, lat_b=46.2380, lon_b=6.1089)
    lat, lon = earth.destination(lat=47.4582, lon=8.5555, azimuth_deg=0.0, distance_m=metres)
    assert metres == pytest.approx(231_000, rel=0.01)
    assert lon == pytest.approx(8.5555)
    assert earth.distance_m(lat_a=47.4582, lon_a=8.5555, lat_b=lat, lon_b=lon) == pytest.approx(metres)


@given(places())
def test_points_go_to_the_ellipsoid_and_back(place: LatLon) -> None:
    x, y, z = earth.xyz_of(lat=place.lat, lon=place.lon)
    many = earth.xyz(lats=[place.lat], lons=[place.lon])
    assert np.allclose(many, [[x, y, z]], rtol=0.0, atol=1e-6)
    assert (x * x + y * y) / earth.A_M**2 + z * z / earth.B_M**2 == pytest.approx(1.0, abs=1e-14)
    assert np.allclose(earth.on_ellipsoid(many * 0.3), many, rtol=0.0, atol=1e-6)
    lats, lons = earth.lats_lons(many)
    assert earth.distance_m(
        lat_a=place.lat, lon_a=place.lon, lat_b=float(lats[0]), lon_b=float(lons[0])
    ) == pytest.approx(0.0, abs=1e-5)


@settings(max_examples=examples(60), deadline=None)
@given(places(), st.floats(0.0, 360.0), sizes(2_000_000.0))
def test_a_great_ellipse_leaves_the_geodesic_by_no_more_than_stated(
    place: LatLon, azimuth_deg: float, length_m: float
) -> None:
    lats, lons = earth.destinations(
        lats=place.lat,
        lons=place.lon,
        azimuths_deg=azimuth_deg,
        distances_m=np.linspace(0.0, length_m, 101),
    )
    for points, radius in (
        (earth.xyz(lats=lats, lons=lons), 1.0),
        (earth.normals(lats=lats, lons=lons), earth.A_M**2 / earth.B_M),
    ):
        across = np.cross(points[0], points[-1])
        across /= np.linalg.norm(across)
        away_m = np.abs(points @ across).max() * radius
        assert away_m <= earth.GREAT_ELLIPSE_BEND * length_m**2 / 8.0 * 1.02 + 1e-3


@given(places())
def test_a_frame_is_orthonormal_and_looks_up(place: LatLon) -> None:
    up = earth.normals(lats=place.lat, lons=place.lon)
    frame = earth.frame_at(up * 17.0)
    assert np.allclose(frame @ frame.T, np.eye(3), atol=1e-14)
    assert np.allclose(frame[2], up, atol=1e-14)
    assert np.linalg.det(frame) == pytest.approx(1.0)
