"""Constraint references: put and remove (ASTM F3548-21, createConstraintReference …).

As operational intent references, without state, key, heights and subscription.
"""

from __future__ import annotations

from comity.clock import micros
from comity.coordination.decision import Asked, Decision
from comity.coordination.f3548.notifications import About, notices
from comity.coordination.f3548.standing import (
    check_current,
    check_manager,
    check_room,
    check_size,
    manager_of,
)
from comity.coordination.f3548.visible import visible
from comity.errors import InvalidInput, NotFound, StaleOvn
from comity.model import dss_fact as d
from comity.model.dss_command import PutConstraintReference, RemoveConstraintReference
from comity.model.f3548 import ConstraintReference


def put_constraint_reference(asked: Asked, command: PutConstraintReference) -> Decision:
    _check_form(asked, command)
    old = asked.state.constraint_references.get(command.id)
    if old is not None:
        check_manager(asked, old.manager, old.hosted)
        check_current(command.ovn, old.ovn)
    elif command.ovn is not None:
        raise StaleOvn("there is no constraint reference with this id", field="entityid")
    else:
        check_room(asked)
    version = 1 if old is None else old.version + 1
    reference = ConstraintReference(
        id=command.id,
        manager=manager_of(asked),
        box=command.box,
        url=command.url,
        version=version,
        ovn=asked.ids.ovn(f"{command.id}/{micros(asked.now)}", version),
        filed_at=asked.now if old is None else old.filed_at,
        changed_at=asked.now,
    )
    boxes = (command.box,) if old is None else (old.box, command.box)
    notified, subscribers = notices(asked, About.CONSTRAINTS, *boxes)
    put = d.ConstraintReferencePut(reference, notified)
    return Decision((put,), created=old is None, subscribers=subscribers)


def remove_constraint_reference(asked: Asked, command: RemoveConstraintReference) -> Decision:
    old = asked.state.constraint_references.get(command.id)
    if old is None or not visible(asked.state, old, asked.now):
        raise NotFound("there is no constraint reference with this id", field="entityid")
    check_manager(asked, old.manager, old.hosted)
    check_current(command.ovn, old.ovn)
    notified, subscribers = notices(asked, About.CONSTRAINTS, old.box)
    return Decision((d.ConstraintReferenceRemoved(old, notified),), subscribers=subscribers)


def _check_form(asked: Asked, command: PutConstraintReference) -> None:
    check_size(command.box)
    if command.box.start is None or command.box.end is None:
        raise InvalidInput("extents need time_start and time_end", field="extents")
    if command.box.end < asked.now:
        raise InvalidInput("extents must not end in the past", field="extents")
