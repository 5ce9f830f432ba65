"""A plan before it is filed: what it would be told, and the smallest changes of it that would pass.

Nothing here is a command: a plan that is checked changes nothing and leaves no entry. Answers hold what is
released to the asker and nothing else. ``Alternative.cost`` is in seconds of delay: ``COST`` says what each
kind of change counts for.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Final

import msgspec
from msgspec import Meta

from comity.errors import InvalidInput
from comity.ids import EntityId, Reference
from comity.model.intent import AircraftCategory, Priority
from comity.model.released import Clearance, ConflictItem
from comity.model.route import Route
from comity.model.volume import Volumes, check_volumes


class Plan(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True, kw_only=True):
    """What filing takes, as volumes or as the ``route`` that they follow from; ``id``: the own intent that it
    would change. ``accept_conflicts``: references that are not in its way."""

    volumes: Volumes | None = None
    route: Route | None = None
    category: AircraftCategory
    crewed: bool
    priority: Priority = 0
    id: Annotated[EntityId, Meta(min_length=1, max_length=64)] | None = None
    accept_conflicts: tuple[Reference, ...] = ()

    def __post_init__(self) -> None:
        if (self.volumes is None) == (self.route is None):
            raise InvalidInput("give volumes, or a route that they follow from", field="volumes")
        if self.volumes is not None:
            check_volumes(self.volumes)


class ChangeKind(StrEnum):
    LATER = "later"
    EARLIER = "earlier"
    HIGHER = "higher"
    LOWER = "lower"
    AROUND = "around"


COST: Final[Mapping[ChangeKind, float]] = {
    ChangeKind.LATER: 1.0,
    ChangeKind.EARLIER: 1.0,
    ChangeKind.HIGHER: 1.0,
    ChangeKind.LOWER: 1.0,
    ChangeKind.AROUND: 0.1,
}
"""What a second earlier or later, a metre higher or lower, and a metre aside count for, in seconds of delay:
a level of 300 m for five minutes, three kilometres aside likewise. A longer way adds its time."""


LONGEST_MS: Final = 5_000
"""Longest search: who waits longer does better to look at the map."""


class Search(Plan, frozen=True, gc=False, kw_only=True):
    """A plan, and how far to look for changes of it. ``limit_ms``: the time that looking may take. ``most``:
    alternatives wanted."""

    limit_ms: Annotated[int, Meta(ge=1, le=LONGEST_MS)] = 500
    kinds: Annotated[tuple[ChangeKind, ...], Meta(min_length=1, max_length=5)] = tuple(ChangeKind)
    later_s: Annotated[float, Meta(ge=1, le=86_400)] = 7_200.0
    earlier_s: Annotated[float, Meta(ge=1, le=86_400)] = 7_200.0
    vertical_m: Annotated[float, Meta(ge=1, le=20_000)] = 1_500.0
    around_m: Annotated[float, Meta(ge=10, le=500_000)] = 20_000.0
    most: Annotated[int, Meta(ge=1, le=20)] = 10


class PlanCheck(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """What a filing would be told now: nothing in ``conflicts`` means that it would be accepted. ``volumes``:
    where a route was given, those that follow from it, by which the conflicts count."""

    conflicts: tuple[ConflictItem, ...]
    clearance: Clearance
    volumes: Volumes | None = None


class Alternative(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """A changed plan that would be accepted. Of ``later_s`` (below 0: earlier), ``higher_m`` (below 0: lower)
    and ``aside_m`` one is given, the last with ``towards_deg``, the direction from north. ``route``: the
    changed route, where one was given. ``arrives``: when that one is at its end."""

    kind: ChangeKind
    cost: float
    words: str
    volumes: Volumes
    later_s: float | None = None
    higher_m: float | None = None
    aside_m: float | None = None
    towards_deg: float | None = None
    route: Route | None = None
    arrives: datetime | None = None


class Alternatives(msgspec.Struct, frozen=True, gc=False):
    """The smallest change of each kind, the cheapest first. ``passes``: the plan would be accepted as it is.
    ``tried``: plans that were checked. ``complete``: false where the limit ended the search, and then there
    may be more, or smaller ones."""

    alternatives: tuple[Alternative, ...]
    tried: int
    complete: bool
    passes: bool
