"""A finding: what one sweep saw about one pair of aircraft, or one aircraft and one volume. It has no memory.

``key`` names what it is about, the same in every sweep and in whichever order the sides came, so that life
can tell that it is the same thing again. Times are seconds from the sweep, distances metres, unknown is None.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final, Literal

import msgspec

from comity.model.alert import AlertKind, AlertLevel, Phase

_SEPARATOR: Final = "\x1d"
"""ASCII group separator: no name of a track or an item holds it."""


class Finding(msgspec.Struct, frozen=True, gc=False):
    """``sides``: the aircraft in the order of their names, as indices into the sweep's ``Traffic``, and only
    good beside it; ``names``: the same by name, good for ever. ``observed_us``: when each side was last
    observed, so that one report seen by several sweeps counts once; empty where a sweep is evidence of its
    own."""

    key: str
    kind: AlertKind
    level: AlertLevel
    phase: Phase
    sides: tuple[int, ...]
    names: tuple[str, ...]
    reasons: tuple[str, ...] = ()
    item: str | None = None
    item_kind: Literal["constraint", "intent"] | None = None
    item_label: str | None = None
    enters_s: float | None = None
    leaves_s: float | None = None
    closest_s: float | None = None
    horizontal_m: float | None = None
    vertical_m: float | None = None
    minima_horizontal_m: float | None = None
    minima_vertical_m: float | None = None
    observed_us: tuple[int, ...] = ()


def finding_key(kind: AlertKind, names: Sequence[str], item: str = "") -> str:
    return _SEPARATOR.join((kind, *sorted(names), item))
