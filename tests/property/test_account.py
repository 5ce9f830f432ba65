"""Law 3, account: what others see of one is what they hold, now, and at any earlier time.

After random histories of rules, groups, filings, changes, ends, expiries and restarts, the answer to every
owner is compared with the airspace of every recipient: the same items, in the same form, no more and no
less; and the answer about an earlier time with what was answered then.
"""

from __future__ import annotations

from datetime import datetime

from hypothesis import HealthCheck, given, settings

from comity.errors import Undecidable
from comity.exchange.exchange import Exchange
from comity.exchange.values import SeenBy
from comity.ids import ParticipantId
from comity.model.observation import Provenance
from comity.model.released import ReleasedItem
from tests.property.drafting import Plan
from tests.property.happened import Erasure
from tests.property.history import Historian, play
from tests.property.plans import plans
from tests.property.sizes import examples

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
        assert answered

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
                    if (each.recipient, each.kind) == (recipient, kind)
                ]
                assert said == [level]
