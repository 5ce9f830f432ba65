"""Remote identification in the words of ASTM F3411-22a: identification service areas and subscriptions.

As with strategic coordination the DSS keeps cells and a box (``model.f3548.CellBox``), never an outline.
``owner`` is the ``sub`` of the token that wrote it. ``version`` is opaque and changes with each write.
"""

from __future__ import annotations

import msgspec

from comity.ids import EntityId
from comity.model.f3548 import CellBox
from comity.model.volume import Instant


class ServiceArea(msgspec.Struct, frozen=True, gc=False):
    """An identification service area. ``writes`` counts the changes behind ``version``."""

    id: EntityId
    owner: str
    box: CellBox
    url: str
    version: str
    writes: int
    changed_at: Instant


class IsaSubscription(msgspec.Struct, frozen=True, gc=False):
    """``index``: of its last notification."""

    id: EntityId
    owner: str
    box: CellBox
    url: str
    version: str
    writes: int
    index: int = 0
