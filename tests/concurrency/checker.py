"""A slow and obvious reading of the DSS's record: what must be so of every write, one fact after the other.

It shares no code with the DSS's decisions or indexes: cells are compared as ranges of numbers, every
reference with every other. ``check`` answers all that is wrong, in words:

* a key-needing reference was written without the OVN of a reference, or a needed constraint, that was there;
* an update was lost: a version skipped, repeated, or written over by somebody else;
* somebody was owed a notification and is not listed, or an index did not move by one;
* an OVN came twice; an implicit subscription outlived its references, or one went while something needed it;
* what a client was answered is not what the record says.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from comity.model import dss_fact as d
from comity.model.f3548 import CellBox, ConstraintReference, OperationalIntentReference, Subscription

KEYED = ("Accepted", "Activated")

Reference = OperationalIntentReference | ConstraintReference


class Said(NamedTuple):
    """What one client was answered for one write: the OVN it named, the version it got, whom to notify."""

    id: str
    basis: str | None
    ovn: str
    version: int
    listed: dict[str, int]


class Checker:
    """Facts are fed in the order of the ledger."""

    def __init__(self) -> None:
        self.wrong: list[str] = []
        self.writes = 0
        self.keyed = 0
        self.needed = 0
        self.owed = 0
        self._references: dict[str, OperationalIntentReference] = {}
        self._constraints: dict[str, ConstraintReference] = {}
        self._subscriptions: dict[str, Subscription] = {}
        self._down: set[str] = set()
        self._ovns: set[str] = set()
        self._history: dict[tuple[str, str], tuple[str | None, int, dict[str, int]]] = {}
        self._excused: dict[str, str] = {}

    def feed(self, facts: Iterable[tuple[d.DssFact, datetime]]) -> None:
        for fact, now in facts:
            if isinstance(fact, d.SubscriptionRemoved):
                self._unsubscribed(fact.subscription)
                continue
            self._not_excused()
            match fact:
                case d.ReferencePut():
                    self._put(fact, now)
                case d.ReferenceRemoved():
                    self._removed(fact, self._references, now)
                case d.ConstraintReferencePut():
                    self._put_constraint(fact, now)
                case d.ConstraintReferenceRemoved():
                    self._removed(fact, self._constraints, now)
                case d.SubscriptionPut(subscription=subscription):
                    self._subscriptions[subscription.id] = subscription
                case d.AvailabilitySet(availability=held):
                    (self._down.add if held.state == "Down" else self._down.discard)(held.uss)
        self._not_excused()

    def finish(self) -> list[str]:
        """After the last fact."""
        for each in self._subscriptions.values():
            if each.implicit and not self._dependents(each.id):
                self.wrong.append(f"implicit subscription {each.id} is left over")
        return self.wrong

    def compare(self, said: Iterable[Said]) -> None:
        """Answers of clients with the record."""
        bases: dict[tuple[str, str], int] = {}
        for one in said:
            recorded = self._history.get((one.id, one.ovn))
            if recorded is None:
                self.wrong.append(f"{one.id} version {one.version} was answered and is not on the record")
                continue
            basis, version, listed = recorded
            if (basis, version) != (one.basis, one.version):
                self.wrong.append(f"{one.id} version {one.version} replaced another than its writer knew")
            if listed != one.listed:
                self.wrong.append(
                    f"{one.id} version {one.version} listed other subscriptions than it notified"
                )
            if one.basis is not None:
                bases[one.id, one.basis] = bases.get((one.id, one.basis), 0) + 1
        self.wrong += [f"{id}: {n} updates rest on one version" for (id, _), n in bases.items() if n > 1]

    # --- writes

    def _unsubscribed(self, subscription: Subscription) -> None:
        self._excused.pop(subscription.id, None)
        if self._dependents(subscription.id):
            self.wrong.append(f"subscription {subscription.id} went with something under it")
        if self._subscriptions.pop(subscription.id, None) is None:
            self.wrong.append(f"subscription {subscription.id} went and was not there")

    def _put(self, fact: d.ReferencePut, now: datetime) -> None:
        new = fact.reference
        old = self._references.get(new.id)
        self._versions(new, old, fact.notified)
        if new.state in KEYED:
            self._key(fact, new)
        self._notified(fact.notified, new, old, now, "notify_for_operational_intents")
        self._references[new.id] = new

    def _put_constraint(self, fact: d.ConstraintReferencePut, now: datetime) -> None:
        new = fact.reference
        old = self._constraints.get(new.id)
        self._versions(new, old, fact.notified)
        self._notified(fact.notified, new, old, now, "notify_for_constraints")
        self._constraints[new.id] = new

    def _removed(
        self,
        fact: d.ReferenceRemoved | d.ConstraintReferenceRemoved,
        held: dict[str, Any],
        now: datetime,
    ) -> None:
        self.writes += 1
        old = held.pop(fact.reference.id, None)
        if old != fact.reference:
            self.wrong.append(f"{fact.reference.id} was not as its removal says")
            return
        asks = "notify_for_operational_intents"
        if isinstance(old, ConstraintReference):
            asks = "notify_for_constraints"
        self._notified(fact.notified, None, old, now, asks)

    def _versions(self, new: Reference, old: Reference | None, notified: tuple[Any, ...]) -> None:
        self.writes += 1
        if new.version != (1 if old is None else old.version + 1):
            self.wrong.append(f"{new.id} has version {new.version} after {old.version if old else 0}")
        if old is not None and old.manager != new.manager:
            self.wrong.append(f"{new.id} of {old.manager} was written over by {new.manager}")
        if new.ovn in self._ovns:
            self.wrong.append(f"{new.id} version {new.version} has an OVN that was there before")
        self._ovns.add(new.ovn)
        listed = {one.id: one.index for one in notified}
        self._history[new.id, new.ovn] = (None if old is None else old.ovn, new.version, listed)

    def _key(self, fact: d.ReferencePut, new: OperationalIntentReference) -> None:
        self.keyed += 1
        known = set(fact.key)
        for other in self._references.values():
            if other.id == new.id or not _overlap(other.box, new.box, heights=True):
                continue
            if other.state == "Accepted" and other.manager in self._down:
                continue
            self.needed += 1
            if other.ovn not in known:
                self.wrong.append(f"{new.id} version {new.version} was accepted without {other.id}'s OVN")
        under = self._subscriptions.get(new.subscription or "")
        if under is None or not under.notify_for_constraints:
            return
        for constraint in self._constraints.values():
            if _overlap(constraint.box, new.box, heights=False):
                self.needed += 1
                if constraint.ovn not in known:
                    self.wrong.append(f"{new.id} was accepted without the OVN of constraint {constraint.id}")

    def _notified(
        self,
        notified: tuple[Any, ...],
        new: Reference | None,
        old: Reference | None,
        now: datetime,
        asks: str,
    ) -> None:
        listed = {one.id: one.index for one in notified}
        what = (new or old).id  # type: ignore[union-attr]  # a write has one or both
        boxes = [each.box for each in (old, new) if each is not None]
        for held in list(self._subscriptions.values()):
            if not getattr(held, asks) or _over(held.box, now):
                continue
            if not any(_overlap(held.box, each, heights=False) for each in boxes):
                continue
            self.owed += 1
            if held.id not in listed:
                # One that this very write removes need not be told: its removal has to follow at once.
                self._excused[held.id] = f"{what}: subscription {held.id} is owed a notification"
        for id, index in listed.items():
            told = self._subscriptions.get(id)
            if told is None:
                self.wrong.append(f"{what} notifies {id}, which is not there")
                continue
            if index != told.index + 1:
                self.wrong.append(f"{what} notifies {id} with index {index} after {told.index}")
            self._subscriptions[id] = _with_index(told, index)

    def _not_excused(self) -> None:
        self.wrong += self._excused.values()
        self._excused.clear()

    def _dependents(self, subscription: str) -> list[str]:
        return [each.id for each in self._references.values() if each.subscription == subscription]


def _with_index(held: Subscription, index: int) -> Subscription:
    fields = {name: getattr(held, name) for name in held.__struct_fields__}
    return Subscription(**{**fields, "index": index})


def _over(box: CellBox, now: datetime) -> bool:
    """For certain: an entry's time is not to the microsecond that of its decision."""
    return box.end is not None and box.end < now + timedelta(seconds=1)


def _overlap(a: CellBox, b: CellBox, *, heights: bool) -> bool:
    """Ends count; what is missing is no bound."""
    if not _meet(a.start, a.end, b.start, b.end):
        return False
    if heights and not _meet(a.lower_m, a.upper_m, b.lower_m, b.upper_m):
        return False
    ours, theirs = [_span(cell) for cell in a.cells], [_span(cell) for cell in b.cells]
    return any(low <= top and high >= bottom for low, high in ours for bottom, top in theirs)


def _meet(a_low: Any, a_high: Any, b_low: Any, b_high: Any) -> bool:
    return (a_low is None or b_high is None or a_low <= b_high) and (
        b_low is None or a_high is None or b_low <= a_high
    )


def _span(cell: str) -> tuple[int, int]:
    """The numbers of all leaf cells within an S2 cell: its lowest set bit says how many."""
    number = int(cell.ljust(16, "0"), 16)
    reach = (number & -number) - 1
    return number - reach, number + reach
