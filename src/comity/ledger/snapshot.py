"""State snapshots: a file from which a process starts without folding the ledger from entry 0.

Layout: ``COMITYSNAP1\\n``; the length of the header (4 bytes, big-endian) and the header, JSON in clear; then
chunks, each its length (4 bytes) and AES-256-GCM over it; an empty chunk marked last ends the file. The key
is derived from the given one, from 32 bytes made for this file and from the header; the nonce is the chunk's
number and whether it is the last. So a chunk that was changed, moved, left out or taken from another file
does not open, and a file that was cut short has no end.

The file is written under a temporary name, synced, renamed, and the directory synced: under its own name it
is whole or not there. What is in the chunks is the caller's; a ledger entry should hold the file's SHA-256.
"""

from __future__ import annotations

import errno
import hashlib
import hmac
import os
import re
from collections.abc import Iterable, Iterator
from io import BufferedReader
from pathlib import Path
from typing import Final

import msgspec
from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from comity.errors import IntegrityFailure, InvalidInput, LedgerFull, NotFound
from comity.ids import Entropy, SystemEntropy
from comity.ledger.keyfile import sync_directory
from comity.ledger.reader import LogHead
from comity.ledger.sealing import subkey

MAGIC: Final = b"COMITYSNAP1\n"
MAX_HEADER_BYTES: Final = 64 * 1024 * 1024
MAX_CHUNK_BYTES: Final = 256 * 1024 * 1024
"""More than a writer ever makes; a length above it is damage, and is not allocated."""

SYNC_EVERY_BYTES: Final = 4 * 1024 * 1024
"""A snapshot is written in steps of this size: left to the end, its sync is one of a gigabyte, and the
ledger's own syncs stand behind it. Smaller takes longer and is felt less."""

_NAME: Final = re.compile(r"snapshot-([0-9]{15})\.comity\Z")
_TAG_BYTES: Final = 16


class Meta(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """``size``: entries folded. ``heads``: of the tree (first) and all logs at that size.
    ``state_version``: of what the chunks hold, for whoever reads them."""

    size: int
    state_digest: str
    last_leaf: str
    last_time_us: int
    heads: tuple[LogHead, ...]
    state_version: int = 1
    format_version: int = 1


class Written(msgspec.Struct, frozen=True, gc=False):
    path: Path
    sha256: str
    bytes_written: int


class _Header(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    meta: Meta
    nonce: bytes


def snapshot_path(directory: Path, size: int) -> Path:
    return directory / f"snapshot-{size:015d}.comity"


def write_snapshot(
    path: Path, meta: Meta, chunks: Iterable[bytes], key: bytes, entropy: Entropy | None = None
) -> Written:
    """Writes a snapshot durably; what stood under ``path`` before stays until the new one is whole."""
    partial = path.with_name(path.name + ".part")
    partial.unlink(missing_ok=True)
    nonce = (entropy or SystemEntropy()).bytes(f"snapshot/{meta.size}", 32)
    header = msgspec.json.encode(_Header(meta, nonce))
    digest = hashlib.sha256()
    try:
        descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            written = synced = 0
            for part in _parts(header, chunks, _file_key(key, header)):
                digest.update(part)
                written += file.write(part)
                if written - synced >= SYNC_EVERY_BYTES:
                    file.flush()
                    os.fdatasync(file.fileno())
                    synced = written
            file.flush()
            os.fsync(file.fileno())
        partial.rename(path)
    except OSError as error:
        partial.unlink(missing_ok=True)
        if error.errno == errno.ENOSPC:
            raise LedgerFull("the disk has no room for the snapshot") from error
        raise
    sync_directory(path.parent)
    return Written(path, digest.hexdigest(), written)


def read_snapshot(path: Path, key: bytes) -> tuple[Meta, Iterator[bytes]]:
    """The header, and the chunks as they are asked for. Raises ``IntegrityFailure`` at the first thing wrong:
    use nothing of it before the iterator has come to its end."""
    try:
        with path.open("rb") as file:
            raw = _read_header(file, path)
            start = file.tell()
    except FileNotFoundError as error:
        raise NotFound(f"there is no snapshot {path}", field="snapshot") from error
    try:
        header = msgspec.json.decode(raw, type=_Header)
    except (msgspec.DecodeError, UnicodeDecodeError) as error:
        raise _bad(path, "its header cannot be read") from error
    if header.meta.format_version != 1:
        raise _bad(path, f"format version {header.meta.format_version}; this program knows 1")
    return header.meta, _chunks(path, start, _file_key(key, raw))


def newest(directory: Path) -> Path | None:
    found = snapshots(directory)
    return found[0] if found else None


def snapshots(directory: Path) -> list[Path]:
    """All snapshots, the newest first, by name alone."""
    found = (
        [(int(m[1]), p) for p in directory.iterdir() if (m := _NAME.match(p.name))]
        if directory.is_dir()
        else []
    )
    return [path for _, path in sorted(found, reverse=True)]


def prune(directory: Path, keep: int) -> list[Path]:
    """Removes all but the newest ``keep`` (at least one); returns what was removed."""
    if keep < 1:
        raise InvalidInput("at least one snapshot has to be kept", field="keep")
    old = snapshots(directory)[keep:]
    for path in old:
        path.unlink()
    return old


def file_sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _parts(header: bytes, chunks: Iterable[bytes], aead: AESGCM) -> Iterator[bytes]:
    yield MAGIC
    yield len(header).to_bytes(4, "big") + header
    number = 0
    for chunk in chunks:
        if len(chunk) > MAX_CHUNK_BYTES - _TAG_BYTES:
            raise InvalidInput(f"a chunk has at most {MAX_CHUNK_BYTES - _TAG_BYTES} bytes", field="chunks")
        sealed = aead.encrypt(_nonce(number, last=False), chunk, None)
        yield len(sealed).to_bytes(4, "big")
        yield sealed
        number += 1
    sealed = aead.encrypt(_nonce(number, last=True), b"", None)
    yield len(sealed).to_bytes(4, "big") + sealed


def _chunks(path: Path, start: int, aead: AESGCM) -> Iterator[bytes]:
    with path.open("rb") as file:
        file.seek(start)
        number = 0
        while True:
            length = int.from_bytes(_exactly(file, 4, path), "big")
            if not _TAG_BYTES <= length <= MAX_CHUNK_BYTES:
                raise _bad(path, f"chunk {number} has an impossible length")
            sealed = _exactly(file, length, path)
            last = length == _TAG_BYTES and not file.peek(1)
            try:
                chunk = aead.decrypt(_nonce(number, last=last), sealed, None)
            except InvalidTag as error:
                raise _bad(path, f"chunk {number} does not open") from error
            if last:
                return
            yield chunk
            number += 1


def _read_header(file: BufferedReader, path: Path) -> bytes:
    if file.read(len(MAGIC)) != MAGIC:
        raise _bad(path, "it is no snapshot")
    length = int.from_bytes(_exactly(file, 4, path), "big")
    if length > MAX_HEADER_BYTES:
        raise _bad(path, "its header has an impossible length")
    return _exactly(file, length, path)


def _exactly(file: BufferedReader, count: int, path: Path) -> bytes:
    found = file.read(count)
    if len(found) != count:
        raise _bad(path, "it was cut short")
    return found


def _file_key(key: bytes, header: bytes) -> AESGCM:
    return AESGCM(hmac.digest(subkey(key, b"comity/v1/snapshot"), header, "sha256"))


def _nonce(number: int, *, last: bool) -> bytes:
    return number.to_bytes(11, "big") + bytes([last])


def _bad(path: Path, why: str) -> IntegrityFailure:
    return IntegrityFailure(f"the snapshot {path.name} is not good: {why}")
