"""What deciding a command gives: facts, and what to answer once they are durable."""

from __future__ import annotations

from datetime import datetime
from typing import Final

import msgspec

from comity.coordination.state import State
from comity.errors import InvalidInput, QuotaExceeded, RequestIdReused, StaleOvn, TooLarge
from comity.geo.grid import cell_for
from comity.geo.heights import bounds
from comity.geo.shapes import check
from comity.ids import EntityId, Ids
from comity.model.command import Submission
from comity.model.f3548 import Subscriber
from comity.model.fact import Fact
from comity.model.released import Clearance
from comity.model.shape import Polygon
from comity.model.volume import Volume4D, Volumes, check_volumes, ends
from comity.release.forms import References, past

MAX_ALL_VERTICES: Final = 4_000
"""Vertices of all of a command's polygons together: a thousand quadrangles, or four of the finest outlines.
Checking them takes time for which everybody's writes wait."""


class Decision(msgspec.Struct, frozen=True):
    """``facts`` become entries, in order; the first is what the answer is about. ``created``: the thing is
    new. ``clearance``: what a write of volumes was checked against. ``subscribers``: whom a write by the
    standards' interfaces has to notify."""

    facts: tuple[Fact, ...]
    created: bool = False
    clearance: Clearance | None = None
    subscribers: tuple[Subscriber, ...] = ()


class Asked(msgspec.Struct, frozen=True):
    """Everything a decision may depend on."""

    state: State
    by: Submission
    now: datetime
    ids: Ids
    references: References


def check_ovn(given: str, current: str) -> None:
    if given != current:
        raise StaleOvn("ovn is not the current one; read the item again", field="ovn")


def check_new_item(asked: Asked, entity: EntityId) -> None:
    """A request id names what it makes; one that is used again after it was forgotten must not overwrite.
    And nobody may have more than so many."""
    item = asked.state.item(entity)
    if item is not None and not past(item, asked.now):
        raise RequestIdReused("this id made something that is still there", field="Idempotency-Key")
    limit = asked.state.items_per_participant
    if asked.state.live_items(asked.by.participant) >= limit:
        raise QuotaExceeded(f"you have {limit} live intents and constraints, which is your limit")


def check_new_volumes(volumes: Volumes, state: State, now: datetime) -> None:
    """Number, geometry and times of volumes that somebody wants to promise from now on."""
    check_size(volumes)
    for number, volume in enumerate(volumes):
        check_new_volume(number, volume, state, now)
    check_ends(volumes, now)


def check_size(volumes: Volumes) -> None:
    """How many they are, and how many corners they have."""
    check_volumes(volumes)
    shapes = (volume.outline for volume in volumes)
    if sum(len(shape.vertices) for shape in shapes if isinstance(shape, Polygon)) > MAX_ALL_VERTICES:
        raise TooLarge(f"polygons must have at most {MAX_ALL_VERTICES} vertices together", field="volumes")


def check_new_volume(number: int, volume: Volume4D, state: State, now: datetime) -> None:
    """Geometry and heights of one of them."""
    field = f"volumes[{number}]"
    check(volume.outline, f"{field}.outline")
    _check_place(volume, state)
    lower = bounds(volume.lower, state.environment, now)
    upper = bounds(volume.upper, state.environment, now)
    if lower.lower_m > upper.upper_m:
        raise InvalidInput("lower must not be above upper, whatever the datums", field=f"{field}.lower")


def check_ends(volumes: Volumes, now: datetime) -> None:
    if ends(volumes) <= now:
        raise InvalidInput("the last end must lie in the future", field="volumes")


def _check_place(volume: Volume4D, state: State) -> None:
    """Find its places in the indexes while it can still be refused: what has been appended is folded, now and
    at every start, and a volume without a place would end the exchange."""
    placed = state.volumes.boxes.of(volume)
    cell_for(placed.box[:6])
    cell_for(placed.grown[:6])
