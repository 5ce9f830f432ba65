"""Exports: GeoJSON that other tools read rightly, over the antimeridian and the poles too, and Parquet."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pyarrow.parquet
import pytest
import shapely
from click.testing import CliRunner
from hypothesis import example, given
from hypothesis import strategies as st
from shapely.geometry import shape

from comity.cli import geojson
from comity.cli.geojson import flat
from comity.cli.main import main
from comity.geo.shapes import contains_point
from comity.model.altitude import Altitude, Datum
from comity.model.shape import Circle, LatLon, Polygon, Shape
from comity.model.volume import Volume4D
from comity.sim.cast import RELIEF
from tests.running import Running

NOW = datetime(2026, 5, 1, tzinfo=UTC)


def volume(outline: Shape) -> Volume4D:
    return Volume4D(outline, Altitude(0.0, Datum.MSL), Altitude(1.0, Datum.MSL), NOW, NOW.replace(hour=1))


def corners(*points: tuple[float, float]) -> Polygon:
    return Polygon(tuple(LatLon(lat=lat, lon=lon) for lat, lon in points))


OUTLINES: dict[str, Shape] = {
    "small": Circle(LatLon(lat=46.5, lon=8.5), 900.0),
    "polygon": corners((46.0, 8.0), (46.0, 9.0), (47.0, 9.0)),
    "antimeridian": corners((-17.0, 179.0), (-17.0, -179.0), (-19.0, -179.0), (-19.0, 179.0)),
    "antimeridian circle": Circle(LatLon(lat=52.0, lon=179.9), 50_000.0),
    "north pole": Circle(LatLon(lat=89.5, lon=10.0), 200_000.0),
    "south pole": corners((-80.0, 0.0), (-80.0, 90.0), (-80.0, 180.0), (-80.0, -90.0)),
    "large": Circle(LatLon(lat=10.0, lon=-170.0), 3_000_000.0),
}


@pytest.mark.parametrize("name", OUTLINES)
def test_the_area_on_the_map_holds_what_the_outline_holds(name: str) -> None:
    outline = OUTLINES[name]
    drawn = geojson.area(volume(outline))
    assert drawn.is_valid
    west, south, east, north = drawn.bounds
    assert -180 <= west <= east <= 180
    assert -90 <= south <= north <= 90
    checked = 0
    for lat in range(-88, 90, 4):
        for lon in range(-178, 180, 4):
            point = shapely.Point(lon, lat)
            if drawn.boundary.distance(point) > 0.05:
                assert drawn.contains(point) == contains_point(outline, lat=lat, lon=lon), (lat, lon)
                checked += 1
    assert checked > 3_000


@given(
    lat=st.floats(-85, 85), lon=st.floats(-180, 179.9), radius_m=st.floats(100, 2e6), turn=st.floats(0, 360)
)
@example(lat=84.0, lon=0.0, radius_m=676_909.0, turn=0.0)
def test_a_circle_lies_within_its_drawing(lat: float, lon: float, radius_m: float, turn: float) -> None:
    from comity.geo.earth import destination

    drawn = geojson.area(volume(Circle(LatLon(lat=lat, lon=lon), radius_m)))
    at_lat, at_lon = destination(lat=lat, lon=lon, azimuth_deg=turn, distance_m=radius_m * 0.99)
    assert drawn.covers(shapely.Point(at_lon, at_lat)), "the map ends at the antimeridian: its edge is within"


def test_a_ring_over_the_antimeridian_is_cut_there() -> None:
    cut = flat([(179.0, -1.0), (-179.0, -1.0), (-179.0, 1.0), (179.0, 1.0)])
    assert cut.geom_type == "MultiPolygon"
    assert cut.area == pytest.approx(4.0)


def test_the_export_is_what_the_reader_may_see(running: Running, tmp_path: Path) -> None:
    environment = {"COMITY_URL": running.url, "COMITY_TOKEN": running.token(RELIEF)}
    path, table = tmp_path / "now.geojson", tmp_path / "now.parquet"
    for file in (path, table):
        result = CliRunner().invoke(main, ["export", str(file), "--no-tracks"], env=environment)
        assert result.exit_code == 0, result.output
    features = json.loads(path.read_bytes())["features"]
    seen = running.clients[RELIEF].airspace().items
    assert {f["properties"]["ref"] for f in features} == {item.ref for item in seen}
    for feature in features:
        assert shape(feature["geometry"]).is_valid
        assert feature["properties"].keys() >= {"kind", "level", "lower_m", "lower_datum", "start", "end"}
        assert "owner" not in feature["properties"]
    rows = pyarrow.parquet.read_table(table).to_pylist()
    assert [row["ref"] for row in rows] == [f["properties"]["ref"] for f in features]
    assert shapely.from_wkb(rows[0]["geometry"]).equals(shape(features[0]["geometry"]))


def test_an_ending_that_says_nothing_needs_a_format(running: Running, tmp_path: Path) -> None:
    environment = {"COMITY_URL": running.url, "COMITY_TOKEN": running.token(RELIEF)}
    result = CliRunner().invoke(main, ["export", str(tmp_path / "now.bin")], env=environment)
    assert result.exit_code == 2
