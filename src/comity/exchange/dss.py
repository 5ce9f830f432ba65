"""The DSS of ASTM F3548-21: its door in and its door out.

``submit`` takes what a USS asks to the writer; every read answers a form of ``release.f3548``, in which
foreign OVNs are hidden and nothing says what is hosted. ``manager`` is always the ``sub`` of the asker's
token.

An answer to a write is built from its own decision, not from the state: who decides and who answers need
not be the same. Searches are answered whole or refused, never cut short.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec

from comity.clock import Clock
from comity.coordination.decision import Decision
from comity.coordination.f3548.keys import KEYED, KeyRefused
from comity.coordination.f3548.notifications import ended
from comity.coordination.f3548.subscriptions import KEPT, LONGEST, outlived
from comity.coordination.f3548.visible import Reference, constraints_in, references_in, visible
from comity.coordination.state import State
from comity.errors import InvalidInput, NotFound, NotPermitted, StrategicConflict, TooLarge
from comity.exchange.turns import Turns
from comity.exchange.writer import Durable, Writer
from comity.ids import EntityId, PersonId, RequestId
from comity.model import dss_command as c
from comity.model import dss_fact as d
from comity.model import fact as f
from comity.model.command import Submission
from comity.model.f3548 import LONGEST_MANAGER, CellBox, Subscription, peer
from comity.release import f3548 as forms
from comity.release.policy import FOREVER

MOST_FOUND: Final = 10_000
"""References that one search answers, some 5 MB. A larger answer is refused: ask for less of the place or of
the time."""

PRUNING: Final = timedelta(minutes=1)
MOST_LOOKED_AT: Final = 1_000
"""How often subscriptions that ended long ago are looked for, and how many at a time."""

AGAIN: Final = timedelta(hours=1)
"""When one is looked at again on which something still depends, or that the ledger had no room to forget."""


class Written(msgspec.Struct, frozen=True):
    """``value``: the released form of what was written, for a removal as it was; ``subscribers``: whom the
    writer has to notify, as forms; ``created``: it is new."""

    value: Any
    subscribers: list[forms.SubscriberToNotify]
    created: bool


class Dss:
    """See the file's head. All methods belong to the event loop."""

    def __init__(self, state: State, writer: Writer, clock: Clock, turn_s: float) -> None:
        self._state = state
        self._writer = writer
        self._clock = clock
        self._forms = forms.Forms(state.availability)
        self.turns = Turns(turn_s)
        self._looks = [_look(each) for each in state.subscriptions.values()]
        heapq.heapify(self._looks)
        self._pruned_at = clock.now()

    # --- writing

    async def submit(self, manager: str, command: c.PeerCommand) -> Written:
        """Carry out a command; returns once it is durable.

        Raises what refused it. ``StrategicConflict`` for a key that lacks something has in ``detail`` the
        lists ``missing_operational_intents`` and ``missing_constraints``, each only where it is not empty.
        """
        if not 0 < len(manager) <= LONGEST_MANAGER:
            raise InvalidInput(f"a USS's id has 1 to {LONGEST_MANAGER} characters", field="sub")
        by = Submission(peer(manager), PersonId(manager), RequestId("-"), command, "")
        if isinstance(command, c.PutSubscription):
            self._check_around(command)
        if isinstance(command, c.PutReference) and command.state in KEYED:
            answer = await self._in_turn(manager, by, command)
        else:
            answer = await self._submit(by)
        return self._written(manager, answer)

    async def _submit(self, by: Submission) -> Decision:
        answer = await self._writer.submit(by)
        assert isinstance(answer, Durable), "commands of a USS have no request ids"
        return answer.decision

    async def _in_turn(self, manager: str, by: Submission, command: c.PutReference) -> Decision:
        """A write that needs a key, when its turn has come."""
        placed = self._state.cells["references"].places.of(command.box)
        turn = await self.turns.enter(manager, command.id, placed)
        try:
            answer = await self._writer.submit(
                by, lambda refused: turn.decided(isinstance(refused, KeyRefused))
            )
        except KeyRefused as refused:
            raise self._lacking(manager, refused) from None
        finally:
            turn.left()
        assert isinstance(answer, Durable), "commands of a USS have no request ids"
        return answer.decision

    def _lacking(self, manager: str, refused: KeyRefused) -> StrategicConflict:
        """The refusal as the asker may have it."""
        lacking = refused.lacking
        lists = {
            "missing_operational_intents": self._released(lacking.references, manager),
            "missing_constraints": self._released(lacking.constraints, manager),
        }
        return StrategicConflict(
            refused.message, field=refused.field, detail={name: some for name, some in lists.items() if some}
        )

    def _written(self, manager: str, decision: Decision) -> Written:
        return Written(
            self._value(manager, _main_fact(decision)),
            forms.subscriber_forms(decision.subscribers),
            decision.created,
        )

    def _value(self, manager: str, fact: f.Fact) -> Any:
        match fact:
            case d.ReferencePut(reference=reference) | d.ReferenceRemoved(reference=reference):
                return self._forms.of(reference, manager)
            case d.ConstraintReferencePut(reference=held) | d.ConstraintReferenceRemoved(reference=held):
                return self._forms.of(held, manager)
            case d.SubscriptionPut(subscription=subscription):
                return self._subscription_form(subscription)
            case d.SubscriptionRemoved(subscription=subscription):
                return forms.subscription_form(subscription, ())
            case d.AvailabilitySet(availability=held):
                return forms.availability_form(held.uss, held)
            case d.ReportFiled(id=id, record=record):
                return {**record, "report_id": id}
            case _:
                raise AssertionError(f"no form for {type(fact).__name__}")

    # --- reading

    def operational_intents(self, manager: str, box: CellBox) -> list[Any]:
        """References that share cells, heights and times with the box."""
        return self._released(references_in(self._state, box, self._clock.now()), manager)

    def operational_intent(self, manager: str, id: EntityId) -> Any:
        return self._one(self._state.references.get(id), manager, "operational intent")

    def constraints(self, manager: str, box: CellBox) -> list[Any]:
        """Constraint references that share cells and times with the box."""
        return self._released(constraints_in(self._state, box, self._clock.now()), manager)

    def constraint(self, manager: str, id: EntityId) -> Any:
        return self._one(self._state.constraint_references.get(id), manager, "constraint")

    def subscriptions(self, manager: str, box: CellBox) -> list[Any]:
        """The manager's own that share cells and times with the box and have not ended."""
        now = self._clock.now()
        found = self._state.cells["subscriptions"].search(box, heights=False)
        held = (self._state.subscriptions[id] for id in sorted(found))
        own = [each for each in held if _own(each, manager) and not ended(each, now)]
        return [self._subscription_form(each) for each in _whole(own)]

    def subscription(self, manager: str, id: EntityId) -> Any:
        """Also one that has ended. Raises ``NotPermitted`` where it is another's."""
        return self._subscription_form(self._own_subscription(manager, id))

    def around(self, manager: str, subscription: EntityId) -> tuple[list[Any] | None, list[Any] | None]:
        """Operational intent references and constraint references in the subscription's area, each None
        where the subscription does not ask for that kind. All of them, however many: they come with a write
        that has been made."""
        held, now = self._own_subscription(manager, subscription), self._clock.now()
        intents = constraints = None
        if held.notify_for_operational_intents:
            intents = self._all(references_in(self._state, held.box, now, heights=False), manager)
        if held.notify_for_constraints:
            constraints = self._all(constraints_in(self._state, held.box, now), manager)
        return intents, constraints

    def _check_around(self, command: c.PutSubscription) -> None:
        """Refuses a subscription that would be answered with too much, while it can still be refused: what
        comes with a write that has been made is neither refused nor cut short. A time that is left out is
        taken as for a new one."""
        now = self._clock.now()
        start = command.box.start or now
        box = msgspec.structs.replace(command.box, start=start, end=command.box.end or start + LONGEST)
        found = 0
        if command.notify_for_operational_intents:
            found += len(references_in(self._state, box, now, heights=False))
        if command.notify_for_constraints:
            found += len(constraints_in(self._state, box, now))
        if found > MOST_FOUND:
            raise InvalidInput(
                f"more than {MOST_FOUND} references are there; subscribe to a smaller area or a shorter time",
                field="extents",
            )

    def availability(self, uss: str) -> Any:
        """``UssAvailabilityStatusResponse``; Unknown with version "" where nobody has set any."""
        return forms.availability_form(uss, self._state.availability.get(uss))

    def _one(self, reference: Reference | None, manager: str, what: str) -> Any:
        if reference is None or not visible(self._state, reference, self._clock.now()):
            raise NotFound(f"there is no {what} reference with this id", field="entityid")
        return self._forms.of(reference, manager)

    def _released(self, references: Sequence[Reference], manager: str) -> list[msgspec.Raw]:
        return self._all(_whole(references), manager)

    def _all(self, references: Sequence[Reference], manager: str) -> list[msgspec.Raw]:
        return [self._forms.of(each, manager) for each in references]

    def _own_subscription(self, manager: str, id: EntityId) -> Subscription:
        held = self._state.subscriptions.get(id)
        if held is None:
            raise NotFound("there is no subscription with this id", field="subscriptionid")
        if not _own(held, manager):
            raise NotPermitted("the subscription is managed by another USS", field="subscriptionid")
        return held

    def _subscription_form(self, held: Subscription) -> forms.SubscriptionForm:
        return forms.subscription_form(held, self._state.dependents.get(held.id, ()))

    # --- time

    def touched(self, facts: Iterable[f.Fact]) -> None:
        """Facts that have just been folded: when to look at a subscription again is remembered."""
        for fact in facts:
            if isinstance(fact, d.SubscriptionPut):
                heapq.heappush(self._looks, _look(fact.subscription))

    def outlived(self) -> c.PruneSubscriptions | None:
        """What the exchange is to forget now: subscriptions that ended long ago and serve nothing. Looked
        for once in ``PRUNING``; None where there are none."""
        now = self._clock.now()
        if now < self._pruned_at + PRUNING:
            return None
        self._pruned_at = now
        ids: list[EntityId] = []
        for _ in range(MOST_LOOKED_AT):
            if not self._looks or self._looks[0][0] > now:
                break
            _, id = heapq.heappop(self._looks)
            held = self._state.subscriptions.get(id)
            if held is None or _look(held)[0] > now:
                continue
            heapq.heappush(self._looks, (now + AGAIN, id))
            if outlived(self._state, held, now):
                ids.append(id)
        return c.PruneSubscriptions(now, tuple(ids)) if ids else None


_ASIDE: Final = d.SubscriptionPut | d.SubscriptionRemoved
"""Facts that come with another's. Made once: joining types takes longer than looking."""


def _main_fact(decision: Decision) -> f.Fact:
    """What the answer is about: the subscription made, widened or removed with a reference is not."""
    for fact in decision.facts:
        if not isinstance(fact, _ASIDE):
            return fact
    return decision.facts[0]


def _whole(found: Sequence[Any]) -> Sequence[Any]:
    if len(found) > MOST_FOUND:
        raise TooLarge(
            f"more than {MOST_FOUND} are found; ask for a smaller area or a shorter time",
            field="area_of_interest",
        )
    return found


def _own(held: Subscription, manager: str) -> bool:
    return held.manager == manager and held.hosted is None


def _look(held: Subscription) -> tuple[datetime, EntityId]:
    """When it may be forgotten, if nothing depends on it by then."""
    return (held.box.end or FOREVER) + KEPT, held.id
