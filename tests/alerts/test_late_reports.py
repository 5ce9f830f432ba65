"""Late, missing and duplicated reports neither hide a conflict nor invent one: from rows to alerts."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from comity.alerts.life import Lives, Step
from comity.alerts.pairs import conflicts
from comity.alerts.settings import AlertSettings
from comity.alerts.traffic import VALID_S, traffic
from comity.geo.earth import destination, geodesics
from comity.model.alert import AlertLevel
from tests.alerts.making import ENVIRONMENT, NOON_US, at, row, rows

SETTINGS = AlertSettings()
SECONDS = 160
SPEED_MPS = 120.0


class Flight:
    """Straight, along a geodesic, passing 50N 8E at ``SECONDS / 2``, and ``aside_m`` to the right of it."""

    def __init__(self, track_deg: float, *, aside_m: float = 0.0, height_m: float = 3_000.0) -> None:
        self.track_deg, self.height_m = track_deg, height_m
        self.lat, self.lon = destination(
            lat=50.0, lon=8.0, azimuth_deg=(track_deg + 90.0) % 360.0, distance_m=aside_m
        )

    def report(self, second: float) -> NDArray[Any]:
        way_m = SPEED_MPS * (second - SECONDS / 2)
        lat, lon = destination(lat=self.lat, lon=self.lon, azimuth_deg=self.track_deg, distance_m=way_m)
        azimuths, _ = geodesics(lats_a=lat, lons_a=lon, lats_b=self.lat, lons_b=self.lon)
        track = self.track_deg if abs(way_m) < 1.0 else float(azimuths) + (180.0 if way_m > 0 else 0.0)
        one = row(lat, lon, speed_mps=SPEED_MPS, track_deg=track % 360.0, height_m=self.height_m)
        one["observed_us"] = NOON_US + round(second * 1e6)
        return one


def sweep(lives: Lives, second: int, held: Sequence[NDArray[Any]]) -> Step:
    now_us = NOON_US + second * 1_000_000
    sky = traffic(rows(*held), ["A", "B"], now_us=now_us, settings=SETTINGS, environment=ENVIRONMENT)
    return lives.update(at(second), conflicts(sky, SETTINGS))


def flown(flights: Sequence[Flight], when: Sequence[Sequence[int]]) -> list[Step]:
    """``when``: for each flight and second, of which second the last report is that has arrived."""
    lives = Lives(SETTINGS)
    return [
        sweep(lives, second, [f.report(seen[second]) for f, seen in zip(flights, when, strict=True)])
        for second in range(SECONDS)
    ]


def arrivals(dice: random.Random, longest_s: int) -> list[int]:
    """Reports go missing, come late and come twice; none is older than ``longest_s`` when it is looked at."""
    seen, last = [], 0
    for second in range(SECONDS):
        fresh = second - dice.choice([0, 0, 0, 1, 2])
        if second - last >= longest_s or dice.random() < 0.4:
            last = max(last, second if second - fresh > longest_s else fresh)
        last = max(last, second - longest_s)
        seen.append(last)
    return seen


def raised(steps: Sequence[Step]) -> list[int]:
    return [second for second, step in enumerate(steps) for _ in step.raised]


def cleared(steps: Sequence[Step]) -> list[int]:
    return [second for second, step in enumerate(steps) for _ in step.cleared]


def on_time(steps: Sequence[Step]) -> None:
    """Raised once, long before separation is lost; a warning in time; cleared once, after the last of it."""
    # At right angles and 120 m/s each they close at 170 m/s: 5 NM are lost 54.6 s before they meet.
    lost, ends = SECONDS / 2 - 54.6, SECONDS / 2 + 54.6
    (begins,) = raised(steps)
    assert begins <= 10 < lost
    (over,) = cleared(steps)
    assert ends < over <= ends + 8
    warned = [
        second
        for second, step in enumerate(steps)
        for live in (*step.raised, *step.updated)
        if live.level is AlertLevel.WARNING
    ]
    assert warned[0] <= max(lost - 25.0, 0) + 5
    assert warned == list(range(warned[0], warned[-1] + 1))


def test_in_time() -> None:
    every = list(range(SECONDS))
    on_time(flown([Flight(0.0), Flight(90.0)], [every, every]))


@settings(max_examples=15, deadline=None)
@given(st.randoms(use_true_random=False))
def test_a_conflict_is_not_hidden(dice: random.Random) -> None:
    on_time(flown([Flight(0.0), Flight(90.0)], [arrivals(dice, 5), arrivals(dice, 5)]))


@settings(max_examples=15, deadline=None)
@given(st.randoms(use_true_random=False), st.sampled_from(["aside", "above"]))
def test_none_is_invented(dice: random.Random, apart: str) -> None:
    """Half a percent outside the minima, and reports never older than a velocity is good for."""
    if apart == "above":
        flights = [Flight(0.0), Flight(90.0, height_m=3_304.8)]
    else:
        flights = [Flight(0.0), Flight(180.0, aside_m=-9_260.0 * 1.005)]
    longest = int(VALID_S)
    assert raised(flown(flights, [arrivals(dice, longest), arrivals(dice, longest)])) == []


def test_one_silent_for_half_a_minute_is_still_warned_of() -> None:
    silent = [second if second < 20 or second > 50 else 20 for second in range(SECONDS)]
    steps = flown([Flight(0.0), Flight(90.0)], [list(range(SECONDS)), silent])
    on_time(steps)
    told = steps[45].updated[0]
    assert told.finding is not None
    assert "position 25 s old" in told.finding.reasons
    assert "may have turned since: taken as less exact" in told.finding.reasons


def test_one_bad_position_raises_nothing() -> None:
    """Two pass 12 NM apart; one report puts one of them 8 NM aside, and is all there is for four sweeps."""
    flights = [Flight(0.0), Flight(180.0, aside_m=-12 * 1_852.0)]
    bad = flights[0].report(15)
    bad["lat"], bad["lon"] = destination(
        lat=float(bad["lat"][0]), lon=float(bad["lon"][0]), azimuth_deg=90.0, distance_m=8 * 1_852.0
    )
    lives, steps = Lives(SETTINGS), []
    for second in range(SECONDS):
        first = bad if 15 <= second < 19 else flights[0].report(second)
        steps.append(sweep(lives, second, [first, flights[1].report(second)]))
    assert raised(steps) == []
    sky = traffic(
        rows(bad, flights[1].report(15)),
        ["A", "B"],
        now_us=NOON_US + 15_000_000,
        settings=SETTINGS,
        environment=ENVIRONMENT,
    )
    assert [finding.level for finding in conflicts(sky, SETTINGS)] == [AlertLevel.CORRECTIVE]
