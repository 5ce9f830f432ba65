"""Sealing of payloads, and the wrapping of the keys that do it.

A period key belongs to one owner and one period. Two subkeys come from it by HMAC-SHA-256:

* salt key: ``salt = HMAC(salt key, position as 8 bytes, big-endian || payload)``
* seal key: AES-256-GCM; the nonce is the first 12 bytes of the entry's leaf hash in the owner's own
  log, the associated data are the period and that leaf's bytes.

Salt and nonce follow from the owner's key, position and content alone, so nobody else's doings show
in them. Because the content is in both, a position that is used twice with other content (a batch
rolled back, a ledger restored from a backup) gets another salt and another nonce: no nonce is used
twice under a key, but by a collision of 96 bits. Destroying the period key destroys the salts, after
which a commitment cannot be opened by guessing the payload.
"""

from __future__ import annotations

import hashlib
import hmac
from typing import Final

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM

from comity.errors import IntegrityFailure
from comity.ids import Entropy

KEY_BYTES: Final = 32
NONCE_BYTES: Final = 12

_SALT: Final = b"comity/v1/salt"
_SEAL: Final = b"comity/v1/seal"
_WRAP: Final = b"comity/v1/wrap"


def subkey(key: bytes, purpose: bytes) -> bytes:
    """An independent key for one purpose (the expand step of HKDF with one block)."""
    return hmac.digest(key, purpose + b"\x01", "sha256")


class PeriodKey:
    """The key of one owner and period, ready for use."""

    __slots__ = ("_aead", "_salt_key", "period")

    def __init__(self, period: str, key: bytes) -> None:
        self.period = period
        self._salt_key = subkey(key, _SALT)
        self._aead = AESGCM(subkey(key, _SEAL))

    def salt(self, position: int, payload: bytes) -> bytes:
        return hmac.digest(self._salt_key, position.to_bytes(8, "big") + payload, "sha256")

    def seal(self, payload: bytes, owner_leaf: bytes, leaf_hash: bytes) -> bytes:
        """``owner_leaf``: the bytes of the leaf in the owner's own log; ``leaf_hash``: its hash."""
        return self._aead.encrypt(leaf_hash[:NONCE_BYTES], payload, self._bound(owner_leaf))

    def open(self, sealed: bytes, owner_leaf: bytes) -> bytes:
        nonce = hashlib.sha256(b"\x00" + owner_leaf).digest()[:NONCE_BYTES]
        try:
            return self._aead.decrypt(nonce, sealed, self._bound(owner_leaf))
        except (InvalidTag, ValueError) as error:
            raise IntegrityFailure("sealed payload does not open under its key") from error

    def _bound(self, owner_leaf: bytes) -> bytes:
        return self.period.encode() + b"\0" + owner_leaf


class Master:
    """Wraps period keys, so that the ledger's file alone opens nothing."""

    __slots__ = ("_aead",)

    def __init__(self, key: bytes) -> None:
        self._aead = AESGCM(subkey(key, _WRAP))

    def wrap(self, owner: str, period: str, key: bytes, entropy: Entropy) -> bytes:
        nonce = entropy.bytes(f"period-key-nonce/{owner}/{period}", NONCE_BYTES)
        return nonce + self._aead.encrypt(nonce, key, self._bound(owner, period))

    def unwrap(self, owner: str, period: str, wrapped: bytes) -> bytes:
        try:
            return self._aead.decrypt(
                wrapped[:NONCE_BYTES], wrapped[NONCE_BYTES:], self._bound(owner, period)
            )
        except (InvalidTag, ValueError) as error:
            raise IntegrityFailure(
                f"the key of {owner} for {period} does not unwrap under this key file"
            ) from error

    @staticmethod
    def _bound(owner: str, period: str) -> bytes:
        return f"{owner}\0{period}".encode()


def new_period_key(owner: str, period: str, entropy: Entropy) -> bytes:
    return entropy.bytes(f"period-key/{owner}/{period}", KEY_BYTES)
