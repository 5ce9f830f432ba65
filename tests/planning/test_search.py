"""The search finds the smallest change of each kind, held to trying all of them one after the other."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from comity.geo.earth import distance_m
from comity.geo.heights import Environment
from comity.geo.overlap import overlapping
from comity.model.altitude import Altitude, Datum
from comity.model.intent import AircraftCategory
from comity.model.plan import Alternative, ChangeKind, Search
from comity.model.released import ConflictItem, ItemKind, ReleasedItem
from comity.model.route import Route
from comity.model.shape import Circle, LatLon, Polygon
from comity.model.volume import Volume4D, Volumes
from comity.planning.path import Path
from comity.planning.question import Question, Verdict
from comity.planning.route import volumes_of
from comity.planning.search import Looking
from comity.planning.shifts import HEIGHT_STEP_M, TIME_STEP_S, in_time
from comity.release.coarsen import reserve
from tests.world import ENVIRONMENT, START, volume

LASTING = ENVIRONMENT.lasting()
LATE_S, VERTICAL_M = 3_000.0, 600.0
NOTHING_LIKE_IT = 1e9


class Sky:
    """Other items, each a few volumes, seen exactly or as level 0 has them."""

    def __init__(self, items: list[tuple[Volumes, bool]]) -> None:
        self._items = items

    def verdict(self, trial: Volumes) -> tuple[ConflictItem, ...]:
        found = []
        for number, (theirs, coarse) in enumerate(self._items):
            hit = tuple(n for n, mine in enumerate(trial) if self._meets(mine, theirs, coarse))
            if hit:
                form: dict[str, Any] = (
                    {"reserved": reserve(theirs, LASTING)} if coarse else {"volumes": theirs}
                )
                level: Any = "reserved" if coarse else "volume"
                item = ReleasedItem(f"item-{number}", ItemKind.INTENT, level, "-", **form)
                found.append(ConflictItem(item, False, hit))
        return tuple(found)

    def _meets(self, mine: Volume4D, theirs: Volumes, coarse: bool) -> bool:
        if not coarse:
            return bool(overlapping(mine, theirs, LASTING, START).any())
        # All of the sky lies in one cell, so that time and height decide.
        return any(
            form.start < mine.end
            and mine.start < form.end
            and form.lower_w84_m <= mine.upper.value_m
            and mine.lower.value_m <= form.upper_w84_m
            for form in reserve(theirs, LASTING)
        )


def looked(sky: Sky, volumes: Volumes, **how: Any) -> tuple[list[Alternative], int]:
    asked: dict[str, Any] = {"later_s": LATE_S, "earlier_s": LATE_S, "vertical_m": VERTICAL_M}
    asked = asked | {"around_m": 20_000.0} | how
    search = Search(volumes=volumes, category=AircraftCategory.OTHER, crewed=True, **asked)
    question = Question(volumes, None, sky.verdict(volumes), search, LASTING, START)
    return run(Looking(question), sky)


def run(looking: Looking, sky: Sky) -> tuple[list[Alternative], int]:
    tried = 0
    while (trial := looking.trial()) is not None:
        tried += 1
        verdict: Verdict = sky.verdict(trial)
        looking.tell(verdict)
    return list(looking.found()), tried


@st.composite
def placed(draw: st.DrawFn, latest_s: float = 5_000.0) -> Volume4D:
    lower_m, start_s = draw(st.integers(900, 1_500)), draw(st.integers(600, int(latest_s)))
    return volume(
        47.0 + draw(st.integers(-20, 20)) / 1_000,
        11.0,
        radius_m=draw(st.sampled_from([300.0, 1_500.0])),
        lower_m=float(lower_m),
        upper_m=float(lower_m + draw(st.integers(10, 200))),
        start_s=float(start_s),
        end_s=float(start_s + draw(st.integers(30, 1_500))),
    )


items = st.lists(st.tuples(st.lists(placed(), min_size=1, max_size=4).map(tuple), st.booleans()), max_size=6)


@settings(max_examples=60, deadline=None)
@given(theirs=items, mine=st.lists(placed(3_000.0), min_size=1, max_size=3).map(tuple))
def test_nothing_smaller_would_pass(theirs: list[tuple[Volumes, bool]], mine: Volumes) -> None:
    sky = Sky(theirs)
    if not sky.verdict(mine):
        return
    found = {one.kind: one for one in looked(sky, mine)[0]}
    for kind, sign in ((ChangeKind.LATER, 1.0), (ChangeKind.EARLIER, -1.0)):
        room_s = LATE_S if sign > 0 else min(LATE_S, min((v.start - START).total_seconds() for v in mine))
        shifts = [TIME_STEP_S * n for n in range(1, int(room_s / TIME_STEP_S) + 1)]
        best = next((s for s in shifts if not sky.verdict(in_time(mine, sign * s))), None)
        got = found.get(kind)
        assert (None if got is None else got.later_s) == (None if best is None else sign * best)
    for kind, sign in ((ChangeKind.HIGHER, 1.0), (ChangeKind.LOWER, -1.0)):
        moves = [HEIGHT_STEP_M * n for n in range(1, int(VERTICAL_M / HEIGHT_STEP_M) + 1)]
        best = next((m for m in moves if not sky.verdict(raised(mine, sign * m))), None)
        got = found.get(kind)
        assert (None if got is None else got.higher_m) == (None if best is None else sign * best)


def raised(volumes: Volumes, off_m: float) -> Volumes:
    return tuple(
        replace(
            v,
            lower=Altitude(v.lower.value_m + off_m, v.lower.datum),
            upper=Altitude(v.upper.value_m + off_m, v.upper.datum),
        )
        for v in volumes
    )


@settings(max_examples=60, deadline=None)
@given(theirs=items, mine=st.lists(placed(3_000.0), min_size=1, max_size=3).map(tuple))
def test_what_is_found_passes_and_is_what_was_asked_for(
    theirs: list[tuple[Volumes, bool]], mine: Volumes
) -> None:
    sky = Sky(theirs)
    if not sky.verdict(mine):
        return
    for one in looked(sky, mine)[0]:
        assert sky.verdict(one.volumes) == ()
        assert len(one.volumes) == len(mine)
        moved = [x for x in (one.later_s, one.higher_m, one.aside_m) if x is not None]
        assert len(moved) == 1
        for before, after in zip(mine, one.volumes, strict=True):
            assert isinstance(before.outline, Circle)
            assert isinstance(after.outline, Circle)
            assert after.outline.radius_m == before.outline.radius_m
            away_m = distance_m(
                lat_a=before.outline.centre.lat,
                lon_a=before.outline.centre.lon,
                lat_b=after.outline.centre.lat,
                lon_b=after.outline.centre.lon,
            )
            assert away_m == pytest.approx(one.aside_m or 0.0, rel=0.02, abs=0.1)
            assert (after.start - before.start) == timedelta(seconds=one.later_s or 0.0)
            assert after.upper.value_m - before.upper.value_m == pytest.approx(one.higher_m or 0.0)


def test_steps_over_what_cannot_pass_need_few_trials() -> None:
    """A route behind another on the same way: minutes are stepped over, not tried one by one."""
    way = (LatLon(lat=47.0, lon=9.0), LatLon(lat=47.5, lon=12.0))
    ahead = Route(way, (Altitude(3_000.0, Datum.W84),), 80.0, 500.0, 60.0, START + timedelta(seconds=900))
    theirs = volumes_of(ahead, ENVIRONMENT).volumes
    sky = Sky([(theirs, False)])
    found, tried = looked(sky, theirs, kinds=(ChangeKind.LATER,))
    (later,) = found
    assert later.later_s is not None
    assert 180.0 < later.later_s < 400.0
    assert tried < 12


def test_an_undecidable_trial_is_stepped_over() -> None:
    mine = (volume(),)
    sky = Sky([((volume(),), False)])
    search = Search(volumes=mine, category=AircraftCategory.OTHER, crewed=True, kinds=(ChangeKind.HIGHER,))
    looking = Looking(Question(mine, None, sky.verdict(mine), search, LASTING, START))
    assert looking.trial() is not None
    looking.tell(None)
    found, _ = run(looking, sky)
    assert [one.higher_m for one in found] == [520.0]


def test_kinds_take_turns_and_equals_keep_their_order() -> None:
    mine = (volume(),)
    sky = Sky([((volume(),), False)])
    found, _ = looked(sky, mine, kinds=(ChangeKind.LOWER, ChangeKind.HIGHER, ChangeKind.LOWER))
    assert [(one.kind, one.cost) for one in found] == [(ChangeKind.HIGHER, 510.0), (ChangeKind.LOWER, 510.0)]


def test_pressure_against_metres_is_found_by_halves() -> None:
    high = replace(volume(), lower=Altitude(3_000.0, Datum.PRESSURE), upper=Altitude(3_300.0, Datum.PRESSURE))
    low = volume(lower_m=2_500.0, upper_m=2_600.0)
    assert overlapping(high, [low], LASTING, START)[0]
    found, tried = looked(Sky([((low,), False)]), (high,), kinds=(ChangeKind.HIGHER,), vertical_m=5_000.0)
    (higher,) = found
    assert higher.higher_m is not None
    assert tried < 40
    just_below = raised((high,), higher.higher_m - 2 * HEIGHT_STEP_M)
    assert overlapping(just_below[0], [low], LASTING, START)[0]


# --- detours


ZIGZAG = Route(
    tuple(LatLon(lat=lat, lon=lon) for lat, lon in ((47.0, 10.0), (47.1, 10.5), (47.0, 11.0), (47.1, 11.5))),
    (Altitude(0.0, Datum.AGL), *(Altitude(2_000.0, Datum.MSL),) * 2, Altitude(0.0, Datum.AGL)),
    60.0,
    300.0,
    60.0,
    START + timedelta(seconds=600),
)


@settings(max_examples=80, deadline=None)
@given(
    begin=st.floats(0.0, 1.0),
    end=st.floats(0.0, 1.0),
    aside_m=st.floats(100.0, 60_000.0),
    side=st.sampled_from([-90.0, 90.0]),
)
def test_a_detour_begins_and_ends_where_the_route_does(
    begin: float, end: float, aside_m: float, side: float
) -> None:
    path = Path(ZIGZAG)
    stretch = (min(begin, end) * path.length_m, max(begin, end) * path.length_m)
    changed = path.past(stretch, aside_m, side)
    if changed is None:
        return
    assert changed.waypoints[0] == ZIGZAG.waypoints[0]
    assert changed.waypoints[-1] == ZIGZAG.waypoints[-1]
    assert changed.level(0) == ZIGZAG.level(0)
    assert changed.level(len(changed.waypoints) - 1) == ZIGZAG.level(3)
    made = volumes_of(changed, Environment())
    assert made.length_m > distance_m(lat_a=47.0, lon_a=10.0, lat_b=47.1, lon_b=11.5) - 1.0
    middle = changed.waypoints[len(changed.waypoints) // 2]
    assert any(isinstance(v.outline, Polygon) for v in made.volumes)
    assert -90.0 <= middle.lat <= 90.0


def test_a_detour_keeps_its_distance_from_a_straight_stretch() -> None:
    straight = Route(
        (LatLon(lat=0.0, lon=10.0), LatLon(lat=0.0, lon=12.0)),
        (Altitude(2_000.0, Datum.MSL),),
        60.0,
        300.0,
        60.0,
        START,
    )
    path = Path(straight)
    changed = path.past((90_000.0, 130_000.0), 5_000.0, -90.0)
    assert changed is not None
    lats = [point.lat for point in changed.waypoints]
    lons = [(point.lon - 10.0) * 111_320.0 for point in changed.waypoints]
    assert [round(lat * 110_574.0) for lat in lats] == [0, 0, 5_000, 5_000, 0, 0]
    assert lons == pytest.approx([0.0, 85_000.0, 90_000.0, 130_000.0, 135_000.0, 222_640.0], abs=20.0)
    sharp = path.past((0.0, path.length_m), path.length_m, 90.0)
    assert sharp is not None
    assert len(sharp.waypoints) == 3
