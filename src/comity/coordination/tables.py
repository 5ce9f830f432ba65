"""Tables of facts, and a private overlay over one.

The writer decides a batch against an overlay, so that each command sees the earlier ones of its batch
while readers still see what is durable. A table is a plain dict; an ``Overlay`` reads through to it
and keeps its own puts and removals to itself.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, MutableMapping
from typing import Any, Final, TypeVar

K = TypeVar("K")
V = TypeVar("V")

_GONE: Final = object()


class Overlay(MutableMapping[K, V]):
    """A mutable view of ``base`` that never writes to it."""

    def __init__(self, base: MutableMapping[K, V]) -> None:
        self._base = base
        self._own: dict[K, V | object] = {}

    def rebase(self, base: MutableMapping[K, V]) -> None:
        """Read through to another, which shows what the one before did."""
        self._base = base

    def __getitem__(self, key: K) -> V:
        found = self._own.get(key, None)
        if found is None:
            return self._base[key]
        if found is _GONE:
            raise KeyError(key)
        return found  # type: ignore[return-value]  # neither None nor _GONE: a V

    def get(self, key: K, default: Any = None) -> Any:
        """Without the exception that the base class would raise and catch for each miss."""
        found = self._own.get(key)
        if found is None:
            return self._base.get(key, default)
        return default if found is _GONE else found

    def __setitem__(self, key: K, value: V) -> None:
        self._own[key] = value

    def __delitem__(self, key: K) -> None:
        self[key]
        self._own[key] = _GONE

    def __iter__(self) -> Iterator[K]:
        for key in self._base:
            if key not in self._own:
                yield key
        for key, value in self._own.items():
            if value is not _GONE:
                yield key

    def __len__(self) -> int:
        return sum(1 for _ in self)


def values_of(table: MutableMapping[K, V], keys: Iterable[K]) -> list[V]:
    """The values of keys that are there, in no particular order. Of many at once each costs a tenth."""
    if not isinstance(table, Overlay):
        return [table[key] for key in keys]
    own, asked = table._own, list(keys)
    held = [own[key] for key in asked if key in own]
    rest = [key for key in asked if key not in own] if held else asked
    return [*values_of(table._base, rest), *held]
