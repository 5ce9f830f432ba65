"""The specification itself: it shares no code with what it specifies, and means the same level 0."""

from __future__ import annotations

import ast
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from comity.exchange.anchors import Anchors
from comity.geo.heights import Environment
from comity.ids import ParticipantId
from comity.model.altitude import Altitude, Datum
from comity.model.intake import SourceKey
from comity.model.observation import Provenance, Report
from comity.model.rule import Level
from comity.model.shape import LatLon, Shape
from comity.model.volume import Volume4D
from comity.picture.picture import Picture
from comity.picture.settings import PictureSettings
from comity.release.coarsen import reserve
from tests.property.forewarned import Sky
from tests.property.happened import Brought, Ticked, World, tables_of
from tests.property.level0 import Ambiguous, reserved
from tests.property.sizes import TIMEOUT_S, examples
from tests.property.stack import GEOID_M, TERRAIN_M
from tests.property.test_containment import outlines, spans

pytestmark = pytest.mark.timeout(TIMEOUT_S)

HERE = Path(__file__).parent
SPECIFICATION = (
    HERE.parent / "permitted.py",
    HERE / "happened.py",
    HERE / "level0.py",
    HERE / "forewarned.py",
)


@pytest.mark.parametrize("path", SPECIFICATION, ids=lambda path: path.name)
def test_the_specification_shares_no_code_with_what_it_specifies(path: Path) -> None:
    imported = {
        node.module or ""
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(node, ast.ImportFrom)
    }
    ours = {name for name in imported if name.split(".")[0] in ("comity", "tests")}
    assert ours
    ours_alone = tuple(f"tests.property.{path.stem}" for path in SPECIFICATION[1:])
    allowed = ("comity.model", "comity.ids", *ours_alone)
    assert not [name for name in ours if not name.startswith(allowed)]


@settings(max_examples=examples(40), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    drawn=outlines(st.builds(LatLon, lat=st.floats(45.5, 47.5), lon=st.floats(9.0, 12.0)), 40_000.0),
    lower_m=st.floats(0.0, 9_000.0),
    more_m=st.floats(0.0, 3_000.0),
    datum=st.sampled_from((Datum.W84, Datum.MSL, Datum.AGL)),
    times=spans(),
)
def test_the_specification_and_the_code_mean_the_same_level_0(
    drawn: tuple[Shape, list[LatLon]],
    lower_m: float,
    more_m: float,
    datum: Datum,
    times: tuple[datetime, datetime],
) -> None:
    outline, _ = drawn
    volume = Volume4D(outline, Altitude(lower_m, datum), Altitude(lower_m + more_m, datum), *times)
    (form,) = reserve((volume,), Environment(GEOID_M, TERRAIN_M))
    try:
        cells, band, start, end = reserved(World(GEOID_M, TERRAIN_M, ()), volume)
    except Ambiguous:
        return
    assert cells == {int(token.ljust(16, "0"), 16) for token in form.cells}
    assert band == (form.lower_w84_m, form.upper_w84_m)
    assert (start, end) == (form.start, form.end)
    assert end - start >= timedelta(minutes=30)


@settings(max_examples=examples(40), deadline=None)
@given(
    place=st.tuples(st.floats(1.0, 80.0), st.floats(-179.0, 179.0)),
    height_m=st.floats(0.0, 12_000.0),
    datum=st.sampled_from((Datum.W84, Datum.MSL)),
    speed=st.floats(0.0, 900.0),
    rate=st.one_of(st.none(), st.floats(-60.0, 60.0)),
    accuracy_m=st.floats(0.0, 5_000.0),
    age_s=st.floats(0.1, 40.0),
    second=st.integers(0, 59),
)
def test_the_specification_and_the_code_mean_the_same_form_of_an_aircraft(
    place: tuple[float, float],
    height_m: float,
    datum: Datum,
    speed: float,
    rate: float | None,
    accuracy_m: float,
    age_s: float,
    second: int,
) -> None:
    now = datetime(2026, 6, 1, 8, 0, second, tzinfo=UTC)
    report = Report(
        address="4CA111",
        observed_at=now - timedelta(seconds=age_s),
        lat=place[0],
        lon=place[1],
        altitude=Altitude(height_m, datum),
        ground_speed_mps=speed,
        vertical_rate_mps=rate,
        accuracy_m=accuracy_m,
    )
    brought = Brought(ParticipantId("north"), "fleet", Provenance.OWN, (report,))
    world = World(GEOID_M, TERRAIN_M, ((now, brought), (now, Ticked())))
    sky = Sky(world, tables_of(world, now), ParticipantId("south"), lambda owner, who, kind: Level.NONE)
    picture = Picture(PictureSettings(), lambda reader, what, period: what, now=now)
    key = SourceKey(brought.by, brought.feed, brought.provenance)
    picture.ingest_reports(*key, [report], received_at=now)
    picture.tick(now)
    anchors = Anchors(Environment(GEOID_M, TERRAIN_M))
    anchors.follow(picture, now)
    form = anchors.form(key, 0).form
    try:
        cells, band, slot = sky._form(sky.rows[0])
    except Ambiguous:
        return
    assert cells == {int(token.ljust(16, "0"), 16) for token in form.cells}
    assert band == (form.lower_w84_m / 1_000.0, form.upper_w84_m / 1_000.0)
    assert slot == form.start.timestamp() / 60.0
