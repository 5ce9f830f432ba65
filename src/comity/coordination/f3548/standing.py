"""Who asks, and what they may: the manager behind a command, its allowance, and whether it is Down.

The manager is the ``sub`` of the caller's token. The envelope's ``participant`` is the ledger's name for it,
which for a ``sub`` that is no plain word is a digest; ``person`` then holds the ``sub`` itself.
"""

from __future__ import annotations

from comity.coordination.decision import Asked
from comity.coordination.f3548.keys import KEYED, is_down
from comity.errors import NotPermitted, QuotaExceeded, StaleOvn, TooLarge, UssDown
from comity.geo.coverage import MOST_CELLS
from comity.model.f3548 import PEER, CellBox, peer
from comity.model.intent import IntentState


def manager_of(asked: Asked) -> str:
    by = asked.by
    said = str(by.person)
    if peer(said) == by.participant:
        return said
    return by.participant.removeprefix(PEER)


def check_manager(asked: Asked, manager: str, hosted: object) -> None:
    """Only who made it may change it; what is hosted, nobody from outside, whatever its token says."""
    if manager != manager_of(asked) or hosted is not None:
        raise NotPermitted("this is managed by another USS", field="id")


def check_current(given: str | None, current: str, field: str = "ovn") -> None:
    if given is None:
        raise StaleOvn("there is one with this id already; a change has to name its version", field="id")
    if given != current:
        raise StaleOvn(f"{field} is not the current one; read it again", field=field)


def check_not_down(asked: Asked, state: IntentState | None) -> None:
    """F3548-21, UssAvailabilityState: what a USS that is Down may not do. ``state`` None: to delete."""
    if (state is None or state in KEYED) and is_down(asked.state, manager_of(asked)):
        raise UssDown(
            "this USS is marked Down: until it is Normal again it may neither delete an operational intent "
            "nor have one Accepted or Activated"
        )


def check_room(asked: Asked) -> None:
    """So many entities may one manager have, what has ended and was not deleted included."""
    limit = asked.state.dss.entities_per_manager
    if asked.state.managed.get(manager_of(asked), 0) >= limit:
        raise QuotaExceeded(f"this USS has {limit} entities in the DSS, which is its limit; delete some")


def check_size(box: CellBox) -> None:
    """Cells are recorded and searched by; the standards' largest area has far fewer."""
    if len(box.cells) > MOST_CELLS:
        raise TooLarge(f"extents must have at most {MOST_CELLS} cells of the DSS together", field="extents")
