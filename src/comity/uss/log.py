"""The record of what was exchanged with each peer, as F3548-21 wants it logged (USSLogSet, ExchangeRecord).

In memory and bounded, newest kept; what must outlive the process is in the ledger (what was owed and
delivered, digests of details, reports). Of bodies that came only a digest is kept: they hold peers' details,
and a base URL may lead to another server than its peer's own, whose answer is not for the one who reads the
log. A token is kept without its signature: enough to see who called with which scopes, and useless to whoever
reads it.
"""

from __future__ import annotations

import base64
import hashlib
from collections import OrderedDict, deque
from datetime import datetime
from typing import Any, Final, Literal

import msgspec

from comity.uss.outbound import Exchanged
from comity.wire.f3548 import Time

RECORDS_EACH: Final = 1_000
MOST_RECORDS: Final = 50_000
"""Of one peer, and of all: at most 200 MB. Past it the oldest go, and of all peers those of whom nothing was
heard for longest. Larger: more memory."""

LONGEST_BODY: Final = 2_048
"""Bytes of our own bodies that are kept whole, of longer ones the digest; and of a URL that came."""


class ExchangeRecord(msgspec.Struct, frozen=True, omit_defaults=True):
    """``request_source`` is required by the interface's schema, which does not say what it is: the name of
    the USS that sent the request."""

    url: str
    method: str
    headers: tuple[str, ...]
    recorder_role: Literal["Client", "Server"]
    request_time: Time
    request_source: str
    request_body: str = ""
    response_time: Time | None = None
    response_body: str = ""
    response_code: int = 0
    problem: str | None = None


class USSLogSet(msgspec.Struct, frozen=True):
    messages: tuple[ExchangeRecord, ...]


class ExchangeLog:
    """``uss``: the name of our own USS."""

    def __init__(self, uss: str) -> None:
        self._uss = uss
        self._records: OrderedDict[str, deque[ExchangeRecord]] = OrderedDict()
        self._count = 0

    def sent(self, peer: str, exchanged: Exchanged) -> ExchangeRecord:
        """A request of ours."""
        return self._keep(peer, exchange_record(self._uss, exchanged))

    def received(
        self,
        peer: str,
        method: str,
        url: str,
        at: datetime,
        ended: datetime,
        status: int,
        body: bytes,
        problem: str | None = None,
    ) -> ExchangeRecord:
        """A request of the peer's. Its body holds the peer's details."""
        record = ExchangeRecord(
            url=url[:LONGEST_BODY],
            method=method,
            headers=(f"Authorization: Bearer (verified; sub {peer})",),
            recorder_role="Server",
            request_time=_time(at),
            request_source=peer,
            request_body=_body(body, kept=False),
            response_time=_time(ended),
            response_code=status,
            problem=problem,
        )
        return self._keep(peer, record)

    def of(self, peer: str) -> USSLogSet | None:
        """Everything remembered of one peer, oldest first."""
        held = self._records.get(peer)
        return None if held is None else USSLogSet(tuple(held))

    def peers(self) -> set[str]:
        """Of whom anything is remembered."""
        return set(self._records)

    def erase(self, peer: str) -> None:
        self._count -= len(self._records.pop(peer, ()))

    def _keep(self, peer: str, record: ExchangeRecord) -> ExchangeRecord:
        held = self._records.setdefault(peer, deque())
        self._records.move_to_end(peer)
        held.append(record)
        self._count += 1
        if len(held) > RECORDS_EACH:
            held.popleft()
            self._count -= 1
        if self._count > MOST_RECORDS:
            quietest = next(iter(self._records))
            self._records[quietest].popleft()
            self._count -= 1
            if not self._records[quietest]:
                del self._records[quietest]
        return record


def exchange_record(uss: str, exchanged: Exchanged) -> ExchangeRecord:
    """A request of ours, as it is logged and as it stands in a report about it."""
    answered = exchanged.status is not None
    return ExchangeRecord(
        url=exchanged.url,
        method=exchanged.method,
        headers=(f"Authorization: {without_signature(exchanged.authorization)}",),
        recorder_role="Client",
        request_time=_time(exchanged.began),
        request_source=uss,
        request_body=_body(exchanged.sent, kept=True),
        response_time=_time(exchanged.ended) if answered else None,
        response_body=_body(exchanged.body, kept=False),
        response_code=exchanged.status or 0,
        problem=exchanged.problem,
    )


def error_report(record: ExchangeRecord, problem: str | None = None) -> dict[str, Any]:
    """ErrorReport about an exchange, ``problem`` in the place of the record's own."""
    if problem is not None:
        record = msgspec.structs.replace(record, problem=problem)
    report: dict[str, Any] = msgspec.to_builtins({"exchange": record})
    return report


def without_signature(authorization: str) -> str:
    """A JWT's header and claims; of any other token nothing."""
    scheme, _, token = authorization.partition(" ")
    parts = token.split(".")
    if len(parts) == 3:
        return f"{scheme} {parts[0]}.{parts[1]}.(signature withheld)"
    return f"{scheme} (withheld)" if token else "none"


def _time(when: datetime) -> Time:
    return Time(when, "RFC3339")


def _body(body: bytes, *, kept: bool) -> str:
    """Base64, as the interface has it, of the body or of what names its digest."""
    if body and (not kept or len(body) > LONGEST_BODY):
        body = f"sha256:{hashlib.sha256(body).hexdigest()}".encode()
    return base64.b64encode(body).decode()
