"""Who takes part in the demonstration: four organisations, their people, the charter and what each releases.

All made up. The rules are chosen so that each of the four has a visibly different picture, and every
level of the ladder occurs: the two air forces have nothing of each other's but reserved cells (the
charter's floor), the civil service sees both, the relief agency sees one of them all the time and the other
only while two aircraft come too close.
"""

from __future__ import annotations

from typing import Final, NamedTuple

from comity.ids import GroupId, ParticipantId, PersonId
from comity.model.charter import Charter
from comity.model.participant import Participant, Person, Role
from comity.model.rule import Level, Levels, Recipient, ToGroup, ToParticipant

ANS: Final = ParticipantId("alpine-ans")
NORTH: Final = ParticipantId("air-force-north")
SOUTH: Final = ParticipantId("air-force-south")
RELIEF: Final = ParticipantId("relief-air")

PARTICIPANTS: Final = (
    Participant(ANS, "Alpine Air Navigation Service", centre=True),
    Participant(NORTH, "Air Force North"),
    Participant(SOUTH, "Air Force South"),
    Participant(RELIEF, "Relief Air Coordination"),
)

_DESK: Final = (Role.DUTY_DESK, Role.AIRSPACE_OWNER, Role.ADMINISTRATOR)

PEOPLE: Final = (
    Person(PersonId("a-keller"), ANS, "Anna Keller, duty supervisor", _DESK),
    Person(PersonId("m-rossi"), ANS, "Marco Rossi, auditor", (Role.OBSERVER, Role.AUDITOR)),
    Person(PersonId("j-berg"), NORTH, "Johan Berg, operations desk", _DESK),
    Person(PersonId("l-conti"), SOUTH, "Lucia Conti, operations desk", _DESK),
    Person(PersonId("s-okafor"), RELIEF, "Samuel Okafor, flight coordinator", _DESK),
    Person(PersonId("d-meier"), RELIEF, "Dana Meier, drone pilot", (Role.OBSERVER,)),
)

DESKS: Final = {
    ANS: PersonId("a-keller"),
    NORTH: PersonId("j-berg"),
    SOUTH: PersonId("l-conti"),
    RELIEF: PersonId("s-okafor"),
}
"""Who acts for each participant, and whom its sign-in link is for."""

CHARTER: Final = Charter(
    title="Alpine coordination (demonstration)",
    floor=Levels(Level.RESERVED, Level.VOLUME, Level.NONE, Level.NONE),
    signed_commands=False,
    auditors=(ANS,),
    constraint_lead_s=60,
)
"""Each owes every other: that airspace is reserved, and where it is closed. Nothing of any aircraft."""

PARTNERS: Final = GroupId("partners")
PARTNERS_MEMBERS: Final = (NORTH, SOUTH, RELIEF)


class Gift(NamedTuple):
    """A release rule as its owner sets it."""

    owner: ParticipantId
    recipient: Recipient
    levels: Levels


def _levels(
    intent: Level,
    own_track: Level,
    *,
    sensed_track: Level = Level.NONE,
    in_conflict: Level = Level.RESERVED,
    in_emergency: Level = Level.NONE,
) -> Levels:
    return Levels(
        intent,
        Level.VOLUME,
        own_track,
        sensed_track,
        own_track_in_conflict=in_conflict,
        own_track_in_emergency=in_emergency,
    )


_POSITION, _IDENTITY = Level.POSITION, Level.IDENTITY

RULES: Final = (
    Gift(ANS, ToGroup(PARTNERS, ANS), _levels(Level.VOLUME, Level.NONE)),
    Gift(ANS, ToParticipant(RELIEF), _levels(Level.VOLUME, Level.NONE, sensed_track=_POSITION)),
    Gift(NORTH, ToParticipant(ANS), _levels(Level.VOLUME, _IDENTITY)),
    Gift(NORTH, ToParticipant(RELIEF), _levels(Level.VOLUME, _POSITION, in_conflict=_POSITION)),
    Gift(SOUTH, ToParticipant(ANS), _levels(Level.VOLUME, _POSITION, in_emergency=_IDENTITY)),
    Gift(
        SOUTH,
        ToParticipant(RELIEF),
        _levels(Level.RESERVED, Level.NONE, in_conflict=_POSITION, in_emergency=_IDENTITY),
    ),
    Gift(RELIEF, ToParticipant(ANS), _levels(Level.VOLUME, _IDENTITY)),
    Gift(RELIEF, ToParticipant(NORTH), _levels(Level.VOLUME, _IDENTITY)),
    Gift(RELIEF, ToParticipant(SOUTH), _levels(Level.VOLUME, Level.NONE, in_conflict=_POSITION)),
)
"""``in_conflict`` raises the level for a party to a conflict while it lasts, ``in_emergency`` while an
aircraft is in distress. The relief agency and Air Force South have nothing of each other's aircraft but
then; the two air forces have nothing but cells even then."""
