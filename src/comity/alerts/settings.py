"""What can be set about alerts: minima for pairs of categories, times of levels, confirmation, hysteresis.

Minima are what a pair must keep: closer than ``horizontal_m`` and ``vertical_m`` at once is a loss of
separation. ``look_ahead_s`` is how far ahead it is searched for. The built-in table is ``BUILT_IN``, each
entry with its source or its reason; every other pair has the default. A pair is unordered, and "unknown"
stands for an aircraft whose category nobody stated.

Levels (RTCA DO-365): preventive within the look-ahead, corrective and warning at most ``corrective_s`` and
``warning_s`` before loss of separation or of well clear. Where a pair's minima are far within the well-clear
volume (two drones, two gliders) that volume says nothing; then the cylinder alone counts, and both times
shrink in proportion to the pair's look-ahead. SI throughout.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Final

import msgspec
import numpy as np
from numpy.typing import NDArray

from comity.errors import InvalidInput
from comity.model import batch
from comity.model.alert import AlertLevel
from comity.model.intent import AircraftCategory

UNKNOWN: Final = "unknown"

CATEGORIES: Final = (*batch.CATEGORIES, UNKNOWN)
"""Index is the category's code in columns of numbers; unknown is the last one, and -1 in the picture's."""

CODE: Final = {str(category): code for code, category in enumerate(CATEGORIES)}

FURTHEST_M: Final = 200_000.0
FURTHEST_S: Final = 1_800.0
"""Bounds on what an operator may set: beyond them a straight line predicts nothing, and everything would pair
with everything."""


class Minima(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """What one pair of categories keeps. ``well_clear``: whether DO-365's volume counts besides."""

    horizontal_m: float
    vertical_m: float
    look_ahead_s: float
    well_clear: bool = True

    def __post_init__(self) -> None:
        bounds = (("horizontal_m", FURTHEST_M), ("vertical_m", FURTHEST_M), ("look_ahead_s", FURTHEST_S))
        for name, most in bounds:
            if not 0.0 < getattr(self, name) <= most:
                raise InvalidInput(f"{name} must be over 0 and at most {most:g}", field=name)


class PairMinima(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """Minima of two categories, in either order; each an ``AircraftCategory`` or "unknown"."""

    pair: tuple[str, str]
    minima: Minima

    def __post_init__(self) -> None:
        for name in self.pair:
            if name not in CODE:
                raise InvalidInput(f"{name} is not one of {', '.join(CODE)}", field="pair")


class Confirmation(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """Found in ``found`` of the last ``of`` sweeps. Larger: fewer false alerts, each so much later."""

    found: int
    of: int

    def __post_init__(self) -> None:
        if not 1 <= self.of <= MOST_SWEEPS:
            raise InvalidInput(f"of must be 1 to {MOST_SWEEPS}", field="of")
        if not 1 <= self.found <= self.of:
            raise InvalidInput("found must be 1 to of", field="found")


LEAST_PAIRS: Final = len(CATEGORIES) ** 2
"""Every category may be one crowd that meets every other."""

MOST_SWEEPS: Final = 60
"""A minute of sweeps; what needs longer to be believed comes too late to be told."""

_FOOT_M: Final = 0.3048
_NM_M: Final = 1_852.0

DEFAULT: Final = Minima(5 * _NM_M, 1_000 * _FOOT_M, 120.0)
"""ICAO Doc 4444, 8.7.3.1 (5 NM by surveillance) and 5.3.2 (1,000 ft below FL 290). Two minutes are what
short-term conflict alert systems look ahead."""

_TERMINAL: Final = Minima(3 * _NM_M, 1_000 * _FOOT_M, 120.0)
"""Doc 4444, 8.7.3.2 (3 NM where surveillance allows). Rotorcraft fly there: low and near aerodromes."""

_SEE_AND_AVOID: Final = Minima(0.66 * _NM_M, 700 * _FOOT_M, 90.0)
"""DO-365's preventive volume (0.66 NM, 700 ft), made for an aircraft that remains well clear without a
separation service. 90 s are its alert time of 55 s and the 35 s of modified tau, so all of it is in reach."""

_DRONES: Final = Minima(50.0, 30.0, 30.0, well_clear=False)
"""Reasoned: a multirotor at 15 m/s stops within 50 m and 5 s, so the other one still has its own margin; 30 m
up is what a barometer drifts in an hour. What their positions may be off is added anyway. Half a minute
leaves time to act and does not fill a city with alerts."""

_GAGGLE: Final = Minima(100.0, 50.0, 25.0, well_clear=False)
"""Reasoned: gliders share a thermal at 100 to 200 m by custom, so more would alert all day. FLARM warns at
most 18 to 25 s ahead for the same reason."""

_BALLOONS: Final = Minima(100.0, 50.0, 60.0, well_clear=False)
"""Reasoned: balloons rise in groups and drift together; only vertical speed closes them, at up to 5 m/s."""

_CREWED: Final = tuple(str(c) for c in AircraftCategory if c is not AircraftCategory.UNCREWED)


def _built_in() -> Iterator[PairMinima]:
    yield PairMinima(("uncrewed", "uncrewed"), _DRONES)
    for category in (*_CREWED, UNKNOWN):
        yield PairMinima(("uncrewed", category), _SEE_AND_AVOID)
    yield PairMinima(("rotorcraft", "aeroplane"), _TERMINAL)
    yield PairMinima(("rotorcraft", UNKNOWN), _TERMINAL)
    slow = ("rotorcraft", "glider", "balloon", "airship")
    for k, one in enumerate(slow):
        for other in slow[k:]:
            yield PairMinima((one, other), _OF_ONE_KIND.get((one, other), _SEE_AND_AVOID))


_OF_ONE_KIND: Final = {("glider", "glider"): _GAGGLE, ("balloon", "balloon"): _BALLOONS}

BUILT_IN: Final = tuple(_built_in())
"""An unknown category beside a drone counts as crewed, and beside anything else as an aeroplane. Rotorcraft,
gliders, balloons and airships among themselves fly by sight, so they keep what DO-365 asks of such."""


class AlertSettings(msgspec.Struct, frozen=True, gc=False, forbid_unknown_fields=True):
    """``minima`` go over the built-in table, the last one for a pair holds. ``expire_s``: older rows are left
    out. ``crowd``: more aircraft in one cell (as wide as minima and paths) are not paired one by one but
    taken together. ``most_pairs``: where there were more, more are taken together; none is left out.
    ``most_followed``: what is remembered at once from sweep to sweep."""

    default: Minima = DEFAULT
    minima: tuple[PairMinima, ...] = ()
    corrective_s: float = 55.0
    """DO-365's alert time for corrective alerts: a pilot asks the controller, and turns."""
    warning_s: float = 25.0
    """DO-365's for warnings: a pilot turns at once."""
    preventive: Confirmation = Confirmation(2, 3)
    corrective: Confirmation = Confirmation(2, 3)
    warning: Confirmation = Confirmation(1, 1)
    """A warning never waits."""
    clear_after_s: float = 5.0
    """So long without being found before an alert clears, or at a lower level before it falls. Larger:
    alerts stay on after the aircraft have parted. Smaller: they flicker."""
    expire_s: float = 60.0
    crowd: int = 512
    most_pairs: int = 200_000
    most_followed: int = 50_000

    def __post_init__(self) -> None:
        for name in ("corrective_s", "warning_s", "clear_after_s", "expire_s"):
            if not 0.0 < getattr(self, name) <= FURTHEST_S:
                raise InvalidInput(f"{name} must be over 0 and at most {FURTHEST_S:g}", field=name)
        if self.warning_s > self.corrective_s:
            raise InvalidInput("warning_s must not be over corrective_s", field="warning_s")
        for name, least in (("crowd", 2), ("most_pairs", LEAST_PAIRS), ("most_followed", 2)):
            if getattr(self, name) < least:
                raise InvalidInput(f"{name} must be at least {least}", field=name)

    def confirmation(self, level: AlertLevel) -> Confirmation:
        return (self.preventive, self.corrective, self.warning)[level.rank - 1]

    def table(self) -> MinimaTable:
        return MinimaTable(self)

    def of(self, one: str, other: str) -> Minima:
        """The minima of a pair of categories."""
        return _entries(self).get(frozenset((one, other)), self.default)


class MinimaTable:
    """The same as square matrices by category code, symmetric. ``corrective_s`` and ``warning_s`` are scaled
    where well clear does not count."""

    def __init__(self, settings: AlertSettings) -> None:
        entries = _entries(settings)
        pairs = [[entries.get(frozenset((a, b)), settings.default) for b in CATEGORIES] for a in CATEGORIES]
        self.horizontal_m = _matrix([[m.horizontal_m for m in row] for row in pairs])
        self.vertical_m = _matrix([[m.vertical_m for m in row] for row in pairs])
        self.look_ahead_s = _matrix([[m.look_ahead_s for m in row] for row in pairs])
        self.well_clear = np.array([[m.well_clear for m in row] for row in pairs])
        scale = np.where(
            self.well_clear, 1.0, np.minimum(1.0, self.look_ahead_s / settings.default.look_ahead_s)
        )
        self.corrective_s = settings.corrective_s * scale
        self.warning_s = settings.warning_s * scale


def category_codes(codes: NDArray[np.integer]) -> NDArray[np.int64]:
    """Rows and columns of the matrices; whatever is not a known category is unknown."""
    known = (codes >= 0) & (codes < len(CATEGORIES))
    return np.where(known, codes, len(CATEGORIES) - 1).astype(np.int64)


def _entries(settings: AlertSettings) -> dict[frozenset[str], Minima]:
    return {frozenset(entry.pair): entry.minima for entry in (*BUILT_IN, *settings.minima)}


def _matrix(rows: list[list[float]]) -> NDArray[np.float64]:
    return np.array(rows, dtype=np.float64)
