"""What the exchange answers with."""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

import msgspec

from comity.model.alert import Alert
from comity.model.charter import Charter
from comity.model.participant import Participant, Person
from comity.model.released import Clearance, ReleasedItem
from comity.model.rule import Group, ReleaseRule

Result = ReleasedItem | ReleaseRule | Group | Charter | Participant | Person | Alert | None


class Receipt(msgspec.Struct, frozen=True, gc=False):
    """Where the command stands in the participant's own log: keep it, and ask for the proof at any time.
    ``leaf`` is the log's leaf hash in hex."""

    position: int
    leaf: str


class Outcome(msgspec.Struct, frozen=True):
    """``repeated``: this request was carried out before; nothing was done again."""

    result: Result
    receipt: Receipt
    created: bool = False
    repeated: bool = False
    clearance: Clearance | None = None


class SeenBy(msgspec.Struct, frozen=True, omit_defaults=True):
    """One thing of the owner's as one recipient has it. ``kind``: intent, constraint, own_track or
    sensed_track; tracks stand for all of their kind. ``rule``: a rule's id or ``charter floor``."""

    recipient: str
    kind: str
    level: str
    reason: str
    rule: str | None = None
    ref: str | None = None
    item: ReleasedItem | None = None


class LogLeaf(msgspec.Struct, frozen=True, omit_defaults=True):
    """A leaf of a log. ``data``: the leaf's bytes in base64, as hashed by RFC 6962. Of an own log also
    the opening of its commitment: ``salt`` in base64 and the payload; both None once erased."""

    position: int
    time: datetime
    kind: str
    data: str
    salt: str | None = None
    payload: str | None = None


class TrackFrame(Protocol):
    """The picture as one participant has it; ``json`` is encoded once for each distinct view."""

    @property
    def as_of(self) -> datetime: ...
    @property
    def json(self) -> bytes: ...
    def ids(self) -> list[str]: ...


class TrackDelta(Protocol):
    """What changed since ``stamp`` was given. ``changed_json`` is a JSON array of TrackView; or else,
    ``words_json`` one of TrackWords and ``packed`` the binary message. ``reset``: the whole picture, because
    what was passed back is not remembered."""

    @property
    def stamp(self) -> int: ...
    @property
    def changed_json(self) -> bytes: ...
    @property
    def words_json(self) -> bytes: ...
    @property
    def packed(self) -> bytes: ...
    @property
    def gone(self) -> list[str]: ...
    @property
    def reset(self) -> bool: ...


class AlertFrame(msgspec.Struct, frozen=True):
    """A participant's alerts now, the most urgent first; ``json`` is their array. They rest on the sweep at
    ``swept_at``, which is overdue by ``late_s``."""

    as_of: datetime
    swept_at: datetime
    late_s: float
    json: bytes
    alerts: tuple[Alert, ...]


class AlertDelta(msgspec.Struct, frozen=True):
    """What changed of them since ``stamp`` was given; ``reset``: all of them."""

    stamp: int
    changed_json: bytes
    gone: list[str]
    reset: bool
    swept_at: datetime
    late_s: float


class Span(msgspec.Struct, frozen=True, rename={"since": "from"}):
    """What a participant can look back at. ``because``: why there is nothing before ``since``."""

    since: datetime
    until: datetime
    step_s: float
    because: str


class Past(msgspec.Struct, frozen=True):
    """What was released to a participant at ``as_of``: JSON arrays of ReleasedItem, TrackView and Alert.
    ``gap``: why there is nothing, where nothing was kept."""

    as_of: datetime
    items_json: bytes
    tracks_json: bytes
    alerts_json: bytes
    gap: str | None
