"""Signed commands: the text that an originator signs, and checking it. Ed25519, RFC 8032.

::

    comity-command-v1
    <exchange name>
    <participant>
    <person>
    <idempotency key>
    <METHOD> <path?query>
    <signed at, RFC 3339>
    <sha256 of the body, hex>

Each line ends with a line feed, the last one too. Every value that a command's meaning depends on is in
it, so a signature cannot be moved to another exchange, person, request or body. No line can hold a
line feed: names and ids are checked, a path cannot carry one.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
from datetime import datetime, timedelta
from typing import Final

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from comity.errors import InvalidInput, NotPermitted
from comity.model.command import Signed
from comity.model.participant import SigningKey
from comity.model.volume import Instant

HEADING: Final = "comity-command-v1"

WINDOW: Final = timedelta(seconds=300)
"""How far ``signed_at`` may be from now: longer lets a captured request be played later, shorter
refuses people with an unsynchronised clock."""


class CommandText(msgspec.Struct, frozen=True):
    """What is signed, before it is text. ``target`` is the path with its query, as sent."""

    exchange: str
    participant: str
    person: str
    request_id: str
    method: str
    target: str
    signed_at: str
    body: bytes

    def text(self) -> str:
        lines = (
            HEADING,
            self.exchange,
            self.participant,
            self.person,
            self.request_id,
            f"{self.method} {self.target}",
            self.signed_at,
            hashlib.sha256(self.body).hexdigest(),
        )
        for line in lines:
            if not line.isprintable():
                raise InvalidInput("a signed command's lines must be printable", field="Comity-Signature")
        return "\n".join(lines) + "\n"


def sign(text: CommandText, key_id: str, key: Ed25519PrivateKey) -> Signed:
    plain = text.text()
    return Signed(key_id, plain, base64.b64encode(key.sign(plain.encode())).decode())


def verify(text: CommandText, key_id: str, signature: str, keys: tuple[SigningKey, ...]) -> Signed:
    """The signature by one of the person's registered ``keys``; an unknown key and a wrong signature
    answer alike."""
    try:
        raw = base64.b64decode(signature, validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidInput("Comity-Signature must be base64", field="Comity-Signature") from error
    if len(raw) != 64:
        raise InvalidInput("Comity-Signature must be 64 bytes of Ed25519", field="Comity-Signature")
    plain = text.text()
    for key in keys:
        if key.key_id == key_id:
            try:
                Ed25519PublicKey.from_public_bytes(key.raw()).verify(raw, plain.encode())
            except (InvalidSignature, ValueError):
                break
            return Signed(key_id, plain, signature)
    raise NotPermitted("the command's signature is not by a registered key of this person")


def check_signed_at(text: str, now: datetime) -> None:
    """``signed_at`` must be a time with a zone, near ``now``."""
    try:
        when = msgspec.convert(text, Instant)
    except msgspec.ValidationError as error:
        raise InvalidInput(
            "Comity-Signed-At must be a time with its zone, such as 2026-05-01T12:00:00Z",
            field="Comity-Signed-At",
        ) from error
    if abs(when - now) > WINDOW:
        raise InvalidInput(
            f"Comity-Signed-At must be within {WINDOW.seconds} s of the exchange's time",
            field="Comity-Signed-At",
        )
