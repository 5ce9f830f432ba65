"""Release rules and sharing groups: set, changed, withdrawn.

A rule names a member of the centre, or a group of the rule's own owner or of the centre; anything else
is an error, never a rule that quietly reaches nobody or everybody.
"""

from __future__ import annotations

from datetime import datetime
from typing import Final

from comity.coordination.decision import Asked, Decision, check_ovn
from comity.errors import InvalidInput, NotFound, QuotaExceeded, RequestIdReused, WrongState
from comity.ids import RuleId
from comity.model.command import ChangeRule, RemoveGroup, SetGroup, SetRule, WithdrawRule
from comity.model.fact import GroupPut, GroupRemoved, RulePut, RuleRemoved
from comity.model.rule import Group, Recipient, ReleaseRule, ToGroup, ToParticipant, check_group
from comity.release.policy import F3548_GROUP, is_peer_group

MAX_RULES: Final = 1_000
MAX_GROUPS: Final = 200
"""Each participant's own. They are read again whenever a policy changes, and everybody waits for that."""


def set_rule(asked: Asked, command: SetRule) -> Decision:
    by = asked.by
    _check_recipient(asked, command.recipient)
    _check_expiry(asked, command.expires)
    id = RuleId(asked.ids.entity("rule", by.participant, by.request_id))
    if id in asked.state.rules:
        raise RequestIdReused("this id made something that is still there", field="Idempotency-Key")
    if sum(1 for rule in asked.state.rules.values() if rule.owner == by.participant) >= MAX_RULES:
        raise QuotaExceeded(f"at most {MAX_RULES} release rules; name a group, or withdraw some")
    rule = ReleaseRule(
        id=id,
        owner=by.participant,
        recipient=command.recipient,
        levels=command.levels,
        expires=command.expires,
        ovn=asked.ids.ovn(id, 1),
        version=1,
    )
    return Decision((RulePut(rule),), created=True)


def change_rule(asked: Asked, command: ChangeRule) -> Decision:
    old = _current(asked, command.id)
    check_ovn(command.ovn, old.ovn)
    _check_expiry(asked, command.expires)
    version = old.version + 1
    rule = ReleaseRule(
        id=old.id,
        owner=old.owner,
        recipient=old.recipient,
        levels=command.levels,
        expires=command.expires,
        ovn=asked.ids.ovn(old.id, version),
        version=version,
    )
    return Decision((RulePut(rule),))


def withdraw_rule(asked: Asked, command: WithdrawRule) -> Decision:
    old = _current(asked, command.id)
    check_ovn(command.ovn, old.ovn)
    return Decision((RuleRemoved(old.id, old.owner, expired=False),))


def set_group(asked: Asked, command: SetGroup) -> Decision:
    check_group(command.id, command.members)
    if command.id == F3548_GROUP:
        raise InvalidInput("the group f3548 is always there, and nobody says who is in it", field="id")
    for number, member in enumerate(command.members):
        if member not in asked.state.participants:
            raise InvalidInput("members must be participants of this centre", field=f"members[{number}]")
    old = asked.state.groups.get((asked.by.participant, command.id))
    if old is None and command.ovn is not None:
        raise NotFound("you keep no group with this id", field="id")
    if old is not None and command.ovn is None:
        raise WrongState("you keep a group with this id; give its ovn to change it", field="ovn")
    if old is not None and command.ovn is not None:
        check_ovn(command.ovn, old.ovn)
    if (
        old is None
        and sum(1 for keeper, _ in asked.state.groups if keeper == asked.by.participant) >= MAX_GROUPS
    ):
        raise QuotaExceeded(f"at most {MAX_GROUPS} groups; remove one first")
    version = 1 if old is None else old.version + 1
    ovn = asked.ids.ovn(f"group/{asked.by.participant}/{command.id}", version)
    group = Group(command.id, asked.by.participant, command.members, ovn, version)
    return Decision((GroupPut(group),), created=old is None)


def remove_group(asked: Asked, command: RemoveGroup) -> Decision:
    me = asked.by.participant
    old = asked.state.groups.get((me, command.id))
    if old is None:
        raise NotFound("you keep no group with this id", field="id")
    check_ovn(command.ovn, old.ovn)
    # Only one's own rules are looked at: whether others address a centre's group is theirs to tell.
    for rule in asked.state.rules.values():
        if rule.owner == me and rule.recipient == ToGroup(command.id, me):
            raise WrongState("a release rule of yours still names this group", field="id")
    return Decision((GroupRemoved(old.id, old.owner),))


def _current(asked: Asked, id: RuleId) -> ReleaseRule:
    rule = asked.state.rules.get(id)
    if rule is None or rule.owner != asked.by.participant:
        raise NotFound("you have no release rule with this id", field="id")
    return rule


def _check_recipient(asked: Asked, recipient: Recipient) -> None:
    state, me = asked.state, asked.by.participant
    if isinstance(recipient, ToParticipant):
        if recipient.id not in state.participants or recipient.id == me:
            raise InvalidInput("recipient must be another participant of this centre", field="recipient.id")
        return
    usable = state.policy(asked.now).usable(recipient.keeper, me)
    if is_peer_group(recipient):
        centre = state.participants.get(recipient.keeper)
        if centre is None or not centre.centre:
            raise InvalidInput("the group f3548 is kept by the centre", field="recipient.keeper")
        return
    if not usable or (recipient.keeper, recipient.id) not in state.groups:
        raise InvalidInput("recipient must be a group of your own or of the centre", field="recipient")


def _check_expiry(asked: Asked, expires: datetime | None) -> None:
    if expires is not None and expires <= asked.now:
        raise InvalidInput("expires must lie in the future", field="expires")
