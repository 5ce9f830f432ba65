"""What planning costs: volumes of routes, and the search for alternatives in a busy place.

    python -m bench.planning [INTENTS]        5000, if not given

The place: live intents of another participant, released exactly, over 13 km by 12 km, from the ground to
3 km, in four hours. Baseline of everything: ``check``, one plain check of one volume in that place, which is
what deciding a filing does with it. Also told: for how long at most the event loop
was busy with one turn. All by CPU time of the loop's thread.
"""

from __future__ import annotations

import asyncio
import random
import statistics
import sys
import time
from collections.abc import Awaitable, Callable
from datetime import timedelta
from functools import partial
from typing import Any

from bench.geo import line
from comity.clock import SystemClock
from comity.coordination.fold import apply
from comity.coordination.state import State
from comity.exchange.plans import Plans
from comity.geo.earth import destination
from comity.geo.heights import Environment
from comity.ids import EntityId, Ids, Ovn, ParticipantId
from comity.model import fact as f
from comity.model.altitude import Altitude, Datum
from comity.model.charter import Charter
from comity.model.intent import AircraftCategory, Intent, IntentState
from comity.model.participant import Participant
from comity.model.plan import Plan, Search
from comity.model.route import Route
from comity.model.rule import Level, Levels
from comity.model.shape import Circle, LatLon
from comity.model.volume import Volume4D
from comity.planning.route import volumes_of
from comity.release.forms import References

CLOCK = SystemClock()
NOON = CLOCK.now() + timedelta(hours=2)
ENVIRONMENT = Environment(geoid_m=(40.0, 55.0), terrain_m=(0.0, 4_810.0))
NORTH, SOUTH = ParticipantId("north"), ParticipantId("south")
SEED = 11
HEIGHT = Altitude(1_500.0, Datum.MSL)


def route(*, ends: tuple[LatLon, ...], width_m: float, speed_mps: float, most: int = 200) -> Route:
    return Route(ends, (HEIGHT,), speed_mps, width_m, 60.0, NOON, most_volumes=most)


FAR = tuple(
    LatLon(*destination(lat=47.0, lon=11.0, azimuth_deg=azimuth, distance_m=1_500_000.0))
    for azimuth in (240.0, 60.0)
)
"""3,000 km, over the busy place."""

ACROSS = (LatLon(lat=46.83, lon=10.75), LatLon(lat=47.17, lon=11.25))
"""54 km through the busy place."""


def somewhere(draw: random.Random, radius_m: float) -> Volume4D:
    lower_m, start = draw.uniform(0.0, 2_900.0), NOON + timedelta(seconds=draw.uniform(-7_200.0, 7_200.0))
    middle = LatLon(lat=47.0 + draw.uniform(-0.06, 0.06), lon=11.0 + draw.uniform(-0.08, 0.08))
    height = (Altitude(lower_m, Datum.MSL), Altitude(lower_m + 60.0, Datum.MSL))
    return Volume4D(Circle(middle, radius_m), *height, start, start + timedelta(minutes=20))


def busy(count: int) -> State:
    """Made by folding facts, as at a restart."""
    state = State(ENVIRONMENT)
    now = CLOCK.now()
    floor = Levels(Level.VOLUME, Level.VOLUME, Level.NONE, Level.NONE)
    facts: list[f.Fact] = [f.ParticipantPut(Participant(who, who)) for who in (NORTH, SOUTH)]
    facts.append(f.CharterAdopted(Charter("Everybody sees everything", floor, False, (), 900)))
    draw = random.Random(SEED)
    for number in range(count):
        item = Intent(
            id=EntityId(f"intent-{number}"),
            owner=NORTH,
            state=IntentState.ACCEPTED,
            volumes=(somewhere(draw, draw.uniform(100.0, 1_500.0)),),
            category=AircraftCategory.UNCREWED,
            crewed=False,
            ovn=Ovn("x"),
            version=1,
            filed_at=now,
            changed_at=now,
        )
        facts.append(f.IntentPut(item))
    for index, fact in enumerate(facts):
        apply(state, fact, None, now, index)
    return state


def planned(**how: Any) -> Plan:
    return Plan(category=AircraftCategory.UNCREWED, crewed=False, **how)


def searching(**how: Any) -> Search:
    return Search(category=AircraftCategory.UNCREWED, crewed=False, **how)


def best_us(work: Callable[[], object], repeat: int) -> float:
    rounds = []
    for _ in range(5):
        begun = time.thread_time()
        for _ in range(repeat):
            work()
        rounds.append((time.thread_time() - begun) / repeat)
    return min(rounds) * 1e6


async def timed_us(work: Callable[[], Awaitable[object]]) -> float:
    begun = time.thread_time()
    await work()
    return (time.thread_time() - begun) * 1e6


class Turns:
    """For how long the loop was busy between two turns of its own, by its thread's CPU time."""

    def __init__(self) -> None:
        self.gaps_ms: list[float] = []
        self._task = asyncio.create_task(self._watch())

    async def _watch(self) -> None:
        before = time.thread_time()
        while True:
            await asyncio.sleep(0)
            now = time.thread_time()
            self.gaps_ms.append((now - before) * 1e3)
            before = now

    def stop(self) -> str:
        self._task.cancel()
        gaps = sorted(self.gaps_ms)
        return f"a turn at most {gaps[-1]:.1f} ms, 99 % under {gaps[len(gaps) * 99 // 100]:.1f} ms"


async def searches(plans: Plans, check_us: float) -> None:
    draw = random.Random(SEED + 1)
    small = [searching(volumes=(somewhere(draw, 1_000.0),), limit_ms=1_000) for _ in range(40)]
    across = searching(route=route(ends=ACROSS, width_m=300.0, speed_mps=60.0), limit_ms=2_000)
    far = searching(route=route(ends=FAR, width_m=9_260.0, speed_mps=230.0), limit_ms=2_000)
    for name, asked in (
        ("one volume", small),
        ("a route of 54 km", [across]),
        ("a route of 3,000 km", [far]),
    ):
        turns, tried, found, took_us, complete = Turns(), 0, 0, 0.0, 0
        for search in asked:
            begun = time.thread_time()
            answer = await plans.alternatives(SOUTH, search)
            took_us += (time.thread_time() - begun) * 1e6
            tried, found, complete = (
                tried + answer.tried,
                found + len(answer.alternatives),
                complete + answer.complete,
            )
        note = f"{tried / took_us * 1e6:,.0f} plans tried a second, {found} found by {len(asked)} searches"
        line(f"alternatives, {name}: a plan tried", took_us / tried, "check", check_us, "  " + note)
        print(f"    {complete} of {len(asked)} complete; {turns.stop()}")


async def measure(count: int) -> None:
    state = busy(count)
    ids = Ids(bytes(32))
    plans = Plans(state, References(ids), ids, CLOCK)
    draw = random.Random(SEED + 2)
    one = [planned(volumes=(somewhere(draw, 1_000.0),)) for _ in range(300)]
    checks = [await timed_us(partial(plans.check, SOUTH, plan)) for plan in one]
    check_us = statistics.median(checks)
    print(f"{count} intents over 13 km by 12 km")
    line("check of one volume", check_us, "check", check_us)
    for name, asked in (
        ("route of 3,000 km to 200 volumes", route(ends=FAR, width_m=9_260.0, speed_mps=230.0)),
        (
            "route of 3,000 km to 1,000 volumes",
            Route(FAR, (HEIGHT,), 230.0, 9_260.0, 150.0, NOON, 10.0, 1_000),
        ),
        (
            "route of 50 m to its volume",
            route(ends=(LatLon(47.0, 11.0), LatLon(47.0, 11.00066)), width_m=5.0, speed_mps=5.0),
        ),
    ):
        made = volumes_of(asked, ENVIRONMENT)
        took_us = best_us(partial(volumes_of, asked, ENVIRONMENT), 10)
        line(name, took_us, "check", check_us, f"  {len(made.volumes)} volumes, {took_us / 1e3:.1f} ms")
    crossing = planned(route=route(ends=ACROSS, width_m=300.0, speed_mps=60.0))
    took_us = min([await timed_us(partial(plans.check, SOUTH, crossing)) for _ in range(5)])
    line("check of a route of 54 km", took_us, "check", check_us)
    long = planned(route=route(ends=FAR, width_m=9_260.0, speed_mps=230.0))
    took_us = min([await timed_us(partial(plans.check, SOUTH, long)) for _ in range(5)])
    line("check of a route of 3,000 km", took_us, "check", check_us)
    await searches(plans, check_us)


if __name__ == "__main__":
    asyncio.run(measure(int(sys.argv[1]) if len(sys.argv) > 1 else 5_000))
