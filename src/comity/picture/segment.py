"""The recording's file: a segment of blocks of records.

All integers are little-endian::

    segment  = "COMITYR1" flags:u8 name_length:u8 name   block*
    block    = length:u32  check:u32  body               check = CRC-32 of body; length counts body
    body     = records, or where flags & 1: nonce (12 bytes), AES-256-GCM of the records with its tag
    record   = length:u32  received_us:i64  offset_us:i64  kind:u8  provenance:u8
               participant_length:u8  feed_length:u8  participant  feed  payload

``length`` of a record counts what follows it. ``kind`` 1 is SBS text as received, ``offset_us`` what was
added to its times; 2 is ``model.batch.pack``. A sealed block is bound to its segment's name and its number
in it, so a thief who reads the disk learns sizes and times of writing only, and blocks cannot be moved.

A block that is cut short or fails its check at the end of a file, or zeros from there on, is a torn tail:
reading stops there and says so. One that fails before the end is damage, and an error.
"""

from __future__ import annotations

import os
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from enum import IntEnum
from pathlib import Path
from typing import BinaryIO, Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from comity.clock import from_micros, micros
from comity.errors import IntegrityFailure, InvalidInput
from comity.ids import ParticipantId
from comity.model.intake import SourceKey
from comity.model.observation import Provenance

MAGIC: Final = b"COMITYR1"
SEALED: Final = 1
MAX_BLOCK_BYTES: Final = 64 * 1024 * 1024
"""A longer one is not a block; larger lets damage ask for more memory."""

_BLOCK: Final = struct.Struct("<II")
_RECORD: Final = struct.Struct("<IqqBBBB")
_NONCE_BYTES: Final = 12
_PROVENANCES: Final = tuple(Provenance)


class Kind(IntEnum):
    SBS = 1
    BATCH = 2


@dataclass(frozen=True, slots=True)
class Recorded:
    """One observation as it came."""

    received_at: datetime
    source: SourceKey
    kind: Kind
    time_offset_s: float
    payload: bytes


class Sealer:
    """Seals and opens blocks under one 32-byte key; without a key it leaves them as they are."""

    def __init__(self, key: bytes | None) -> None:
        if key is not None and len(key) != 32:
            raise InvalidInput("the recording's key must be 32 bytes", field="key")
        self._cipher = None if key is None else AESGCM(key)

    @property
    def flags(self) -> int:
        return 0 if self._cipher is None else SEALED

    def seal(self, records: bytes, *, segment: str, number: int) -> bytes:
        if self._cipher is None:
            return records
        nonce = os.urandom(_NONCE_BYTES)
        return nonce + self._cipher.encrypt(nonce, records, _bound_to(segment, number))

    def open(self, body: bytes, *, segment: str, number: int) -> bytes:
        if self._cipher is None:
            return body
        nonce, sealed = body[:_NONCE_BYTES], body[_NONCE_BYTES:]
        try:
            return self._cipher.decrypt(nonce, sealed, _bound_to(segment, number))
        except (InvalidTag, ValueError) as error:
            raise IntegrityFailure(
                f"block {number} of recording {segment} does not open with this key", detail={"index": number}
            ) from error


def _bound_to(segment: str, number: int) -> bytes:
    return f"comity-recording\n{segment}\n{number}".encode()


def head(segment: str, sealer: Sealer) -> bytes:
    name = segment.encode("ascii")
    return MAGIC + bytes([sealer.flags, len(name)]) + name


def block(records: bytes, *, segment: str, number: int, sealer: Sealer) -> bytes:
    body = sealer.seal(records, segment=segment, number=number)
    return _BLOCK.pack(len(body), zlib.crc32(body)) + body


def record(
    source: SourceKey, received_at: datetime, kind: Kind, payload: bytes, time_offset_s: float = 0.0
) -> bytes:
    who, feed = source.participant.encode(), source.feed.encode()
    fixed = _RECORD.pack(
        _RECORD.size - 4 + len(who) + len(feed) + len(payload),
        micros(received_at),
        round(time_offset_s * 1e6),
        kind,
        _PROVENANCES.index(source.provenance),
        len(who),
        len(feed),
    )
    return b"".join((fixed, who, feed, payload))


class SegmentReader:
    """Reads one segment. ``torn_bytes`` is set when the reading is done: what a crash left half written."""

    def __init__(self, path: Path, *, key: bytes | None = None) -> None:
        self._path = path
        self._sealer = Sealer(key)
        self.torn_bytes = 0

    def __iter__(self) -> Iterator[Recorded]:
        with self._path.open("rb") as file:
            size = os.fstat(file.fileno()).st_size
            fixed = file.read(len(MAGIC) + 2)
            if not fixed.startswith(MAGIC[: len(fixed)]):
                raise IntegrityFailure(f"{self._path.name} is not a recording in a form known here")
            name = file.read(fixed[-1]) if len(fixed) == len(MAGIC) + 2 else b""
            if len(fixed) < len(MAGIC) + 2 or len(name) < fixed[-1]:
                self.torn_bytes = size
                return
            segment = self._named(fixed, name)
            number = 0
            while True:
                start = file.tell()
                body = self._block(file.read(_BLOCK.size), file, size=size, number=number)
                if body is None:
                    self.torn_bytes = size - start
                    return
                yield from records(self._sealer.open(body, segment=segment, number=number))
                number += 1

    def _named(self, fixed: bytes, name: bytes) -> str:
        if not name.isascii():
            raise IntegrityFailure(f"{self._path.name} has no name that a recording can have")
        if fixed[-2] != self._sealer.flags:
            wants = "needs a key" if fixed[-2] & SEALED else "is not sealed, and a key was given"
            raise InvalidInput(f"the recording {self._path.name} {wants}", field="key")
        return name.decode("ascii")

    def _block(self, fixed: bytes, stream: BinaryIO, *, size: int, number: int) -> bytes | None:
        """The next block's body, or None at the end or at a torn tail."""
        if len(fixed) < _BLOCK.size:
            return None
        length, check = _BLOCK.unpack(fixed)
        if not length:
            return None
        start = stream.tell()
        if length > MAX_BLOCK_BYTES and start + length <= size:
            raise IntegrityFailure(
                f"block {number} of {self._path.name} is too long", detail={"index": number}
            )
        body = stream.read(length) if start + length <= size else b""
        if len(body) == length and zlib.crc32(body) == check:
            return body
        if start + length < size:
            raise IntegrityFailure(
                f"block {number} of {self._path.name} is not what was written", detail={"index": number}
            )
        return None


def records(body: bytes) -> Iterator[Recorded]:
    """The records of an opened block."""
    at = 0
    while at < len(body):
        try:
            length, received_us, offset_us, kind, provenance, who, feed = _RECORD.unpack_from(body, at)
            end = at + 4 + length
            words = at + _RECORD.size
            payload = words + who + feed
            if end > len(body) or payload > end:
                raise ValueError("a record runs over its block")
            source = SourceKey(
                ParticipantId(body[words : words + who].decode()),
                body[words + who : payload].decode(),
                _PROVENANCES[provenance],
            )
            yield Recorded(from_micros(received_us), source, Kind(kind), offset_us / 1e6, body[payload:end])
        except (struct.error, ValueError, IndexError) as error:
            raise IntegrityFailure(f"a recorded observation cannot be read: {error}") from error
        at = end
