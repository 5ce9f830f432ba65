"""Checkpoints as signed notes: C2SP signed-note, tlog-checkpoint and tlog-cosignature.

::

    alps.example/log/relief-air
    3
    5q5hMaTmBKvB4gOIUcN5W5v3VAgXnjXcFfKkmHRvJcA=
    time 1772532060

    — alps.example/log/relief-air kQ5M2x…

A body is the origin, the size, the root in base64 and one extension line of ours, the time in seconds
since 1970; then an empty line and signature lines. Ours (Ed25519, algorithm 1) has the origin as key
name. A witness's (cosignature/v1, algorithm 4) signs the body under a header with its own time. Other
lines are carried and not judged. Pure: knows no ledger, no clock.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from typing import Final

import msgspec
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey

from comity.errors import InvalidInput
from comity.ledger.entry import TREE
from comity.ledger.merkle import HASH_BYTES

ED25519: Final = 1
COSIGNATURE: Final = 4
MAX_NOTE_BYTES: Final = 16 * 1024
"""A checkpoint with all its cosignatures is under 4 kB; more is not one."""
MAX_SIGNATURES: Final = 32

_FIELD: Final = "checkpoint"
_NUMBER: Final = re.compile(r"0|[1-9][0-9]{0,18}\Z")
_KEY_NAME: Final = re.compile(r"[^\s+]{1,256}\Z")
_DASH: Final = "— "


class Checkpoint(msgspec.Struct, frozen=True, gc=False):
    """What is signed: that at ``time_s`` the log ``origin`` had ``size`` leaves under ``root``."""

    origin: str
    size: int
    root: bytes
    time_s: int

    def body(self) -> str:
        root = base64.b64encode(self.root).decode()
        return f"{self.origin}\n{self.size}\n{root}\ntime {self.time_s}\n"


class SignatureLine(msgspec.Struct, frozen=True, gc=False):
    """``blob`` is the four-byte key id and the signature proper."""

    name: str
    blob: bytes

    def text(self) -> str:
        return f"{_DASH}{self.name} {base64.b64encode(self.blob).decode()}\n"


class SignedCheckpoint(msgspec.Struct, frozen=True, gc=False):
    checkpoint: Checkpoint
    signatures: tuple[SignatureLine, ...]

    def text(self) -> str:
        return self.checkpoint.body() + "\n" + "".join(line.text() for line in self.signatures)


def origin_of(exchange_name: str, log: str) -> str:
    """The first line: which log of which exchange."""
    return f"{exchange_name}/tree" if log == TREE else f"{exchange_name}/log/{log}"


def log_of(origin: str) -> tuple[str, str]:
    """Exchange and log of an origin; the inverse of :func:`origin_of`."""
    head, _, tail = origin.rpartition("/")
    if head.endswith("/log") and tail:
        return head.removesuffix("/log"), tail
    if head and tail == TREE:
        return head, TREE
    raise InvalidInput(f"origin {origin!r} is neither a tree nor a participant's log", field=_FIELD)


def key_id(name: str, algorithm: int, public_key: bytes) -> bytes:
    return hashlib.sha256(name.encode() + b"\n" + bytes([algorithm]) + public_key).digest()[:4]


def verifier_key(name: str, algorithm: int, public_key: bytes) -> str:
    """The key in the form that other tools for signed notes take (``vkey``)."""
    encoded = base64.b64encode(bytes([algorithm]) + public_key).decode()
    return f"{name}+{key_id(name, algorithm, public_key).hex()}+{encoded}"


def sign(checkpoint: Checkpoint, key: Ed25519PrivateKey, public_key: bytes) -> SignedCheckpoint:
    """``public_key`` is ``key``'s own, raw; deriving it each time would cost as much as signing."""
    blob = key_id(checkpoint.origin, ED25519, public_key) + key.sign(checkpoint.body().encode())
    return SignedCheckpoint(checkpoint, (SignatureLine(checkpoint.origin, blob),))


def is_signed_by(signed: SignedCheckpoint, public_key: bytes) -> bool:
    """Whether one of the lines is the exchange's good signature under ``public_key``."""
    origin = signed.checkpoint.origin
    expected = key_id(origin, ED25519, public_key)
    message = signed.checkpoint.body().encode()
    return any(
        line.name == origin and line.blob[:4] == expected and _verifies(public_key, line.blob[4:], message)
        for line in signed.signatures
    )


def cosign(checkpoint: Checkpoint, name: str, key: Ed25519PrivateKey, time_s: int) -> SignatureLine:
    """What a witness adds after it has seen that ``checkpoint`` is consistent with all it saw before."""
    if not _KEY_NAME.match(name):
        raise InvalidInput("a key name is 1 to 256 characters without space and plus", field="name")
    identity = key_id(name, COSIGNATURE, key.public_key().public_bytes_raw())
    signature = key.sign(_cosigned(checkpoint, time_s))
    return SignatureLine(name, identity + time_s.to_bytes(8, "big") + signature)


def cosigned_at_s(checkpoint: Checkpoint, line: SignatureLine, witness_key: bytes) -> int | None:
    """When the witness says it saw this checkpoint; None where the line is not its good cosignature."""
    if line.blob[:4] != key_id(line.name, COSIGNATURE, witness_key) or len(line.blob) != 4 + 8 + 64:
        return None
    time_s = int.from_bytes(line.blob[4:12], "big")
    return time_s if _verifies(witness_key, line.blob[12:], _cosigned(checkpoint, time_s)) else None


def parse(note: str) -> SignedCheckpoint:
    """Reads a note strictly: written again it is the same text."""
    if len(note) > MAX_NOTE_BYTES:
        raise InvalidInput(f"a checkpoint has at most {MAX_NOTE_BYTES} bytes", field=_FIELD)
    body, gap, tail = note.rpartition("\n\n")
    lines = tail.split("\n")
    if not gap or lines.pop() != "" or not 1 <= len(lines) <= MAX_SIGNATURES:
        raise InvalidInput("a checkpoint is a body, an empty line and signature lines", field=_FIELD)
    signed = SignedCheckpoint(_parse_body(body.split("\n")), tuple(_parse_line(line) for line in lines))
    if signed.text() != note:
        raise InvalidInput("the checkpoint is not in canonical form", field=_FIELD)
    return signed


def _parse_body(lines: list[str]) -> Checkpoint:
    if len(lines) != 4 or not _NUMBER.match(lines[1]):
        raise InvalidInput("the body must be origin, size, root and time", field=_FIELD)
    word, _, time_s = lines[3].partition(" ")
    root = _decode(lines[2], "root")
    if word != "time" or not _NUMBER.match(time_s) or len(root) != HASH_BYTES:
        raise InvalidInput("the body must be origin, size, root and time", field=_FIELD)
    if not _KEY_NAME.match(lines[0]) or not lines[0].isprintable():
        raise InvalidInput("the origin holds characters that it may not", field=_FIELD)
    return Checkpoint(lines[0], int(lines[1]), root, int(time_s))


def _parse_line(line: str) -> SignatureLine:
    name, _, encoded = line.removeprefix(_DASH).partition(" ")
    blob = _decode(encoded, "signature")
    if not line.startswith(_DASH) or not _KEY_NAME.match(name) or len(blob) < 5:
        raise InvalidInput("a signature line is a dash, a key name and base64", field=_FIELD)
    return SignatureLine(name, blob)


def _decode(text: str, what: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise InvalidInput(f"the {what} must be base64", field=_FIELD) from error


def _cosigned(checkpoint: Checkpoint, time_s: int) -> bytes:
    return f"cosignature/v1\ntime {time_s}\n{checkpoint.body()}".encode()


def _verifies(public_key: bytes, signature: bytes, message: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True
