"""Decide what a USS asks of the DSS for remote identification."""

from __future__ import annotations

from comity.coordination.decision import Asked, Decision
from comity.errors import Undecidable


def decide_f3411(asked: Asked) -> Decision:
    """Facts for the command, or raises one of ``comity.errors.Refused``."""
    raise Undecidable(f"{type(asked.by.command).__name__} cannot be decided")
