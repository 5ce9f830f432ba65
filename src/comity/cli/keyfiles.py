"""Key files of the command line: made once, mode 0600, never overwritten."""

from __future__ import annotations

from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from comity.http.issuer import create_issuer_key, load_issuer_key


def create_ed25519(path: Path) -> Ed25519PrivateKey:
    """A new private key as PEM. Issuers' and people's keys are the same kind of file."""
    create_issuer_key(path)
    return load_issuer_key(path)


def load_ed25519(path: Path) -> Ed25519PrivateKey:
    """Refuses a file that others could read."""
    return load_issuer_key(path)
