"""ED-269 in both dialects, ED-318 and GeoJSON: what is read of them, and what is listed with its reason."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from comity.errors import InvalidInput
from comity.geozones.reading import read
from comity.geozones.schedule import within
from comity.geozones.zone import Reading, Window
from comity.model.altitude import HIGHEST_M, Altitude, Datum
from comity.model.shape import Circle, LatLon, Polygon
from tests.rules.source import ROOT

DATA = ROOT.parent / "shared" / "data" / "geozones"
here = pytest.mark.skipif(not DATA.exists(), reason="the shared data is not here")

SQUARE = [[[8.0, 47.0], [8.01, 47.0], [8.01, 47.01], [8.0, 47.01], [8.0, 47.0]]]
WEEK = Window(datetime(2026, 11, 23, tzinfo=UTC), datetime(2026, 11, 30, tzinfo=UTC))
"""From a Monday."""


def of(value: Any, format_: str | None = None) -> Reading:
    return read(json.dumps(value).encode(), "zones.json", format_)


def ed269(list_: str = "features", **fields: Any) -> dict[str, Any]:
    zone = {
        "identifier": "AB12",
        "country": "CHE",
        "name": "A zone",
        "type": "COMMON",
        "restriction": "PROHIBITED",
        "applicability": [{"permanent": "YES"}],
        "zoneAuthority": [{"name": "An office", "email": "someone@example.org"}],
        "geometry": [
            {
                "uomDimensions": "M",
                "lowerLimit": 0,
                "lowerVerticalReference": "AGL",
                "upperLimit": 120,
                "upperVerticalReference": "AGL",
                "horizontalProjection": {"type": "Polygon", "coordinates": SQUARE},
            }
        ],
    }
    return {"title": "Zones", list_: [zone | fields]}


def ed318(**properties: Any) -> dict[str, Any]:
    of = {
        "identifier": "NFZ1",
        "country": "FRA",
        "name": [{"text": "Zone", "lang": "fr-FR"}, {"text": "A zone", "lang": "en-GB"}],
        "type": "PROHIBITED",
        "variant": "COMMON",
        "zoneAuthority": [{"purpose": "INFORMATION", "name": [{"text": "An office", "lang": "en-GB"}]}],
    }
    layer = {"upper": 400, "upperReference": "AGL", "lower": 10, "lowerReference": "AMSL", "uom": "ft"}
    geometry = {"type": "Polygon", "coordinates": SQUARE, "layer": layer}
    feature = {"type": "Feature", "geometry": geometry, "properties": of | properties}
    return {"type": "FeatureCollection", "features": [feature]}


def geojson(geometry: Any = None, **properties: Any) -> dict[str, Any]:
    geometry = geometry or {"type": "Polygon", "coordinates": SQUARE}
    given = {"designator": "LS-X1", "lower": "SFC", "upper": "FL95"} | properties
    feature = {"type": "Feature", "geometry": geometry, "properties": given}
    return {"type": "FeatureCollection", "features": [feature]}


@pytest.mark.parametrize("list_", ["features", "UASZoneList"])
def test_both_dialects_of_ed269_are_read_alike(list_: str) -> None:
    reading = of(ed269(list_))
    assert (reading.format, reading.records, reading.unreadable) == ("ed269", 1, ())
    zone = reading.zones[0]
    assert (zone.designator, zone.name, zone.kind) == ("AB12", "A zone", "PROHIBITED (CHE)")
    assert (zone.volumes[0].lower, zone.volumes[0].upper) == (
        Altitude(0.0, Datum.AGL),
        Altitude(120.0, Datum.AGL),
    )
    outline = zone.volumes[0].outline
    assert isinstance(outline, Polygon)
    assert outline.vertices[0] == LatLon(lat=47.0, lon=8.0)
    assert zone.applies == ()
    assert zone.provenance.source == "zones.json"
    assert zone.provenance.place == f"{list_}[0]"
    assert zone.provenance.authority == "An office"
    assert "someone" not in str(zone)


def test_names_in_snake_case_are_those_of_f3548() -> None:
    value = ed269()
    zone = value["features"][0]
    zone["zone_authority"] = zone.pop("zoneAuthority")
    zone["geometry"][0]["upper_limit"] = zone["geometry"][0].pop("upperLimit")
    read_ = of(value).zones[0]
    assert read_.provenance.authority == "An office"
    assert read_.volumes[0].upper.value_m == 120.0


def test_limits_in_feet_circles_and_no_upper_limit() -> None:
    projection = {"type": "Circle", "center": [8.0, 47.0], "radius": 1000}
    geometry = {"uomDimensions": "FT", "upperLimit": None, "horizontalProjection": projection}
    zone = of(ed269(geometry=[geometry])).zones[0]
    assert zone.volumes[0].outline == Circle(LatLon(lat=47.0, lon=8.0), 304.8)
    assert zone.volumes[0].upper == Altitude(HIGHEST_M, Datum.W84)
    assert zone.notes == (
        "no lower limit given: taken as the surface",
        "no upper limit: taken as 100000 m above the ellipsoid",
    )


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"identifier": None}, "identifier must be text"),
        ({"country": ""}, "country must be text"),
        ({"geometry": []}, "at least one volume"),
        ({"geometry": [{"uomDimensions": "M"}]}, "geometry[0]: horizontalProjection must be an object"),
        ({"applicability": [{"permanent": "PERHAPS"}]}, "permanent must be YES or NO"),
        ({"applicability": [{"startDateTime": "2026-01-01T00:00:00"}]}, "RFC 3339 time with a zone"),
        ({"applicability": [{"schedule": [{"day": ["FUNDAY"]}]}]}, "day must be one of"),
        ({"applicability": [{"schedule": [{"startTime": "06:00:00"}]}]}, "time of day with an offset"),
        ({"applicability": [{"schedule": [{"startTime": "25:00:00Z"}]}]}, "no time of day"),
    ],
)
def test_what_cannot_be_read_is_listed_with_its_reason(fields: dict[str, Any], reason: str) -> None:
    value = ed269(**fields)
    value["features"].append(ed269(identifier="GOOD")["features"][0])
    reading = of(value, "ed269")
    assert [zone.designator for zone in reading.zones] == ["GOOD"]
    assert reading.records == 2
    assert reading.unreadable[0].place == "features[0]"
    assert reason in reading.unreadable[0].reason


def test_one_bad_volume_leaves_the_whole_zone_unread() -> None:
    value = ed269()
    bad = value["features"][0]["geometry"][0] | {"lowerLimit": 500}
    value["features"][0]["geometry"].append(bad)
    reading = of(value)
    assert reading.zones == ()
    assert reading.unreadable[0].reason == "geometry[1]: the lower limit is above the upper one"
    assert reading.stated_volumes() == 2


def test_second_zones_of_a_name_get_a_number() -> None:
    value = ed269()
    value["features"] *= 3
    assert [zone.designator for zone in of(value).zones] == ["AB12", "AB12 #2", "AB12 #3"]


def test_a_week_of_ed269s_times() -> None:
    schedule = [
        {"day": ["MON", "TUE"], "startTime": "08:00:00+02:00", "endTime": "10:00:00.5+02:00"},
        {"day": ["SUN"], "startTime": "22:00:00Z", "endTime": "02:00:00Z"},
    ]
    entry = {"permanent": "NO", "startDateTime": "2026-11-24T00:00:00Z", "schedule": schedule}
    volumes = within(of(ed269(applicability=[entry])).zones[0], WEEK)
    assert [(f"{v.start:%d %H:%M:%S}", f"{v.end:%d %H:%M:%S}") for v in volumes] == [
        ("24 06:00:00", "24 08:00:01"),
        ("29 22:00:00", "30 00:00:00"),
    ]


def test_times_by_the_sun_are_the_whole_day_where_the_zone_is() -> None:
    schedule = [{"day": ["WED"], "startEvent": "SR", "endEvent": "SS"}]
    zone = of(ed318(limitedApplicability=[{"schedule": schedule}])).zones[0]
    (one,) = within(zone, WEEK)
    early = timedelta(seconds=math.ceil(8.01 / 15 * 3600))
    assert one.start == datetime(2026, 11, 25, tzinfo=UTC) - early
    assert one.end == datetime(2026, 11, 26, tzinfo=UTC)
    assert zone.notes == ("times by sunrise, sunset or twilight: taken as the whole day",)


def test_ed318_reads_layers_and_english_names() -> None:
    reading = of(ed318())
    zone = reading.zones[0]
    assert (reading.format, zone.designator, zone.name) == ("ed318", "NFZ1", "A zone")
    assert zone.volumes[0].lower.datum is Datum.MSL
    assert zone.volumes[0].upper.value_m == pytest.approx(121.92)


@pytest.mark.parametrize(
    ("properties", "reason"),
    [
        ({"type": "REQ_AUTHORISATION"}, "type must be one of CONDITIONAL"),
        ({"variant": "OTHER"}, "variant must be one of"),
        ({"zoneAuthority": []}, "zoneAuthority must be an object"),
        ({"zoneAuthority": [{}]}, "zoneAuthority.purpose must be one of"),
    ],
)
def test_ed318_is_held_to_what_its_schemas_require(properties: dict[str, Any], reason: str) -> None:
    reading = of(ed318(**properties))
    assert reading.zones == ()
    assert reason in reading.unreadable[0].reason


def test_ed318_says_for_how_long_the_whole_is_valid() -> None:
    value = ed318() | {"metadata": {"validFrom": "2026-11-25T12:00:00Z", "validTo": "2026-11-26T00:00:00Z"}}
    (volume,) = within(of(value).zones[0], WEEK)
    assert (volume.start.hour, volume.end.day) == (12, 26)
    value["metadata"]["validTo"] = "never"
    with pytest.raises(InvalidInput) as refused:
        of(value)
    assert refused.value.field == "metadata.validTo"


@here
@pytest.mark.parametrize(
    ("file", "volumes"),
    [
        ("Example_Collection.json", [2, 1]),
        ("Example_GeoZone_2_Layers.json", [2]),
        ("Example_GeoZone_Circle.json", [1]),
        ("Example_GeoZone_with_extension.json", [1]),
    ],
)
def test_eurocaes_examples(file: str, volumes: list[int]) -> None:
    reading = read((DATA / "ed318" / file).read_bytes(), file)
    assert reading.format == "ed318"
    assert [len(zone.volumes) for zone in reading.zones] == volumes
    assert reading.unreadable == ()


@here
def test_the_example_that_is_invalid_on_purpose_is_refused_with_the_reason() -> None:
    data = (DATA / "ed318" / "InvalidExample_GeoZone_2_Layers.json").read_bytes()
    with pytest.raises(InvalidInput, match=r"metadata\.validFrom must be an RFC 3339 time") as refused:
        read(data, "invalid.json")
    assert refused.value.field == "metadata.validFrom"
    mended = json.loads(data)
    mended["metadata"]["validFrom"] = "2018-12-31T15:59:59Z"
    assert "REQ_AUTHORIZATION" in of(mended).unreadable[0].reason


@here
def test_the_sample_in_the_first_dialect() -> None:
    reading = read((DATA / "cis_source_sample_ed269.json").read_bytes(), "sample.json")
    (zone,) = reading.zones
    assert (zone.designator, zone.applies) == ("LSXX", ())
    assert zone.notes == ("no upper limit: taken as 100000 m above the ellipsoid",)
    part = (DATA / "ed318" / "PartialExample_GeoZoneProperties.json").read_bytes()
    with pytest.raises(InvalidInput, match="neither ED-269 nor ED-318 nor GeoJSON"):
        read(part, "part.json")


def test_geojson_by_the_documented_properties() -> None:
    said = {"start": "2026-11-24T00:00:00+01:00", "kind": "glider", "authority": "A club", "name": "Box"}
    zone = of(geojson(**said)).zones[0]
    assert (zone.designator, zone.name, zone.kind) == ("LS-X1", "Box", "glider")
    assert zone.provenance.authority == "A club"
    assert zone.volumes[0].upper.datum is Datum.PRESSURE
    assert zone.volumes[0].upper.value_m == pytest.approx(9_500 * 0.3048)
    assert within(zone, WEEK)[0].start == datetime(2026, 11, 23, 23, tzinfo=UTC)


def test_geojson_as_national_exports_write_it() -> None:
    exported = {
        "lower": None,
        "upper": None,
        "lowerLimit": "0",
        "lowerVerticalReference": "AGL",
        "upperLimit": 400,
        "upperVerticalReference": "AMSL",
        "uomDimensions": "FT",
        "restriction": "REQ_AUTHORISATION",
    }
    zone = of(geojson(**exported)).zones[0]
    assert zone.kind == "REQ_AUTHORISATION"
    assert zone.volumes[0].upper.value_m == pytest.approx(121.92)


def test_holes_are_filled_parts_are_volumes_and_points_need_a_radius() -> None:
    hole = [[8.002, 47.002], [8.004, 47.002], [8.004, 47.004], [8.002, 47.002]]
    other = [[[9.0, 47.0], [9.01, 47.0], [9.01, 47.01], [9.0, 47.0]]]
    parts = {"type": "MultiPolygon", "coordinates": [[*SQUARE, hole], other]}
    zone = of(geojson(parts)).zones[0]
    assert len(zone.volumes) == 2
    assert zone.notes == ("its holes are taken as part of it",)
    point = {"type": "Point", "coordinates": [8.0, 47.0, 400.0]}
    assert of(geojson(point, radius_m=50)).zones[0].volumes[0].outline == Circle(
        LatLon(lat=47.0, lon=8.0), 50.0
    )
    assert of(geojson(point)).unreadable[0].reason == "a point has no area, and no radius is given"
    line = {"type": "LineString", "coordinates": [[8.0, 47.0], [8.1, 47.0]]}
    assert of(geojson(line)).unreadable[0].reason == "a line has no area"


@pytest.mark.parametrize(
    ("properties", "reason"),
    [
        ({"upper": None}, "no upper limit: give it as upper, UNL if it has none"),
        ({"lower": None}, "no lower limit: give it as lower, SFC if it has none"),
        ({"upper": 100}, "upperReference must be text"),
        ({"upper": "high"}, "no height: 'high'"),
        ({"upper": "NaN"}, "no height"),
        ({"designator": None}, "it has no designator"),
        ({"lower": "UNL"}, "cannot be unlimited"),
    ],
)
def test_geojson_without_what_a_zone_needs(properties: dict[str, Any], reason: str) -> None:
    reading = of(geojson(**properties))
    assert reading.zones == ()
    assert reason in reading.unreadable[0].reason


def test_geojson_in_another_reference_system_is_refused() -> None:
    crs = {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::2056"}}
    with pytest.raises(InvalidInput, match="not WGS84"):
        of(geojson() | {"crs": crs})
    of(geojson() | {"crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:OGC:1.3:CRS84"}}})
