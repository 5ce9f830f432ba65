"""USSs at an exchange's DSS, for tests: short ways to write, and answers as plain JSON."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

import msgspec

from comity.errors import StrategicConflict
from comity.exchange.dss import Dss, Written
from comity.ids import EntityId
from comity.model import dss_command as c
from comity.model.f3548 import AvailabilityState, CellBox
from comity.model.intent import IntentState
from tests.coordination.f3548.desk import URL, box, id_


def plain(value: Any) -> Any:
    """As it would arrive."""
    return json.loads(msgspec.json.encode(value))


async def put(
    dss: Dss,
    number: int = 1,
    by: str = "uss1",
    *,
    at: CellBox | None = None,
    ovn: str | None = None,
    key: Sequence[str] = (),
    state: IntentState = IntentState.ACCEPTED,
    subscription: str | None = None,
    implicit: bool = False,
) -> dict[str, Any]:
    """The reference that the answer holds."""
    written = await dss.submit(
        by,
        c.PutReference(
            id_(number),
            ovn,
            at or box(),
            state,
            URL,
            tuple(key),
            None if subscription is None else EntityId(subscription),
            c.NewSubscription(URL) if implicit else None,
        ),
    )
    answered: dict[str, Any] = plain(written.value)
    return answered


async def remove(dss: Dss, held: dict[str, Any]) -> Written:
    return await dss.submit(held["manager"], c.RemoveReference(EntityId(held["id"]), held["ovn"]))


async def subscribe(
    dss: Dss, number: int = 1, by: str = "uss1", *, at: CellBox | None = None, constraints: bool = False
) -> dict[str, Any]:
    command = c.PutSubscription(id_(number, "b"), None, at or box(start_s=0.0), URL, True, constraints)
    answered: dict[str, Any] = plain((await dss.submit(by, command)).value)
    return answered


async def constrain(dss: Dss, number: int = 1, by: str = "uss1", at: CellBox | None = None) -> dict[str, Any]:
    command = c.PutConstraintReference(id_(number, "c"), None, at or box(), URL)
    answered: dict[str, Any] = plain((await dss.submit(by, command)).value)
    return answered


async def available(dss: Dss, uss: str, state: AvailabilityState) -> dict[str, Any]:
    version = plain(dss.availability(uss))["version"]
    answered: dict[str, Any] = plain(
        (await dss.submit("arbiter", c.SetAvailability(uss, state, version))).value
    )
    return answered


def lacking(error: StrategicConflict) -> tuple[list[str], list[str]]:
    """Ids that a refused key did not cover."""
    detail = plain(error.detail)
    return (
        [each["id"] for each in detail.get("missing_operational_intents", [])],
        [each["id"] for each in detail.get("missing_constraints", [])],
    )
