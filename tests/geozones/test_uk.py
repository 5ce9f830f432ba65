"""The airspace of the United Kingdom in YAIXM: 702 airspaces, 1,053 volumes, every one accounted for."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from comity.geozones.reading import read
from comity.geozones.schedule import within
from comity.geozones.zone import Reading, Window
from comity.model.altitude import Altitude, Datum
from comity.model.shape import Circle, Polygon
from tests.rules.source import ROOT

FILE = ROOT.parent / "shared" / "data" / "geozones" / "uk-airspace.yaixm.yaml"

pytestmark = pytest.mark.skipif(not FILE.exists(), reason="the shared data is not here")


@pytest.fixture(scope="module")
def uk() -> Reading:
    return read(FILE.read_bytes(), str(FILE))


def test_every_airspace_and_every_volume_is_accounted_for(uk: Reading) -> None:
    assert (uk.format, uk.records, len(uk.zones), len(uk.unreadable)) == ("yaixm", 702, 702, 0)
    assert uk.stated_volumes() == sum(len(zone.volumes) for zone in uk.zones) == 1_053
    assert len({zone.designator for zone in uk.zones}) == 702


def test_circles_stay_circles_and_arcs_become_polygons(uk: Reading) -> None:
    outlines = [volume.outline for zone in uk.zones for volume in zone.volumes]
    assert sum(isinstance(outline, Circle) for outline in outlines) == 472
    vertices = [len(outline.vertices) for outline in outlines if isinstance(outline, Polygon)]
    assert len(vertices) == 581
    assert max(vertices) < 200


def test_known_airspaces_are_what_they_are(uk: Reading) -> None:
    by_name = {zone.designator: zone for zone in uk.zones}
    first = by_name["ABERDEEN CTA"]
    assert first.kind == "CTA D"
    assert first.provenance.place == "airspace[0], line 23"
    assert first.volumes[0].lower.datum is Datum.MSL
    assert first.volumes[0].lower.value_m == pytest.approx(457.2)
    assert first.volumes[0].upper.datum is Datum.PRESSURE
    assert first.volumes[0].upper.value_m == pytest.approx(11_500 * 0.3048)
    ring = by_name["TRURO NOATZ"].volumes[0]
    assert isinstance(ring.outline, Circle)
    assert ring.outline.radius_m == pytest.approx(1.5 * 1852)
    assert ring.lower == Altitude(0.0, Datum.AGL)


def test_all_of_it_fits_into_constraints(uk: Reading) -> None:
    window = Window(datetime(2026, 12, 1, tzinfo=UTC), datetime(2027, 11, 1, tzinfo=UTC))
    assert sum(len(within(zone, window)) for zone in uk.zones) == 1_053
