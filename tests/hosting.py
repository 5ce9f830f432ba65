"""What tests of hosted plans share: an exchange that speaks the standards, peers' writes, release to peers.

Peers' writes go through the writer as their commands do; there is no HTTP here.
"""

from __future__ import annotations

import asyncio
import functools
import uuid
from collections.abc import Callable, Coroutine
from pathlib import Path
from random import Random
from typing import Any, Final

from comity.coordination.f3548.footprint import box_of
from comity.coordination.state import DssSettings
from comity.ids import EntityId, GroupId, Ovn, ParticipantId, PersonId, RequestId
from comity.model import command as c
from comity.model import dss_command as d
from comity.model.f3548 import OperationalIntentReference, peer
from comity.model.intent import IntentState
from comity.model.released import ReleasedItem
from comity.model.rule import Level, ReleaseRule, ToGroup
from comity.model.volume import Volume4D
from tests.world import CENTRE, ENVIRONMENT, NORTH, World, levels, volume

Test = Callable[[Path], Coroutine[Any, Any, None]]


def ran(test: Test) -> Callable[[Path], None]:
    """A test that is a coroutine, run."""

    @functools.wraps(test)
    def run(tmp_path: Path) -> None:
        asyncio.run(test(tmp_path))

    return run


DSS: Final = DssSettings(uss="comity", base_url="https://comity.example")
USS1: Final = "uss1.example"
URL1: Final = "https://uss1.example/f3548"


def new_id(number: int) -> EntityId:
    return EntityId(str(uuid.UUID(int=Random(number).getrandbits(128), version=4)))


async def tell(w: World, command: d.PeerCommand, manager: str = USS1) -> None:
    asked = c.Submission(peer(manager), PersonId("uss"), RequestId("-"), command, "")
    await w.exchange.writer.submit(asked)


async def subscribe(w: World, number: int = 50, over: Volume4D | None = None) -> EntityId:
    box = box_of(over or volume(), ENVIRONMENT)
    await tell(w, d.PutSubscription(new_id(number), None, box, URL1, True, True))
    return new_id(number)


async def put_peer(
    w: World,
    number: int = 1,
    over: Volume4D | None = None,
    state: IntentState = IntentState.ACCEPTED,
    ovn: str | None = None,
    manager: str = USS1,
) -> OperationalIntentReference:
    known = tuple(each.ovn for each in w.exchange.state.references.values())
    box = box_of(over or volume(), ENVIRONMENT)
    listening = None if state is IntentState.ACCEPTED else d.NewSubscription(URL1)
    await tell(w, d.PutReference(new_id(number), ovn, box, state, URL1, known, None, listening), manager)
    return w.exchange.state.references[new_id(number)]


async def to_peers(
    w: World,
    intent: Level = Level.VOLUME,
    constraint: Level = Level.NONE,
    owner: ParticipantId = NORTH,
) -> str:
    outcome = await w.do(owner, c.SetRule(ToGroup(GroupId("f3548"), CENTRE), levels(intent, constraint)))
    assert isinstance(outcome.result, ReleaseRule)
    return outcome.result.id


def reference_of(w: World, item: ReleasedItem) -> OperationalIntentReference:
    state = w.exchange.state
    return state.references[state.reference_of[EntityId(item.ref)]]


async def change(w: World, item: ReleasedItem, **fields: object) -> ReleasedItem:
    assert item.ovn is not None
    command = c.ChangeIntent(EntityId(item.ref), Ovn(item.ovn), **fields)  # type: ignore[arg-type]
    outcome = await w.do(NORTH, command)
    assert isinstance(outcome.result, ReleasedItem)
    return outcome.result
