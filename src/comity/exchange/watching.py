"""Which volumes are watched for whom: constraints and intents against the aircraft that somebody sees.

For each participant a table of what it has at level 1 or owns, and of constraints also at level 0: the
sweep's findings come from that table and nothing else. Watched is what begins within ``AHEAD``; everything is
taken up again when its time comes, when it changes, and when a rule changes who has it.

Who is told of what: of a constraint, whoever owns it or the aircraft, and the centre; of an intent, its owner
and the aircraft's. An intent's own aircraft is expected. One that nobody claims may be the one that an
intent is for, and the finding says so.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Final

import msgspec
import numpy as np

from comity.alerts.finding import Finding
from comity.alerts.incursions import incursions
from comity.alerts.settings import AlertSettings
from comity.alerts.traffic import Traffic
from comity.alerts.volumes import Item as WatchedItem
from comity.alerts.volumes import Watched
from comity.clock import micros
from comity.coordination.state import State
from comity.exchange.sight import Sight
from comity.ids import EntityId, ParticipantId
from comity.model import fact as f
from comity.model.alert import AlertLevel
from comity.model.constraint import Constraint, ConstraintKind
from comity.model.intent import Intent, IntentState
from comity.model.observation import Provenance
from comity.model.rule import Level
from comity.picture.rows import SOURCE_CODE
from comity.release.forms import Item, References, level_of
from comity.release.policy import Policy

AHEAD: Final = timedelta(minutes=15)
"""Volumes are taken up so long before they begin; more than any look-ahead, so that none begins unseen."""

AT_ONCE: Final = 500
"""Items that one table takes up at one sweep, each up to 0.2 ms: nobody else is answered meanwhile. The
rest waits for the next, and is told."""

MOST_WATCHED: Final = 20_000
"""Items in one table. Beyond it a finding says that not all are watched."""

UNCLAIMED: Final = "nobody has said whose aircraft it is: it may be the one that the intent is for"


class _Table:
    """One participant's. ``waiting``: not taken up yet, in the order in which they came."""

    def __init__(self, state: State) -> None:
        self.watched = Watched(state.environment)
        self.waiting: dict[EntityId, None] = {}
        self.held: set[EntityId] = set()
        self.refused: set[EntityId] = set()
        self.contingent: set[EntityId] = set()


class Watching:
    """``touched`` after each batch; ``follow`` when a sweep is prepared; the others while it runs."""

    def __init__(self, state: State, references: References, settings: AlertSettings) -> None:
        self._state = state
        self._references = references
        self._settings = settings
        self._tables: dict[ParticipantId, _Table] = {}
        self._policy: Policy | None = None
        self._period = ""
        self._later: list[tuple[int, EntityId]] = []
        self._now: datetime | None = None

    # --- keeping up

    def touched(self, facts: Iterable[f.Fact]) -> None:
        """Mark what a batch changed."""
        for fact in facts:
            entity = f.entity(fact)
            if entity is not None:
                for table in self._tables.values():
                    table.waiting[entity] = None

    def follow(self, readers: Sequence[ParticipantId], now: datetime) -> None:
        """Bring the tables of these readers up to date, as far as one sweep allows."""
        self._now = now
        policy, period = self._state.policy(now), self._references.period(now)
        if policy is not self._policy or period != self._period:
            self._policy, self._period = policy, period
            self._tables = {}
            self._later = []
        while self._later and self._later[0][0] <= micros(now):
            entity = heapq.heappop(self._later)[1]
            for table in self._tables.values():
                table.waiting[entity] = None
        for who in readers:
            if who not in self._tables:
                self._tables[who] = self._new(who, policy)
            table = self._tables[who]
            for entity in list(table.waiting)[:AT_ONCE]:
                del table.waiting[entity]
                self._take_up(who, table, entity, policy, now)
            table.watched.refresh(self._state.environment, now, self._settings.default.look_ahead_s)

    def _new(self, who: ParticipantId, policy: Policy) -> _Table:
        """Constraints first, and what is one's own first among them: they wait least."""
        table = _Table(self._state)
        order: list[tuple[bool, bool, EntityId]] = []
        for (owner, kind), entities in self._state.owned.items():
            level = Level.VOLUME if owner == who else getattr(policy.levels(owner, who), kind.value)
            if level is Level.VOLUME or (level is Level.RESERVED and kind.value == "constraint"):
                order += [(kind.value != "constraint", owner != who, entity) for entity in entities]
        table.waiting = dict.fromkeys(entity for _, _, entity in sorted(order))
        return table

    def _take_up(
        self, who: ParticipantId, table: _Table, entity: EntityId, policy: Policy, now: datetime
    ) -> None:
        table.watched.drop(entity)
        table.held.discard(entity)
        table.contingent.discard(entity)
        table.refused.discard(entity)
        item = self._state.item(entity)
        if item is None or not item.state.live() or (item.end() <= now and not _outlives(item)):
            return
        if item.start() > now + AHEAD:
            heapq.heappush(self._later, (micros(item.start() - AHEAD), entity))
            return
        level = Level.VOLUME if item.owner == who else level_of(item, policy.levels(item.owner, who))
        intent = isinstance(item, Intent)
        if level is Level.NONE or (level is Level.RESERVED and intent):
            return
        if len(table.held) >= MOST_WATCHED:
            table.refused.add(entity)
            return
        table.held.add(entity)
        if isinstance(item, Intent) and item.state is IntentState.CONTINGENT and item.owner == who:
            table.contingent.add(entity)
        exact = level is Level.VOLUME
        shown = WatchedItem(
            key=entity,
            ref=self._references.of(item, who, now),
            kind="intent" if intent else "constraint",
            label=item.designator if exact and isinstance(item, Constraint) else None,
            closed=isinstance(item, Constraint) and item.kind is ConstraintKind.CLOSED,
            reserved=not exact,
        )
        table.watched.put(shown, item.volumes if exact else self._state.volumes.reserved(item))

    # --- while a sweep runs

    def incursions(self, sight: Sight, swept: Traffic) -> list[Finding]:
        """What the reader is to be told of aircraft that it sees, and volumes that it has."""
        table, now = self._tables.get(sight.who), self._now
        if table is None or now is None or not table.held:
            return []
        own = own_names(sight, swept)
        claims = sight.rows["source"][swept.index] == SOURCE_CODE[Provenance.OWN]
        claimed = {swept.keys[k] for k in np.flatnonzero(claims).tolist()}
        member = self._state.participants.get(sight.who)
        centre = member is not None and member.centre

        def expected(aircraft: str, entity: str) -> bool:
            item = self._state.item(EntityId(entity))
            if item is None:
                return True
            mine = item.owner == sight.who
            if isinstance(item, Intent):
                return mine == (aircraft in own)
            return not (centre or mine or aircraft in own)

        found = incursions(swept, table.watched, self._settings, now, expected=expected)
        return [_unclaimed(finding, claimed) for finding in found]

    def contingent(self, sight: Sight, swept: Traffic) -> set[str]:
        """The reader's own aircraft that are within a Contingent intent of its own, by name."""
        table, now = self._tables.get(sight.who), self._now
        if table is None or now is None or not sight.own.any() or table.contingent.isdisjoint(table.held):
            return set()

        def expected(aircraft: str, entity: str) -> bool:
            item = self._state.item(EntityId(entity))
            contingent = isinstance(item, Intent) and item.state is IntentState.CONTINGENT
            return not (contingent and item is not None and item.owner == sight.who)

        found = incursions(swept, table.watched, self._settings, now, expected=expected)
        names = {finding.names[0] for finding in found if (finding.enters_s or 0.0) <= 0.0}
        return own_names(sight, swept) & names

    def entered_unseen(self, who: ParticipantId, discs: Traffic) -> list[tuple[int, WatchedItem]]:
        """Which of these, aircraft hidden from the reader as discs that stand still, meet which closed
        constraint of its own."""
        table, now = self._tables.get(who), self._now
        if table is None or now is None or not len(discs):
            return []
        visits = table.watched.visits(discs, now, self._settings.default.look_ahead_s)
        met: dict[tuple[int, str], WatchedItem] = {}
        for place, row in zip(visits.aircraft.tolist(), visits.row.tolist(), strict=True):
            shown = table.watched.item(row)
            item = self._state.item(EntityId(shown.key))
            if shown.closed and item is not None and item.owner == who:
                met[place, shown.key] = shown
        return [(place, shown) for (place, _), shown in sorted(met.items(), key=lambda each: each[0])]

    def not_watched(self, who: ParticipantId) -> int:
        """How many items of a reader's are not watched, or not yet."""
        table = self._tables.get(who)
        return 0 if table is None else len(table.waiting) + len(table.refused)


def own_names(sight: Sight, swept: Traffic) -> set[str]:
    """The reader's own aircraft among those swept."""
    return {swept.keys[k] for k in np.flatnonzero(sight.own[swept.index]).tolist()}


def _outlives(item: Item) -> bool:
    """Nonconforming and Contingent: the aircraft may still fly."""
    return isinstance(item, Intent) and item.state.off_nominal()


def _unclaimed(finding: Finding, claimed: set[str]) -> Finding:
    if finding.item_kind != "intent" or finding.names[0] in claimed:
        return finding
    return msgspec.structs.replace(
        finding, level=AlertLevel.PREVENTIVE, reasons=(*finding.reasons, UNCLAIMED)
    )
