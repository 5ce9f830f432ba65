"""From a file's zones and what its owner has published of it before to what is left to do.

Constraints of one data set (``provenance.source``) and one designator are one zone. A zone that is not
published yet is to be published, one that differs in what lies ahead is to be changed, one that does not is
left alone; where it is asked for, constraints of the data set whose zone has gone from the file are to be
ended. A zone that is in the file and cannot be read has not gone from it. Request ids follow from what is
asked, so that asking again is the same command. Everything that is not to be published is named with its
reason.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from datetime import datetime
from enum import StrEnum
from typing import Any, Final

import msgspec
from msgspec.structs import replace

from comity.errors import ComityError, InvalidInput
from comity.geozones.schedule import check_window, within
from comity.geozones.zone import Reading, Window, Zone
from comity.model.constraint import ConstraintKind, ConstraintState, ZoneProvenance
from comity.model.released import ItemKind, ReleasedItem
from comity.model.volume import Volumes

UNRESTRICTED: Final = "NO_RESTRICTION"

_LIVE: Final = frozenset(state.value for state in ConstraintState if state.live())
_encode = msgspec.json.Encoder(order="deterministic").encode


class Doing(StrEnum):
    PUBLISH = "publish"
    CHANGE = "change"
    END = "end"


class Step(msgspec.Struct, frozen=True):
    """One command. ``item``: what it changes or ends. ``state``: what an end asks for."""

    doing: Doing
    designator: str
    request_id: str
    volumes: Volumes = ()
    provenance: ZoneProvenance | None = None
    item: ReleasedItem | None = None
    state: ConstraintState | None = None


class Left(msgspec.Struct, frozen=True):
    """A zone that is not published, and why. ``meant``: that is as it should be."""

    designator: str
    reason: str
    meant: bool = False


class Publication(msgspec.Struct, frozen=True):
    steps: tuple[Step, ...]
    unchanged: tuple[str, ...]
    left: tuple[Left, ...]


class Wanted(msgspec.Struct, frozen=True):
    """``only``: designators, empty for all. ``end_vanished``: also what has gone from the file.
    ``edition``: any word; another one publishes again what was ended by hand within the day."""

    kind: ConstraintKind
    window: Window
    only: frozenset[str] = frozenset()
    end_vanished: bool = False
    edition: str = ""


def publication(
    reading: Reading, items: Iterable[ReleasedItem], wanted: Wanted, now: datetime
) -> Publication:
    """``items``: the owner's own constraints, and any others, which are not looked at."""
    check_window(wanted.window)
    published = published_of(reading.source, items)
    steps: list[Step] = []
    unchanged: list[str] = []
    left: list[Left] = []
    for zone in reading.zones:
        if wanted.only and zone.designator not in wanted.only:
            continue
        made = _volumes(zone, wanted, now)
        if isinstance(made, Left):
            left.append(made)
            continue
        before = published.get(zone.designator)
        if before is None:
            steps.append(_publish(zone, made, wanted))
        elif before.constraint_kind == wanted.kind and _ahead(before.volumes or (), now) == _ahead(made, now):
            unchanged.append(zone.designator)
        else:
            steps.append(_change(zone, made, before, wanted))
    left += _unread(reading, wanted)
    if wanted.end_vanished:
        ends, kept = _vanished(reading, published, wanted)
        steps += ends
        left += kept
    return Publication(tuple(steps), tuple(unchanged), tuple(left))


def published_of(source: str, items: Iterable[ReleasedItem]) -> dict[str, ReleasedItem]:
    """One's own live constraints of a data set, by designator."""
    return {
        item.designator: item
        for item in items
        if item.level == "own"
        and item.kind is ItemKind.CONSTRAINT
        and item.state in _LIVE
        and item.designator is not None
        and item.provenance is not None
        and item.provenance.source == source
    }


def _volumes(zone: Zone, wanted: Wanted, now: datetime) -> Volumes | Left:
    if zone.kind.startswith(UNRESTRICTED) and zone.designator not in wanted.only:
        return Left(zone.designator, "the file says that it restricts nothing: name it to publish it", True)
    try:
        made = within(zone, wanted.window)
    except ComityError as error:
        return Left(zone.designator, error.message)
    if not any(volume.end > now for volume in made):
        return Left(zone.designator, "it does not apply between these times", True)
    return made


def _ahead(volumes: Volumes, now: datetime) -> Volumes:
    """What of them is still to come, which is all that a change could change."""
    return tuple(replace(volume, start=max(volume.start, now)) for volume in volumes if volume.end > now)


def _publish(zone: Zone, volumes: Volumes, wanted: Wanted) -> Step:
    asked = (Doing.PUBLISH, wanted.kind, zone.designator, volumes, zone.provenance, wanted.edition)
    return Step(Doing.PUBLISH, zone.designator, request_id(asked), volumes, zone.provenance)


def _change(zone: Zone, volumes: Volumes, before: ReleasedItem, wanted: Wanted) -> Step:
    asked = (Doing.CHANGE, before.ref, before.ovn, wanted.kind, volumes, zone.provenance)
    return Step(Doing.CHANGE, zone.designator, request_id(asked), volumes, zone.provenance, before)


def _end(designator: str, item: ReleasedItem) -> Step:
    active = item.state == ConstraintState.ACTIVE
    state = ConstraintState.RELEASED if active else ConstraintState.CANCELLED
    return Step(
        Doing.END, designator, request_id((Doing.END, item.ref, item.ovn, state)), item=item, state=state
    )


def request_id(asked: Any) -> str:
    """An Idempotency-Key that the same command always has."""
    return "geozone:" + hashlib.sha256(_encode(asked)).hexdigest()[:48]


def _unread(reading: Reading, wanted: Wanted) -> list[Left]:
    named = [
        Left(one.designator or one.place, f"{one.place}: {one.reason}")
        for one in reading.unreadable
        if not wanted.only or one.designator is None or one.designator in wanted.only
    ]
    known = {zone.designator for zone in reading.zones} | {one.designator for one in reading.unreadable}
    return named + [Left(name, "the file has no such zone") for name in sorted(wanted.only - known)]


def _vanished(
    reading: Reading, published: Mapping[str, ReleasedItem], wanted: Wanted
) -> tuple[list[Step], list[Left]]:
    if not reading.zones:
        raise InvalidInput("no zone of the file could be read: nothing is ended for it", field="file")
    here = {zone.designator for zone in reading.zones} | {one.designator for one in reading.unreadable}
    gone = [
        (designator, item)
        for designator, item in published.items()
        if designator not in here and (not wanted.only or designator in wanted.only)
    ]
    if gone and any(one.designator is None for one in reading.unreadable):
        reason = "gone from the file, unless it is one that cannot be read and has no designator: kept"
        return [], [Left(designator, reason) for designator, _ in gone]
    return [_end(designator, item) for designator, item in gone], []
