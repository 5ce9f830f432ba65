"""The one tree of errors.

::

    ComityError
    ├── Refused                 the exchange decided "no"; nothing was changed
    │   ├── InvalidInput        a value is malformed: names the field and what was expected
    │   ├── Undecidable         well formed, but cannot be decided; refused with the reason
    │   ├── Unauthenticated     no token, or one that cannot be accepted
    │   ├── NotPermitted        the token is good, the role or scope does not fit
    │   ├── NotFound            no such thing *that the asker may know of*
    │   ├── StaleOvn            the opaque version number is not the current one
    │   ├── WrongState          the thing is in a state that does not allow this
    │   ├── StrategicConflict   volumes conflict with what is released to the owner
    │   ├── UssDown             a USS marked Down asks for what it may not until it is Normal again
    │   ├── RequestIdReused     the request id was used before with another body
    │   ├── TooLarge            a body or an answer beyond its limit
    │   └── QuotaExceeded       the participant's own quota is used up
    ├── Unavailable             no decision could be made durable; nothing was acknowledged
    │   ├── LedgerFull          the disk is full: writes are refused, reads go on
    │   ├── OutcomeUnknown      an append neither committed nor failed for sure: the process restarts
    │   └── Stopping            the exchange is going down or not yet up
    └── IntegrityFailure        bytes on disk are not what was written; names the first bad entry

Each class has a stable ``code`` that programs may rely on; ``STATUS`` is the one table from code to
HTTP status. Messages are for people and may change. A message never holds anything that release
would withhold from the person who reads it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar


class ComityError(Exception):
    """Base of all errors. ``code`` is stable; ``field`` names the offending input, if any."""

    code: ClassVar[str] = "error"

    def __init__(
        self, message: str, *, field: str | None = None, detail: Mapping[str, Any] | None = None
    ) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.detail: dict[str, Any] = dict(detail or {})


class Refused(ComityError):
    code = "refused"


class InvalidInput(Refused, ValueError):
    """A malformed value. Also a ``ValueError``, so that decoders can say where it stood."""

    code = "invalid_input"


class Undecidable(Refused):
    code = "undecidable"


class Unauthenticated(Refused):
    code = "unauthenticated"


class NotPermitted(Refused):
    code = "not_permitted"


class NotFound(Refused):
    code = "not_found"


class StaleOvn(Refused):
    code = "stale_ovn"


class WrongState(Refused):
    code = "wrong_state"


class StrategicConflict(Refused):
    """``detail["conflicts"]`` lists what is in the way, each as released to the asker."""

    code = "strategic_conflict"


class UssDown(Refused):
    """The USS is marked Down, and what it asked for is not for one that is (F3548-21, 412)."""

    code = "uss_down"


class RequestIdReused(Refused):
    code = "request_id_reused"


class TooLarge(Refused):
    code = "too_large"


class QuotaExceeded(Refused):
    code = "quota_exceeded"


class Unavailable(ComityError):
    code = "unavailable"


class LedgerFull(Unavailable):
    code = "ledger_full"


class OutcomeUnknown(Unavailable):
    code = "outcome_unknown"


class Stopping(Unavailable):
    code = "stopping"


class IntegrityFailure(ComityError):
    """``detail["index"]`` is the first bad entry where one can be named."""

    code = "integrity_failure"


STATUS: Mapping[str, int] = {
    "error": 500,
    "refused": 400,
    "invalid_input": 400,
    "undecidable": 422,
    "unauthenticated": 401,
    "not_permitted": 403,
    "not_found": 404,
    "stale_ovn": 409,
    "wrong_state": 409,
    "strategic_conflict": 409,
    "uss_down": 412,
    "request_id_reused": 409,
    "too_large": 413,
    "quota_exceeded": 429,
    "unavailable": 503,
    "ledger_full": 503,
    "outcome_unknown": 503,
    "stopping": 503,
    "integrity_failure": 500,
}
