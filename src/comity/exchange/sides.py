"""The sides of an alert, as one participant may read them.

A side that the reader sees is its own track's id and what its row says; a hidden one is either a track raised
for the reader, under its reference, or cells. Nothing else of a hidden track goes into an alert.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from comity.exchange.raises import Track
from comity.exchange.sight import Layers, Sight, inner_name
from comity.model.alert import AlertSide
from comity.model.batch import CATEGORIES
from comity.model.intake import SourceKey
from comity.model.intent import AircraftCategory
from comity.model.released import ReservedVolume
from comity.model.rule import Level
from comity.picture.rows import LEVELS


def visible_side(sight: Sight, name: str, place: int | None = None) -> AlertSide:
    """A track of the reader's own picture. ``place``: where it stands among the rows, if that is known."""
    if place is None:
        place = place_of(sight, name)
    row = sight.rows[place]
    own = bool(sight.own[place])
    return AlertSide(
        level=LEVELS[int(row["level"])],
        own=own,
        track=name,
        label=row["callsign"].decode("ascii") or None,
        category=_category(row),
        claimed=own and not bool(sight.vouched[place]),
    )


def raised_side(layers: Layers, track: Track, level: Level) -> AlertSide:
    """A hidden track that is raised; its reference is put in when it is told (``referenced``)."""
    row = row_of(layers, track.key, track.address)
    identity = level is Level.IDENTITY
    label = row["callsign"].decode("ascii") if identity and row is not None else ""
    return AlertSide(
        level="identity" if identity else "position",
        own=False,
        label=label or None,
        category=None if row is None else _category(row),
    )


def reserved_side(form: ReservedVolume, *, claimed: bool) -> AlertSide:
    return AlertSide(level="reserved", own=False, claimed=claimed, reserved=form)


def pair_name(sight: Sight, names: tuple[str, ...], other: str = "") -> str:
    """One name for the aircraft of an alert, the same for both parties; "" where there are not two."""
    inner = [inner_of(sight, name) for name in names]
    both = sorted({*inner, other} - {""})
    return "\x1e".join(both) if len(both) == 2 else ""


def inner_of(sight: Sight, name: str) -> str:
    """What a track of the reader's picture is to the exchange."""
    place = place_of(sight, name) - len(sight.frame.addressed)
    return name if place < 0 else sight.inner[place]


def place_of(sight: Sight, name: str) -> int:
    """Where a track stands among the rows."""
    place = sight.places.get(name)
    if place is not None:
        return place
    return int(np.searchsorted(sight.frame.addressed.rows["number"], int(name, 16)))


def row_of(layers: Layers, key: SourceKey, address: str) -> Any:
    """A track's row as its source shows it; None where it does not any more."""
    layer = layers.get(key)
    found = None if layer is None else layer.track(address)
    return None if found is None else found[0]


def _category(row: Any) -> AircraftCategory | None:
    code = int(row["category"])
    return CATEGORIES[code] if code >= 0 else None


__all__ = ["inner_name", "pair_name", "raised_side", "reserved_side", "visible_side"]
