"""The checker finds what it is there for: faults planted in the DSS's code, under a crowd in one place."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Any, get_args

import msgspec
import pytest

from comity.clock import ManualClock, from_micros
from comity.coordination.cell_index import CellIndex, OverlayCellIndex
from comity.coordination.decision import Decision
from comity.coordination.f3548 import attachment, keys, notifications, references
from comity.errors import Refused, StaleOvn, StrategicConflict
from comity.exchange.dss import Dss, Written
from comity.ids import EntityId, Ids, Ovn
from comity.model import dss_command as c
from comity.model.dss_fact import DssFact
from comity.model.f3548 import AvailabilityState
from comity.model.fact import Payload
from comity.model.intent import IntentState
from tests.concurrency.checker import Checker, Said
from tests.coordination.f3548.desk import START, URL, box, id_
from tests.exchange.usses import available, constrain, plain, subscribe
from tests.world import World, world

_payloads = msgspec.json.Decoder(Payload)
WRITERS = 8


def played(directory: Path) -> list[str]:
    """What the checker has to say of a crowd's work."""
    return asyncio.run(_played(directory))


async def _played(directory: Path) -> list[str]:
    clock = ManualClock(START)
    async with world(directory, clock=clock) as w:
        dss = w.exchange.dss
        for number in (1, 2):
            await subscribe(dss, number, f"uss{number}", constraints=True)
        await constrain(dss, 1)
        said: list[Said] = []
        await asyncio.gather(*(_writer(dss, clock, number, said) for number in range(WRITERS)))
        await available(dss, "uss1", AvailabilityState.DOWN)
        checker = Checker()
        checker.feed(_recorded(w))
        checker.compare(said)
        return checker.finish()


async def _writer(dss: Dss, clock: ManualClock, number: int, said: list[Said]) -> None:
    """Creates, changes and deletes one; every second writer shares it with another, so that they clash."""
    luck, manager = Random(number), "uss1"
    known: dict[str, str] = {}
    one: dict[str, Any] | None = None
    for step in range(8):
        clock.advance(0.001)
        shared = id_(number // 2 if step > 4 else 100 + number)
        if one is not None and one["id"] != shared:
            one = None
        for _ in range(20):
            ovn = None if one is None else one["ovn"]
            new = c.NewSubscription(URL, luck.random() < 0.5) if luck.random() < 0.5 else None
            command = c.PutReference(
                shared, ovn, box(), IntentState.ACCEPTED, URL, tuple(known.values()), None, new
            )
            try:
                written = await dss.submit(manager, command)
            except StrategicConflict as conflict:
                detail = plain(conflict.detail)
                for name in ("missing_operational_intents", "missing_constraints"):
                    known |= {each["id"]: each["ovn"] for each in detail.get(name, ())}
            except StaleOvn:
                one = plain(dss.operational_intent(manager, shared))
            except Refused:
                break
            else:
                one = _told(written, ovn, said)
                break


def _told(written: Written, basis: str | None, said: list[Said]) -> dict[str, Any]:
    held: dict[str, Any] = plain(written.value)
    listed = {
        one["subscription_id"]: one["notification_index"]
        for to in plain(written.subscribers)
        for one in to["subscriptions"]
    }
    said.append(Said(held["id"], basis, held["ovn"], held["version"], listed))
    return held


def _recorded(w: World) -> list[tuple[DssFact, datetime]]:
    found = []
    for entry in w.exchange.ledger.reader.entries(0, None):
        assert entry.payload is not None
        fact = _payloads.decode(entry.payload).fact
        if isinstance(fact, get_args(DssFact)):
            found.append((fact, from_micros(entry.header.time_us)))
    return found


def test_nothing_is_found_where_nothing_is_wrong(tmp_path: Path) -> None:
    assert played(tmp_path) == []


def takes_any_key(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(references, "check_key", lambda *args, **named: ())


def forgets_constraints(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(keys, "constraints_in", lambda *args: [])


def exempts_everybody(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(keys, "is_down", lambda *args: True)


def decides_on_what_is_durable(patch: pytest.MonkeyPatch) -> None:
    """Without what the same batch and the one under way have put."""

    def search(self: OverlayCellIndex, asked: Any, **named: Any) -> list[EntityId]:
        base: Any = self
        while not isinstance(base, CellIndex):
            base = base._base
        return base.search(asked, **named)

    patch.setattr(OverlayCellIndex, "search", search)


def takes_any_version(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(references, "check_current", lambda *args: None)


def forgets_a_subscriber(patch: pytest.MonkeyPatch) -> None:
    whole = notifications.grouped
    patch.setattr(notifications, "grouped", lambda owed: whole(list(owed)[1:]))


def tells_only_the_callers_own(patch: pytest.MonkeyPatch) -> None:
    whole = notifications.listening
    patch.setattr(
        notifications, "listening", lambda *args: [each for each in whole(*args) if each.manager == "uss1"]
    )


def leaves_indexes(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(notifications, "next_index", lambda asked, index: index)


def answers_without_subscribers(patch: pytest.MonkeyPatch) -> None:
    whole = references.put_reference

    def put(*args: Any) -> Decision:
        return msgspec.structs.replace(whole(*args), subscribers=())

    patch.setattr(references, "put_reference", put)


def keeps_implicit_subscriptions(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(attachment, "_let_go", lambda *args: None)


def repeats_ovns(patch: pytest.MonkeyPatch) -> None:
    patch.setattr(Ids, "ovn", lambda self, entity, version: Ovn(entity[:36]))


@pytest.mark.parametrize(
    ("plant", "words"),
    [
        (takes_any_key, "was accepted without"),
        (forgets_constraints, "without the OVN of constraint"),
        (exempts_everybody, "was accepted without"),
        (decides_on_what_is_durable, "was accepted without"),
        (takes_any_version, "replaced another than its writer knew"),
        (forgets_a_subscriber, "is owed a notification"),
        (tells_only_the_callers_own, "is owed a notification"),
        (leaves_indexes, "with index"),
        (answers_without_subscribers, "listed other subscriptions than it notified"),
        (keeps_implicit_subscriptions, "is left over"),
        (repeats_ovns, "an OVN that was there before"),
    ],
)
def test_a_planted_fault_is_found(
    tmp_path: Path, plant: Callable[[pytest.MonkeyPatch], None], words: str
) -> None:
    with pytest.MonkeyPatch.context() as patch:
        plant(patch)
        wrong = played(tmp_path)
    assert any(words in each for each in wrong), wrong[:5]
