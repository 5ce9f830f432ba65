"""Logs and proofs: one's own log for every participant, the whole tree for auditors and the centre.

The same four questions of both; cosignatures are of one's own log alone.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Annotated

import msgspec
from msgspec import Meta

from comity.errors import InvalidInput
from comity.exchange.values import LogLeaf
from comity.http.access import MEMBER, TREE, WITNESS, Access
from comity.http.answers import Accepted, Answer, Checkpoint, Hashes, ok
from comity.http.quota import Use
from comity.http.routing import Call, Handler, Route
from comity.wire.native import Cosignature

MOST_ENTRIES = 1_000
"""Leaves in one answer; with payloads about 2 MB."""

Position = Annotated[int, Meta(ge=0, le=1_000_000_000_000)]


class Range(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """``start`` up to and without ``stop``, at most 1000 apart."""

    start: Position
    stop: Position

    def __post_init__(self) -> None:
        if not self.start <= self.stop <= self.start + MOST_ENTRIES:
            raise InvalidInput(f"stop must be from start to start + {MOST_ENTRIES}", field="stop")


class Inclusion(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The leaf at ``position`` in the tree of ``size``."""

    position: Position
    size: Position


class Consistency(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """The tree of ``first`` as a beginning of the tree of ``second``."""

    first: Position
    second: Position


class LogPage(msgspec.Struct, frozen=True):
    entries: tuple[LogLeaf, ...]


Which = Callable[[Call], str]


def _own(call: Call) -> str:
    return call.caller.participant.id


def _tree(call: Call) -> str:
    return "tree"


def _checkpoint(which: Which) -> Handler:
    async def checkpoint(call: Call) -> Answer:
        return ok(Checkpoint(call.exchange.log_checkpoint(which(call))))

    return checkpoint


def _entries(which: Which) -> Handler:
    async def entries(call: Call) -> Answer:
        query = call.query(Range)
        return ok(LogPage(tuple(call.exchange.log_entries(which(call), query.start, query.stop))))

    return entries


def _inclusion(which: Which) -> Handler:
    async def inclusion(call: Call) -> Answer:
        query = call.query(Inclusion)
        return ok(Hashes(tuple(call.exchange.log_inclusion(which(call), query.position, query.size))))

    return inclusion


def _consistency(which: Which) -> Handler:
    async def consistency(call: Call) -> Answer:
        query = call.query(Consistency)
        return ok(Hashes(tuple(call.exchange.log_consistency(which(call), query.first, query.second))))

    return consistency


async def cosign(call: Call) -> Answer:
    call.exchange.cosign(call.caller.participant.id, call.body(Cosignature).note)
    return ok(Accepted("accepted"))


def _questions(where: str, access: Access, which: Which, name: str) -> tuple[Route, ...]:
    return (
        Route(
            "GET",
            f"{where}/checkpoint",
            access,
            _checkpoint(which),
            f"The newest checkpoint of {name}",
            {200: Checkpoint},
        ),
        Route(
            "GET",
            f"{where}/entries",
            access,
            _entries(which),
            f"Leaves of {name}",
            {200: LogPage},
            query=Range,
        ),
        Route(
            "GET",
            f"{where}/inclusion",
            access,
            _inclusion(which),
            f"Proof that a leaf is in {name}",
            {200: Hashes},
            query=Inclusion,
        ),
        Route(
            "GET",
            f"{where}/consistency",
            access,
            _consistency(which),
            f"Proof that {name} only grew",
            {200: Hashes},
            query=Consistency,
        ),
    )


ROUTES = (
    *_questions("/v1/log", MEMBER, _own, "your own log"),
    *_questions("/v1/tree", TREE, _tree, "the whole tree"),
    Route(
        "POST",
        "/v1/log/cosignatures",
        WITNESS,
        cosign,
        "Hand in a checkpoint of your own log with your cosignature",
        {200: Accepted},
        use=Use.WRITE,
        body=Cosignature,
        refusals=("wrong_state",),
    ),
)
