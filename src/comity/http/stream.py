"""The hub: one-second ticks to every stream, each frame made once for all clients that stand alike.

A tick never waits for a client. It asks the exchange once for each participant, form and place, queues
the same frames to all who stand there, and drops a client that does not keep up to a snapshot. Every client
gets a frame every second whether or not anything changed, so that the rhythm tells nobody anything (law 2).

Withdrawal: frames queued before it are discarded before the command is answered, and a frame that the
transport still holds ends its connection; what follows starts from what was sent. Revocation likewise
ends a stream at once.
"""

from __future__ import annotations

import asyncio
import logging
from datetime import datetime
from typing import Final, Protocol

from comity.config import StreamSection
from comity.errors import ComityError, TooLarge
from comity.http.access import READER, Caller, Gate
from comity.http.frames import Form, Frames, farewell_text, hello
from comity.http.metrics import Metrics
from comity.http.outbox import Farewell, Outbox, Place
from comity.http.port import ExchangePort
from comity.ids import ParticipantId, PersonId

_log = logging.getLogger("comity.http.stream")

REVOKED: Final = 4401
"""The token is no longer good: expired, revoked, or its person or participant no longer a member."""
FORBIDDEN: Final = 4403
TOO_MUCH: Final = 4413
STOPPING: Final = 1012
"""Service restart, RFC 6455's registry: try again."""


class Wire(Protocol):
    """A connection's lower end: what the transport still holds, and cutting it without sending that."""

    def unsent(self) -> int: ...
    def abort(self) -> None: ...


class Client:
    """One stream. ``place`` is where it will stand once all that is queued is sent; ``greeting`` is sent
    before anything queued."""

    def __init__(self, caller: Caller, form: Form, outbox: Outbox, wire: Wire, greeting: str) -> None:
        self.caller = caller
        self.form = form
        self.outbox = outbox
        self.greeting = greeting
        self._wire = wire
        self.place = outbox.sent
        self.snapshot_due: str | None = None
        self.last = False
        """Nothing may follow: its farewell is queued."""

    def discard(self) -> int:
        """Goes back to where it stands by what was sent."""
        count = self.outbox.discard()
        self.place = self.outbox.sent
        return count

    def cut_if_holding(self) -> None:
        """Ends the connection where a frame is on its way and could still arrive."""
        if self.outbox.sending or self._wire.unsent():
            self._wire.abort()


class Hub:
    """All streams of one exchange. The runtime calls ``tick`` once a second."""

    def __init__(self, exchange: ExchangePort, gate: Gate, limits: StreamSection, metrics: Metrics) -> None:
        self._exchange = exchange
        self._gate = gate
        self._limits = limits
        self._metrics = metrics
        self._clients: dict[ParticipantId, list[Client]] = {}
        self._ticked = asyncio.Event()
        self._stopped = False
        exchange.on_withdrawn.append(self.withdrawn)
        exchange.on_revoked.append(self.revoked)

    def __len__(self) -> int:
        return sum(len(clients) for clients in self._clients.values())

    def join(
        self, caller: Caller, cursor: str | None, now: datetime, wire: Wire, form: Form = Form.JSON
    ) -> Client:
        """A new client with its first frames queued: a snapshot, or what it missed since ``cursor``."""
        limits = self._limits
        outbox = Outbox(limits.pending_frames, limits.pending_bytes, Place(cursor))
        client = Client(caller, form, outbox, wire, hello(caller.participant, now))
        frames = Frames(self._exchange, now, limits.page_changes)
        if cursor is None:
            client.snapshot_due = "start"
        self._advance(client, frames)
        self._clients.setdefault(caller.participant.id, []).append(client)
        self._metrics.clients.inc()
        if self._stopped:
            self._dismiss(client, "the exchange is stopping", STOPPING)
        return client

    def leave(self, client: Client) -> None:
        clients = self._clients.get(client.caller.participant.id, [])
        if client in clients:
            clients.remove(client)
            self._metrics.clients.dec()
            if not clients:
                del self._clients[client.caller.participant.id]

    async def tick(self, now: datetime) -> None:
        """One frame to every client. Yields between participants; waits for none of their clients."""
        began_s = self._exchange.clock.monotonic()
        for who in list(self._clients):
            self._serve_all(who, now)
            await asyncio.sleep(0)
        self._ticked.set()
        self._ticked = asyncio.Event()
        took_s = self._exchange.clock.monotonic() - began_s
        self._metrics.tick_seconds.observe(took_s)
        if took_s > 1.0:
            self._metrics.late_ticks.inc()

    async def wait_tick(self, timeout_s: float) -> None:
        """Until the next tick, or at most ``timeout_s``."""
        try:
            await asyncio.wait_for(self._ticked.wait(), timeout_s)
        except TimeoutError:
            return

    def withdrawn(self, who: ParticipantId) -> None:
        """Called before a command that took something from ``who`` is answered."""
        for client in self._clients.get(who, ()):
            if client.last:
                continue
            client.cut_if_holding()
            if client.discard():
                self._metrics.dropped.labels("withdrawn").inc()

    def revoked(self, participant: ParticipantId, person: PersonId, token_id: str | None) -> None:
        """Called when tokens of a person were revoked; None: all of them issued so far."""
        for client in list(self._clients.get(participant, ())):
            identity = client.caller.identity
            if identity.person == person and token_id in (None, identity.token_id):
                self._dismiss(client, "the token was revoked", REVOKED)

    def stop(self) -> None:
        """Says goodbye to everybody; nobody new is served."""
        self._stopped = True
        for clients in list(self._clients.values()):
            for client in list(clients):
                self._dismiss(client, "the exchange is stopping", STOPPING)

    def _serve_all(self, who: ParticipantId, now: datetime) -> None:
        frames = Frames(self._exchange, now, self._limits.page_changes)
        for client in list(self._clients.get(who, ())):
            self._serve(client, frames, now)

    def _serve(self, client: Client, frames: Frames, now: datetime) -> None:
        if client.last:
            return
        try:
            client.caller = self._gate.standing_of(client.caller.identity, now)
            self._gate.permit(client.caller, READER)
        except ComityError as error:
            code = FORBIDDEN if error.code == "not_permitted" else REVOKED
            self._dismiss(client, error.message, code)
            return
        self._advance(client, frames)

    def _advance(self, client: Client, frames: Frames) -> None:
        """Queues what brings the client from its place to the present, as far as there is room."""
        if client.snapshot_due == "slow" and not client.outbox.idle:
            return
        try:
            who = client.caller.participant.id
            made = frames.onward(who, client.form, client.place, client.snapshot_due)
            for number, frame in enumerate(made):
                if not client.outbox.has_room(frame.size):
                    if number == 0:
                        self._fall_behind(client)
                    return
                client.snapshot_due = None
                client.outbox.put(frame)
                client.place = frame.place
                self._metrics.frames.inc()
                self._metrics.frame_bytes.inc(frame.size)
        except TooLarge as error:
            self._dismiss(client, error.message, TOO_MUCH)

    def _fall_behind(self, client: Client) -> None:
        """A slow client: what is queued is dropped, and once it has drained it gets a snapshot."""
        client.discard()
        client.snapshot_due = "slow"
        self._metrics.dropped.labels("slow").inc()

    def _dismiss(self, client: Client, reason: str, code: int) -> None:
        """Ends a stream at once: what is queued is dropped, a frame under way cuts the connection."""
        if client.last:
            return
        client.last = True
        client.outbox.close(Farewell(farewell_text(reason), code, reason))
        client.cut_if_holding()
        _log.info("a stream was ended", extra={"participant": client.caller.participant.id, "status": code})
