"""What of the promised items a participant has lies near a place: for readers with too many to hold at once.

Uses the same index and the same forms as everything else; asks a year around now, at all heights.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta

from comity.coordination.conflicts import find
from comity.coordination.state import State
from comity.geo.coverage import holding
from comity.ids import EntityId, ParticipantId
from comity.model.altitude import HIGHEST_M, LOWEST_M, Altitude, Datum
from comity.model.f3548 import CellBox
from comity.model.released import ReleasedItem
from comity.model.shape import Circle, LatLon
from comity.model.volume import Volume4D
from comity.release.forms import References
from comity.release.peers import PeerReference, entity_of, over, peer_form
from comity.release.view import form_for, too_large


def items_near(
    state: State,
    who: ParticipantId,
    references: References,
    near: tuple[float, float, float],
    now: datetime,
    limit: int,
) -> list[ReleasedItem]:
    """Items released to ``who`` that touch the circle (lat, lon, radius_m), in canonical order.

    Constraints of ``who``'s own are in it as well, and what USSs filed by F3548. Raises ``TooLarge`` past
    ``limit``.
    """
    lat, lon, radius_m = near
    everything = Volume4D(
        outline=Circle(LatLon(lat=lat, lon=lon), radius_m),
        lower=Altitude(LOWEST_M, Datum.W84),
        upper=Altitude(HIGHEST_M, Datum.W84),
        start=now - timedelta(hours=1),
        end=now + timedelta(days=365),
    )
    policy = state.policy(now)
    found: dict[str, ReleasedItem] = {}
    for conflict in find(state, who, (everything,), now, own_constraints=True):
        form = form_for(conflict.item, who, policy, references, state.volumes.reserved, now)
        if form is not None:
            found[form.ref] = form
    for reference in _peers_near(state, everything, now):
        named = references.foreign(entity_of(reference), who, now)
        found[named] = peer_form(reference, named)
    if len(found) > limit:
        raise too_large(limit)
    return [found[ref] for ref in sorted(found)]


def _peers_near(state: State, volume: Volume4D, now: datetime) -> Iterator[PeerReference]:
    """What USSs filed by F3548 that shares a cell with the volume and is not over."""
    asked = CellBox(holding(volume.outline))
    tables: tuple[tuple[str, Mapping[EntityId, PeerReference]], ...] = (
        ("references", state.references),
        ("constraint_references", state.constraint_references),
    )
    for name, table in tables:
        for id in state.cells[name].search(asked):
            if table[id].hosted is None and not over(table[id], now):
                yield table[id]
