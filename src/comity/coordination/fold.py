"""Fold a fact into a state. Decides nothing, refuses nothing: what the ledger says, is.

Two prunings follow from an entry's time alone, so that replay repeats them: requests are forgotten
after ``REQUEST_MEMORY``, and ended items when their level-0 form leaves view.
"""

from __future__ import annotations

import heapq
from datetime import datetime, timedelta
from itertools import islice
from typing import Final

from comity.clock import micros
from comity.coordination.dss_fold import apply_dss
from comity.coordination.state import Done, OverlayState, Revocation, State
from comity.model import fact as f
from comity.model.constraint import Constraint, ConstraintState
from comity.model.dss_fact import DssFact
from comity.model.intent import Intent, IntentState
from comity.model.rule import Level, ReleaseRule
from comity.release.coarsen import lingers_until

REQUEST_MEMORY: Final = timedelta(hours=24)
"""How long a retried request is recognised; longer costs memory for each request."""

LINGERING: Final = "lingering"
"""The kind of deadline at which a reference of what has ended goes."""

OFF_NOMINAL_GRACE: Final = timedelta(hours=1)
"""A Nonconforming or Contingent intent outlives its last volume by this: the aircraft may still fly."""


def apply(state: State, fact: f.Fact, request: f.Request | None, now: datetime, index: int) -> None:
    """Put one entry's fact into ``state``. ``index`` is the entry's, -1 while it is not yet appended."""
    if isinstance(fact, DssFact):  # asked first: they are the most frequent
        apply_dss(state, fact)
    else:
        _apply_own(state, fact, now)
    if request is not None:
        key = (request.participant, request.request_id)
        state.requests.pop(key, None)  # one that is used again takes its place at the end
        state.requests[key] = Done(index, request.body_sha256, micros(now))
    if not isinstance(state, OverlayState):
        _prune(state, now)


def _apply_own(state: State, fact: f.Fact, now: datetime) -> None:
    """What is no DSS's."""
    match fact:
        case f.IntentPut(intent=intent):
            _put_intent(state, intent)
        case f.ConstraintPut(constraint=constraint):
            _put_constraint(state, constraint)
        case f.SegmentRecorded(recipient=recipient, segment=segment):
            state.segments[recipient] = segment
        case f.Erased() | f.SnapshotRecorded():
            pass
        case f.LevelRaised() | f.AlertTold() | f.AlertAcknowledged() | f.AlertCleared():
            _apply_warning(state, fact)
        case f.PersonPut() | f.PersonRemoved() | f.TokensRevoked():
            _apply_person(state, fact, now)
        case _:
            _apply_membership(state, fact)


def _apply_person(state: State, fact: f.PersonPut | f.PersonRemoved | f.TokensRevoked, now: datetime) -> None:
    match fact:
        case f.PersonPut(person=person):
            state.people[(person.participant, person.id)] = person
        case f.PersonRemoved():
            state.people.pop((fact.participant, fact.id), None)
            # Whoever gets this id again must not be let in by the tokens of the one who had it.
            state.revocations[(fact.participant, fact.id)] = Revocation(now, ())
        case f.TokensRevoked():
            _revoke(state, fact)


def _apply_warning(
    state: State, fact: f.LevelRaised | f.AlertTold | f.AlertAcknowledged | f.AlertCleared
) -> None:
    match fact:
        case f.LevelRaised(to=to):
            state.raises.pop((to.owner, to.recipient, to.track), None)
            if to.level is not Level.NONE:
                state.raises[to.owner, to.recipient, to.track] = to
        case f.AlertTold(told=told) | f.AlertAcknowledged(told=told):
            state.alerts[told.recipient, told.alert.ref] = told
        case f.AlertCleared(recipient=recipient, ref=ref):
            state.alerts.pop((recipient, ref), None)


def _apply_membership(state: State, fact: f.Fact) -> None:
    """The facts that change who gets what of whom."""
    state.rules_changed()
    match fact:
        case f.RulePut(rule=rule):
            _put_rule(state, rule)
        case f.RuleRemoved():
            state.rules.pop(fact.id, None)
        case f.GroupPut(group=group):
            state.groups[(group.owner, group.id)] = group
        case f.GroupRemoved():
            state.groups.pop((fact.owner, fact.id), None)
        case f.CharterAdopted(charter=charter):
            state.charter = charter
            for constraint in state.constraints.values():
                if constraint.state.live():
                    when = constraint_deadline(constraint, charter.constraint_lead_s)
                    state.due(micros(when), "constraint", constraint.id)
        case f.ParticipantPut(participant=participant):
            state.participants[participant.id] = participant
        case _:
            raise AssertionError(f"no fold for {type(fact).__name__}")


def _put_intent(state: State, intent: Intent) -> None:
    state.intents[intent.id] = intent
    state.volumes.put(intent)
    state.hold(intent)
    if intent.state is IntentState.ENDED:
        heapq.heappush(state.lingering, (micros(lingers_until(intent.changed_at)), intent.id))
        _let_linger(state, intent)
    else:
        state.due(micros(intent_deadline(intent)), "intent", intent.id)


def _let_linger(state: State, ended: Intent | Constraint) -> None:
    """What stands for it among F3548 peers goes when its level-0 form does, if it does not go at once."""
    if ended.id in state.reference_of:
        state.due(micros(lingers_until(ended.changed_at)), LINGERING, ended.id)


def _put_constraint(state: State, constraint: Constraint) -> None:
    state.constraints[constraint.id] = constraint
    state.volumes.put(constraint)
    state.hold(constraint)
    if not constraint.state.live():
        heapq.heappush(state.lingering, (micros(lingers_until(constraint.changed_at)), constraint.id))
        _let_linger(state, constraint)
        return
    lead_s = state.charter.constraint_lead_s if state.charter is not None else 0
    when = constraint_deadline(constraint, lead_s)
    state.due(micros(when), "constraint", constraint.id)


def _put_rule(state: State, rule: ReleaseRule) -> None:
    state.rules[rule.id] = rule
    if rule.expires is not None:
        state.due(micros(rule.expires), "rule", rule.id)


def _revoke(state: State, fact: f.TokensRevoked) -> None:
    key = (fact.participant, fact.person)
    old = state.revocations.get(key) or Revocation()
    if fact.token_id is None:
        state.revocations[key] = Revocation(fact.issued_until, ())
    else:
        state.revocations[key] = Revocation(old.until, (*old.tokens, fact.token_id))


def _prune(state: State, now: datetime) -> None:
    if not state.lingering and not state.requests:
        return
    us = micros(now)
    while state.lingering and state.lingering[0][0] <= us:
        _, entity = heapq.heappop(state.lingering)
        item = state.item(entity)
        if item is not None and not item.state.live():
            state.intents.pop(entity, None)
            state.constraints.pop(entity, None)
            state.volumes.drop(entity)
            state.let_go(item)
    oldest_us = micros(now - REQUEST_MEMORY)
    # At most two for each entry: enough to keep up, and no single entry pays for a day's forgetting.
    stale = [key for key, done in islice(state.requests.items(), 2) if done.time_us < oldest_us]
    for key in stale:
        del state.requests[key]


def intent_deadline(intent: Intent) -> datetime:
    """When the exchange ends it by itself."""
    grace = OFF_NOMINAL_GRACE if intent.state.off_nominal() else timedelta(0)
    return intent.end() + grace


def constraint_deadline(constraint: Constraint, lead_s: int) -> datetime:
    """When time next moves it."""
    match constraint.state:
        case ConstraintState.PLANNED:
            return constraint.start() - timedelta(seconds=lead_s)
        case ConstraintState.PENDING:
            return constraint.start()
        case _:
            return constraint.end()
