"""The truth about the demonstration: the labels say what the paths do, and nothing else comes near
anything.

Brute force over the whole cycle, every second, every pair, now and flying on: only labelled pairs are
ever within their minima or predicted to be. The background is looked at with every departure that its
routes can have, so what holds for one period of two minutes holds for every seed and all time.
"""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np
import pytest

from comity.alerts.settings import AlertSettings
from comity.ids import ParticipantId
from comity.model.altitude import Datum
from comity.model.observation import Provenance, Report
from comity.sim.cast import ANS, CHARTER, NORTH, RELIEF, RULES, SOUTH
from comity.sim.encounters import CYCLE_S, Encounter, Kind, heard, reports, sightings, truth_of
from comity.sim.flight import FIRST_ADDRESS, routes
from comity.sim.meetings import ENCOUNTERS
from comity.sim.own import own_reports, radar_plots
from comity.sim.paths import Fix, Path
from comity.sim.sphere import distance_m
from comity.sim.traffic import seen
from comity.sim.truth import Minima, Span, closest, predicted, within
from tests.sim.apart import HORIZONTAL_M, Swarm, near, still, stream, vectors
from tests.sim.zones import ZONES, below

T = 1_795_000_000
SETTINGS = AlertSettings()
PAIRS = [each for each in ENCOUNTERS if len(each.actors) == 2]
QUIET = {Kind.NEAR_MISS, Kind.FORMATION}


def named(encounter: Encounter) -> str:
    return encounter.name.replace(" ", "-")


# --- the labels


def test_every_kind_that_the_demonstration_promises_is_there() -> None:
    assert {each.kind for each in ENCOUNTERS} == set(Kind)
    addresses = [actor.address for each in ENCOUNTERS for actor in each.actors]
    assert len(set(addresses)) == len(addresses)


@pytest.mark.parametrize("encounter", PAIRS, ids=named)
def test_minima_are_those_of_the_pairs_categories(encounter: Encounter) -> None:
    one, other = (str(actor.category or "unknown") for actor in encounter.actors)
    minima = SETTINGS.of(one, other)
    stated = (minima.horizontal_m, minima.vertical_m, minima.look_ahead_s)
    assert encounter.minima == pytest.approx(stated, abs=0.01)


@pytest.mark.parametrize("encounter", ENCOUNTERS, ids=named)
def test_what_is_to_be_alerted_begins_and_ends_within_a_cycle(encounter: Encounter) -> None:
    truth = truth_of(encounter)
    if encounter.kind in QUIET:
        assert truth.alerted == truth.comes_about == ()
        assert encounter.told == ()
        return
    (alerted,), (comes_about,) = truth.alerted, truth.comes_about
    assert 0 <= alerted.start_s <= comes_about.start_s < comes_about.end_s == alerted.end_s < CYCLE_S - 15
    assert alerted.end_s - alerted.start_s > 20
    assert encounter.told


@pytest.mark.parametrize("encounter", PAIRS, ids=named)
def test_truth_is_what_one_finds_second_by_second(encounter: Encounter) -> None:
    """By going along the paths in small steps instead of solving for them."""
    a, b = (actor.path for actor in encounter.actors)
    truth, minima = truth_of(encounter), encounter.minima
    nearest = math.inf
    for tenth in range(-300, 1_500):
        s = tenth / 10.0
        one, two = a.line(s), b.line(s)
        if one is None or two is None:
            continue
        apart = [
            tuple(p - q for p, q in zip(one.at(s + ahead), two.at(s + ahead), strict=True))
            for ahead in np.linspace(0.0, minima.look_ahead_s, 181).tolist()
        ]
        close = [math.hypot(x, y) < minima.horizontal_m and abs(z) < minima.vertical_m for x, y, z in apart]
        nearest = min(nearest, math.hypot(apart[0][0], apart[0][1]))
        if not _at_an_edge(s, truth.comes_about):
            assert close[0] == any(span.holds(s) for span in truth.comes_about), s
        if not _at_an_edge(s, truth.alerted):
            assert any(close) == any(span.holds(s) for span in truth.alerted), s
    assert truth.closest is not None
    assert nearest == pytest.approx(truth.closest.horizontal_m, abs=25.0)


def _at_an_edge(s: float, spans: tuple[Span, ...]) -> bool:
    return any(abs(s - edge) < 0.8 for span in spans for edge in span)


def test_a_near_miss_is_one() -> None:
    for encounter in ENCOUNTERS:
        found = truth_of(encounter).closest
        if encounter.kind in QUIET:
            assert found is not None
            minima = encounter.minima
            beyond = max(found.horizontal_m / minima.horizontal_m, found.vertical_m / minima.vertical_m)
            assert 1.15 < beyond < 1.3


def test_levels_follow_from_the_rules_of_the_cast() -> None:
    """Read off the rules, in the plainest way: what each owner gives each reader, at rest and in a
    conflict."""
    for encounter in PAIRS:
        for told in encounter.told:
            for actor, level in zip(encounter.actors, told.levels, strict=True):
                assert level == _level(actor.owner, actor.seen_by, told.who, encounter.kind), encounter.name


def _level(owner: ParticipantId | None, seen_by: ParticipantId | None, who: ParticipantId, kind: Kind) -> str:
    if owner is None:
        return "broadcast"
    if who in (owner, seen_by):
        return "own"
    floor = CHARTER.floor
    for rule in RULES:
        if rule.owner == owner and getattr(rule.recipient, "id", None) == who:
            floor = floor.at_least(rule.levels)
    if floor.own_track.value != "none":
        return floor.own_track.value
    return "reserved" if kind is Kind.CLAIMS else floor.own_track_in_conflict.value


# --- as functions of (seed, t)


def test_a_moment_is_the_same_however_often_one_asks() -> None:
    once = [heard(ENCOUNTERS, 3, 70.0), reports(ENCOUNTERS, 3, 70.0, T, SOUTH, Provenance.OWN)]
    heard(ENCOUNTERS, 3, 71.0)
    assert [heard(ENCOUNTERS, 3, 70.0), reports(ENCOUNTERS, 3, 70.0, T, SOUTH, Provenance.OWN)] == once
    assert heard(ENCOUNTERS, 4, 70.0) != once[0]


def test_nobody_jumps_and_everybody_flies_as_it_says() -> None:
    before = {each.address: each for e in ENCOUNTERS for each in sightings(e, 1, 599.0)}
    for t in range(600, 960):
        now = {each.address: each for e in ENCOUNTERS for each in sightings(e, 1, float(t))}
        for address in before.keys() & now.keys():
            was, is_ = before[address].place, now[address].place
            moved_m = distance_m(was.at, is_.at)
            assert moved_m <= max(was.ground_speed_mps, is_.ground_speed_mps) + 0.5, (address, t)
            climbed_m = abs(is_.height_m - was.height_m)
            rate_mps = max(abs(was.vertical_rate_mps), abs(is_.vertical_rate_mps))
            assert climbed_m <= rate_mps + 0.1, (address, t)
        before = now


def test_an_airliners_address_is_forgotten_before_it_returns() -> None:
    last: dict[str, float] = {}
    for t in range(0, 1_200):
        for each in heard(ENCOUNTERS, 1, float(t)):
            gap_s = t - last.get(each.address, t - 1)
            assert gap_s == 1 or gap_s > 120, each.address
            last[each.address] = t


def test_who_reports_what() -> None:
    t = 40.0
    own = {
        who: {report.callsign for report in reports(ENCOUNTERS, 1, t, T, who, Provenance.OWN)}
        for who in (ANS, NORTH, SOUTH, RELIEF)
    }
    assert own == {
        ANS: set(),
        NORTH: {"NORTH31", "NORTH32"},
        SOUTH: {"SOUTH31", "SOUTH32", "SOUTH33"},
        RELIEF: {"DRONE38", "RELIEF2", "RELIEF3"},
    }
    plots = reports(ENCOUNTERS, 1, t, T, NORTH, Provenance.SENSED)
    assert {plot.address for plot in plots} == {"F07B31", "F07C38"}
    assert not reports(ENCOUNTERS, 1, t, T, ANS, Provenance.SENSED)


def test_distress_is_said_while_it_lasts() -> None:
    squawks = {
        t: {r.squawk for r in reports(ENCOUNTERS, 1, float(t), T, SOUTH, Provenance.OWN)}
        for t in (49, 50, 84, 85)
    }
    assert ["7700" in squawks[t] for t in (49, 50, 84, 85)] == [False, True, True, False]


@pytest.mark.parametrize("encounter", [e for e in ENCOUNTERS if e.actors[0].owner is None], ids=named)
def test_airliners_keep_clear_of_those_of_other_cycles(encounter: Encounter) -> None:
    """Also of one that has gone, and is taken to fly on for the minute until it is forgotten."""
    wide = Minima(encounter.minima.horizontal_m * 1.1, encounter.minima.vertical_m * 1.3, 130.0)
    gone = Minima(encounter.minima.horizontal_m + 4_000.0, wide.vertical_m, 130.0)
    for later in (1, 2):
        for a in encounter.actors:
            for b in encounter.actors:
                moved = (fix._replace(s=fix.s + later * CYCLE_S) for fix in b.path.fixes)
                next_one = Path(tuple(moved)).turned(encounter.turn_deg * later)
                assert not predicted(a.path, next_one, wide)
                assert not predicted(_after(a.path), next_one, gone)


def _after(path: Path) -> Path:
    line = path.lines()[-1]
    return Path((path.fixes[-1], Fix(line.end_s + 60.0, *line.at(line.end_s + 60.0))))


# --- the background


def test_no_two_flights_of_the_background_ever_come_near() -> None:
    """Every departure of every route, in every second of the period with which all of it repeats."""
    every = [stream(route) for route in routes()]
    for k, one in enumerate(every):
        for other in every[:k]:
            assert not near(one, other).any()
        meets = near(one, one)
        both = np.arange(meets.shape[1])
        meets[:, both, both] = False
        assert not meets.any()


def test_the_background_keeps_out_of_the_zones() -> None:
    for route in routes():
        flights = stream(route, 2)
        for zone in ZONES:
            room = still(zone.centre, zone.lower_m, zone.upper_m, len(flights.place))
            half_m = (zone.upper_m - zone.lower_m) / 2.0
            assert not near(flights, room, zone.radius_m, half_m).any(), zone.name


def test_addresses_are_nobodys_and_stay_within_their_block() -> None:
    numbers = [int(each.address, 16) for each in seen(1, T)]
    numbers += [actor.address for each in ENCOUNTERS for actor in each.actors]
    assert len(set(numbers)) == len(numbers)
    assert all(FIRST_ADDRESS <= number < FIRST_ADDRESS + 0x8000 for number in numbers)


# --- everything together


class Aircraft(NamedTuple):
    """``low_m`` and ``high_m``: where the height may be above the ellipsoid."""

    name: str
    category: str
    lat: float
    lon: float
    height_m: float
    datum: Datum
    speed_mps: float
    track_deg: float
    rate_mps: float

    def low_m(self) -> float:
        return self.height_m * 0.68 - 350.0 if self.datum is Datum.PRESSURE else self.height_m - 110.0

    def high_m(self) -> float:
        return self.height_m * 1.25 + 350.0 if self.datum is Datum.PRESSURE else self.height_m + 90.0


def everything(seed: int, began: int, s: float) -> list[Aircraft]:
    found = []
    t = began + s
    for each in (*seen(seed, t), *heard(ENCOUNTERS, seed, s)):
        if not each.on_ground:
            place = (each.at.lat, each.at.lon, each.pressure_height_m, Datum.PRESSURE)
            motion = (each.ground_speed_mps, each.track_deg, each.vertical_rate_mps)
            found.append(Aircraft(each.address, "unknown", *place, *motion))
    for who in (ANS, NORTH, SOUTH, RELIEF):
        ours = own_reports(seed, t, who) + reports(ENCOUNTERS, seed, s, t, who, Provenance.OWN)
        found += [_aircraft(each) for each in (*ours, *radar_plots(seed, t, who)) if not each.on_ground]
    return found


def _aircraft(report: Report) -> Aircraft:
    assert report.lat is not None
    assert report.lon is not None
    assert report.altitude is not None
    return Aircraft(
        report.callsign or report.address,
        str(report.category or "unknown"),
        report.lat,
        report.lon,
        report.altitude.value_m,
        report.altitude.datum,
        report.ground_speed_mps or 0.0,
        report.track_deg or 0.0,
        report.vertical_rate_mps or 0.0,
    )


def meetings(aircraft: list[Aircraft]) -> set[frozenset[str]]:
    """Pairs that are, or flying on would be, within the minima of their categories, made wider by a tenth."""
    columns = [np.array([each[k] for each in aircraft], float)[None] for k in (2, 3, 4, 6, 7, 8)]
    lat, lon, height, speed, track, rate = columns
    swarm = Swarm(*vectors(lat, lon, speed, track), height, rate, np.ones_like(height, np.bool_))
    found = set()
    for _, i, j in np.argwhere(near(swarm, swarm, HORIZONTAL_M, 1e6)).tolist():
        if i < j and _meet(aircraft, swarm, i, j):
            found.add(frozenset((aircraft[i].name, aircraft[j].name)))
    return found


def _meet(aircraft: list[Aircraft], swarm: Swarm, i: int, j: int) -> bool:
    a, b = aircraft[i], aircraft[j]
    minima = SETTINGS.of(a.category, b.category)
    one, other = swarm.only(i), swarm.only(j)
    vertical_m = minima.vertical_m * 1.1
    if a.datum is not b.datum:
        gap_m = max(a.low_m() - b.high_m(), b.low_m() - a.high_m())
        if gap_m > vertical_m + 120.0 * (abs(a.rate_mps) + abs(b.rate_mps)):
            return False
        vertical_m = 1e6
    return bool(
        near(one, other, minima.horizontal_m * 1.1 + 30.0, vertical_m, minima.look_ahead_s + 2.0).any()
    )


@pytest.mark.parametrize(("seed", "began"), [(1, T), (2, T + 5_000), (3, T + 86_399)])
def test_only_labelled_pairs_meet(seed: int, began: int) -> None:
    """One whole cycle of everything that is told to the exchange, every other second."""
    allowed = {
        frozenset(names(encounter)): truth_of(encounter).alerted
        for encounter in PAIRS
        if encounter.kind not in QUIET
    }
    met: set[frozenset[str]] = set()
    for s in range(0, CYCLE_S, 2):
        for pair in meetings(everything(seed, began, float(s))):
            spans = allowed.get(pair, ())
            assert any(span.start_s - 3 <= s <= span.end_s + 8 for span in spans), (sorted(pair), s)
            met.add(pair)
    assert met == allowed.keys()


def names(encounter: Encounter) -> list[str]:
    """As the first cycle has them."""
    return [
        each.address if each.actor.owner is None else each.callsign
        for each in sightings(encounter, 1, 60.0)
        if encounter.actors[0].owner is not None or each.callsign.endswith("00")
    ]


def test_heights_that_are_not_pressure_heights_are_bounded() -> None:
    assert below(3_000.0) * 0.68 - 350.0 >= 3_000.0 + 304.0


def test_two_that_never_fly_at_once_have_no_closest_approach() -> None:
    early = Path((Fix(0.0, 0.0, 0.0, 0.0), Fix(10.0, 100.0, 0.0, 0.0)))
    late = Path((Fix(20.0, 0.0, 0.0, 0.0), Fix(30.0, 100.0, 0.0, 0.0)))
    assert closest(early, late) is None
    assert within(early, late, Minima(1e6, 1e6, 60.0)) == ()
