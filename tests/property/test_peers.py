"""USSs that speak F3548 learn nothing of what is not released to them: two worlds, the same bytes.

In both worlds a USS asks the same things at the same moments, ``south`` (which releases to the group
``f3548``) files the same plans, and ``north`` (which releases nothing) files, changes and ends what it
likes: in one world this, in the other that. Whatever the USS is answered, refusals included, is compared.
"""

from __future__ import annotations

import asyncio
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import Any, NamedTuple

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from comity.coordination.state import DssSettings
from comity.errors import ComityError
from comity.exchange.values import Outcome
from comity.geo.coverage import circle_cells
from comity.ids import EntityId, ParticipantId
from comity.model import command as c
from comity.model import dss_command as d
from comity.model.f3548 import CellBox
from comity.model.intent import IntentState
from comity.model.released import ReleasedItem
from comity.model.rule import Level, ToGroup
from comity.release.policy import F3548_GROUP, Policy
from tests.property.sizes import TIMEOUT_S, examples
from tests.world import CENTRE, NORTH, SOUTH, START, World, intent, levels, volume, world

pytestmark = pytest.mark.timeout(TIMEOUT_S)

DSS = DssSettings(uss="comity", base_url="https://comity.example")
URL = "https://parcels.example"
IDS = tuple(EntityId(f"0000000{k}-0000-4000-8000-000000000000") for k in range(4))


class Native(NamedTuple):
    """What a participant does: file at a place, move the last one there, or end it."""

    act: str
    place: int
    band: int


class Peer(NamedTuple):
    """What the USS does with one of its few ids; ``known``: with the keys that it can know."""

    act: str
    id: int
    place: int
    known: bool


NATIVES = st.builds(Native, st.sampled_from(("file", "move", "end")), st.integers(0, 2), st.integers(0, 1))
PEERS = st.builds(
    Peer,
    st.sampled_from(("put", "put", "remove", "subscribe", "ask", "constraints", "read")),
    st.integers(0, 3),
    st.integers(0, 2),
    st.booleans(),
)


class Step(NamedTuple):
    """``hidden``: what ``north`` does in one world and in the other."""

    hidden: tuple[Native | None, Native | None]
    shown: Native | None
    peer: Peer


STEPS = st.lists(
    st.builds(Step, st.tuples(*[st.none() | NATIVES] * 2), st.none() | NATIVES, PEERS),
    min_size=4,
    max_size=14,
)


def box(place: int) -> CellBox:
    cells = circle_cells(47.0, 11.0 + 0.02 * place, 800.0)
    return CellBox(cells, 500.0, 2_500.0, START + timedelta(minutes=5), START + timedelta(hours=2))


class Played:
    """One world, and what its USS was told."""

    def __init__(self, here: World) -> None:
        self.here = here
        self.told: list[bytes] = []
        self._last: dict[str, ReleasedItem] = {}
        self._ovns: dict[EntityId, str] = {}
        self._asked: dict[ParticipantId, int] = {}

    async def _do(self, who: ParticipantId, command: c.Command) -> Outcome:
        """Under a request id that counts the participant's own commands alone: the ids made of it do, too."""
        self._asked[who] = self._asked.get(who, 0) + 1
        return await self.here.do(who, command, f"{who}-asks-{self._asked[who]:04d}")

    def _keys(self) -> tuple[str, ...]:
        """Its own ovns, and those that it can have asked for: of what ``south`` releases."""
        references = self.here.exchange.state.references.values()
        return (
            *self._ovns.values(),
            *(reference.ovn for reference in references if reference.hosted == SOUTH),
        )

    async def native(self, who: ParticipantId, native: Native) -> None:
        last = self._last.get(who)
        wanted = volume(lon=11.0 + 0.02 * native.place, lower_m=800.0 + 400.0 * native.band)
        try:
            if native.act == "file" or last is None:
                outcome = await self._do(who, intent(wanted))
            elif native.act == "move":
                command = c.ChangeIntent(EntityId(last.ref), last.ovn or "", volumes=(wanted,))  # type: ignore[arg-type]
                outcome = await self._do(who, command)
            else:
                outcome = await self._do(who, c.EndIntent(EntityId(last.ref), last.ovn or ""))  # type: ignore[arg-type]
                self._last.pop(who)
                return
        except ComityError:
            return
        assert isinstance(outcome.result, ReleasedItem)
        self._last[who] = outcome.result

    async def peer(self, peer: Peer) -> None:
        dss, id = self.here.exchange.dss, IDS[peer.id]
        try:
            match peer.act:
                case "put":
                    key = self._keys() if peer.known else ()
                    given = d.PutReference(
                        id, self._ovns.get(id), box(peer.place), IntentState.ACCEPTED, URL, key
                    )
                    written = await dss.submit("parcels", given)
                    self._ovns[id] = msgspec.json.decode(written.value)["ovn"]
                    answer: Any = written
                case "remove":
                    answer = await dss.submit("parcels", d.RemoveReference(id, self._ovns.pop(id, "none")))
                case "subscribe":
                    given_box = msgspec.structs.replace(box(peer.place), start=None, end=None)
                    answer = await dss.submit(
                        "parcels", d.PutSubscription(id, None, given_box, URL, True, peer.known)
                    )
                case "ask":
                    answer = dss.operational_intents("parcels", box(peer.place))
                case "constraints":
                    answer = dss.constraints("parcels", box(peer.place))
                case _:
                    answer = dss.operational_intent("parcels", id)
            self.told.append(msgspec.json.encode(answer))
        except ComityError as error:
            self.told.append(msgspec.json.encode((error.code, error.message, error.field, error.detail)))


async def play(steps: list[Step], number: int, directory: Path) -> list[bytes]:
    async with world(directory, dss=DSS) as here:
        rule = c.SetRule(ToGroup(F3548_GROUP, CENTRE), levels(intent=Level.VOLUME))
        await here.do(SOUTH, rule)
        played = Played(here)
        for step in steps:
            hidden = step.hidden[number]
            if hidden is not None:
                await played.native(NORTH, hidden)
            if step.shown is not None:
                await played.native(SOUTH, step.shown)
            await played.peer(step.peer)
            await here.pass_time(1.0)
        return played.told


@settings(max_examples=examples(15), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(steps=STEPS)
def test_a_uss_is_told_the_same_whatever_is_hidden_from_it(steps: list[Step]) -> None:
    with tempfile.TemporaryDirectory() as one, tempfile.TemporaryDirectory() as other:
        first = asyncio.run(play(steps, 0, Path(one)))
        second = asyncio.run(play(steps, 1, Path(other)))
    for number, (one_answer, other_answer) in enumerate(zip(first, second, strict=True)):
        assert one_answer == other_answer, (number, steps[number], one_answer, other_answer)


def test_a_leak_that_is_planted_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    hidden = Native("file", 0, 0)
    steps = [Step((hidden, None), None, Peer(act, 0, 0, known=False)) for act in ("ask", "put")]
    monkeypatch.setattr(Policy, "to_peers", lambda policy, owner: levels(intent=Level.VOLUME))
    first = asyncio.run(play(steps, 0, tmp_path / "one"))
    second = asyncio.run(play(steps, 1, tmp_path / "other"))
    assert [one != other for one, other in zip(first, second, strict=True)] == [True, True]
