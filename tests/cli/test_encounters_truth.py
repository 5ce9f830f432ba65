"""The demonstration against its truth: whoever is to be alerted is, in time and at the right level;
nobody else.

One whole cycle through the exchange in this process, second by second: real SBS bytes and reports in, the
script's commands, a sweep a second, and every participant's alerts out. What is right is known from the
paths alone (``sim.truth``), which shares nothing with what the exchange finds alerts by.
``COMITY_DEMO_CYCLES`` in the environment makes it more cycles than one, and ``COMITY_DEMO_SEED`` another
day.
"""

from __future__ import annotations

import itertools
import os
import tempfile
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import NamedTuple

import pytest

from comity.ids import ParticipantId
from comity.model.alert import Alert, AlertKind, AlertSide, AlertState
from comity.sim.cast import ANS, DESKS, NORTH, PEOPLE, RELIEF, SOUTH
from comity.sim.encounters import CYCLE_S, Actor, Encounter, Kind, Told, sightings, truth_of
from comity.sim.guide import HINTS, as_json
from comity.sim.meetings import ENCOUNTERS
from comity.sim.player import Happened
from comity.sim.truth import Span, predicted
from tests.sim.stage import Stage, stage

CYCLES = int(os.environ.get("COMITY_DEMO_CYCLES", "1"))
SEED = int(os.environ.get("COMITY_DEMO_SEED", "1"))
FROM_S, UNTIL_S = -5, CYCLE_S * CYCLES + 10
SLOWEST_S = 3
"""Two of three sweeps, and the second in which the report arrives."""

CLEAR_S = 8
"""Five seconds without being found, and what the reports' age adds."""

ALERTED = [each for each in ENCOUNTERS if each.told]
ADVISED = Span(8.0, 104.0)
"""When both the drone and the helicopter are in the air: from their cells alone there is an advisory."""

WIDER_M = {"position": 1_000.0, "broadcast": 450.0, "identity": 100.0, "own": 100.0}
"""How much further than the minima an alert may reach for a side at each level: its accuracy and rounding."""


class Moment(NamedTuple):
    at: datetime
    alerts: dict[ParticipantId, tuple[Alert, ...]]
    ids: dict[ParticipantId, dict[str, str]]
    shown: dict[ParticipantId, frozenset[str]]
    """``ids``: which actor is behind a track id; ``shown``: the actors in the picture."""


class Played(NamedTuple):
    moments: dict[int, Moment]
    told: Sequence[Happened]


@pytest.fixture(scope="module")
def played() -> Iterator[Played]:
    with tempfile.TemporaryDirectory() as directory, stage(Path(directory) / "exchange", SEED) as here:
        yield Played({s: moment(here, s) for s in here.play(FROM_S, UNTIL_S)}, here.told)


def moment(here: Stage, s: int) -> Moment:
    alerts = {who: here.alerts(who) for who in DESKS}
    ids = {who: identities(here, who, s) for who in DESKS}
    shown = {
        who: frozenset(ids[who][id] for id in here.exchange.tracks(who).ids() if id in ids[who])
        for who in DESKS
    }
    return Moment(here.exchange.clock.now(), alerts, ids, shown)


def identities(here: Stage, who: ParticipantId, s: int) -> dict[str, str]:
    """Every id under which ``who`` may see an actor, also one whose reports have ended."""
    found = {}
    for encounter in ENCOUNTERS:
        for t in (s - CYCLE_S / 2, s):
            for each in sightings(encounter, SEED, t):
                found[each.address] = each.actor.name
                if each.actor.owner is not None:
                    ref = here.name_for(who, each.actor.owner, each.address, sensed=False)
                    found[ref] = each.actor.name
    return found


# --- what may be and what must be


def flown_at(s: float) -> tuple[float, ...]:
    """The second in the cycles to which what is seen now may belong."""
    now = s % CYCLE_S
    return (now, now - CYCLE_S, now + CYCLE_S)


def actor_of(moment: Moment, who: ParticipantId, side: AlertSide) -> str | None:
    return None if side.track is None else moment.ids[who].get(side.track, "?")


def about(moment: Moment, who: ParticipantId, alert: Alert, encounter: Encounter) -> bool:
    """Whether this may be the alert about that encounter, by who is in it."""
    names = {actor.name for actor in encounter.actors}
    seen = {actor_of(moment, who, side) for side in alert.sides} - {None}
    kind = {Kind.INCURSION: AlertKind.INCURSION, Kind.EMERGENCY: AlertKind.EMERGENCY}
    if kind.get(encounter.kind, AlertKind.CONFLICT) is not alert.kind:
        return False
    if alert.kind is AlertKind.EMERGENCY and not seen:
        return alert.sides[0].label in names
    return len(alert.sides) == len(encounter.actors) and bool(seen) and seen <= names


def levels(moment: Moment, who: ParticipantId, alert: Alert, encounter: Encounter) -> tuple[str, ...]:
    """Of each actor, in the encounter's order; the side without a track is the other one."""
    by_actor = {actor_of(moment, who, side): side.level for side in alert.sides}
    return tuple(str(by_actor.get(actor.name, by_actor.get(None))) for actor in encounter.actors)


def may_be(encounter: Encounter, told: Told, alert: Alert) -> Span:
    """When such an alert is not false."""
    alerted = truth_of(encounter).alerted[0]
    if alert.advisory:
        flying = [actor.path.fixes for actor in encounter.actors]
        return Span(flying[0][0].s, flying[0][-1].s + CLEAR_S)
    if len(encounter.actors) == 2:
        wider_m = sum(WIDER_M[level] for level in told.levels)
        minima = encounter.minima._replace(
            horizontal_m=encounter.minima.horizontal_m + wider_m,
            vertical_m=encounter.minima.vertical_m + 30.0,
        )
        paths = [actor.path for actor in encounter.actors]
        spans = predicted(paths[0], paths[1], minima)
        alerted = Span(spans[0].start_s, spans[-1].end_s)
    return Span(alerted.start_s - 1, alerted.end_s + CLEAR_S)


def named(encounter: Encounter) -> str:
    return encounter.name.replace(" ", "-")


# --- the comparison


@pytest.mark.parametrize("encounter", ALERTED, ids=named)
def test_none_is_missed_and_each_is_told_at_its_level(played: Played, encounter: Encounter) -> None:
    (alerted,) = truth_of(encounter).alerted
    for told, cycle in itertools.product(encounter.told, range(CYCLES)):
        refs = set()
        for s in range(int(alerted.start_s) + SLOWEST_S, int(alerted.end_s)):
            now = played.moments[cycle * CYCLE_S + s]
            found = [alert for alert in now.alerts[told.who] if about(now, told.who, alert, encounter)]
            assert len(found) == 1, f"{told.who} is not alerted of {encounter.name} at {s} of cycle {cycle}"
            assert levels(now, told.who, found[0], encounter) == told.levels, (told.who, s, cycle)
            assert found[0].advisory == told.advisory
            refs.add(found[0].ref)
        assert len(refs) == 1, "one thing is one alert from its beginning to its end"


def test_none_is_false(played: Played) -> None:
    for s, now in played.moments.items():
        for who, alerts in now.alerts.items():
            for alert in alerts:
                assert any(is_true(now, who, alert, encounter, s) for encounter in ENCOUNTERS), (
                    f"{who} is alerted at {s} of {alert.kind} {[actor_of(now, who, x) for x in alert.sides]}"
                )


def is_true(now: Moment, who: ParticipantId, alert: Alert, encounter: Encounter, s: int) -> bool:
    if not about(now, who, alert, encounter):
        return False
    for told in encounter.told:
        if told.who == who and any(may_be(encounter, told, alert).holds(each) for each in flown_at(s)):
            given = levels(now, who, alert, encounter)
            return given == told.levels or (alert.advisory and "reserved" in given)
    return False


@pytest.mark.parametrize("encounter", ALERTED, ids=named)
def test_each_is_cleared_before_the_cycle_ends(played: Played, encounter: Encounter) -> None:
    for told in encounter.told:
        for cycle in range(CYCLES):
            now = played.moments[(cycle + 1) * CYCLE_S - 1]
            assert not [alert for alert in now.alerts[told.who] if about(now, told.who, alert, encounter)]


# --- what is shown by it


def test_positions_are_raised_for_the_pair_and_fall_back(played: Played) -> None:
    """Neither party has the other's aircraft in its picture but while they are in conflict."""
    for who, other in ((RELIEF, "SOUTH31"), (SOUTH, "DRONE38")):
        seen = [s for s in range(CYCLE_S) if other in played.moments[s].shown[who]]
        assert 22 <= seen[0] <= 22 + SLOWEST_S
        assert 66 <= seen[-1] <= 66 + 2 * CLEAR_S
        assert seen == list(range(seen[0], seen[-1] + 1))


def test_an_identity_is_raised_while_its_aircraft_is_in_distress(played: Played) -> None:
    for s, now in played.moments.items():
        labels = {
            who: {side.label for alert in alerts for side in alert.sides if alert.kind is AlertKind.EMERGENCY}
            for who, alerts in now.alerts.items()
        }
        assert not labels[NORTH]
        if 50 + SLOWEST_S <= s % CYCLE_S < 85:
            assert labels[ANS] == labels[RELIEF] == labels[SOUTH] == {"SOUTH33"}
        assert ("SOUTH33" in now.shown[RELIEF]) == bool(labels[RELIEF])


def test_who_is_told_cells_alone_gets_no_number(played: Played) -> None:
    advisories = [
        alert
        for now in played.moments.values()
        for who in (NORTH, SOUTH)
        for alert in now.alerts[who]
        if alert.advisory
    ]
    assert advisories
    for alert in advisories:
        assert (alert.horizontal_m, alert.vertical_m, alert.closest_at, alert.enters_at) == (None,) * 4
        (other,) = (side for side in alert.sides if not side.own)
        assert (other.level, other.track, other.label, other.category) == ("reserved", None, None, None)
        assert other.reserved is not None


def test_the_numbers_are_those_of_the_truth(played: Played) -> None:
    """At the best level: closest distance and its time, when the paths are straight until then."""
    for encounter in ALERTED:
        truth = truth_of(encounter)
        if truth.closest is None or encounter.told[-1].levels != ("broadcast", "broadcast"):
            continue
        now = played.moments[35]
        (alert,) = (each for each in now.alerts[ANS] if about(now, ANS, each, encounter))
        assert alert.horizontal_m is not None
        if encounter.kind is not Kind.VERTICAL:
            assert alert.horizontal_m == pytest.approx(truth.closest.horizontal_m, abs=150.0)
            assert alert.closest_at is not None
            ahead_s = (alert.closest_at - now.at).total_seconds()
            assert 35 + ahead_s == pytest.approx(truth.closest.at_s, abs=2.0)
        assert alert.minima_horizontal_m == pytest.approx(encounter.minima.horizontal_m)


def test_named_persons_acknowledge_and_the_other_party_sees_it(played: Played) -> None:
    name = {person.id: person.name for person in PEOPLE}
    for who, actor, at_s in ((SOUTH, "SOUTH31", 28), (RELIEF, "DRONE38", 38), (ANS, "SOUTH33", 54)):
        now = played.moments[at_s + 1]
        (alert,) = (alert for alert in now.alerts[who] if actor in {side.label for side in alert.sides})
        assert alert.state is AlertState.ACKNOWLEDGED
        assert alert.acknowledged_by == name[DESKS[who]]
    now = played.moments[32]
    (alert,) = (a for a in now.alerts[RELIEF] if "DRONE38" in {side.label for side in a.sides})
    assert alert.state is AlertState.RAISED
    assert alert.other_party_acknowledged_at is not None


def test_the_four_are_told_different_things(played: Played) -> None:
    told = {
        who: frozenset(
            (alert.kind, tuple(sorted((side.level, side.own) for side in alert.sides)))
            for now in played.moments.values()
            for alert in now.alerts[who]
        )
        for who in DESKS
    }
    assert len(set(told.values())) == 4


def test_the_script_went_as_written(played: Played) -> None:
    assert [each for each in played.told if not each.expected] == []


# --- the guide


def test_the_page_and_the_terminal_have_the_same_guide() -> None:
    page = Path(__file__).resolve().parents[2] / "web" / "data" / "demo_guide.json"
    assert page.read_text(encoding="utf-8") == as_json()


def test_the_guide_says_what_there_is_to_see_when_there_is() -> None:
    by_name = {encounter.name: encounter for encounter in ENCOUNTERS}
    for hint in HINTS:
        assert 0 <= hint.at_s < hint.until_s <= CYCLE_S
        if not hint.about:
            continue
        encounter = by_name[hint.about]
        (alerted,) = truth_of(encounter).alerted
        assert alerted.start_s <= hint.at_s
        assert hint.until_s <= alerted.end_s + CLEAR_S
        told = {each.who for each in encounter.told}
        if encounter.kind is not Kind.CLAIMS:
            assert set(hint.who) <= told
    for who in DESKS:
        mine = [hint for hint in HINTS if not hint.who or who in hint.who]
        assert len(mine) >= 5


def test_actors_are_named_once() -> None:
    actors: list[Actor] = [actor for encounter in ENCOUNTERS for actor in encounter.actors]
    assert len({actor.name for actor in actors}) == len(actors)
