"""Leaks planted on purpose: each changes the running code so that it tells what it must not.

They show that the harness of law 2 (``tests/property``) would notice. Each is a context manager; under each
the harness has to find a difference, and without any of them none. A leak tells *whether* or *how often*
others did something, or how something exactly is that is released coarsened; none is a plain "show it".
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from typing import Any, Final
from unittest.mock import patch

from msgspec.structs import replace

from comity.clock import from_micros
from comity.coordination import conflicts, intents
from comity.coordination.decision import Asked
from comity.errors import NotFound
from comity.exchange.exchange import Exchange
from comity.exchange.logs import Logs
from comity.geo.overlap import overlapping
from comity.http import access
from comity.http.access import Access, Caller, Gate
from comity.ids import EntityId, Ids, ParticipantId
from comity.ledger.entry import TREE
from comity.model.released import Change, ChangePage, Clearance, ReleasedItem
from comity.model.rule import Level
from comity.release import forms, view
from comity.release.view import View

Leak = Callable[[], AbstractContextManager[Any]]


def a_count() -> AbstractContextManager[Any]:
    """A clearance says among how many intents it was checked: everybody's."""
    honest = intents.clearance

    def telling(asked: Asked) -> Clearance:
        count = len(asked.state.intents)
        return replace(honest(asked), checked=f"clear of what is released to you, among {count} intents")

    return patch.object(intents, "clearance", telling)


def an_error_text() -> AbstractContextManager[Any]:
    """ "Not released to you" where there is something, "no such thing" where there is nothing."""
    honest = Exchange.item

    def telling(self: Exchange, who: ParticipantId, ref: str) -> ReleasedItem:
        if self.state.item(EntityId(ref)) is None:
            return honest(self, who, ref)
        try:
            return honest(self, who, ref)
        except NotFound as error:
            raise NotFound("this is not released to you", field="ref") from error

    return patch.object(Exchange, "item", telling)


def an_id() -> AbstractContextManager[Any]:
    """New ids count what everybody made."""
    made: dict[int, int] = {}

    def telling(self: Ids, kind: str, owner: str, request_id: str) -> EntityId:
        made[id(self)] = made.get(id(self), 0) + 1
        digest = hashlib.sha256(f"{kind}/{made[id(self)]}".encode()).digest()
        return EntityId(str(uuid.UUID(bytes=digest[:16], version=4)))

    return patch.object(Ids, "entity", telling)


def an_order() -> AbstractContextManager[Any]:
    """Items come in the order of how often their owners changed them, seen or unseen."""
    honest = Exchange.changes

    def telling(self: Exchange, who: ParticipantId, cursor: str | None, limit: int = 1000) -> ChangePage:
        page = honest(self, who, cursor, limit)
        held = self.views.of(who, self.clock.now()).entities

        def changed(change: Change) -> int:
            item = self.state.item(held.get(change.ref, EntityId("")))
            return 0 if item is None else item.version

        return replace(page, changes=tuple(sorted(page.changes, key=changed)))

    return patch.object(Exchange, "changes", telling)


@contextmanager
def a_version() -> Iterator[None]:
    """A reserved item carries its owner's version number."""
    honest = forms.reserved_form

    def telling(item: Any, *rest: Any) -> ReleasedItem:
        return replace(honest(item, *rest), version=item.version)

    with patch.object(view, "reserved_form", telling), patch.object(intents, "reserved_form", telling):
        yield


def a_conflict_answer() -> AbstractContextManager[Any]:
    """A conflict with a reserved item is told by where it exactly is."""
    honest = conflicts.find

    def telling(state: Any, asker: Any, volumes: Any, now: datetime, *rest: Any) -> list[conflicts.Conflict]:
        return [
            conflict
            for conflict in honest(state, asker, volumes, now, *rest)
            if conflict.level is not Level.RESERVED
            or any(overlapping(mine, conflict.item.volumes, state.environment, now).any() for mine in volumes)
        ]

    return patch.object(intents, "find", telling)


def a_timestamp() -> AbstractContextManager[Any]:
    """ "As of" is when anybody last wrote."""

    def telling(self: Exchange) -> datetime:
        return from_micros(self.ledger.last_time_us)

    return patch.object(Exchange, "as_of", telling)


def a_metric() -> AbstractContextManager[Any]:
    """The operator's figures for everybody who holds the scope."""
    honest = Gate.permit

    def telling(self: Gate, caller: Caller, asked: Access) -> None:
        if asked is access.OPERATOR:
            asked = replace(asked, standing=access.Standing.ANY)
        honest(self, caller, asked)

    return patch.object(Gate, "permit", telling)


def a_stream_gap() -> AbstractContextManager[Any]:
    """The feed's numbers go on for changes that do not show."""
    honest = View.update

    def telling(self: View, made: Iterable[tuple[str, EntityId, ReleasedItem | None]]) -> list[Change]:
        given = list(made)
        unseen = sum(1 for ref, _, form in given if self.items.get(ref) == form)
        changes = honest(self, given)
        self.seq += unseen
        return changes

    return patch.object(View, "update", telling)


def a_log_proof() -> AbstractContextManager[Any]:
    """A proof of inclusion in one's own log leads on into the whole tree."""
    honest = Logs.inclusion

    def telling(self: Logs, log: str, position: int, size: int) -> list[str]:
        proof = honest(self, log, position, size)
        whole = honest(self, TREE, 0, self._ledger.size)
        return proof if log == TREE else proof + whole[-1:]

    return patch.object(Logs, "inclusion", telling)


# --- beyond the ten that were asked for: what was once so, or nearly


@contextmanager
def a_landing() -> Iterator[None]:
    """What ends at level 0 leaves view at once, and so tells when."""

    def at_once(when: datetime) -> datetime:
        return when

    with patch.object(view, "lingers_until", at_once), patch.object(conflicts, "lingers_until", at_once):
        yield


@contextmanager
def a_forgetting() -> Iterator[None]:
    """What has ended stays to be read until anybody writes something."""

    def never(item: object, now: datetime) -> bool:
        return False

    with patch("comity.exchange.exchange.past", never), patch.object(intents, "past", never):
        yield


def a_receipt() -> AbstractContextManager[Any]:
    """A receipt names the entry's place in the whole tree."""
    honest = Exchange._outcome

    def telling(self: Exchange, done: Any) -> Any:
        outcome = honest(self, done)
        return replace(outcome, receipt=replace(outcome.receipt, position=done.first.index))

    return patch.object(Exchange, "_outcome", telling)


LEAKS: Final[dict[Leak, str]] = {
    a_count: "POST /v1/intents ",
    an_error_text: "GET /v1/airspace/",
    an_id: "POST /v1/|GET /v1/|a tick",
    an_order: "GET /v1/(airspace|intents|constraints|changes)|stream",
    a_version: "GET /v1/(airspace|intents|changes)|stream",
    a_conflict_answer: "POST /v1/intents ",
    a_timestamp: "GET /v1/(airspace|intents|changes)",
    a_metric: "GET /(metrics|v1/operator/health)",
    a_stream_gap: "GET /v1/(airspace|changes)|stream",
    a_log_proof: "GET /v1/log/inclusion",
    a_landing: "GET /v1/(airspace|intents|changes)|POST /v1/intents|stream",
    a_forgetting: "GET /v1/(airspace|intents)/|DELETE /v1/intents/",
    a_receipt: "POST /v1/|PUT /v1/|DELETE /v1/",
}
"""Each with where the harness may notice it first: anywhere else it would be noticed for another reason."""
