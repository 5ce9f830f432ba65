"""What the native API answers with, where the model has no value for it.

Unknown fields are passed over, so that a client outlives an exchange that says more; a field that is
missing is an error.
"""

from __future__ import annotations

from datetime import datetime
from typing import Generic, TypeVar

import msgspec

from comity.model.alert import Alert
from comity.model.participant import Role
from comity.model.released import Change, Clearance, ReleasedItem, TrackView

T = TypeVar("T")


class Receipt(msgspec.Struct, frozen=True):
    """Where the command stands in the participant's own log; ``leaf`` is the leaf hash in hex."""

    position: int
    leaf: str


class Written(msgspec.Struct, Generic[T], frozen=True):
    """A write that is durable. ``clearance`` says what it was checked against."""

    result: T
    receipt: Receipt
    clearance: Clearance | None = None


class Whoami(msgspec.Struct, frozen=True):
    participant: str
    participant_name: str
    person: str
    person_name: str
    roles: tuple[Role, ...]
    scopes: tuple[str, ...]
    expires_at: datetime
    as_of: datetime
    exchange: str


class Airspace(msgspec.Struct, frozen=True):
    """``cursor``: from here :meth:`Client.changes` goes on without a gap; None where only a place was asked
    for."""

    items: tuple[ReleasedItem, ...]
    as_of: datetime
    cursor: str | None = None


class Picture(msgspec.Struct, frozen=True):
    """``swept_at``: when the aircraft were last searched for conflicts; ``late_s``: by how much the next
    search is overdue."""

    tracks: tuple[TrackView, ...]
    as_of: datetime
    swept_at: datetime
    late_s: float


class Alerts(msgspec.Struct, frozen=True):
    """The most urgent first. ``swept_at``, ``late_s``: as with the picture."""

    alerts: tuple[Alert, ...]
    as_of: datetime
    swept_at: datetime
    late_s: float


class HistorySpan(msgspec.Struct, frozen=True, rename={"since": "from"}):
    """From when to when there is something to look back at. ``because``: why nothing before ``since``."""

    since: datetime
    until: datetime
    step_s: float
    because: str


class HistoryMoment(msgspec.Struct, frozen=True):
    """What was released at ``as_of``, the last moment kept before the one asked for. ``gap``: why the
    lists are empty, where nothing was kept."""

    as_of: datetime
    items: tuple[ReleasedItem, ...]
    tracks: tuple[TrackView, ...]
    alerts: tuple[Alert, ...]
    gap: str | None


class Seen(msgspec.Struct, frozen=True):
    """One thing of one's own as a recipient has it, and why."""

    recipient: str
    kind: str
    level: str
    reason: str
    rule: str | None = None
    ref: str | None = None
    item: ReleasedItem | None = None


class Leaf(msgspec.Struct, frozen=True):
    """A leaf of a log; ``data`` is what RFC 6962 hashes, in base64."""

    position: int
    time: datetime
    kind: str
    data: str
    salt: str | None = None
    payload: str | None = None


class LogPage(msgspec.Struct, frozen=True):
    entries: tuple[Leaf, ...]


class Named(msgspec.Struct, frozen=True):
    id: str
    name: str


class Hello(msgspec.Struct, frozen=True, tag_field="type", tag="hello"):
    participant: Named
    as_of: datetime


class Snapshot(msgspec.Struct, frozen=True, tag_field="type", tag="snapshot"):
    """Everything released to the reader. ``reason``: start, slow (the reader did not keep up) or restart."""

    as_of: datetime
    cursor: str
    items: tuple[ReleasedItem, ...]
    tracks: tuple[TrackView, ...]
    reason: str
    swept_at: datetime
    late_s: float
    alerts: tuple[Alert, ...] = ()
    more: bool = False


class Tick(msgspec.Struct, frozen=True, tag_field="type", tag="tick"):
    """What changed in the last second; ``gone`` are tracks no longer released or seen, ``alerts_gone`` alerts
    that ended. ``all_tracks``, ``all_alerts``: these are all there are, after a resumption. ``more``: the
    next frame follows at once."""

    as_of: datetime
    cursor: str
    swept_at: datetime
    late_s: float
    changes: tuple[Change, ...] = ()
    tracks: tuple[TrackView, ...] = ()
    gone: tuple[str, ...] = ()
    alerts: tuple[Alert, ...] = ()
    alerts_gone: tuple[str, ...] = ()
    all_tracks: bool = False
    all_alerts: bool = False
    more: bool = False


class Bye(msgspec.Struct, frozen=True, tag_field="type", tag="bye"):
    reason: str


Frame = Hello | Snapshot | Tick | Bye
