"""Warnings as a means of attack: who lies about aircraft, and who floods. Whoever flies is told all the same.

What a liar learns is in ``tests/property/test_ghosts.py``; here it is what it keeps from others.
``COMITY_FLOOD`` says how many aircraft a flood has (2,000; the picture takes 50,000 from one source).
"""

from __future__ import annotations

import asyncio
import math
import os
import random
from collections.abc import Coroutine
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from comity.clock import ManualClock
from comity.errors import InvalidInput
from comity.exchange.search import MOST_LISTED
from comity.exchange.warnings import Settings, Warnings
from comity.ids import ParticipantId
from comity.model import command as c
from comity.model.alert import Alert, AlertKind
from comity.model.batch import from_reports
from comity.model.intake import SourceKey
from comity.model.observation import Provenance
from comity.model.rule import Level, Levels
from tests.property.skies import BROADCAST, OWN, SENSED, Craft, moved
from tests.property.suspects import START
from tests.world import CENTRE, NORTH, SOUTH, World, world

FLOOD = int(os.environ.get("COMITY_FLOOD", "2000"))
pytestmark = pytest.mark.timeout(120 + FLOOD // 50)

Brought = tuple[ParticipantId, str, Provenance, list[Craft]]

ONE = Craft("4CA111", east_m=-12_500.0, track=90.0)
TWO = Craft("4CA222", east_m=12_500.0, track=270.0)
"""They meet in half a minute."""
REAL: list[Brought] = [(NORTH, "fleet", OWN, [ONE]), (CENTRE, "antenna", BROADCAST, [TWO])]


def run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(work)


def clock() -> ManualClock:
    return ManualClock(START)


async def fly(here: World, feeds: list[Brought], seconds: int = 4) -> None:
    for _ in range(seconds):
        now = here.clock.now()
        for who, feed, provenance, crafts in feeds:
            here.exchange.observe(who, feed, provenance, [craft.report(now, 0.4) for craft in crafts])
        await here.pass_time(1.0)


def alerts(here: World, who: ParticipantId) -> tuple[Alert, ...]:
    return here.exchange.alerts(who).alerts


def of_pair(here: World, who: ParticipantId, one: str = "4CA111", other: str = "4CA222") -> list[Alert]:
    return [a for a in alerts(here, who) if {side.track for side in a.sides} == {one, other}]


def with_cells(here: World, who: ParticipantId) -> list[Alert]:
    return [a for a in alerts(here, who) if any(side.reserved is not None for side in a.sides)]


def reasons(here: World, who: ParticipantId) -> str:
    return " | ".join(r for a in alerts(here, who) if a.kind is AlertKind.CROWD for r in a.reasons)


def invented(count: int, within_m: float, provenance: Provenance = OWN, **of: Any) -> Brought:
    drawn = random.Random(count)
    crafts = [
        Craft(
            f"{0x500000 + n:06X}",
            drawn.uniform(-within_m, within_m),
            drawn.uniform(-within_m, within_m),
            track=drawn.uniform(0.0, 360.0),
            **of,
        )
        for n in range(count)
    ]
    return SOUTH, "ghosts", provenance, crafts


# --- lies


@pytest.mark.parametrize("provenance", [OWN, SENSED, BROADCAST])
def test_whoever_says_that_anothers_aircraft_is_elsewhere_hides_it_from_nobody(
    tmp_path: Path, provenance: Provenance
) -> None:
    """North's is hidden from the centre, which flies towards it; south reports its address 50 km away."""
    elsewhere = moved(ONE, ONE.address, 50_000.0, 50_000.0)

    async def main() -> None:
        async with world(tmp_path, clock=clock()) as here:
            lies: Brought = (SOUTH, "a", provenance, [elsewhere])
            await fly(here, [(NORTH, "fleet", OWN, [ONE]), (CENTRE, "fleet", OWN, [TWO]), lies])
            assert with_cells(here, CENTRE)
            assert with_cells(here, NORTH)

    run(main())


def test_a_claim_on_anothers_address_leaves_its_owner_warned(tmp_path: Path) -> None:
    """Of what it sees as before; and of the claim, as of any other hidden aircraft beside it."""

    async def main() -> None:
        async with world(tmp_path, clock=clock()) as here:
            await fly(here, [*REAL, (CENTRE, "radar", SENSED, [ONE])])
            assert not with_cells(here, NORTH)
            claim: Brought = (SOUTH, "a", OWN, [moved(ONE, ONE.address, 500.0, 0.0)])
            await fly(here, [*REAL, (CENTRE, "radar", SENSED, [ONE]), claim])
            assert of_pair(here, NORTH)
            assert with_cells(here, NORTH)

    run(main())


def test_nobody_acknowledges_in_anothers_stead(tmp_path: Path) -> None:
    """South claims the centre's aircraft, and acknowledges the alert that it gets about it."""
    nothing = Level.NONE

    async def main() -> None:
        async with world(tmp_path, clock=clock()) as here:
            await here.release(CENTRE, NORTH, Levels(nothing, nothing, Level.IDENTITY, nothing))
            feeds: list[Brought] = [
                (NORTH, "fleet", OWN, [ONE]),
                (CENTRE, "fleet", OWN, [TWO]),
                (CENTRE, "radar", SENSED, [ONE]),
                (SOUTH, "claim", OWN, [TWO]),
            ]
            await fly(here, feeds)
            for alert in alerts(here, SOUTH):
                await here.do(SOUTH, c.AcknowledgeAlert(alert.ref))
            await fly(here, feeds, 2)
            assert any(a.acknowledged_at is not None for a in alerts(here, SOUTH))
            assert [a.other_party_acknowledged_at for a in of_pair(here, NORTH)] == [None]

    run(main())


def test_a_flood_of_claims_beside_a_hidden_aircraft_does_not_take_its_place(tmp_path: Path) -> None:
    """More claims than are listed: what somebody vouches for is listed first."""

    async def main() -> None:
        async with world(tmp_path, clock=clock()) as here:
            hidden: list[Brought] = [(CENTRE, "fleet", OWN, [TWO]), (NORTH, "radar", SENSED, [TWO])]
            theirs: list[Brought] = [(NORTH, "fleet", OWN, [ONE]), (CENTRE, "radar", SENSED, [ONE])]
            flood = invented(MOST_LISTED * 3, 20_000.0)
            third = SOUTH, "radar", SENSED, [ONE, TWO]
            await fly(here, [*theirs, *hidden, flood, third])
            for who in (NORTH, CENTRE):
                real = [a for a in with_cells(here, who) if not any(s.claimed for s in a.sides)]
                assert real, who
                assert "more pairs with aircraft shown as cells" in reasons(here, who)
                assert len(alerts(here, who)) <= 2 * MOST_LISTED + 10

    run(main())


# --- floods


@pytest.mark.parametrize(("provenance", "north_m"), [(OWN, 0.0), (BROADCAST, 60_000.0)])
@pytest.mark.parametrize("within_m", [0.0, 40_000.0], ids=["at one point", "all round"])
def test_a_flood_leaves_the_real_pair_told(
    tmp_path: Path, provenance: Provenance, north_m: float, within_m: float
) -> None:
    """Claims where the two meet; broadcast, which everybody sees, up to 20 km from there."""

    async def main() -> None:
        async with world(tmp_path, clock=clock()) as here:
            speed = 200.0 if within_m else 0.0
            who, feed, kind, crafts = invented(FLOOD, within_m, provenance, speed=speed)
            flood = who, feed, kind, [moved(craft, craft.address, 0.0, north_m) for craft in crafts]
            await fly(here, [*REAL, flood])
            (alert,) = of_pair(here, NORTH)
            assert alert.closest_at is not None
            assert here.exchange.alerts(NORTH).late_s == 0.0
            assert "one by one" in reasons(here, SOUTH)
            if provenance is BROADCAST:
                assert "one by one" in reasons(here, NORTH)
            for who in (NORTH, SOUTH, CENTRE):
                assert len(alerts(here, who)) < 4 * MOST_LISTED
            await here.pass_time(61.0)
            await fly(here, [], 8)
            assert not any(alerts(here, who) for who in (NORTH, SOUTH, CENTRE))
            assert _kept(here.exchange.warnings) == (0, 0)

    run(main())


def test_broadcast_by_the_thousand_where_they_meet_is_counted_and_ones_own_comes_first(
    tmp_path: Path,
) -> None:
    """Nobody can tell it from aircraft that are there: all that is not listed is told as a number."""

    async def main() -> None:
        async with world(tmp_path, clock=clock()) as here:
            await fly(here, [*REAL, invented(MOST_LISTED * 3, 9_000.0, BROADCAST, speed=0.0)])
            own = [a for a in alerts(here, NORTH) if any(side.own for side in a.sides)]
            assert len(own) >= MOST_LISTED - 10
            assert "more pairs" in reasons(here, NORTH)

    run(main())


def test_a_sweep_that_takes_too_long_says_how_late_it_is_and_tells_all_afterwards(tmp_path: Path) -> None:
    """A tick does not wait for it: the stream goes on, with the alerts of the last sweep and their age."""

    async def main() -> None:
        async with world(tmp_path, clock=clock()) as here:
            await fly(here, REAL)
            assert of_pair(here, NORTH)
            here.exchange.warnings._settings = Settings(wait_s=0.0)
            await fly(here, [*REAL, invented(FLOOD, 40_000.0)], 1)
            late = []
            for _ in range(3):
                late.append(here.exchange.alerts(NORTH).late_s)
                await fly(here, REAL, 1)
                assert of_pair(here, NORTH)
            assert max(late) >= 1.0
            here.exchange.warnings._settings = Settings(wait_s=60.0)
            await fly(here, REAL, 1)
            await fly(here, REAL, 1)
            assert here.exchange.alerts(NORTH).late_s == 0.0

    run(main())


def test_a_flood_in_distress_is_counted_and_ones_own_comes_first(tmp_path: Path) -> None:
    async def main() -> None:
        async with world(tmp_path, clock=clock()) as here:
            flood = invented(MOST_LISTED * 2, 900_000.0, BROADCAST, squawk="7700")
            own = replace(ONE, address="F00001", squawk="7700")
            await fly(here, [flood, (NORTH, "fleet", OWN, [own])])
            told = [a for a in alerts(here, NORTH) if a.kind is AlertKind.EMERGENCY]
            assert any(side.own for a in told for side in a.sides)
            assert len(told) <= MOST_LISTED
            assert "more aircraft in distress" in reasons(here, NORTH)

    run(main())


def test_a_hundred_thousand_reports_at_one_point_are_one_crowd_at_most(tmp_path: Path) -> None:
    """Of one address they are one aircraft, of as many addresses as a source may have a crowd."""

    async def main() -> None:
        async with world(tmp_path, clock=clock()) as here:
            report = moved(ONE, "500000", 60_000.0, 0.0).report(here.clock.now(), 0.4)
            batch = from_reports([report] * 1_000)
            for _ in range(100):
                here.exchange.picture.ingest(
                    SourceKey(SOUTH, "one", OWN), batch, received_at=here.clock.now()
                )
            await fly(here, REAL)
            assert of_pair(here, NORTH)
            assert len(here.exchange.tracks(SOUTH).ids()) <= 2

    run(main())


# --- bad numbers, and clocks


@pytest.mark.parametrize("name", ["lat", "ground_speed_mps", "track_deg", "vertical_rate_mps", "accuracy_m"])
@pytest.mark.parametrize("value", [math.nan, math.inf, -math.inf, 1e300])
def test_numbers_that_are_none_neither_come_in_nor_hide_anybody(
    tmp_path: Path, name: str, value: float
) -> None:
    report = Craft("500000").report(START, 0.4)
    if not math.isfinite(value):
        with pytest.raises(InvalidInput):
            msgspec.structs.replace(report, **{name: value})

    async def main() -> None:
        async with world(tmp_path, clock=clock()) as here:
            for _ in range(3):
                now = here.clock.now()
                crafts = [moved(TWO, f"50000{n}", 0.0, 100.0 * n) for n in range(4)]
                batch = from_reports([craft.report(now, 0.4) for craft in crafts])
                getattr(batch, name)[:] = np.array([value, value, -value, value])
                here.exchange.picture.ingest(SourceKey(SOUTH, "bad", OWN), batch, received_at=now)
                await fly(here, REAL, 1)
            assert of_pair(here, NORTH)
            assert here.exchange.healthy()

    run(main())


def test_absurd_speeds_meet_nobody_who_is_not_there(tmp_path: Path) -> None:
    """The fastest that is believed; faster is refused and counted. North is told of cells at most."""

    async def main() -> None:
        async with world(tmp_path, clock=clock()) as here:
            fast = invented(100, 200_000.0, OWN, speed=1_029.0)
            faster: Brought = (SOUTH, "faster", OWN, [Craft("600000", speed=4_000.0)])
            await fly(here, [*REAL, fast, faster])
            assert of_pair(here, NORTH)
            assert "impossible_speed" in str(here.exchange.feed_counters(SOUTH))
            assert all(a.advisory for a in with_cells(here, NORTH))

    run(main())


@pytest.mark.parametrize("hours", [-1.0, 1.0])
def test_a_clock_an_hour_off_at_one_source_loses_that_source_and_says_so(
    tmp_path: Path, hours: float
) -> None:
    async def main() -> None:
        async with world(tmp_path, clock=clock()) as here:
            for _ in range(4):
                now = here.clock.now()
                wrong = [craft.report(now + timedelta(hours=hours), 0.4) for craft in (ONE, TWO)]
                here.exchange.observe(SOUTH, "wrong", BROADCAST, wrong)
                await fly(here, REAL, 1)
            assert of_pair(here, NORTH)
            counted = str(here.exchange.feed_counters(SOUTH))
            assert ("too_old" if hours < 0.0 else "from_the_future") in counted

    run(main())


def test_levels_are_not_raised_by_a_flood_past_the_budget(tmp_path: Path) -> None:
    """Two that conspire: one invents by the hundred, the other confirms. Twenty in ten minutes, no more."""
    nothing = Level.NONE
    theirs = [moved(ONE, f"4CA{n:03X}", 300.0 * n, 0.0) for n in range(60)]
    ghosts = [moved(TWO, f"4D0{n:03X}", -300.0 * n, 0.0) for n in range(60)]

    async def main() -> None:
        async with world(tmp_path, clock=clock()) as here:
            level = Level.POSITION
            await here.release(
                NORTH, SOUTH, Levels(nothing, nothing, nothing, nothing, level, level, nothing)
            )
            feeds: list[Brought] = [
                (NORTH, "fleet", OWN, theirs),
                (SOUTH, "ghosts", OWN, ghosts),
                (CENTRE, "radar", SENSED, [*theirs, *ghosts]),
            ]
            seen = set()
            for _ in range(8):
                await fly(here, feeds, 1)
                frame = here.exchange.tracks_out.frame(SOUTH, here.clock.now())
                seen |= {view.id for view in frame.views() if view.level == "position"}
            assert len(seen) == 20
            for who in (NORTH, SOUTH, CENTRE):
                assert any(a.kind is AlertKind.RAISES for a in alerts(here, who)), who

    run(main())


def _kept(warnings: Warnings) -> tuple[int, int]:
    """What is still remembered of aircraft: anchors, and lives of alerts."""
    anchors = sum(len(source.rows) for source in warnings._anchors._sources.values())
    return anchors, sum(len(desk._lives) for desk in warnings._desks.values())
