"""What leaves by the one door out: items as a recipient gets them. The native API's JSON is exactly these.

An item of one's own comes whole, at level ``own``. Another's comes at ``volume`` (exact volumes, category,
crewed or not, state, no owner) or ``reserved`` (grid cells only: no state, no owner, no exact number).
``ref`` is the entity's own id to its owner and a rotating reference to everyone else. ``seq`` is the
position of the item's last change in the recipient's own feed: it counts nobody else's doings.

``peer_conflicts``, on an own intent alone: references of other USSs' plans that overlap it by what those USSs
last told, of whatever priority.
"""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from comity.model.constraint import ConstraintKind, ConstraintState
from comity.model.intent import AircraftCategory, IntentState
from comity.model.volume import Volumes

StateWord = Annotated[
    str, Meta(extra_json_schema={"enum": [state.value for state in (*IntentState, *ConstraintState)]})
]
"""An intent's or a constraint's state. A string to decoders, which cannot tell two enumerations apart."""


class ItemKind(StrEnum):
    INTENT = "intent"
    CONSTRAINT = "constraint"


class ReservedVolume(msgspec.Struct, frozen=True, gc=False):
    """Cells of the fixed nested grid (S2 tokens, one level for all), a height band in metres above the
    WGS84 ellipsoid, and a time slot; each contains what was promised. ``outlines``: the cells' corners
    as [lat, lon], for drawing."""

    cells: tuple[str, ...]
    outlines: tuple[tuple[tuple[float, float], ...], ...]
    lower_w84_m: float
    upper_w84_m: float
    start: datetime
    end: datetime


class ReleasedProvenance(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """Where a constraint was read from: whole to its owner, to others its format and authority alone."""

    format: str
    authority: str | None = None
    source: str | None = None
    sha256: str | None = None
    place: str | None = None


class ReleasedItem(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    ref: str
    kind: ItemKind
    level: Literal["own", "volume", "reserved"]
    contact: str
    state: StateWord | None = None
    volumes: Volumes | None = None
    reserved: tuple[ReservedVolume, ...] | None = None
    category: AircraftCategory | None = None
    crewed: bool | None = None
    constraint_kind: ConstraintKind | None = None
    designator: str | None = None
    ovn: str | None = None
    version: int | None = None
    accepted_conflicts: tuple[str, ...] | None = None
    provenance: ReleasedProvenance | None = None
    priority: int | None = None
    nominal_volumes: Volumes | None = None
    peer_conflicts: tuple[str, ...] | None = None


class Change(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One step of a recipient's feed: ``item`` is the new form, or None where ``ref`` is gone from view."""

    seq: int
    ref: str
    item: ReleasedItem | None = None


class ChangePage(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """``reset``: the cursor was too old or from before a restart; the page starts a whole snapshot."""

    changes: tuple[Change, ...]
    cursor: str
    more: bool
    as_of: datetime
    reset: bool = False


class ConflictItem(msgspec.Struct, frozen=True, gc=False):
    """One thing in the way, as released to the asker. ``blocking``: a closed constraint, or a plan of another
    USS that a hosted plan may not conflict with, which cannot be filed over; anything else can, by naming
    ``item.ref`` in ``accept_conflicts``."""

    item: ReleasedItem
    blocking: bool
    volumes: tuple[int, ...]


class Clearance(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """What a write was checked against: never "clear", only "clear of what is released to you". ``peers``:
    the references of other USSs' plans near it whose details were read, or that one marked Down left."""

    checked: str
    floor_intent: str
    floor_constraint: str
    peers: tuple[str, ...] = ()


class TrackView(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """One aircraft as fused from the sources released to the reader. ``id``: the 24-bit address where it is
    released, otherwise a rotating reference. ``age_s`` is at ``as_of``; ``stale`` means no report within the
    stale time."""

    id: str
    source: Literal["own", "broadcast", "sensed"]
    level: Literal["own", "broadcast", "position", "identity"]
    lat: float
    lon: float
    age_s: float
    accuracy_m: float
    stale: bool = False
    altitude_m: float | None = None
    altitude_datum: str | None = None
    ground_speed_mps: float | None = None
    track_deg: float | None = None
    vertical_rate_mps: float | None = None
    on_ground: bool | None = None
    callsign: str | None = None
    squawk: str | None = None
    emergency: Literal["unlawful interference", "radio failure", "emergency"] | None = None
    category: AircraftCategory | None = None
    sources: int = 1


class TrackWords(msgspec.Struct, frozen=True, gc=False, omit_defaults=True):
    """What does not move of a ``TrackView``, for the binary stream; by ``number`` its records follow."""

    number: int
    id: str
    source: Literal["own", "broadcast", "sensed"]
    level: Literal["own", "broadcast", "position", "identity"]
    stale: bool = False
    callsign: str | None = None
    squawk: str | None = None
    emergency: Literal["unlawful interference", "radio failure", "emergency"] | None = None
    category: AircraftCategory | None = None
    sources: int = 1
    altitude_datum: str | None = None
    on_ground: bool | None = None
