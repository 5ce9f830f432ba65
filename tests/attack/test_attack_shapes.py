"""Outlines made to break what is behind the door: each is taken, or refused by name.


What has been appended is folded, and folded again at every start: an outline that passes the checks and
fails afterwards would end the exchange for good.
"""

from __future__ import annotations

import asyncio
import math
from pathlib import Path

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from comity.errors import InvalidInput
from comity.geo.boxes import coarsened, outline_box, outline_boxes, volume_box
from comity.geo.cells import grid_cells
from comity.geo.grid import LEVELS, SIDES_M, cell_for
from comity.geo.shapes import check
from comity.model.shape import Circle, LatLon, Polygon, Shape
from tests.world import CENTRE, ENVIRONMENT, NORTH, intent, volume, world

HUGE_TRIANGLE = Polygon(
    (LatLon(lat=60.0, lon=0.0), LatLon(lat=-30.0, lon=51.96), LatLon(lat=-30.0, lon=-51.96))
)
"""Wider than a hemisphere is deep: its box used to be wider than the widest cell of the index."""


def test_the_largest_triangle_is_filed_folded_and_folded_again_at_the_next_start(tmp_path: Path) -> None:
    async def main() -> None:
        async with world(tmp_path) as here:
            await here.do(NORTH, intent(msgspec.structs.replace(volume(), outline=HUGE_TRIANGLE)))
            await here.file(CENTRE, volume())
        async with world(tmp_path, clock=here.clock) as again:
            filed = [v for item in again.exchange.airspace(NORTH) for v in item.volumes or ()]
            assert [v.outline for v in filed] == [HUGE_TRIANGLE]

    asyncio.run(main())


def rounded(lat: float, lon: float, size: float, count: int, squeeze: float) -> Polygon | None:
    """A polygon on an ellipse of degrees; None where two vertices coincide."""
    angles = [2 * math.pi * number / count for number in range(count)]
    places = [
        LatLon(
            lat=max(-90.0, min(90.0, lat + size * math.cos(a))),
            lon=(lon + squeeze * size * math.sin(a) + 180.0) % 360.0 - 180.0,
        )
        for a in angles
    ]
    return Polygon(tuple(places)) if len(set(places)) == count else None


LATS = st.sampled_from([90.0, -90.0, 0.0, 89.9999999, 5e-324]) | st.floats(-90, 90)
LONS = st.sampled_from([180.0, -180.0, 0.0, 179.9999999, -0.0]) | st.floats(-180, 180)
CIRCLES = st.builds(
    lambda lat, lon, radius_m: Circle(LatLon(lat=lat, lon=lon), radius_m),
    LATS,
    LONS,
    st.sampled_from([5e-324, 1e-9, 1.0, 5e6]) | st.floats(1.0, 5e6),
)
POLYGONS = st.builds(
    rounded, LATS, LONS, st.floats(1e-6, 90.0), st.integers(3, 12), st.floats(0.3, 3.0)
).filter(lambda shape: shape is not None)


@settings(max_examples=400, deadline=None, suppress_health_check=list(HealthCheck))
@given(CIRCLES | POLYGONS)
def test_every_outline_that_passes_the_checks_has_a_box_a_cell_and_a_coarse_form(shape: Shape) -> None:
    try:
        check(shape, "outline")
    except InvalidInput:
        return
    box = volume_box(msgspec.structs.replace(volume(), outline=shape), ENVIRONMENT.lasting())
    for each in (box, coarsened(box, 1_000.0, 1_800.0)):
        assert max(high - low for low, high in zip(each[:3], each[3:6], strict=True)) <= SIDES_M[-1]
        assert cell_for(each[:6]) >> 45 < LEVELS
    assert outline_boxes([shape])[0].tolist() == pytest.approx(outline_box(shape), abs=1e-3)
    assert grid_cells(shape)
