"""The versioning test interface (version 0.1.2): which version of a system runs here.

Off unless the flight planning test interface is on, whose qualifier asks for it. All systems of this
deployment are one program, so that whatever boundary of one a qualifier names, the version is this program's.
"""

from __future__ import annotations

import re
from typing import Final

from comity import __version__
from comity.errors import NotFound
from comity.http.answers import Answer
from comity.http.standards.routing import StandardCall, StandardRoute, answer, any_of

READ: Final = any_of("interuss.versioning.read_system_versions")

_IDENTITY: Final = re.compile(r"[A-Za-z0-9._~-]{1,256}\Z")
"""URL-safe, as the interface asks; anything else identifies nothing."""


async def version(call: StandardCall) -> Answer:
    identity = call.path["system_identity"]
    if not _IDENTITY.match(identity):
        raise NotFound("no system here has this identity", field="system_identity")
    return answer({"system_identity": identity, "system_version": f"v{__version__}"})


ROUTES: Final = (
    StandardRoute("GET", "/versions/{system_identity}", READ, version, "The version of a system"),
)
