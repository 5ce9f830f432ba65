"""The third law, account: what each recipient has of an owner's, now and at an earlier time.

Now, it is read off the state and the policy. For an earlier moment a small state is folded from the
ledger: the owner's own entries and those that say who gets what (charter, members, groups, rules), up
to that moment, and asked the same question. So the answer rests on the record, not on a log of answers.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Final

import msgspec

from comity.clock import from_micros, micros
from comity.coordination.fold import apply
from comity.coordination.state import State
from comity.errors import TooLarge, Undecidable
from comity.exchange.values import SeenBy
from comity.geo.heights import Environment
from comity.ids import ParticipantId
from comity.ledger.entry import Stored
from comity.model.fact import ParticipantPut, Payload
from comity.model.participant import Participant
from comity.model.rule import Level
from comity.release.forms import References, kind_of
from comity.release.policy import PEERS
from comity.release.view import form_for

GOVERNING: Final = (
    "charter.adopted",
    "participant.put",
    "group.put",
    "group.removed",
    "rule.put",
    "rule.removed",
    "level.raised",
)
"""Kinds of entries that decide who gets what."""

MAX_SEEN: Final = 50_000
"""Items and their volumes in one answer, counted for each recipient; past it the question is refused."""

_decoder = msgspec.json.Decoder(Payload)


def seen_by_others(
    state: State,
    owner: ParticipantId,
    references: References,
    now: datetime,
    recipient: ParticipantId | None = None,
) -> list[SeenBy]:
    """What every other participant, or one, has of ``owner``'s at ``now``; in canonical order.

    Raises ``TooLarge`` past ``MAX_SEEN``.
    """
    answer: list[SeenBy] = []
    left = MAX_SEEN
    policy = state.policy(now)
    held = (entity for (holder, _), entities in state.owned.items() if holder == owner for entity in entities)
    items = [state.item(entity) for entity in sorted(held)]
    for who in _recipients(state):
        if who == owner or (recipient is not None and who != recipient):
            continue
        # Of tracks, USSs get the telemetry of an off-nominal intent's own aircraft, and nothing else.
        for kind in ("own_track",) if who == PEERS else ("own_track", "sensed_track"):
            granted = policy.explain(owner, who, kind)
            if granted.level is not Level.NONE:
                answer.append(SeenBy(who, kind, granted.level.value, granted.reason, granted.rule))
        answer += [
            SeenBy(who, "own_track", to.level.value, f"raised: {to.reason}", ref=to.track)
            for (of, to_whom, _), to in sorted(state.raises.items())
            if of == owner and to_whom == who
        ]
        for item in items:
            if item is None:
                continue
            form = form_for(item, who, policy, references, state.volumes.reserved, now)
            if form is not None:
                left -= len(form.volumes or ()) + len(form.reserved or ()) + 1
                if left < 0:
                    raise TooLarge(
                        "more is seen of yours than fits one answer; ask for one recipient", field="recipient"
                    )
                granted = policy.explain(owner, who, kind_of(item).value)
                answer.append(
                    SeenBy(
                        who,
                        form.kind.value,
                        granted.level.value,
                        granted.reason,
                        granted.rule,
                        ref=item.id,
                        item=form,
                    )
                )
    return answer


def _recipients(state: State) -> list[ParticipantId]:
    """Every participant, and the USSs that speak F3548 as one, where the exchange speaks it."""
    return sorted((*state.participants, *((PEERS,) if state.dss.uss else ())))


def state_at(
    entries: Iterable[Stored],
    environment: Environment,
    at: datetime,
    owner: ParticipantId,
    members: Mapping[ParticipantId, Participant],
) -> State:
    """The state that these entries give up to and including ``at``, as far as it bears on ``owner``'s items.

    Other members' rules and groups do not, the centre's groups excepted; so that their records, or their
    being erased, make no difference to the answer. An erased admission is the member's as it is known now.
    Raises ``Undecidable`` where anything else has been erased: an incomplete account would be a wrong one.
    """
    state = State(environment)
    bearing = {owner, *(member.id for member in members.values() if member.centre)}
    for entry in entries:
        header = entry.header
        if header.time_us > micros(at):
            break
        if header.kind.startswith(("rule.", "group.")) and header.owner not in bearing:
            continue
        if entry.payload is None and header.kind == "participant.put" and header.owner in members:
            fact = ParticipantPut(members[header.owner])
            apply(state, fact, None, from_micros(header.time_us), header.index)
            continue
        if entry.payload is None:
            raise Undecidable("part of the record for that time has been erased", field="at")
        payload = _decoder.decode(entry.payload)
        apply(state, payload.fact, None, from_micros(header.time_us), header.index)
    return state
