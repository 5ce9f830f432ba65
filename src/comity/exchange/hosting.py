"""The exchange as the USS of its hosted participants: what other USSs ask of it, and what it tells them.

Everything that leaves is as its owner releases it to the group ``f3548``, at the level for which the
reference was made; what peers may not know of is not there. Bodies are made when they are sent, from what
is so then.

The first door is not here: what a peer files goes through ``exchange.dss``, and what it tells of its own
entities is ``peer_notices``'. Belongs to the event loop.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Any, Final

import msgspec

from comity.clock import Clock
from comity.coordination.state import State
from comity.errors import NotFound, WrongState
from comity.exchange.hosted_forms import Form, HostedForms
from comity.exchange.hosted_telemetry import telemetry_of
from comity.exchange.peer_notices import PeerNotices
from comity.exchange.recorder import Line, Recorder
from comity.ids import EntityId, ParticipantId
from comity.model import dss_fact as d
from comity.model.dss_command import Owed
from comity.model.f3548 import peer
from comity.model.fact import Fact
from comity.model.intent import IntentState
from comity.model.rule import Level
from comity.picture.picture import Picture
from comity.uss.details import TelemetryAnswer
from comity.uss.log import ExchangeLog, USSLogSet
from comity.uss.outbox import Sent
from comity.uss.peers import Peers
from comity.wire.encode import encode
from comity.wire.f3548_uss import ConstraintNotice, IntentNotice

OWN_LOG: Final = "exchanges"
"""The log set that every peer can ask for: what was exchanged with itself."""

MOST_RECORDED: Final = 100_000
"""Forms by USS and entity of which is remembered that they are in the recording. Past it one may be there
twice."""


class Hosting:
    """See the file's head. ``on_owed``: told of what is newly owed."""

    def __init__(self, state: State, picture: Picture, recorder: Recorder, clock: Clock) -> None:
        self.log = ExchangeLog(state.dss.uss)
        self.notices = PeerNotices(state)
        self.peers: Peers | None = None
        self.on_owed: Callable[[Iterable[Owed]], None] = lambda owed: None
        self._state = state
        self._picture = picture
        self._recorder = recorder
        self._clock = clock
        self._forms = HostedForms(state, clock)
        self._recorded: OrderedDict[tuple[ParticipantId, EntityId, str], str] = OrderedDict()

    def use(self, peers: Peers) -> None:
        """From now on other USSs can be called."""
        self.peers = self.notices.peers = peers

    # --- what peers ask

    def operational_intent(self, who: str, id: EntityId) -> dict[str, msgspec.Raw]:
        """GetOperationalIntentDetailsResponse, with the ovn."""
        form = self._forms.intent(id)
        if form is None:
            raise _unknown("operational intent")
        self._record(peer(who), id, form)
        return {"operational_intent": msgspec.Raw(form.json)}

    def constraint(self, who: str, id: EntityId) -> dict[str, msgspec.Raw]:
        """GetConstraintDetailsResponse."""
        form = self._forms.constraint(id)
        if form is None:
            raise _unknown("constraint")
        self._record(peer(who), id, form)
        return {"constraint": msgspec.Raw(form.json)}

    def telemetry(self, who: str, id: EntityId) -> TelemetryAnswer | None:
        """Where the aircraft of an off-nominal intent is, if its owner releases that and it is known; None
        tells nothing of why there is none."""
        if self._forms.intent(id) is None:
            raise _unknown("operational intent")
        reference = self._state.references[id]
        if not reference.state.off_nominal():
            raise WrongState(f"an operational intent that is {reference.state} provides no telemetry")
        intent = self._state.intents[reference.intent or EntityId("")]
        now = self._clock.now()
        levels = self._state.policy(now).to_peers(intent.owner)
        shown = levels.own_track
        if reference.state is IntentState.CONTINGENT:
            shown = max(shown, levels.own_track_in_emergency, key=lambda level: level.rank)
        # What has ended and lingers at level 0 is told as it was, but nobody's aircraft is followed any more.
        if shown is Level.NONE or not intent.state.live():
            return None
        found = telemetry_of(reference.id, intent, self._picture, self._state.environment, now)
        if found is not None:
            body = encode(found.telemetry)
            form = Form(body, hashlib.sha256(body).hexdigest(), shown, intent.owner, intent.id)
            self._record(peer(who), id, form, what="track")
        return found

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
        form = (
            self._forms.constraint(owed.entity)
            if _about_constraint(owed)
            else self._forms.intent(owed.entity)
        )
        body, to = encode(notice(owed, form)), self._subscriber(owed)
        if form is not None:
            self._record(peer(to), owed.entity, form)
        if _about_constraint(owed):
            exchanged = await self.peers.notify_constraint(owed.url, body, to)
        else:
            exchanged = await self.peers.notify_intent(owed.url, body, to)
        if exchanged.problem is None or exchanged.status == 409:
            # 409: a later notification has overtaken this one, so the peer knows as much.
            return Sent.DELIVERED
        return Sent.REFUSED if exchanged.answered else Sent.UNANSWERED

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
        for key in [key for key in self._recorded if key[0] == owner]:
            del self._recorded[key]
        for manager in {each for each in self.log.peers() | self.notices.managers() if peer(each) == owner}:
            self.log.erase(manager)
            self.notices.erase(manager)
            if self.peers is not None:
                self.peers.erase(manager)

    def _record(self, who: ParticipantId, id: EntityId, form: Form, what: str = "item") -> None:
        """In the recording of what was released: each form that a USS got, once."""
        key = who, id, what
        if self._recorded.get(key) == form.sha256:
            self._recorded.move_to_end(key)
            return
        self._recorded[key] = form.sha256
        if len(self._recorded) > MOST_RECORDED:
            self._recorded.popitem(last=False)
        now = self._clock.now()
        line = Line(now, what, id, form.level.value, form.owner, form.item, form.sha256)
        self._recorder.add(who, line)


def notice(owed: Owed, form: Form | None) -> dict[str, Any]:
    """PutOperationalIntentDetailsParameters or PutConstraintDetailsParameters; without a form it is gone."""
    body: dict[str, Any] = {
        f"{owed.kind}_id": owed.entity,
        "subscriptions": [
            {"subscription_id": one.id, "notification_index": one.index} for one in owed.subscriptions
        ],
    }
    return body if form is None else {**body, owed.kind: msgspec.Raw(form.json)}


def _about_constraint(owed: Owed) -> bool:
    return owed.kind == "constraint"


def _unknown(what: str) -> NotFound:
    return NotFound(f"there is no {what} with this id here", field="entityid")
