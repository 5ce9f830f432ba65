"""The picture as one reader sees it at one tick, and what changed between two of them.

A frame is a function of what is released to its reader and of the tick's time. Its order is that of the
ids: addresses ascending, then references ascending. A delta is a function of two frames that the reader
was given, so it tells nothing more than they do.

Each has two forms: JSON of whole tracks, or, for the binary stream, JSON of words and packed records of what
moves (``packed``). A form is made when it is asked for, so a reader of one pays nothing for the other.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property

from comity.clock import micros
from comity.model.released import TrackView
from comity.picture.encoded import Encoded, Tracks
from comity.picture.packed import message
from comity.picture.rows import none


class Frame:
    """``addressed`` by 24-bit address, ``referenced`` under references, sorted by id."""

    def __init__(self, as_of: datetime, addressed: Tracks, referenced: Tracks) -> None:
        self.as_of = as_of
        self.addressed = addressed
        self.referenced = referenced
        self._steps: dict[int, Step] = {}

    def __len__(self) -> int:
        return len(self.addressed) + len(self.referenced)

    @property
    def json(self) -> bytes:
        """An array of TrackView, in order of id."""
        return self.since(None).changed_json

    @property
    def words_json(self) -> bytes:
        """An array of TrackWords, in order of id."""
        return self.since(None).words_json

    @property
    def packed(self) -> bytes:
        """The binary message of the whole picture."""
        return self.since(None).packed

    def views(self) -> list[TrackView]:
        return [
            view for tracks in (self.addressed, self.referenced) for view in tracks.views(range(len(tracks)))
        ]

    def ids(self) -> list[str]:
        return self.addressed.names() + self.referenced.names()

    def since(self, before: Frame | None) -> Step:
        """What is new or changed since ``before``; everything since None."""
        step = self._steps.get(id(before))
        if step is None:
            step = self._steps[id(before)] = Step(before, self)
        return step

    def forget(self) -> None:
        """Keep only what a later delta compares with."""
        self._steps.clear()
        self.addressed.forget()
        self.referenced.forget()


class Step:
    """From one frame to another of the same reader, or from nothing. Age is not a change."""

    def __init__(self, before: Frame | None, after: Frame) -> None:
        self._before = before
        self._as_of_us = micros(after.as_of)
        self._parts = (
            after.addressed.since(None if before is None else before.addressed),
            after.referenced.since(None if before is None else before.referenced),
        )

    @cached_property
    def gone(self) -> list[str]:
        return [name for part in self._parts for name in part.gone]

    @cached_property
    def changed_json(self) -> bytes:
        return _array(part.changed for part in self._parts)

    @cached_property
    def words_json(self) -> bytes:
        return _array(part.words for part in self._parts)

    @cached_property
    def packed(self) -> bytes:
        parts = (part.records for part in self._parts)
        return message(*parts, as_of_us=self._as_of_us, whole=self._before is None)


@dataclass(frozen=True, slots=True)
class TrackDelta:
    """What a reader gets since the frame it was given before. ``stamp`` is passed back next time. ``reset``:
    what was passed back is not remembered; this is the whole picture, and whatever is not in it is gone."""

    stamp: int
    as_of: datetime
    reset: bool
    step: Step

    @property
    def gone(self) -> list[str]:
        """Ids that left."""
        return self.step.gone

    @property
    def changed_json(self) -> bytes:
        """An array of TrackView: what is new or changed."""
        return self.step.changed_json

    @property
    def words_json(self) -> bytes:
        """An array of TrackWords: what is new or changed in its words."""
        return self.step.words_json

    @property
    def packed(self) -> bytes:
        """The binary message: what is new or moved. Its header alone where nothing did."""
        return self.step.packed


def no_tracks(as_of: datetime) -> Frame:
    now_us = micros(as_of)
    return Frame(as_of, Encoded(none(), None, now_us=now_us), Encoded(none(), [], now_us=now_us))


def _array(parts: Iterable[bytes]) -> bytes:
    return b"[" + b",".join(part for part in parts if part) + b"]"
