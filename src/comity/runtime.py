"""The runtime: configuration -> parts -> tasks -> an orderly stop. It owns every task and every connection.

Order of start: keys and ledger, state, writer, what has to be on the record before anybody is served,
then feeds, ticks and the server. Order of stop: no new requests, goodbye to streams, feeds, the last
segments and checkpoint, the writer, the ledger. A task that ends when it should not, and an append whose
outcome is unknown, stop the process with ``Fatal``: whoever supervises it starts it again, and it reads
from disk what is so.
"""

from __future__ import annotations

import asyncio
import logging
import signal
from collections.abc import Callable, Coroutine
from contextlib import suppress
from datetime import UTC, datetime
from typing import Any, Final

from comity.alerts import warm as alerts_warm
from comity.clock import Clock, SystemClock
from comity.config import Config, EnvironmentSection, F3548Section, SbsFeed
from comity.conflict import incursion_table
from comity.conflict import warm as conflict_warm
from comity.coordination.state import DssSettings
from comity.errors import ComityError, OutcomeUnknown, Unavailable
from comity.exchange.exchange import Exchange
from comity.exchange.history import HistorySettings
from comity.exchange.opening import OBSERVED, Genesis, Opened, Place, begin, open_exchange
from comity.exchange.snapshots import Snapshots
from comity.exchange.warnings import Settings as WarningSettings
from comity.feeds.funnel import Funnel, Item
from comity.feeds.tcp import TcpSource
from comity.geo.heights import Environment, Qnh
from comity.http.app import App, create_app
from comity.http.server import Server
from comity.ids import Entropy, ParticipantId, SystemEntropy
from comity.model.intake import Rejection, SourceKey
from comity.picture.recording import Recorder, RecordingSettings
from comity.picture.settings import PictureSettings
from comity.uss.log import ExchangeLog
from comity.uss.outbound import Outbound, OutboundSettings
from comity.uss.outbox import Outbox, OutboxSettings
from comity.uss.peers import Peers, PeerSettings
from comity.uss.tokens import Tokens, TokenSettings, check_token_url, read_secret

_log = logging.getLogger("comity.runtime")

TICK_S: Final = 1.0
"""Once a second: what the design promises of streams, deadlines and the picture."""

KEEP_SEGMENTS: Final = 1_000_000
"""Recordings of observations are bounded by age (``retention_days``), not by number."""


class Fatal(Exception):
    """The process must end and be started again. ``__cause__`` says why."""


class Runtime:
    """One exchange, served. ``start`` returns once it is ready; ``stop`` once everything is down."""

    def __init__(
        self,
        config: Config,
        *,
        clock: Clock | None = None,
        entropy: Entropy | None = None,
        port: int | None = None,
    ) -> None:
        self.config = config
        self.clock = clock or SystemClock()
        self._entropy = entropy or SystemEntropy()
        self._port = port
        self._tasks: list[asyncio.Task[None]] = []
        self._writer: asyncio.Task[None] | None = None
        self._serving: asyncio.Task[None] | None = None
        self._recording: Recorder | None = None
        self._funnel = Funnel(self._take, self._dropped)
        self._peers: Peers | None = None
        self._failed: asyncio.Future[None] | None = None
        self.opened: Opened
        self.snapshots: Snapshots
        self.app: App
        self.server: Server

    @property
    def exchange(self) -> Exchange:
        return self.opened.exchange

    @property
    def url(self) -> str:
        return self.server.url

    async def start(self, progress: Callable[[str], None] = lambda step: None) -> None:
        """Open everything and serve. ``progress`` is told each step in words."""
        self._failed = asyncio.get_running_loop().create_future()
        progress("compiling what searches for conflicts, unless that was kept from an earlier start")
        await asyncio.to_thread(_compile)
        progress("opening the ledger and folding the state")
        self.opened = await asyncio.to_thread(self._open)
        for name in self.opened.recovered.passed_over:
            _log.warning("snapshot passed over", extra={"reason": name})
        exchange = self.exchange
        self._writer = self._spawn("writer", exchange.writer.run())
        progress("meeting what became due")
        await begin(self.opened, self._genesis())
        self.snapshots = Snapshots(exchange, self.config.data_dir, self.config.key_file)
        exchange.before_erasure = self.snapshots.make_only
        self.app = create_app(exchange, self.config)
        self.server = Server(self.app, self.config, port=self._port)
        await self._checkpoint()
        self._tasks += [
            self._spawn("tick", self._every(TICK_S, self._tick)),
            self._spawn("checkpoints", self._every(self.config.ledger.checkpoint_s, self._checkpoint)),
            self._spawn("snapshots", self._every(self.config.ledger.snapshot_s, self._snapshot)),
        ]
        self._tasks += [self._spawn("feed", self._feed(feed)) for feed in self.config.feeds.sbs]
        self._tasks.append(self._spawn("funnel", self._funnel.run()))
        if self.config.f3548.enabled:
            self._tasks.append(self._spawn("notices", self._call_peers().run()))
        progress("listening")
        self._serving = self._spawn("server", self.server.serve())
        await self.server.until_started()
        _log.info("ready", extra={"port": self.server.port})

    async def until_failure(self) -> None:
        """Returns never, or raises ``Fatal``."""
        assert self._failed is not None
        await self._failed

    async def stop(self) -> None:
        """Bring everything down in order; what was acknowledged is on disk already."""
        if hasattr(self, "server"):
            self.server.stop()
        if self._serving is not None:
            with suppress(Fatal):
                await self._serving
        for task in self._tasks:
            await _cancel(task)
        await self._stop_calling()
        if self._recording is not None:
            await asyncio.to_thread(self._recording.close)
        if hasattr(self, "opened"):
            await self.exchange.warnings.stop()
            try:
                if self.exchange.healthy():
                    await self.exchange.close_segments()
                    await self._checkpoint()
                    await self.exchange.writer.stop()
            except Unavailable as error:
                _log.error("the ledger could not take the last entries", extra={"reason": error.code})
            if self._writer is not None:
                await _cancel(self._writer)
            self.exchange.ledger.close()
        _log.info("stopped")

    async def _stop_calling(self) -> None:
        if hasattr(self, "opened"):
            await self.exchange.stop_looking()
        if self._peers is not None:
            await self._peers.aclose()

    # --- parts

    def _open(self) -> Opened:
        config = self.config
        return open_exchange(
            Place(
                name=config.exchange.name,
                directory=config.data_dir,
                key_file=config.key_file,
                environment=environment(config.environment),
                picture=PictureSettings(
                    stale_after_s=config.tracks.stale_s, expire_after_s=config.tracks.expire_s
                ),
                view_limit=config.exchange.view_limit,
                items_per_participant=config.quotas.live_items,
                dss=dss_settings(config.f3548),
                turn_s=config.f3548.turn_ms / 1e3,
                warnings=WarningSettings(
                    alerts=config.alerts.settings(expire_s=config.tracks.expire_s),
                    raises_per_pair=config.alerts.raises_per_pair,
                    raise_budget_s=config.alerts.raise_budget_s,
                ),
                history=HistorySettings(
                    config.history.minutes, config.history.step_s, config.history.bytes_each
                ),
            ),
            self.clock,
            self._entropy,
            self._open_recording if config.tracks.record else None,
        )

    def _open_recording(self, key: bytes) -> Recorder:
        settings = RecordingSettings(
            keep_segments=KEEP_SEGMENTS, keep_s=self.config.tracks.retention_days * 86_400.0
        )
        self._recording = Recorder(self.config.data_dir / OBSERVED, settings, now=self.clock.now(), key=key)
        return self._recording

    def _genesis(self) -> Genesis | None:
        given = self.config.genesis
        if given is None:
            return None
        return Genesis(given.charter, given.centre, given.administrator)

    def _call_peers(self) -> Outbox:
        """From now on other USSs can be called; what delivers the notifications that are owed to them."""
        exchange, hosting = self.exchange, self.exchange.hosting
        self._peers = peers = make_peers(self.config, hosting.log, self.clock)
        hosting.use(peers)
        settings = OutboxSettings(retries=self.config.f3548.notice_retries)
        outbox = Outbox(settings, hosting.send, exchange.own)
        hosting.on_owed = outbox.take
        outbox.take(hosting.owed())
        return outbox

    # --- tasks

    async def _tick(self) -> None:
        await self.exchange.tick()
        if self._recording is not None:
            self._recording.flush(self.clock.now())

    async def _checkpoint(self) -> None:
        await asyncio.to_thread(self.exchange.ledger.checkpoint_all, self.clock.now())

    async def _snapshot(self) -> None:
        await self.snapshots.make()

    async def _every(self, period_s: float, work: Callable[[], Coroutine[Any, Any, None]]) -> None:
        """Run ``work`` at a fixed rhythm. A ledger that is full for now is waited out; the tick goes on."""
        loop = asyncio.get_running_loop()
        due = loop.time()
        while True:
            due = max(due + period_s, loop.time())
            await asyncio.sleep(due - loop.time())
            try:
                await work()
            except OutcomeUnknown:
                raise
            except Unavailable as error:
                _log.warning("waiting for the ledger", extra={"code": error.code})
            if work == self._tick:
                await self.app.hub.tick(self.clock.now())
                await self.exchange.history.keep(self.clock.now())

    async def _feed(self, feed: SbsFeed) -> None:
        source = SourceKey(ParticipantId(feed.participant), feed.feed, feed.provenance)
        async for chunk in TcpSource(feed.host, feed.port).chunks():
            self._funnel.offer(Item(source, chunk, self.clock.now()))

    def _take(self, item: Item) -> None:
        """An item's turn has come; text is all that receivers send."""
        if isinstance(item.payload, bytes):
            who, feed, provenance = item.source
            self.exchange.observe_sbs(who, feed, provenance, item.payload, item.time_offset_s)

    def _dropped(self, source: SourceKey, reports: int) -> None:
        self.exchange.picture.count(source, {Rejection.QUEUE_FULL: reports})

    def _spawn(self, name: str, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        return asyncio.create_task(self._supervise(name, work), name=name)

    async def _supervise(self, name: str, work: Coroutine[Any, Any, None]) -> None:
        """A task's end is told to ``until_failure``, with its reason, whatever it was."""
        try:
            await work
        except ComityError as error:
            self._fail(name, error)
        except Exception as error:  # noqa: BLE001  # the task supervisor
            _log.critical("task failed", exc_info=error, extra={"reason": name})
            self._fail(name, error)

    def _fail(self, name: str, error: Exception) -> None:
        if self._failed is not None and not self._failed.done():
            fatal = Fatal(f"{name} failed: {error}")
            fatal.__cause__ = error
            self._failed.set_exception(fatal)


def _compile() -> None:
    """So that no sweep waits for a compiler."""
    for warm in (conflict_warm.warm, incursion_table.warm, alerts_warm.warm):
        warm()


def dss_settings(section: F3548Section) -> DssSettings:
    """What deciding for the standards' interfaces depends on; nothing of it where they are off."""
    if not section.enabled:
        return DssSettings()
    return DssSettings(
        uss=section.uss_id,
        base_url=section.base_url or "",
        counting=section.notification_index == "counting",
        equal_priority=section.equal_priority == "permitted",
        entities_per_manager=section.entities_per_manager,
    )


def make_peers(config: Config, log: ExchangeLog, clock: Clock) -> Peers:
    """How other USSs are called. Raises ``InvalidInput`` that names the setting."""
    f3548 = config.f3548
    private = f3548.allow_http or f3548.private_peers
    ca_file = None if f3548.ca_file is None else str(config.path(f3548.ca_file))
    tokens = None
    if f3548.oauth is not None:
        oauth = f3548.oauth
        check_token_url(oauth.token_url, allow_http=f3548.allow_http)
        secret = None if oauth.secret_file is None else read_secret(config.path(oauth.secret_file))
        settings = TokenSettings(oauth.token_url, oauth.client_id, secret, oauth.method)
        outbound = Outbound(OutboundSettings(oauth.timeout_s, private=True, ca_file=ca_file), clock)
        tokens = Tokens(settings, outbound, clock)
    outbound = Outbound(OutboundSettings(f3548.peer_timeout_s, private, ca_file), clock)
    return Peers(PeerSettings(f3548.uss_id, f3548.allow_http), outbound, tokens, log, clock)


def environment(section: EnvironmentSection) -> Environment:
    """What the configuration knows of the air and the ground."""
    qnh: tuple[Qnh, ...] = ()
    if section.qnh_hpa is not None and section.qnh_error_hpa is not None and section.qnh_until is not None:
        start = datetime(2000, 1, 1, tzinfo=UTC)
        qnh = (Qnh(section.qnh_hpa, section.qnh_error_hpa, start, section.qnh_until),)
    return Environment(
        geoid_m=(section.geoid_lower_m, section.geoid_upper_m),
        terrain_m=(section.terrain_lower_m, section.terrain_upper_m),
        qnh=qnh,
    )


async def run(config: Config, on_ready: Callable[[Runtime], None] = lambda runtime: None) -> int:
    """Serve until SIGINT or SIGTERM; the exit status: 0 in order, 3 where the process should be restarted."""
    runtime = Runtime(config)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    try:
        await runtime.start()
        on_ready(runtime)
        stopped = asyncio.create_task(stop.wait())
        failed = asyncio.create_task(runtime.until_failure())
        await asyncio.wait({stopped, failed}, return_when=asyncio.FIRST_COMPLETED)
        status = 0 if stop.is_set() else 3
        for task in (stopped, failed):
            await _cancel(task)
        return status
    finally:
        await runtime.stop()


async def _cancel(task: asyncio.Task[Any]) -> None:
    task.cancel()
    with suppress(asyncio.CancelledError, Fatal):
        await task
