"""The search for level-0 conflicts finds all that touches by its released form, and asks no finer than that.

What was seen: a filing inside a released cell of a large item, but far from the item itself, was let
pass, and so was one that only touched its band. By trying places one could find the true edge.
"""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from comity.coordination.overlay import OverlayVolumes
from comity.coordination.volumes import Volumes
from comity.errors import StrategicConflict
from comity.geo.cells import cell_of, cells_touch, corners, grid_cells, level_of
from comity.ids import EntityId, Ovn
from comity.model.intent import AircraftCategory, Intent, IntentState
from comity.model.rule import Level
from comity.model.shape import Circle, LatLon
from comity.model.volume import Volume4D
from comity.release.forms import Item
from tests.world import ENVIRONMENT, NORTH, SOUTH, START, levels, volume, world

LARGE = Circle(LatLon(lat=47.0, lon=11.0), 150_000.0)


def far_corner() -> LatLon:
    """In a cell of the large item's, as far from it as they reach."""
    cells = grid_cells(LARGE)
    assert level_of(cells[0]) < 10
    lat, lon = max((c for cell in cells for c in corners(cell)), key=lambda c: abs(c[0] - 47.0))
    return LatLon(lat=0.97 * lat + 0.03 * 47.0, lon=0.97 * lon + 0.03 * 11.0)


def test_a_filing_in_a_released_cell_conflicts_however_far_it_is_from_the_item(tmp_path: Path) -> None:
    async def main() -> None:
        async with world(tmp_path, floor=levels(intent=Level.RESERVED)) as w:
            await w.file(NORTH, replace(volume(), outline=LARGE))
            there = far_corner()
            small = volume(lat=there.lat, lon=there.lon)
            assert cells_touch(grid_cells(small.outline), grid_cells(LARGE))
            with pytest.raises(StrategicConflict):
                await w.file(SOUTH, small)

    asyncio.run(main())


@pytest.mark.parametrize(("lower_m", "upper_m"), [(2_000.0, 2_100.0), (900.0, 1_000.0)])
def test_a_filing_that_touches_the_released_band_conflicts(
    tmp_path: Path, lower_m: float, upper_m: float
) -> None:
    async def main() -> None:
        async with world(tmp_path, floor=levels(intent=Level.RESERVED)) as w:
            await w.file(NORTH, volume(lower_m=1_200.0, upper_m=1_700.0))
            with pytest.raises(StrategicConflict):
                await w.file(SOUTH, volume(lower_m=lower_m, upper_m=upper_m))

    asyncio.run(main())


def made(number: int, given: Volume4D, state: IntentState = IntentState.ACCEPTED) -> Intent:
    return Intent(
        id=EntityId(f"entity-{number}"),
        owner=NORTH,
        state=state,
        volumes=(given,),
        category=AircraftCategory.OTHER,
        crewed=True,
        ovn=Ovn("x"),
        version=1,
        filed_at=START,
        changed_at=START,
    )


@st.composite
def wide_and_small(draw: st.DrawFn) -> Volume4D:
    start = START + timedelta(minutes=draw(st.integers(0, 180)))
    lower_m = draw(st.sampled_from([0.0, 900.0, 1_000.0, 1_001.0, 2_999.0, 3_000.0]))
    given = volume(
        lat=draw(st.floats(45.0, 49.0)),
        lon=draw(st.floats(9.0, 13.0)),
        radius_m=draw(st.sampled_from([100.0, 5_900.0, 6_100.0, 40_000.0, 400_000.0])),
        lower_m=lower_m,
        upper_m=lower_m + draw(st.sampled_from([1.0, 99.0, 100.0, 1_000.0])),
    )
    return replace(given, start=start, end=start + timedelta(minutes=draw(st.sampled_from([1, 30, 45]))))


@settings(max_examples=60, deadline=None)
@given(st.lists(wide_and_small(), min_size=1, max_size=6), wide_and_small(), st.data())
def test_the_search_finds_every_released_form_that_touches(
    items: list[Volume4D], asked: Volume4D, data: st.DataObject
) -> None:
    base = Volumes(ENVIRONMENT)
    intents: list[Item] = [made(number, given) for number, given in enumerate(items)]
    if data.draw(st.booleans()):
        base.put_many(intents)
    else:
        for intent in intents:
            base.put(intent)
    index: Volumes | OverlayVolumes = OverlayVolumes(base) if data.draw(st.booleans()) else base
    held = {intent.id: intent for intent in intents}
    for intent in intents:
        change(index, held, intent, data)
    found = {item.id for item in index.near_coarsened(asked, frozenset({NORTH}))}
    assert {item.id for item in held.values() if touches(index, item, asked)} <= found <= set(held)
    exact = {item.id for item, _ in index.near(asked, frozenset({NORTH}))}
    assert exact <= {item.id for item in held.values() if item.state.live()}
    assert not list(index.near_coarsened(asked, frozenset({SOUTH})))


def change(
    index: Volumes | OverlayVolumes, held: dict[EntityId, Item], intent: Item, data: st.DataObject
) -> None:
    match data.draw(st.sampled_from(["leave", "end", "move", "drop"])):
        case "end":
            held[intent.id] = replace(intent, state=IntentState.ENDED)
        case "move":
            held[intent.id] = replace(intent, volumes=(data.draw(wide_and_small()),))
        case "drop":
            del held[intent.id]
            index.drop(intent.id)
            return
    index.put(held[intent.id])


def touches(index: Volumes | OverlayVolumes, item: Item, asked: Volume4D) -> bool:
    return any(
        form.start < asked.end
        and asked.start < form.end
        and form.lower_w84_m <= asked.upper.value_m
        and asked.lower.value_m <= form.upper_w84_m
        and cells_touch(grid_cells(asked.outline), [cell_of(token) for token in form.cells])
        for form in index.reserved(item)
    )
