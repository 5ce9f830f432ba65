"""Operational intents: filed, changed, activated, off nominal, ended.

A filing that conflicts with what is released to its owner is refused with the conflicts as released. It
can be filed over an advisory conflict on purpose, by naming each reference: a conflict that the owner
has not seen is refused again. A closed constraint of another, seen exactly, cannot be filed over.
Nonconforming and Contingent are never refused for a conflict: refusing would hide the aircraft. Its
``volumes`` then are where it may be now; what it had is kept, and is its again once it is back.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from msgspec.structs import replace

from comity.coordination.conflicts import Conflict, find
from comity.coordination.decision import Asked, Decision, check_new_item, check_new_volumes, check_ovn
from comity.coordination.f3548.hosted import Hosting
from comity.coordination.f3548.near import Near, check_seen, hosted_level, in_the_way
from comity.errors import InvalidInput, NotFound, StrategicConflict, WrongState
from comity.ids import EntityId, Reference
from comity.model.command import ChangeIntent, EndIntent, FileIntent
from comity.model.dss_fact import details_seen
from comity.model.fact import IntentPut
from comity.model.intent import Intent, IntentState
from comity.model.released import Clearance, ConflictItem
from comity.model.rule import NOTHING, Level
from comity.model.volume import Volumes
from comity.release.forms import own_form, past, reserved_form, volume_form
from comity.release.peers import PeerReference, entity_of, peer_form


def file(asked: Asked, command: FileIntent) -> Decision:
    state, by, now = asked.state, asked.by, asked.now
    check_new_volumes(command.volumes, state, now)
    entity = asked.ids.entity("intent", by.participant, by.request_id)
    check_new_item(asked, entity)
    accepted = _clear(asked, command.volumes, command.accept_conflicts, None)
    intent = Intent(
        id=entity,
        owner=by.participant,
        state=IntentState.ACCEPTED,
        volumes=command.volumes,
        category=command.category,
        crewed=command.crewed,
        ovn=asked.ids.ovn(entity, 1),
        version=1,
        filed_at=now,
        changed_at=now,
        accepted_conflicts=accepted,
        priority=command.priority,
    )
    return _decided(asked, intent, cleared=True, created=True)


def change(asked: Asked, command: ChangeIntent) -> Decision:
    intent = _current(asked, command.id)
    check_ovn(command.ovn, intent.ovn)
    after = command.state or intent.state
    if after is IntentState.ENDED:
        raise InvalidInput("state cannot be set to Ended; end the intent instead", field="state")
    if not intent.state.may_become(after):
        raise WrongState(f"an intent that is {intent.state} cannot become {after}", field="state")
    volumes, nominal = _volumes_after(intent, after, command.volumes)
    if command.volumes is not None or volumes is not intent.volumes:
        check_new_volumes(volumes, asked.state, asked.now)
    accepted = intent.accepted_conflicts
    if not after.off_nominal():
        willing = (*intent.accepted_conflicts, *command.accept_conflicts)
        accepted = _clear(asked, volumes, willing, intent.id)
    changed = replace(
        intent,
        state=after,
        volumes=volumes,
        accepted_conflicts=accepted,
        version=intent.version + 1,
        ovn=asked.ids.ovn(intent.id, intent.version + 1),
        changed_at=asked.now,
        priority=intent.priority if command.priority is None else command.priority,
        nominal_volumes=nominal,
    )
    return _decided(asked, changed, cleared=not after.off_nominal())


def _decided(asked: Asked, intent: Intent, *, cleared: bool, created: bool = False) -> Decision:
    """The intent with what goes with it among F3548 peers; raises where a peer's plan was not looked at."""
    near = check_seen(asked, intent)
    peers = asked.by.peers
    seen = () if peers is None else tuple(details_seen(each, intent.owner) for each in peers.seen)
    facts = (IntentPut(intent), *Hosting(asked).facts(intent, [one.ovn for one in near]), *seen)
    return Decision(facts, created=created, clearance=clearance(asked, near) if cleared else None)


def _volumes_after(
    intent: Intent, after: IntentState, given: Volumes | None
) -> tuple[Volumes, Volumes | None]:
    """Where it may be in its next state, and off nominal what it had before."""
    had = intent.nominal_volumes or intent.volumes
    if after.off_nominal():
        return intent.volumes if given is None else given, had
    return had if given is None else given, None


def end(asked: Asked, command: EndIntent) -> Decision:
    intent = _current(asked, command.id)
    check_ovn(command.ovn, intent.ovn)
    over = ended(asked, intent, asked.now)
    return Decision((IntentPut(over), *Hosting(asked).facts(over)))


def ended(asked: Asked, intent: Intent, at: datetime) -> Intent:
    """The intent as it is once ended: by its owner now, or by the exchange at the time that it had."""
    return replace(
        intent,
        state=IntentState.ENDED,
        version=intent.version + 1,
        ovn=asked.ids.ovn(intent.id, intent.version + 1),
        changed_at=at,
    )


def _current(asked: Asked, id: EntityId) -> Intent:
    intent = asked.state.intents.get(id)
    if intent is None or intent.owner != asked.by.participant or past(intent, asked.now):
        raise NotFound("you have no intent with this id", field="id")
    if not intent.state.live():
        raise WrongState("the intent has ended", field="id")
    return intent


def _clear(
    asked: Asked, volumes: Volumes, accept: tuple[Reference, ...], exclude: EntityId | None
) -> tuple[Reference, ...]:
    """The accepted references that do conflict; raises on any other conflict.

    What USSs filed by F3548 is an advisory conflict, by cells and box alone, but for their plans where this
    one is hosted: ``check_seen`` holds it to the details of those."""
    state, me, now = asked.state, asked.by.participant, asked.now
    conflicts = find(state, me, volumes, now, exclude)
    made = asked.references.of_all([c.item for c in conflicts], me, now)
    hosted = hosted_level(state, me, now) is not Level.NONE
    near = in_the_way(state, volumes, now, constraints_alone=hosted)
    refs = dict(zip(made, conflicts, strict=True))
    peers = {_peer_ref(asked, one.reference): one for one in near}
    all_refs = sorted((*refs, *peers))
    if not set(all_refs) <= set(accept) or any(c.blocking() for c in conflicts):
        items = [
            conflict_item(asked, refs[ref], ref) if ref in refs else peer_conflict(peers[ref], ref)
            for ref in all_refs
        ]
        raise StrategicConflict(
            f"conflicts with {len(items)} of the items released to you",
            field="volumes",
            detail={"conflicts": items},
        )
    return tuple(all_refs)


def conflict_item(asked: Asked, conflict: Conflict, ref: Reference) -> ConflictItem:
    item = conflict.item
    if conflict.level is None:
        form = own_form(item)
    elif conflict.level is Level.VOLUME:
        form = volume_form(item, ref)
    else:
        form = reserved_form(item, ref, asked.state.volumes.reserved(item))
    return ConflictItem(form, conflict.blocking(), conflict.numbers)


def peer_conflict(near: Near, ref: Reference) -> ConflictItem:
    """What a USS filed by F3548, as the DSS has it and no closer."""
    return ConflictItem(peer_form(near.reference, ref), blocking=False, volumes=near.numbers)


def _peer_ref(asked: Asked, reference: PeerReference) -> Reference:
    return asked.references.foreign(entity_of(reference), asked.by.participant, asked.now)


def clearance(asked: Asked, near: Sequence[PeerReference] = ()) -> Clearance:
    """``near``: other USSs' plans whose details were looked at beforehand."""
    floor = asked.state.charter.floor if asked.state.charter is not None else NOTHING
    checked = "clear of what is released to you, except what you accepted"
    if near:
        checked += f", and of {len(near)} plans of other USSs near it that were looked at"
    return Clearance(
        checked=checked,
        floor_intent=floor.intent.value,
        floor_constraint=floor.constraint.value,
        peers=tuple(sorted(_peer_ref(asked, one) for one in near)),
    )
