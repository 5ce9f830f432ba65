"""Warnings about volumes through the exchange: who enters what, and who is told of it."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

from comity.model import command as c
from comity.model.alert import AlertKind, AlertLevel, Phase
from comity.model.altitude import Altitude, Datum
from comity.model.constraint import ConstraintKind
from comity.model.intent import AircraftCategory, IntentState
from comity.model.released import ReleasedItem
from comity.model.rule import Level, Levels
from comity.model.shape import Circle, LatLon
from comity.model.volume import Volume4D
from tests.exchange.test_warnings import BROADCAST, LAT, LON, OWN, Aircraft, alerts, distress, fly, played
from tests.world import CENTRE, NORTH, SOUTH, START, World, world

SHARED = Levels(Level.VOLUME, Level.VOLUME, Level.NONE, Level.NONE)


def around(*, radius_m: float = 5_000.0, start_s: float = -60.0, end_s: float = 3_000.0) -> Volume4D:
    return Volume4D(
        outline=Circle(LatLon(lat=LAT, lon=LON), radius_m),
        lower=Altitude(0.0, Datum.PRESSURE),
        upper=Altitude(6_000.0, Datum.PRESSURE),
        start=START + timedelta(seconds=start_s),
        end=START + timedelta(seconds=end_s),
    )


async def close(here: World, who: object) -> ReleasedItem:
    done = await here.do(who, c.PublishConstraint(ConstraintKind.CLOSED, "RANGE 1", (around(),)))  # type: ignore[arg-type]
    assert isinstance(done.result, ReleasedItem)
    return done.result


def inbound(address: str = "4CA111", **more: object) -> Aircraft:
    """5 NM out at 100 m/s: 5 km from the middle in 50 s."""
    return Aircraft(address, east_m=-10_000.0, speed=100.0, track=90.0, **more)  # type: ignore[arg-type]


@played
async def test_a_closed_area_about_to_be_entered_is_told_to_its_owner_the_pilot_and_the_centre(
    tmp_path: Path,
) -> None:
    async with world(tmp_path, floor=SHARED) as here:
        await close(here, NORTH)
        await fly(here, [(SOUTH, OWN, inbound()), (CENTRE, BROADCAST, inbound())], 4)
        for who in (CENTRE, NORTH, SOUTH):
            (alert,) = alerts(here, who)
            assert alert.kind is AlertKind.INCURSION
            assert (alert.phase, alert.level) == (Phase.PREDICTED, AlertLevel.CORRECTIVE)
            assert alert.enters_at is not None
            assert abs((alert.enters_at - here.clock.now()).total_seconds() - 46.0) < 3.0
            assert alert.item in {item.ref for item in here.exchange.airspace(who)}
            assert alert.item_label == "RANGE 1"
        await fly(here, [(SOUTH, OWN, inbound()), (CENTRE, BROADCAST, inbound())], 60)
        assert {
            (alerts(here, who)[0].phase, alerts(here, who)[0].level) for who in (CENTRE, NORTH, SOUTH)
        } == {(Phase.NOW, AlertLevel.WARNING)}


@played
async def test_a_hidden_aircraft_in_ones_closed_area_is_told_as_cells(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        await close(here, NORTH)
        await fly(here, [(SOUTH, OWN, inbound())], 4)
        (alert,) = alerts(here, NORTH)
        assert alert.kind is AlertKind.INCURSION
        assert alert.advisory
        assert alert.sides[0].reserved is not None
        assert alert.enters_at is None
        assert alerts(here, SOUTH) == (), "the area is not released to it"
        assert here.exchange.tracks(NORTH).ids() == []


@played
async def test_an_intents_own_aircraft_is_expected_and_anothers_is_told(tmp_path: Path) -> None:
    async with world(tmp_path, floor=SHARED) as here:
        await here.do(NORTH, c.FileIntent((around(start_s=1.0),), AircraftCategory.ROTORCRAFT, crewed=True))
        mine = Aircraft("4CA222", height_m=1_000.0)
        await fly(here, [(NORTH, OWN, mine)], 4)
        assert alerts(here, NORTH) == ()
        other = inbound(height_m=5_000.0)
        await fly(here, [(NORTH, OWN, mine), (SOUTH, OWN, other), (CENTRE, BROADCAST, other)], 60)
        for who in (NORTH, SOUTH):
            assert AlertKind.INCURSION in {alert.kind for alert in alerts(here, who)}, who
        assert not [alert for alert in alerts(here, CENTRE) if alert.kind is AlertKind.INCURSION]


@played
async def test_a_contingent_intent_raises_its_owners_aircraft_within_it(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        await here.release(NORTH, SOUTH, distress(Level.IDENTITY))
        done = await here.do(
            NORTH, c.FileIntent((around(start_s=1.0),), AircraftCategory.ROTORCRAFT, crewed=True)
        )
        intent = done.result
        assert isinstance(intent, ReleasedItem)
        mine = Aircraft("4CA222", height_m=1_000.0)
        await fly(here, [(NORTH, OWN, mine)], 4)
        assert here.exchange.tracks(SOUTH).ids() == []
        assert intent.ovn is not None
        await here.do(
            NORTH,
            c.ChangeIntent(intent.ref, intent.ovn, state=IntentState.CONTINGENT),  # type: ignore[arg-type]
        )
        await fly(here, [(NORTH, OWN, mine)], 4)
        (view,) = here.exchange.tracks_out.frame(SOUTH, here.clock.now()).views()
        assert view.level == "identity"
        assert alerts(here, SOUTH)[0].reasons == ("its intent is Contingent",)
