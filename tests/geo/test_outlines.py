"""Outlines are held by their balls and caps, and one alone is prepared as it is among many."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from comity.geo import earth
from comity.geo.outlines import ALWAYS_FITS_RAD, Outlines, _frame, nearest_anchors
from comity.model.shape import Circle, LatLon, Shape
from tests.geo import reference
from tests.geo.making import examples, outlines, places


@settings(max_examples=examples(100), deadline=None)
@given(st.data(), places())
def test_balls_and_caps_hold_the_outline(data: st.DataObject, centre: LatLon) -> None:
    shape = data.draw(outlines(centre))
    kept = Outlines(4)
    row = int(kept.rows([shape])[0])
    lats, lons = reference.boundary(shape, 20)
    points = np.concatenate(
        [earth.xyz(lats=lats, lons=lons), earth.xyz(lats=[centre.lat], lons=[centre.lon]), kept.ring(row)]
    )
    away = np.sqrt(((points - kept.centres[row]) ** 2).sum(axis=1))
    assert away.max() <= kept.balls_m[row] + 0.05
    angles = np.arccos(np.clip(earth.units(points) @ earth.units(kept.centres[row]), -1.0, 1.0))
    assert angles.max() <= kept.angles_rad[row] + 2e-8


@settings(max_examples=examples(60), deadline=None)
@given(st.lists(outlines(largest_m=30_000.0) | outlines(), min_size=2, max_size=6))
def test_one_alone_is_prepared_as_among_many(shapes: list[Shape]) -> None:
    together = Outlines(16)
    rows = together.rows(shapes)
    for row, shape in zip(rows.tolist(), shapes, strict=True):
        alone = Outlines(16)
        only = int(alone.rows([shape])[0])
        for name in ("centres", "balls_m", "angles_rad", "circles_m", "anchors"):
            many, one = getattr(together, name)[row], getattr(alone, name)[only]
            assert np.allclose(many, one, rtol=1e-9, atol=1e-9, equal_nan=True), name
        assert np.allclose(together.ring(row), alone.ring(only), rtol=0.0, atol=1e-6)


@given(places())
def test_an_anchor_is_near(place: LatLon) -> None:
    at = earth.xyz(lats=[place.lat], lons=[place.lon])
    up = _frame(int(nearest_anchors(at)[0]))[2]
    angle = math.acos(min(1.0, float(earth.units(at)[0] @ up)))
    assert angle + ALWAYS_FITS_RAD <= math.radians(60.0)


def test_a_full_cache_starts_anew_and_grows_for_a_crowd() -> None:
    kept = Outlines(8)
    shapes: list[Shape] = [Circle(LatLon(1.0 * k, 2.0 * k), 100.0 + k) for k in range(30)]
    for some in (shapes[:6], shapes[4:10], shapes, shapes[3:5]):
        rows = kept.rows(some)
        assert [kept.shape(row) for row in rows.tolist()] == some
        assert kept.circles_m[rows].tolist() == [100.0 + shapes.index(s) for s in some]
