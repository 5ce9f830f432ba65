"""Reading a log: one's own, or (auditors and the centre) the whole tree. The same four questions of both."""

from __future__ import annotations

from typing import Any, TypeVar

import msgspec

from comity.client.answers import Leaf
from comity.client.transport import Transport

T = TypeVar("T")

MOST_PER_PAGE = 1_000


class _Note(msgspec.Struct):
    note: str


class _Entries(msgspec.Struct):
    entries: tuple[Leaf, ...]


class _Hashes(msgspec.Struct):
    hashes: tuple[str, ...]


class Log:
    """``where`` is ``/v1/log`` or ``/v1/tree``."""

    def __init__(self, transport: Transport, where: str) -> None:
        self._transport = transport
        self._where = where

    def checkpoint(self) -> str:
        """The newest checkpoint: a signed note with its cosignatures. Keep it."""
        return self._transport.read(f"{self._where}/checkpoint", _Note).note

    def entries(self, start: int, stop: int) -> tuple[Leaf, ...]:
        """Leaves ``start`` up to and without ``stop``, in as many requests as it takes."""
        found: list[Leaf] = []
        while start < stop:
            until = min(stop, start + MOST_PER_PAGE)
            page = self._read("entries", _Entries, start=start, stop=until).entries
            if not page:
                break
            found += page
            start += len(page)
        return tuple(found)

    def inclusion(self, position: int, size: int) -> tuple[str, ...]:
        """Hashes in base64 that prove the leaf at ``position`` in the tree of ``size``."""
        return self._read("inclusion", _Hashes, position=position, size=size).hashes

    def consistency(self, first: int, second: int) -> tuple[str, ...]:
        """Hashes in base64 that prove the tree of ``first`` a beginning of the tree of ``second``."""
        return self._read("consistency", _Hashes, first=first, second=second).hashes

    def cosign(self, note: str) -> None:
        """Hand in a checkpoint of one's own log with one's own cosignature line added."""
        body = msgspec.json.encode({"note": note})
        self._transport.write("POST", f"{self._where}/cosignatures", body, Any)

    def _read(self, name: str, type_: type[T], **params: int) -> T:
        return self._transport.read(f"{self._where}/{name}", type_, params)
