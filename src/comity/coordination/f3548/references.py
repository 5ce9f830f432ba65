"""Operational intent references: put and remove (ASTM F3548-21, createOperationalIntentReference …).

Order of checks: the request by itself; that the reference is the caller's; that its version is current;
that a change has something to change; that the USS is not marked Down; the subscription; the key. Nothing is
left behind by a write that is refused: facts are made after the last check.
"""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from comity.clock import micros
from comity.coordination.decision import Asked, Decision
from comity.coordination.f3548.attachment import Attachment, attach, detach
from comity.coordination.f3548.keys import KEYED, check_key
from comity.coordination.f3548.notifications import About, notices
from comity.coordination.f3548.standing import (
    check_current,
    check_manager,
    check_not_down,
    check_room,
    check_size,
    manager_of,
)
from comity.coordination.f3548.visible import visible
from comity.errors import InvalidInput, NotFound
from comity.ids import Ovn
from comity.model import dss_fact as d
from comity.model.dss_command import PutReference, RemoveReference
from comity.model.f3548 import OperationalIntentReference
from comity.model.intent import IntentState

SUFFIX_SKEW: Final = timedelta(minutes=5)
"""How far a requested OVN's own time may be from now; more lets older ones come again."""

_UUID: Final = re.compile(r"[0-9a-fA-F]{8}-(?:[0-9a-fA-F]{4}-){3}[0-9a-fA-F]{12}\Z")


def put_reference(asked: Asked, command: PutReference) -> Decision:
    _check_form(asked, command)
    old = asked.state.references.get(command.id)
    if old is not None:
        check_manager(asked, old.manager, old.hosted)
        check_current(command.ovn, old.ovn)
    elif command.ovn is not None:
        raise InvalidInput("there is no operational intent reference with this id", field="entityid")
    check_not_down(asked, command.state)
    if old is None:
        _check_new(asked, command)
    version = 1 if old is None else old.version + 1
    attached = attach(asked, command, old, version)
    key = _key(asked, command, attached)
    ovn = _ovn(asked, command, old, version)
    reference = OperationalIntentReference(
        id=command.id,
        manager=manager_of(asked),
        state=command.state,
        box=command.box,
        url=command.url,
        subscription=attached.id,
        version=version,
        ovn=ovn,
        filed_at=asked.now if old is None else old.filed_at,
        changed_at=asked.now,
    )
    return _written(asked, reference, old, attached, key)


def remove_reference(asked: Asked, command: RemoveReference) -> Decision:
    """An implicit subscription that goes with it is still told of it."""
    old = asked.state.references.get(command.id)
    if old is None or not visible(asked.state, old, asked.now):
        raise NotFound("there is no operational intent reference with this id", field="entityid")
    check_manager(asked, old.manager, old.hosted)
    check_current(command.ovn, old.ovn)
    check_not_down(asked, None)
    notified, subscribers = notices(asked, About.OPERATIONAL_INTENTS, old.box)
    gone = detach(asked, old)
    removed = d.ReferenceRemoved(old, notified)
    facts = (removed,) if gone is None else (removed, d.SubscriptionRemoved(gone))
    return Decision(facts, subscribers=subscribers)


def _written(
    asked: Asked,
    reference: OperationalIntentReference,
    old: OperationalIntentReference | None,
    attached: Attachment,
    key: tuple[str, ...],
) -> Decision:
    boxes = (reference.box,) if old is None else (old.box, reference.box)
    put = attached.subscription if attached.put else None
    gone = attached.gone
    notified, subscribers = notices(
        asked, About.OPERATIONAL_INTENTS, *boxes, put=put, gone=None if gone is None else gone.id
    )
    facts: list[d.DssFact] = [] if put is None else [d.SubscriptionPut(put)]
    facts.append(d.ReferencePut(reference, notified, key))
    if gone is not None:
        facts.append(d.SubscriptionRemoved(gone))
    return Decision(tuple(facts), created=old is None, subscribers=subscribers)


def _check_form(asked: Asked, command: PutReference) -> None:
    """What is wrong whatever there is already."""
    box = command.box
    check_size(box)
    if command.state is IntentState.ENDED:
        raise InvalidInput("state must be Accepted, Activated, Nonconforming or Contingent", field="state")
    if box.lower_m is None or box.upper_m is None:
        raise InvalidInput("extents need altitude_lower and altitude_upper", field="extents")
    if box.start is None or box.end is None:
        raise InvalidInput("extents need time_start and time_end", field="extents")
    if box.end < asked.now:
        raise InvalidInput("extents must not end in the past", field="extents")
    if command.subscription and command.new_subscription is not None:
        raise InvalidInput("give either subscription_id or new_subscription", field="subscription_id")
    served = command.subscription or command.new_subscription is not None
    if command.state is not IntentState.ACCEPTED and not served:
        raise InvalidInput(
            "an operational intent that is not only Accepted needs subscription_id or new_subscription",
            field="subscription_id",
        )
    if command.ovn_suffix is not None:
        _check_suffix(command.ovn_suffix, asked.now)


def _check_new(asked: Asked, command: PutReference) -> None:
    if command.state is not IntentState.ACCEPTED:
        raise InvalidInput("a new operational intent must be Accepted", field="state")
    check_room(asked)


def _check_suffix(suffix: str, now: datetime) -> None:
    """A UUID of version 7 (RFC 9562): its first 48 bits are milliseconds since 1970."""
    if not _UUID.match(suffix) or UUID(suffix).version != 7:
        raise InvalidInput("requested_ovn_suffix must be a UUIDv7", field="requested_ovn_suffix")
    apart_ms = abs((UUID(suffix).int >> 80) - micros(now) // 1_000)
    if timedelta(milliseconds=apart_ms) > SUFFIX_SKEW:
        raise InvalidInput(
            "requested_ovn_suffix must carry a time within 5 minutes of now", field="requested_ovn_suffix"
        )


def _ovn(asked: Asked, command: PutReference, old: OperationalIntentReference | None, version: int) -> Ovn:
    """Never one that this reference had before: an OVN stands for one version of one place."""
    if command.ovn_suffix is None:
        return asked.ids.ovn(f"{command.id}/{micros(asked.now)}", version)
    ovn = Ovn(f"{command.id}_{command.ovn_suffix}")
    if old is not None and old.ovn == ovn:
        raise InvalidInput("requested_ovn_suffix was used for the last version", field="requested_ovn_suffix")
    return ovn


def _key(asked: Asked, command: PutReference, attached: Attachment) -> tuple[str, ...]:
    if command.state not in KEYED:
        return ()
    return check_key(
        asked.state, command.box, command.id, asked.now, command.key, constraints=attached.constraints
    )
