"""Warnings: once a second a sweep over all sources, and each participant told in time what it may know.

The search runs beside the event loop. If it is not done within its second the stream goes on, every frame
says by how much the warnings are late, and no finding is left out. What is found becomes findings' lives, one
desk for each participant; levels that a conflict raises become entries before they have effect.

Which of the numbers an alert holds is decided here once more by the rule of law 4: the raised form where the
raise is on the record, cells otherwise.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Iterable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import Final

import msgspec

from comity.alerts.finding import Finding, finding_key
from comity.alerts.life import Live
from comity.alerts.settings import AlertSettings
from comity.clock import micros
from comity.coordination.state import State
from comity.errors import NotFound, OutcomeUnknown, Unavailable
from comity.exchange.anchors import Anchors
from comity.exchange.beside import Pair
from comity.exchange.desk import About, Desk, without_numbers
from comity.exchange.raises import Raises, Track, Wanted
from comity.exchange.search import (
    MOST_LISTED,
    Found,
    Prepared,
    not_listed,
    prepare,
    search,
)
from comity.exchange.sides import inner_name, pair_name, raised_side, reserved_side, visible_side
from comity.exchange.tracks import Tracks
from comity.exchange.values import AlertDelta, AlertFrame
from comity.exchange.watching import Watching
from comity.ids import Ids, ParticipantId
from comity.model import command as c
from comity.model.alert import Alert, AlertKind, AlertLevel, Phase, Told
from comity.model.rule import Level
from comity.picture.picture import Picture
from comity.picture.referenced import Raised
from comity.release.forms import References
from comity.release.warned import IN_CONFLICT, Budget

_log = logging.getLogger("comity.exchange.warnings")

MOST_OWED: Final = 20_000
"""Entries about alerts that wait while the ledger takes none: about a minute of the worst."""

IN_TIME_S: Final = 1.5
"""A sweep every second is at most this old when it is read."""

OVER_BUDGET: Final = "levels were raised too often for this pair of participants: cells only, for now"

Submit = Callable[[c.Command], Awaitable[None]]


class Settings(msgspec.Struct, frozen=True):
    """``raises_per_pair`` in ``raise_budget_s``, for each ordered pair of participants. ``wait_s``: how long
    a tick waits for its sweep. Larger: streams are late with the warnings; smaller: warnings are told a
    second later than they could."""

    alerts: AlertSettings = AlertSettings()
    raises_per_pair: int = 20
    raise_budget_s: float = 600.0
    wait_s: float = 0.8


class Warnings:
    """See the file's head. ``sweep`` once a second, after the picture's tick."""

    def __init__(
        self,
        settings: Settings,
        state: State,
        picture: Picture,
        tracks: Tracks,
        references: References,
        ids: Ids,
        submit: Submit,
        now: datetime,
    ) -> None:
        self._settings = settings
        self._state = state
        self._picture = picture
        self._tracks = tracks
        self._ids = ids
        self._submit = submit
        self._raises = Raises(Budget(settings.raises_per_pair, round(settings.raise_budget_s * 1e6)))
        self._anchors = Anchors(state.environment)
        self._desks: dict[ParticipantId, Desk] = {}
        self._abouts: dict[ParticipantId, dict[str, About]] = {}
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="sweep")
        self._running: asyncio.Future[list[Found]] | None = None
        self._prepared: Prepared | None = None
        self.watching = Watching(state, references, settings.alerts)
        self._owed_told: list[Told] = []
        self._owed_cleared: list[tuple[ParticipantId, str]] = []
        self.swept_at = now

    # --- once a second

    async def sweep(self) -> int:
        """Begin a sweep, or go on waiting for the one under way; how many findings it has, once done."""
        if self._running is None:
            self._prepared = self._prepare()
            loop = asyncio.get_running_loop()
            self._running = loop.run_in_executor(self._thread, search, self._prepared, self.watching)
        await asyncio.wait({self._running}, timeout=self._settings.wait_s)
        if not self._running.done():
            return 0
        found = self._running.result()
        prepared, self._running = self._prepared, None
        assert prepared is not None
        await self._settle(prepared, found)
        self.swept_at = prepared.at
        return sum(len(each.visible) + len(each.beside.pairs) for each in found)

    async def stop(self) -> None:
        """Wait for the sweep under way."""
        if self._running is not None:
            await asyncio.wait({self._running})
        self._thread.shutdown()

    def _prepare(self) -> Prepared:
        now = self._picture.as_of
        readers = [
            (who, self._tracks.sources(who, now))
            for who, participant in sorted(self._state.participants.items())
            if not participant.suspended
        ]
        self.watching.follow([who for who, _ in readers], now)
        policy, environment = self._state.policy(now), self._state.environment
        return prepare(self._picture, self._anchors, policy, readers, self._settings.alerts, environment)

    async def _settle(self, prepared: Prepared, found: Sequence[Found]) -> None:
        """Let the findings live on, raise what they raise, and tell."""
        now, now_us = prepared.at, micros(prepared.at)
        over, self._raises.over = self._raises.over, set()
        wanted: dict[Track, Wanted] = {}
        steps: list[tuple[Desk, list[tuple[Live, About]], tuple[Live, ...]]] = []
        for each in found:
            desk = self._desk(each.sight.who, now)
            findings = [*each.visible, *self._beside(each, now_us)]
            findings += [one.finding for one in each.distress]
            findings += [finding for finding, _ in each.beside.entered.values()]
            findings += self._of_budgets(each.sight.who, over)
            on, cleared = desk.follow(findings, now)
            abouts = self._about(prepared, each, on, wanted)
            steps.append((desk, [(live, abouts[live.key]) for live in on], cleared))
        await self._raise(wanted, now_us)
        others: dict[str, dict[ParticipantId, datetime]] = {}
        for desk in self._desks.values():
            for pair, at in desk.parties():
                others.setdefault(pair, {})[desk.who] = at
        told: list[Told] = []
        gone: list[tuple[ParticipantId, str]] = []
        for desk, living, cleared in steps:
            shown = [(live, self._as_released(desk.who, about)) for live, about in living]
            record = desk.tell(shown, cleared, self._state.alerts, others, now)
            told += record.told
            gone += record.cleared
        await self._put_down_told(told, gone)

    def _beside(self, found: Found, now_us: int) -> Iterable[Finding]:
        """What may be told of own aircraft beside hidden ones; past ``MOST_LISTED`` advisories a number.
        First what somebody vouches for."""
        pairs = found.beside.pairs
        order = sorted(pairs, key=lambda key: (not pairs[key].other.vouched, key))
        chosen = {key: self._chosen(found, pairs[key], now_us) for key in order}
        raised = [finding for key, finding in chosen.items() if finding is pairs[key].raised]
        advisories = [finding for key, finding in chosen.items() if finding is not pairs[key].raised]
        surplus = max(0, len(advisories) - MOST_LISTED) + found.beside.surplus
        yield from raised
        yield from advisories[:MOST_LISTED]
        if surplus:
            yield not_listed(surplus, "pairs with aircraft shown as cells", AlertLevel.PREVENTIVE)

    def _chosen(self, found: Found, pair: Pair, now_us: int) -> Finding:
        """The finding of one pair that may be told: the raised one while there is budget for it."""
        track = Track(found.sight.who, pair.other.key, pair.other.address)
        if pair.raised is not None and self._raises.may(track, now_us):
            return pair.raised
        if pair.advisory is not None:
            return pair.advisory
        assert pair.raised is not None
        return without_numbers(pair.raised)

    def _of_budgets(
        self, who: ParticipantId, over: Iterable[tuple[ParticipantId, ParticipantId]]
    ) -> Iterable[Finding]:
        """Both sides and the centre are told that a budget is spent."""
        for owner, recipient in sorted(over):
            centre = self._state.participants[who].centre
            if who not in (owner, recipient) and not centre:
                continue
            reason = OVER_BUDGET
            if who != recipient:
                reason = f"levels were raised for {recipient} too often: cells only, for now"
            yield Finding(
                key=finding_key(AlertKind.RAISES, (owner if who != recipient else "", recipient)),
                kind=AlertKind.RAISES,
                level=AlertLevel.CORRECTIVE,
                phase=Phase.NOW,
                sides=(),
                names=(),
                reasons=(reason,),
            )

    # --- sides

    def _about(
        self, prepared: Prepared, found: Found, on: Iterable[Live], wanted: dict[Track, Wanted]
    ) -> dict[str, About]:
        """What each alert that is on is about, and which tracks it wants raised. What was not found at this
        sweep is about what it was about."""
        who, layers = found.sight.who, prepared.moment.layers
        before = self._abouts.get(who, {})
        abouts: dict[str, About] = {}
        distress = {one.finding.key: one for one in found.distress}
        for live in on:
            pair = found.beside.pairs.get(live.key) if live.found else None
            if pair is not None:
                about = self._about_pair(prepared, found, pair, live)
            elif live.found and live.key in found.beside.entered:
                _, other = found.beside.entered[live.key]
                form = prepared.moment.anchors.form(other.key, other.row).form
                cells = reserved_side(form, claimed=not other.vouched)
                about = About((cells,), advisory=True, party=True)
            elif live.found and live.key in distress:
                one = distress[live.key]
                track = Track(who, one.key, one.address)
                form = prepared.moment.anchors.form(one.key, one.row).form
                about = About(
                    (raised_side(layers, track, one.level),),
                    wants=(track, one.level),
                    cells=reserved_side(form, claimed=False),
                    free=True,
                )
            elif live.found and live.finding is not None:
                about = _about_visible(found, live.finding)
            else:
                about = before.get(live.key, About(()))
            abouts[live.key] = about
            if about.wants is not None:
                track, level = about.wants
                want = Wanted(level, _why(live), free=about.free)
                wanted[track] = max(want, wanted.get(track, want), key=lambda each: each.level.rank)
        self._abouts[who] = abouts
        return abouts

    def _about_pair(self, prepared: Prepared, found: Found, pair: Pair, live: Live) -> About:
        layers, other = prepared.moment.layers, pair.other
        own = visible_side(found.sight, pair.own)
        name = pair_name(found.sight, (pair.own,), inner_name(other.key, other.address))
        form = prepared.moment.anchors.form(other.key, other.row).form
        cells = reserved_side(form, claimed=not other.vouched)
        if live.finding is not pair.raised:
            return About((own, cells), advisory=True, party=True, pair=name)
        track = Track(found.sight.who, other.key, other.address)
        side = raised_side(layers, track, other.level)
        return About((own, side), party=True, pair=name, wants=(track, other.level), cells=cells)

    def _as_released(self, who: ParticipantId, about: About) -> About:
        """With the reference as it is now; where the raise was not granted, with cells."""
        if about.wants is None or about.cells is None:
            return about
        track, level = about.wants
        own = [side for side in about.sides if side.own]
        if (track.key, track.address, level.value) not in self._raises.of(who):
            return about._replace(sides=(*own, about.cells), advisory=True)
        (other,) = (side for side in about.sides if not side.own)
        ref = self._picture.reference(who, track.key, track.address)
        return about._replace(sides=(*own, msgspec.structs.replace(other, track=ref)))

    # --- the record

    async def _raise(self, wanted: dict[Track, Wanted], now_us: int) -> None:
        """Raise what is wanted and has a budget, once it is on the record."""
        granted = self._raises.plan(wanted, now_us)
        entries = self._raises.entries(granted, self._state.raises)
        if entries and not await self._put_down(c.RecordWarnings(raises=entries)):
            granted = self._raises.held(granted)
        self._raises.adopt(granted)

    async def _put_down_told(self, told: list[Told], cleared: list[tuple[ParticipantId, str]]) -> None:
        """With what could not be put down before; the oldest goes where that is too much."""
        self._owed_told = [*self._owed_told, *told][-MOST_OWED:]
        self._owed_cleared = [*self._owed_cleared, *cleared][-MOST_OWED:]
        if not self._owed_told and not self._owed_cleared:
            return
        command = c.RecordWarnings(told=tuple(self._owed_told), cleared=tuple(self._owed_cleared))
        if await self._put_down(command):
            self._owed_told, self._owed_cleared = [], []

    async def _put_down(self, command: c.RecordWarnings) -> bool:
        """False where the ledger takes nothing now: nothing is raised then; alerts are told all the same."""
        try:
            await self._submit(command)
        except OutcomeUnknown:
            raise
        except Unavailable as error:
            _log.warning("warnings are not on the record", extra={"code": error.code})
            return False
        return True

    # --- out

    def raised(self, who: ParticipantId) -> tuple[Raised, ...]:
        """Single tracks that are raised for a participant now."""
        return self._raises.of(who)

    def follow_policy(self, now: datetime) -> set[ParticipantId]:
        """Lower at once what the rules do not raise any more; who lost something by it."""
        policy = self._state.policy(now)

        def allowed(track: Track, level: Level) -> bool:
            levels = policy.levels(track.key.participant, track.who)
            given = (getattr(levels, IN_CONFLICT[track.key.provenance]), levels.own_track_in_emergency)
            return any(each.rank >= level.rank for each in given)

        gone = self._raises.withdraw(allowed)
        losers = {track.who for track in gone}
        for who in losers:
            self._desk(who, now).lower(gone)
        return losers

    def late_s(self, now: datetime) -> float:
        """By how much the warnings are older than they should be; 0 in time."""
        old_s = (now - self.swept_at).total_seconds()
        return 0.0 if old_s <= IN_TIME_S else round(old_s, 1)

    def frame(self, who: ParticipantId, now: datetime) -> AlertFrame:
        return self._desk(who, now).frame(now, self.swept_at, self.late_s(now))

    def delta(self, who: ParticipantId, since: int | None, now: datetime) -> AlertDelta:
        return self._desk(who, now).delta(since, self.swept_at, self.late_s(now))

    def alert(self, who: ParticipantId, ref: str, now: datetime) -> Alert:
        told = self._desk(who, now).told(ref)
        if told is None:
            raise NotFound("you have no alert with this reference now", field="ref")
        return told.alert

    def acknowledgement(self, who: ParticipantId, command: c.AcknowledgeAlert, now: datetime) -> c.Command:
        """The command with the alert as it stands, for the record."""
        return msgspec.structs.replace(command, told=self._desk(who, now).told(command.ref))

    def acknowledged(self, told: Told, now: datetime) -> None:
        self._desk(told.recipient, now).acknowledged(told)

    def _desk(self, who: ParticipantId, now: datetime) -> Desk:
        desk = self._desks.get(who)
        if desk is None:
            recorded = [told for (recipient, _), told in self._state.alerts.items() if recipient == who]
            desk = self._desks[who] = Desk(who, self._settings.alerts, self._ids, recorded, now)
        return desk


def _about_visible(found: Found, finding: Finding) -> About:
    """Of an alert about what the reader sees."""
    places: list[int | None] = [int(found.rows[side]) for side in finding.sides]
    places = places or [None] * len(finding.names)
    sides = tuple(
        visible_side(found.sight, name, place) for name, place in zip(finding.names, places, strict=True)
    )
    party = any(side.own for side in sides)
    return About(sides, party=party, pair=pair_name(found.sight, finding.names) if party else "")


def _why(live: Live) -> str:
    if live.finding is not None and live.finding.kind is AlertKind.EMERGENCY:
        return "in distress"
    return "in predicted conflict"
