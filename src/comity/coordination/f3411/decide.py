"""Decide what a USS asks of the DSS for remote identification (ASTM F3411-22a, ``/rid/v2/dss``).

The owner is the ``sub`` of the caller's token. The ledger knows it by ``model.f3548.peer(sub)``; a command
that names another owner than its envelope is refused.
"""

from __future__ import annotations

from comity.coordination.decision import Asked, Decision
from comity.coordination.f3411.areas import put_area, remove_area
from comity.coordination.f3411.subscriptions import put_subscription, remove_subscription
from comity.errors import NotPermitted, Undecidable
from comity.model import dss_command as d
from comity.model.f3548 import peer


def decide_f3411(asked: Asked) -> Decision:
    """Facts for the command, or raises one of ``comity.errors.Refused``."""
    match asked.by.command:
        case d.PutServiceArea() as command:
            _check_owner(asked, command.owner)
            return put_area(asked, command)
        case d.RemoveServiceArea() as command:
            _check_owner(asked, command.owner)
            return remove_area(asked, command)
        case d.PutIsaSubscription() as command:
            _check_owner(asked, command.owner)
            return put_subscription(asked, command)
        case d.RemoveIsaSubscription() as command:
            _check_owner(asked, command.owner)
            return remove_subscription(asked, command)
        case other:
            raise Undecidable(f"{type(other).__name__} cannot be decided")


def _check_owner(asked: Asked, owner: str) -> None:
    if asked.by.participant != peer(owner):
        raise NotPermitted("a USS writes under its own name alone")
