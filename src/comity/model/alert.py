"""Alerts: what a participant is warned of, in the form in which it leaves by the door out.

An alert is about one participant's picture: every number in it is computed from what is released to that
participant, so two parties of one pair may read different numbers, each as fine as it may. A side that is
not released at all appears at level ``reserved``, with cells and a height band and no position, and the alert
is then ``advisory``: it is decided on the cells, so it comes too often and never too seldom.

Levels are those of RTCA DO-365: preventive, corrective, warning. Distances in metres, times absolute.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Literal

import msgspec

from comity.ids import ParticipantId
from comity.model.intent import AircraftCategory
from comity.model.released import ReservedVolume
from comity.model.rule import Level


class AlertLevel(StrEnum):
    PREVENTIVE = "preventive"
    CORRECTIVE = "corrective"
    WARNING = "warning"

    @property
    def rank(self) -> int:
        return _RANK[self]


_RANK = {level: rank for rank, level in enumerate(AlertLevel, start=1)}


class AlertKind(StrEnum):
    CONFLICT = "conflict"
    """Two aircraft come closer than their minima, or have."""
    INCURSION = "incursion"
    """An aircraft enters a constraint, or another's intent, or is inside."""
    EMERGENCY = "emergency"
    """An aircraft says that it is in distress (squawk 7500, 7600, 7700), or its intent is Contingent."""
    CROWD = "crowd"
    """More aircraft at one place than are paired one by one; taken together as one obstacle."""
    RAISES = "raises"
    """One participant made the exchange raise levels more often than the budget allows."""


class AlertState(StrEnum):
    RAISED = "raised"
    ACKNOWLEDGED = "acknowledged"
    CLEARED = "cleared"


class Phase(StrEnum):
    """Whether it has come about. ``now``: inside the minima, or inside the volume."""

    PREDICTED = "predicted"
    NOW = "now"


class AlertSide(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One aircraft of an alert. ``track``: its id in the reader's picture, where it is there.

    ``reserved``: at level ``reserved`` its cells and height band instead. ``claimed``: nobody but the one
    whose aircraft it is said to be has reported it. ``label``: a callsign where one is released."""

    level: Literal["own", "broadcast", "identity", "position", "reserved"]
    own: bool
    track: str | None = None
    label: str | None = None
    category: AircraftCategory | None = None
    claimed: bool = False
    reserved: ReservedVolume | None = None


class Alert(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """``ref`` stays from raised to cleared, and differs for each participant. ``enters_at``, ``leaves_at``:
    when the pair is within its minima, or the aircraft within the volume. ``horizontal_m`` and
    ``vertical_m``: how far apart the two are at ``closest_at``; vertical None where a height is unknown.
    ``minima_*``: what they are measured against. ``item``: the reference, in the reader's airspace, of the
    constraint or intent that is entered. ``reasons``: what it rests on, in words."""

    ref: str
    kind: AlertKind
    level: AlertLevel
    state: AlertState
    phase: Phase
    raised_at: datetime
    updated_at: datetime
    sides: tuple[AlertSide, ...]
    reasons: tuple[str, ...]
    advisory: bool = False
    enters_at: datetime | None = None
    leaves_at: datetime | None = None
    closest_at: datetime | None = None
    horizontal_m: float | None = None
    vertical_m: float | None = None
    minima_horizontal_m: float | None = None
    minima_vertical_m: float | None = None
    item: str | None = None
    item_kind: Literal["constraint", "intent"] | None = None
    item_label: str | None = None
    acknowledged_by: str | None = None
    """The name of the person, of one's own organisation."""
    acknowledged_at: datetime | None = None
    other_party_acknowledged_at: datetime | None = None
    """When the other party of the pair acknowledged its own alert about it."""


class Told(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """An alert as one participant was told it. ``key``: what it is about, as a keyed digest that means
    nothing outside; by it an alert keeps its ``ref`` over a restart."""

    recipient: ParticipantId
    key: str
    alert: Alert


class Raise(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """``owner``'s track, by its own name for it, is at ``level`` for ``recipient`` from now on, and why; at
    ``none`` it has fallen back to what the rules give without a raise."""

    owner: ParticipantId
    recipient: ParticipantId
    track: str
    level: Level
    reason: str
