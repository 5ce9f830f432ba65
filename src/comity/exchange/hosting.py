"""The exchange as the USS of its hosted participants: what other USSs ask of it, and what it tells them.

Everything that leaves is as its owner releases it to the group ``f3548``, at the level for which the
reference was made; what peers may not know of is not there. Bodies are made when they are sent, from what
is so then.

The first door is not here: what a peer files goes through ``exchange.dss``, and what it tells of its own
entities is ``peer_notices``'. Belongs to the event loop.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, Final, TypeVar

import msgspec

from comity.clock import Clock
from comity.coordination.f3548.visible import visible
from comity.coordination.state import State
from comity.errors import NotFound, WrongState
from comity.exchange.hosted_telemetry import telemetry_of
from comity.exchange.peer_notices import PeerNotices
from comity.ids import EntityId, ParticipantId
from comity.model import dss_fact as d
from comity.model.dss_command import Owed
from comity.model.f3548 import (
    AvailabilityState,
    ConstraintReference,
    OperationalIntentReference,
    peer,
)
from comity.model.fact import Fact
from comity.model.intent import Intent, IntentState
from comity.model.rule import Level
from comity.model.volume import Volumes
from comity.picture.picture import Picture
from comity.release import f3548 as released
from comity.release.coarsen import reserve
from comity.uss.details import Details, TelemetryAnswer, coarse, exact
from comity.uss.log import ExchangeLog, USSLogSet
from comity.uss.outbox import Sent
from comity.uss.peers import Peers
from comity.wire.encode import encode
from comity.wire.f3548 import Volume4D
from comity.wire.f3548_uss import ConstraintNotice, IntentNotice

R = TypeVar("R", OperationalIntentReference, ConstraintReference)

OWN_LOG: Final = "exchanges"
"""The log set that every peer can ask for: what was exchanged with itself."""


class OperationalIntentForm(msgspec.Struct, frozen=True):
    reference: released.OperationalIntentReferenceForm
    details: Details


class ConstraintDetailsForm(msgspec.Struct, frozen=True, omit_defaults=True):
    """``type``: only where its owner releases more than where it is."""

    volumes: tuple[Volume4D, ...]
    type: str | None = None


class ConstraintForm(msgspec.Struct, frozen=True):
    reference: released.ConstraintReferenceForm
    details: ConstraintDetailsForm


class Hosting:
    """See the file's head. ``on_owed``: told of what is newly owed."""

    def __init__(self, state: State, picture: Picture, clock: Clock) -> None:
        self.log = ExchangeLog(state.dss.uss)
        self.notices = PeerNotices(state)
        self.peers: Peers | None = None
        self.on_owed: Callable[[Iterable[Owed]], None] = lambda owed: None
        self._state = state
        self._picture = picture
        self._clock = clock

    def use(self, peers: Peers) -> None:
        """From now on other USSs can be called."""
        self.peers = self.notices.peers = peers

    # --- what peers ask

    def operational_intent(self, id: EntityId) -> dict[str, OperationalIntentForm]:
        """GetOperationalIntentDetailsResponse, with the ovn."""
        reference = self._hosted(self._state.references.get(id), "operational intent")
        form = self._intent_form(reference)
        if form is None:
            raise _unknown("operational intent")
        return {"operational_intent": form}

    def constraint(self, id: EntityId) -> dict[str, ConstraintForm]:
        """GetConstraintDetailsResponse."""
        reference = self._hosted(self._state.constraint_references.get(id), "constraint")
        form = self._constraint_form(reference)
        if form is None:
            raise _unknown("constraint")
        return {"constraint": form}

    def telemetry(self, id: EntityId) -> TelemetryAnswer | None:
        """Where the aircraft of an off-nominal intent is, if its owner releases that and it is known; None
        tells nothing of why there is none."""
        reference = self._hosted(self._state.references.get(id), "operational intent")
        if not reference.state.off_nominal():
            raise WrongState(f"an operational intent that is {reference.state} provides no telemetry")
        intent = self._state.intents.get(reference.intent or EntityId(""))
        if intent is None:
            raise _unknown("operational intent")
        levels = self._state.policy(self._clock.now()).to_peers(intent.owner)
        shown = levels.own_track
        if reference.state is IntentState.CONTINGENT:
            shown = max(shown, levels.own_track_in_emergency, key=lambda level: level.rank)
        if shown is Level.NONE:
            return None
        now = self._clock.now()
        return telemetry_of(reference.id, intent, self._picture, self._state.environment, now)

    def log_set(self, who: str, id: str) -> USSLogSet:
        """What was exchanged with ``who`` and is remembered; of others' nobody learns that there is any."""
        if id not in (OWN_LOG, who):
            raise NotFound(
                f"the one log set here is '{OWN_LOG}': what was exchanged with the USS that asks",
                field="log_set_id",
            )
        return self.log.of(who) or USSLogSet(())

    # --- what peers are told

    def touched(self, facts: Iterable[Fact]) -> None:
        """After each batch: what it obliges to tell."""
        for fact in facts:
            if isinstance(fact, d.NoticeOwed):
                self.on_owed(fact.owed)

    def owed(self) -> list[Owed]:
        """Everything that is owed now."""
        return [one for notice in self._state.notices.values() for one in notice.owed]

    async def send(self, owed: Owed) -> Sent:
        """Deliver one notification; its body says what is so now."""
        if owed.url == self._state.dss.base_url:
            return Sent.DELIVERED
        if self.peers is None:
            return Sent.UNANSWERED
        body, to = encode(self.notice(owed)), self._subscriber(owed)
        if owed.kind == "constraint":
            exchanged = await self.peers.notify_constraint(owed.url, body, to)
        else:
            exchanged = await self.peers.notify_intent(owed.url, body, to)
        if exchanged.problem is None or exchanged.status == 409:
            # 409: a later notification has overtaken this one, so the peer knows as much.
            return Sent.DELIVERED
        return Sent.REFUSED if exchanged.answered else Sent.UNANSWERED

    def notice(self, owed: Owed) -> dict[str, Any]:
        """PutOperationalIntentDetailsParameters or PutConstraintDetailsParameters."""
        subscriptions = [
            {"subscription_id": one.id, "notification_index": one.index} for one in owed.subscriptions
        ]
        if owed.kind == "constraint":
            constraint = self._state.constraint_references.get(owed.entity)
            told: Any = None if constraint is None else self._constraint_form(constraint)
        else:
            reference = self._state.references.get(owed.entity)
            told = None if reference is None else self._intent_form(reference)
        body = {f"{owed.kind}_id": owed.entity, "subscriptions": subscriptions}
        return body if told is None else {**body, owed.kind: told}

    def _subscriber(self, owed: Owed) -> str:
        """Whose subscription it is, for the log; its URL where that is gone."""
        for one in owed.subscriptions:
            held = self._state.subscriptions.get(one.id)
            if held is not None:
                return held.manager
        return owed.url

    # --- what peers tell, and the record

    async def intent_notice(self, who: str, notice: IntentNotice) -> None:
        """See ``peer_notices``."""
        await self.notices.intent(who, notice)

    async def constraint_notice(self, who: str, notice: ConstraintNotice) -> None:
        await self.notices.constraint(who, notice)

    def received(
        self, who: str, method: str, path: str, at: datetime, status: int, body: bytes, problem: str | None
    ) -> None:
        """A peer's request and what became of it, for the log."""
        url = f"{self._state.dss.base_url}{path}"
        self.log.received(who, method, url, at, self._clock.now(), status, body, problem)

    def erase(self, owner: ParticipantId) -> None:
        """Everything in memory of a USS, by the ledger's name of it."""
        for manager in {each for each in self.log.peers() | self.notices.managers() if peer(each) == owner}:
            self.log.erase(manager)
            self.notices.erase(manager)
            if self.peers is not None:
                self.peers.erase(manager)

    # --- forms

    def _hosted(self, reference: R | None, what: str) -> R:
        """One that this exchange keeps and peers may know of."""
        now = self._clock.now()
        if reference is None or reference.hosted is None or not visible(self._state, reference, now):
            raise _unknown(what)
        return reference

    def _intent_form(self, reference: OperationalIntentReference) -> OperationalIntentForm | None:
        """None where peers may not know of it."""
        intent = self._state.intents.get(reference.intent or EntityId(""))
        if intent is None or not visible(self._state, reference, self._clock.now()):
            return None
        nominal, off_nominal = _volumes(intent, reference.state)
        details = Details(
            self._volumes(nominal, reference.level),
            self._volumes(off_nominal, reference.level),
            intent.priority,
        )
        form = released.reference_form(reference, self._availability(), reference.ovn)
        return OperationalIntentForm(form, details)

    def _constraint_form(self, reference: ConstraintReference) -> ConstraintForm | None:
        constraint = self._state.constraints.get(reference.constraint or EntityId(""))
        if constraint is None or not visible(self._state, reference, self._clock.now()):
            return None
        kind = None if reference.level is Level.RESERVED else f"comity.constraint.{constraint.kind}"
        details = ConstraintDetailsForm(self._volumes(constraint.volumes, reference.level), kind)
        form = released.constraint_form(reference, self._availability(), reference.ovn)
        return ConstraintForm(form, details)

    def _volumes(self, volumes: Volumes, level: Level | None) -> tuple[Volume4D, ...]:
        if level is Level.VOLUME:
            return exact(volumes, self._state.environment)
        return coarse(reserve(volumes, self._state.environment))

    def _availability(self) -> AvailabilityState:
        held = self._state.availability.get(self._state.dss.uss)
        return AvailabilityState.UNKNOWN if held is None else held.state


def _volumes(intent: Intent, state: IntentState) -> tuple[Volumes, Volumes]:
    """Nominal and off-nominal volumes as the state wants them: Nonconforming both, Contingent no nominal."""
    if not state.off_nominal():
        return intent.volumes, ()
    if state is IntentState.CONTINGENT:
        return (), intent.volumes
    return intent.nominal_volumes or intent.volumes, intent.volumes


def _unknown(what: str) -> NotFound:
    return NotFound(f"there is no {what} with this id here", field="entityid")
