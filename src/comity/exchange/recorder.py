"""The recording of what was released: one sealed file of blocks for each recipient and segment.

Each line says what one recipient got of another's, when, at which level and in which form: for promised
items every change of the recipient's view, for tracks of others' own and sensed sources when each came
into view and left it. A segment's SHA-256 over its plain lines becomes an entry in the recipient's own
log, so that nobody can add to or take from the recording unseen. Blocks are sealed with AES-256-GCM
under a key of their own for each segment, derived from the exchange's recording key; the nonce is the
block's number.

A crash leaves an open segment; ``leftovers`` finds it, a torn last block is cut off and said. A full disk
stops the recording, counts what was lost and says so in detailed health; it never stops the release,
because the ledger alone already answers what was released of promised items.
"""

from __future__ import annotations

import hashlib
import os
from datetime import datetime
from pathlib import Path
from typing import Final

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from comity.clock import from_micros
from comity.ids import ParticipantId

SUFFIX: Final = ".released"
MAX_BLOCK_BYTES: Final = 64 * 1024 * 1024
"""A length beyond it is damage, not a block."""


class Closed(msgspec.Struct, frozen=True):
    """A closed segment: its number, its lines and the hash that becomes an entry."""

    recipient: ParticipantId
    segment: int
    frames: int
    sha256: str


class Line(msgspec.Struct, frozen=True, omit_defaults=True):
    """``what``: ``item`` or ``track``. ``form_sha256`` is over the JSON that the recipient got, None once
    the thing left its view. ``entity`` names the owner's item; a track names only what the recipient saw."""

    time: datetime
    what: str
    ref: str
    level: str
    owner: str | None = None
    entity: str | None = None
    form_sha256: str | None = None


class _Open:
    def __init__(self, path: Path, recipient: ParticipantId, segment: int, key: bytes) -> None:
        self.path = path
        self.recipient = recipient
        self.segment = segment
        self.cipher = AESGCM(key)
        self.lines: list[bytes] = []
        self.frames = 0
        self.blocks = 0
        self.sha = hashlib.sha256()

    def flush(self) -> None:
        plain = b"".join(self.lines)
        sealed = self.cipher.encrypt(self.blocks.to_bytes(12, "big"), plain, None)
        with open(self.path, "ab", opener=_private) as file:
            file.write(len(sealed).to_bytes(4, "big") + sealed)
        self.sha.update(plain)
        self.frames += len(self.lines)
        self.blocks += 1
        self.lines.clear()

    def closed(self) -> Closed:
        return Closed(self.recipient, self.segment, self.frames, self.sha.hexdigest())


def _private(path: str, flags: int) -> int:
    return os.open(path, flags, 0o600)


class Recorder:
    """Takes lines at any time, writes them on ``flush`` and closes segments on ``close_all``."""

    def __init__(self, directory: Path, key: bytes) -> None:
        self.directory = directory
        self.lost = 0
        self._key = key
        self._open: dict[ParticipantId, _Open] = {}
        self._last: dict[ParticipantId, int] = {}

    @staticmethod
    def form_digest(form: bytes) -> str:
        """How a line names the form that the recipient got."""
        return hashlib.sha256(form).hexdigest()

    def resume(self, last: dict[ParticipantId, int]) -> list[Closed]:
        """Start after the segments already in the ledger; returns those a crash left without an entry."""
        self._last.update(last)
        found: list[Closed] = []
        for path in sorted(self.directory.glob(f"*/*{SUFFIX}")):
            recipient, segment = ParticipantId(path.parent.name), int(path.stem)
            if segment > self._last.get(recipient, 0):
                lines = list(self.read(recipient, segment))
                sha = hashlib.sha256(b"".join(lines))
                found.append(Closed(recipient, segment, len(lines), sha.hexdigest()))
                self._last[recipient] = segment
        return found

    def add(self, recipient: ParticipantId, line: Line) -> None:
        current = self._open.get(recipient)
        if current is None:
            segment = self._last.get(recipient, 0) + 1
            path = self._path(recipient, segment)
            current = _Open(path, recipient, segment, self._segment_key(recipient, segment))
            self._open[recipient] = current
        current.lines.append(msgspec.json.encode(line) + b"\n")

    def flush(self) -> None:
        """Write what has gathered: an append without a sync, on the caller's thread, since lines come from it
        at any time. A failing disk loses these lines and counts them."""
        for current in self._open.values():
            if current.lines:
                try:
                    current.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
                    current.flush()
                except OSError:
                    self.lost += len(current.lines)
                    current.lines.clear()

    def close_all(self) -> list[Closed]:
        """Close every open segment that holds something; each becomes an entry."""
        self.flush()
        closed = [current.closed() for current in self._open.values() if current.frames]
        for each in closed:
            self._last[each.recipient] = each.segment
            del self._open[each.recipient]
        return closed

    def erase(self, recipient: ParticipantId, period: str) -> int:
        """Delete a recipient's segments last written in a month (``YYYY-MM``); their hashes stay."""
        removed = 0
        for path in sorted((self.directory / recipient).glob(f"*{SUFFIX}")):
            written = from_micros(path.stat().st_mtime_ns // 1000)
            if written.strftime("%Y-%m") == period:
                path.unlink()
                removed += 1
        return removed

    def read(self, recipient: ParticipantId, segment: int) -> list[bytes]:
        """The plain lines of one segment, up to a torn or foreign block."""
        cipher = AESGCM(self._segment_key(recipient, segment))
        plain = b""
        with self._path(recipient, segment).open("rb") as file:
            number = 0
            while len(head := file.read(4)) == 4:
                length = int.from_bytes(head, "big")
                sealed = file.read(length) if length <= MAX_BLOCK_BYTES else b""
                try:
                    plain += cipher.decrypt(number.to_bytes(12, "big"), sealed, None)
                except (InvalidTag, ValueError):
                    break
                number += 1
        return plain.splitlines(keepends=True)

    def _path(self, recipient: ParticipantId, segment: int) -> Path:
        return self.directory / recipient / f"{segment:08d}{SUFFIX}"

    def _segment_key(self, recipient: ParticipantId, segment: int) -> bytes:
        info = f"comity/released/{recipient}/{segment}".encode()
        return HKDF(SHA256(), 32, None, info).derive(self._key)
