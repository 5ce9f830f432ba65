"""Alerts that a test raises itself, told through a real exchange's interfaces: who is warned of what is not
what these tests are about."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

import msgspec

from comity.errors import NotFound
from comity.exchange.values import AlertDelta, AlertFrame
from comity.ids import ParticipantId
from comity.model.alert import Alert, AlertKind, AlertLevel, AlertSide, AlertState, Phase, Told
from comity.model.command import AcknowledgeAlert
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
        exchange.warnings.acknowledgement = self.acknowledgement
        exchange.warnings.acknowledged = self.acknowledged

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

    def acknowledgement(
        self, who: ParticipantId, command: AcknowledgeAlert, now: datetime
    ) -> AcknowledgeAlert:
        """The command with the alert as it stands."""
        alert = self.of.get(who, {}).get(command.ref)
        told = None if alert is None else Told(who, f"key-{command.ref}", alert)
        return msgspec.structs.replace(command, told=told)

    def acknowledged(self, told: Told, now: datetime) -> None:
        self.of[told.recipient][told.alert.ref] = told.alert
        self.tell()

    def _ordered(self, alerts: Any) -> tuple[Alert, ...]:
        found: Sequence[Alert] = sorted(alerts, key=lambda alert: (-alert.level.rank, alert.ref))
        return tuple(found)
