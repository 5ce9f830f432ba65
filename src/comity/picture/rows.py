"""A track as one row of a numpy record array, and the layer of them that a source shows at a tick.

``ROW`` holds what can be said about one aircraft, in SI and degrees; unknown is NaN, -1 or b"". ``source``
and ``level`` are codes into ``SOURCES`` and ``LEVELS``, the better one being the smaller; ``category`` and
``altitude_datum`` are codes into ``model.batch``'s. Two rows with the same bytes say the same, which is how
change is told: so nothing may be in a row that its reader may not know.
What moves comes first, then the words, from ``callsign`` on; ``pad`` fills the row to whole multiples of 8
bytes and stays empty.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from comity.model.observation import Provenance

SOURCES: Final = (Provenance.OWN, Provenance.BROADCAST, Provenance.SENSED)
SOURCE_CODE: Final = {provenance: code for code, provenance in enumerate(SOURCES)}

LEVELS: Final = ("own", "broadcast", "identity", "position")
LEVEL_CODE: Final = {level: code for code, level in enumerate(LEVELS)}

ROW: Final = np.dtype(
    [
        ("number", "i8"),
        ("observed_us", "i8"),
        ("lat", "f8"),
        ("lon", "f8"),
        ("accuracy_m", "f8"),
        ("altitude_m", "f8"),
        ("ground_speed_mps", "f8"),
        ("track_deg", "f8"),
        ("vertical_rate_mps", "f8"),
        ("callsign", "S16"),
        ("squawk", "i2"),
        ("altitude_datum", "i2"),
        ("on_ground", "i2"),
        ("sources", "i2"),
        ("source", "i1"),
        ("level", "i1"),
        ("stale", "i1"),
        ("category", "i1"),
        ("pad", "S4"),
    ]
)

_ADDRESS: Final = re.compile(r"[0-9A-F]{6}\Z")

_FIRST_WORD: Final[int] = ROW.fields["callsign"][1] if ROW.fields else 0
"""Offset in bytes: what moves stands before it, what words say behind it."""

Rows = NDArray[Any]
"""A one-dimensional array of ``ROW``."""


def none() -> Rows:
    return np.zeros(0, ROW)


def hex_ids(numbers: NDArray[np.int64]) -> list[str]:
    """24-bit addresses as they are written."""
    return [f"{number:06X}" for number in numbers.tolist()]


def pick(rows: Rows, which: NDArray[np.intp] | NDArray[np.bool_]) -> Rows:
    """``rows[which]`` for any structured array, as blocks of memory: numpy itself copies field by field,
    which takes thirty times as long."""
    return rows.view(_block(rows))[which].view(rows.dtype)


def join(parts: Sequence[Rows]) -> Rows:
    """``np.concatenate`` of one structured type, likewise."""
    return np.concatenate([part.view(_block(part)) for part in parts]).view(parts[0].dtype)


def _block(rows: Rows) -> np.dtype[np.void]:
    return np.dtype((np.void, rows.dtype.itemsize))


def changes(a: Rows, b: Rows) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Which rows differ in any byte: of what moves, and of the words. Both arrays of one length."""
    eighths = ROW.itemsize // 8
    left = np.ascontiguousarray(a).view(np.int64).reshape(len(a), eighths)
    right = np.ascontiguousarray(b).view(np.int64).reshape(len(b), eighths)
    differ = left != right
    words = _FIRST_WORD // 8
    return differ[:, :words].any(axis=1), differ[:, words:].any(axis=1)


@dataclass(frozen=True)
class Layer:
    """What one source shows at a tick. ``addressed`` is sorted by ``number``, each once; ``numbered`` are
    tracks under the feed's own numbers, which ``addresses`` names."""

    addressed: Rows
    addresses: list[str]
    numbered: Rows

    def track(self, address: str) -> Rows | None:
        """One row: the track that the source knows by this address, or None where it shows none."""
        if address.startswith("~"):
            place = self._places.get(address)
            return None if place is None else self.numbered[place : place + 1]
        if not _ADDRESS.match(address):
            return None
        number = int(address, 16)
        place = int(np.searchsorted(self.addressed["number"], number))
        row = self.addressed[place : place + 1]
        return row if len(row) and row["number"][0] == number else None

    @cached_property
    def _places(self) -> dict[str, int]:
        return {address: place for place, address in enumerate(self.addresses)}
