"""How much is tried: ``COMITY_PROPERTY_EXAMPLES`` multiplies every number of examples in this folder."""

from __future__ import annotations

import os


def examples(default: int) -> int:
    return max(1, round(default * float(os.environ.get("COMITY_PROPERTY_EXAMPLES", "1"))))
