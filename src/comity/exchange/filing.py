"""A hosted plan's life among F3548 peers: discover, fetch, validate, decide, file with keys, try again.

The decision names the peers' plans near the one asked for that were not looked at (``PeersUnseen``). Their
details are then read from their USSs, all at once and within a bounded time, and held against priorities; the
same command goes to the decision again with their ovns as its key. Whatever a peer files meanwhile is missing
from the key, so nothing is ever decided on what was looked at before: it is looked at again.

Refused is what conflicts, and what cannot be decided: a peer that does not answer, or whose details
contradict its reference, which is reported to it and to the DSS. What was read is recorded as a digest.

Who files is judged by the exact volumes, whatever of them is released to peers: the answer is its own.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Iterable
from typing import Final, TypeVar

import msgspec

from comity.clock import Clock
from comity.coordination.f3548.footprint import footprint
from comity.coordination.f3548.keys import is_down
from comity.coordination.f3548.near import Near, PeersUnseen, foreign, hosted_level
from comity.coordination.state import State
from comity.errors import NotFound, Refused, StrategicConflict, Unavailable, Undecidable
from comity.exchange.filing_reports import PeerDetails, Reports
from comity.exchange.filing_verdict import Planned, Question
from comity.exchange.writer import Answer
from comity.ids import EntityId, ParticipantId
from comity.model.command import ChangeIntent, FileIntent, Submission
from comity.model.dss_command import DetailsSeen, PeersSeen, RecordDetails
from comity.model.f3548 import OperationalIntentReference
from comity.model.plan import Plan
from comity.model.released import ConflictItem
from comity.model.rule import Level
from comity.model.volume import Volumes
from comity.release.forms import References
from comity.release.peers import contact, entity_of, peer_form
from comity.uss.peers import Seen
from comity.uss.validate import PeerIntent

K = TypeVar("K")
V = TypeVar("V")

ATTEMPTS: Final = 8
"""Decisions asked for one command. More: somebody who keeps filing there can keep it busy for longer."""

ASKED_AT_ONCE: Final = 64
"""Peers' plans that one attempt asks for at a time. More: who files thousands that name as many mute servers
takes sockets that everybody else needs."""

LONGEST_LOOK_S: Final = 10.0
"""For all peers that one attempt asks; each has its own time-out besides. More: a slow peer delays longer."""

SETTLE_S: Final = 0.25
"""After a peer's answer about another version than the DSS has: its own write may not have come back to it
yet. Longer delays every plan beside a peer that contradicts itself."""

SETTLES: Final = 3
"""How often that is waited for, each time twice as long."""


REMEMBERED: Final = 100_000
"""Of which peers' plans each participant has looked at; beyond it the oldest count as not looked at."""


class _Look:
    """What one command has looked at so far."""

    def __init__(self) -> None:
        self.key: dict[str, None] = {}
        self.seen: dict[EntityId, DetailsSeen] = {}
        self.settled = 0

    def peers(self) -> PeersSeen:
        return PeersSeen(tuple(self.key), tuple(self.seen.values()))


class Filing:
    """``submit`` is the writer's; ``own`` submits a command of the exchange's own. ``peers`` gives who asks
    other USSs; None: nobody can be asked."""

    def __init__(
        self,
        state: State,
        references: References,
        submit: Callable[[Submission], Awaitable[Answer]],
        own: Callable[[RecordDetails], Awaitable[None]],
        peers: Callable[[], PeerDetails | None],
        clock: Clock,
    ) -> None:
        self._peers = peers
        self.reports = Reports(state, submit)
        self._state = state
        self._references = references
        self._submit = submit
        self._own = own
        self._clock = clock
        self._looked: OrderedDict[tuple[ParticipantId, EntityId], str] = OrderedDict()
        """Which version of a peer's plan, by its ovn, each participant has looked at."""
        self._recorded: OrderedDict[tuple[ParticipantId, EntityId], DetailsSeen] = OrderedDict()
        """What was last recorded of it where it was refused: trying again and again writes nothing new."""

    async def submit(self, submission: Submission) -> Answer:
        """As the writer's, for a command that files or changes an intent."""
        look = _Look()
        for _ in range(ATTEMPTS):
            try:
                return await self._submit(msgspec.structs.replace(submission, peers=look.peers()))
            except PeersUnseen as unseen:
                try:
                    await self._look(submission, unseen.references, look)
                except Refused:
                    await self._record(submission.participant, look)
                    raise
        await self._record(submission.participant, look)
        raise Undecidable(
            "plans of other USSs near it changed faster than they could be looked at; try again"
        )

    def in_the_way(self, who: ParticipantId, volumes: Volumes, plan: Plan) -> tuple[ConflictItem, ...]:
        """Peers' plans for which this one would be refused, by the details at hand that ``who`` has looked at
        itself: what others made the exchange look at would tell of their plans. Of any other plan the whole
        of its cells and box counts, so that too much is named and never too little. Asks nobody."""
        state, now = self._state, self._clock.now()
        level = hosted_level(state, who, now)
        if level is Level.NONE or not state.references:
            return ()
        before = None if plan.id is None else state.intents.get(plan.id)
        question = Question(state, Planned(volumes, plan.priority, before), now)
        found, peers = [], self._peers()
        for reference in foreign(state, footprint(volumes, level, state.environment), now):
            looked = self._looked.get((who, reference.id)) == reference.ovn
            known = peers.known_intent(reference) if looked and peers is not None else None
            if known is None or is_down(state, reference.manager):
                found.append(question.refused_by_all_of(reference))
            else:
                found.append(question.refused_by(reference, known))
        return self._items(who, [near for near in found if near is not None])

    async def _look(
        self, submission: Submission, references: Iterable[OperationalIntentReference], look: _Look
    ) -> None:
        """Take these into the key; raises where the plan may not be made beside one of them."""
        planned = self._planned(submission)
        question = Question(self._state, planned, self._clock.now())
        ask, blocking, wait = [], [], False
        for reference in references:
            if is_down(self._state, reference.manager):
                blocking.append(question.refused_by_all_of(reference))
                look.key[reference.ovn] = None
            else:
                ask.append(reference)
        for reference, seen in zip(ask, await self._details(ask), strict=True):
            if seen.details is None:
                wait = self._not_had(reference, seen, look) or wait
                continue
            self._remember(submission.participant, reference, seen.details, look)
            blocking.append(question.refused_by(reference, seen.details))
            look.key[reference.ovn] = None
        in_the_way = [near for near in blocking if near is not None]
        if in_the_way:
            raise self._conflict(submission.participant, in_the_way)
        if wait:
            look.settled += 1
            await asyncio.sleep(SETTLE_S * 2 ** (look.settled - 1))

    async def _details(self, references: list[OperationalIntentReference]) -> list[Seen[PeerIntent]]:
        """Of every one, all asked at once."""
        peers = self._peers()
        if not references:
            return []
        if peers is None:
            raise Undecidable("plans of other USSs are near it, and this exchange is set up to ask nobody")
        try:
            async with asyncio.timeout(LONGEST_LOOK_S):
                return await _some_at_once(peers, references)
        except TimeoutError as error:
            raise Undecidable(
                f"the USSs of {len(references)} plans near it did not tell them in {LONGEST_LOOK_S:.0f} s; "
                "what cannot be decided is refused"
            ) from error

    def _not_had(self, reference: OperationalIntentReference, seen: Seen[PeerIntent], look: _Look) -> bool:
        """Whether to look again after a while; raises once that is no use."""
        if seen.moved_on or not self._current(reference):
            return True
        answered = seen.record is not None and seen.record.response_code != 0
        if answered and look.settled < SETTLES:
            return True
        whose = contact(reference.manager)
        if seen.unreached:
            raise Undecidable(
                f"{whose} did not tell its plan near it ({seen.words}); what cannot be decided is refused"
            )
        if seen.told is not None:
            look.seen[reference.id] = seen.told
        self.reports.file(self._peers(), reference, seen)
        raise Undecidable(
            f"{whose} tells of its plan near it what contradicts its reference ({seen.words}); "
            "it was reported, and what cannot be decided is refused"
        )

    def _remember(
        self, who: ParticipantId, reference: OperationalIntentReference, details: PeerIntent, look: _Look
    ) -> None:
        """Alike whether they came now or were at hand from what others had looked at."""
        look.seen[reference.id] = DetailsSeen(
            reference.id, reference.manager, reference.version, details.sha256
        )
        _keep(self._looked, (who, reference.id), reference.ovn)

    def _current(self, reference: OperationalIntentReference) -> bool:
        held = self._state.references.get(reference.id)
        return held is not None and held.ovn == reference.ovn

    def _planned(self, submission: Submission) -> Planned:
        """The plan as it would be. The decision has passed it but for the peers'."""
        command = submission.command
        if isinstance(command, FileIntent):
            return Planned(command.volumes, command.priority)
        assert isinstance(command, ChangeIntent)
        before = self._state.intents.get(command.id)
        if before is None:
            raise NotFound("you have no intent with this id", field="id")
        nominal = before.nominal_volumes or before.volumes
        return Planned(
            nominal if command.volumes is None else command.volumes,
            before.priority if command.priority is None else command.priority,
            before,
        )

    def _conflict(self, who: ParticipantId, in_the_way: list[Near]) -> StrategicConflict:
        items = self._items(who, in_the_way)
        return StrategicConflict(
            f"conflicts with {len(items)} plans of other USSs, of no lower priority or off nominal",
            field="volumes",
            detail={"conflicts": list(items)},
        )

    def _items(self, who: ParticipantId, in_the_way: list[Near]) -> tuple[ConflictItem, ...]:
        now, items = self._clock.now(), []
        for near in in_the_way:
            ref = self._references.foreign(entity_of(near.reference), who, now)
            items.append(ConflictItem(peer_form(near.reference, ref), blocking=True, volumes=near.numbers))
        return tuple(sorted(items, key=lambda item: item.item.ref))

    async def _record(self, hosted: ParticipantId, look: _Look) -> None:
        """What was read although no plan came of it, once. The refusal stands, written or not."""
        new = tuple(one for one in look.seen.values() if self._recorded.get((hosted, one.id)) != one)
        if new:
            try:
                await self._own(RecordDetails(new, hosted))
            except Unavailable:
                return
            for one in new:
                _keep(self._recorded, (hosted, one.id), one)


def _keep(kept: OrderedDict[K, V], key: K, value: V) -> None:
    kept[key] = value
    while len(kept) > REMEMBERED:
        kept.popitem(last=False)


async def _some_at_once(
    peers: PeerDetails, references: list[OperationalIntentReference]
) -> list[Seen[PeerIntent]]:
    turns = asyncio.Semaphore(ASKED_AT_ONCE)

    async def ask(reference: OperationalIntentReference) -> Seen[PeerIntent]:
        async with turns:
            return await peers.intent(reference)

    return list(await asyncio.gather(*(ask(each) for each in references)))
