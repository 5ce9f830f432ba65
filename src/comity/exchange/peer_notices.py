"""What other USSs tell of their own intents and constraints, held against the DSS before it is relied on.

A notification about another manager's entity is refused, and so is one that contradicts the reference that
the DSS has, that comes late, or that says of one version something else than before. One about a version
that the DSS does not have now is taken and not relied on. Details stay in memory (``uss.peers``).
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Iterable
from typing import Final, Literal, NamedTuple, TypeVar

import msgspec

from comity.coordination.state import State
from comity.errors import InvalidInput, NotPermitted, StaleOvn
from comity.ids import EntityId
from comity.model.f3548 import ConstraintReference, OperationalIntentReference
from comity.uss.peers import Peers
from comity.uss.validate import (
    Flaw,
    PeerConstraint,
    PeerIntent,
    Reason,
    Verdict,
    check_constraint,
    check_intent,
    digest,
    ovn_flaw,
    unsound,
)
from comity.wire import f3548_uss as forms

T = TypeVar("T", PeerIntent, PeerConstraint)

MOST_TOLD: Final = 100_000
"""Entities of which the last notification is remembered, to find one that comes late or says otherwise."""

MANY_VOLUMES: Final = 50
"""From so many on a notification is checked in a thread: nobody waits 20 ms for it."""

Reference = OperationalIntentReference | ConstraintReference
Told = forms.OperationalIntent | forms.Constraint


class PeerChange(msgspec.Struct, frozen=True):
    """A peer told of a change. ``details`` None: it was deleted, or what was told is not to be relied on.
    ``subscriptions``: for which it was told; those of hosted plans name their participant in the state."""

    id: EntityId
    manager: str
    kind: Literal["operational_intent", "constraint"]
    details: PeerIntent | PeerConstraint | None
    subscriptions: tuple[EntityId, ...]


class _Last(NamedTuple):
    """What of an entity was told last."""

    manager: str
    version: int
    ovn: str | None
    sha256: str


class PeerNotices:
    """``peers``: where details are kept; None while nobody is called. ``on_change``: who is told of what."""

    def __init__(self, state: State) -> None:
        self.peers: Peers | None = None
        self.on_change: list[Callable[[PeerChange], None]] = []
        self._state = state
        self._last: OrderedDict[EntityId, _Last] = OrderedDict()

    async def intent(self, who: str, notice: forms.IntentNotice) -> None:
        """``who``'s operational intent changed. Raises what is wrong with what it tells."""
        id = EntityId(notice.operational_intent_id.lower())
        held, told = self._state.references.get(id), notice.operational_intent
        self._check_manager(who, id, held)
        details: PeerIntent | None = None
        if told is not None:
            self._check_told(who, id, held, told)
            if held is None:
                _refuse(await _apart(told, lambda: unsound(told)))
            else:
                details = _believed(await _apart(told, lambda: check_intent(told, held)))
        self._took(who, id, told)
        if self.peers is not None and details is not None:
            self.peers.know_intent(details)
        self._tell(PeerChange(id, who, "operational_intent", details, _ids(notice.subscriptions)), told)

    async def constraint(self, who: str, notice: forms.ConstraintNotice) -> None:
        """``who``'s constraint changed, likewise."""
        id = EntityId(notice.constraint_id.lower())
        held, told = self._state.constraint_references.get(id), notice.constraint
        self._check_manager(who, id, held)
        details: PeerConstraint | None = None
        if told is not None:
            self._check_told(who, id, held, told)
            if held is None:
                _refuse(await _apart(told, lambda: unsound(told)))
            else:
                details = _believed(await _apart(told, lambda: check_constraint(told, held)))
        self._took(who, id, told)
        if self.peers is not None and details is not None:
            self.peers.know_constraint(details)
        self._tell(PeerChange(id, who, "constraint", details, _ids(notice.subscriptions)), told)

    def managers(self) -> set[str]:
        """Of whom anything is remembered."""
        return {last.manager for last in self._last.values()}

    def erase(self, manager: str) -> None:
        for id in [id for id, last in self._last.items() if last.manager == manager]:
            del self._last[id]

    def _check_manager(self, who: str, id: EntityId, held: Reference | None) -> None:
        """By the DSS's record, or by what was told before."""
        last = self._last.get(id)
        manager = held.manager if held is not None else last.manager if last is not None else who
        if manager != who or (held is not None and held.hosted is not None):
            raise NotPermitted("by our records the entity is managed by another USS")

    def _check_told(self, who: str, id: EntityId, held: Reference | None, told: Told) -> None:
        reference = told.reference
        if reference.id.lower() != id:
            raise InvalidInput(
                "the reference is another entity's than the notification", field="reference.id"
            )
        if reference.manager != who:
            raise NotPermitted("the entity's manager is not the USS that tells of it")
        flaw = ovn_flaw(reference.ovn)
        if flaw is not None:
            raise InvalidInput(flaw.words, field="reference.ovn")
        last = self._last.get(id)
        if last is None or (held is not None and held.ovn == reference.ovn != last.ovn):
            return  # not told of before, whatever there was under this id: the DSS knows what is current
        if reference.version < last.version:
            raise StaleOvn(f"version {last.version} was told already", field="reference.version")
        if reference.version == last.version and digest(told) != last.sha256:
            raise StaleOvn("this version was told already, and otherwise", field="reference.version")

    def _took(self, who: str, id: EntityId, told: Told | None) -> None:
        self._last.pop(id, None)
        if told is not None:
            self._last[id] = _Last(who, told.reference.version, told.reference.ovn, digest(told))
            if len(self._last) > MOST_TOLD:
                self._last.popitem(last=False)

    def _tell(self, change: PeerChange, told: Told | None) -> None:
        if told is None and self.peers is not None:
            self.peers.forget(change.id)
        for tell in self.on_change:
            tell(change)


def _believed(verdict: Verdict[T]) -> T | None:
    """The details; None where they are of another version than the DSS's, which is no contradiction."""
    if verdict.details is None:
        _refuse(tuple(reason for reason in verdict.reasons if reason.flaw is not Flaw.VERSION))
    return verdict.details


def _refuse(reasons: tuple[Reason, ...]) -> None:
    if reasons:
        words = "; ".join(f"{reason.flaw}: {reason.words}" for reason in reasons)
        raise InvalidInput(f"the entity is not as its reference promises: {words}", field="details")


V = TypeVar("V")


async def _apart(told: Told, check: Callable[[], V]) -> V:
    """In a thread where it takes long."""
    count = len(told.details.volumes or ())
    if isinstance(told, forms.OperationalIntent):
        count += len(told.details.off_nominal_volumes or ())
    return check() if count < MANY_VOLUMES else await asyncio.to_thread(check)


def _ids(subscriptions: Iterable[forms.SubscriptionState]) -> tuple[EntityId, ...]:
    return tuple(EntityId(each.subscription_id.lower()) for each in subscriptions)
