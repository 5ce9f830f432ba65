"""Levels: deny by default, the highest of floor and rules, groups by their keeper, expiry by the clock."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from comity.ids import GroupId, Ovn, ParticipantId, RuleId
from comity.model.charter import Charter
from comity.model.participant import Participant
from comity.model.rule import NOTHING, Group, Level, Levels, Recipient, ReleaseRule, ToGroup, ToParticipant
from comity.release.policy import FLOOR, Policy

NOW = datetime(2026, 6, 1, tzinfo=UTC)
A, B, C = ParticipantId("alpha"), ParticipantId("bravo"), ParticipantId("centre")
MEMBERS = {
    A: Participant(A, "Alpha"),
    B: Participant(B, "Bravo"),
    C: Participant(C, "Centre", centre=True),
}
VOLUME = Levels(Level.VOLUME, Level.NONE, Level.NONE, Level.NONE)
RESERVED = Levels(Level.RESERVED, Level.RESERVED, Level.POSITION, Level.NONE)
PROMISED = st.sampled_from([Level.NONE, Level.RESERVED, Level.VOLUME])
SEEN = st.sampled_from([Level.NONE, Level.POSITION, Level.IDENTITY])
LEVELS = st.builds(Levels, PROMISED, PROMISED, SEEN, SEEN)


def rule(
    to: Recipient, levels: Levels = VOLUME, owner: ParticipantId = A, expires: datetime | None = None
) -> ReleaseRule:
    return ReleaseRule(RuleId("rule-1"), owner, to, levels, expires, Ovn("o"), 1)


def policy(*rules: ReleaseRule, floor: Levels = NOTHING, groups: tuple[Group, ...] = ()) -> Policy:
    charter = Charter("Charter", floor, signed_commands=False, auditors=(), constraint_lead_s=0)
    return Policy(charter, rules, {(g.owner, g.id): g for g in groups}, MEMBERS, NOW)


def group(owner: ParticipantId, *members: ParticipantId) -> Group:
    return Group(GroupId("friends"), owner, members, Ovn("o"), 1)


def test_without_charter_or_rule_there_is_nothing() -> None:
    assert Policy(None, (), {}, MEMBERS, NOW).levels(A, B) == NOTHING


def test_somebody_who_is_no_member_gets_nothing_whatever_the_floor() -> None:
    stranger = ParticipantId("stranger")
    assert policy(rule(ToParticipant(stranger)), floor=RESERVED).levels(A, stranger) == NOTHING


@given(LEVELS, LEVELS, LEVELS)
def test_a_rule_gives_more_than_the_floor_and_never_less(floor: Levels, one: Levels, two: Levels) -> None:
    found = policy(rule(ToParticipant(B), one), rule(ToParticipant(B), two), floor=floor).levels(A, B)
    for kind in Levels.__struct_fields__:
        ranks = [getattr(each, kind).rank for each in (floor, one, two)]
        assert getattr(found, kind).rank == max(ranks)


def test_a_rule_reaches_only_whom_it_names_and_only_of_its_owner() -> None:
    made = policy(rule(ToParticipant(B)))
    assert made.levels(A, B) == VOLUME
    assert made.levels(A, C) == NOTHING
    assert made.levels(B, A) == NOTHING


def test_a_group_counts_only_if_its_keeper_is_the_owner_or_the_centre() -> None:
    for keeper, reached in ((A, VOLUME), (C, VOLUME), (B, NOTHING)):
        made = policy(rule(ToGroup(GroupId("friends"), keeper)), groups=(group(keeper, B),))
        assert made.levels(A, B) == reached
    assert policy(rule(ToGroup(GroupId("friends"), A)), groups=(group(A),)).levels(A, B) == NOTHING
    assert policy(rule(ToGroup(GroupId("friends"), A))).levels(A, B) == NOTHING


def test_an_expired_rule_is_not_in_force_and_the_next_expiry_ends_the_policy() -> None:
    over = rule(ToParticipant(B), expires=NOW)
    later = rule(ToParticipant(B), RESERVED, expires=NOW + timedelta(hours=1))
    made = policy(over, later)
    assert made.levels(A, B) == RESERVED
    assert made.valid_until == later.expires


def test_each_decision_names_what_made_it() -> None:
    made = policy(rule(ToParticipant(B)), floor=Levels(Level.NONE, Level.VOLUME, Level.NONE, Level.NONE))
    assert made.explain(A, B, "intent").rule == "rule-1"
    assert made.explain(A, B, "constraint").rule == FLOOR
    nothing = made.explain(A, B, "own_track")
    assert (nothing.level, nothing.rule) == (Level.NONE, None)
    assert nothing.reason
