"""One legal request must not hold everybody up: past its bounds a request is refused by name."""

from __future__ import annotations

import asyncio
import math
from collections.abc import Coroutine
from pathlib import Path
from typing import Any

import msgspec
import pytest

from comity.coordination.conflicts import MAX_COMPARED
from comity.coordination.decision import MAX_ALL_VERTICES
from comity.errors import StrategicConflict, TooLarge
from comity.model.rule import Level, Levels
from comity.model.shape import LatLon, Polygon
from comity.model.volume import Volume4D
from tests.world import NORTH, SOUTH, levels, volume, world

TOO_MANY = math.isqrt(MAX_COMPARED) + 1


def run(work: Coroutine[Any, Any, None]) -> None:
    asyncio.run(work)


def many(count: int) -> list[Volume4D]:
    """Circles over one place, each of which meets each."""
    return [volume(radius_m=2_000.0 + number) for number in range(count)]


def ring(count: int, lower_m: float) -> Volume4D:
    """A polygon of ``count`` vertices on a circle of 0.1 degrees."""
    angles = [2 * math.pi * number / count for number in range(count)]
    outline = Polygon(tuple(LatLon(lat=47 + 0.1 * math.cos(a), lon=11 + 0.1 * math.sin(a)) for a in angles))
    return msgspec.structs.replace(volume(lower_m=lower_m, upper_m=lower_m + 10), outline=outline)


@pytest.mark.parametrize(
    "given", [levels(intent=Level.VOLUME), levels(intent=Level.RESERVED)], ids=["volume", "reserved"]
)
def test_volumes_by_volumes_are_refused_past_a_bound_that_counts_only_what_is_released(
    tmp_path: Path, given: Levels
) -> None:
    async def main() -> None:
        async with world(tmp_path) as here:
            theirs = [
                volume(radius_m=2_000.0, start_s=600 + 1_800 * n, end_s=2_400 + 1_800 * n)
                for n in range(TOO_MANY)
            ]
            await here.file(NORTH, *theirs)
            asked = [msgspec.structs.replace(v, end=theirs[-1].end) for v in many(TOO_MANY)]
            await here.file(SOUTH, *asked[:10])
            own = (await here.exchange.what_others_see(SOUTH)) == []
            assert own
            await here.release(NORTH, SOUTH, given)
            with pytest.raises(TooLarge) as refused:
                await here.file(SOUTH, *[msgspec.structs.replace(v, upper=v.lower) for v in asked])
            assert "comparisons" in refused.value.message
            with pytest.raises(StrategicConflict):
                await here.file(SOUTH, asked[0])

    run(main())


def test_a_question_about_an_area_obeys_the_same_bound(tmp_path: Path) -> None:
    async def main() -> None:
        async with world(tmp_path) as here:
            await here.file(NORTH, *many(1_000))
            found = here.exchange.airspace(NORTH, near=(47.0, 11.0, 5_000_000.0))
            assert len(found) == 1

    run(main())


def test_the_vertices_of_one_command_have_a_bound(tmp_path: Path) -> None:
    async def main() -> None:
        async with world(tmp_path) as here:
            most = [ring(1_000, 1_000.0 * n) for n in range(MAX_ALL_VERTICES // 1_000)]
            await here.file(NORTH, *most)
            with pytest.raises(TooLarge) as refused:
                await here.file(NORTH, *most, ring(3, 90_000.0))
            assert refused.value.field == "volumes"

    run(main())
