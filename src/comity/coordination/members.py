"""Charter, participants, people, keys, revocations, erasure: who belongs and what they owe.

The centre's administrators keep charter and membership; every participant's administrators keep their
own people. The exchange itself may do all of it once, when the ledger is empty (genesis).
"""

from __future__ import annotations

import re
from typing import Final

from comity.coordination.decision import Asked, Decision
from comity.errors import InvalidInput, NotFound, NotPermitted, QuotaExceeded, StaleOvn, WrongState
from comity.ids import EXCHANGE, ParticipantId
from comity.model.command import (
    AdmitParticipant,
    AdoptCharter,
    Erase,
    PutPerson,
    RemovePerson,
    RevokeTokens,
)
from comity.model.fact import (
    CharterAdopted,
    Erased,
    ParticipantPut,
    PersonPut,
    PersonRemoved,
    TokensRevoked,
)

_PERIOD: Final = re.compile(r"20\d\d-(0[1-9]|1[0-2])\Z")

MAX_PEOPLE: Final = 1_000
"""Of one participant."""

MAX_REVOKED: Final = 1_000
"""Tokens of one person revoked one by one; after that all of them have to be."""

MAX_TOKEN_ID: Final = 256
"""Characters; no token with a longer id is believed."""


def adopt_charter(asked: Asked, command: AdoptCharter) -> Decision:
    _require_centre(asked)
    current = asked.state.charter
    expected = 1 if current is None else current.version + 1
    if command.charter.version != expected:
        raise StaleOvn(f"version must be {expected}, the next after the charter in force", field="version")
    for number, auditor in enumerate(command.charter.auditors):
        if auditor not in asked.state.participants:
            raise InvalidInput("auditors must be participants of this centre", field=f"auditors[{number}]")
    return Decision((CharterAdopted(command.charter),), created=current is None)


def admit_participant(asked: Asked, command: AdmitParticipant) -> Decision:
    _require_centre(asked)
    new = command.participant
    old = asked.state.participants.get(new.id)
    centre = [p.id for p in asked.state.participants.values() if p.centre]
    if new.centre and centre not in ([], [new.id]):
        raise WrongState("this exchange has a centre already", field="centre")
    if not new.centre and centre == [new.id]:
        raise WrongState("the centre cannot give itself up", field="centre")
    if new.centre and new.suspended:
        raise WrongState("the centre cannot suspend itself", field="suspended")
    return Decision((ParticipantPut(new),), created=old is None)


def put_person(asked: Asked, command: PutPerson) -> Decision:
    person = command.person
    _require_keeper(asked, person.participant)
    if person.participant not in asked.state.participants:
        raise NotFound("no participant has this id", field="participant")
    old = asked.state.people.get((person.participant, person.id))
    people = sum(1 for participant, _ in asked.state.people if participant == person.participant)
    if old is None and people >= MAX_PEOPLE:
        raise QuotaExceeded(f"at most {MAX_PEOPLE} people; remove one first")
    return Decision((PersonPut(person),), created=old is None)


def remove_person(asked: Asked, command: RemovePerson) -> Decision:
    _require_keeper(asked, command.participant)
    if (command.participant, command.id) not in asked.state.people:
        raise NotFound("no such person", field="id")
    return Decision((PersonRemoved(command.participant, command.id),))


def revoke_tokens(asked: Asked, command: RevokeTokens) -> Decision:
    _require_keeper(asked, command.participant)
    if (command.participant, command.person) not in asked.state.people:
        raise NotFound("no such person", field="person")
    if command.token_id is not None:
        if not 1 <= len(command.token_id) <= MAX_TOKEN_ID:
            raise InvalidInput(f"token_id must be 1 to {MAX_TOKEN_ID} characters", field="token_id")
        before = asked.state.revocations.get((command.participant, command.person))
        if before is not None and len(before.tokens) >= MAX_REVOKED:
            raise QuotaExceeded(
                "too many tokens revoked one by one; revoke all of this person's", field="token_id"
            )
    fact = TokensRevoked(command.participant, command.person, command.token_id, asked.now)
    return Decision((fact,))


def erase(asked: Asked, command: Erase) -> Decision:
    """Whether it may be done; the keys go once this entry is durable."""
    _require_centre(asked)
    if not _PERIOD.match(command.period):
        raise InvalidInput("period must be a month such as 2026-11", field="period")
    if command.period >= asked.now.strftime("%Y-%m"):
        raise WrongState("only a month that is over can be erased", field="period")
    if command.owner not in asked.state.participants and command.owner != EXCHANGE:
        raise NotFound("no participant has this id", field="owner")
    return Decision((Erased(command.owner, command.period),))


def _is_centre(asked: Asked) -> bool:
    me = asked.by.participant
    if me == EXCHANGE:
        return asked.state.charter is None
    participant = asked.state.participants.get(me)
    return participant is not None and participant.centre


def _require_centre(asked: Asked) -> None:
    if not _is_centre(asked):
        raise NotPermitted("only the centre's administrators may do this")


def _require_keeper(asked: Asked, participant: ParticipantId) -> None:
    if asked.by.participant != participant and not _is_centre(asked):
        raise NotPermitted("only the participant's own administrators or the centre's may do this")
