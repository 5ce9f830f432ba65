"""Hosted intents and constraints as peers get them: exactly the JSON of F3548-21's details, encoded once.

At the level for which the reference was made, and nothing at all where peers may not know of it at this
moment. Details are asked for by every USS near, once for each version; a kept form is as good as its
reference, its item and its manager's availability, all compared by identity: they are values.
"""

from __future__ import annotations

import hashlib
from collections import OrderedDict
from typing import Any, Final, NamedTuple

import msgspec
from msgspec.structs import replace

from comity.clock import Clock
from comity.coordination.f3548.visible import visible
from comity.coordination.state import State
from comity.ids import EntityId, ParticipantId
from comity.model.constraint import Constraint
from comity.model.f3548 import (
    Availability,
    AvailabilityState,
    ConstraintReference,
    OperationalIntentReference,
)
from comity.model.intent import Intent, IntentState
from comity.model.rule import Level
from comity.model.volume import Volumes
from comity.release import f3548 as released
from comity.release.coarsen import reserve
from comity.uss.details import Details, coarse, exact
from comity.wire.encode import encode
from comity.wire.f3548 import Volume4D

KEPT_BYTES: Final = 67_108_864
"""Of encoded forms; past it the oldest go. Larger: more memory, fewer forms made twice."""

Reference = OperationalIntentReference | ConstraintReference


class Form(NamedTuple):
    """An OperationalIntent or a Constraint of the interface. ``item``: the native one that it is of."""

    json: bytes
    sha256: str
    level: Level
    owner: ParticipantId
    item: EntityId


class _Kept(NamedTuple):
    reference: Reference
    item: Intent | Constraint
    availability: Availability | None
    form: Form


class _OperationalIntent(msgspec.Struct, frozen=True):
    reference: released.OperationalIntentReferenceForm
    details: Details


class _ConstraintDetails(msgspec.Struct, frozen=True, omit_defaults=True):
    """``type``: only where its owner releases more than where it is."""

    volumes: tuple[Volume4D, ...]
    type: str | None = None


class _Constraint(msgspec.Struct, frozen=True):
    reference: released.ConstraintReferenceForm
    details: _ConstraintDetails


class HostedForms:
    """See the file's head."""

    def __init__(self, state: State, clock: Clock) -> None:
        self._state = state
        self._clock = clock
        self._kept: OrderedDict[EntityId, _Kept] = OrderedDict()
        self._bytes = 0

    def intent(self, id: EntityId) -> Form | None:
        """None where peers may know of none."""
        reference = self._state.references.get(id)
        if reference is None or reference.intent is None:
            return None
        return self._form(reference, self._state.intents.get(reference.intent))

    def constraint(self, id: EntityId) -> Form | None:
        reference = self._state.constraint_references.get(id)
        if reference is None or reference.constraint is None:
            return None
        return self._form(reference, self._state.constraints.get(reference.constraint))

    def _form(self, reference: Reference, item: Intent | Constraint | None) -> Form | None:
        if item is None or not visible(self._state, reference, self._clock.now()):
            return None
        availability = self._state.availability.get(self._state.dss.uss)
        kept = self._kept.get(reference.id)
        if (
            kept is not None
            and kept.reference is reference
            and kept.item is item
            and kept.availability is availability
        ):
            return kept.form
        word = AvailabilityState.UNKNOWN if availability is None else availability.state
        told: Any
        if isinstance(item, Intent):
            assert isinstance(reference, OperationalIntentReference)
            told = self._intent(reference, item, word)
        else:
            assert isinstance(reference, ConstraintReference)
            told = self._constraint(reference, item, word)
        body = encode(told)
        level = reference.level or Level.RESERVED
        form = Form(body, hashlib.sha256(body).hexdigest(), level, item.owner, item.id)
        self._keep(reference.id, _Kept(reference, item, availability, form))
        return form

    def _intent(
        self, reference: OperationalIntentReference, intent: Intent, word: AvailabilityState
    ) -> _OperationalIntent:
        # One that has ended is told as it was, as long as its reference is there.
        nominal, off_nominal = by_state(replace(intent, state=reference.state))
        details = Details(
            self._volumes(nominal, reference.level),
            self._volumes(off_nominal, reference.level),
            intent.priority,
        )
        return _OperationalIntent(released.reference_form(reference, word, reference.ovn), details)

    def _constraint(
        self, reference: ConstraintReference, constraint: Constraint, word: AvailabilityState
    ) -> _Constraint:
        kind = f"comity.constraint.{constraint.kind}" if reference.level is Level.VOLUME else None
        details = _ConstraintDetails(self._volumes(constraint.volumes, reference.level), kind)
        return _Constraint(released.constraint_form(reference, word, reference.ovn), details)

    def _volumes(self, volumes: Volumes, level: Level | None) -> tuple[Volume4D, ...]:
        if level is Level.VOLUME:
            return exact(volumes, self._state.environment)
        return coarse(reserve(volumes, self._state.environment))

    def _keep(self, id: EntityId, kept: _Kept) -> None:
        before = self._kept.pop(id, None)
        self._bytes += len(kept.form.json) - (len(before.form.json) if before is not None else 0)
        self._kept[id] = kept
        while self._bytes > KEPT_BYTES and len(self._kept) > 1:
            _, oldest = self._kept.popitem(last=False)
            self._bytes -= len(oldest.form.json)


def by_state(intent: Intent) -> tuple[Volumes, Volumes]:
    """Nominal and off-nominal volumes as the state wants them: Nonconforming both, Contingent no nominal."""
    if not intent.state.off_nominal():
        return intent.volumes, ()
    if intent.state is IntentState.CONTINGENT:
        return (), intent.volumes
    return intent.nominal_volumes or intent.volumes, intent.volumes
