"""Decide about alerts: a person's acknowledgement, and the exchange's own record of what it told.

Whether there is an alert is the sweep's to find, from what is seen; here it is only put on the record. An
acknowledgement is a person's word that the organisation knows; the first one stands.
"""

from __future__ import annotations

import msgspec

from comity.coordination.decision import Asked, Decision
from comity.errors import NotFound, WrongState
from comity.model.alert import AlertState
from comity.model.command import AcknowledgeAlert, RecordWarnings
from comity.model.fact import AlertAcknowledged, AlertCleared, AlertTold, Fact, LevelRaised


def acknowledge(asked: Asked, command: AcknowledgeAlert) -> Decision:
    """The alert with who acknowledged it. Raises ``NotFound`` and ``WrongState``."""
    by, told = asked.by, command.told
    if told is None or told.recipient != by.participant or told.alert.ref != command.ref:
        raise NotFound("you have no alert with this reference now", field="ref")
    recorded = asked.state.alerts.get((by.participant, command.ref))
    if recorded is not None and recorded.alert.state is AlertState.ACKNOWLEDGED:
        raise WrongState(f"{recorded.alert.acknowledged_by} has acknowledged this alert already", field="ref")
    person = asked.state.people[by.participant, by.person]
    alert = msgspec.structs.replace(
        told.alert,
        state=AlertState.ACKNOWLEDGED,
        acknowledged_by=person.name,
        acknowledged_at=asked.now,
    )
    return Decision((AlertAcknowledged(msgspec.structs.replace(told, alert=alert), by.person),))


def record(command: RecordWarnings) -> Decision:
    """An entry for each thing told, cleared, raised or fallen back."""
    facts: list[Fact] = [LevelRaised(each) for each in command.raises]
    facts += [AlertTold(each) for each in command.told]
    facts += [AlertCleared(recipient, ref) for recipient, ref in command.cleared]
    return Decision(tuple(facts))
