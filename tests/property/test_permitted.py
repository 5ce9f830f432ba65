"""The specification itself: it shares no code with what it specifies, and means the same level 0."""

from __future__ import annotations

import ast
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from comity.geo.heights import Environment
from comity.model.altitude import Altitude, Datum
from comity.model.shape import LatLon, Shape
from comity.model.volume import Volume4D
from comity.release.coarsen import reserve
from tests.property.happened import World
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
