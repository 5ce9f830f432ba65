"""Alerts that a test raises itself, told through a real exchange's interfaces: who is warned of what is not
what these tests are about."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import msgspec

from comity.errors import NotFound
from comity.exchange.values import AlertDelta, AlertFrame, Outcome
from comity.ids import ParticipantId
from comity.model.alert import Alert, AlertKind, AlertLevel, AlertSide, AlertState, Phase, Told
from comity.model.command import AcknowledgeAlert, Submission
from comity.wire.encode import encode
from tests.world import START, World

KEPT = 4
"""Deltas remembered, as few as the exchange remembers frames."""


def an_alert(ref: str, level: AlertLevel = AlertLevel.WARNING, **other: Any) -> Alert:
    return Alert(
        ref=ref,
        kind=AlertKind.CONFLICT,
        level=level,
        state=AlertState.RAISED,
        phase=Phase.PREDICTED,
        raised_at=START,
        updated_at=START,
        sides=(
            AlertSide("own", own=True, track="4B1814", label="REGA1"),
            AlertSide("broadcast", own=False, track="3C6444"),
        ),
        reasons=("projected along its velocity",),
        closest_at=START + timedelta(seconds=42),
        horizontal_m=120.0,
        vertical_m=30.5,
        **other,
    )


class Warned:
    """Takes the place of the exchange's alerts. Change ``of[who]`` and call ``tell``."""

    def __init__(self, here: World) -> None:
        self._clock = here.clock
        self._submit = here.exchange.submit
        self.of: dict[ParticipantId, dict[str, Alert]] = {}
        self.late_s = 0.0
        self.swept_at = START
        self._stamp = 0
        self._kept: dict[int, dict[ParticipantId, dict[str, Alert]]] = {}
        self.tell()
        exchange: Any = here.exchange
        exchange.alerts = self.alerts
        exchange.alert = self.alert
        exchange.alert_delta = self.alert_delta
        exchange.submit = self.submit

    def set(self, who: ParticipantId, *alerts: Alert) -> None:
        self.of[who] = {alert.ref: alert for alert in alerts}
        self.tell()

    def tell(self) -> None:
        self._stamp += 1
        self._kept[self._stamp] = {who: dict(alerts) for who, alerts in self.of.items()}
        self._kept.pop(self._stamp - KEPT, None)

    def alerts(self, who: ParticipantId) -> AlertFrame:
        found = self._ordered(self.of.get(who, {}).values())
        return AlertFrame(self._clock.now(), self.swept_at, self.late_s, encode(found), found)

    def alert(self, who: ParticipantId, ref: str) -> Alert:
        alert = self.of.get(who, {}).get(ref)
        if alert is None:
            raise NotFound("you have no alert with this reference now", field="ref")
        return alert

    def alert_delta(self, who: ParticipantId, since: int | None) -> AlertDelta:
        now = self.of.get(who, {})
        kept = None if since is None else self._kept.get(since)
        before = {} if kept is None else kept.get(who, {})
        changed = self._ordered(alert for ref, alert in now.items() if before.get(ref) != alert)
        gone = sorted(before.keys() - now.keys())
        return AlertDelta(self._stamp, encode(changed), gone, kept is None, self.swept_at, self.late_s)

    async def submit(self, submission: Submission) -> Outcome:
        """Fills in what the exchange fills in: the alert as it stands."""
        command = submission.command
        if isinstance(command, AcknowledgeAlert):
            alert = self.of.get(submission.participant, {}).get(command.ref)
            if alert is not None:
                told = Told(submission.participant, f"key-{command.ref}", alert)
                command = msgspec.structs.replace(command, told=told)
        outcome = await self._submit(msgspec.structs.replace(submission, command=command))
        if isinstance(outcome.result, Alert):
            self.of[submission.participant][outcome.result.ref] = outcome.result
            self.tell()
        return outcome

    def _ordered(self, alerts: Any) -> tuple[Alert, ...]:
        found: Sequence[Alert] = sorted(alerts, key=lambda alert: (-alert.level.rank, alert.ref))
        return tuple(found)
