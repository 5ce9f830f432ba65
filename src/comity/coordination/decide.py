"""Decide a command: ``decide(asked) -> Decision``, or a refusal. Pure.

Besides each subject's own rules, two things are checked for every command here, at the moment of
decision: that the person is still a member's, and that the charter's demand for a signature is met.
"""

from __future__ import annotations

from comity.coordination import alerts, constraints, deadlines, intents, members, rules
from comity.coordination.decision import Asked, Decision
from comity.coordination.f3411.decide import decide_f3411
from comity.coordination.f3548.decide import decide_f3548
from comity.coordination.f3548.standing import check_growth
from comity.errors import InvalidInput, NotPermitted
from comity.ids import EXCHANGE, REQUEST_ID
from comity.model import command as c
from comity.model import dss_command as d
from comity.model.f3548 import is_peer
from comity.model.fact import SegmentRecorded, SnapshotRecorded


def decide(asked: Asked) -> Decision:
    """Facts for the command, or raises one of ``comity.errors.Refused``."""
    if is_peer(asked.by.participant):
        return _decide_peer(asked)
    if asked.by.participant != EXCHANGE:
        _check_asker(asked)
    match asked.by.command:
        case c.FileIntent() | c.ChangeIntent() | c.EndIntent() | c.PublishConstraint() | c.ChangeConstraint():
            return _decide_item(asked)
        case c.SetRule() | c.ChangeRule() | c.WithdrawRule() | c.SetGroup() | c.RemoveGroup():
            return _decide_release(asked)
        case c.AcknowledgeAlert() as command:
            return alerts.acknowledge(asked, command)
        case c.MeetDeadlines() | c.RecordWarnings() | c.RecordSegment() | c.RecordSnapshot():
            return _decide_own(asked)
        case d.RecordDelivered() | d.RecordDetails() | d.PruneSubscriptions() | d.AlignReferences():
            return _decide_own(asked)
        case d.PruneIdentification():
            return _decide_own(asked)
        case _:
            return _decide_membership(asked)


def _decide_peer(asked: Asked) -> Decision:
    """A USS that speaks the standards' interfaces. It is no member: its token is what admits it, and these
    commands are all that it may give."""
    match asked.by.command:
        case d.PutServiceArea() | d.RemoveServiceArea() | d.PutIsaSubscription() | d.RemoveIsaSubscription():
            decision = decide_f3411(asked)
        case (
            d.PutReference()
            | d.RemoveReference()
            | d.PutConstraintReference()
            | d.RemoveConstraintReference()
            | d.PutSubscription()
            | d.RemoveSubscription()
            | d.SetAvailability()
            | d.FileReport()
        ):
            decision = decide_f3548(asked)
        case _:
            raise NotPermitted("a USS may give the commands of the standards' interfaces, and no others")
    check_growth(asked, decision.facts)
    return decision


def _check_asker(asked: Asked) -> None:
    by, state = asked.by, asked.state
    participant = state.participants.get(by.participant)
    if participant is None or participant.suspended or (by.participant, by.person) not in state.people:
        raise NotPermitted("you are not, or no longer, an active member of this centre")
    if not REQUEST_ID.match(by.request_id):
        raise InvalidInput("request id must be 8 to 64 of A-Z a-z 0-9 . _ : -", field="Idempotency-Key")
    if state.charter is None:
        raise NotPermitted("no charter is in force; nothing can be promised without one")
    if state.charter.signed_commands and by.signed is None:
        raise NotPermitted("the charter requires every command to be signed by its originator")


def _decide_item(asked: Asked) -> Decision:
    match asked.by.command:
        case c.FileIntent() as command:
            return intents.file(asked, command)
        case c.ChangeIntent() as command:
            return intents.change(asked, command)
        case c.EndIntent() as command:
            return intents.end(asked, command)
        case c.PublishConstraint() as command:
            return constraints.publish(asked, command)
        case c.ChangeConstraint() as command:
            return constraints.change(asked, command)
        case other:
            raise AssertionError(f"no decision for {type(other).__name__}")


def _decide_release(asked: Asked) -> Decision:
    match asked.by.command:
        case c.SetRule() as command:
            return rules.set_rule(asked, command)
        case c.ChangeRule() as command:
            return rules.change_rule(asked, command)
        case c.WithdrawRule() as command:
            return rules.withdraw_rule(asked, command)
        case c.SetGroup() as command:
            return rules.set_group(asked, command)
        case c.RemoveGroup() as command:
            return rules.remove_group(asked, command)
        case other:
            raise AssertionError(f"no release decision for {type(other).__name__}")


def _decide_membership(asked: Asked) -> Decision:
    match asked.by.command:
        case c.AdoptCharter() as command:
            return members.adopt_charter(asked, command)
        case c.AdmitParticipant() as command:
            return members.admit_participant(asked, command)
        case c.PutPerson() as command:
            return members.put_person(asked, command)
        case c.RemovePerson() as command:
            return members.remove_person(asked, command)
        case c.RevokeTokens() as command:
            return members.revoke_tokens(asked, command)
        case c.Erase() as command:
            return members.erase(asked, command)
        case other:
            raise AssertionError(f"no decision for {type(other).__name__}")


def _decide_own(asked: Asked) -> Decision:
    """Only the exchange submits these; a participant's would come from no route, and is refused."""
    if asked.by.participant != EXCHANGE:
        raise NotPermitted("only the exchange itself does this")
    match asked.by.command:
        case c.MeetDeadlines() as command:
            return deadlines.meet(asked, command)
        case c.RecordWarnings() as command:
            return alerts.record(command)
        case c.RecordSegment() as x:
            return Decision((SegmentRecorded(x.recipient, x.segment, x.frames, x.sha256),))
        case c.RecordSnapshot() as x:
            return Decision((SnapshotRecorded(x.size, x.state_digest, x.file_sha256),))
        case d.RecordDelivered() | d.RecordDetails() | d.PruneSubscriptions() | d.AlignReferences():
            return decide_f3548(asked)
        case d.PruneIdentification():
            return decide_f3411(asked)
        case other:
            raise AssertionError(f"no decision for {type(other).__name__}")
