"""The key file: everything secret that the ledger's own file must not hold.

One JSON object in a file of mode 0600 that belongs to the exchange's user: the master key that wraps
period keys and seals snapshots, the Ed25519 seed that signs checkpoints, the secret behind ids. Keep
it on another medium than the ledger and its backups: a thief of the disk then has commitments and
sealed payloads, and no key. Whoever loses it can still verify the ledger, and open nothing in it.

A file that others could read is refused, never mended: it may have been read already.
"""

from __future__ import annotations

import base64
import os
from pathlib import Path
from typing import Final, Self

import msgspec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from comity.errors import InvalidInput
from comity.ids import Entropy
from comity.ledger.sealing import KEY_BYTES

_FIELD: Final = "key_file"


class _Contents(msgspec.Struct, forbid_unknown_fields=True):
    v: int
    master: bytes
    signing: bytes
    ids: bytes


class KeyFile:
    """Use :meth:`load_or_create`, :meth:`create` or :meth:`load`."""

    __slots__ = ("id_secret", "master", "signing")

    def __init__(self, master: bytes, signing: bytes, id_secret: bytes) -> None:
        if not len(master) == len(signing) == len(id_secret) == KEY_BYTES:
            raise InvalidInput("each key in the key file must be 32 bytes", field=_FIELD)
        self.master = master
        self.signing = Ed25519PrivateKey.from_private_bytes(signing)
        self.id_secret = id_secret

    def __repr__(self) -> str:
        return f"KeyFile(public_key={self.public_key().hex()})"

    def public_key(self) -> bytes:
        """The raw Ed25519 key under which checkpoints verify, 32 bytes."""
        return self.signing.public_key().public_bytes_raw()

    @classmethod
    def create(cls, path: Path, entropy: Entropy) -> Self:
        """Makes a new file, durably; refuses where there is one."""
        contents = _Contents(
            v=1,
            master=entropy.bytes("master-key", KEY_BYTES),
            signing=entropy.bytes("checkpoint-signing-key", KEY_BYTES),
            ids=entropy.bytes("id-secret", KEY_BYTES),
        )
        try:
            descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        except FileExistsError as error:
            raise InvalidInput(f"{path} exists and is not overwritten", field=_FIELD) from error
        with os.fdopen(descriptor, "wb") as file:
            file.write(msgspec.json.encode(contents) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        sync_directory(path.parent)
        return cls(contents.master, contents.signing, contents.ids)

    @classmethod
    def load(cls, path: Path) -> Self:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode & 0o777
            if mode & 0o077:
                raise InvalidInput(
                    f"{path} has mode {mode:04o}: others may have read it; it must be 0600", field=_FIELD
                )
            raw = file.read()
        try:
            contents = msgspec.json.decode(raw, type=_Contents)
        except (msgspec.DecodeError, UnicodeDecodeError) as error:
            raise InvalidInput(f"{path} is not a key file: {error}", field=_FIELD) from error
        if contents.v != 1:
            raise InvalidInput(f"{path} has version {contents.v}; this program knows 1", field=_FIELD)
        return cls(contents.master, contents.signing, contents.ids)

    @classmethod
    def load_or_create(cls, path: Path, entropy: Entropy) -> Self:
        return cls.load(path) if path.exists() else cls.create(path, entropy)


def parse_public_key(text: str) -> bytes:
    """A raw Ed25519 public key from 64 hex digits or 44 characters of base64."""
    try:
        raw = bytes.fromhex(text) if len(text) == 64 else base64.b64decode(text, validate=True)
    except ValueError as error:
        raise InvalidInput("public key must be hex or base64", field="public_key") from error
    if len(raw) != KEY_BYTES:
        raise InvalidInput("public key must be 32 bytes of Ed25519", field="public_key")
    return raw


def sync_directory(directory: Path) -> None:
    """Makes a name that was created or changed in ``directory`` survive a crash."""
    descriptor = os.open(directory, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
