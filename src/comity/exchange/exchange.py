"""The exchange: two doors in, one door out, joined.

``submit`` takes commands to the writer; ``observe`` takes reports to the picture; everything else is the
door out, and each answer to a participant comes from its own view, its own log, its own facts, or the
picture fused from the sources released to it. This class only joins; the subjects decide.

All methods belong to the event loop. What may take long runs in a thread.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from typing import Any, Final

import msgspec

from comity.clock import Clock, from_micros
from comity.coordination import deadlines
from comity.coordination.state import Revocation, State
from comity.errors import NotFound, NotPermitted, Unavailable
from comity.exchange.account import GOVERNING, seen_by_others, state_at
from comity.exchange.dss import Dss
from comity.exchange.filing import Filing
from comity.exchange.filing_alignment import IN_A_COMMAND_S, IN_A_TICK_S, Alignment
from comity.exchange.filing_watch import Watch
from comity.exchange.history import History, HistorySettings
from comity.exchange.hosting import Hosting
from comity.exchange.identification import Identification
from comity.exchange.logs import Logs
from comity.exchange.nearby import items_near
from comity.exchange.observing import Observing
from comity.exchange.outcomes import outcome_of, repeated
from comity.exchange.plans import Plans
from comity.exchange.recorder import Line, Recorder
from comity.exchange.released import Released
from comity.exchange.tracks import Tracks
from comity.exchange.values import (
    AlertDelta,
    AlertFrame,
    LogLeaf,
    Outcome,
    SeenBy,
    TrackDelta,
    TrackFrame,
)
from comity.exchange.views import MEMBERSHIP, Views
from comity.exchange.warnings import Settings as WarningSettings
from comity.exchange.warnings import Warnings
from comity.exchange.writer import Durable, Folded, Writer
from comity.ids import (
    EXCHANGE,
    EntityId,
    GroupId,
    Ids,
    Ovn,
    ParticipantId,
    PersonId,
    RequestId,
    RuleId,
)
from comity.ledger.store import Ledger
from comity.model import command as c
from comity.model import fact as f
from comity.model.alert import Alert
from comity.model.charter import Charter
from comity.model.intake import Intake
from comity.model.observation import Provenance, Report
from comity.model.participant import Participant, Person
from comity.model.released import Change, ChangePage, ItemKind, ReleasedItem
from comity.model.rule import Group, ReleaseRule
from comity.picture.picture import Picture
from comity.release.forms import References, past
from comity.release.policy import F3548_GROUP

SEGMENT_CADENCE: Final = timedelta(seconds=60)
"""How often open segments of the release recording are closed and hashed into the ledger."""

_encode = msgspec.json.Encoder().encode


class Settings(msgspec.Struct, frozen=True):
    """``boot`` names this run in every cursor. ``view_limit``: items one participant may hold. ``turn_s``:
    how long a refused writer of the DSS has its place to itself (``turns``)."""

    name: str
    boot: str
    view_limit: int = 20_000
    warnings: WarningSettings = WarningSettings()
    history: HistorySettings = HistorySettings()
    turn_s: float = 0.05


class Exchange:
    """See the file's head. ``opening.open_exchange`` makes one from disk."""

    def __init__(
        self,
        settings: Settings,
        state: State,
        ledger: Ledger,
        ids: Ids,
        clock: Clock,
        picture: Picture,
        recorder: Recorder,
    ) -> None:
        self.settings = settings
        self.clock = clock
        self.state = state
        self.ledger = ledger
        self.picture = picture
        self.recorder = recorder
        self.references = References(ids)
        self.writer = Writer(state, ledger, ids, self.references, clock)
        self.writer.after_fold = self._after_fold
        self.dss = Dss(state, self.writer, clock, settings.turn_s)
        self.identification = Identification(state, self.writer, clock)
        self.alignment = Alignment(state, self.own, clock)
        self.hosting = Hosting(state, picture, recorder, clock)
        self.hosting.notices.on_change.append(lambda change: self.watch.told(change.id))
        self.filing = Filing(
            state, self.references, self.writer.submit, self.own, lambda: self.hosting.peers, clock
        )
        self.views = Views(state, self.references, settings.boot, settings.view_limit)
        self.views.record = self._record
        self.watch = Watch(state, lambda: self.hosting.peers, self.views.mark)
        self.views.peer_conflicts = self.watch.of
        self.tracks_out = Tracks(state, picture, recorder)
        self.views.tracks_shown = self.tracks_out.shown
        self.warnings = Warnings(
            settings.warnings, state, picture, self.tracks_out, self.references, ids, self.own, clock.now()
        )
        self.tracks_out.raised = self.warnings.raised
        self.views.raises_lowered = self.warnings.follow_policy
        released = Released(state, picture, self.views, self.tracks_out, self.warnings, clock)
        self.history = History(settings.history, released)
        self.views.levels_changed = self.history.lowered
        self.reports_in = Observing(picture)
        self.plans = Plans(state, self.references, ids, clock)
        self.plans.peers_check = self.filing.in_the_way
        self.logs = Logs(ledger, state)
        self.on_withdrawn: list[Callable[[ParticipantId], None]] = self.views.withdrawn
        self.on_revoked: list[Callable[[ParticipantId, PersonId, str | None], None]] = []
        self.on_swept: list[Callable[[float, float, int], None]] = []
        """Told after each sweep: seconds taken, seconds late, pairs looked at."""
        self.before_erasure: Callable[[], Any] | None = None
        self._segment_due = clock.now() + SEGMENT_CADENCE
        self._own_requests = 0
        # One at a time and apart: folding the past must not hold up checkpoints, which run in threads too.
        self._past = ThreadPoolExecutor(1, thread_name_prefix="account")

    # --- the first door

    async def submit(self, submission: c.Submission) -> Outcome:
        """Carry out a command. Returns once it is durable; raises what refused it."""
        if isinstance(submission.command, c.AcknowledgeAlert):
            command = self.warnings.acknowledgement(
                submission.participant, submission.command, self.clock.now()
            )
            submission = msgspec.structs.replace(submission, command=command)
        plan = isinstance(submission.command, c.FileIntent | c.ChangeIntent)
        answer = await (self.filing if plan else self.writer).submit(submission)
        if isinstance(answer, Durable):
            fact = answer.decision.facts[0]
            if isinstance(fact, f.AlertAcknowledged):
                self.warnings.acknowledged(fact.told, self.clock.now())
            if isinstance(submission.command, c.Erase):
                await self._erase(submission.command)
            if isinstance(fact, MEMBERSHIP):
                await self._align()
            return self._outcome(answer)
        return repeated(self.ledger, self.logs, answer.index)

    async def _align(self) -> None:
        """What changed is on the record, whatever becomes of this: the next tick tries again."""
        with suppress(Unavailable):
            await self.alignment.run(IN_A_COMMAND_S)

    async def own(self, command: c.Command) -> None:
        """Submit a command of the exchange's own."""
        self._own_requests += 1
        request = RequestId(f"own-{self.settings.boot}-{self._own_requests}")
        await self.writer.submit(c.Submission(EXCHANGE, PersonId("exchange"), request, command, ""))

    async def meet_deadlines(self) -> int:
        """Do by entries everything whose time has come; returns how many were looked at."""
        met = 0
        while taken := deadlines.due(self.state, self.clock.now()):
            try:
                await self.own(c.MeetDeadlines(tuple((kind, id) for _, kind, id in taken)))
            except Unavailable:
                deadlines.give_back(self.state, taken)
                raise
            met += len(taken)
        return met

    def _outcome(self, done: Durable) -> Outcome:
        return outcome_of(done)

    def _after_fold(self, folded: list[Folded], now: datetime) -> None:
        facts = [each.fact for each in folded]
        self.views.touched(facts, now)
        self.warnings.watching.touched(facts)
        self.watch.touched(facts)
        self.identification.touched(facts)
        self.dss.touched(facts)
        self.hosting.touched(facts)
        for fact in facts:
            if isinstance(fact, f.TokensRevoked):
                self._tell_revoked(fact.participant, fact.person, fact.token_id)
            elif isinstance(fact, f.PersonRemoved):
                self._tell_revoked(fact.participant, fact.id, None)
            elif isinstance(fact, f.ParticipantPut) and fact.participant.suspended:
                for participant, person in list(self.state.people):
                    if participant == fact.participant.id:
                        self._tell_revoked(participant, person, None)

    def _tell_revoked(self, participant: ParticipantId, person: PersonId, token_id: str | None) -> None:
        for tell in self.on_revoked:
            tell(participant, person, token_id)

    async def _erase(self, command: c.Erase) -> None:
        """Destroy keys and payloads, after a snapshot that does not need them."""
        if self.before_erasure is not None:
            await self.before_erasure()
        self.history.erased(command.owner, self.clock.now())
        self.hosting.erase(command.owner)
        await asyncio.to_thread(self.recorder.erase, command.owner, command.period)
        await asyncio.to_thread(self.ledger.erase, command.owner, command.period, self.clock.now())

    # --- the second door

    def observe(
        self, who: ParticipantId, feed: str, provenance: Provenance, reports: Sequence[Report]
    ) -> Intake:
        return self.reports_in.reports(who, feed, provenance, reports, self.clock.now())

    def observe_sbs(
        self, who: ParticipantId, feed: str, provenance: Provenance, chunk: bytes, time_offset_s: float
    ) -> Intake:
        return self.reports_in.sbs(who, feed, provenance, chunk, time_offset_s, self.clock.now())

    # --- the door out: what is promised

    def airspace(
        self,
        who: ParticipantId,
        kind: ItemKind | None = None,
        near: tuple[float, float, float] | None = None,
    ) -> list[ReleasedItem]:
        """Everything promised that ``who`` has, or what of it lies within ``near`` (lat, lon, radius_m)."""
        now = self.clock.now()
        if near is not None:
            self.views.follow_policy(now)
            items = items_near(self.state, who, self.references, near, now, self.settings.view_limit)
        else:
            items = self.views.of(who, now).all()
        return [item for item in items if kind is None or item.kind is kind]

    def item(self, who: ParticipantId, ref: str) -> ReleasedItem:
        now = self.clock.now()
        own = self.state.item(EntityId(ref))
        if own is not None and own.owner == who and not past(own, now):
            return self.views.own(own, now)
        return self.views.of(who, now).get(ref)

    def changes(self, who: ParticipantId, cursor: str | None, limit: int = 1000) -> ChangePage:
        return self.views.of(who, self.clock.now()).page(cursor, limit, self.as_of())

    def cursor(self, who: ParticipantId) -> str:
        return self.views.of(who, self.clock.now()).cursor()

    async def what_others_see(
        self, who: ParticipantId, at: datetime | None = None, recipient: ParticipantId | None = None
    ) -> list[SeenBy]:
        now = self.clock.now()
        if at is None or at >= now:
            return seen_by_others(self.state, who, self.references, now, recipient)
        loop = asyncio.get_running_loop()
        return await loop.run_in_executor(self._past, self._seen_at, who, at, recipient)

    def _seen_at(self, who: ParticipantId, at: datetime, recipient: ParticipantId | None) -> list[SeenBy]:
        entries = self.ledger.reader.entries_either(who, GOVERNING)
        members = dict(self.state.participants)
        then = state_at(entries, self.state.environment, at, who, members)
        then.dss = self.state.dss
        return seen_by_others(then, who, References(self.writer.ids), at, recipient)

    # --- the door out: what is seen

    def tracks(self, who: ParticipantId) -> TrackFrame:
        self.history.read(who, self.clock.now())
        return self.tracks_out.frame(who, self.clock.now())

    def track_delta(self, who: ParticipantId, since: int | None) -> TrackDelta:
        self.history.read(who, self.clock.now())
        return self.tracks_out.delta(who, since, self.clock.now())

    def feed_counters(self, who: ParticipantId) -> dict[str, dict[str, object]]:
        """What became of the participant's own reports, feed by feed."""
        return self.picture.counters(who)

    # --- the door out: what is warned of

    def alerts(self, who: ParticipantId) -> AlertFrame:
        return self.warnings.frame(who, self.clock.now())

    def alert(self, who: ParticipantId, ref: str) -> Alert:
        return self.warnings.alert(who, ref, self.clock.now())

    def alert_delta(self, who: ParticipantId, since: int | None) -> AlertDelta:
        return self.warnings.delta(who, since, self.clock.now())

    # --- facts that members may read

    def rules(self, who: ParticipantId) -> list[ReleaseRule]:
        return sorted((r for r in self.state.rules.values() if r.owner == who), key=lambda r: r.id)

    def rule(self, who: ParticipantId, id: str) -> ReleaseRule:
        rule = self.state.rules.get(RuleId(id))
        if rule is None or rule.owner != who:
            raise NotFound("you have no release rule with this id", field="id")
        return rule

    def groups(self, who: ParticipantId) -> list[Group]:
        policy = self.state.policy(self.clock.now())
        usable = [g for g in self.state.groups.values() if policy.usable(g.owner, who)]
        if self.state.dss.uss:
            centre = next(p.id for p in self.participants() if p.centre)
            usable.append(Group(F3548_GROUP, centre, (), Ovn(""), 0))
        return sorted(usable, key=lambda g: (g.owner, g.id))

    def group(self, who: ParticipantId, id: str) -> Group:
        group = self.state.groups.get((who, GroupId(id)))
        if group is None:
            raise NotFound("you keep no group with this id", field="id")
        return group

    def participants(self) -> list[Participant]:
        return [self.state.participants[id] for id in sorted(self.state.participants)]

    def participant(self, id: str) -> Participant:
        participant = self.state.participants.get(ParticipantId(id))
        if participant is None:
            raise NotFound("no participant has this id", field="id")
        return participant

    def people(self, participant: ParticipantId) -> list[Person]:
        own = (p for p in self.state.people.values() if p.participant == participant)
        return sorted(own, key=lambda p: p.id)

    def person(self, participant: ParticipantId, id: PersonId) -> Person:
        person = self.state.people.get((participant, id))
        if person is None:
            raise NotFound("no such person", field="id")
        return person

    def charter(self) -> Charter:
        if self.state.charter is None:
            raise NotFound("no charter has been adopted yet")
        return self.state.charter

    def is_revoked(
        self, participant: ParticipantId, person: PersonId, token_id: str | None, issued_at: datetime
    ) -> bool:
        revocation = self.state.revocations.get((participant, person))
        if revocation is None:
            return False
        return _revoked(revocation, token_id, issued_at)

    # --- logs

    def check_auditor(self, who: ParticipantId) -> None:
        """The whole tree is for the centre and the auditors that the charter names."""
        participant = self.participant(who)
        if not participant.centre and who not in self.charter().auditors:
            raise NotPermitted("the whole tree is for the centre and the charter's auditors")

    def log_checkpoint(self, log: str) -> str:
        return self.logs.checkpoint(log)

    def log_entries(self, log: str, start: int, stop: int) -> list[LogLeaf]:
        return self.logs.entries(log, start, stop)

    def log_inclusion(self, log: str, position: int, size: int) -> list[str]:
        return self.logs.inclusion(log, position, size)

    def log_consistency(self, log: str, first: int, second: int) -> list[str]:
        return self.logs.consistency(log, first, second)

    def cosign(self, log: str, note: str) -> None:
        self.logs.cosign(log, note, self.clock.now())

    # --- time

    async def tick(self) -> None:
        """Once a second: deadlines, tracks that expire, the recording."""
        now = self.clock.now()
        self.picture.tick(now)
        self.views.follow_policy(now)
        began_s = self.clock.monotonic()
        pairs = await self.warnings.sweep()
        took_s = self.clock.monotonic() - began_s
        for tell in self.on_swept:
            tell(took_s, self.warnings.late_s(self.clock.now()), pairs)
        await self._try_full_ledger(now)
        await self.meet_deadlines()
        if (outlived := self.dss.outlived()) is not None:
            await self.own(outlived)
        if (ended := self.identification.outlived()) is not None:
            await self.own(ended)
        await self.alignment.run(IN_A_TICK_S)
        self.watch.run(self.clock.now())
        self.recorder.flush()
        if now >= self._segment_due:
            self._segment_due = now + SEGMENT_CADENCE
            await self.close_segments()

    async def stop_looking(self) -> None:
        """End what is asked of other USSs and told to them in the background."""
        await self.filing.reports.stop()
        await self.watch.stop()

    async def _try_full_ledger(self, now: datetime) -> None:
        """While the ledger is full, find out whether there is room again; raises while there is not."""
        if self.writer.full_since is not None:
            await asyncio.to_thread(self.ledger.checkpoint_all, now)
            self.writer.full_since = None

    async def close_segments(self) -> None:
        """Hash what was released since the last time into each recipient's own log."""
        for closed in self.recorder.close_all():
            await self.own(c.RecordSegment(closed.recipient, closed.segment, closed.frames, closed.sha256))

    def healthy(self) -> bool:
        return self.writer.fatal is None

    def as_of(self) -> datetime:
        """Until when reads are known to be complete: now, unless the ledger refuses writes."""
        return self.writer.full_since or self.clock.now()

    def operator_health(self) -> dict[str, Any]:
        full = self.writer.full_since
        return {
            "entries": self.ledger.size,
            "last_entry_at": from_micros(self.ledger.last_time_us) if self.ledger.size else None,
            "ledger_full_since": full,
            "outcome_unknown": None if self.writer.fatal is None else self.writer.fatal.message,
            "undecidable_faults": self.writer.faults,
            "live_intents": sum(1 for i in self.state.intents.values() if i.state.live()),
            "live_constraints": sum(1 for x in self.state.constraints.values() if x.state.live()),
            "deadlines_waiting": len(self.state.deadlines),
            "notices_owed": len(self.state.notices),
            "recording_lines_lost": self.recorder.lost,
            "swept_at": self.warnings.swept_at,
            "sweep_late_s": self.warnings.late_s(self.clock.now()),
            "clock_behind_s": getattr(self.clock, "behind_s", 0.0),
        }

    def _record(self, who: ParticipantId, change: Change, entity: EntityId, now: datetime) -> None:
        item = self.state.item(entity) if entity else None
        self.recorder.add(
            who,
            Line(
                time=now,
                what="item",
                ref=change.ref,
                level=change.item.level if change.item is not None else "none",
                owner=item.owner if item is not None else None,
                entity=entity or None,
                form_sha256=Recorder.form_digest(_encode(change.item)) if change.item is not None else None,
            ),
        )


def _revoked(revocation: Revocation, token_id: str | None, issued_at: datetime) -> bool:
    if token_id is not None and token_id in revocation.tokens:
        return True
    # Tokens carry whole seconds: one issued in the second of the revocation counts as before it.
    return revocation.until is not None and issued_at.astimezone(UTC) <= revocation.until
