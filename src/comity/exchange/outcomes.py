"""What a command came to, for whoever asked: from its decision, or for a request carried out before from the
record."""

from __future__ import annotations

from typing import Final

import msgspec

from comity.errors import NotFound
from comity.exchange.logs import Logs
from comity.exchange.values import Outcome, Receipt, Result
from comity.exchange.writer import Durable
from comity.ids import ParticipantId
from comity.ledger.entry import Appended
from comity.ledger.store import Ledger
from comity.model import fact as f
from comity.release.forms import own_form

_payloads: Final = msgspec.json.Decoder(f.Payload)


def outcome_of(done: Durable) -> Outcome:
    """Of a command that has just become durable."""
    assert done.first is not None
    receipt = _receipt(done.first, done.submission.participant)
    return Outcome(
        result_of(done.decision.facts[0]),
        receipt,
        done.decision.created,
        repeated=False,
        clearance=done.decision.clearance,
    )


def repeated(ledger: Ledger, logs: Logs, index: int) -> Outcome:
    """The answer of a request carried out before, from the record."""
    for entry in ledger.entries(index, index + 1):
        if entry.payload is None:
            break
        payload = _payloads.decode(entry.payload)
        assert payload.request is not None
        receipt = logs.receipt(entry.header, payload.request.participant)
        result = result_of(payload.fact)
        created = getattr(result, "version", None) == 1
        return Outcome(result, receipt, created, repeated=True)
    raise NotFound("this request was carried out, and its record has been erased since")


def result_of(fact: f.Fact) -> Result:
    """What a command's first fact is to the one who asked for it."""
    match fact:
        case f.IntentPut(intent=item) | f.ConstraintPut(constraint=item):
            return own_form(item)
        case f.RulePut(rule=rule):
            return rule
        case f.GroupPut(group=group):
            return group
        case f.CharterAdopted(charter=charter):
            return charter
        case f.ParticipantPut(participant=participant):
            return participant
        case f.PersonPut(person=person):
            return person
        case f.AlertAcknowledged(told=told):
            return told.alert
        case _:
            return None


def _receipt(entry: Appended, participant: ParticipantId) -> Receipt:
    for counted in entry.counted:
        if counted.log == participant:
            return Receipt(counted.position, counted.leaf.hex())
    return Receipt(entry.counted[0].position, entry.counted[0].leaf.hex())
