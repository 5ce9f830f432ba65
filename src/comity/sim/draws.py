"""Numbers drawn from a seed and a label: the same on every machine and every version of Python.

Not ``random``: its derived methods may change between versions, and a draw here does not depend on how
many were made before it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class Draws:
    """Numbers for one thing, each under its own name."""

    def __init__(self, seed: int, thing: str) -> None:
        self._prefix = f"{seed}/{thing}/".encode()

    def unit(self, name: str) -> float:
        """From 0 up to, and without, 1; 48 bits of it."""
        raw = hashlib.blake2b(self._prefix + name.encode(), digest_size=6).digest()
        return int.from_bytes(raw, "big") / 2**48

    def between(self, name: str, low: float, high: float) -> float:
        return low + (high - low) * self.unit(name)

    def one_of(self, name: str, choices: Sequence[T]) -> T:
        return choices[int(self.unit(name) * len(choices))]
