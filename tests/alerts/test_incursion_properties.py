"""Whoever is in a volume by the rest of the code's exact tests is found, on any datum, exact or at level 0.

``geo.shapes`` decides places and ``geo.heights`` decides heights; neither shares anything with the kernel but
the rings that polygons are cut into.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

import msgspec
import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from comity.alerts.incursions import incursions
from comity.alerts.settings import AlertSettings
from comity.alerts.traffic import Traffic, traffic
from comity.alerts.volumes import Item, Watched
from comity.geo import heights, shapes
from comity.geo.earth import destination
from comity.model.alert import Phase
from comity.model.altitude import Altitude, Datum
from comity.model.shape import LatLon, Polygon, Shape
from comity.model.volume import Volume4D
from comity.release.coarsen import reserve
from tests.alerts.making import ENVIRONMENT, NOON, NOON_US, row, rows
from tests.geo.making import environments, examples, near, outlines, places, volumes

SETTINGS = AlertSettings()
HORIZON_S = 120.0
ITEM = Item("i", "r", "constraint", closed=True)


@dataclass(frozen=True)
class Case:
    volume: Volume4D
    lat: float
    lon: float
    height: Altitude
    speed_mps: float
    track_deg: float


@st.composite
def cases(draw: st.DrawFn) -> Case:
    """An aircraft that comes near a volume, or is in it."""
    place = draw(places())
    volume = draw(volumes(place, 500_000.0))
    speed = draw(st.just(0.0) | st.floats(1.0, 300.0))
    track = draw(st.floats(0.0, 360.0))
    start = near(place, draw(st.floats(0.0, 1.0)) * speed * HORIZON_S, track + 180.0)
    height = draw(st.sampled_from([volume.lower, volume.upper]))
    height = Altitude(height.value_m + draw(st.floats(-300.0, 300.0)), draw(st.sampled_from(Datum)))
    return Case(volume, start.lat, start.lon, height, speed, track)


def seen(case: Case, environment: heights.Environment) -> Traffic:
    """As exact as ``shapes.contains_point``, which takes places so far outside for inside."""
    one = row(
        case.lat,
        case.lon,
        height_m=case.height.value_m,
        datum=case.height.datum,
        speed_mps=case.speed_mps,
        track_deg=case.track_deg,
        accuracy_m=shapes.SLACK_M,
    )
    return traffic(rows(one), ["A"], now_us=NOON_US, settings=SETTINGS, environment=environment)


def is_inside(case: Case, at_s: float, environment: heights.Environment) -> bool:
    """By the exact tests of places, heights and times."""
    volume, when = case.volume, NOON + timedelta(seconds=at_s)
    if not volume.start <= when < volume.end:
        return False
    if not heights.overlap(case.height, case.height, volume.lower, volume.upper, environment, when):
        return False
    lat, lon = destination(
        lat=case.lat, lon=case.lon, azimuth_deg=case.track_deg, distance_m=case.speed_mps * at_s
    )
    return shapes.contains_point(volume.outline, lat=lat, lon=lon)


@settings(max_examples=examples(80), deadline=None)
@given(cases(), environments(), st.booleans())
def test_whoever_is_inside_is_found(case: Case, environment: heights.Environment, refreshed: bool) -> None:
    environment = environment.lasting()
    moments = [at_s for at_s in np.linspace(0.0, HORIZON_S, 13) if is_inside(case, float(at_s), environment)]
    watched = Watched(environment)
    watched.put(ITEM, [case.volume])
    if refreshed:
        watched.refresh(environment, NOON, HORIZON_S)
    found = incursions(seen(case, environment), watched, SETTINGS, NOON, horizon_s=HORIZON_S)
    if moments:
        (finding,) = found
        assert finding.enters_s is not None
        assert finding.enters_s <= moments[0]
        assert (finding.phase is Phase.NOW) == (finding.enters_s <= 0.0)


@settings(max_examples=examples(60), deadline=None)
@given(cases())
def test_level_0_is_found_whenever_the_promised_volume_is(case: Case) -> None:
    exact, coarse = Watched(ENVIRONMENT), Watched(ENVIRONMENT)
    exact.put(ITEM, [case.volume])
    coarse.put(msgspec.structs.replace(ITEM, reserved=True), reserve((case.volume,), ENVIRONMENT))
    aircraft = seen(case, ENVIRONMENT)
    promised = incursions(aircraft, exact, SETTINGS, NOON, horizon_s=HORIZON_S)
    released = incursions(aircraft, coarse, SETTINGS, NOON, horizon_s=HORIZON_S)
    assert len(released) >= len(promised)
    for before, after in zip(promised, released, strict=False):
        assert before.enters_s is not None
        assert after.enters_s is not None
        assert after.enters_s <= before.enters_s
        assert after.level.rank >= before.level.rank


@settings(max_examples=examples(20), deadline=None)
@given(st.lists(outlines(largest_m=1_000_000.0), min_size=1, max_size=8), st.integers(0, 2**32))
def test_the_order_in_which_volumes_come_does_not_matter(shapes_: list[Shape], seed: int) -> None:
    draw = np.random.default_rng(seed)
    start, end = NOON - timedelta(hours=1), NOON + timedelta(hours=1)
    low, high = Altitude(0.0, Datum.W84), Altitude(20_000.0, Datum.W84)
    made = [Volume4D(shape, low, high, start, end) for shape in shapes_]
    marks = [LatLon(float(draw.uniform(-80, 80)), float(draw.uniform(-180, 180))) for _ in range(30)]
    for shape in shapes_:
        marks.append(shape.vertices[0] if isinstance(shape, Polygon) else shape.centre)
    flown = traffic(
        rows(*(row(m.lat, m.lon, speed_mps=200.0, track_deg=float(draw.uniform(0, 360))) for m in marks)),
        [f"A{k}" for k in range(len(marks))],
        now_us=NOON_US,
        settings=SETTINGS,
        environment=ENVIRONMENT,
    )
    told = []
    for order in (range(len(made)), reversed(range(len(made)))):
        watched = Watched(ENVIRONMENT)
        for k in order:
            watched.put(Item(f"i{k}", f"r{k}", "intent"), [made[k]])
        told.append(
            {(f.key, f.enters_s, f.leaves_s, f.level) for f in incursions(flown, watched, SETTINGS, NOON)}
        )
    assert told[0] == told[1]
    assert told[0]
