"""What a search for alternatives is about, and how its parts talk: trials out, verdicts in.

A way of changing a plan is a generator: it yields a ``Trial``, is sent the ``Verdict`` on it, and returns
what it found. So the search knows nothing of who checks, how long it takes or what is asked of whom; all it
ever learns are released forms.
"""

from __future__ import annotations

from collections.abc import Generator
from datetime import datetime

import msgspec

from comity.geo.heights import Environment
from comity.model.plan import Alternative, Search
from comity.model.released import ConflictItem
from comity.model.route import Route
from comity.model.volume import Volumes

Verdict = tuple[ConflictItem, ...] | None
"""What is in the way of a trial: nothing where it passes, None where that cannot be decided. It may be a part
of it, as long as it is not empty where something is."""

Trial = Volumes
Way = Generator[Trial, Verdict, Alternative | None]


class Question(msgspec.Struct, frozen=True, gc=False):
    """``volumes`` as asked for, following from ``route`` where there is one; ``hindered``: what is in their
    way; ``search``: how far to look."""

    volumes: Volumes
    route: Route | None
    hindered: tuple[ConflictItem, ...]
    search: Search
    environment: Environment
    now: datetime
