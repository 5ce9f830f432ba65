"""The picture as one reader sees it at one tick, and what changed between two of them.

A frame is a function of what is released to its reader and of the tick's time. Its order is that of the
ids: addresses ascending, then references ascending. A delta is a function of two frames that the reader
was given, so it tells nothing more than they do.

Rows are encoded to JSON once and the pieces joined for whoever needs them: :class:`Encoded` keeps the
pieces of rows that many readers share, :class:`Overlaid` puts a reader's own rows over the shared ones.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime
from typing import Final, Literal, Protocol, TypeVar

import msgspec
import numpy as np
from numpy.typing import NDArray

from comity.clock import micros
from comity.model.batch import CATEGORIES, DATUMS, Floats
from comity.model.released import TrackView
from comity.picture.fusion import has
from comity.picture.rows import LEVELS, SOURCES, Rows, differ, none

Emergency = Literal["unlawful interference", "radio failure", "emergency"]

EMERGENCIES: Final[dict[int, Emergency]] = {
    7500: "unlawful interference",
    7600: "radio failure",
    7700: "emergency",
}
"""ICAO Doc 8168, Vol. III, section 3 chapter 1."""

_ROUNDING_M: Final = 0.1
"""What rounding to 1e-6 degree moves a position at most; stated accuracy covers it."""

_T = TypeVar("_T")
_encoder = msgspec.json.Encoder()


class TrackDelta(msgspec.Struct, frozen=True):
    """``changed_json``: an array of TrackView; ``gone``: ids that left. ``stamp`` is passed back next time.
    ``reset``: what was passed back is not remembered; ``changed_json`` is the whole picture, and whatever
    is not in it is gone."""

    stamp: int
    as_of: datetime
    changed_json: bytes
    gone: list[str]
    reset: bool


class Tracks(Protocol):
    """Rows that can be shown."""

    rows: Rows

    def __len__(self) -> int: ...
    def names(self) -> list[str]: ...
    def views(self, indices: Sequence[int]) -> list[TrackView]: ...
    def pieces(self, indices: Sequence[int]) -> list[bytes]: ...
    def forget(self) -> None: ...


class Encoded:
    """Rows with their ids; views and JSON are made when first asked for and kept until :meth:`forget`."""

    def __init__(self, rows: Rows, ids: list[str] | None, *, now_us: int) -> None:
        self.rows = rows
        self._ids = ids
        self._now_us = now_us
        self._pieces: list[bytes | None] = [None] * len(rows)

    def __len__(self) -> int:
        return len(self.rows)

    def names(self) -> list[str]:
        """The ids, in order."""
        return _hex(self.rows["number"]) if self._ids is None else self._ids

    def views(self, indices: Sequence[int]) -> list[TrackView]:
        return _views(self.rows[np.asarray(indices, np.intp)], self._names(indices), self._now_us)

    def pieces(self, indices: Sequence[int]) -> list[bytes]:
        kept = self._pieces
        missing = [index for index in indices if kept[index] is None]
        if missing:
            lines = _encoder.encode_lines(self.views(missing)).split(b"\n")
            for index, line in zip(missing, lines, strict=False):
                kept[index] = line
        return [piece for index in indices if (piece := kept[index]) is not None]

    def forget(self) -> None:
        """Let go of what can be made again."""
        self._pieces = [None] * len(self.rows)

    def _names(self, indices: Sequence[int]) -> list[str]:
        if self._ids is not None:
            return [self._ids[index] for index in indices]
        return _hex(self.rows["number"][np.asarray(indices, np.intp)])


class Overlaid:
    """``over`` in place of the rows of ``base`` with the same number; both by address, ascending."""

    def __init__(self, base: Encoded, over: Encoded) -> None:
        self._base, self._over = base, over
        under = np.flatnonzero(~has(over.rows["number"], base.rows["number"]))
        rows = np.concatenate([base.rows[under], over.rows])
        order = np.argsort(rows["number"])
        self.rows: Rows = rows[order]
        self._origin = np.concatenate([under, -1 - np.arange(len(over))])[order]

    def __len__(self) -> int:
        return len(self.rows)

    def names(self) -> list[str]:
        return _hex(self.rows["number"])

    def views(self, indices: Sequence[int]) -> list[TrackView]:
        return self._gather(indices, self._base.views, self._over.views)

    def pieces(self, indices: Sequence[int]) -> list[bytes]:
        return self._gather(indices, self._base.pieces, self._over.pieces)

    def forget(self) -> None:
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


class Frame:
    """``addressed`` by 24-bit address, ``referenced`` under references, sorted by id."""

    def __init__(self, as_of: datetime, addressed: Tracks, referenced: Encoded) -> None:
        self.as_of = as_of
        self.addressed = addressed
        self.referenced = referenced
        self._json: bytes | None = None
        self._deltas: dict[int, tuple[Frame, bytes, list[str]]] = {}

    def __len__(self) -> int:
        return len(self.addressed) + len(self.referenced)

    @property
    def json(self) -> bytes:
        """An array of TrackView, in order of id."""
        if self._json is None:
            self._json = _array(
                self.addressed.pieces(range(len(self.addressed)))
                + self.referenced.pieces(range(len(self.referenced)))
            )
        return self._json

    def views(self) -> list[TrackView]:
        return self.addressed.views(range(len(self.addressed))) + self.referenced.views(
            range(len(self.referenced))
        )

    def ids(self) -> list[str]:
        return self.addressed.names() + self.referenced.names()

    def since(self, before: Frame) -> tuple[bytes, list[str]]:
        """JSON of what is new or changed since ``before``, and the ids that are gone. Age is not a change."""
        if before is self:
            return b"[]", []
        known = self._deltas.get(id(before))
        if known is not None:
            return known[1], known[2]
        changed, gone = _by_number(before.addressed.rows, self.addressed.rows)
        pieces = self.addressed.pieces(changed.tolist())
        changed_too, gone_too = _by_id(before.referenced, self.referenced)
        delta = _array(pieces + self.referenced.pieces(changed_too)), _hex(gone) + gone_too
        self._deltas[id(before)] = (before, *delta)
        return delta

    def forget(self) -> None:
        """Keep only what a later delta compares with."""
        self._json = None
        self._deltas.clear()
        self.addressed.forget()
        self.referenced.forget()


def no_tracks(as_of: datetime) -> Frame:
    now_us = micros(as_of)
    return Frame(as_of, Encoded(none(), None, now_us=now_us), Encoded(none(), [], now_us=now_us))


def _array(pieces: Iterable[bytes]) -> bytes:
    return b"[" + b",".join(pieces) + b"]"


def _hex(numbers: NDArray[np.int64]) -> list[str]:
    return [f"{number:06X}" for number in numbers.tolist()]


def _by_number(before: Rows, after: Rows) -> tuple[NDArray[np.intp], NDArray[np.int64]]:
    old, new = before["number"], after["number"]
    if len(old) == len(new) and bool((old == new).all()):
        return np.flatnonzero(differ(before, after)), old[:0]
    stays = has(old, new)
    place = np.searchsorted(old, new[stays])
    changed = ~stays
    changed[stays] = differ(before[place], after[stays])
    return np.flatnonzero(changed), old[~has(new, old)]


def _by_id(before: Encoded, after: Encoded) -> tuple[list[int], list[str]]:
    if before.names() == after.names():
        return np.flatnonzero(differ(before.rows, after.rows)).tolist(), []
    old = {name: index for index, name in enumerate(before.names())}
    changed = []
    for index, name in enumerate(after.names()):
        place = old.pop(name, None)
        if place is None or before.rows[place].tobytes() != after.rows[index].tobytes():
            changed.append(index)
    return changed, sorted(old)


def _views(rows: Rows, ids: list[str], now_us: int) -> list[TrackView]:
    """Rounded where more digits would be noise: 1e-6 degree is 0.1 m; accuracy and age never downward."""
    datum = np.array([*(kind.value for kind in DATUMS), None], object)[rows["altitude_datum"]]
    category = np.array([*CATEGORIES, None], object)[rows["category"]]
    columns = (
        ids,
        np.array(SOURCES, object)[rows["source"]].tolist(),
        np.array(LEVELS, object)[rows["level"]].tolist(),
        np.round(rows["lat"], 6).tolist(),
        np.round(rows["lon"], 6).tolist(),
        (np.ceil(np.maximum(now_us - rows["observed_us"], 0) / 1e5) / 10.0).tolist(),
        np.ceil(rows["accuracy_m"] + _ROUNDING_M).tolist(),
        (rows["stale"] != 0).tolist(),
        _known(rows["altitude_m"], 2),
        datum.tolist(),
        _known(rows["ground_speed_mps"], 1),
        _known(rows["track_deg"], 1),
        _known(rows["vertical_rate_mps"], 2),
        np.array([False, True, None], object)[rows["on_ground"]].tolist(),
        [text.decode("ascii") or None for text in rows["callsign"].tolist()],
        [f"{squawk:04d}" if squawk >= 0 else None for squawk in rows["squawk"].tolist()],
        [EMERGENCIES.get(squawk) for squawk in rows["squawk"].tolist()],
        category.tolist(),
        rows["sources"].tolist(),
    )
    return [TrackView(*fields) for fields in zip(*columns, strict=True)]


def _known(values: Floats, digits: int) -> list[float | None]:
    listed = np.round(values, digits).astype(object)
    listed[np.isnan(values)] = None
    told: list[float | None] = listed.tolist()
    return told
