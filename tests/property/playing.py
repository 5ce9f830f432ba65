"""Events carried out on a stack: the others' by ``submit`` and ``observe``, ``south``'s as HTTP requests.

Others file over whatever advisory conflict is in their way. What succeeded is kept in ``happened``, which is
the world that ``permitted`` is asked about.
"""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Generic, Protocol, TypeVar
from urllib.parse import quote

from comity.clock import ManualClock
from comity.errors import Refused, StrategicConflict
from comity.exchange.exchange import Exchange
from comity.exchange.values import Outcome
from comity.ids import EntityId, GroupId, Ovn, ParticipantId, RequestId, RuleId
from comity.model import command as c
from comity.model.released import ConflictItem, ReleasedItem
from comity.model.rule import Group, ReleaseRule
from comity.wire.encode import encode
from tests.property import happened as h
from tests.property.happened import Event, Token, World
from tests.property.stack import DESK, GEOID_M, TERRAIN_M, founding

_ABOUT_SOMETHING = h.IntentChanged | h.IntentEnded | h.ConstraintChanged | h.Unruled


@dataclass(frozen=True)
class Request:
    """An HTTP request; ``key`` for a write."""

    method: str
    target: str
    body: bytes = b""
    key: str | None = None


class Playable(Protocol):
    """An exchange with its clock, served or not."""

    @property
    def exchange(self) -> Exchange: ...
    @property
    def clock(self) -> ManualClock: ...


S = TypeVar("S", bound=Playable)


class Player(Generic[S]):
    """One world being played. ``ids`` are the entities and rules by the request that made them."""

    def __init__(self, stack: S) -> None:
        self.stack = stack
        self.ids: dict[Token, str] = {}
        self.happened: list[tuple[datetime, Event]] = []
        self._numbers = itertools.count(1)

    def begun(self) -> None:
        charter = self.stack.exchange.charter()
        self.happened += [(self.stack.clock.now(), event) for event in founding(charter.floor)]

    def world(self) -> World:
        return World(GEOID_M, TERRAIN_M, tuple(self.happened))

    def note(self, event: Event) -> None:
        """It happened."""
        self.happened.append((self.stack.clock.now(), event))

    async def act(self, event: Event) -> bool:
        """Carry out what somebody else than ``south`` does; False where it was refused."""
        exchange = self.stack.exchange
        if isinstance(event, _ABOUT_SOMETHING) and (event.by, event.name) not in self.ids:
            return False  # what it is about was refused
        if isinstance(event, h.Brought):
            exchange.observe(event.by, event.feed, event.provenance, event.reports)
            self.note(event)
            return True
        if isinstance(event, h.Acknowledged) and self.alert_ref(event) is None:
            return False
        try:
            outcome = await self._submit(event, self.command(event))
        except StrategicConflict as refusal:
            found: list[ConflictItem] = refusal.detail["conflicts"]
            if any(item.blocking for item in found):
                return False
            outcome = await self._submit(event, self.command(event, tuple(item.item.ref for item in found)))
        except Refused:
            return False
        self.remember(event, outcome.result)
        self.note(event)
        return True

    async def _submit(self, event: Event, command: c.Command) -> Outcome:
        by = getattr(event, "by", None)
        assert by is not None
        request = RequestId(self.request_id(event))
        return await self.stack.exchange.submit(c.Submission(by, DESK, request, command, repr(command)))

    def request_id(self, event: Event) -> str:
        """The name of what is made, so that ids follow from it; for anything else a new one."""
        if isinstance(event, h.Filed | h.Published | h.Ruled) and (event.by, event.name) not in self.ids:
            return f"{event.by}:{event.name}"
        return f"further-{next(self._numbers):06d}"

    def remember(self, event: Event, result: Any) -> None:
        match event:
            case h.Filed() | h.Published():
                assert isinstance(result, ReleasedItem)
                self.ids[event.by, event.name] = result.ref
            case h.Ruled():
                assert isinstance(result, ReleaseRule)
                self.ids[event.by, event.name] = result.id
            case _:
                pass

    # --- what is current

    def ovn(self, token: Token) -> Ovn:
        state = self.stack.exchange.state
        item = state.item(EntityId(self.ids[token])) or state.rules.get(RuleId(self.ids[token]))
        return Ovn("gone") if item is None else item.ovn

    def group_ovn(self, keeper: ParticipantId, id: GroupId) -> Ovn | None:
        group: Group | None = self.stack.exchange.state.groups.get((keeper, id))
        return None if group is None else group.ovn

    def alert_ref(self, event: h.Acknowledged) -> str | None:
        """The reference of somebody's own alert about these two."""
        desk = self.stack.exchange.warnings._desks.get(event.by)
        pair = "\x1e".join(sorted(event.pair))
        found = (
            [alive.alert.ref for alive in desk._alive.values() if alive.about.pair == pair] if desk else []
        )
        return found[0] if found else None

    # --- as commands

    def command(self, event: Event, accept: tuple[Any, ...] = ()) -> c.Command:
        match event:
            case h.Filed():
                return c.FileIntent(event.volumes, event.category, event.crewed, accept)
            case h.IntentChanged():
                token = (event.by, event.name)
                return c.ChangeIntent(
                    EntityId(self.ids[token]), self.ovn(token), event.state, event.volumes, accept
                )
            case h.IntentEnded():
                token = (event.by, event.name)
                return c.EndIntent(EntityId(self.ids[token]), self.ovn(token))
            case h.Acknowledged():
                return c.AcknowledgeAlert(self.alert_ref(event) or "none")
            case h.Published():
                return c.PublishConstraint(event.kind, event.designator, event.volumes, event.provenance)
            case h.ConstraintChanged():
                token = (event.by, event.name)
                return c.ChangeConstraint(
                    EntityId(self.ids[token]),
                    self.ovn(token),
                    event.state,
                    event.kind,
                    event.designator,
                    event.volumes,
                )
            case h.Ruled() | h.Unruled() | h.Grouped() | h.Ungrouped():
                return self._release(event)
            case _:
                return _membership(event)

    def _release(self, event: h.Ruled | h.Unruled | h.Grouped | h.Ungrouped) -> c.Command:
        match event:
            case h.Ruled():
                token = (event.by, event.name)
                if token in self.ids:
                    return c.ChangeRule(RuleId(self.ids[token]), self.ovn(token), event.levels, event.expires)
                return c.SetRule(event.recipient, event.levels, event.expires)
            case h.Unruled():
                token = (event.by, event.name)
                return c.WithdrawRule(RuleId(self.ids[token]), self.ovn(token))
            case h.Grouped():
                return c.SetGroup(event.id, event.members, self.group_ovn(event.by, event.id))
            case h.Ungrouped():
                return c.RemoveGroup(event.id, self.group_ovn(event.by, event.id) or Ovn("gone"))

    # --- as requests

    def request(self, event: Event, accept: tuple[str, ...] = ()) -> Request:
        """What ``south`` sends to make it happen."""
        body: dict[str, Any]
        match event:
            case h.Brought():
                body = {"feed": event.feed, "provenance": event.provenance, "reports": event.reports}
                return Request("POST", "/v1/reports", encode(body))
            case h.Filed():
                body = {
                    "volumes": event.volumes,
                    "category": event.category,
                    "crewed": event.crewed,
                    "accept_conflicts": accept,
                }
                return self._write(event, "POST", "/v1/intents", body)
            case h.IntentChanged():
                token = (event.by, event.name)
                body = {"ovn": self.ovn(token), "state": event.state, "accept_conflicts": accept}
                if event.volumes is not None:
                    body["volumes"] = event.volumes
                return self._write(event, "PUT", f"/v1/intents/{self.ids[token]}", body)
            case h.IntentEnded():
                token = (event.by, event.name)
                target = f"/v1/intents/{self.ids[token]}?ovn={quote(self.ovn(token))}"
                return self._write(event, "DELETE", target)
            case h.Published():
                body = {"kind": event.kind, "designator": event.designator, "volumes": event.volumes}
                return self._write(event, "POST", "/v1/constraints", body)
            case h.Ruled():
                body = {"recipient": event.recipient, "levels": event.levels, "expires": event.expires}
                return self._write(event, "POST", "/v1/rules", body)
            case h.Grouped():
                body = {"members": event.members, "ovn": self.group_ovn(event.by, event.id)}
                return self._write(event, "PUT", f"/v1/groups/{event.id}", body)
            case _:
                raise AssertionError(f"south does not do {type(event).__name__}")

    def _write(self, event: Event, method: str, target: str, body: dict[str, Any] | None = None) -> Request:
        return Request(method, target, b"" if body is None else encode(body), self.request_id(event))


def _membership(event: Event) -> c.Command:
    match event:
        case h.PersonKept():
            return c.PutPerson(event.person)
        case h.PersonGone():
            return c.RemovePerson(event.participant, event.id)
        case h.Revoked():
            return c.RevokeTokens(event.participant, event.person)
        case h.Erasure():
            return c.Erase(event.owner, event.period)
        case h.Admitted():
            return c.AdmitParticipant(event.participant)
        case h.Adopted():
            return c.AdoptCharter(event.charter)
        case _:
            raise AssertionError(f"{type(event).__name__} is not a command")
