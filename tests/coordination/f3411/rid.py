"""What tests of remote identification at the DSS share: areas, subscriptions, who asks."""

from __future__ import annotations

import uuid
from datetime import datetime, timedelta
from random import Random

from comity.geo.coverage import circle_cells
from comity.ids import EntityId
from comity.model.dss_command import (
    PutIsaSubscription,
    PutServiceArea,
    RemoveIsaSubscription,
    RemoveServiceArea,
)
from comity.model.f3548 import CellBox
from comity.release.f3411 import AreaWritten, SubscriptionRead, SubscriptionWritten
from tests.world import START, World

ANNA, BERT = "anna.example", "bert.example"
URL = "https://anna.example/rid"


def new_id(number: int) -> EntityId:
    return EntityId(str(uuid.UUID(int=Random(number).getrandbits(128), version=4)))


def box(
    lat: float = 47.0,
    lon: float = 11.0,
    *,
    radius_m: float = 300.0,
    start_s: float | None = None,
    end_s: float | None = 3_600.0,
    lower_m: float | None = None,
    upper_m: float | None = None,
) -> CellBox:
    """Over a circle; times are seconds after ``START``."""
    return CellBox(circle_cells(lat, lon, radius_m), lower_m, upper_m, _at(start_s), _at(end_s))


def _at(seconds: float | None) -> datetime | None:
    return None if seconds is None else START + timedelta(seconds=seconds)


async def put_area(
    w: World, number: int = 1, over: CellBox | None = None, version: str | None = None, owner: str = ANNA
) -> AreaWritten:
    command = PutServiceArea(new_id(number), version, over or box(), URL)
    written = await w.exchange.identification.submit(owner, command)
    assert isinstance(written, AreaWritten)
    return written


async def remove_area(w: World, number: int, version: str, owner: str = ANNA) -> AreaWritten:
    written = await w.exchange.identification.submit(owner, RemoveServiceArea(new_id(number), version))
    assert isinstance(written, AreaWritten)
    return written


async def subscribe(
    w: World,
    number: int = 1,
    over: CellBox | None = None,
    version: str | None = None,
    owner: str = ANNA,
    url: str = URL,
) -> SubscriptionWritten:
    command = PutIsaSubscription(new_id(number), version, over or box(), url)
    written = await w.exchange.identification.submit(owner, command)
    assert isinstance(written, SubscriptionWritten)
    return written


async def unsubscribe(w: World, number: int, version: str, owner: str = ANNA) -> SubscriptionRead:
    written = await w.exchange.identification.submit(owner, RemoveIsaSubscription(new_id(number), version))
    assert isinstance(written, SubscriptionRead)
    return written
