"""Floods of invented aircraft: everybody else's warnings go on, and nothing is dropped without a word."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path

import numpy as np

from comity.clock import micros
from comity.exchange.search import MOST_LISTED
from comity.ids import ParticipantId
from comity.model.alert import AlertKind
from comity.model.altitude import Datum
from comity.model.batch import DATUM_CODE, empty
from comity.model.intake import Intake, SourceKey
from comity.model.observation import Provenance
from tests.exchange.test_warnings import BROADCAST, LAT, LON, Aircraft, alerts, head_on, played
from tests.world import CENTRE, NORTH, SOUTH, World, world


def flood(
    here: World, who: ParticipantId, count: int, *, spread_deg: float = 0.0, behind_s: float = 0.0
) -> Intake:
    """Reports of ``count`` invented aircraft around one place, 200 km from the tests' own."""
    batch = empty(count, [f"{0x700000 + n:06X}" for n in range(count)])
    side = int(np.ceil(np.sqrt(count)))
    place = np.arange(count)
    batch.observed_us[:] = micros(here.clock.now() - timedelta(seconds=behind_s))
    batch.lat[:] = LAT + 2.0 + (place // side) / side * spread_deg
    batch.lon[:] = LON + (place % side) / side * spread_deg
    batch.altitude_m[:] = 3_000.0
    batch.altitude_datum[:] = DATUM_CODE[Datum.PRESSURE]
    batch.ground_speed_mps[:] = 0.0
    key = SourceKey(who, "ghosts", Provenance.BROADCAST)
    return here.exchange.picture.ingest(key, batch, received_at=here.clock.now())


async def second(here: World, t: int, *real: Aircraft) -> None:
    """Those that are real report, and the exchange ticks."""
    here.exchange.observe(CENTRE, "radar-head", BROADCAST, [each.report(here, t) for each in real])
    await here.exchange.tick()


@played
async def test_tens_of_thousands_at_one_point_are_one_crowd_and_hide_nobody(tmp_path: Path) -> None:
    async with world(tmp_path) as here:
        for t in range(4):
            here.clock.advance(1.0)
            assert flood(here, SOUTH, 50_000).accepted == 50_000
            await second(here, t, *head_on())
        told = alerts(here, NORTH)
        assert {"4CA111", "4CA222"} in [{side.track for side in alert.sides} for alert in told]
        (crowd,) = [alert for alert in told if alert.kind is AlertKind.CROWD]
        assert crowd.reasons[0].startswith("50000 aircraft within")
        assert len(told) <= MOST_LISTED + 10


@played
async def test_thousands_that_all_conflict_are_listed_up_to_a_bound_and_the_rest_is_counted(
    tmp_path: Path,
) -> None:
    async with world(tmp_path) as here:
        for t in range(4):
            here.clock.advance(1.0)
            flood(here, SOUTH, 2_000, spread_deg=1.0)
            await second(here, t, *head_on())
        told = alerts(here, NORTH)
        assert sum(alert.kind is AlertKind.CONFLICT for alert in told) <= MOST_LISTED
        assert any("not listed one by one" in alert.reasons[0] for alert in told)


@played
async def test_a_feed_whose_clock_is_an_hour_off_is_refused_by_name_and_harms_nobody_else(
    tmp_path: Path,
) -> None:
    async with world(tmp_path) as here:
        for t in range(4):
            here.clock.advance(1.0)
            answer = flood(here, SOUTH, 10, behind_s=3_600.0)
            assert answer.accepted == 0
            assert sum(answer.rejected.values()) == 10
            await second(here, t, *head_on())
        (alert,) = alerts(here, NORTH)
        assert {side.track for side in alert.sides} == {"4CA111", "4CA222"}
        (told,) = here.exchange.feed_counters(SOUTH).values()
        assert sum(told["rejected"].values()) == 40  # type: ignore[attr-defined]  # counters are plain values
