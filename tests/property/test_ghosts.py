"""Law 4: whoever invents aircraft beside another's learns no more than its level-0 form, and is seen at it.

A thousand inventions in every way there is to place and to confirm them, beside an aircraft that stands
elsewhere in two worlds within one form: whatever their inventor is told is the same, bytes for bytes. The
other is told of the claim at the same tick. And law 1 for warnings: two that come too close are told, each
to its own, whatever is hidden and whoever confirms what.
"""

from __future__ import annotations

import asyncio
import itertools
import math
import random
from collections.abc import Coroutine
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from comity.clock import ManualClock
from comity.ids import ParticipantId
from comity.model.alert import Alert, AlertKind
from comity.model.intent import AircraftCategory
from comity.model.observation import Provenance, Report
from comity.model.rule import Level, Levels
from tests.property.pair import TEMPLATES
from tests.property.sizes import TIMEOUT_S, examples
from tests.property.skies import BROADCAST, LATE_S, OWN, SENSED, Craft, moved
from tests.property.suspects import START
from tests.world import CENTRE, NORTH, SOUTH, World, world

pytestmark = pytest.mark.timeout(TIMEOUT_S)

Brought = tuple[ParticipantId, str, Provenance, list[Craft]]

HIDDEN = Craft("4CA111", callsign="NORTH1")
PLOT = Craft("~7", east_m=-900.0, north_m=1_200.0)
AIRLINER = Craft("4B1234", east_m=9_000.0, north_m=-4_000.0)
READ = ("alerts", "tracks", "what others see", "own log", "feeds")
QUIET = (HealthCheck.too_slow, HealthCheck.data_too_large)
GENERATE = (Phase.explicit, Phase.reuse, Phase.generate)
"""Shrinking would play two worlds of a thousand aircraft again and again."""


def run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(work)


def raising(level: Level) -> Levels:
    nothing = Level.NONE
    return Levels(nothing, nothing, nothing, nothing, level, level, Level.NONE)


async def fly(here: World, feeds: list[Brought]) -> None:
    """One second of everybody's reports. North's first are ``LATE_S`` old."""
    now = here.clock.now()
    for who, feed, provenance, crafts in feeds:
        age_s = LATE_S if now == START and provenance is not BROADCAST and who != SOUTH else 0.4
        reports: list[Report] = [craft.report(now, age_s) for craft in crafts]
        here.exchange.observe(who, feed, provenance, reports)
    await here.pass_time(1.0)


def invented(drawn: random.Random, count: int) -> list[Brought]:
    """All of south's, over the place and round it, at all heights and speeds; and where it would be best."""

    def anywhere(address: str) -> Craft:
        return Craft(
            address,
            drawn.uniform(-40_000.0, 40_000.0),
            drawn.uniform(-40_000.0, 40_000.0),
            drawn.choice((0.0, 40.0, 200.0, 300.0, 700.0)),
            drawn.uniform(0.0, 360.0),
            drawn.choice((3_300.0, 3_300.0, 3_000.0, 4_500.0, 12_000.0)),
            category=drawn.choice((None, *AircraftCategory)),
        )

    swept = [anywhere(f"4D{n:04X}") for n in range(count)]
    near = [moved(HIDDEN, f"4E{n:04X}", 150.0 * n, 90.0 * n) for n in range(20)]
    theirs = [moved(HIDDEN, HIDDEN.address, 300.0, 200.0), moved(AIRLINER, AIRLINER.address, 3_000.0, 0.0)]
    on_plots = [moved(PLOT, f"4F{n:04X}", 100.0 * n, 0.0) for n in range(5)]
    ghosts = [*swept, *near, *theirs, *on_plots]
    elsewhere = [replace(ghost, east_m=ghost.east_m + 90_000.0) for ghost in ghosts]
    return [
        (SOUTH, "ghosts", OWN, ghosts),
        (SOUTH, "elsewhere", OWN, elsewhere[::3]),
        (SOUTH, "radar", SENSED, [*ghosts[::2], *theirs, moved(PLOT, "~9", 50.0, 50.0)]),
        (SOUTH, "antenna", BROADCAST, [*ghosts[1::2], moved(HIDDEN, HIDDEN.address, 100.0, 0.0)]),
    ]


async def told(here: World) -> list[bytes]:
    """Everything that south can read of what is seen and warned of."""
    exchange = here.exchange
    size = exchange.ledger.reader.log_size(SOUTH)
    return [
        exchange.alerts(SOUTH).json,
        exchange.tracks(SOUTH).json,
        msgspec.json.encode(await exchange.what_others_see(SOUTH)),
        repr(exchange.log_entries(SOUTH, max(0, size - 900), size)).encode(),
        repr(exchange.feed_counters(SOUTH)).encode(),
    ]


@settings(max_examples=examples(2), deadline=None, phases=GENERATE, suppress_health_check=QUIET)
@given(
    seed=st.integers(0, 2**32),
    away=st.tuples(st.floats(300.0, 4_000.0), st.floats(0.0, 360.0)),
    rule=st.sampled_from((Level.POSITION, Level.IDENTITY)),
    confirmed=st.booleans(),
)
def test_a_thousand_inventions_find_nobody_within_the_form(
    seed: int, away: tuple[float, float], rule: Level, confirmed: bool
) -> None:
    east_m = away[0] * math.sin(math.radians(away[1]))
    north_m = away[0] * math.cos(math.radians(away[1]))
    swept: list[list[list[bytes]]] = []

    async def play(name: str, east_m: float, north_m: float) -> None:
        hidden = moved(HIDDEN, HIDDEN.address, east_m, north_m)
        plot = moved(PLOT, PLOT.address, east_m, north_m)
        theirs: list[Brought] = [
            (NORTH, "fleet", OWN, [replace(hidden, callsign=name)]),
            (NORTH, "radar", SENSED, [plot]),
            (CENTRE, "antenna", BROADCAST, [AIRLINER]),
        ]
        if confirmed:
            theirs.append((CENTRE, "radar", SENSED, [hidden]))
        feeds = [*theirs, *invented(random.Random(seed), 1_000)]
        async with world(_directory(), clock=ManualClock(START), seed=b"ghosts") as here:
            await here.release(NORTH, SOUTH, raising(rule))
            await here.release(SOUTH, NORTH, raising(Level.IDENTITY))
            ticks = []
            for _ in range(5):
                await fly(here, feeds)
                ticks.append(await told(here))
            assert any(alert.advisory for alert in alerts(here, SOUTH))
            assert any(alert.advisory for alert in alerts(here, NORTH))
            swept.append(ticks)

    run(play("HERE", 0.0, 0.0))
    run(play("THERE", east_m, north_m))
    for here, there in zip(*swept, strict=True):
        for what, one, other in zip(READ, here, there, strict=True):
            assert one == other, what


@settings(max_examples=examples(8), deadline=None, phases=GENERATE, suppress_health_check=QUIET)
@given(
    at=st.tuples(st.floats(-150_000.0, 150_000.0), st.floats(-150_000.0, 150_000.0)),
    speed=st.sampled_from((0.0, 60.0, 200.0, 300.0)),
    confirmed=st.booleans(),
    address=st.sampled_from(("4D0001", "~1", HIDDEN.address)),
    twice=st.booleans(),
)
def test_whose_aircraft_it_is_about_is_told_of_the_claim_at_the_same_tick(
    at: tuple[float, float], speed: float, confirmed: bool, address: str, twice: bool
) -> None:
    ghost = Craft(address, *at, speed=speed)
    feeds: list[Brought] = [(NORTH, "fleet", OWN, [HIDDEN]), (SOUTH, "ghosts", OWN, [ghost])]
    if confirmed:
        feeds.append((CENTRE, "radar", SENSED, [HIDDEN]))
    if twice and not address.startswith("~"):
        feeds.append((SOUTH, "a", OWN, [moved(ghost, address, 600_000.0, 0.0)]))

    async def main() -> None:
        async with world(_directory(), clock=ManualClock(START)) as here:
            for _ in range(6):
                await fly(here, feeds)
                if any(has_cells(alert) for alert in alerts(here, SOUTH)):
                    assert any(has_cells(alert) for alert in alerts(here, NORTH))

    run(main())


@settings(max_examples=examples(12), deadline=None, phases=GENERATE, suppress_health_check=QUIET)
@given(
    meeting=st.tuples(st.floats(20.0, 110.0), st.floats(0.0, 7_000.0), st.floats(0.0, 360.0)),
    speeds=st.tuples(st.floats(0.0, 300.0), st.floats(0.0, 300.0)),
    tracks=st.tuples(st.floats(0.0, 360.0), st.floats(0.0, 360.0)),
    apart_m=st.floats(-250.0, 250.0),
    confirmed=st.tuples(st.booleans(), st.booleans()),
    rules=st.tuples(*[st.sampled_from((Level.RESERVED, Level.POSITION, Level.IDENTITY))] * 2),
    addresses=st.sampled_from((("4CA111", "4CA222"), ("~1", "4CA222"), ("4CA111", "4CA111"))),
)
def test_two_that_come_too_close_are_told_each_to_its_own(
    meeting: tuple[float, float, float],
    speeds: tuple[float, float],
    tracks: tuple[float, float],
    apart_m: float,
    confirmed: tuple[bool, bool],
    rules: tuple[Level, Level],
    addresses: tuple[str, str],
) -> None:
    """``meeting``: in how many seconds they are how far apart, and in which direction."""
    after_s, miss_m, bearing = meeting
    crafts = []
    for n, who in enumerate(("north", "south")):
        back_m, angle = speeds[n] * after_s, math.radians(tracks[n])
        off = miss_m * n
        crafts.append(
            Craft(
                addresses[n],
                off * math.sin(math.radians(bearing)) - back_m * math.sin(angle),
                off * math.cos(math.radians(bearing)) - back_m * math.cos(angle),
                speeds[n],
                tracks[n],
                3_300.0 + apart_m * n,
                callsign=who.upper(),
            )
        )
    feeds: list[Brought] = [(NORTH, "fleet", OWN, crafts[:1]), (SOUTH, "fleet", OWN, crafts[1:])]
    feeds += [(CENTRE, f"radar-{n}", SENSED, [crafts[n]]) for n in (0, 1) if confirmed[n]]

    async def main() -> None:
        async with world(_directory(), clock=ManualClock(START)) as here:
            await here.release(NORTH, SOUTH, raising(rules[0]))
            await here.release(SOUTH, NORTH, raising(rules[1]))
            here.clock.advance(30.0)
            for _ in range(4):
                await fly(here, feeds)
            for who in (NORTH, SOUTH):
                found = [alert for alert in alerts(here, who) if alert.kind is AlertKind.CONFLICT]
                assert any(side.own for alert in found for side in alert.sides), who

    run(main())


def test_every_raise_is_an_entry_in_its_owners_log_and_in_its_account(tmp_path: Path) -> None:
    """Two that conspire: one invents, the other confirms. What they get is bounded, and on the record."""
    theirs = [moved(HIDDEN, f"4CA{n:03X}", 400.0 * n, 0.0) for n in range(30)]
    ghosts = [moved(HIDDEN, f"4D{n:04X}", 400.0 * n, 3_000.0) for n in range(30)]

    async def main() -> None:
        async with world(tmp_path, clock=ManualClock(START)) as here:
            await here.release(NORTH, SOUTH, raising(Level.POSITION))
            feeds: list[Brought] = [
                (NORTH, "fleet", OWN, theirs),
                (CENTRE, "radar", SENSED, [*theirs, *ghosts]),
                (SOUTH, "ghosts", OWN, ghosts),
            ]
            for _ in range(6):
                await fly(here, feeds)
            shown = here.exchange.tracks_out.frame(SOUTH, here.clock.now()).views()
            raised = [view for view in shown if view.level == "position"]
            assert len(raised) == 20
            size = here.exchange.ledger.reader.log_size(NORTH)
            entries = here.exchange.log_entries(NORTH, 0, size)
            assert sum(entry.kind == "level.raised" for entry in entries) == 20
            seen = await here.exchange.what_others_see(NORTH)
            assert sum(each.recipient == SOUTH and each.level == "position" for each in seen) == 20
            for who in (NORTH, SOUTH, CENTRE):
                assert any(alert.kind is AlertKind.RAISES for alert in alerts(here, who)), who

    run(main())


def alerts(here: World, who: ParticipantId) -> tuple[Alert, ...]:
    return here.exchange.alerts(who).alerts


def has_cells(alert: Alert) -> bool:
    return any(side.reserved is not None for side in alert.sides)


_MADE = itertools.count()


def _directory() -> Path:
    """Of its own for every world; they are removed with the templates when the process ends."""
    return TEMPLATES / f"ghosts-{next(_MADE)}"
