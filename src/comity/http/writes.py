"""From a route to ``submit`` and back: the envelope of a command, its signature, its answer.

The digest that tells a retry from another command under the same key covers method, path, query and
body: two deletions have equal bodies and are not the same command.
"""

from __future__ import annotations

import hashlib
from typing import Any

from comity.errors import InvalidInput, NotPermitted
from comity.http.answers import Answer, ok
from comity.http.routing import Call
from comity.model.command import Command, Signed, Submission
from comity.wire import signing

_SIGNATURE = (b"comity-signature", b"comity-key-id", b"comity-signed-at")


async def submit(call: Call, command: Command) -> Answer:
    """Submits for the caller; 201 where something new came of it."""
    if call.request_id is None:
        raise AssertionError("only a route declared as a write may submit")
    submission = Submission(
        call.caller.participant.id,
        call.caller.person.id,
        call.request_id,
        command,
        digest(call.method, call.target, call.raw_body),
        _signed(call),
    )
    outcome = await call.exchange.submit(submission)
    answer: dict[str, Any] = {"result": outcome.result}
    if outcome.clearance is not None:
        answer["clearance"] = outcome.clearance
    answer["receipt"] = {"position": outcome.receipt.position, "leaf": outcome.receipt.leaf}
    return ok(answer, 201 if outcome.created else 200)


def digest(method: str, target: str, body: bytes) -> str:
    return hashlib.sha256(f"{method} {target}\n".encode() + body).hexdigest()


def _signed(call: Call) -> Signed | None:
    """The command's verified signature; None where it carries none and the charter asks for none."""
    given = [call.headers.get(name, b"").decode("latin-1") for name in _SIGNATURE]
    if not any(given):
        if call.exchange.charter().signed_commands:
            raise NotPermitted(
                "the charter requires signed commands: send Comity-Signature, -Key-Id and -Signed-At"
            )
        return None
    signature, key_id, signed_at = given
    for name, value in zip(("Comity-Signature", "Comity-Key-Id", "Comity-Signed-At"), given, strict=True):
        if not value:
            raise InvalidInput(f"{name} is required where a command is signed", field=name)
    signing.check_signed_at(signed_at, call.now)
    text = signing.CommandText(
        exchange=call.services.config.exchange.name,
        participant=call.caller.participant.id,
        person=call.caller.person.id,
        request_id=call.request_id or "",
        method=call.method,
        target=call.target,
        signed_at=signed_at,
        body=call.raw_body,
    )
    return signing.verify(text, key_id, signature, call.caller.person.signing_keys)
