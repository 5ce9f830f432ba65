"""Every participant's view, kept up to date: what promised items each may have, as it may have them.

After each batch the items it changed are marked in every open view, and where the policy changed, the
items of each owner whose levels for that recipient differ. A view is refreshed when its participant
reads and on every tick of the stream. Whoever lost a level is told at once, before the command that
took it is answered (DESIGN section 2, withdrawal).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from typing import Final

from msgspec.structs import replace

from comity.coordination.state import State
from comity.ids import EntityId, ParticipantId
from comity.model import dss_fact as d
from comity.model import fact as f
from comity.model.released import Change, ItemKind, ReleasedItem
from comity.model.rule import Level, Levels
from comity.release.coarsen import lingers_until
from comity.release.forms import Item, References, own_form, past
from comity.release.peers import PeerReference, entity_of, over, peer_form, split
from comity.release.policy import Policy
from comity.release.view import View, check_size, form_for

MEMBERSHIP = (
    f.RulePut,
    f.RuleRemoved,
    f.GroupPut,
    f.GroupRemoved,
    f.CharterAdopted,
    f.ParticipantPut,
)
"""Facts after which the policy is another."""

_MICROSECOND: Final = timedelta(microseconds=1)
"""A peer's box is closed at its end: it leaves view just after."""

TRACK_KINDS = ("own_track", "sensed_track")

Recorder = Callable[[ParticipantId, Change, EntityId, datetime], None]

LevelsChanged = Callable[[ParticipantId, ParticipantId, Levels, Levels, datetime], None]
"""Recipient, owner, before, after, now."""


class Views:
    """``boot`` names this run of the process in every cursor. ``record`` is told of each change that a
    recipient's view takes from another's item."""

    def __init__(self, state: State, references: References, boot: str, limit: int) -> None:
        self.state = state
        self.references = references
        self.boot = boot
        self.limit = limit
        self.record: Recorder = lambda who, change, entity, now: None
        self.withdrawn: list[Callable[[ParticipantId], None]] = []
        self.tracks_shown: Callable[[ParticipantId, str], bool] = lambda owner, kind: True
        self.raises_lowered: Callable[[datetime], set[ParticipantId]] = lambda now: set()
        """Lets go of raises that the policy does not give any more; who lost one."""
        self.levels_changed: LevelsChanged = lambda who, owner, old, new, now: None
        """Told of every pair whose levels are others than before."""
        self.peer_conflicts: Callable[[EntityId], Iterable[EntityId]] = lambda intent: ()
        """References of peers' plans that conflict with an intent, by what is known."""
        self._open: dict[ParticipantId, View] = {}
        self._policy: Policy | None = None

    def of(self, who: ParticipantId, now: datetime) -> View:
        """The participant's view as of ``now``."""
        self.follow_policy(now)
        epoch = f"{self.boot}{self.references.period(now).replace('-', '')}"
        view = self._open.get(who)
        if view is None or view.epoch != epoch:
            self._check_size(who, now)
            view = self._open[who] = View(who, epoch, self.limit)
            for (owner, kind), entities in self.state.owned.items():
                if owner == who or self._level(owner, who, kind, now).rank:
                    view.dirty.update(entities)
            view.dirty.update(entity_of(reference) for reference in self._of_peers(now))
        view.due(now)
        if view.dirty:
            self._refresh(view, now)
        return view

    def mark(self, entity: EntityId) -> None:
        """Something of an item's form changed that no entry says."""
        for view in self._open.values():
            view.dirty.add(entity)

    def own(self, item: Item, now: datetime) -> ReleasedItem:
        """An owner's own item, with the peers' plans that conflict with it."""
        form = own_form(item)
        held = (self.state.references.get(id) for id in self.peer_conflicts(item.id))
        refs = [self.references.foreign(entity_of(one), item.owner, now) for one in held if one is not None]
        return replace(form, peer_conflicts=tuple(sorted(refs))) if refs else form

    def touched(self, facts: list[f.Fact], now: datetime) -> None:
        """Mark what a batch changed; called once it is folded and before it is answered."""
        for fact in facts:
            entity = _peers_entity(fact) or f.entity(fact)
            if entity is not None:
                for view in self._open.values():
                    view.dirty.add(entity)
        if any(isinstance(fact, MEMBERSHIP) for fact in facts):
            self.follow_policy(now)

    def follow_policy(self, now: datetime) -> None:
        """Take in a changed policy: mark what differs, and tell whoever lost something."""
        policy = self.state.policy(now)
        if policy is self._policy:
            return
        before, self._policy = self._policy, policy
        if before is None:
            return
        lowered = self.raises_lowered(now)
        for who in list(self.state.participants):
            lost = who in lowered
            for owner in self.state.participants:
                old, new = before.levels(owner, who), policy.levels(owner, who)
                if owner == who or old == new:
                    continue
                self.levels_changed(who, owner, old, new, now)
                lost = lost or self._takes(who, owner, old, new)
                view = self._open.get(who)
                if view is not None:
                    for kind in ItemKind:
                        view.dirty.update(self.state.owned.get((owner, kind), ()))
            if lost:
                for tell in self.withdrawn:
                    tell(who)

    def _takes(self, who: ParticipantId, owner: ParticipantId, old: Levels, new: Levels) -> bool:
        """Whether a lowered level takes anything that ``who`` was shown. Where it was shown nothing it is
        told nothing: a stream that is cut would tell it that it had been given something."""
        if any(_lower(new, old, kind) and self.tracks_shown(owner, kind) for kind in TRACK_KINDS):
            return True
        view = self._open.get(who)
        shown = set() if view is None else set(view.entities.values())
        return any(
            _lower(new, old, kind.value) and not shown.isdisjoint(self.state.owned.get((owner, kind), ()))
            for kind in ItemKind
        )

    def _check_size(self, who: ParticipantId, now: datetime) -> None:
        """Refuse before building: counts exactly what the view would hold, and nothing that it would not."""
        count = 0
        for (owner, kind), entities in self.state.owned.items():
            level = self._level(owner, who, kind, now)
            ended = self.state.lingers.get((owner, kind), ())
            if owner == who or level is Level.VOLUME:
                count += len(entities) - len(ended)
            elif level is Level.RESERVED:
                # What the state has not let go of yet is counted by nobody: that is others' doing as well.
                held = (self.state.item(entity) for entity in ended)
                count += len(entities) - sum(1 for item in held if item is None or past(item, now))
        check_size(count, sum(1 for _ in self._of_peers(now)), self.limit)

    def _of_peers(self, now: datetime) -> Iterator[PeerReference]:
        """What USSs filed by F3548 and is not over, but for what stands for items held here."""
        for table in (self.state.references, self.state.constraint_references):
            for reference in table.values():
                if reference.hosted is None and not over(reference, now):
                    yield reference

    def _level(self, owner: ParticipantId, who: ParticipantId, kind: ItemKind, now: datetime) -> Level:
        levels = self.state.policy(now).levels(owner, who)
        return levels.intent if kind is ItemKind.INTENT else levels.constraint

    def _peers(self, entity: EntityId, now: datetime) -> PeerReference | None:
        """The peer's reference that goes by this name, if it is there and not over."""
        named = split(entity)
        if named is None:
            return None
        kind, id = named
        found: PeerReference | None
        if kind is ItemKind.INTENT:
            found = self.state.references.get(id)
        else:
            found = self.state.constraint_references.get(id)
        return None if found is None or over(found, now) else found

    def _form(self, item: Item, who: ParticipantId, policy: Policy, now: datetime) -> ReleasedItem | None:
        form = form_for(item, who, policy, self.references, self.state.volumes.reserved, now)
        return form if form is None or item.owner != who else self.own(item, now)

    def _refresh(self, view: View, now: datetime) -> None:
        state, policy, who = self.state, self.state.policy(now), view.who
        entities, view.dirty = view.dirty, set()
        forms: list[tuple[str, EntityId, ReleasedItem | None]] = []
        for entity in entities:
            peers = self._peers(entity, now)
            if peers is not None:
                named = self.references.foreign(entity, who, now)
                if peers.box.end is not None:
                    view.wake(entity, peers.box.end + _MICROSECOND)
                forms.append((named, entity, peer_form(peers, named)))
                continue
            item = state.item(entity)
            if item is None:
                for ref in (entity, self.references.foreign(entity, who, now)):
                    if ref in view.items:
                        forms.append((ref, entity, None))
                continue
            form = self._form(item, who, policy, now)
            if form is not None and form.level == "reserved" and not item.state.live():
                view.wake(entity, lingers_until(item.changed_at))
            forms.append((self.references.of(item, who, now), entity, form))
        for change in view.update(forms):
            if change.item is None or change.item.level != "own":
                self.record(who, change, view.entities.get(change.ref, EntityId("")), now)


def _peers_entity(fact: f.Fact) -> EntityId | None:
    """The peer's reference that a fact puts or takes away."""
    match fact:
        case (
            d.ReferencePut(reference=reference)
            | d.ReferenceRemoved(reference=reference)
            | d.ConstraintReferencePut(reference=reference)
            | d.ConstraintReferenceRemoved(reference=reference)
        ):
            return None if reference.hosted is not None else entity_of(reference)
        case _:
            return None


def _lower(new: Levels, old: Levels, kind: str) -> bool:
    """``kind``: a field of ``Levels``."""
    before: Level = getattr(old, kind)
    after: Level = getattr(new, kind)
    return after.rank < before.rank
