"""Identifiers: what they are, and how new ones are made without telling anybody anything.

No identifier that a participant sees comes from a counter that others' doings move (DESIGN section 2,
law 2). New ones are a keyed hash of what the participant itself sent, so the same request gives the
same id in every world, and nobody without the key can link or guess one:

* an entity's id: UUID (version 4 layout, as ASTM F3548 asks) from owner, kind and request id;
* an ovn: 32 URL-safe characters from the entity's id and its version;
* a reference under which a recipient sees another's item: 26 base32 characters from recipient, item
  and rotation period; two recipients cannot match theirs, and none can match across periods.
"""

from __future__ import annotations

import base64
import hashlib
import os
import re
from typing import NewType, Protocol

ParticipantId = NewType("ParticipantId", str)
PersonId = NewType("PersonId", str)
GroupId = NewType("GroupId", str)
EntityId = NewType("EntityId", str)
RuleId = NewType("RuleId", str)
Ovn = NewType("Ovn", str)
Reference = NewType("Reference", str)
RequestId = NewType("RequestId", str)

EXCHANGE = ParticipantId("exchange")
"""Originator of the entries that the exchange itself submits; no participant may have this id."""

SLUG = re.compile(r"[a-z][a-z0-9-]{1,39}\Z")
"""Participant, person and group ids: chosen by people, readable in logs."""

LOG_NAME = re.compile(r"(?:[a-z][a-z0-9-]{1,39}|f3548:[A-Za-z0-9._@~-]{1,80})\Z")
"""Names of logs: a participant's id, or ``f3548:`` and a USS that speaks the standards' interfaces."""

REQUEST_ID = re.compile(r"[A-Za-z0-9._:-]{8,64}\Z")


class Entropy(Protocol):
    """Where secret bytes come from. Labelled, so that a seeded source does not depend on call order."""

    def bytes(self, label: str, length: int) -> bytes: ...


class SystemEntropy:
    """The operating system's generator; the label is not used."""

    def bytes(self, label: str, length: int) -> bytes:
        return os.urandom(length)


class SeededEntropy:
    """Repeatable bytes for tests and the non-interference law: a function of seed and label alone."""

    def __init__(self, seed: bytes) -> None:
        self._seed = seed

    def bytes(self, label: str, length: int) -> bytes:
        return hashlib.shake_256(self._seed + b"\0" + label.encode()).digest(length)


class Ids:
    """Makes identifiers from a 32-byte secret of this exchange. Pure: same input, same output."""

    def __init__(self, secret: bytes) -> None:
        if len(secret) != 32:
            raise ValueError("the id secret must be 32 bytes")
        self._secret = secret
        # HMAC-SHA-256 (RFC 2104) from hash objects made beforehand: ``hmac.digest`` lets go of the
        # interpreter's lock, and while another thread appends, getting it back takes longer than the hash.
        block = secret.ljust(64, b"\0")
        self._inner = hashlib.sha256(bytes(byte ^ 0x36 for byte in block))
        self._outer = hashlib.sha256(bytes(byte ^ 0x5C for byte in block))

    def _mac(self, *parts: str) -> bytes:
        body = bytearray()
        for part in parts:
            text = part.encode()
            body += len(text).to_bytes(4, "big") + text
        inner, outer = self._inner.copy(), self._outer.copy()
        inner.update(body)
        outer.update(inner.digest())
        return outer.digest()

    def entity(self, kind: str, owner: str, request_id: str) -> EntityId:
        raw = bytearray(self._mac("entity", kind, owner, request_id)[:16])
        raw[6] = (raw[6] & 0x0F) | 0x40
        raw[8] = (raw[8] & 0x3F) | 0x80
        text = raw.hex()
        return EntityId(f"{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}")

    def ovn(self, entity: str, version: int) -> Ovn:
        mac = self._mac("ovn", entity, str(version))
        return Ovn(base64.b64encode(mac[:24], b"-_").decode())

    def reference(self, recipient: str, entity: str, period: str) -> Reference:
        mac = self._mac("reference", recipient, entity, period)
        return Reference(base64.b32encode(mac[:16]).decode().rstrip("=").lower())
