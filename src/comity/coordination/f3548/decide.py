"""Decide what a USS asks of the DSS for strategic coordination (ASTM F3548-21, ``/dss/v1``).

The manager is the ``sub`` of the caller's token. That the token's scopes fit is checked where the request
comes in; everything else that the standard asks is checked here, against the state at the moment of decision.
"""

from __future__ import annotations

from comity.coordination.decision import Asked, Decision
from comity.coordination.f3548 import (
    availability,
    constraint_references,
    hosted,
    notices_settled,
    references,
    subscriptions,
)
from comity.errors import Undecidable
from comity.model import dss_command as d


def decide_f3548(asked: Asked) -> Decision:
    """Facts for the command, or raises one of ``comity.errors.Refused``."""
    match asked.by.command:
        case d.PutReference() as command:
            return references.put_reference(asked, command)
        case d.RemoveReference() as command:
            return references.remove_reference(asked, command)
        case d.PutConstraintReference() as command:
            return constraint_references.put_constraint_reference(asked, command)
        case d.RemoveConstraintReference() as command:
            return constraint_references.remove_constraint_reference(asked, command)
        case d.PutSubscription() as command:
            return subscriptions.put_subscription(asked, command)
        case d.RemoveSubscription() as command:
            return subscriptions.remove_subscription(asked, command)
        case d.SetAvailability() as command:
            return availability.set_availability(asked, command)
        case d.FileReport() as command:
            return availability.file_report(asked, command)
        case _:
            return _decide_own(asked)


def _decide_own(asked: Asked) -> Decision:
    """What only the exchange itself asks; who does is checked before."""
    match asked.by.command:
        case d.PruneSubscriptions() as command:
            return subscriptions.prune(asked, command)
        case d.RecordDelivered() as command:
            return notices_settled.settle(asked, command)
        case d.AlignReferences() as command:
            return hosted.align(asked, command)
        case d.RecordDetails() as command:
            return hosted.record(command)
        case other:
            raise Undecidable(f"{type(other).__name__} cannot be decided")
