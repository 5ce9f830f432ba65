"""The public keys by which tokens are believed: PEM files or a JWKS file (RFC 7517), bound to an issuer.

A key belongs to one issuer and one algorithm, so neither a token's header nor its ``iss`` can choose how it
is checked. Files are looked at again when they change, at most once a second: that is rotation, and a key
that left its file is believed no longer. A changed file that cannot be read keeps the keys as they
were and is reported (``problem``), since a half-written file must not lock everybody out.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final, Literal

import jwt
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.rsa import RSAPublicKey
from jwt.algorithms import OKPAlgorithm, RSAAlgorithm

from comity.config import Config
from comity.errors import InvalidInput

PublicKey = Ed25519PublicKey | RSAPublicKey
Algorithm = Literal["EdDSA", "RS256"]

SHORTEST_RSA_BITS: Final = 2_048
"""NIST SP 800-131A: shorter ones are no longer acceptable for signatures."""

_LOOK_AGAIN_S: Final = 1.0
_log = logging.getLogger("comity.http.keyring")


@dataclass(frozen=True, slots=True)
class TrustedKey:
    """``participants`` None: its issuer may vouch for all of them."""

    issuer: str
    key: PublicKey
    algorithm: Algorithm
    key_id: str | None
    participants: frozenset[str] | None


_Stamp = tuple[tuple[int, int, int], ...]


@dataclass(slots=True)
class _Source:
    paths: tuple[Path, ...]
    read: Callable[[], list[TrustedKey]]
    stamp: _Stamp
    keys: list[TrustedKey]


class Keyring:
    """All trusted keys. ``generation`` grows whenever they change, so that caches know."""

    def __init__(self) -> None:
        self._fixed: list[TrustedKey] = []
        self._sources: list[_Source] = []
        self._looked_at = float("-inf")
        self.generation = 0
        self.problem: str | None = None

    def add(self, key: TrustedKey) -> None:
        self._fixed.append(key)
        self.generation += 1

    def add_files(self, paths: tuple[Path, ...], read: Callable[[], list[TrustedKey]]) -> None:
        """Reads now, and raises what is wrong; later changes of ``paths`` are picked up."""
        self._sources.append(_Source(paths, read, _stamp(paths), read()))
        self.generation += 1

    def candidates(self, algorithm: str, key_id: str | None) -> list[TrustedKey]:
        """Keys that may have signed: of this algorithm, and of this id where both sides name one."""
        return [
            key
            for keys in (self._fixed, *(source.keys for source in self._sources))
            for key in keys
            if key.algorithm == algorithm and (key_id is None or key.key_id in (None, key_id))
        ]

    def refresh(self, monotonic_s: float) -> None:
        """Reads again what changed on disk; looks at most once a second."""
        if monotonic_s - self._looked_at < _LOOK_AGAIN_S:
            return
        self._looked_at = monotonic_s
        for source in self._sources:
            stamp = _stamp(source.paths)
            if stamp != source.stamp:
                self._reread(source, stamp)

    def _reread(self, source: _Source, stamp: _Stamp) -> None:
        try:
            source.keys = source.read()
        except InvalidInput as error:
            if self.problem is None:
                _log.error("changed token keys cannot be read; the former stay", extra={"at": error.field})
            self.problem = error.message
            return
        source.stamp = stamp
        self.problem = None
        self.generation += 1
        _log.info("token keys changed", extra={"keys": len(source.keys)})


def build_keyring(config: Config) -> Keyring:
    """The keys that a configuration names; without any no token is believed."""
    ring = Keyring()
    for number, entry in enumerate(config.auth.issuers):
        whom = None if "*" in entry.participants else frozenset(entry.participants)
        place = f"auth.issuers[{number}]"
        if entry.jwks is not None:
            path = config.path(entry.jwks)
            ring.add_files((path,), _jwks_reader(path, entry.issuer, whom, f"{place}.jwks"))
        else:
            paths = tuple(config.path(text) for text in entry.public_keys)
            ring.add_files(paths, _pem_reader(paths, entry.issuer, whom, f"{place}.public_keys"))
    return ring


def _pem_reader(
    paths: tuple[Path, ...], issuer: str, whom: frozenset[str] | None, field: str
) -> Callable[[], list[TrustedKey]]:
    def read() -> list[TrustedKey]:
        return [trusted(_pem(path, field), issuer, None, whom, field) for path in paths]

    return read


def _jwks_reader(
    path: Path, issuer: str, whom: frozenset[str] | None, field: str
) -> Callable[[], list[TrustedKey]]:
    def read() -> list[TrustedKey]:
        try:
            document = json.loads(_bytes(path, field))
            entries = document["keys"]
        except (ValueError, KeyError, TypeError) as error:
            raise InvalidInput(f"{path} must be a JWK set: an object with keys", field=field) from error
        if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
            raise InvalidInput(f"{path}: keys must be a list of objects", field=field)
        return [
            trusted(_jwk(entry, path, field), issuer, entry.get("kid"), whom, field)
            for entry in entries
            if entry.get("use", "sig") == "sig"
        ]

    return read


def trusted(
    key: object, issuer: str, key_id: str | None, whom: frozenset[str] | None, field: str
) -> TrustedKey:
    """Binds a key to its only algorithm; refuses every other kind."""
    if isinstance(key, Ed25519PublicKey):
        return TrustedKey(issuer, key, "EdDSA", key_id, whom)
    if isinstance(key, RSAPublicKey):
        if key.key_size < SHORTEST_RSA_BITS:
            raise InvalidInput(f"RSA keys must have at least {SHORTEST_RSA_BITS} bits", field=field)
        return TrustedKey(issuer, key, "RS256", key_id, whom)
    raise InvalidInput("token keys must be public Ed25519 or RSA keys", field=field)


def _pem(path: Path, field: str) -> object:
    try:
        return serialization.load_pem_public_key(_bytes(path, field))
    except (ValueError, UnsupportedAlgorithm) as error:
        raise InvalidInput(f"{path} holds no public key in PEM", field=field) from error


def _jwk(entry: Mapping[str, Any], path: Path, field: str) -> object:
    if "d" in entry or "k" in entry:
        raise InvalidInput(f"{path} holds a secret key; it must hold public ones alone", field=field)
    try:
        match entry.get("kty"):
            case "RSA":
                return RSAAlgorithm.from_jwk(dict(entry))
            case "OKP":
                return OKPAlgorithm.from_jwk(dict(entry))
            case _:
                raise InvalidInput(f"{path}: a key's kty must be RSA or OKP", field=field)
    except InvalidInput:
        raise
    except (jwt.InvalidKeyError, ValueError, KeyError, TypeError) as error:
        raise InvalidInput(f"{path} holds a key that cannot be read", field=field) from error


def _bytes(path: Path, field: str) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise InvalidInput(f"cannot read {path}: {error.strerror}", field=field) from error


def _stamp(paths: tuple[Path, ...]) -> _Stamp:
    found = []
    for path in paths:
        try:
            stat = path.stat()
            found.append((stat.st_mtime_ns, stat.st_size, stat.st_ino))
        except OSError:
            found.append((0, -1, 0))
    return tuple(found)
