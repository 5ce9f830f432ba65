"""Records of a file, one by one, into zones and what could not be read.

A reader walks its format and hands each record to :meth:`Collection.add` with a function that makes a
:class:`Made` of it. What that refuses is listed with place and reason, never dropped; nothing else than a
refusal is caught. Designators are made unique in the file: a second of the same name gets `` #2``.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import datetime
from typing import Final, NamedTuple

from comity.errors import ComityError, InvalidInput
from comity.geozones.fields import MAX_DESIGNATOR, plain
from comity.geozones.trees import refuse
from comity.geozones.zone import MAX_REASON, Applicability, Reading, Unreadable, Zone, ZoneVolume
from comity.model.constraint import ZoneProvenance
from comity.model.volume import MAX_VOLUMES

MOST_RECORDS: Final = 50_000
"""Zones of one file: several times what the largest national files hold."""


class Made(NamedTuple):
    """What a reader makes of a record."""

    designator: str
    kind: str
    volumes: tuple[ZoneVolume, ...]
    name: str | None = None
    applies: tuple[Applicability, ...] = ()
    notes: tuple[str, ...] = ()
    authority: str | None = None


class Collection:
    """The zones of one file as they are found."""

    def __init__(self, data: bytes, source: str, format: str) -> None:
        named = plain(source.rpartition("/")[2].rpartition("\\")[2])
        if named is None:
            raise InvalidInput("source must name the data set", field="source")
        self.source = named
        self.format = format
        self.sha256 = hashlib.sha256(data).hexdigest()
        self.starts: datetime | None = None
        self.ends: datetime | None = None
        self._zones: list[Zone] = []
        self._unreadable: list[Unreadable] = []
        self._taken: dict[str, int] = {}

    def add(self, place: str, designator: str | None, volumes: int, make: Callable[[], Made]) -> None:
        """``designator`` and ``volumes``: as far as they can be told of a record that cannot be read."""
        if len(self._zones) + len(self._unreadable) >= MOST_RECORDS:
            refuse(f"the file holds more than {MOST_RECORDS} zones")
        try:
            self._zones.append(self._zone(place, make()))
        except ComityError as error:
            self.leave(place, designator, error.message, volumes)

    def leave(self, place: str, designator: str | None, reason: str, volumes: int = 0) -> None:
        """A record that is not read."""
        words = reason if len(reason) <= MAX_REASON else reason[: MAX_REASON - 1] + "…"
        self._unreadable.append(Unreadable(place, plain(designator, MAX_DESIGNATOR), words, volumes))

    def reading(self) -> Reading:
        zones, unreadable = tuple(self._zones), tuple(self._unreadable)
        return Reading(self.format, self.source, self.sha256, len(zones) + len(unreadable), zones, unreadable)

    def _zone(self, place: str, made: Made) -> Zone:
        designator = plain(made.designator, MAX_DESIGNATOR)
        if designator is None:
            raise InvalidInput("it has no designator", field="designator")
        if len(made.volumes) > MAX_VOLUMES:
            raise InvalidInput(f"it has {len(made.volumes)} volumes; a constraint holds {MAX_VOLUMES}")
        unique = self._unique(designator)
        notes = dict.fromkeys(made.notes)
        if unique != made.designator:
            notes[f"designator in the file: {plain(made.designator)}"] = None
        zone = Zone(
            designator=unique,
            kind=plain(made.kind) or "zone",
            volumes=made.volumes,
            provenance=ZoneProvenance(self.source, self.format, self.sha256, place, made.authority),
            name=made.name if made.name != unique else None,
            applies=self._limited(made.applies),
            notes=tuple(notes),
        )
        self._taken[designator] = self._taken.get(designator, 0) + 1
        self._taken.setdefault(unique, 1)
        return zone

    def _unique(self, designator: str) -> str:
        number = self._taken.get(designator, 0) + 1
        unique = designator
        while unique in self._taken:
            mark = f" #{number}"
            unique = designator[: MAX_DESIGNATOR - len(mark)] + mark
            number += 1
        return unique

    def _limited(self, applies: tuple[Applicability, ...]) -> tuple[Applicability, ...]:
        """Within what the file as a whole says of its time."""
        if self.starts is None and self.ends is None:
            return applies
        limited = []
        for one in applies or (Applicability(),):
            start = max((when for when in (one.start, self.starts) if when is not None), default=None)
            end = min((when for when in (one.end, self.ends) if when is not None), default=None)
            if start is None or end is None or start < end:
                limited.append(Applicability(start, end, one.periods))
        if not limited:
            raise InvalidInput("it never applies within the time for which the file is valid")
        return tuple(limited)
