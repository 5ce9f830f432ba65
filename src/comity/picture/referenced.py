"""Tracks that a reader sees under references: the names they have for it, and their rows.

A reference is a keyed digest of reader, source and the source's own name for the track, and turns with the
period. A track has the same one whether its whole source is released at ``position`` or it alone is raised,
so a raise that ends or becomes a release tells nothing new. Rows under references carry no number and are
joined with nothing.

In the packed form such a track has a number from 2^24 upward, which no address has. Numbers count what was
shown to this reader alone, in the order in which it asked for it, so they tell nothing of anybody else.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final

import numpy as np

from comity.errors import InvalidInput
from comity.model.batch import Ints
from comity.model.intake import SourceKey
from comity.picture.coarse import coarse
from comity.picture.fusion import at_level
from comity.picture.rows import LEVEL_CODE, Layer, Rows, hex_ids, join, none, pick
from comity.wire.packed import FIRST_REFERENCE

Raised = tuple[SourceKey, str, str]
"""One track of a source, under the address that the source knows it by, and the level it is raised to for
the reader: one of ``RAISED_LEVELS``."""

RAISED_LEVELS: Final = ("position", "identity")

Referencer = Callable[[str, str, str], str]
"""(recipient, what, period) -> the reference under which the recipient sees it: ``Ids.reference``."""

MAX_REFERENCES: Final = 500_000
"""Remembered; beyond it all are forgotten and made again, which costs time and changes none."""

LAST_NUMBER: Final = (1 << 32) - (1 << 25)
"""Beyond it numbering has to begin anew; what is left is more than one tick can need."""


class References:
    """Names by which readers know tracks whose address is not released to them."""

    def __init__(self, make: Referencer, *, period_s: int) -> None:
        self._make = make
        self._period_us = period_s * 1_000_000
        self._period = ""
        self._known: dict[tuple[str, SourceKey], dict[str, str]] = {}
        self._count = 0

    def turn(self, now_us: int) -> None:
        """Begin a new period where it is time."""
        period = str(now_us // self._period_us)
        if period != self._period:
            self._period = period
            self._forget()

    def of(self, reader: str, key: SourceKey, addresses: Sequence[str]) -> list[str]:
        known = self._known.setdefault((reader, key), {})
        names = [known.get(address) for address in addresses]
        return [
            name or self._new(reader, key, address) for name, address in zip(names, addresses, strict=True)
        ]

    def _new(self, reader: str, key: SourceKey, address: str) -> str:
        if self._count >= MAX_REFERENCES:
            self._forget()
        name = self._make(reader, "\x1f".join((*key, address)), self._period)
        self._known.setdefault((reader, key), {})[address] = name
        self._count += 1
        return name

    def _forget(self) -> None:
        self._known.clear()
        self._count = 0


class Numbers:
    """One reader's numbers of tracks under references; none is given twice."""

    def __init__(self) -> None:
        self._known: dict[str, int] = {}
        self._next = FIRST_REFERENCE

    def of(self, names: Sequence[str]) -> Ints:
        """The numbers of these, new ones in their order."""
        known = self._known
        for name in names:
            if name not in known:
                known[name] = self._next
                self._next += 1
        return np.array([known[name] for name in names], np.int64)

    def keep(self, shown: Sequence[Sequence[str]]) -> None:
        """Forget the others, once they are more than what is shown in all."""
        if len(self._known) > 2 * sum(len(names) for names in shown):
            kept = {name for names in shown for name in names}
            self._known = {name: number for name, number in self._known.items() if name in kept}

    def spent(self) -> bool:
        return self._next > LAST_NUMBER


def lifted(
    raised: Iterable[Raised], given: Mapping[SourceKey, str], layer: Callable[[SourceKey], Layer]
) -> tuple[Raised, ...]:
    """The raises that show something which the level of the whole source does not, in canonical order."""
    best: dict[tuple[SourceKey, str], str] = {}
    for key, address, level in raised:
        if level not in RAISED_LEVELS:
            raise InvalidInput(f"a raised level must be {' or '.join(RAISED_LEVELS)}", field="raised")
        known = best.get((key, address), given.get(key))
        higher = known is None or LEVEL_CODE[level] < LEVEL_CODE[known]
        if higher and layer(key).track(address) is not None:
            best[key, address] = str(level)
    return tuple((*track, best[track]) for track in sorted(best))


def by_reference(
    named: Iterable[tuple[Layer, SourceKey, str]],
    raises: Iterable[tuple[Layer, SourceKey, str, str]],
    names: Callable[[SourceKey, Sequence[str]], list[str]],
    *,
    now_us: int,
    stale_after_s: float,
) -> tuple[list[str], Rows]:
    """Rows with their references, in the order of these. ``named``: sources with their level, of which all
    tracks are given at ``position`` and those without an address at any other; ``raises``: tracks of these or
    of other sources that are given at a higher one."""
    ids: list[str] = []
    parts: list[Rows] = []
    for layer, key, level in named:
        ids += names(key, layer.addresses)
        if level == "position":
            ids += names(key, hex_ids(layer.addressed["number"]))
            rows = join([layer.numbered, layer.addressed])
            parts.append(coarse(rows, now_us=now_us, stale_after_s=stale_after_s))
        else:
            parts.append(at_level(layer.numbered, LEVEL_CODE[level]))
    for layer, key, address, level in raises:
        row = layer.track(address)
        if row is not None:
            ids += names(key, [address])
            parts.append(_raised(row, level, now_us=now_us, stale_after_s=stale_after_s))
    last = {ref: place for place, ref in enumerate(ids)}
    order = sorted(last)
    if not order:
        return [], none()
    return order, pick(join(parts), np.array([last[ref] for ref in order], np.intp))


def _raised(row: Rows, level: str, *, now_us: int, stale_after_s: float) -> Rows:
    if level == "position":
        return coarse(row, now_us=now_us, stale_after_s=stale_after_s)
    row = at_level(row, LEVEL_CODE[level])
    row["number"] = -1
    return row
