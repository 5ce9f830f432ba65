"""Feeds as a means of attack: names without end, one participant's lines under another's name."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import pytest

from comity.errors import QuotaExceeded
from comity.exchange.observing import IDLE_DECODER, MAX_DECODERS
from comity.ids import ParticipantId
from comity.model.intake import Intake
from comity.model.observation import Provenance
from tests.world import NORTH, SOUTH, World, world

LINE = b"MSG,3,1,1,4CA2D6,1,2026/06/01,08:00:00.000,2026/06/01,08:00:00.000,,37000,,,47.0,11.0,,,,,,0\n"


def run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(work)


def bring(here: World, who: ParticipantId, feed: str, lines: bytes = LINE) -> Intake:
    return here.exchange.observe_sbs(who, feed, Provenance.OWN, lines, 0.0)


def test_text_feeds_are_bounded_and_one_that_is_idle_gives_up_its_place(tmp_path: Path) -> None:
    async def main() -> None:
        async with world(tmp_path) as here:
            for number in range(MAX_DECODERS):
                bring(here, NORTH, f"feed-{number}")
            with pytest.raises(QuotaExceeded):
                bring(here, NORTH, "one-more")
            bring(here, SOUTH, "feed-0")
            here.clock.advance(IDLE_DECODER.total_seconds() - 1)
            bring(here, NORTH, "feed-0")
            with pytest.raises(QuotaExceeded):
                bring(here, NORTH, "one-more")
            here.clock.advance(1)
            for number in range(MAX_DECODERS - 1):
                bring(here, NORTH, f"later-{number}")
            with pytest.raises(QuotaExceeded):
                bring(here, NORTH, "one-more")
            assert bring(here, NORTH, "feed-0").rejected.keys() <= {"too_old"}

    run(main())


def test_a_cut_line_is_completed_by_the_same_feed_alone(tmp_path: Path) -> None:
    async def main() -> None:
        async with world(tmp_path) as here:
            half = len(LINE) // 2
            assert bring(here, SOUTH, "shared-name", LINE[:half]).accepted == 0
            other = bring(here, NORTH, "shared-name", LINE[half:])
            assert other.accepted == 0
            assert sum(other.rejected.values()) + other.skipped == 1
            assert bring(here, SOUTH, "shared-name", LINE[half:]).accepted == 1

    run(main())
