"""The single writer: batches, a private overlay, one transaction, and only then an answer.

Commands that arrive while a commit runs form the next batch, and are decided while the disk works. They are
decided in order, each seeing the earlier ones, those under way included, in an overlay that nobody else
sees; one transaction appends what they gave; then it is folded into the state, released, and every command
answered, refusals included: a refusal may rest on a command that is not durable yet. Where the append
fails for sure, its batch and what was decided over it are refused with ``LedgerFull``; where its outcome is
unknown, nothing more is decided and ``fatal`` is set: the process restarts from disk.
"""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Final, Protocol

import msgspec

from comity.clock import Clock, from_micros, micros
from comity.coordination.decide import decide
from comity.coordination.decision import Asked, Decision
from comity.coordination.fold import REQUEST_MEMORY, apply
from comity.coordination.state import State
from comity.errors import (
    ComityError,
    LedgerFull,
    OutcomeUnknown,
    Refused,
    RequestIdReused,
    Stopping,
    TooLarge,
    Undecidable,
)
from comity.ids import EXCHANGE, Ids, ParticipantId, RequestId
from comity.ledger.entry import MAX_PAYLOAD_BYTES, Appended, Draft
from comity.model import fact as f
from comity.model.command import Submission
from comity.model.dss_fact import of_own_uss
from comity.model.f3548 import is_peer
from comity.release.forms import References

_log = logging.getLogger("comity.exchange.writer")

MAX_DECIDING_S: Final = 0.05
"""Deciding goes on for so long before others have a turn; a single command may take longer."""

MAX_BATCH: Final = 256
"""Commands in one transaction: more lengthens the wait of the first, less costs a sync for each."""

QUEUE: Final = 4_096
"""Commands that may wait. Beyond it new ones are refused with ``unavailable``; none is dropped."""

_encode = msgspec.json.Encoder().encode


class Appender(Protocol):
    def append(self, drafts: Sequence[Draft]) -> list[Appended]: ...


class Durable(msgspec.Struct, frozen=True):
    """A decision whose facts are in the ledger. ``first``: its first fact's entry, None if it had none."""

    submission: Submission
    decision: Decision
    first: Appended | None
    now: datetime


class Repeated(msgspec.Struct, frozen=True):
    """A request that was carried out before: the index of its entry."""

    index: int


class Folded(msgspec.Struct, frozen=True):
    """One fact as it enters the state, with the item it replaces."""

    fact: f.Fact
    request: f.Request | None


Answer = Durable | Repeated
Decided = Callable[[Refused | None], None]
Key = tuple[ParticipantId, RequestId]


class _Waiting:
    __slots__ = ("answer", "decided", "future", "submission")

    def __init__(
        self, submission: Submission, future: asyncio.Future[Answer], decided: Decided | None
    ) -> None:
        self.submission = submission
        self.future = future
        self.decided = decided
        self.answer: Answer | ComityError | None = None


class _Planned(msgspec.Struct):
    """A command with its decision and where its facts stand among the batch's drafts."""

    waiting: _Waiting
    decision: Decision
    first: int
    now: datetime


class _Batch:
    """Commands decided one after the other over ``base``, and the drafts of their facts."""

    def __init__(self, base: State) -> None:
        self.overlay = base.overlay()
        self.commands: list[_Waiting] = []
        self.planned: list[_Planned] = []
        self.drafts: list[Draft] = []
        self.same: dict[Key, _Waiting] = {}


class Writer:
    """Owns the state's only way to change. ``after_fold`` is called once a batch is in the state, before any
    of its commands is answered."""

    def __init__(
        self, state: State, ledger: Appender, ids: Ids, references: References, clock: Clock
    ) -> None:
        self.state = state
        self.ledger = ledger
        self.ids = ids
        self.references = references
        self.clock = clock
        self.after_fold: Callable[[list[Folded], datetime], None] = lambda folded, now: None
        self.fatal: OutcomeUnknown | None = None
        self.faults = 0
        self.full_since: datetime | None = None
        self.committed_at: datetime | None = None
        self._queue: deque[_Waiting] = deque()
        self._under_way: _Batch | None = None
        self._following: _Batch | None = None
        self._waker: asyncio.Future[None] | None = None
        self._idle = asyncio.Event()
        self._idle.set()
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="ledger")
        self._stopping = False

    async def submit(self, submission: Submission, decided: Decided | None = None) -> Answer:
        """The answer once it is durable; raises what the decision or the ledger raised. ``decided`` is called
        before that, with what refused it if anything did; it must not fail, and nothing may rest on it."""
        if self.fatal is not None:
            raise self.fatal
        if self._stopping:
            raise Stopping("the exchange is going down; try again once it is back")
        if len(self._queue) >= QUEUE:
            raise Stopping("too many commands are waiting; try again")
        waiting = _Waiting(submission, asyncio.get_running_loop().create_future(), decided)
        self._queue.append(waiting)
        self._idle.clear()
        self._wake()
        if request_of(submission) is None:
            return await waiting.future  # only a request with an id is answered for another as well
        return await asyncio.shield(waiting.future)

    async def run(self) -> None:
        """Decide and append batches until stopped. The supervisor's task.

        However it ends, nobody is left waiting: what was taken and not answered is of unknown outcome.
        """
        try:
            while True:
                while not self._queue:
                    self._idle.set()
                    await self._woken()
                batch = self._under_way = _Batch(self.state)
                self._decide(batch)
                while batch.commands:
                    batch = await self._commit(batch)
        finally:
            self.fatal = self.fatal or OutcomeUnknown("the writer has ended")
            for left in (self._under_way, self._following):
                _settle_all(left.commands if left is not None else (), self.fatal)
            _settle_all(self._queue, self.fatal)
            self._queue.clear()
            self._idle.set()

    async def _commit(self, batch: _Batch) -> _Batch:
        """Append a batch while what arrives is decided over it; fold and answer it; what arrived."""
        self._under_way, self._following = batch, _Batch(batch.overlay)
        following = self._following
        if batch.drafts:
            loop = asyncio.get_running_loop()
            appending = loop.run_in_executor(self._thread, self.ledger.append, batch.drafts)
            appending.add_done_callback(lambda done: self._wake())
            self._decide(following)
            while not appending.done():
                await self._woken()
                self._decide(following)
            try:
                appended = appending.result()
            except (LedgerFull, OutcomeUnknown) as error:
                self._fail([*batch.commands, *following.commands], error)
                self._under_way = self._following = None
                return _Batch(self.state)
            self.full_since, self.committed_at = None, batch.planned[-1].now
            self._fold(batch.planned, appended)
            following.overlay.rebase(self.state)
            self._answer(batch, appended)
        else:
            self._answer(batch, [])
            await asyncio.sleep(0)
        self._under_way = self._following = None
        return following

    async def stop(self) -> None:
        """Refuse new commands and wait until those already taken are answered."""
        self._stopping = True
        await self._idle.wait()
        self._thread.shutdown(wait=True)

    def _wake(self) -> None:
        if self._waker is not None and not self._waker.done():
            self._waker.set_result(None)

    async def _woken(self) -> None:
        """Until a command has come or an append has ended."""
        self._waker = asyncio.get_running_loop().create_future()
        await self._waker

    def _decide(self, batch: _Batch) -> None:
        """Decide what waits, as far as the batch has room."""
        if not self._queue:
            return
        now = self.clock.now()
        enough_s = self.clock.monotonic() + MAX_DECIDING_S
        while self._queue and len(batch.commands) < MAX_BATCH:
            waiting = self._queue.popleft()
            batch.commands.append(waiting)
            try:
                if not self._repeated(batch, waiting, now):
                    self._plan(batch, waiting, self._decision(batch, waiting, now), now)
            except Refused as refusal:
                waiting.answer = refusal
            if waiting.decided is not None:
                waiting.decided(waiting.answer if isinstance(waiting.answer, Refused) else None)
            if self.clock.monotonic() >= enough_s:
                return

    def _decision(self, batch: _Batch, waiting: _Waiting, now: datetime) -> Decision:
        """What the command gives. Deciding changes nothing, so a fault in it that nobody foresaw refuses this
        command alone: one poisonous request must not stop everybody's writing, again at each retry."""
        try:
            return decide(Asked(batch.overlay, waiting.submission, now, self.ids, self.references))
        except ComityError:
            raise
        except Exception as error:  # the boundary of one command, decision 0015
            self.faults += 1
            _log.error("a command could not be decided", exc_info=error)
            raise Undecidable("the exchange could not decide this command; nothing was changed") from error

    def _plan(self, batch: _Batch, waiting: _Waiting, decision: Decision, now: datetime) -> None:
        by, overlay = waiting.submission, batch.overlay
        drafts = self._drafts(by, decision, now)
        batch.planned.append(_Planned(waiting, decision, len(batch.drafts), now))
        if request_of(by) is not None:
            batch.same[(by.participant, by.request_id)] = waiting
        request = request_of(by)
        for fact, made in zip(decision.facts, drafts, strict=True):
            batch.drafts.append(made)
            apply(overlay, fact, request, now, -1)
            request = None

    def _drafts(self, by: Submission, decision: Decision, now: datetime) -> list[Draft]:
        """The entries-to-be. What the ledger would not take is refused here, before anything rests on it."""
        request, drafts = request_of(by), []
        for fact in decision.facts:
            drafts.append(draft(fact, request, by.participant, now))
            if len(drafts[-1].payload) > MAX_PAYLOAD_BYTES:
                raise TooLarge(f"a command must fit into {MAX_PAYLOAD_BYTES} bytes of record", field="body")
            request = None
        return drafts

    def _repeated(self, batch: _Batch, waiting: _Waiting, now: datetime) -> bool:
        """Whether it was carried out before: then the answer is the earlier one, which for a command that
        is not durable yet has still to come.

        A request is remembered for so long and no longer, whenever the state lets go of it: that is
        others' doing as well."""
        by = waiting.submission
        if by.participant == EXCHANGE or is_peer(by.participant):
            return False
        key = (by.participant, by.request_id)
        done = batch.overlay.requests.get(key)
        if done is None or done.time_us < micros(now - REQUEST_MEMORY):
            return False
        if done.body_sha256 != by.body_sha256:
            raise RequestIdReused("this id was used for another request", field="Idempotency-Key")
        if done.index >= 0:
            waiting.answer = Repeated(done.index)
            return True
        first = batch.same.get(key)
        if first is None:
            assert self._under_way is not None
            first = self._under_way.same[key]
        first.future.add_done_callback(lambda done: _share(done, waiting.future))
        return True

    def _fold(self, planned: list[_Planned], appended: list[Appended]) -> None:
        folded: list[Folded] = []
        now = from_micros(appended[-1].time_us)
        for plan in planned:
            request = request_of(plan.waiting.submission)
            for offset, fact in enumerate(plan.decision.facts):
                entry = appended[plan.first + offset]
                apply(self.state, fact, request, from_micros(entry.time_us), entry.index)
                folded.append(Folded(fact, request))
                request = None
        self.after_fold(folded, now)

    def _answer(self, batch: _Batch, appended: list[Appended]) -> None:
        for plan in batch.planned:
            first = appended[plan.first] if plan.decision.facts else None
            plan.waiting.answer = Durable(plan.waiting.submission, plan.decision, first, plan.now)
        for waiting in batch.commands:
            _settle(waiting.future, waiting.answer)

    def _fail(self, commands: list[_Waiting], error: LedgerFull | OutcomeUnknown) -> None:
        if isinstance(error, OutcomeUnknown):
            self.fatal = error
        elif self.full_since is None:
            self.full_since = self.clock.now()
        _settle_all(commands, error)


def _settle_all(commands: Iterable[_Waiting], error: ComityError) -> None:
    for waiting in commands:
        _settle(waiting.future, error)


def _settle(future: asyncio.Future[Answer], answer: Answer | ComityError | None) -> None:
    """Answer a caller that is still there; one without an answer shares another's (see ``_share``)."""
    if future.done() or answer is None:
        return
    if isinstance(answer, ComityError):
        future.set_exception(answer)
    else:
        future.set_result(answer)


def _share(first: asyncio.Future[Answer], future: asyncio.Future[Answer]) -> None:
    if future.done() or first.cancelled():
        return
    error = first.exception()
    if error is not None:
        future.set_exception(error)
    else:
        future.set_result(first.result())


def request_of(by: Submission) -> f.Request | None:
    """None for the exchange's own commands and for those of the standards' interfaces, which have no request
    ids: there, creating what is there and changing what is another version are refused instead."""
    if by.participant == EXCHANGE or is_peer(by.participant):
        return None
    return f.Request(by.participant, by.person, by.request_id, by.body_sha256, by.signed)


def draft(fact: f.Fact, request: f.Request | None, originator: ParticipantId, now: datetime) -> Draft:
    """The entry-to-be of one fact. It is counted in its owner's own log and in its originator's."""
    owner = f.owner(fact, originator)
    if of_own_uss(fact):
        originator = EXCHANGE
    logs = (owner,) if originator in (owner, EXCHANGE) else (owner, originator)
    return Draft(micros(now), f.kind(fact), originator, logs, _encode(f.Payload(fact, request)))
