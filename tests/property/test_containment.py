"""Law 1, containment: what is released contains what was promised, so a check against it warns too often and
never too seldom.

In space, height and time at level 0 (level 1 is the volume itself); in accuracy at ``position``; in the
answer to a filing; and at ``none`` in what a clearance says. Places are drawn all over the earth, poles and
antimeridian included, heights on every datum, with a QNH that comes and goes.
"""

from __future__ import annotations

import asyncio
import math
import tempfile
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any, Final

import numpy as np
import pytest
import s2geometry
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from pyproj import Geod

from comity.coordination.conflicts import find
from comity.coordination.fold import apply
from comity.coordination.state import State
from comity.geo.heights import Environment, Qnh, bounds
from comity.geo.overlap import overlapping
from comity.ids import EntityId, Ovn, RuleId
from comity.model import command as c
from comity.model import fact as f
from comity.model.altitude import Altitude, Datum
from comity.model.constraint import ConstraintKind
from comity.model.intent import AircraftCategory, Intent, IntentState
from comity.model.participant import Participant
from comity.model.rule import Level, ReleaseRule, ToParticipant
from comity.model.shape import Circle, LatLon, Polygon, Shape
from comity.model.volume import Volume4D
from comity.picture.coarse import coarse
from comity.picture.rows import ROW
from comity.release.coarsen import reserve
from tests.property.level0 import Ambiguous, cells, slot_after, slot_before
from tests.property.sizes import TIMEOUT_S, examples
from tests.world import CENTRE, NORTH, SOUTH, levels, volume, world

pytestmark = pytest.mark.timeout(TIMEOUT_S)

_s2: Any = s2geometry
_geod = Geod(ellps="WGS84")

NOW: Final = datetime.fromisoformat("2026-06-01T08:00:00+00:00")
QUIET: Final = [HealthCheck.too_slow]


# --- drawing


def _at(place: LatLon, azimuth_deg: float, metres: float) -> LatLon:
    lon, lat, _ = _geod.fwd(place.lon, place.lat, azimuth_deg, metres)
    return LatLon(lat=float(lat), lon=float(lon))


def places() -> st.SearchStrategy[LatLon]:
    anywhere = st.builds(LatLon, lat=st.floats(-90, 90), lon=st.floats(-180, 180))
    awkward = st.sampled_from(
        [LatLon(lat=90, lon=0), LatLon(lat=-90, lon=12), LatLon(lat=0, lon=180), LatLon(lat=46, lon=-180)]
    )
    alps = st.builds(LatLon, lat=st.floats(45.5, 47.5), lon=st.floats(9, 12))
    return st.one_of(anywhere, awkward, alps)


@st.composite
def outlines(
    draw: st.DrawFn, centres: st.SearchStrategy[LatLon], largest_m: float
) -> tuple[Shape, list[LatLon]]:
    """An outline, and places that are in it or on its edge."""
    centre = draw(centres)
    radius_m = 10.0 ** draw(st.floats(1.5, math.log10(largest_m)))
    if draw(st.booleans()):
        inside = [
            _at(centre, azimuth, radius_m * part) for azimuth in range(0, 360, 30) for part in (0.5, 0.9999)
        ]
        return Circle(centre, radius_m), [centre, *inside]
    reaches = [radius_m * draw(st.floats(0.2, 1.0)) for _ in range(draw(st.integers(3, 8)))]
    corners = [_at(centre, 360.0 * k / len(reaches), reach) for k, reach in enumerate(reaches)]
    inside = [centre, *corners]
    for one, other in zip(corners, corners[1:] + corners[:1], strict=True):
        inside += [
            LatLon(lat=lat, lon=lon) for lon, lat in _geod.npts(one.lon, one.lat, other.lon, other.lat, 5)
        ]
    return Polygon(tuple(corners)), inside


def environments() -> st.SearchStrategy[Environment]:
    """With nothing known, with the ground known, with QNHs in force for a while."""
    hours = st.integers(-3, 6)

    def qnh(first: int, length: int, hpa: float) -> Qnh:
        start = NOW + timedelta(hours=first)
        return Qnh(hpa, 2.0, start, start + timedelta(hours=length))

    some = st.lists(st.builds(qnh, hours, st.integers(1, 6), st.floats(980.0, 1_040.0)), max_size=2)
    known = st.builds(
        lambda found: Environment((40.0, 55.0), (0.0, 4_810.0), (-5.0, 10.0), tuple(found)),
        some,
    )
    return st.one_of(st.just(Environment()), known)


def bands() -> st.SearchStrategy[tuple[Altitude, Altitude]]:
    """Lower and upper limit, mostly the right way round whatever the datums."""

    def band(lower: float, more: float, datums: tuple[Datum, Datum]) -> tuple[Altitude, Altitude]:
        return Altitude(lower, datums[0]), Altitude(lower + more, datums[1])

    heights = st.one_of(st.floats(0, 12_000), st.integers(0, 12).map(lambda k: 1_000.0 * k))
    one = st.sampled_from(Datum).map(lambda datum: (datum, datum))
    return st.builds(
        band, heights, st.floats(0, 3_000), st.one_of(one, st.tuples(*[st.sampled_from(Datum)] * 2))
    )


def spans() -> st.SearchStrategy[tuple[datetime, datetime]]:
    minutes = st.one_of(st.integers(-60, 300).map(float), st.integers(-2, 10).map(lambda k: 30.0 * k))
    return st.builds(
        lambda first, length: (
            NOW + timedelta(minutes=first),
            NOW + timedelta(minutes=first + length),
        ),
        minutes,
        st.integers(1, 200),
    )


@st.composite
def volumes(
    draw: st.DrawFn, centres: st.SearchStrategy[LatLon], largest_m: float = 300_000.0
) -> tuple[Volume4D, list[LatLon]]:
    outline, inside = draw(outlines(centres, largest_m))
    lower, upper = draw(bands())
    return Volume4D(outline, lower, upper, *draw(spans())), inside


# --- the form

_UNTIL_NOON: Final = Environment(
    (40.0, 55.0),
    (0.0, 4_810.0),
    qnh=(Qnh(1_013.0, 2.0, NOW - timedelta(hours=1), NOW + timedelta(hours=1)),),
)
_BY_PRESSURE: Final = Volume4D(
    Circle(LatLon(lat=46.5, lon=10.5), 1_000.0),
    Altitude(3_050.0, Datum.PRESSURE),
    Altitude(3_200.0, Datum.PRESSURE),
    NOW + timedelta(minutes=10),
    NOW + timedelta(minutes=170),
)
"""Begins while the QNH is in force and goes on after it has expired."""


@settings(max_examples=examples(150), deadline=None, suppress_health_check=QUIET)
@given(drawn=volumes(places(), 2_000_000.0), environment=environments())
@example(drawn=(_BY_PRESSURE, []), environment=_UNTIL_NOON)
def test_a_reserved_volume_contains_the_promised_one(
    drawn: tuple[Volume4D, list[LatLon]], environment: Environment
) -> None:
    promised, inside = drawn
    (form,) = reserve((promised,), environment)
    assert form.start <= promised.start
    assert promised.end <= form.end
    held = {int(token.ljust(16, "0"), 16) for token in form.cells}
    (level,) = {_s2.S2CellId(cell).level() for cell in held}
    for place in inside:
        cell = _s2.S2CellId(_s2.S2LatLng.FromDegrees(place.lat, place.lon).Normalized().ToPoint())
        assert cell.parent(level).id() in held, place
    when = promised.start
    while when < promised.end:
        for limit in (promised.lower, promised.upper):
            found = bounds(limit, environment, when)
            assert form.lower_w84_m <= found.lower_m
            assert found.upper_m <= form.upper_w84_m
        when += timedelta(minutes=20)


@settings(max_examples=examples(60), deadline=None, suppress_health_check=QUIET)
@given(drawn=volumes(places()), environment=environments())
@example(drawn=(_BY_PRESSURE, []), environment=_UNTIL_NOON)
def test_a_reserved_volume_says_nothing_of_the_weather(
    drawn: tuple[Volume4D, list[LatLon]], environment: Environment
) -> None:
    """The same whatever QNH is in force: a change that the owner did not make would tell of the height."""
    promised, _ = drawn
    calm = Environment(environment.geoid_m, environment.terrain_m)
    assert reserve((promised,), environment) == reserve((promised,), calm)


# --- the check


def _state(environment: Environment, level: Level, promised: list[Volume4D]) -> State:
    """``north`` holds an intent for each volume and releases intents to ``south`` at a level."""
    state = State(environment)
    facts: list[f.Fact] = [f.ParticipantPut(Participant(who, who)) for who in (NORTH, SOUTH)]
    rule = ReleaseRule(RuleId("r"), NORTH, ToParticipant(SOUTH), levels(level), None, Ovn("o"), 1)
    facts.append(f.RulePut(rule))
    facts += [f.IntentPut(_intent(number, each)) for number, each in enumerate(promised)]
    for index, fact in enumerate(facts):
        apply(state, fact, None, NOW, index)
    return state


def _intent(number: int, promised: Volume4D) -> Intent:
    return Intent(
        EntityId(f"intent-{number}"),
        NORTH,
        IntentState.ACCEPTED,
        (promised,),
        AircraftCategory.AEROPLANE,
        True,
        Ovn("o"),
        1,
        NOW,
        NOW,
    )


def _near_one_place() -> st.SearchStrategy[tuple[Volume4D, list[LatLon]]]:
    near = st.builds(LatLon, lat=st.floats(46.4, 46.6), lon=st.floats(10.4, 10.6))
    return volumes(near, 100_000.0)


_AFTERNOON: Final = (NOW + timedelta(minutes=130), NOW + timedelta(minutes=150))
_LOW: Final = Volume4D(
    _BY_PRESSURE.outline, Altitude(1_200.0, Datum.W84), Altitude(1_500.0, Datum.W84), *_AFTERNOON
)


@settings(max_examples=examples(60), deadline=None, suppress_health_check=QUIET)
@given(
    level=st.sampled_from((Level.RESERVED, Level.VOLUME)),
    promised=st.lists(_near_one_place(), min_size=1, max_size=6),
    asked=_near_one_place(),
    environment=environments(),
)
@example(level=Level.RESERVED, promised=[(_LOW, [])], asked=(_BY_PRESSURE, []), environment=_UNTIL_NOON)
def test_a_check_against_what_is_released_warns_at_least_as_often(
    level: Level,
    promised: list[tuple[Volume4D, list[LatLon]]],
    asked: tuple[Volume4D, list[LatLon]],
    environment: Environment,
) -> None:
    exact = [volume for volume, _ in promised]
    state = _state(environment, level, exact)
    told = {conflict.item.id for conflict in find(state, SOUTH, (asked[0],), NOW)}
    really = overlapping(asked[0], exact, environment, NOW)
    assert told >= {f"intent-{number}" for number in np.flatnonzero(really)}
    if level is Level.VOLUME:
        assert told == {f"intent-{number}" for number in np.flatnonzero(really)}


def _small() -> st.SearchStrategy[Volume4D]:
    """Heights on the ellipsoid, where the specification can say exactly what touches."""

    def on_ellipsoid(drawn: tuple[Volume4D, list[LatLon]], lower_m: float, more_m: float) -> Volume4D:
        given = drawn[0]
        lower, upper = Altitude(lower_m, Datum.W84), Altitude(lower_m + more_m, Datum.W84)
        return Volume4D(given.outline, lower, upper, given.start, given.end)

    edges = st.sampled_from((0.0, 400.0, 1_000.0, 1_300.0, 2_000.0))
    near = st.builds(LatLon, lat=st.floats(46.4, 46.6), lon=st.floats(10.4, 10.6))
    return st.builds(on_ellipsoid, volumes(near, 60_000.0), edges, st.sampled_from((200.0, 600.0, 1_000.0)))


_CORRIDOR: Final = Volume4D(
    Circle(LatLon(lat=46.0019, lon=9.0752), 30_000.0),
    Altitude(1_200.0, Datum.W84),
    Altitude(1_800.0, Datum.W84),
    NOW,
    NOW + timedelta(minutes=10),
)
_BESIDE: Final = Volume4D(
    Circle(LatLon(lat=46.35, lon=9.45), 300.0),
    Altitude(2_000.0, Datum.W84),
    Altitude(2_300.0, Datum.W84),
    NOW + timedelta(minutes=20),
    NOW + timedelta(minutes=25),
)
"""In the corridor's cells and half hour, and touching its band; far from it in truth."""


@settings(max_examples=examples(40), deadline=None, suppress_health_check=QUIET)
@given(promised=st.lists(_small(), min_size=1, max_size=4), asked=_small())
@example(promised=[_CORRIDOR], asked=_BESIDE)
def test_a_conflict_at_level_0_is_what_the_released_forms_say(
    promised: list[Volume4D], asked: Volume4D
) -> None:
    """Exactly the items whose cells, band and slot the asked volume's own cells, heights and times touch:
    nothing of where an item exactly is enters the answer (law 2)."""
    state = _state(Environment((40.0, 55.0), (0.0, 4_810.0)), Level.RESERVED, promised)
    told = {conflict.item.id for conflict in find(state, SOUTH, (asked,), NOW)}
    try:
        expected = {f"intent-{n}" for n, each in enumerate(promised) if _forms_touch(each, asked)}
    except Ambiguous:
        return
    assert told == expected


def _forms_touch(promised: Volume4D, asked: Volume4D) -> bool:
    lower_m = math.floor(promised.lower.value_m / 1_000.0) * 1_000.0
    upper_m = math.ceil(promised.upper.value_m / 1_000.0) * 1_000.0
    return (
        slot_before(promised.start) < asked.end
        and asked.start < slot_after(promised.end)
        and lower_m <= asked.upper.value_m
        and asked.lower.value_m <= upper_m
        and any(
            _s2.S2CellId(one).intersects(_s2.S2CellId(other))
            for one in cells(promised.outline)
            for other in cells(asked.outline)
        )
    )


# --- position


@settings(max_examples=examples(200), deadline=None)
@given(
    place=places(),
    accuracy_m=st.floats(0, 5_000),
    observed_us=st.integers(0, 2_000_000_000_000_000),
)
def test_the_accuracy_of_a_rounded_position_covers_the_rounding(
    place: LatLon, accuracy_m: float, observed_us: int
) -> None:
    rows = np.zeros(1, ROW)
    rows["lat"], rows["lon"], rows["accuracy_m"] = place.lat, place.lon, accuracy_m
    rows["observed_us"] = observed_us
    told = coarse(rows, now_us=observed_us + 1, stale_after_s=15.0)[0]
    _, _, apart_m = _geod.inv(place.lon, place.lat, float(told["lon"]), float(told["lat"]))
    assert apart_m + accuracy_m <= told["accuracy_m"] + 1e-6
    assert told["observed_us"] <= observed_us


# --- none


def test_at_none_there_is_no_check_and_the_clearance_names_the_floor() -> None:
    async def play(directory: Path) -> None:
        floor = levels(Level.NONE, Level.RESERVED)
        async with world(directory, floor=floor) as here:
            await here.file(NORTH)
            unseen = await here.do(SOUTH, c.FileIntent((volume(),), AircraftCategory.GLIDER, crewed=True))
            assert unseen.clearance is not None
            assert "clear of what is released to you" in unseen.clearance.checked
            assert (unseen.clearance.floor_intent, unseen.clearance.floor_constraint) == ("none", "reserved")
            # A closed constraint that is only reserved to the asker warns, and can be filed over.
            elsewhere = volume(lat=46.0)
            await here.do(CENTRE, c.PublishConstraint(ConstraintKind.CLOSED, "LS-R1", (elsewhere,)))
            conflicts = find(here.exchange.state, SOUTH, (elsewhere,), here.clock.now())
            assert [(each.level, each.blocking()) for each in conflicts] == [(Level.RESERVED, False)]

    with tempfile.TemporaryDirectory() as name:
        asyncio.run(play(Path(name)))
