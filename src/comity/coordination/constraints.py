"""Constraints: published, changed, given back, called off. Time moves them by entries of the exchange's own.

Publishing over existing intents is never refused: a closure is needed most where somebody is.
"""

from __future__ import annotations

from datetime import datetime, timedelta

from msgspec.structs import replace

from comity.coordination.decision import Asked, Decision, check_new_item, check_new_volumes, check_ovn
from comity.coordination.f3548.hosted import Hosting
from comity.errors import InvalidInput, NotFound, WrongState
from comity.ids import EntityId
from comity.model.command import ChangeConstraint, PublishConstraint
from comity.model.constraint import Constraint, ConstraintState, check_designator
from comity.model.fact import ConstraintPut
from comity.model.volume import Volumes, ends, starts
from comity.release.forms import past


def publish(asked: Asked, command: PublishConstraint) -> Decision:
    check_new_volumes(command.volumes, asked.state, asked.now)
    check_designator(command.designator)
    entity = asked.ids.entity("constraint", asked.by.participant, asked.by.request_id)
    check_new_item(asked, entity)
    constraint = Constraint(
        id=entity,
        owner=asked.by.participant,
        state=state_at(asked, command.volumes),
        kind=command.kind,
        designator=command.designator,
        volumes=command.volumes,
        ovn=asked.ids.ovn(entity, 1),
        version=1,
        published_at=asked.now,
        changed_at=asked.now,
        provenance=command.provenance,
    )
    return Decision((ConstraintPut(constraint), *Hosting(asked).facts(constraint)), created=True)


def change(asked: Asked, command: ChangeConstraint) -> Decision:
    constraint = _current(asked, command.id)
    check_ovn(command.ovn, constraint.ovn)
    volumes = constraint.volumes
    if command.volumes is not None:
        volumes = command.volumes
        check_new_volumes(volumes, asked.state, asked.now)
    if command.designator is not None:
        check_designator(command.designator)
    after = state_at(asked, volumes)
    if command.state is not None:
        after = _asked_for(constraint.state, command.state)
    changed = replace(
        constraint,
        kind=command.kind or constraint.kind,
        designator=command.designator or constraint.designator,
        volumes=volumes,
        provenance=command.provenance or constraint.provenance,
    )
    now_is = moved(asked, changed, after, asked.now)
    return Decision((ConstraintPut(now_is), *Hosting(asked).facts(now_is)))


def moved(asked: Asked, constraint: Constraint, after: ConstraintState, at: datetime) -> Constraint:
    """The constraint in its next state and version."""
    return replace(
        constraint,
        state=after,
        version=constraint.version + 1,
        ovn=asked.ids.ovn(constraint.id, constraint.version + 1),
        changed_at=at,
    )


def state_at(asked: Asked, volumes: Volumes) -> ConstraintState:
    """What time alone makes of these volumes by now."""
    lead_s = asked.state.charter.constraint_lead_s if asked.state.charter is not None else 0
    if asked.now >= ends(volumes):
        return ConstraintState.EXPIRED
    if asked.now >= starts(volumes):
        return ConstraintState.ACTIVE
    if asked.now >= starts(volumes) - timedelta(seconds=lead_s):
        return ConstraintState.PENDING
    return ConstraintState.PLANNED


def _asked_for(before: ConstraintState, after: ConstraintState) -> ConstraintState:
    if after is ConstraintState.RELEASED:
        if before is not ConstraintState.ACTIVE:
            raise WrongState("only an active constraint can be released; cancel it instead", field="state")
    elif after is ConstraintState.CANCELLED:
        if before is ConstraintState.ACTIVE:
            raise WrongState("an active constraint is released, not cancelled", field="state")
    else:
        raise InvalidInput("state can be set to released or cancelled; time does the rest", field="state")
    return after


def _current(asked: Asked, id: EntityId) -> Constraint:
    constraint = asked.state.constraints.get(id)
    if constraint is None or constraint.owner != asked.by.participant or past(constraint, asked.now):
        raise NotFound("you have no constraint with this id", field="id")
    if not constraint.state.live():
        raise WrongState(f"the constraint is {constraint.state}", field="id")
    return constraint
