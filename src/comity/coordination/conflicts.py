"""Strategic conflicts: which of what is released to the asker overlaps the volumes it wants.

Law 1 and law 2 meet here. The check is made against released forms and nothing else: one's own and
level-1 items exactly, level-0 items as the grid cells, bands and slots that the asker sees, items at
``none`` not at all. So an answer tells the asker nothing that its map does not.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable
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
from comity.model.rule import Level
from comity.model.volume import Volume4D, Volumes
from comity.release.coarsen import lingers_until
from comity.release.forms import Item, level_of
from comity.release.policy import Policy

MAX_CONFLICTS: Final = 5_000
"""An answer beyond this is refused, never shortened."""

MAX_COMPARED: Final = 50_000
"""Pairs of a volume asked about and one released to the asker that one question may compare: some 0.2 s, for
which everybody's writes wait. Past it the question is refused. Only what the asker has is counted, so
that the refusal tells nothing of the rest."""


class Conflict(msgspec.Struct, frozen=True):
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
) -> list[Conflict]:
    """Everything released to ``asker`` that overlaps ``volumes``; in no particular order.

    The asker's own constraints are in nobody's way but others', and count only if asked for.

    Raises ``TooLarge`` past ``MAX_CONFLICTS`` and past ``MAX_COMPARED``.
    """
    policy = state.policy(now)
    givers = policy.givers(asker)
    exact, coarse = givers.exact | {asker}, givers.coarse
    left = Allowance(MAX_COMPARED)
    numbers: dict[EntityId, set[int]] = {}
    found: dict[EntityId, tuple[Item, Level | None]] = {}
    for number, volume in enumerate(volumes):
        near = state.volumes.near(volume, exact)
        hits = [
            hit
            for hit in near
            if hit[0].id != exclude and _counts_exactly(hit[0], asker, policy, own_constraints)
        ]
        left.spend(len(hits))
        overlaps: list[Item] = []
        if hits:
            verdicts = overlapping(volume, [i.volumes[n] for i, n in hits], state.environment, now)
            overlaps = [hit[0] for hit, verdict in zip(hits, verdicts.tolist(), strict=True) if verdict]
        if coarse:
            overlaps.extend(_coarse_overlaps(state, policy, asker, volume, coarse, now, left))
        for item in overlaps:
            level = None if item.owner == asker else level_of(item, policy.levels(item.owner, asker))
            found[item.id] = (item, level)
            numbers.setdefault(item.id, set()).add(number)
        if len(found) > MAX_CONFLICTS:
            raise TooLarge(f"more than {MAX_CONFLICTS} conflicts; ask for a smaller volume", field="volumes")
    return [Conflict(item, level, tuple(sorted(numbers[entity]))) for entity, (item, level) in found.items()]


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


def _counts_exactly(item: Item, asker: ParticipantId, policy: Policy, own_constraints: bool) -> bool:
    if not item.state.live():
        return False
    if item.owner == asker:
        return own_constraints or not isinstance(item, Constraint)
    return level_of(item, policy.levels(item.owner, asker)) is Level.VOLUME


def _coarse_overlaps(
    state: State,
    policy: Policy,
    asker: ParticipantId,
    volume: Volume4D,
    owners: Collection[ParticipantId],
    now: datetime,
    left: Allowance,
) -> Iterable[Item]:
    """Those whose level-0 form touches the volume. Its own cells are found only once something is near.

    Like the forms, its heights are bounded by what lasts: a QNH in force now may have expired by then."""
    lasting = state.environment.lasting()
    lower_m = bounds(volume.lower, lasting, volume.start).lower_m
    upper_m = bounds(volume.upper, lasting, volume.start).upper_m
    mine: tuple[int, ...] = ()
    for item in state.volumes.near_coarsened(volume, owners):
        if level_of(item, policy.levels(item.owner, asker)) is not Level.RESERVED:
            continue
        if not item.state.live() and now >= lingers_until(item.changed_at):
            continue
        forms = state.volumes.reserved(item)
        left.spend(len(forms))
        near = [
            reserved.cells
            for reserved in forms
            if reserved.start < volume.end
            and volume.start < reserved.end
            and reserved.lower_w84_m <= upper_m
            and lower_m <= reserved.upper_w84_m
        ]
        if near:
            mine = mine or grid_cells(volume.outline)
            if any(cells_touch(mine, [cell_of(token) for token in cells]) for cells in near):
                yield item
