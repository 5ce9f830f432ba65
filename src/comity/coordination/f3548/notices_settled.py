"""Notifications that this exchange's own USS owed and that a peer has taken, or that were given up."""

from __future__ import annotations

from comity.coordination.decision import Asked, Decision
from comity.model import dss_fact as d
from comity.model.dss_command import RecordDelivered


def settle(asked: Asked, command: RecordDelivered) -> Decision:
    """Those that are still owed; what was settled before is passed over."""
    outcomes = [(one, True) for one in command.delivered] + [(one, False) for one in command.given_up]
    facts = []
    for one, delivered in {(x.entity, x.version, x.url): (x, taken) for x, taken in outcomes}.values():
        owed = asked.state.notices.get((one.entity, one.version, one.url))
        if owed is not None:
            facts.append(d.NoticeSettled(owed.owed[0], owed.hosted, delivered, owed.manager))
    return Decision(tuple(facts))
