"""Membership: the charter, participants, people, revocations, erasures."""

from __future__ import annotations

from comity.errors import NotPermitted
from comity.http.access import ADMINISTRATION, CENTRE_ADMINISTRATION, MEMBER
from comity.http.answers import (
    Answer,
    CharterWritten,
    Done,
    Participants,
    ParticipantWritten,
    People,
    PersonWritten,
    ok,
)
from comity.http.quota import Use
from comity.http.routing import Call, Route
from comity.http.writes import submit
from comity.ids import ParticipantId, PersonId
from comity.model.charter import Charter
from comity.model.command import AdmitParticipant, AdoptCharter, PutPerson, RemovePerson
from comity.wire.native import Erasure, ParticipantBody, PersonBody, Revocation


async def read_charter(call: Call) -> Answer:
    return ok(call.exchange.charter())


async def adopt_charter(call: Call) -> Answer:
    return await submit(call, AdoptCharter(call.body(Charter)))


async def list_participants(call: Call) -> Answer:
    return ok(Participants(tuple(call.exchange.participants())))


async def admit_participant(call: Call) -> Answer:
    return await submit(call, AdmitParticipant(call.body(ParticipantBody).participant(call.id())))


async def list_people(call: Call) -> Answer:
    return ok(People(tuple(call.exchange.people(call.caller.participant.id))))


async def put_person(call: Call) -> Answer:
    participant = _kept(call, call.id("participant"))
    return await submit(call, PutPerson(call.body(PersonBody).person(participant, call.id())))


async def remove_person(call: Call) -> Answer:
    participant = _kept(call, call.id("participant"))
    return await submit(call, RemovePerson(participant, PersonId(call.id())))


async def revoke(call: Call) -> Answer:
    body = call.body(Revocation)
    _kept(call, body.participant)
    return await submit(call, body.command())


async def erase(call: Call) -> Answer:
    return await submit(call, call.body(Erasure).command())


def _kept(call: Call, participant: str) -> ParticipantId:
    """Administrators keep their own participant's people; the centre's keep everybody's."""
    mine = call.caller.participant
    if participant != mine.id and not mine.centre:
        raise NotPermitted("only the participant's own administrators or the centre's may do this")
    return ParticipantId(participant)


ROUTES = (
    Route("GET", "/v1/charter", MEMBER, read_charter, "The charter in force", {200: Charter}),
    Route(
        "PUT",
        "/v1/charter",
        CENTRE_ADMINISTRATION,
        adopt_charter,
        "Adopt the next version of the charter",
        {201: CharterWritten, 200: CharterWritten},
        use=Use.WRITE,
        body=Charter,
        write=True,
    ),
    Route("GET", "/v1/participants", MEMBER, list_participants, "The centre's members", {200: Participants}),
    Route(
        "PUT",
        "/v1/participants/{id}",
        CENTRE_ADMINISTRATION,
        admit_participant,
        "Admit a participant or replace its record",
        {201: ParticipantWritten, 200: ParticipantWritten},
        use=Use.WRITE,
        body=ParticipantBody,
        write=True,
    ),
    Route("GET", "/v1/people", MEMBER, list_people, "Your participant's people", {200: People}),
    Route(
        "PUT",
        "/v1/people/{participant}/{id}",
        ADMINISTRATION,
        put_person,
        "Add a person or replace the record",
        {201: PersonWritten, 200: PersonWritten},
        use=Use.WRITE,
        body=PersonBody,
        write=True,
    ),
    Route(
        "DELETE",
        "/v1/people/{participant}/{id}",
        ADMINISTRATION,
        remove_person,
        "Remove a person; their streams close",
        {200: PersonWritten},
        use=Use.WRITE,
        write=True,
    ),
    Route(
        "POST",
        "/v1/revocations",
        ADMINISTRATION,
        revoke,
        "Revoke a person's tokens; their streams close",
        {201: Done, 200: Done},
        use=Use.WRITE,
        body=Revocation,
        write=True,
    ),
    Route(
        "POST",
        "/v1/erasures",
        CENTRE_ADMINISTRATION,
        erase,
        "Destroy keys and payloads of one owner's month, for good",
        {201: Done, 200: Done},
        use=Use.WRITE,
        body=Erasure,
        write=True,
    ),
)
