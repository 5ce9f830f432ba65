"""OpenAir, KML and YAIXM by files made for it: what is read, and what is listed with place and reason."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from comity.geozones.reading import read
from comity.geozones.zone import Reading
from comity.model.altitude import Altitude, Datum
from comity.model.shape import Circle, LatLon, Polygon

OPENAIR = """\
* Made for a test
AC D
AN MADE UP TMA
AY TMA
AL 2000ft
AH FL 95
DP 46:31:05 N 007:58:30 E
DP 46:40:30N 7:58:30E
DP 46:40.5 N 008:10.25 E

AC R
AN CIRCLE   * with a comment
AL SFC
AH 3000 ft AGL
AA 2026-12-01T08:00Z/NONE
V X=46:31:05 N 007:58:30 E
DC 2.5

AC P
AN SECTOR
AL GND
AH UNL
V D=-
V X=46:30:00 N 008:00:00 E
DP 46:30:00 N 008:00:00 E
DA 10,90,0

AC C
AN BETWEEN
AL 1000m MSL
AH 5000 ALT
V X=46:30:00 N 008:00:00 E
DB 46:40:00 N 008:00:00 E, 46:30:00 N 008:14:30 E
"""


def openair(text: str) -> Reading:
    return read(text.encode("latin-1"), "zones.txt")


def test_openair() -> None:
    reading = openair(OPENAIR)
    assert (reading.format, reading.unreadable) == ("openair", ())
    tma, ring, sector, between = reading.zones
    assert (tma.designator, tma.kind, tma.provenance.place) == ("MADE UP TMA", "D TMA", "line 2")
    assert tma.volumes[0].lower == Altitude(609.6, Datum.MSL)
    assert tma.volumes[0].upper.datum is Datum.PRESSURE
    assert isinstance(tma.volumes[0].outline, Polygon)
    assert tma.volumes[0].outline.vertices[2] == LatLon(lat=46.675, lon=8.0 + 10.25 / 60)
    assert isinstance(ring.volumes[0].outline, Circle)
    assert ring.volumes[0].outline.centre.lon == pytest.approx(7.975)
    assert ring.volumes[0].outline.radius_m == 4630.0
    assert ring.applies[0].start == datetime(2026, 12, 1, 8, tzinfo=UTC)
    assert ring.applies[0].end is None
    assert sector.notes == ("no upper limit: taken as 100000 m above the ellipsoid",)
    assert isinstance(sector.volumes[0].outline, Polygon)
    assert 18 <= len(sector.volumes[0].outline.vertices) <= 19
    assert between.volumes[0].lower == Altitude(1000.0, Datum.MSL)


@pytest.mark.parametrize(
    ("lines", "reason"),
    [
        ("AL 2000\nAH FL95", "a ring needs at least three different points"),
        ("AL 2000\nDC 5", "AH must be text"),
        ("AL SEE NOTAM\nAH FL95", "no height: 'SEE NOTAM'"),
        ("AL SFC\nAH FL95\nDC 5", "line 5: an arc or a circle needs its centre"),
        ("AL SFC\nAH FL95\nV X=46:30:00 N 008:00:00 E\nDC nan", "line 6: radius must be a finite number"),
        ("AL SFC\nAH FL95\nDP 46:61:00 N 008:00:00 E", "line 5: minutes and seconds must be under 60"),
        ("AL SFC\nAH FL95\nDY 46:30:00 N 008:00:00 E", "line 5: terrain and airways are not read"),
        ("AL SFC\nAH FL95\nZZ 1", "line 5: 'ZZ' is no word of OpenAir"),
        ("AL SFC\nAL GND\nAH FL95", "line 4: AL is given twice"),
    ],
)
def test_openair_lists_a_record_with_the_line_and_goes_on(lines: str, reason: str) -> None:
    reading = openair(f"AC D\nAN BAD\n{lines}\n\n" + OPENAIR)
    assert len(reading.zones) == 4
    assert reading.records == 5
    (bad,) = reading.unreadable
    assert (bad.place, bad.designator) == ("line 1", "BAD")
    assert bad.reason.startswith(reason)


KML = """\
<?xml version="1.0" encoding="UTF-8"?>
<kml xmlns="http://www.opengis.net/kml/2.2"><Document><name>Zones</name><Folder>
<Placemark id="one"><name>Worded</name>
<TimeSpan><begin>2026-12-01T00:00:00Z</begin></TimeSpan>
<ExtendedData><Data name="lower"><value>SFC</value></Data><Data name="upper"><value>400 ft AGL</value></Data>
<SchemaData><SimpleData name="authority">A club</SimpleData></SchemaData></ExtendedData>
<MultiGeometry>{polygon}{polygon}</MultiGeometry></Placemark>
<Placemark><name>Drawn</name><Polygon><extrude>1</extrude><altitudeMode>absolute</altitudeMode>
<outerBoundaryIs><LinearRing><coordinates>8,47,500 8.01,47,500 8.01,47.01,500 8,47,500</coordinates>
</LinearRing></outerBoundaryIs></Polygon></Placemark>
<Placemark><name>Flat</name>{polygon}</Placemark>
<Placemark><name>Tower</name><Point><coordinates>8,47</coordinates></Point></Placemark>
<NetworkLink><name>More</name><Link><href>http://example.org/more.kml</href></Link></NetworkLink>
</Folder></Document></kml>
"""
POLYGON = """<Polygon><outerBoundaryIs><LinearRing><coordinates>
8,47 8.01,47 8.01,47.01 8,47.01 8,47</coordinates></LinearRing></outerBoundaryIs>
<innerBoundaryIs><LinearRing/></innerBoundaryIs></Polygon>"""


def test_kml() -> None:
    reading = read(KML.replace("{polygon}", POLYGON).encode(), "zones.kml")
    worded, drawn = reading.zones
    assert (worded.designator, len(worded.volumes)) == ("one", 2)
    assert worded.provenance.authority == "A club"
    assert worded.provenance.place == "Placemark, line 3"
    assert worded.notes == ("its holes are taken as part of it",)
    assert worded.applies[0].start == datetime(2026, 12, 1, tzinfo=UTC)
    assert drawn.volumes[0].lower == Altitude(0.0, Datum.AGL)
    assert drawn.volumes[0].upper == Altitude(500.0, Datum.MSL)
    assert [(one.designator, one.reason) for one in reading.unreadable] == [
        ("Flat", "no limits: give lower and upper in ExtendedData, or extrude the polygon"),
        ("Tower", "a Point has no area"),
        ("More", "a NetworkLink is no zone, and is not followed"),
    ]
    assert reading.records == 5


YAIXM = """\
airspace:
- name: MADE UP
  type: CTR
  class: D
  geometry:
  - upper: FL65
    lower: SFC
    boundary:
    - line:
      - 572153N 0015835W
      - 572100N 0015802W
      - 572100N 0023356W
    - arc: {dir: cw, radius: 10 nm, centre: 571834N 0021602W, to: 572153N 0015835W}
- name: MADE UP
  type: OTHER
  localtype: GLIDER
  rules: [NOTAM]
  geometry:
  - {upper: 2000 ft, lower: SFC, boundary: [{circle: {radius: 1 nm, centre: 533454N 0030327W}}]}
- name: BROKEN
  type: D
  geometry:
  - {upper: 2000 ft, lower: SFC, boundary: [{circle: {radius: 1 nm, centre: 533454N 0030327W}}]}
  - {upper: 2000 ft, lower: SFC, boundary: [{spiral: {}}]}
- 17
obstacle: [{id: mast}]
"""


def test_yaixm() -> None:
    reading = read(YAIXM.encode(), "made-up.yaixm")
    first, second = reading.zones
    assert (first.designator, first.kind) == ("MADE UP CTR", "CTR D")
    assert (second.designator, second.kind) == ("MADE UP GLIDER", "OTHER GLIDER")
    assert second.notes == ("active by NOTAM: taken as always active",)
    assert [(one.place, one.designator, one.reason) for one in reading.unreadable] == [
        ("airspace[2], line 20", "BROKEN", "geometry[1]: a part of a boundary is one of line, arc, circle"),
        ("airspace[3]", None, "airspace must be an object"),
        ("obstacle", None, "a section of 1 that is no airspace"),
    ]
    assert (reading.records, reading.stated_volumes()) == (5, 4)
