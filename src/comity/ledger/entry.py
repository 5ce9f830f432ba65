"""An entry: its header, its leaves, its commitment (docs/ledger-format.md, version 1).

The header is canonical JSON: keys sorted, no white space, ASCII, strings and integers only. Its leaf
hash in the whole tree is RFC 6962's, SHA-256(0x00 || header). In a participant's own log the same
entry is another, smaller leaf, which holds no number that counts anybody else's doings. The payload
is not in the header; a salted commitment to it is, and with the salt destroyed nothing can be learnt
from that by guessing.

Times are microseconds since 1970-01-01T00:00:00Z and never decrease from one entry to the next.
This file knows no database and no key; sealing.py does the cryptography.
"""

from __future__ import annotations

import hashlib
import re
from datetime import timedelta
from functools import lru_cache
from typing import Final

import msgspec

from comity.clock import EPOCH
from comity.errors import IntegrityFailure
from comity.ids import ParticipantId

VERSION: Final = 1
TREE: Final = "tree"
"""The name of the whole tree among the logs; no participant may have it."""

NO_ENTRY: Final = "0" * 64
"""``previous`` of entry 0."""

MAX_PAYLOAD_BYTES: Final = 4 * 1024 * 1024
"""A hundred times the largest intent; above it something that is not a fact was passed."""

MAX_TIME_US: Final = 253_402_300_799_999_999
"""The end of the year 9999, the last that ``YYYY-MM`` can name."""

KIND: Final = re.compile(r"[a-z][a-z0-9._-]{0,63}\Z")
PERIOD: Final = re.compile(r"[0-9]{4}-(0[1-9]|1[0-2])(\.[1-9][0-9]{0,5})?\Z")

_COMMITMENT_DOMAIN: Final = b"comity/v1/commitment\0"


class Header(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """Fields in the order of their names, which makes the encoding canonical."""

    commitment: str
    index: int
    kind: str
    logs: tuple[tuple[str, int], ...]
    originator: str
    period: str
    previous: str
    time_us: int
    v: int

    @property
    def owner(self) -> ParticipantId:
        """Under whose key the payload is sealed: the first of ``logs``."""
        return ParticipantId(self.logs[0][0])

    @property
    def owner_position(self) -> int:
        return self.logs[0][1]


class OwnLeaf(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """The entry as a leaf of one participant's own log."""

    commitment: str
    kind: str
    log: str
    position: int
    time_us: int
    v: int


class Draft(msgspec.Struct, frozen=True, gc=False):
    """What is to be appended. ``logs``: the participants in whose own logs it counts, the owner first."""

    time_us: int
    kind: str
    originator: ParticipantId
    logs: tuple[ParticipantId, ...]
    payload: bytes


class Counted(msgspec.Struct, frozen=True, gc=False):
    """Where one participant's own log counts an entry."""

    log: ParticipantId
    position: int
    leaf: bytes


class Appended(msgspec.Struct, frozen=True, gc=False):
    """An entry that is on disk. ``leaf`` is its hash in the whole tree; ``counted`` begins with the owner."""

    index: int
    time_us: int
    header: bytes
    leaf: bytes
    counted: tuple[Counted, ...]


class Stored(msgspec.Struct, frozen=True, gc=False):
    """An entry as read back. ``payload`` is None where it was erased."""

    header: Header
    payload: bytes | None


_encoder = msgspec.json.Encoder()
_header_decoder = msgspec.json.Decoder(Header, strict=True)


def encode_header(header: Header) -> bytes:
    return _encoder.encode(header)


def decode_header(raw: bytes) -> Header:
    """The header of these bytes; they must be exactly what :func:`encode_header` makes."""
    try:
        header = _header_decoder.decode(raw)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise IntegrityFailure(f"undecodable header: {error}") from error
    if not header.logs or _encoder.encode(header) != raw or not raw.isascii():
        raise IntegrityFailure("header is not in canonical form", detail={"index": header.index})
    return header


def own_leaf(commitment: str, kind: str, log: str, position: int, time_us: int, v: int = VERSION) -> bytes:
    """The bytes that are hashed into a participant's own log."""
    return _encoder.encode(OwnLeaf(commitment, kind, log, position, time_us, v))


def commit(salt: bytes, payload: bytes) -> str:
    return hashlib.sha256(_COMMITMENT_DOMAIN + salt + payload).hexdigest()


def month_of(time_us: int) -> str:
    """``YYYY-MM`` in UTC: the key period of an entry of this time."""
    return _month_of_day(time_us // 86_400_000_000)


@lru_cache(maxsize=64)
def _month_of_day(day: int) -> str:
    return f"{EPOCH + timedelta(days=day):%Y-%m}"
