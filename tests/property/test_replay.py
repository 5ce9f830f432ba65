"""The state is a fold over the ledger: replay from entry 0, or from a snapshot, gives what is served.

After random histories the digest of the folded facts is the live one's, and what is derived from them is the
same as well: who holds what, and what everybody is told.
"""

from __future__ import annotations

import pytest
from hypothesis import HealthCheck, assume, given, settings

from comity.coordination.facts import digest, rows
from comity.coordination.state import State
from comity.exchange.account import seen_by_others
from comity.exchange.exchange import Exchange
from comity.exchange.opening import LEDGER, SNAPSHOTS
from comity.exchange.recovery import fold_entries, recover
from comity.exchange.snapshots import Job, make_snapshot
from comity.ids import Ids
from comity.model.command import RecordSnapshot
from comity.release.forms import References
from tests.property import happened as h
from tests.property.drafting import Act, Look, Plan
from tests.property.history import ENVIRONMENT, Historian, play
from tests.property.plans import plans
from tests.property.sizes import TIMEOUT_S, examples

pytestmark = pytest.mark.timeout(TIMEOUT_S)


@settings(
    max_examples=examples(10),
    deadline=None,  # a history takes a second or so
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
@given(plan=plans())
def test_replay_gives_the_live_state(plan: Plan) -> None:
    assume(not any(isinstance(m, Act) and isinstance(m.first, h.Erasure) for m in plan.moves))
    looks = sum(isinstance(move, Look) for move in plan.moves)
    looked: list[int] = []

    async def look(historian: Historian) -> None:
        """In the middle of the history, make a snapshot as the second process does."""
        looked.append(1)
        if len(looked) == looks // 2:
            house = historian.house
            made = make_snapshot(
                Job(
                    str(house.directory / "data" / LEDGER),
                    str(house.directory / "keys"),
                    str(house.directory / "data" / SNAPSHOTS),
                    ENVIRONMENT,
                )
            )
            assert made.state_digest == digest(rows(house.exchange.state))
            await house.exchange.own(RecordSnapshot(made.size, made.state_digest, made.file_sha256))

    async def after(historian: Historian) -> None:
        house = historian.house
        live = house.exchange.state
        reader = house.exchange.ledger.reader
        replayed = State(ENVIRONMENT)
        assert fold_entries(replayed, reader, 0) == house.exchange.ledger.size
        _same(house.exchange, live, replayed)
        recovered = recover(reader, house.opened.keyfile, house.directory / "data" / SNAPSHOTS, ENVIRONMENT)
        assert not recovered.passed_over
        assert (recovered.from_snapshot > 0) == (looks >= 2)
        _same(house.exchange, live, recovered.state)

    play(plan, look, after)


def _same(exchange: Exchange, live: State, again: State) -> None:
    assert digest(rows(again)) == digest(rows(live))
    for derived in ("owned", "lingers"):
        assert _filled(getattr(again, derived)) == _filled(getattr(live, derived))
    now = exchange.clock.now()
    references = References(Ids(exchange.writer.ids._secret))
    for owner in live.participants:
        told = seen_by_others(again, owner, references, now)
        assert told == seen_by_others(live, owner, references, now)


def _filled(table: dict[object, set[object]]) -> dict[object, set[object]]:
    return {key: held for key, held in table.items() if held}
