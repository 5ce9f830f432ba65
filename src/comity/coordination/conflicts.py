"""Strategic conflicts: which of what is released to the asker overlaps the volumes it wants.

Law 1 and law 2 meet here. The check is made against released forms and nothing else: one's own and
level-1 items exactly, level-0 items as the grid cells, bands and slots that the asker sees, items at
``none`` not at all. So an answer tells the asker nothing that its map does not.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

import msgspec

from comity.coordination.state import State
from comity.errors import TooLarge
from comity.geo.cells import cell_of, cells_touch, grid_cells
from comity.geo.heights import bounds
from comity.geo.overlap import overlapping
from comity.ids import EntityId, ParticipantId
from comity.model.constraint import Constraint, ConstraintKind
from comity.model.intent import Intent
from comity.model.rule import Level
from comity.model.shape import Shape
from comity.model.volume import Volume4D, Volumes
from comity.release.coarsen import lingers_until
from comity.release.forms import Item
from comity.release.policy import Givers

MAX_CONFLICTS: Final = 5_000
"""An answer beyond this is refused, never shortened."""

MAX_COMPARED: Final = 30_000
"""Pairs of a volume asked about and one released to the asker that one question may compare: some 0.2 s, for
which everybody's writes wait. Past it the question is refused. Only what the asker has is counted, so
that the refusal tells nothing of the rest."""


class Conflict(msgspec.Struct, frozen=True, gc=False):
    """An item in the way at the level that the asker has of it (None: its own), and the numbers of the
    asker's volumes that it overlaps."""

    item: Item
    level: Level | None
    numbers: tuple[int, ...]

    def blocking(self) -> bool:
        """A closed constraint seen exactly. At level 0 nobody can tell, so it can be filed over."""
        item = self.item
        return (
            isinstance(item, Constraint) and item.kind is ConstraintKind.CLOSED and self.level is Level.VOLUME
        )


def find(
    state: State,
    asker: ParticipantId,
    volumes: Volumes,
    now: datetime,
    exclude: EntityId | None = None,
    own_constraints: bool = False,
    left: Allowance | None = None,
) -> list[Conflict]:
    """Everything released to ``asker`` that overlaps ``volumes``; in no particular order.

    The asker's own constraints are in nobody's way but others', and count only if asked for. ``left``: what
    is left to compare where these volumes are a part of the question.

    Raises ``TooLarge`` past ``MAX_CONFLICTS`` and past ``MAX_COMPARED``.
    """
    givers = state.policy(now).givers(asker)
    left = left or Allowance(MAX_COMPARED)
    found: dict[EntityId, tuple[Item, Level | None, list[int]]] = {}
    for number, volume in enumerate(volumes):
        overlaps = _exact_overlaps(state, asker, givers, volume, now, exclude, own_constraints, left)
        if givers.coarse_intents or givers.coarse_constraints:
            overlaps += _coarse_overlaps(state, givers, volume, now, left)
        for item, level in overlaps:
            known = found.get(item.id)
            if known is None:
                found[item.id] = item, None if item.owner == asker else level, [number]
            elif known[2][-1] != number:
                known[2].append(number)
        if len(found) > MAX_CONFLICTS:
            raise TooLarge(f"more than {MAX_CONFLICTS} conflicts; ask for a smaller volume", field="volumes")
    return [Conflict(item, level, tuple(numbers)) for item, level, numbers in found.values()]


class Allowance:
    """What one question may still compare."""

    def __init__(self, pairs: int) -> None:
        self._pairs = pairs

    def spend(self, pairs: int) -> None:
        self._pairs -= pairs
        if self._pairs < 0:
            raise TooLarge(
                f"more than {MAX_COMPARED} comparisons with what is released to you; "
                "ask for fewer or smaller volumes",
                field="volumes",
            )


def _exact_overlaps(
    state: State,
    asker: ParticipantId,
    givers: Givers,
    volume: Volume4D,
    now: datetime,
    exclude: EntityId | None,
    own_constraints: bool,
    left: Allowance,
) -> list[tuple[Item, Level]]:
    """The asker's own, and those that it sees exactly, whose volumes overlap."""
    intents = givers.exact_intents | {asker}
    constraints = givers.exact_constraints | ({asker} if own_constraints else frozenset())
    hits = [
        (item, number)
        for item, number in state.volumes.near(volume, intents | constraints)
        if item.owner in (intents if type(item) is Intent else constraints) and item.id != exclude
    ]
    if not hits:
        return []
    left.spend(len(hits))
    others = [item.volumes[number] for item, number in hits]
    verdicts = overlapping(volume, others, state.environment, now).tolist()
    return [(item, Level.VOLUME) for (item, _), verdict in zip(hits, verdicts, strict=True) if verdict]


def _coarse_overlaps(
    state: State, givers: Givers, volume: Volume4D, now: datetime, left: Allowance
) -> list[tuple[Item, Level]]:
    """Those whose level-0 form touches the volume. Its own cells are found only once something is near.

    Like the forms, its heights are bounded by what lasts: a QNH in force now may have expired by then."""
    intents, constraints = givers.coarse_intents, givers.coarse_constraints
    lasting = state.environment.lasting()
    lower_m = bounds(volume.lower, lasting, volume.start).lower_m
    upper_m = bounds(volume.upper, lasting, volume.start).upper_m
    cells = _Cells(volume.outline)
    overlaps: list[tuple[Item, Level]] = []
    for item in state.volumes.near_coarsened(volume, intents | constraints):
        if item.owner not in (intents if type(item) is Intent else constraints):
            continue
        if not item.state.live() and now >= lingers_until(item.changed_at):
            continue
        forms = state.volumes.reserved(item)
        left.spend(len(forms))
        if any(
            reserved.start < volume.end
            and volume.start < reserved.end
            and reserved.lower_w84_m <= upper_m
            and lower_m <= reserved.upper_w84_m
            and cells.touch(reserved.cells)
            for reserved in forms
        ):
            overlaps.append((item, Level.RESERVED))
    return overlaps


class _Cells:
    """The asker's own cells, found when first needed. What stands in one place often has the same cells as
    its neighbours, so verdicts are kept."""

    def __init__(self, outline: Shape) -> None:
        self._outline = outline
        self._verdicts: dict[tuple[str, ...], bool] = {}

    def touch(self, cells: tuple[str, ...]) -> bool:
        verdict = self._verdicts.get(cells)
        if verdict is None:
            verdict = cells_touch(grid_cells(self._outline), [cell_of(token) for token in cells])
            self._verdicts[cells] = verdict
        return verdict
