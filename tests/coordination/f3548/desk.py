"""A DSS without a ledger: decide a USS's command over a state, and fold what it gave.

Every refusal is checked to have left the state's facts as they were.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any, TypeVar

import pytest

from comity.coordination.decide import decide
from comity.coordination.decision import Asked, Decision
from comity.coordination.f3548.keys import KeyRefused
from comity.coordination.facts import digest, rows
from comity.coordination.fold import apply
from comity.coordination.state import DssSettings, State
from comity.errors import Refused
from comity.geo.coverage import circle_cells
from comity.geo.heights import Environment
from comity.ids import EXCHANGE, EntityId, Ids, PersonId, RequestId
from comity.model import dss_command as c
from comity.model.command import Command, Submission
from comity.model.f3548 import (
    AvailabilityState,
    CellBox,
    ConstraintReference,
    OperationalIntentReference,
    Subscription,
    peer,
)
from comity.model.intent import IntentState
from comity.release.forms import References

START = datetime(2026, 6, 1, 8, 0, 0, tzinfo=UTC)
URL = "https://uss.example"
R = TypeVar("R", bound=Refused)


def id_(number: int, kind: str = "a") -> EntityId:
    """A UUID of version 4 for tests; ``kind`` a hexadecimal digit."""
    return EntityId(f"{kind * 8}-0000-4000-8000-{number:012d}")


def box(
    lat: float = 47.0,
    lon: float = 11.0,
    *,
    radius_m: float = 300.0,
    lower_m: float | None = 100.0,
    upper_m: float | None = 200.0,
    start_s: float | None = 600.0,
    end_s: float | None = 4_200.0,
    now: datetime = START,
) -> CellBox:
    """A circle's cells; times are seconds after ``now``."""
    start = None if start_s is None else now + timedelta(seconds=start_s)
    end = None if end_s is None else now + timedelta(seconds=end_s)
    return CellBox(circle_cells(lat, lon, radius_m), lower_m, upper_m, start, end)


class Desk:
    """``uss1`` asks unless another is named."""

    def __init__(self, settings: DssSettings | None = None) -> None:
        self.state = State(Environment())
        self.state.dss = settings or DssSettings()
        self.ids = Ids(b"i" * 32)
        self.now = START
        self._references = References(self.ids)

    def pass_time(self, seconds: float) -> None:
        self.now += timedelta(seconds=seconds)

    def do(self, command: Command, by: str = "uss1") -> Decision:
        self.pass_time(0.001)
        decision = self.decide(command, by)
        for fact in decision.facts:
            apply(self.state, fact, None, self.now, 0)
        return decision

    def own(self, command: Command) -> Decision:
        """The exchange's own."""
        return self.do(command, EXCHANGE)

    def decide(self, command: Command, by: str = "uss1") -> Decision:
        participant = EXCHANGE if by == EXCHANGE else peer(by)
        submission = Submission(participant, PersonId(by), RequestId("-"), command, "")
        return decide(Asked(self.state, submission, self.now, self.ids, self._references))

    def refused(self, error: type[R], command: Command, by: str = "uss1", field: str | None = None) -> R:
        before = self.digest()
        with pytest.raises(error) as caught:
            self.do(command, by)
        assert type(caught.value) in (error, KeyRefused), caught.value
        assert self.digest() == before, "a refusal left something behind"
        if field is not None:
            assert caught.value.field == field, caught.value
        return caught.value

    def digest(self) -> str:
        return digest(rows(self.state))

    # --- short ways

    def put(
        self,
        number: int = 1,
        *,
        by: str = "uss1",
        at: CellBox | None = None,
        ovn: str | None = None,
        state: IntentState = IntentState.ACCEPTED,
        key: Sequence[str] = (),
        subscription: EntityId | None = None,
        implicit: bool = False,
        constraints: bool = False,
        every_key: bool = False,
    ) -> OperationalIntentReference:
        command = self.putting(
            number,
            at=at,
            ovn=ovn,
            state=state,
            key=self.ovns() if every_key else key,
            subscription=subscription,
            implicit=implicit,
            constraints=constraints,
        )
        self.do(command, by)
        return self.state.references[id_(number)]

    def putting(
        self,
        number: int = 1,
        *,
        at: CellBox | None = None,
        ovn: str | None = None,
        state: IntentState = IntentState.ACCEPTED,
        key: Sequence[str] = (),
        subscription: EntityId | None = None,
        implicit: bool = False,
        constraints: bool = False,
        suffix: str | None = None,
    ) -> c.PutReference:
        new = c.NewSubscription(URL, constraints) if implicit else None
        return c.PutReference(
            id_(number), ovn, at or box(), state, URL, tuple(key), subscription, new, suffix
        )

    def change(self, held: OperationalIntentReference, **what: Any) -> OperationalIntentReference:
        """Another version of one, with the key that it needs."""
        return self.put(
            int(held.id[-12:]),
            by=held.manager,
            ovn=held.ovn,
            at=what.pop("at", held.box),
            every_key=True,
            **what,
        )

    def remove(self, held: OperationalIntentReference) -> Decision:
        return self.do(c.RemoveReference(held.id, held.ovn), held.manager)

    def subscribe(
        self,
        number: int = 1,
        *,
        by: str = "uss1",
        at: CellBox | None = None,
        version: str | None = None,
        intents: bool = True,
        constraints: bool = False,
        url: str = URL,
    ) -> Subscription:
        command = self.subscribing(
            number, at=at, version=version, intents=intents, constraints=constraints, url=url
        )
        self.do(command, by)
        return self.state.subscriptions[id_(number, "b")]

    def subscribing(
        self,
        number: int = 1,
        *,
        at: CellBox | None = None,
        version: str | None = None,
        intents: bool = True,
        constraints: bool = False,
        url: str = URL,
    ) -> c.PutSubscription:
        return c.PutSubscription(id_(number, "b"), version, at or box(start_s=0.0), url, intents, constraints)

    def constrain(
        self, number: int = 1, *, by: str = "uss1", at: CellBox | None = None, ovn: str | None = None
    ) -> ConstraintReference:
        self.do(c.PutConstraintReference(id_(number, "c"), ovn, at or box(), URL), by)
        return self.state.constraint_references[id_(number, "c")]

    def available(self, uss: str, state: AvailabilityState) -> None:
        held = self.state.availability.get(uss)
        self.do(c.SetAvailability(uss, state, held.version if held else ""), "arbiter")

    def ovns(self) -> tuple[str, ...]:
        """Of everything there is."""
        return (
            *(each.ovn for each in self.state.references.values()),
            *(each.ovn for each in self.state.constraint_references.values()),
        )


def told(decision: Decision) -> dict[EntityId, int]:
    """Subscriptions that an answer lists, with their indexes."""
    return {one.id: one.index for to in decision.subscribers for one in to.subscriptions}
