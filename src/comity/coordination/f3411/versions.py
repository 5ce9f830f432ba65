"""Versions of service areas and subscriptions: opaque, URL-safe, never twice the same (F3411-22a, Version).

One holds none of ``\\0 \\t \\r \\n # % / : ? @ [ \\ ]`` and goes into a path as it is. What cannot be a
version of this exchange's is malformed; what could be one and is not the current one is stale.
"""

from __future__ import annotations

import re
from typing import Final

from comity.clock import micros
from comity.coordination.decision import Asked
from comity.errors import InvalidInput, StaleOvn
from comity.ids import EntityId

_VERSION: Final = re.compile(r"[A-Za-z0-9_-]{32}\Z")
"""As ``Ids.ovn`` makes them."""


def new_version(asked: Asked, id: EntityId, writes: int) -> str:
    """Of the ``writes``-th change. The time is in it, so that none comes back after a delete and a create."""
    return asked.ids.ovn(f"{id}/{micros(asked.now)}", writes)


def check_form(version: str | None) -> None:
    """Refuse what cannot be a version, before anything is looked up."""
    if version is not None and not _VERSION.match(version):
        raise InvalidInput("this is no version of this exchange's: read the current one", field="version")


def check_current(given: str, current: str) -> None:
    if given != current:
        raise StaleOvn("version is not the current one; read it again", field="version")
