"""Participants (organisations), their people with roles, and the keys that people sign commands with.

A role says what a person may do; the scopes of a token can only narrow it (``http/access``).
"""

from __future__ import annotations

import base64
import binascii
from enum import StrEnum
from typing import Final

import msgspec

from comity.errors import InvalidInput
from comity.ids import EXCHANGE, SLUG, ParticipantId, PersonId


class Role(StrEnum):
    DUTY_DESK = "duty_desk"
    """Files and changes intents, brings reports, acknowledges."""
    OBSERVER = "observer"
    """Reads what was released to the participant."""
    AIRSPACE_OWNER = "airspace_owner"
    """Publishes constraints and sets the participant's release rules and groups."""
    AUDITOR = "auditor"
    """Reads the whole tree's headers and proofs, if the charter names the participant as an auditor."""
    ADMINISTRATOR = "administrator"
    """Keeps the participant's people, keys and tokens; of the centre also charter and membership."""


MAX_SIGNING_KEYS: Final = 16
"""Of one person; each stands in every copy of the record."""


class SigningKey(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """A raw Ed25519 public key, 32 bytes in base64."""

    key_id: str
    public_key: str

    def __post_init__(self) -> None:
        if not SLUG.match(self.key_id):
            raise InvalidInput("key_id must be 2 to 40 of a-z, 0-9 and '-'", field="key_id")
        try:
            raw = base64.b64decode(self.public_key, validate=True)
        except (binascii.Error, ValueError) as error:
            raise InvalidInput("public_key must be base64", field="public_key") from error
        if len(raw) != 32:
            raise InvalidInput("public_key must be 32 bytes of Ed25519", field="public_key")

    def raw(self) -> bytes:
        return base64.b64decode(self.public_key)


class Person(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    id: PersonId
    participant: ParticipantId
    name: str
    roles: tuple[Role, ...]
    signing_keys: tuple[SigningKey, ...] = ()

    def __post_init__(self) -> None:
        if not SLUG.match(self.id):
            raise InvalidInput("id must be 2 to 40 of a-z, 0-9 and '-'", field="id")
        if not 1 <= len(self.name) <= 80 or not self.name.isprintable():
            raise InvalidInput("name must be 1 to 80 printable characters", field="name")
        if not self.roles or len(set(self.roles)) != len(self.roles):
            raise InvalidInput("roles must name at least one role, and each once", field="roles")
        if len(self.signing_keys) > MAX_SIGNING_KEYS:
            raise InvalidInput(f"signing_keys must be at most {MAX_SIGNING_KEYS}", field="signing_keys")


class Participant(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """``centre`` marks the one participant whose administrators keep charter and membership.
    ``witness_key`` is the key with which it cosigns the checkpoints of its own log."""

    id: ParticipantId
    name: str
    centre: bool = False
    suspended: bool = False
    witness_key: SigningKey | None = None

    def __post_init__(self) -> None:
        if not SLUG.match(self.id) or self.id in (EXCHANGE, "tree", "f3548"):
            raise InvalidInput(
                f"id must be 2 to 40 of a-z, 0-9 and '-', and not '{EXCHANGE}', 'tree' or 'f3548'", field="id"
            )
        if not 1 <= len(self.name) <= 80 or not self.name.isprintable():
            raise InvalidInput("name must be 1 to 80 printable characters", field="name")
