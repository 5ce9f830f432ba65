"""Decide what a USS asks of the DSS for remote identification (ASTM F3411-22a, ``/rid/v2/dss``).

The owner is the ``sub`` of the caller's token, as ``standing.manager_of`` finds it in the envelope.
"""

from __future__ import annotations

from comity.coordination.decision import Asked, Decision
from comity.coordination.f3411.areas import put_area, remove_area
from comity.coordination.f3411.outlived import prune
from comity.coordination.f3411.subscriptions import put_subscription, remove_subscription
from comity.errors import Undecidable
from comity.model import dss_command as d


def decide_f3411(asked: Asked) -> Decision:
    """Facts for the command, or raises one of ``comity.errors.Refused``."""
    match asked.by.command:
        case d.PutServiceArea() as command:
            return put_area(asked, command)
        case d.RemoveServiceArea() as command:
            return remove_area(asked, command)
        case d.PutIsaSubscription() as command:
            return put_subscription(asked, command)
        case d.RemoveIsaSubscription() as command:
            return remove_subscription(asked, command)
        case d.PruneIdentification() as command:
            return prune(asked, command)
        case other:
            raise Undecidable(f"{type(other).__name__} cannot be decided")
