"""The charter: what every participant of a centre has agreed to. There is no default one.

Its floor is what each owes every other, kind by kind and always explicit; a rule can give more, never
less. Adopting a changed charter is an entry like any other.
"""

from __future__ import annotations

import msgspec

from comity.errors import InvalidInput
from comity.ids import ParticipantId
from comity.model.rule import Levels


class Charter(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """``constraint_lead_s``: how long before its start a planned constraint is pending.
    ``signed_commands``: whether every command must carry its originator's signature.
    ``auditors``: participants whose auditors may read the whole tree's headers."""

    title: str
    floor: Levels
    signed_commands: bool
    auditors: tuple[ParticipantId, ...]
    constraint_lead_s: int
    version: int = 1

    def __post_init__(self) -> None:
        if not 1 <= len(self.title) <= 120 or not self.title.isprintable():
            raise InvalidInput("title must be 1 to 120 printable characters", field="title")
        if not 0 <= self.constraint_lead_s <= 86_400:
            raise InvalidInput("constraint_lead_s must be 0 to 86400 seconds", field="constraint_lead_s")
