"""How much is tried: ``COMITY_PROPERTY_EXAMPLES`` multiplies every number of examples in this folder."""

from __future__ import annotations

import os
from typing import Final

MORE: Final = float(os.environ.get("COMITY_PROPERTY_EXAMPLES", "1"))

TIMEOUT_S: Final = 300 * max(1.0, MORE)
"""For one test, on a machine that is busy with others."""


def examples(default: int) -> int:
    return max(1, round(default * MORE))
