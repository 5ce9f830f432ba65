"""The DSS of ASTM F3548-21: its door in and its door out.

``submit`` takes what a USS asks to the writer; every read answers a form of ``release.f3548``, in which
foreign OVNs are hidden and nothing says what is hosted. ``manager`` is always the ``sub`` of the asker's
token.

An answer to a write is built from its own decision, not from the state: who decides and who answers need
not be the same.
"""

from __future__ import annotations

from typing import Any

import msgspec

from comity.coordination.state import State
from comity.errors import Undecidable
from comity.exchange.writer import Writer
from comity.ids import EntityId
from comity.model.dss_command import PeerCommand
from comity.model.f3548 import CellBox


class Written(msgspec.Struct, frozen=True):
    """``value``: the released form of what was written, for a removal as it was; ``subscribers``: whom the
    writer has to notify, as forms; ``created``: it is new."""

    value: Any
    subscribers: list[Any]
    created: bool


class Dss:
    """See the file's head. All methods belong to the event loop."""

    def __init__(self, state: State, writer: Writer) -> None:
        self._state = state
        self._writer = writer

    async def submit(self, manager: str, command: PeerCommand) -> Written:
        """Carry out a command; returns once it is durable.

        Raises what refused it. ``StrategicConflict`` for a key that lacks something has in ``detail`` the
        lists ``missing_operational_intents`` and ``missing_constraints``, each only where it is not empty.
        """
        raise Undecidable(f"{type(command).__name__} cannot be decided")

    def operational_intents(self, manager: str, box: CellBox) -> list[Any]:
        """References that share cells, heights and times with the box."""
        return []

    def operational_intent(self, manager: str, id: EntityId) -> Any:
        raise NotImplementedError

    def constraints(self, manager: str, box: CellBox) -> list[Any]:
        """Constraint references that share cells and times with the box."""
        return []

    def constraint(self, manager: str, id: EntityId) -> Any:
        raise NotImplementedError

    def subscriptions(self, manager: str, box: CellBox) -> list[Any]:
        """The manager's own that share cells and times with the box and have not ended."""
        return []

    def subscription(self, manager: str, id: EntityId) -> Any:
        """Raises ``NotPermitted`` where it is another's."""
        raise NotImplementedError

    def around(self, manager: str, subscription: EntityId) -> tuple[list[Any] | None, list[Any] | None]:
        """Operational intent references and constraint references in the subscription's area, each None
        where the subscription does not ask for that kind."""
        raise NotImplementedError

    def availability(self, uss: str) -> Any:
        """``UssAvailabilityStatusResponse``; Unknown with version "" where nobody has set any."""
        raise NotImplementedError
