"""A peer's details held against its reference at the DSS: do they say what the reference promises?

A plan is made around details, and found by its reference: details that lie outside their reference would be
seen by nobody who looks where the reference is not. So every volume lies within the reference's times and
heights, and its cells are the reference's or touch them; state, version, manager and ovn are the reference's.
What contradicts is refused with every reason that was found; nothing is repaired.

Pure. An answer about a later version than the one asked for is no contradiction: the reference has moved on
meanwhile and is to be read again (``moved_on``).
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Final, Generic, TypeVar

import msgspec

from comity.errors import InvalidInput
from comity.geo.cells import cell_of, level_of, parent
from comity.geo.coverage import check_ring, circle_cells, points_of, ring_cells
from comity.geo.s2 import neighbours
from comity.ids import EntityId, Ovn
from comity.model.dss_command import DetailsSeen
from comity.model.f3548 import CellBox, ConstraintReference, OperationalIntentReference
from comity.model.intent import IntentState
from comity.model.shape import Circle, Shape
from comity.model.volume import Volumes
from comity.wire import f3548_uss as forms
from comity.wire.encode import encode
from comity.wire.f3548 import natives
from comity.wire.lenient import Lenient

T = TypeVar("T")

TIME_SLACK: Final = timedelta(milliseconds=1)
"""Times are written with milliseconds by some and with nanoseconds by others. Larger: a volume may be flown
so much longer than its reference says."""

HEIGHT_SLACK_M: Final = 0.01
"""Heights converted to feet and back. Larger: a volume may reach so far out of its reference."""

MOST_VOLUMES: Final = 5_000
"""Of one intent's or constraint's details: coarse forms of long routes have more than exact ones. Larger:
more work for one answer, some 0.3 ms for each outline not seen before."""

SHORTEST_OVN: Final = 16
LONGEST_OVN: Final = 128

_OFF_NOMINAL: Final = frozenset({IntentState.NONCONFORMING, IntentState.CONTINGENT})


class Flaw(StrEnum):
    """What is wrong, for programs."""

    UNREACHED = "unreached"
    UNREADABLE = "unreadable"
    ID = "id"
    MANAGER = "manager"
    VERSION = "version"
    STATE = "state"
    OVN = "ovn"
    VOLUMES = "volumes"
    TIMES = "times"
    HEIGHTS = "heights"
    CELLS = "cells"


class Reason(msgspec.Struct, frozen=True):
    flaw: Flaw
    words: str


class PeerIntent(msgspec.Struct, frozen=True):
    """A peer's operational intent as its own USS told it. ``sha256``: of what was told."""

    id: EntityId
    manager: str
    version: int
    ovn: Ovn
    state: IntentState
    priority: int
    volumes: Volumes
    off_nominal_volumes: Volumes
    sha256: str

    def everywhere(self) -> Volumes:
        """Where the aircraft may be: what was promised and, off nominal, what is feared."""
        return self.volumes + self.off_nominal_volumes


class PeerConstraint(msgspec.Struct, frozen=True):
    id: EntityId
    manager: str
    version: int
    ovn: Ovn
    type: str | None
    volumes: Volumes
    sha256: str

    def everywhere(self) -> Volumes:
        return self.volumes


class Verdict(msgspec.Struct, Generic[T], frozen=True):
    """``details`` None: refused, and ``reasons`` say why. ``moved_on``: what was told is of a later version
    than the reference that it was held against."""

    details: T | None
    reasons: tuple[Reason, ...]
    sha256: str
    moved_on: bool = False

    @property
    def words(self) -> str | None:
        """All reasons as one line; None where there are none."""
        return "; ".join(f"{reason.flaw}: {reason.words}" for reason in self.reasons) or None


_intents: Final = Lenient(forms.OperationalIntentAnswer)
_constraints: Final = Lenient(forms.ConstraintAnswer)


def read_intent(body: bytes, reference: OperationalIntentReference) -> Verdict[PeerIntent]:
    """A peer's answer to GET /uss/v1/operational_intents/{id}."""
    try:
        answer = _intents.read(body)
    except InvalidInput as error:
        return _unreadable(error, hashlib.sha256(body).hexdigest())
    return check_intent(answer.operational_intent, reference)


def read_constraint(body: bytes, reference: ConstraintReference) -> Verdict[PeerConstraint]:
    """A peer's answer to GET /uss/v1/constraints/{id}."""
    try:
        answer = _constraints.read(body)
    except InvalidInput as error:
        return _unreadable(error, hashlib.sha256(body).hexdigest())
    return check_constraint(answer.constraint, reference)


def check_intent(told: forms.OperationalIntent, reference: OperationalIntentReference) -> Verdict[PeerIntent]:
    sha256 = digest(told)
    reasons = _same(told.reference, reference)
    if _moved_on(told.reference.version, reference.version, reasons):
        return Verdict(None, (_later(told.reference.version, reference.version),), sha256, moved_on=True)
    state = IntentState(told.reference.state)
    if state is not reference.state:
        reasons.append(Reason(Flaw.STATE, f"{state} is told, the DSS has {reference.state}"))
    details = told.details
    nominal, off_nominal = details.volumes or (), details.off_nominal_volumes or ()
    reasons += _fitting_state(state, len(nominal), len(off_nominal))
    try:
        volumes = _native(nominal, "volumes")
        off_nominal_volumes = _native(off_nominal, "off_nominal_volumes")
    except InvalidInput as error:
        return Verdict(None, (*reasons, _said(error)), sha256)
    reasons += within(volumes + off_nominal_volumes, reference.box)
    if reasons:
        return Verdict(None, tuple(reasons), sha256)
    intent = PeerIntent(
        id=reference.id,
        manager=reference.manager,
        version=reference.version,
        ovn=Ovn(told.reference.ovn or ""),
        state=state,
        priority=details.priority or 0,
        volumes=volumes,
        off_nominal_volumes=off_nominal_volumes,
        sha256=sha256,
    )
    return Verdict(intent, (), sha256)


def check_constraint(told: forms.Constraint, reference: ConstraintReference) -> Verdict[PeerConstraint]:
    sha256 = digest(told)
    reasons = _same(told.reference, reference)
    if _moved_on(told.reference.version, reference.version, reasons):
        return Verdict(None, (_later(told.reference.version, reference.version),), sha256, moved_on=True)
    try:
        volumes = _native(told.details.volumes, "volumes")
    except InvalidInput as error:
        return Verdict(None, (*reasons, _said(error)), sha256)
    reasons += within(volumes, reference.box)
    if reasons:
        return Verdict(None, tuple(reasons), sha256)
    constraint = PeerConstraint(
        id=reference.id,
        manager=reference.manager,
        version=reference.version,
        ovn=Ovn(told.reference.ovn or ""),
        type=told.details.type,
        volumes=volumes,
        sha256=sha256,
    )
    return Verdict(constraint, (), sha256)


def unsound(told: forms.OperationalIntent | forms.Constraint) -> tuple[Reason, ...]:
    """What is wrong with it whatever its reference says, for one that the DSS does not have."""
    reasons: list[Reason] = []
    try:
        if isinstance(told, forms.OperationalIntent):
            nominal, off_nominal = told.details.volumes or (), told.details.off_nominal_volumes or ()
            reasons += _fitting_state(IntentState(told.reference.state), len(nominal), len(off_nominal))
            _native(nominal, "volumes")
            _native(off_nominal, "off_nominal_volumes")
        else:
            _native(told.details.volumes, "volumes")
    except InvalidInput as error:
        reasons.append(_said(error))
    return tuple(reasons)


def digest(told: forms.OperationalIntent | forms.Constraint) -> str:
    """SHA-256 of what was told, in one canonical form whatever its spaces and unknown fields were."""
    return hashlib.sha256(encode(told)).hexdigest()


def seen(reference: OperationalIntentReference | ConstraintReference, verdict: Verdict[T]) -> DetailsSeen:
    """What the ledger gets of it."""
    return DetailsSeen(reference.id, reference.manager, reference.version, verdict.sha256, verdict.words)


def ovn_flaw(ovn: str | None) -> Reason | None:
    """Why this can be no ovn."""
    if ovn is None or ovn == forms.HIDDEN_OVN:
        return Reason(Flaw.OVN, "the ovn is not told")
    if not SHORTEST_OVN <= len(ovn) <= LONGEST_OVN or not ovn.isprintable():
        return Reason(Flaw.OVN, f"an ovn has {SHORTEST_OVN} to {LONGEST_OVN} characters")
    return None


def within(volumes: Volumes, box: CellBox) -> list[Reason]:
    """What of these volumes is outside a reference's cells and box."""
    reasons: list[Reason] = []
    held = _Held(box.cells)
    for number, volume in enumerate(volumes):
        place = f"volume {number}"
        if _before(volume.start, box.start) or _before(box.end, volume.end):
            reasons.append(Reason(Flaw.TIMES, f"{place} is at a time that the reference does not hold"))
        low, high = volume.lower.value_m, volume.upper.value_m
        lower_m = -1e9 if box.lower_m is None else box.lower_m - HEIGHT_SLACK_M
        upper_m = 1e9 if box.upper_m is None else box.upper_m + HEIGHT_SLACK_M
        if low < lower_m or high > upper_m:
            reasons.append(Reason(Flaw.HEIGHTS, f"{place} is at a height that the reference does not hold"))
        if not held.hold(_cells(volume.outline)):
            reasons.append(Reason(Flaw.CELLS, f"{place} is at a place that the reference does not hold"))
    return reasons


def _before(one: datetime | None, other: datetime | None) -> bool:
    return one is not None and other is not None and one + TIME_SLACK < other


class _Held:
    """A reference's cells, with those around them when one of them is asked for."""

    def __init__(self, cells: Sequence[str]) -> None:
        self._own = {cell_of(token) for token in cells}
        self._levels = sorted({level_of(cell) for cell in self._own})
        self._around: set[int] | None = None

    def hold(self, cells: Sequence[str]) -> bool:
        """Whether each of these is within one of the reference's cells, holds one or touches one."""
        left = [cell for cell in map(cell_of, cells) if not self._has(self._own, cell)]
        if not left:
            return True
        if self._around is None:
            self._around = {near for cell in self._own for near in neighbours(cell, level_of(cell))}
        return all(self._has(self._around, cell) or self._within_any(cell) for cell in left)

    def _has(self, cells: set[int], cell: int) -> bool:
        level = level_of(cell)
        return any(parent(cell, each) in cells for each in self._levels if each <= level)

    def _within_any(self, cell: int) -> bool:
        """For outlines so large that their cells are coarser than the reference's."""
        level = level_of(cell)
        return any(level_of(own) > level and parent(own, level) == cell for own in self._own)


def _cells(outline: Shape) -> tuple[str, ...]:
    """As the DSS reads an outline."""
    if isinstance(outline, Circle):
        return circle_cells(outline.centre.lat, outline.centre.lon, outline.radius_m)
    return ring_cells(points_of(outline.vertices))


def _native(told: forms.Forms, field: str) -> Volumes:
    if len(told) > MOST_VOLUMES:
        raise InvalidInput(f"details may have at most {MOST_VOLUMES} volumes here", field=field)
    volumes = natives(told, field)
    for volume in volumes:
        if not isinstance(volume.outline, Circle):
            check_ring(points_of(volume.outline.vertices), field)
    return volumes


def _same(
    told: forms.OperationalIntentReference | forms.ConstraintReference,
    reference: OperationalIntentReference | ConstraintReference,
) -> list[Reason]:
    """What the told reference says otherwise than the DSS's."""
    reasons: list[Reason] = []
    if told.id.lower() != reference.id:
        reasons.append(Reason(Flaw.ID, "another entity is told of than was asked for"))
    if told.manager != reference.manager:
        reasons.append(Reason(Flaw.MANAGER, "another manager is told than the DSS has"))
    if told.version < reference.version:
        reasons.append(_later(told.version, reference.version))
    flaw = ovn_flaw(told.ovn)
    if flaw is not None:
        reasons.append(flaw)
    elif told.version == reference.version and told.ovn != reference.ovn:
        reasons.append(Reason(Flaw.OVN, "another ovn is told than the DSS gave"))
    return reasons


def _moved_on(told: int, held: int, reasons: list[Reason]) -> bool:
    return told > held and not reasons


def _later(told: int, held: int) -> Reason:
    return Reason(Flaw.VERSION, f"version {told} is told, the reference read has {held}")


def _fitting_state(state: IntentState, nominal: int, off_nominal: int) -> list[Reason]:
    """Which volumes a state must have and which it may not (the interface's OperationalIntentDetails)."""
    reasons = []
    if (nominal == 0) != (state is IntentState.CONTINGENT):
        wrong = "must have no volumes" if nominal else "needs volumes"
        reasons.append(Reason(Flaw.VOLUMES, f"an intent that is {state} {wrong}"))
    if (off_nominal == 0) != (state not in _OFF_NOMINAL):
        wrong = "must have no off-nominal volumes" if off_nominal else "needs off-nominal volumes"
        reasons.append(Reason(Flaw.VOLUMES, f"an intent that is {state} {wrong}"))
    return reasons


def _said(error: InvalidInput) -> Reason:
    place = f"{error.field}: " if error.field else ""
    return Reason(Flaw.UNREADABLE, f"{place}{error.message}")


def _unreadable(error: InvalidInput, sha256: str) -> Verdict[T]:
    return Verdict(None, (_said(error),), sha256)
