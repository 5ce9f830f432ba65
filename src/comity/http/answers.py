"""Answers: the shapes that the native API returns, and errors as JSON.

The structs here are the response schemas of the OpenAPI document; ``comity.wire.encode`` writes them. An
error is ``{"code", "message", "field"?, "detail"?}``; its status comes from ``comity.errors.STATUS`` and,
for what is HTTP's own to refuse, from ``HTTP_STATUS``.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any, Final, Literal

import msgspec

from comity.errors import STATUS, ComityError
from comity.model.alert import Alert
from comity.model.charter import Charter
from comity.model.participant import Participant, Person, Role
from comity.model.plan import Alternative
from comity.model.released import Clearance, ConflictItem, ReleasedItem, TrackView
from comity.model.rule import Group, ReleaseRule
from comity.wire.encode import encode

Headers = tuple[tuple[bytes, bytes], ...]

JSON: Final = b"application/json"
NO_STORE: Final = (b"cache-control", b"no-store")

HTTP_STATUS: Final[Mapping[str, int]] = {
    "bad_request": 400,
    "method_not_allowed": 405,
    "uri_too_long": 414,
    "headers_too_large": 431,
    "internal": 500,
}
"""Refusals that are HTTP's own, beside the one table in ``errors``."""


class Answer(msgspec.Struct, frozen=True):
    """One HTTP answer, ready to send. ``content_type`` and length are added when it is."""

    status: int
    body: bytes
    content_type: bytes = JSON
    headers: Headers = (NO_STORE,)


class ErrorBody(msgspec.Struct, frozen=True, omit_defaults=True):
    """``code`` is stable; ``message`` is for people; ``field`` names the input it is about."""

    code: str
    message: str
    field: str | None = None
    detail: dict[str, Any] = {}


class ConflictDetail(msgspec.Struct, frozen=True, omit_defaults=True):
    """What is in the way, each as released to the asker; and where alternatives were asked for, what would
    be accepted instead, as ``/v1/plans/alternatives`` has it."""

    conflicts: tuple[ConflictItem, ...]
    alternatives: tuple[Alternative, ...] | None = None
    tried: int | None = None
    complete: bool | None = None


class ConflictError(msgspec.Struct, frozen=True, omit_defaults=True):
    """A write whose volumes conflict with what is released to its owner."""

    code: Literal["strategic_conflict"]
    message: str
    detail: ConflictDetail
    field: str | None = None


class Healthy(msgspec.Struct, frozen=True):
    status: Literal["ok"]


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


class Items(msgspec.Struct, frozen=True, omit_defaults=True):
    """``cursor`` continues at ``/v1/changes`` and on the stream; an answer about an area has none."""

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
    """From when to when there is something to look back at, and how far apart the moments are.
    ``because``: why there is nothing before ``from``."""

    since: datetime
    until: datetime
    step_s: float
    because: str


class HistoryMoment(msgspec.Struct, frozen=True):
    """What was released to you at ``as_of``, the last moment kept before the one asked for. ``gap``: why
    the lists are empty, where nothing was kept."""

    as_of: datetime
    items: tuple[ReleasedItem, ...]
    tracks: tuple[TrackView, ...]
    alerts: tuple[Alert, ...]
    gap: str | None


class Rules(msgspec.Struct, frozen=True):
    rules: tuple[ReleaseRule, ...]


class Groups(msgspec.Struct, frozen=True):
    groups: tuple[Group, ...]


class Participants(msgspec.Struct, frozen=True):
    participants: tuple[Participant, ...]


class People(msgspec.Struct, frozen=True):
    people: tuple[Person, ...]


class Receipt(msgspec.Struct, frozen=True):
    """Where the change stands in the participant's own log; ``leaf`` is the leaf hash in hex."""

    position: int
    leaf: str


class ItemWritten(msgspec.Struct, frozen=True):
    result: ReleasedItem
    receipt: Receipt
    clearance: Clearance | None = None


class AlertWritten(msgspec.Struct, frozen=True):
    result: Alert
    receipt: Receipt


class RuleWritten(msgspec.Struct, frozen=True):
    """``result`` is null where the rule was withdrawn."""

    result: ReleaseRule | None
    receipt: Receipt


class GroupWritten(msgspec.Struct, frozen=True):
    """``result`` is null where the group was removed."""

    result: Group | None
    receipt: Receipt


class ParticipantWritten(msgspec.Struct, frozen=True):
    result: Participant
    receipt: Receipt


class PersonWritten(msgspec.Struct, frozen=True):
    """``result`` is null where the person was removed."""

    result: Person | None
    receipt: Receipt


class CharterWritten(msgspec.Struct, frozen=True):
    result: Charter
    receipt: Receipt


class Done(msgspec.Struct, frozen=True):
    """A command with nothing to show for it: it is on the record."""

    result: None
    receipt: Receipt


class Checkpoint(msgspec.Struct, frozen=True):
    """A signed note (C2SP) with the cosignatures that witnesses have left."""

    note: str


class Hashes(msgspec.Struct, frozen=True):
    """A Merkle proof (RFC 6962): hashes in base64, lowest first."""

    hashes: tuple[str, ...]


class Accepted(msgspec.Struct, frozen=True):
    status: Literal["accepted"]


def ok(value: Any, status: int = 200) -> Answer:
    return Answer(status, encode(value))


def error_answer(error: ComityError) -> Answer:
    """An error of ours as its JSON answer."""
    headers: Headers = (NO_STORE,)
    if error.code == "unauthenticated":
        headers += ((b"www-authenticate", b"Bearer"),)
    elif error.code == "quota_exceeded":
        headers += ((b"retry-after", str(error.detail.get("retry_after_s", 1)).encode()),)
    elif error.code in ("unavailable", "stopping", "outcome_unknown"):
        headers += ((b"retry-after", b"1"),)
    body = ErrorBody(error.code, error.message, error.field, error.detail)
    return Answer(STATUS[error.code], encode(body), JSON, headers)


def refusal(code: str, message: str, headers: Headers = ()) -> Answer:
    """A refusal of HTTP's own."""
    return Answer(HTTP_STATUS[code], encode(ErrorBody(code, message)), JSON, (NO_STORE, *headers))


INTERNAL: Final = refusal("internal", "the exchange failed on this request; it was counted and logged")
"""The constant answer to an unexpected exception: it says nothing of the cause."""
