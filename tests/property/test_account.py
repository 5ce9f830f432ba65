"""Law 3, account: what others see of one is what they hold, now, and at any earlier time.

After random histories of rules, groups, filings, changes, ends, expiries and restarts, the answer to every
owner is compared with the airspace of every recipient: the same items, in the same form, no more and no
less; and the answer about an earlier time with what was answered then.
"""

from __future__ import annotations

import hashlib
from datetime import datetime

import msgspec
import pytest
from hypothesis import HealthCheck, assume, given, settings

from comity.errors import Undecidable
from comity.exchange.exchange import Exchange
from comity.exchange.recorder import Line
from comity.exchange.values import SeenBy
from comity.ids import ParticipantId
from comity.model.fact import Payload, SegmentRecorded
from comity.model.observation import Provenance
from comity.model.released import ReleasedItem
from tests.property.drafting import Plan
from tests.property.happened import Erasure
from tests.property.history import Historian, play
from tests.property.plans import plans
from tests.property.sizes import TIMEOUT_S, examples

pytestmark = pytest.mark.timeout(TIMEOUT_S)

Seen = dict[tuple[datetime, ParticipantId], list[SeenBy]]

_KINDS = {Provenance.OWN: "own_track", Provenance.SENSED: "sensed_track"}


@settings(
    max_examples=examples(10),
    deadline=None,  # a history takes a second or so
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)
@given(plan=plans())
def test_what_others_see_is_what_they_hold_now_and_then(plan: Plan) -> None:
    answered: Seen = {}

    async def look(historian: Historian) -> None:
        exchange = historian.house.exchange
        now = exchange.clock.now()
        members = [member.id for member in exchange.participants()]
        for owner in members:
            seen = await exchange.what_others_see(owner)
            answered[now, owner] = seen
            for recipient in members:
                alone = [each for each in seen if each.recipient == recipient]
                assert await exchange.what_others_see(owner, recipient=recipient) == alone
        _compare_items(exchange, members, {owner: answered[now, owner] for owner in members})
        _compare_tracks(exchange, members, {owner: answered[now, owner] for owner in members})

    async def after(historian: Historian) -> None:
        exchange = historian.house.exchange
        historian.house.clock.advance(7.0)
        erased = {event.owner for _, event in historian.player.happened if isinstance(event, Erasure)}
        for (then, owner), seen in answered.items():
            if then in historian.changed_later:
                continue
            try:
                assert await exchange.what_others_see(owner, then) == seen, (owner, then)
            except Undecidable:
                assert owner in erased
        assume(answered)  # a plan may end before its first look
        await _compare_recording(exchange)

    play(plan, look, after)


def _compare_items(
    exchange: Exchange, members: list[ParticipantId], told: dict[ParticipantId, list[SeenBy]]
) -> None:
    for recipient in members:
        held = {item.ref: item for item in exchange.airspace(recipient) if item.level != "own"}
        said: dict[str, ReleasedItem] = {}
        for owner, seen in told.items():
            for each in seen:
                if each.recipient == recipient and each.item is not None:
                    assert each.level == each.item.level
                    assert each.rule is not None
                    own = exchange.item(owner, each.ref or "")
                    assert own.level == "own"
                    said[each.item.ref] = each.item
        assert said == held


def _compare_tracks(
    exchange: Exchange, members: list[ParticipantId], told: dict[ParticipantId, list[SeenBy]]
) -> None:
    """A source that a recipient is given by rule is accounted for, at its level."""
    now = exchange.clock.now()
    for recipient in members:
        for source, level in exchange.tracks_out.sources(recipient, now):
            kind = _KINDS.get(source.provenance)
            if kind is not None and source.participant != recipient:
                said = [
                    each.level
                    for each in told[source.participant]
                    if (each.recipient, each.kind, each.ref) == (recipient, kind, None)
                ]
                assert said == [level]


async def _compare_recording(exchange: Exchange) -> None:
    """What each recipient holds of others' is on the recording, and the recording's hash in its own log."""
    members = [member.id for member in exchange.participants()]
    held = {who: [item for item in exchange.airspace(who) if item.level != "own"] for who in members}
    await exchange.close_segments()
    for who in members:
        lines: list[Line] = []
        for fact in _segments(exchange, who):
            recorded = exchange.recorder.read(who, fact.segment)
            assert len(recorded) == fact.frames
            assert hashlib.sha256(b"".join(recorded)).hexdigest() == fact.sha256
            lines += [msgspec.json.decode(line, type=Line) for line in recorded]
        last = {line.ref: line for line in lines if line.what == "item"}
        for item in held[who]:
            line = last[item.ref]
            assert line.level == item.level
            assert line.form_sha256 == hashlib.sha256(msgspec.json.encode(item)).hexdigest()
            assert line.owner not in (None, who)


def _segments(exchange: Exchange, who: ParticipantId) -> list[SegmentRecorded]:
    found = []
    for leaf in exchange.log_entries(who, 0, exchange.ledger.reader.log_size(who)):
        if leaf.kind == "segment.recorded" and leaf.payload is not None:
            fact = msgspec.json.decode(leaf.payload, type=Payload).fact
            assert isinstance(fact, SegmentRecorded)
            found.append(fact)
    return found
