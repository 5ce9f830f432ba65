"""The single writer: batches, a private overlay, one transaction, and only then an answer.

Commands that arrive while a commit runs form the next batch. They are decided in order, each seeing the
earlier ones in an overlay that nobody else sees; one transaction appends what they gave; then it is
folded into the state, released, and every command answered, refusals included: a refusal may rest
on a command that is not durable yet. Where the append fails for sure, the whole batch is refused with
``LedgerFull``; where its outcome is unknown, nothing more is decided and ``fatal`` is set: the process
restarts from disk.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Final, Protocol

import msgspec

from comity.clock import Clock, from_micros, micros
from comity.coordination.decide import decide
from comity.coordination.decision import Asked, Decision
from comity.coordination.fold import REQUEST_MEMORY, apply
from comity.coordination.state import State
from comity.errors import ComityError, LedgerFull, OutcomeUnknown, Refused, RequestIdReused, Stopping
from comity.ids import EXCHANGE, Ids, ParticipantId, RequestId
from comity.ledger.entry import Appended, Draft
from comity.model import fact as f
from comity.model.command import Submission
from comity.release.forms import References

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
Key = tuple[ParticipantId, RequestId]


class _Waiting:
    __slots__ = ("answer", "future", "submission")

    def __init__(self, submission: Submission, future: asyncio.Future[Answer]) -> None:
        self.submission = submission
        self.future = future
        self.answer: Answer | ComityError | None = None


class _Planned(msgspec.Struct):
    """A command with its decision and where its facts stand among the batch's drafts."""

    waiting: _Waiting
    decision: Decision
    first: int


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
        self.full_since: datetime | None = None
        self.committed_at: datetime | None = None
        self._queue: asyncio.Queue[_Waiting] = asyncio.Queue(QUEUE)
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="ledger")
        self._stopping = False

    async def submit(self, submission: Submission) -> Answer:
        """The answer once it is durable; raises what the decision or the ledger raised."""
        if self.fatal is not None:
            raise self.fatal
        if self._stopping:
            raise Stopping("the exchange is going down; try again once it is back")
        waiting = _Waiting(submission, asyncio.get_running_loop().create_future())
        try:
            self._queue.put_nowait(waiting)
        except asyncio.QueueFull:
            raise Stopping("too many commands are waiting; try again") from None
        return await asyncio.shield(waiting.future)

    async def run(self) -> None:
        """Decide and append batches until stopped. The supervisor's task.

        However it ends, nobody is left waiting: what was taken and not answered is of unknown outcome.
        """
        loop = asyncio.get_running_loop()
        batch: list[_Waiting] = []
        try:
            while True:
                batch = [await self._queue.get()]
                while len(batch) < MAX_BATCH and not self._queue.empty():
                    batch.append(self._queue.get_nowait())
                await self._commit(batch, loop)
                for _ in batch:
                    self._queue.task_done()
        finally:
            self.fatal = self.fatal or OutcomeUnknown("the writer has ended")
            while not self._queue.empty():
                batch.append(self._queue.get_nowait())
            for waiting in batch:
                _settle(waiting.future, self.fatal)

    async def _commit(self, batch: list[_Waiting], loop: asyncio.AbstractEventLoop) -> None:
        now = self.clock.now()
        planned, drafts = self._plan(batch, now)
        appended: list[Appended] = []
        try:
            if drafts:
                appended = await loop.run_in_executor(self._thread, self.ledger.append, drafts)
        except (LedgerFull, OutcomeUnknown) as error:
            self._fail(batch, error)
            return
        if drafts:
            self.full_since, self.committed_at = None, now
            self._fold(planned, appended)
        self._answer(batch, planned, appended, now)

    async def stop(self) -> None:
        """Refuse new commands and wait until those already taken are answered."""
        self._stopping = True
        await self._queue.join()
        self._thread.shutdown(wait=True)

    def _plan(self, batch: list[_Waiting], now: datetime) -> tuple[list[_Planned], list[Draft]]:
        overlay = self.state.overlay()
        planned: list[_Planned] = []
        drafts: list[Draft] = []
        same: dict[Key, _Planned] = {}
        for waiting in batch:
            by = waiting.submission
            try:
                repeated = self._repeated(overlay, same, waiting, now)
                if repeated is not None:
                    waiting.answer = repeated
                    continue
                if (by.participant, by.request_id) in same:
                    continue
                decision = decide(Asked(overlay, by, now, self.ids, self.references))
            except Refused as refusal:
                waiting.answer = refusal
                continue
            plan = _Planned(waiting, decision, len(drafts))
            planned.append(plan)
            if by.participant != EXCHANGE:
                same[(by.participant, by.request_id)] = plan
            request = request_of(by)
            for fact in decision.facts:
                drafts.append(draft(fact, request, by.participant, now))
                apply(overlay, fact, request, now, -1)
                request = None
        return planned, drafts

    def _repeated(
        self, state: State, same: dict[Key, _Planned], waiting: _Waiting, now: datetime
    ) -> Repeated | None:
        """An earlier durable answer; None also for a repeat within the batch, which shares its answer.

        A request is remembered for so long and no longer, whenever the state lets go of it: that is
        others' doing as well."""
        by = waiting.submission
        if by.participant == EXCHANGE:
            return None
        key = (by.participant, by.request_id)
        done = state.requests.get(key)
        if done is None or done.time_us < micros(now - REQUEST_MEMORY):
            return None
        if done.body_sha256 != by.body_sha256:
            raise RequestIdReused("this id was used for another request", field="Idempotency-Key")
        if done.index >= 0:
            return Repeated(done.index)
        first = same[key].waiting
        first.future.add_done_callback(lambda done: _share(done, waiting.future))
        return None

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

    def _answer(
        self, batch: list[_Waiting], planned: list[_Planned], appended: list[Appended], now: datetime
    ) -> None:
        for plan in planned:
            first = appended[plan.first] if plan.decision.facts else None
            plan.waiting.answer = Durable(plan.waiting.submission, plan.decision, first, now)
        for waiting in batch:
            _settle(waiting.future, waiting.answer)

    def _fail(self, batch: list[_Waiting], error: LedgerFull | OutcomeUnknown) -> None:
        if isinstance(error, OutcomeUnknown):
            self.fatal = error
        elif self.full_since is None:
            self.full_since = self.clock.now()
        for waiting in batch:
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
    if by.participant == EXCHANGE:
        return None
    return f.Request(by.participant, by.person, by.request_id, by.body_sha256, by.signed)


def draft(fact: f.Fact, request: f.Request | None, originator: ParticipantId, now: datetime) -> Draft:
    """The entry-to-be of one fact. It is counted in its owner's own log and in its originator's."""
    owner = f.owner(fact, originator)
    logs = (owner,) if originator in (owner, EXCHANGE) else (owner, originator)
    return Draft(micros(now), f.kind(fact), originator, logs, _encode(f.Payload(fact, request)))
