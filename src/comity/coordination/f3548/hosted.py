"""References of hosted plans: what a native intent or constraint is among F3548 peers, put by the very
decision that puts the item.

Whose owner releases the item to the group ``f3548`` has a reference with the cells and the box of what is
released; one of an intent in use has an implicit subscription too, so that peers tell what they change near
it. Both go when the item ends or is released no longer. Peers with a subscription there are owed a notice
of each change; this exchange's own USS is not, which knows already.

The writer here is the exchange itself: there is no key, no ovn and no manager to check. What counts others'
doings, the indexes of subscriptions, stands in facts that are not the participant's (law 2).
"""

from __future__ import annotations

from collections.abc import Iterable

from msgspec.structs import replace

from comity.clock import micros
from comity.coordination.cell_index import union
from comity.coordination.decision import Asked, Decision
from comity.coordination.f3548.footprint import footprint
from comity.coordination.f3548.near import hosted_level, whole_volumes
from comity.coordination.f3548.notifications import About, Notices, grouped, listening, next_index
from comity.coordination.fold import OFF_NOMINAL_GRACE
from comity.ids import EntityId
from comity.model import dss_fact as d
from comity.model.constraint import Constraint
from comity.model.dss_command import AlignReferences, Owed, RecordDetails
from comity.model.f3548 import (
    CellBox,
    ConstraintReference,
    Notified,
    OperationalIntentReference,
    Subscriber,
    Subscription,
)
from comity.model.fact import Fact
from comity.model.intent import Intent, IntentState
from comity.model.rule import Level
from comity.release.coarsen import lingers_until, reserve
from comity.release.forms import Item

Reference = OperationalIntentReference | ConstraintReference


def align(asked: Asked, command: AlignReferences) -> Decision:
    """After rules changed: references to items that are released now, none to those that are not."""
    hosting = Hosting(asked)
    facts: list[Fact] = []
    for id in dict.fromkeys(command.items):
        item = asked.state.item(id)
        if item is not None and not hosting.aligned(item):
            facts.extend(hosting.facts(item))
    return Decision(tuple(facts))


def record(command: RecordDetails) -> Decision:
    """What peers told of their plans, where no plan of the participant's came of it."""
    return Decision(tuple(d.details_seen(one, command.hosted) for one in command.seen))


class Hosting:
    """The facts that one decision adds for F3548 peers, however many items it puts."""

    def __init__(self, asked: Asked) -> None:
        self._asked = asked
        self._state = asked.state
        self._indexes: dict[EntityId, int] = {}
        """Of subscriptions that this decision has notified already: facts are folded after it."""

    def facts(self, item: Item, key: Iterable[str] = ()) -> tuple[Fact, ...]:
        """What goes with an item as it now is. ``key``: ovns of peers' plans that were looked at."""
        level, held = self._level(item), self._held(item)
        if level is Level.NONE:
            return () if held is None or self._lingers(item, held) else self._removed(held)
        if self._unseen(item, level):
            return ()
        if isinstance(item, Intent):
            assert not isinstance(held, ConstraintReference)
            return self._intent(item, level, held, tuple(key))
        assert not isinstance(held, OperationalIntentReference)
        return self._constraint(item, level, held)

    def aligned(self, item: Item) -> bool:
        """Whether peers have of the item what its owner now releases to them, from whom it now comes."""
        level, held, dss = self._level(item), self._held(item), self._state.dss
        if held is not None and self._lingers(item, held):
            return True
        if held is None or level is Level.NONE:
            return held is None and level is Level.NONE
        return (level, dss.uss, dss.base_url) == (held.level, held.manager, held.url)

    def outlived(self, id: EntityId) -> tuple[Fact, ...]:
        """What takes the reference of an item away that ended earlier, once peers may know that it did."""
        named = self._state.reference_of.get(id)
        if named is None:
            return ()
        item = self._state.item(id)
        if item is not None and (item.state.live() or self._asked.now < lingers_until(item.changed_at)):
            return ()
        held = self._state.references.get(named) or self._state.constraint_references[named]
        return self._removed(held)

    def _lingers(self, item: Item, held: Reference) -> bool:
        """Whether it has ended, and level 0 does not show that yet: the moment is finer than its slots."""
        return (
            not item.state.live()
            and held.level is Level.RESERVED
            and self._released(item) is Level.RESERVED
            and self._asked.now < lingers_until(item.changed_at)
        )

    def _unseen(self, item: Item, level: Level) -> bool:
        """Whether peers have the same coarse form of it already: a new version, and a notice, would tell them
        of a change that is not released."""
        if level is not Level.RESERVED or self._held(item) is None or not self.aligned(item):
            return False
        before = self._state.item(item.id)
        return before is not None and self._coarse(before) == self._coarse(item)

    def _coarse(self, item: Item) -> object:
        """What of it peers get at level 0."""
        environment = self._state.environment
        if not isinstance(item, Intent):
            return reserve(item.volumes, environment)
        before = item.nominal_volumes
        nominal = None if before is None else reserve(before, environment)
        return item.state, item.priority, reserve(item.volumes, environment), nominal

    def _level(self, item: Item) -> Level:
        """The level at which peers are to have it."""
        return self._released(item) if item.state.live() else Level.NONE

    def _released(self, item: Item) -> Level:
        """The level at which its owner releases such things to peers."""
        if not self._state.dss.uss:
            return Level.NONE
        if isinstance(item, Intent):
            return hosted_level(self._state, item.owner, self._asked.now)
        return self._state.policy(self._asked.now).to_peers(item.owner).constraint

    def _held(self, item: Item) -> Reference | None:
        id = self._state.reference_of.get(item.id)
        if id is None:
            return None
        if isinstance(item, Intent):
            return self._state.references[id]
        return self._state.constraint_references[id]

    def _intent(
        self, intent: Intent, level: Level, held: OperationalIntentReference | None, key: tuple[str, ...]
    ) -> tuple[Fact, ...]:
        asked, dss = self._asked, self._state.dss
        box = footprint(whole_volumes(intent), level, self._state.environment)
        id = asked.ids.entity("reference", intent.owner, intent.id)
        version = 1 if held is None else held.version + 1
        subscription = self._subscription(intent, held, f"{id}/{micros(asked.now)}/{version}", box)
        reference = OperationalIntentReference(
            id=id,
            manager=dss.uss,
            state=intent.state,
            box=box,
            url=dss.base_url,
            subscription=None if subscription is None else subscription.id,
            version=version,
            ovn=asked.ids.ovn(f"{id}/{micros(asked.now)}", version),
            filed_at=asked.now if held is None else held.filed_at,
            changed_at=asked.now,
            hosted=intent.owner,
            intent=intent.id,
            level=level,
        )
        notified, subscribers = self._notices(reference, held, box)
        facts: list[Fact] = [] if subscription is None else [d.SubscriptionPut(subscription)]
        put = d.ReferencePut(reference, (), key)
        return (*facts, put, *_owed(reference, version, notified, subscribers))

    def _subscription(
        self, intent: Intent, held: OperationalIntentReference | None, name: str, box: CellBox
    ) -> Subscription | None:
        """Of an intent in use: as it was, over where the intent now is; of one that is Accepted none."""
        asked = self._asked
        if intent.state is IntentState.ACCEPTED:
            return None
        if intent.state.off_nominal() and box.end is not None:
            box = replace(box, end=box.end + OFF_NOMINAL_GRACE)
        before = None
        if held is not None and held.subscription is not None:
            before = self._state.subscriptions.get(held.subscription)
        dss = self._state.dss
        id = asked.ids.entity("subscription", dss.uss, name)
        writes = 1
        if before is not None:
            id, writes = before.id, before.writes + 1
        return Subscription(
            id=id,
            manager=dss.uss,
            box=box,
            url=dss.base_url,
            notify_for_operational_intents=True,
            notify_for_constraints=False,
            implicit=True,
            version=asked.ids.ovn(f"{id}/{micros(asked.now)}", writes),
            writes=writes,
            index=0 if before is None else before.index,
            hosted=intent.owner,
        )

    def _constraint(
        self, constraint: Constraint, level: Level, held: ConstraintReference | None
    ) -> tuple[Fact, ...]:
        """Nothing where only its native state moved: peers are told of volumes, kind and designator."""
        asked, dss = self._asked, self._state.dss
        before = self._state.constraints.get(constraint.id)
        if self.aligned(constraint) and before is not None and _same(before, constraint):
            return ()
        box = footprint(constraint.volumes, level, self._state.environment)
        id = asked.ids.entity("reference", constraint.owner, constraint.id)
        version = 1 if held is None else held.version + 1
        reference = ConstraintReference(
            id=id,
            manager=dss.uss,
            box=box,
            url=dss.base_url,
            version=version,
            ovn=asked.ids.ovn(f"{id}/{micros(asked.now)}", version),
            filed_at=asked.now if held is None else held.filed_at,
            changed_at=asked.now,
            hosted=constraint.owner,
            constraint=constraint.id,
            level=level,
        )
        notified, subscribers = self._notices(reference, held, box)
        return (d.ConstraintReferencePut(reference), *_owed(reference, version, notified, subscribers))

    def _removed(self, held: Reference) -> tuple[Fact, ...]:
        notified, subscribers = self._notices(held, held, None)
        owed = _owed(held, held.version + 1, notified, subscribers)
        if isinstance(held, ConstraintReference):
            return (d.ConstraintReferenceRemoved(held), *owed)
        facts: list[Fact] = [d.ReferenceRemoved(held)]
        if held.subscription is not None and held.subscription in self._state.subscriptions:
            facts.append(d.SubscriptionRemoved(self._state.subscriptions[held.subscription]))
        return (*facts, *owed)

    def _notices(self, reference: Reference, held: Reference | None, box: CellBox | None) -> Notices:
        """Peers' subscriptions where the reference was or is, each with its new index."""
        about = About.CONSTRAINTS
        if isinstance(reference, OperationalIntentReference):
            about = About.OPERATIONAL_INTENTS
        boxes = [each for each in (None if held is None else held.box, box) if each is not None]
        whole = boxes[0] if all(each == boxes[0] for each in boxes[1:]) else union(boxes)
        told: list[tuple[Subscription, Notified]] = []
        for one in listening(self._state, about, whole, self._asked.now):
            if one.hosted is None:
                index = next_index(self._asked, self._indexes.get(one.id, one.index))
                self._indexes[one.id] = index
                told.append((one, Notified(one.id, index)))
        return grouped(sorted(told, key=lambda each: each[0].id))


def _owed(
    reference: Reference, version: int, notified: tuple[Notified, ...], subscribers: tuple[Subscriber, ...]
) -> tuple[Fact, ...]:
    """What this exchange's own USS owes for it: new indexes, and one notice to each base URL but its own."""
    assert reference.hosted is not None
    if not notified:
        return ()
    intent = isinstance(reference, OperationalIntentReference)
    owed = tuple(
        Owed(
            reference.id,
            version,
            to.url,
            to.subscriptions,
            "operational_intent" if intent else "constraint",
        )
        for to in subscribers
        if to.url != reference.url
    )
    moved = d.SubscriptionsNotified(notified, reference.manager)
    return (moved, d.NoticeOwed(owed, reference.hosted, reference.manager)) if owed else (moved,)


def _same(before: Constraint, after: Constraint) -> bool:
    return (before.volumes, before.kind, before.designator) == (after.volumes, after.kind, after.designator)
