"""One participant's alerts: findings in, alerts as it may read them out, and what goes on the record.

An alert's ``ref`` stays while it lives, and over a restart, where the record has it. What was told to a party
of an alert (one whose own aircraft it is about) is an entry when it is raised, when its level rises, and when
it clears; everybody else's alerts are no more than what everybody sees, and are not recorded.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Final, NamedTuple

import msgspec

from comity.alerts.finding import Finding
from comity.alerts.life import Live, Lives
from comity.alerts.settings import AlertSettings
from comity.clock import micros
from comity.exchange.raises import Track
from comity.exchange.values import AlertDelta, AlertFrame
from comity.ids import EntityId, Ids, ParticipantId
from comity.model.alert import Alert, AlertLevel, AlertSide, AlertState, Phase, Told
from comity.model.rule import Level

KEPT_FRAMES: Final = 4
"""Remembered, to tell what changed; a reader further behind gets all."""

RESUME_FOR: Final = timedelta(seconds=60)
"""How long after a restart an alert of the record waits to be found again before it is cleared."""

CELLS_ONLY: Final = "the other aircraft is shown as cells: its position is not released to you"

Acknowledged = Mapping[tuple[ParticipantId, str], Told]
"""The record: alerts told and acknowledged, by participant and ref."""

_encode = msgspec.json.Encoder().encode


class About(NamedTuple):
    """What a live alert is about, besides its finding. ``party``: an aircraft of the participant's own is in
    it. ``pair``: a name for the two aircraft that is the same in the other party's alert; never told.

    ``wants``: the hidden track to be raised, and to what; ``cells``: the side instead, where it is not.
    ``free``: the raise costs nothing of a budget."""

    sides: tuple[AlertSide, ...]
    advisory: bool = False
    party: bool = False
    pair: str = ""
    wants: tuple[Track, Level] | None = None
    cells: AlertSide | None = None
    free: bool = False


class Record(NamedTuple):
    """What a sweep changes for the record."""

    told: list[Told]
    cleared: list[tuple[ParticipantId, str]]


class _Alive(NamedTuple):
    """``piece``: the alert as JSON."""

    alert: Alert
    about: About
    piece: bytes


class Desk:
    """See the file's head. ``update`` once a sweep; ``frame`` and ``delta`` at any time."""

    def __init__(
        self, who: ParticipantId, settings: AlertSettings, ids: Ids, recorded: Iterable[Told], now: datetime
    ) -> None:
        self.who = who
        self._ids = ids
        self._lives = Lives(settings)
        self._alive: dict[str, _Alive] = {}
        self._waiting = {told.key: told for told in recorded}
        self._wait_until = now + RESUME_FOR
        self._pieces: dict[int, dict[str, bytes]] = {0: {}}
        self._stamp = 0
        self.left_out = 0

    # --- in

    def follow(self, findings: Sequence[Finding], now: datetime) -> tuple[tuple[Live, ...], tuple[Live, ...]]:
        """Lets a sweep's findings live on: (every alert that is on, those that have just cleared)."""
        self._resume(findings)
        step = self._lives.update(now, findings)
        self.left_out = step.left_out
        return (*step.raised, *step.updated), step.cleared

    def tell(
        self,
        on: Iterable[tuple[Live, About]],
        cleared: Iterable[Live],
        recorded: Acknowledged,
        others: Mapping[str, Mapping[ParticipantId, datetime]],
        now: datetime,
    ) -> Record:
        """Makes the alerts to be read from now on. ``others``: by pair, when each party acknowledged."""
        record = Record([], [])
        before, self._alive = self._alive, {}
        for live, about in on:
            was = before.get(live.key)
            alert = self._alert(live, about, was.alert if was else None, recorded, now)
            other = [at for who, at in others.get(about.pair, {}).items() if who != self.who]
            if other and about.pair and about.party and not about.advisory:
                alert = msgspec.structs.replace(alert, other_party_acknowledged_at=min(other))
            piece = _encode(alert)
            if was is not None and piece == was.piece:
                alert = was.alert
            elif was is not None:
                alert = msgspec.structs.replace(alert, updated_at=now)
                piece = _encode(alert)
            self._alive[live.key] = _Alive(alert, about, piece)
            if about.party and (was is None or live.level_rose):
                record.told.append(self._told(live.key, alert))
        for live in cleared:
            gone = before.get(live.key)
            if gone is not None and (self.who, gone.alert.ref) in recorded:
                record.cleared.append((self.who, gone.alert.ref))
        if now >= self._wait_until and self._waiting:
            record.cleared.extend((self.who, told.alert.ref) for told in self._waiting.values())
            self._waiting = {}
        self._publish()
        return record

    def _resume(self, findings: Sequence[Finding]) -> None:
        """What the record had before a restart is the same alert again, with ref and acknowledgement."""
        for told in list(self._waiting.values()):
            for finding in findings:
                if self._digest(finding.key, told.alert.ref) == told.key:
                    self._lives.resume(finding.key, told.alert.raised_at, told.alert.level)
                    about = About(told.alert.sides, party=True)
                    self._alive[finding.key] = _Alive(told.alert, about, _encode(told.alert))
                    del self._waiting[told.key]
                    break

    def _alert(
        self, live: Live, about: About, was: Alert | None, recorded: Acknowledged, now: datetime
    ) -> Alert:
        finding = live.finding
        ref = was.ref if was else self._ids.reference(self.who, EntityId(live.key), f"alert/{micros(now)}")
        told = recorded.get((self.who, ref))
        acknowledged = told is not None and told.alert.state is AlertState.ACKNOWLEDGED
        if finding is None:
            assert was is not None
            return was
        coarse = about.advisory
        if coarse and finding.horizontal_m is not None:
            finding = without_numbers(finding)
        return Alert(
            ref=ref,
            kind=finding.kind,
            level=AlertLevel.PREVENTIVE if coarse else live.level,
            state=AlertState.ACKNOWLEDGED if acknowledged else AlertState.RAISED,
            phase=finding.phase,
            raised_at=was.raised_at if was else live.raised_at,
            updated_at=was.updated_at if was else now,
            sides=about.sides,
            reasons=finding.reasons,
            advisory=about.advisory,
            enters_at=_moment(now, finding.enters_s),
            leaves_at=_moment(now, finding.leaves_s),
            closest_at=_moment(now, finding.closest_s),
            horizontal_m=_metres(finding.horizontal_m),
            vertical_m=_metres(finding.vertical_m),
            minima_horizontal_m=finding.minima_horizontal_m,
            minima_vertical_m=finding.minima_vertical_m,
            item=finding.item,
            item_kind=finding.item_kind,
            item_label=finding.item_label,
            acknowledged_by=told.alert.acknowledged_by if told is not None and acknowledged else None,
            acknowledged_at=told.alert.acknowledged_at if told is not None and acknowledged else None,
        )

    def _told(self, key: str, alert: Alert) -> Told:
        return Told(self.who, self._digest(key, alert.ref), alert)

    def _digest(self, key: str, ref: str) -> str:
        """Of what an alert is about; with its ref, so that two alerts about one thing cannot be joined."""
        return self._ids.reference(self.who, EntityId(key), f"told/{ref}")

    # --- out

    def told(self, ref: str) -> Told | None:
        """A live alert, as an acknowledgement needs it."""
        for key, alive in self._alive.items():
            if alive.alert.ref == ref:
                return self._told(key, alive.alert)
        return None

    def acknowledged(self, told: Told) -> None:
        """Shown at once, before the next sweep."""
        for key, alive in self._alive.items():
            if alive.alert.ref == told.alert.ref:
                self._alive[key] = _Alive(told.alert, alive.about, _encode(told.alert))
        self._publish()

    def lower(self, tracks: set[Track]) -> None:
        """What was raised and is not any more is cells at once, before the next sweep."""
        lowered = False
        for key, alive in self._alive.items():
            about, alert = alive.about, alive.alert
            if about.wants is None or about.wants[0] not in tracks or about.cells is None or about.advisory:
                continue
            lowered = True
            own = [side for side in about.sides if side.own]
            alert = msgspec.structs.replace(
                alert,
                level=AlertLevel.PREVENTIVE,
                phase=Phase.PREDICTED,
                sides=(*own, about.cells),
                reasons=(CELLS_ONLY,),
                advisory=True,
                enters_at=None,
                leaves_at=None,
                closest_at=None,
                horizontal_m=None,
                vertical_m=None,
            )
            about = about._replace(sides=alert.sides, advisory=True)
            self._alive[key] = _Alive(alert, about, _encode(alert))
        if lowered:
            self._pieces = {self._stamp: {}}
            self._publish()

    def parties(self) -> Iterable[tuple[str, datetime]]:
        """(pair, when) of what this participant has acknowledged as a party: with an aircraft of its own that
        somebody vouches for, so that nobody acknowledges in another's stead by claiming its address."""
        for alive in self._alive.values():
            at = alive.alert.acknowledged_at
            sure = any(side.own and not side.claimed for side in alive.alert.sides)
            if at is not None and sure and alive.about.party and alive.about.pair:
                yield alive.about.pair, at

    def alerts(self) -> tuple[Alert, ...]:
        """The most urgent first: by level, then by when they come about, then by ref."""
        return tuple(sorted((alive.alert for alive in self._alive.values()), key=_urgency))

    def frame(self, as_of: datetime, swept_at: datetime, late_s: float) -> AlertFrame:
        json = _array(self._pieces[self._stamp].values())
        return AlertFrame(as_of, swept_at, late_s, json, self.alerts())

    def delta(self, since: int | None, swept_at: datetime, late_s: float) -> AlertDelta:
        now = self._pieces[self._stamp]
        before = None if since is None else self._pieces.get(since)
        if before is None:
            return AlertDelta(self._stamp, _array(now.values()), [], True, swept_at, late_s)
        changed = [piece for ref, piece in now.items() if before.get(ref) != piece]
        gone = sorted(before.keys() - now.keys())
        return AlertDelta(self._stamp, _array(changed), gone, False, swept_at, late_s)

    def _publish(self) -> None:
        alive = sorted(self._alive.values(), key=lambda each: _urgency(each.alert))
        pieces = {each.alert.ref: each.piece for each in alive}
        if pieces == self._pieces[self._stamp]:
            return
        self._stamp += 1
        self._pieces[self._stamp] = pieces
        while len(self._pieces) > KEPT_FRAMES:
            del self._pieces[next(iter(self._pieces))]


def without_numbers(finding: Finding) -> Finding:
    """What is left of a finding when the other side is cells only."""
    return msgspec.structs.replace(
        finding,
        level=AlertLevel.PREVENTIVE,
        phase=Phase.PREDICTED,
        sides=(),
        reasons=(CELLS_ONLY,),
        enters_s=None,
        leaves_s=None,
        closest_s=None,
        horizontal_m=None,
        vertical_m=None,
    )


def _array(pieces: Iterable[bytes]) -> bytes:
    return b"[" + b",".join(pieces) + b"]"


def _urgency(alert: Alert) -> tuple[int, float, str]:
    at = alert.enters_at
    return -alert.level.rank, at.timestamp() if at is not None else 0.0, alert.ref


def _moment(now: datetime, after_s: float | None) -> datetime | None:
    """In whole seconds: more digits would change every second and say nothing."""
    if after_s is None or not abs(after_s) < _FAR_S:
        return None
    return (now + timedelta(seconds=after_s + 0.5)).replace(microsecond=0)


_FAR_S: Final = 86_400.0
"""Two that fly side by side never part: such a moment is unknown."""


def _metres(value_m: float | None) -> float | None:
    """To 1 m below 1 km and to 10 m beyond, downward, so that a miss never reads wider than it is."""
    if value_m is None:
        return None
    step_m = 1.0 if value_m < 1_000.0 else 10.0
    return value_m // step_m * step_m
