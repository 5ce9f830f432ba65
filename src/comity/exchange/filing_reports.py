"""Reports of peers whose details contradict their references: to the DSS, which here is this exchange, and to
the peer itself (ASTM F3548-21, makeDssReport and makeUssReport).

Once for each version of a reference: a plan is tried again and again beside a peer that stays wrong.
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from contextlib import suppress
from typing import Any, Final, Protocol

from comity.coordination.state import State
from comity.errors import ComityError
from comity.exchange.writer import Answer
from comity.ids import PersonId, RequestId
from comity.model.command import Submission
from comity.model.dss_command import FileReport
from comity.model.f3548 import OperationalIntentReference, peer
from comity.uss.log import error_report
from comity.uss.peers import Seen
from comity.uss.validate import PeerIntent
from comity.wire.encode import encode

_log = logging.getLogger("comity.exchange.filing")

REMEMBERED: Final = 10_000
"""Versions of references that were reported; beyond it the oldest may be reported again."""


class PeerDetails(Protocol):
    """``uss.peers.Peers``, as far as a hosted plan needs it."""

    async def intent(self, reference: OperationalIntentReference) -> Seen[PeerIntent]: ...

    def known_intent(self, reference: OperationalIntentReference) -> PeerIntent | None: ...

    async def report(self, url: str, body: bytes, peer: str) -> Any: ...


class Reports:
    """Belongs to the event loop, and to ``Filing``. ``stop`` ends what is under way."""

    def __init__(self, state: State, submit: Callable[[Submission], Awaitable[Answer]]) -> None:
        self._state = state
        self._submit = submit
        self._reported: OrderedDict[tuple[str, int], None] = OrderedDict()
        self._tasks: set[asyncio.Task[None]] = set()

    def file(
        self, peers: PeerDetails | None, reference: OperationalIntentReference, seen: Seen[PeerIntent]
    ) -> None:
        """Report in the background; nobody's plan waits for it."""
        name = (reference.id, reference.version)
        if seen.record is None or name in self._reported:
            return
        self._reported[name] = None
        while len(self._reported) > REMEMBERED:
            self._reported.popitem(last=False)
        task = asyncio.create_task(self._send(peers, reference, error_report(seen.record, seen.words)))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def settled(self) -> None:
        """Until nothing is under way."""
        while self._tasks:
            await asyncio.wait(set(self._tasks))

    async def stop(self) -> None:
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        for task in tasks:
            with suppress(asyncio.CancelledError):
                await task

    async def _send(
        self, peers: PeerDetails | None, reference: OperationalIntentReference, report: dict[str, object]
    ) -> None:
        uss = self._state.dss.uss
        try:
            await self._submit(Submission(peer(uss), PersonId(uss), RequestId("-"), FileReport(report), ""))
        except ComityError as error:
            _log.warning("a report of a peer could not be recorded: %s", error.message)
        if peers is not None:
            await peers.report(reference.url, encode(report), reference.manager)
