"""Warnings through the exchange: who is told what of whom, levels that rise and fall back, and the record."""

from __future__ import annotations

import asyncio
import functools
import math
from collections.abc import Callable, Coroutine
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

from comity.errors import NotFound, WrongState
from comity.ids import ParticipantId
from comity.model import command as c
from comity.model.alert import Alert, AlertKind, AlertLevel, AlertState
from comity.model.altitude import Altitude, Datum
from comity.model.intent import AircraftCategory
from comity.model.observation import Provenance, Report
from comity.model.rule import NOTHING, Level, Levels, ReleaseRule, ToParticipant
from tests.world import CENTRE, NORTH, SOUTH, World, world

OWN, BROADCAST, SENSED = Provenance.OWN, Provenance.BROADCAST, Provenance.SENSED
LAT, LON = 47.0, 11.0
NM = 1_852.0
DEGREE_M = 111_200.0


def played(test: Callable[..., Coroutine[Any, Any, None]]) -> Callable[..., None]:
    """A test on an event loop of its own."""

    @functools.wraps(test)
    def run(*args: Any, **kwargs: Any) -> None:
        asyncio.run(test(*args, **kwargs))

    return run


class Aircraft:
    """Flies straight; ``east_m`` and ``north_m`` from the place, at second 0 of the test."""

    def __init__(
        self,
        address: str,
        *,
        east_m: float = 0.0,
        north_m: float = 0.0,
        speed: float = 0.0,
        track: float = 0.0,
        height_m: float = 3_000.0,
        category: AircraftCategory | None = None,
        squawk: str | None = None,
        on_ground: bool = False,
    ) -> None:
        self.address, self.east_m, self.north_m = address, east_m, north_m
        self.speed, self.track, self.height_m = speed, track, height_m
        self.category, self.squawk, self.on_ground = category, squawk, on_ground

    def report(self, here: World, t: float) -> Report:
        east = self.east_m + self.speed * t * math.sin(math.radians(self.track))
        north = self.north_m + self.speed * t * math.cos(math.radians(self.track))
        return Report(
            address=self.address,
            observed_at=here.clock.now(),
            lat=LAT + north / DEGREE_M,
            lon=LON + east / (DEGREE_M * math.cos(math.radians(LAT))),
            altitude=Altitude(self.height_m, Datum.PRESSURE),
            ground_speed_mps=self.speed,
            track_deg=self.track,
            vertical_rate_mps=0.0,
            accuracy_m=20.0,
            category=self.category,
            squawk=self.squawk,
            on_ground=self.on_ground,
        )


Said = tuple[ParticipantId, Provenance, Aircraft]


async def fly(
    here: World, said: list[Said], seconds: int, each: Callable[[int], None] = lambda t: None
) -> None:
    """Everybody reports once a second, and the exchange ticks."""
    began = getattr(here, "flown_s", 0)
    for t in range(began, began + seconds):
        here.clock.advance(1.0)
        for who, provenance, aircraft in said:
            here.exchange.observe(who, "feed", provenance, [aircraft.report(here, t)])
        await here.exchange.tick()
        each(t)
    here.flown_s = began + seconds  # type: ignore[attr-defined]  # the test's own clock


def alerts(here: World, who: ParticipantId) -> tuple[Alert, ...]:
    return here.exchange.alerts(who).alerts


def head_on() -> tuple[Aircraft, Aircraft]:
    """25 km apart at 200 m/s each: 5 NM in 39 s."""
    return (
        Aircraft("4CA111", east_m=-12_500, speed=200, track=90),
        Aircraft("4CA222", east_m=12_500, speed=200, track=270),
    )


def distress(level: Level) -> Levels:
    none = Level.NONE
    return Levels(none, none, none, none, own_track_in_emergency=level)


def raising(level: Level) -> Levels:
    return Levels(
        Level.NONE,
        Level.NONE,
        Level.NONE,
        Level.NONE,
        own_track_in_conflict=level,
        sensed_track_in_conflict=level,
    )


@played
async def test_two_that_everybody_sees_are_told_to_everybody_with_time_and_distance(tmp_path: Path) -> None:
    one, two = head_on()
    async with world(tmp_path) as here:
        await fly(here, [(CENTRE, BROADCAST, one), (CENTRE, BROADCAST, two)], 3)
        for who in (CENTRE, NORTH, SOUTH):
            (alert,) = alerts(here, who)
            assert alert.kind is AlertKind.CONFLICT
            assert {side.track for side in alert.sides} == {"4CA111", "4CA222"}
            assert alert.horizontal_m is not None
            assert alert.horizontal_m < 50.0
            assert alert.vertical_m == 0.0
            assert alert.closest_at is not None
            assert abs((alert.closest_at - here.clock.now()).total_seconds() - 60.0) < 3.0
            assert not alert.advisory


@played
async def test_hidden_from_each_other_and_vouched_for_by_nobody_both_get_cells_at_the_same_tick(
    tmp_path: Path,
) -> None:
    one, two = head_on()
    async with world(tmp_path) as here:
        first: dict[ParticipantId, int] = {}

        def note(t: int) -> None:
            for who in (NORTH, SOUTH):
                if alerts(here, who):
                    first.setdefault(who, t)

        await fly(here, [(NORTH, OWN, one), (SOUTH, OWN, two)], 5, note)
        assert first[NORTH] == first[SOUTH]
        (alert,) = alerts(here, SOUTH)
        assert alert.advisory
        assert alert.level is AlertLevel.PREVENTIVE
        own, other = alert.sides
        assert own.own
        assert own.track == "4CA222"
        assert own.claimed
        assert other.level == "reserved"
        assert other.track is None
        assert other.reserved is not None
        assert (alert.closest_at, alert.horizontal_m, alert.enters_at) == (None, None, None)
        assert here.exchange.tracks(SOUTH).ids() == ["4CA222"]
        assert alerts(here, CENTRE) == ()


@played
async def test_position_rises_for_a_corroborated_pair_by_the_owners_rule_and_falls_back(
    tmp_path: Path,
) -> None:
    one, two = head_on()
    async with world(tmp_path) as here:
        await here.release(NORTH, SOUTH, raising(Level.POSITION))
        said: list[Said] = [
            (NORTH, OWN, one),
            (SOUTH, OWN, two),
            (CENTRE, SENSED, one),
            (CENTRE, SENSED, two),
        ]
        await fly(here, said, 4)
        (alert,) = alerts(here, SOUTH)
        other = next(side for side in alert.sides if not side.own)
        assert other.level == "position"
        assert other.label is None
        assert other.reserved is None
        assert alert.closest_at is not None
        assert not alert.advisory
        raised = next(
            view
            for view in here.exchange.tracks_out.frame(SOUTH, here.clock.now()).views()
            if view.id == other.track
        )
        assert raised.level == "position"
        assert raised.callsign is None
        assert raised.accuracy_m >= 463.0
        two.east_m += 400_000.0
        await fly(here, [(NORTH, OWN, one)], 70)
        assert alerts(here, SOUTH) == ()
        assert other.track not in here.exchange.tracks(SOUTH).ids()
        kinds = [entry.header.kind for entry in here.exchange.ledger.entries(0, here.exchange.ledger.size)]
        assert kinds.count("level.raised") == 2


@played
async def test_without_a_rule_a_corroborated_pair_gets_cells(tmp_path: Path) -> None:
    one, two = head_on()
    async with world(tmp_path) as here:
        await fly(here, [(NORTH, OWN, one), (SOUTH, OWN, two), (CENTRE, SENSED, two)], 4)
        (alert,) = alerts(here, SOUTH)
        assert alert.advisory
        assert not next(side for side in alert.sides if side.own).claimed
        assert here.exchange.tracks(SOUTH).ids() == ["4CA222"]


@played
async def test_a_budget_bounds_raises_and_its_end_is_told_to_both_and_the_centre(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        await here.release(NORTH, SOUTH, raising(Level.POSITION))
        hidden = Aircraft("4CA000", height_m=3_000.0)
        swarm = [Aircraft(f"4CB{n:03X}", east_m=300.0 * n) for n in range(1, 26)]
        said: list[Said] = [(NORTH, OWN, hidden), (CENTRE, SENSED, hidden)]
        for each in swarm:
            said += [(SOUTH, OWN, each), (CENTRE, SENSED, each)]
        await fly(here, said, 5)
        raised = [
            view
            for view in here.exchange.tracks_out.frame(SOUTH, here.clock.now()).views()
            if view.level == "position"
        ]
        assert len(raised) == 1
        # One aircraft of north's is raised once however many of south's it is near.
        more = [Aircraft(f"4CC{n:03X}", north_m=-300.0 * n) for n in range(1, 31)]
        said += [(who, kind, each) for each in more for who, kind in ((NORTH, OWN), (CENTRE, SENSED))]
        await fly(here, said, 6)
        raised = [
            view
            for view in here.exchange.tracks_out.frame(SOUTH, here.clock.now()).views()
            if view.level == "position"
        ]
        assert len(raised) == 20
        for who in (NORTH, SOUTH, CENTRE):
            assert any(alert.kind is AlertKind.RAISES for alert in alerts(here, who)), who


@played
async def test_an_emergency_raises_to_identity_by_the_owners_rule(tmp_path: Path) -> None:
    calm = Aircraft("4CA111")
    async with world(tmp_path) as here:
        levels = distress(Level.IDENTITY)
        await here.release(NORTH, SOUTH, levels)
        await fly(here, [(NORTH, OWN, calm)], 3)
        assert here.exchange.tracks(SOUTH).ids() == []
        calm.squawk = "7700"
        await fly(here, [(NORTH, OWN, calm)], 4)
        (alert,) = alerts(here, SOUTH)
        assert alert.kind is AlertKind.EMERGENCY
        (view,) = here.exchange.tracks_out.frame(SOUTH, here.clock.now()).views()
        assert (view.level, view.squawk, view.id) == ("identity", "7700", alert.sides[0].track)
        calm.squawk = "1000"
        await fly(here, [(NORTH, OWN, calm)], 12)
        assert alerts(here, SOUTH) == ()
        assert here.exchange.tracks(SOUTH).ids() == []


@played
async def test_an_acknowledgement_has_a_name_is_told_to_the_other_party_and_is_made_once(
    tmp_path: Path,
) -> None:
    one, two = head_on()
    async with world(tmp_path) as here:
        for owner, other in ((NORTH, SOUTH), (SOUTH, NORTH)):
            await here.release(owner, other, raising(Level.POSITION))
        said: list[Said] = [
            (NORTH, OWN, one),
            (SOUTH, OWN, two),
            (CENTRE, SENSED, one),
            (CENTRE, SENSED, two),
        ]
        await fly(here, said, 4)
        (mine,) = alerts(here, SOUTH)
        with pytest.raises(NotFound):
            await here.do(NORTH, c.AcknowledgeAlert(mine.ref))
        outcome = await here.do(SOUTH, c.AcknowledgeAlert(mine.ref))
        assert isinstance(outcome.result, Alert)
        assert outcome.result.acknowledged_by == "The desk"
        assert alerts(here, SOUTH)[0].state is AlertState.ACKNOWLEDGED
        with pytest.raises(WrongState):
            await here.do(SOUTH, c.AcknowledgeAlert(mine.ref))
        await fly(here, said, 2)
        assert alerts(here, NORTH)[0].other_party_acknowledged_at is not None
        assert alerts(here, SOUTH)[0].ref == mine.ref


@played
async def test_after_a_restart_an_alert_keeps_its_ref_and_its_acknowledgement(tmp_path: Path) -> None:
    one, two = head_on()
    said: list[Said] = [(CENTRE, BROADCAST, one), (SOUTH, OWN, two), (CENTRE, SENSED, two)]
    async with world(tmp_path) as here:
        await fly(here, said, 4)
        (before,) = alerts(here, SOUTH)
        await here.do(SOUTH, c.AcknowledgeAlert(before.ref))
        clock, flown = here.clock, here.flown_s  # type: ignore[attr-defined]
    async with world(tmp_path, clock=clock) as here:
        here.flown_s = flown  # type: ignore[attr-defined]
        await fly(here, said, 4)
        (after,) = alerts(here, SOUTH)
        assert (after.ref, after.state, after.raised_at) == (
            before.ref,
            AlertState.ACKNOWLEDGED,
            before.raised_at,
        )


@played
async def test_one_aircraft_known_by_three_sources_is_no_conflict_with_itself(tmp_path: Path) -> None:
    one = Aircraft("4CA111", speed=100, track=45)
    plot = Aircraft("~17", speed=100, track=45, east_m=60.0)
    async with world(tmp_path) as here:
        await here.release(CENTRE, SOUTH, Levels(Level.NONE, Level.NONE, Level.NONE, Level.POSITION))
        said: list[Said] = [
            (SOUTH, OWN, one),
            (CENTRE, BROADCAST, one),
            (CENTRE, SENSED, one),
            (CENTRE, SENSED, plot),
        ]
        await fly(here, said, 4)
        for who in (CENTRE, NORTH, SOUTH):
            assert alerts(here, who) == (), who


@played
async def test_helicopter_and_drone_of_one_participant_are_told_to_it(tmp_path: Path) -> None:
    helicopter = Aircraft("4CA111", east_m=-2_000, speed=50, track=90, category=AircraftCategory.ROTORCRAFT)
    drone = Aircraft("~d1", category=AircraftCategory.UNCREWED)
    async with world(tmp_path) as here:
        await fly(here, [(NORTH, OWN, helicopter), (NORTH, OWN, drone)], 4)
        (alert,) = alerts(here, NORTH)
        assert all(side.own for side in alert.sides)
        assert {side.category for side in alert.sides} == {
            AircraftCategory.ROTORCRAFT,
            AircraftCategory.UNCREWED,
        }
        assert alerts(here, SOUTH) == ()


@pytest.mark.parametrize("ghosts", [1_000])
@played
async def test_a_thousand_ghosts_locate_nobody_finer_than_cells(tmp_path: Path, ghosts: int) -> None:
    """Whatever south invents, it is told the same of two places of north's aircraft with one level-0 form."""
    told: list[list[bytes]] = []
    for name, north_m in (("one", 0.0), ("two", 700.0)):
        hidden = Aircraft("4CA000", north_m=north_m, east_m=-north_m)
        swept: list[bytes] = []
        async with world(tmp_path / name) as here:
            await here.release(NORTH, SOUTH, raising(Level.POSITION))
            for t in range(8):
                here.clock.advance(1.0)
                here.exchange.observe(NORTH, "feed", OWN, [hidden.report(here, t)])
                made = [
                    Aircraft(
                        f"4D{n:04X}",
                        east_m=(n % 32 - 16) * 1_500.0 + 100.0 * t,
                        north_m=(n // 32 - 16) * 1_500.0,
                        height_m=3_000.0 + 10.0 * (n % 3),
                    ).report(here, t)
                    for n in range(ghosts)
                ]
                here.exchange.observe(SOUTH, "ghosts", OWN, made)
                here.exchange.observe(SOUTH, "heard", BROADCAST, made)
                await here.exchange.tick()
                swept.append(here.exchange.alerts(SOUTH).json + here.exchange.tracks(SOUTH).json)
                assert any(alert.sides for alert in alerts(here, NORTH)) or t < 3
            assert any(alert.advisory for alert in alerts(here, SOUTH))
        told.append(swept)
    assert told[0] == told[1]


def test_levels_without_a_statement_give_cells() -> None:
    assert NOTHING.own_track_in_conflict is Level.RESERVED
    assert NOTHING.own_track_in_emergency is Level.NONE


@played
async def test_withdrawing_the_rule_ends_the_raise(tmp_path: Path) -> None:
    one, two = head_on()
    async with world(tmp_path) as here:
        done = await here.do(NORTH, c.SetRule(ToParticipant(SOUTH), raising(Level.POSITION)))
        said: list[Said] = [
            (NORTH, OWN, one),
            (SOUTH, OWN, two),
            (CENTRE, SENSED, one),
            (CENTRE, SENSED, two),
        ]
        await fly(here, said, 4)
        assert len(here.exchange.tracks(SOUTH).ids()) == 2
        rule = done.result
        assert isinstance(rule, ReleaseRule)
        await here.do(NORTH, c.WithdrawRule(rule.id, rule.ovn))
        assert here.exchange.tracks(SOUTH).ids() == ["4CA222"]
        await fly(here, said, 1)
        assert alerts(here, SOUTH)[0].advisory


@played
async def test_the_account_tells_of_a_raise_while_it_lasts_and_later_for_its_time(
    tmp_path: Path,
) -> None:
    one, two = head_on()
    said: list[Said] = [(NORTH, OWN, one), (SOUTH, OWN, two), (CENTRE, SENSED, one), (CENTRE, SENSED, two)]
    async with world(tmp_path) as here:
        await here.release(NORTH, SOUTH, raising(Level.POSITION))
        await fly(here, said, 4)
        during = here.clock.now()

        async def raised(at: datetime | None = None) -> list[tuple[str, str | None, str]]:
            seen = await here.exchange.what_others_see(NORTH, at, SOUTH)
            return [
                (each.recipient, each.ref, each.level) for each in seen if each.reason.startswith("raised")
            ]

        assert await raised() == [(SOUTH, "4CA111", "position")]
        clock = here.clock
    async with world(tmp_path, clock=clock) as here:
        await fly(here, [], 20)
        assert await raised() == [], "the restart ended it, and that is on the record"
        assert await raised(during) == [(SOUTH, "4CA111", "position")]


@played
async def test_a_hidden_aircraft_on_the_ground_is_in_nobodys_way_until_it_flies(tmp_path: Path) -> None:
    flying, parked = Aircraft("4CA111", height_m=600.0), Aircraft("4CA222", height_m=400.0, on_ground=True)
    async with world(tmp_path) as here:
        said: list[Said] = [(NORTH, OWN, flying), (SOUTH, OWN, parked)]
        await fly(here, said, 4)
        assert alerts(here, NORTH) == ()
        parked.on_ground = False
        await fly(here, said, 4)
        assert alerts(here, NORTH)[0].advisory
