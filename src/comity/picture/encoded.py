"""Rows with their ids, and the forms in which they leave, each made once for whoever needs it.

:class:`Encoded` keeps the JSON of rows that many readers share, row by row, and their packed records;
:class:`Overlaid` puts a reader's own rows over the shared ones. A :class:`Part` is what changed from one
set of rows to a later one, or the whole of it: the joined pieces, again made once.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cached_property
from typing import Protocol, TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from comity.model.batch import Ints
from comity.model.released import TrackView
from comity.picture.fusion import has
from comity.picture.packed import Records, records
from comity.picture.rows import Rows, changes, hex_ids, join, pick
from comity.picture.views import views, words

Mask = NDArray[np.bool_]

_T = TypeVar("_T")
_encoder = msgspec.json.Encoder()


class Numbering(Protocol):
    """Gives tracks under references their numbers (``referenced.Numbers``)."""

    def of(self, names: Sequence[str]) -> Ints: ...


class Tracks:
    """Rows that can be shown. What is made of them is kept until :meth:`forget`."""

    rows: Rows
    by_address: bool

    def __init__(self) -> None:
        self._parts: dict[int, tuple[Tracks | None, Part]] = {}

    def __len__(self) -> int:
        return len(self.rows)

    def names(self) -> list[str]:
        """The ids, in order."""
        return hex_ids(self.rows["number"])

    def views(self, indices: Sequence[int]) -> list[TrackView]:
        raise NotImplementedError

    def pieces(self, indices: Sequence[int]) -> list[bytes]:
        """Each track's JSON."""
        raise NotImplementedError

    def words(self, indices: Sequence[int]) -> list[bytes]:
        """The JSON of each track's words."""
        raise NotImplementedError

    def records(self) -> Records:
        """All of them packed."""
        raise NotImplementedError

    def layers(self) -> tuple[Encoded, ...]:
        """What these are put together from, the upper one last."""
        raise NotImplementedError

    def since(self, before: Tracks | None) -> Part:
        """What is new or changed since ``before``, rows of the same kind; all of it since None."""
        known = self._parts.get(id(before))
        if known is None:
            known = self._parts[id(before)] = before, _part(before, self)
        return known[1]

    def forget(self) -> None:
        """Let go of what can be made again."""
        self._parts.clear()


class Encoded(Tracks):
    """``ids`` None: by 24-bit address, ascending. ``numbering`` numbers those under references."""

    def __init__(
        self, rows: Rows, ids: list[str] | None, *, now_us: int, numbering: Numbering | None = None
    ) -> None:
        super().__init__()
        self.rows = rows
        self.by_address = ids is None
        self._ids = ids
        self._now_us = now_us
        self._numbering = numbering
        self._pieces: list[bytes | None] = [None] * len(rows)
        self._words: list[bytes | None] = [None] * len(rows)
        self._records: Records | None = None

    def names(self) -> list[str]:
        return super().names() if self._ids is None else self._ids

    def layers(self) -> tuple[Encoded, ...]:
        return (self,)

    def views(self, indices: Sequence[int]) -> list[TrackView]:
        return views(pick(self.rows, np.asarray(indices, np.intp)), self._names(indices), now_us=self._now_us)

    def pieces(self, indices: Sequence[int]) -> list[bytes]:
        return _kept(self._pieces, indices, self.views)

    def words(self, indices: Sequence[int]) -> list[bytes]:
        def made(missing: Sequence[int]) -> Sequence[object]:
            which = np.asarray(missing, np.intp)
            return words(pick(self.rows, which), self._names(missing), self._numbers()[which])

        return _kept(self._words, indices, made)

    def records(self) -> Records:
        if self._records is None:
            self._records = records(self.rows, self._numbers(), now_us=self._now_us)
        return self._records

    def forget(self) -> None:
        super().forget()
        self._pieces = [None] * len(self.rows)
        self._words = [None] * len(self.rows)
        self._records = None

    def _names(self, indices: Sequence[int]) -> list[str]:
        if self._ids is not None:
            return [self._ids[index] for index in indices]
        return hex_ids(self.rows["number"][np.asarray(indices, np.intp)])

    def _numbers(self) -> Ints:
        if self._ids is None or self._numbering is None:
            return np.asarray(self.rows["number"])
        return self._numbering.of(self._ids)


class Overlaid(Tracks):
    """``over`` in place of the rows of ``base`` with the same number; both by address, ascending."""

    by_address = True

    def __init__(self, base: Encoded, over: Encoded) -> None:
        super().__init__()
        self._base, self._over = base, over
        under = np.flatnonzero(~has(over.rows["number"], base.rows["number"]))
        rows = join([pick(base.rows, under), over.rows])
        self._order = np.argsort(rows["number"])
        self.rows = pick(rows, self._order)
        self._under = under
        self._origin = np.concatenate([under, -1 - np.arange(len(over))])[self._order]

    def layers(self) -> tuple[Encoded, ...]:
        return self._base, self._over

    def views(self, indices: Sequence[int]) -> list[TrackView]:
        return self._gather(indices, self._base.views, self._over.views)

    def pieces(self, indices: Sequence[int]) -> list[bytes]:
        return self._gather(indices, self._base.pieces, self._over.pieces)

    def words(self, indices: Sequence[int]) -> list[bytes]:
        return self._gather(indices, self._base.words, self._over.words)

    def records(self) -> Records:
        both = join([pick(self._base.records(), self._under), self._over.records()])
        return pick(both, self._order)

    def forget(self) -> None:
        super().forget()
        self._base.forget()
        self._over.forget()

    def _gather(
        self,
        indices: Sequence[int],
        base: Callable[[Sequence[int]], list[_T]],
        over: Callable[[Sequence[int]], list[_T]],
    ) -> list[_T]:
        origin = self._origin[np.asarray(indices, np.intp)].tolist()
        from_base = iter(base([index for index in origin if index >= 0]))
        from_over = iter(over([-1 - index for index in origin if index < 0]))
        return [next(from_base) if index >= 0 else next(from_over) for index in origin]


class Part:
    """Some of ``tracks``: ``moved`` in what a record says, ``said`` in what words say; and ids that left."""

    def __init__(self, tracks: Tracks, moved: Mask, said: Mask, gone: list[str]) -> None:
        self._tracks, self._moved, self._said = tracks, moved, said
        self.gone = gone

    @cached_property
    def changed(self) -> bytes:
        """JSON of whole tracks, joined by commas."""
        return b",".join(self._tracks.pieces(np.flatnonzero(self._moved | self._said).tolist()))

    @cached_property
    def words(self) -> bytes:
        """JSON of words, joined by commas."""
        return b",".join(self._tracks.words(np.flatnonzero(self._said).tolist()))

    @cached_property
    def records(self) -> bytes:
        return pick(self._tracks.records(), self._moved).tobytes()


def _part(before: Tracks | None, after: Tracks) -> Part:
    if before is None or before is after:
        every = np.full(len(after), before is None)
        return Part(after, every, every, [])
    place, gone = _by_number(before, after) if after.by_address else _by_id(before, after)
    if place is None:
        return Part(after, *changes(before.rows, after.rows), gone)
    stays = place >= 0
    moved, said = ~stays, ~stays
    moved[stays], said[stays] = changes(pick(before.rows, place[stays]), pick(after.rows, stays))
    return Part(after, moved, said, gone)


def _by_number(before: Tracks, after: Tracks) -> tuple[NDArray[np.intp] | None, list[str]]:
    """Where each row was, -1 where it is new, None where all are where they were; and the ids that left."""
    old, new = before.rows["number"], after.rows["number"]
    if len(old) == len(new) and bool((old == new).all()):
        return None, []
    place = np.where(has(old, new), np.searchsorted(old, new), -1)
    return place, hex_ids(old[~has(new, old)])


def _by_id(before: Tracks, after: Tracks) -> tuple[NDArray[np.intp] | None, list[str]]:
    old, new = before.names(), after.names()
    if old == new:
        return None, []
    known = {name: index for index, name in enumerate(old)}
    place = np.array([known.pop(name, -1) for name in new], np.intp)
    return place, sorted(known)


def _kept(
    kept: list[bytes | None], indices: Sequence[int], make: Callable[[Sequence[int]], Sequence[object]]
) -> list[bytes]:
    """JSON of the rows asked for; what is not kept yet is made, and kept."""
    missing = [index for index in indices if kept[index] is None]
    if missing:
        lines = _encoder.encode_lines(make(missing)).split(b"\n")
        for index, line in zip(missing, lines, strict=False):
            kept[index] = line
    return [piece for index in indices if (piece := kept[index]) is not None]
