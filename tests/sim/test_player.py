"""The demonstration on a real exchange: the cast settles once, the script is followed, pictures differ."""

from __future__ import annotations

import threading
import time
from datetime import timedelta
from pathlib import Path

import pytest

from comity.client import Client
from comity.clock import SystemClock, seconds
from comity.ids import ParticipantId
from comity.model.rule import Level
from comity.sim import script
from comity.sim.cast import ANS, CHARTER, NORTH, PARTICIPANTS, PEOPLE, RELIEF, RULES, SOUTH
from comity.sim.encounters import CYCLE_S
from comity.sim.own import own_reports, radar_plots
from tests.running import Running, cast


def test_the_cast_is_settled(running: Running) -> None:
    centre = running.clients[ANS]
    assert {p.id for p in centre.participants()} == {p.id for p in PARTICIPANTS}
    assert centre.charter() == CHARTER
    for owner, client in running.clients.items():
        assert {p.id for p in client.people()} == {p.id for p in PEOPLE if p.participant == owner}
        assert len(client.rules()) == sum(rule.owner == owner for rule in RULES)


def test_every_level_occurs() -> None:
    given = {CHARTER.floor.intent, CHARTER.floor.constraint, CHARTER.floor.own_track}
    for rule in RULES:
        levels = rule.levels
        given |= {levels.intent, levels.constraint, levels.own_track, levels.sensed_track}
    assert given == set(Level)


def test_settling_again_changes_nothing(running: Running) -> None:
    before = {owner: (client.rules(), client.constraints()) for owner, client in running.clients.items()}
    running.player.settle()
    after = {owner: (client.rules(), client.constraints()) for owner, client in running.clients.items()}
    assert after == before


def test_the_script_goes_as_written_and_pictures_differ(tmp_path: Path) -> None:
    """The whole cycle, without its pauses: every act is done, or refused as the script says. Alerts take
    their time; they are acknowledged in ``tests/cli/test_encounters_truth``."""
    with cast(tmp_path / "exchange") as running:
        running.told.clear()
        cycle = SystemClock().now() + timedelta(seconds=1)
        seen: dict[ParticipantId, set[tuple[str, str]]] = {}
        for step in script.STEPS:
            if isinstance(step.act, script.Acknowledge):
                continue
            running.player.play(step, cycle)
            if step.at_s == 66:
                seen = {owner: forms(client) for owner, client in running.clients.items()}
        assert [h for h in running.told if not h.expected] == []
        refused = [h.code for h in running.told if h.code]
        assert refused == [step.refused for step in script.STEPS if step.refused]
    assert len({frozenset(each) for each in seen.values()}) == 4
    assert ("intent", "reserved") in seen[NORTH]
    assert ("intent", "reserved") in seen[SOUTH]
    assert ("intent", "reserved") not in seen[ANS]
    assert ("constraint", "volume") in seen[RELIEF]


def forms(client: Client) -> set[tuple[str, str]]:
    """Kind and level of everything, and how many there are of each, as one may compare between readers."""
    found = [(item.kind.value, item.level) for item in client.airspace().items]
    return set(found) | {(f"{kind} {level}", str(found.count((kind, level)))) for kind, level in found}


def test_reports_are_taken_and_each_sees_what_it_may(running: Running) -> None:
    t = int(seconds(SystemClock().now()))
    running.player.feed_once(t - 1)
    running.player.feed_once(t)
    deadline_s = time.monotonic() + 10
    while len(running.clients[ANS].picture().tracks) < 200 and time.monotonic() < deadline_s:
        time.sleep(0.1)
    levels = {
        owner: {(track.source, track.level) for track in client.picture().tracks}
        for owner, client in running.clients.items()
    }
    assert all(("broadcast", "broadcast") in each for each in levels.values())
    assert levels[ANS] >= {("own", "identity"), ("own", "position"), ("sensed", "own")}
    assert ("sensed", "position") in levels[RELIEF]
    assert ("own", "identity") not in levels[SOUTH]
    north_to_south = running.clients[SOUTH].picture().tracks
    assert not any((track.callsign or "").startswith("NORTH") for track in north_to_south)
    assert len(own_reports(1, t, NORTH)) + len(radar_plots(1, t, ANS)) == 4


def test_it_plays_for_a_while_and_goes_on_after_a_restart(tmp_path: Path) -> None:
    place = tmp_path / "exchange"
    with cast(place) as running:
        running.player.run(threading.Event(), 2.5)
        assert running.player.reports > 500
        mine = {owner: client.airspace().items for owner, client in running.clients.items()}
    with cast(place, settle=False) as again:
        for owner, client in again.clients.items():
            assert {item.ref for item in client.airspace().items if item.level == "own"} == {
                item.ref for item in mine[owner] if item.level == "own"
            }
        kept = again.player.settle()
        assert kept >= 4
        assert not any(h.says.startswith("publishes") for h in again.told)


def test_it_stops_when_told(running: Running) -> None:
    stop = threading.Event()
    thread = threading.Thread(target=running.player.run, args=(stop,))
    thread.start()
    stop.set()
    thread.join(10)
    assert not thread.is_alive()


@pytest.mark.parametrize("step", script.STEPS, ids=lambda step: f"{step.at_s:g}s")
def test_steps_are_in_order_and_within_a_cycle(step: script.Step) -> None:
    assert 0 <= step.at_s < CYCLE_S
    at = script.STEPS.index(step)
    assert at == 0 or script.STEPS[at - 1].at_s < step.at_s
