"""The first door through the real writer and ledger: answers, retries, batches, deadlines, replay."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path

import pytest

from comity.coordination.facts import digest, rows
from comity.errors import (
    InvalidInput,
    LedgerFull,
    NotFound,
    NotPermitted,
    OutcomeUnknown,
    QuotaExceeded,
    RequestIdReused,
    StaleOvn,
    StrategicConflict,
    TooLarge,
    Undecidable,
    WrongState,
)
from comity.ids import EntityId, Ovn, PersonId, RequestId
from comity.model import command as c
from comity.model.constraint import ConstraintKind, ConstraintState
from comity.model.intent import IntentState
from comity.model.participant import Participant, Person, Role
from comity.model.released import ReleasedItem
from comity.model.rule import Level, ReleaseRule, ToParticipant
from tests.world import (
    CENTRE,
    DESK,
    NORTH,
    SOUTH,
    START,
    World,
    charter,
    intent,
    levels,
    volume,
    world,
)


def ref(item: ReleasedItem) -> tuple[EntityId, Ovn]:
    assert item.ovn is not None
    return EntityId(item.ref), Ovn(item.ovn)


async def publish(w: World, **where: float) -> ReleasedItem:
    command = c.PublishConstraint(ConstraintKind.CLOSED, "TEST-R1", (volume(**where),))
    outcome = await w.do(CENTRE, command)
    assert isinstance(outcome.result, ReleasedItem)
    return outcome.result


def test_a_filed_intent_is_answered_with_its_receipt_and_clearance(tmp_path: Path) -> None:
    async def main() -> None:
        async with world(tmp_path, floor=levels(intent=Level.RESERVED)) as w:
            outcome = await w.do(NORTH, intent())
            assert outcome.created
            assert not outcome.repeated
            assert outcome.clearance is not None
            assert outcome.clearance.checked.startswith("clear of what is released to you")
            assert outcome.clearance.floor_intent == "reserved"
            leaf = w.exchange.log_entries(NORTH, outcome.receipt.position, outcome.receipt.position + 1)[0]
            assert leaf.kind == "intent.put"

    asyncio.run(main())


def test_a_retried_request_is_one_entry(tmp_path: Path) -> None:
    async def main() -> None:
        async with world(tmp_path) as w:
            first = await w.do(NORTH, intent(), request="the-same-request")
            size = w.exchange.ledger.size
            again = await w.do(NORTH, intent(), request="the-same-request")
            assert again.repeated
            assert (again.result, again.receipt) == (first.result, first.receipt)
            assert w.exchange.ledger.size == size
            with pytest.raises(RequestIdReused):
                await w.do(NORTH, intent(volume(lat=48.0)), request="the-same-request")

    asyncio.run(main())


def test_retries_that_meet_in_one_batch_share_one_answer(tmp_path: Path) -> None:
    async def main() -> None:
        async with world(tmp_path) as w:
            size = w.exchange.ledger.size
            both = await asyncio.gather(*(w.do(NORTH, intent(), request="twin-request") for _ in range(5)))
            assert {outcome.receipt.position for outcome in both} == {both[0].receipt.position}
            assert w.exchange.ledger.size == size + 1

    asyncio.run(main())


def test_a_retry_after_a_restart_is_still_recognised(tmp_path: Path) -> None:
    async def main() -> None:
        async with world(tmp_path) as w:
            first = await w.do(NORTH, intent(), request="before-restart")
            clock = w.clock
        async with world(tmp_path, clock=clock) as w:
            again = await w.do(NORTH, intent(), request="before-restart")
            assert again.repeated
            assert again.result == first.result

    asyncio.run(main())


def test_commands_of_one_batch_see_the_earlier_ones(tmp_path: Path) -> None:
    async def main() -> None:
        async with world(tmp_path) as w:
            answers = await asyncio.gather(
                w.file(NORTH), w.file(NORTH), w.file(NORTH, volume(lat=46.0)), return_exceptions=True
            )
            assert isinstance(answers[0], ReleasedItem)
            assert isinstance(answers[1], StrategicConflict)
            assert isinstance(answers[2], ReleasedItem)

    asyncio.run(main())


def test_a_conflict_can_be_filed_over_by_naming_each_reference(tmp_path: Path) -> None:
    async def main() -> None:
        async with world(tmp_path) as w:
            first = await w.file(NORTH)
            second = await w.file(NORTH, volume(lower_m=1_400.0, upper_m=1_900.0), accept=[first.ref])
            assert second.accepted_conflicts == (first.ref,)
            with pytest.raises(StrategicConflict) as refusal:
                await w.file(NORTH, volume(), accept=[first.ref])
            assert {x.item.ref for x in refusal.value.detail["conflicts"]} == {first.ref, second.ref}

    asyncio.run(main())


def test_what_is_not_released_is_no_conflict_and_both_may_be_filed(tmp_path: Path) -> None:
    async def main() -> None:
        async with world(tmp_path) as w:
            await w.file(NORTH)
            item = await w.file(SOUTH)
            assert item.accepted_conflicts == ()

    asyncio.run(main())


def test_a_level_0_conflict_names_cells_and_nothing_exact(tmp_path: Path) -> None:
    async def main() -> None:
        async with world(tmp_path, floor=levels(intent=Level.RESERVED)) as w:
            await w.file(NORTH)
            with pytest.raises(StrategicConflict) as refusal:
                await w.file(SOUTH, volume(lower_m=1_700.0, upper_m=1_800.0))
            (conflict,) = refusal.value.detail["conflicts"]
            assert conflict.item.level == "reserved"
            assert conflict.item.volumes is None
            assert conflict.item.state is None
            assert not conflict.blocking
            assert conflict.item.ref == w.exchange.airspace(SOUTH)[0].ref

    asyncio.run(main())


def test_a_closed_constraint_cannot_be_filed_over_by_others_but_by_its_owner(tmp_path: Path) -> None:
    async def main() -> None:
        async with world(tmp_path, floor=levels(constraint=Level.VOLUME)) as w:
            await publish(w)
            (seen,) = w.exchange.airspace(NORTH)
            with pytest.raises(StrategicConflict) as refusal:
                await w.file(NORTH, accept=[seen.ref])
            assert refusal.value.detail["conflicts"][0].blocking
            assert (await w.file(CENTRE)).accepted_conflicts == ()

    asyncio.run(main())


def test_off_nominal_is_never_refused_for_a_conflict(tmp_path: Path) -> None:
    async def main() -> None:
        async with world(tmp_path) as w:
            await w.file(NORTH)
            other = await w.file(NORTH, volume(lat=46.0))
            id, ovn = ref(other)
            with pytest.raises(StrategicConflict):
                await w.do(NORTH, c.ChangeIntent(id, ovn, volumes=(volume(),)))
            changed = await w.do(
                NORTH, c.ChangeIntent(id, ovn, state=IntentState.CONTINGENT, volumes=(volume(),))
            )
            assert isinstance(changed.result, ReleasedItem)
            assert changed.result.state is IntentState.CONTINGENT
            id, ovn = ref(changed.result)
            with pytest.raises(WrongState):
                await w.do(NORTH, c.ChangeIntent(id, ovn, state=IntentState.ACTIVATED))

    asyncio.run(main())


def test_a_stale_ovn_and_anothers_intent_are_refused_alike_for_what_they_tell(tmp_path: Path) -> None:
    async def main() -> None:
        async with world(tmp_path) as w:
            item = await w.file(NORTH)
            id, ovn = ref(item)
            await w.do(NORTH, c.ChangeIntent(id, ovn, state=IntentState.ACTIVATED))
            with pytest.raises(StaleOvn) as stale:
                await w.do(NORTH, c.EndIntent(id, ovn))
            assert stale.value.field == "ovn"
            unknown = EntityId("00000000-0000-4000-8000-000000000000")
            messages = []
            for guess in (id, unknown):
                with pytest.raises(NotFound) as missing:
                    await w.do(SOUTH, c.EndIntent(guess, ovn))
                messages.append(missing.value.message)
            assert messages[0] == messages[1]

    asyncio.run(main())


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"start_s": -7_200.0, "end_s": -3_600.0}, "volumes"),
    ],
)
def test_volumes_in_the_past_are_refused(tmp_path: Path, wrong: dict[str, float], field: str) -> None:
    async def main() -> None:
        async with world(tmp_path) as w:
            with pytest.raises(InvalidInput) as refusal:
                await w.file(NORTH, volume(**wrong))
            assert refusal.value.field == field

    asyncio.run(main())


def test_time_ends_intents_moves_constraints_and_expires_rules_by_entries(tmp_path: Path) -> None:
    async def main() -> None:
        async with world(tmp_path, floor=levels(constraint=Level.VOLUME)) as w:
            item = await w.file(NORTH)
            await publish(w, lat=46.0, start_s=1_800.0, end_s=3_600.0)
            expires = START + timedelta(seconds=1_000)
            await w.do(NORTH, c.SetRule(ToParticipant(SOUTH), levels(Level.VOLUME), expires))
            states = []
            for _ in range(5):
                states += [item.state for item in w.exchange.airspace(SOUTH)]
                await w.pass_time(900.0)
            constraint_states = (ConstraintState.PLANNED, ConstraintState.PENDING, ConstraintState.ACTIVE)
            assert set(states) >= set(constraint_states)
            assert w.exchange.rules(NORTH) == []
            assert w.exchange.item(NORTH, item.ref).state is IntentState.ENDED
            kinds = [leaf.kind for leaf in w.exchange.log_entries("tree", 0, w.exchange.ledger.size)]
            assert "rule.removed" in kinds
            assert kinds.count("constraint.put") == 4

    asyncio.run(main())


def test_replay_from_entry_0_gives_the_same_digest(tmp_path: Path) -> None:
    async def main() -> None:
        async with world(tmp_path, floor=levels(constraint=Level.VOLUME)) as w:
            for number in range(20):
                await w.file(NORTH if number % 2 else SOUTH, volume(lat=40.0 + number * 0.2))
            await publish(w)
            await w.release(NORTH, SOUTH, levels(Level.VOLUME))
            await w.pass_time(5_000.0)
            before = digest(rows(w.exchange.state))
            clock = w.clock
        async with world(tmp_path, clock=clock) as w:
            assert w.opened.recovered.from_snapshot == 0
            assert digest(rows(w.exchange.state)) == before

    asyncio.run(main())


def test_a_full_ledger_refuses_writes_serves_reads_and_recovers(tmp_path: Path) -> None:
    async def main() -> None:
        async with world(tmp_path) as w:
            item = await w.file(NORTH)
            append = w.exchange.writer.ledger.append

            def full(drafts: object) -> object:
                raise LedgerFull("the disk is full: nothing was written")

            w.exchange.writer.ledger.append = full  # type: ignore[method-assign, assignment]
            with pytest.raises(LedgerFull):
                await w.file(NORTH, volume(lat=46.0))
            full_at = w.clock.now()
            w.clock.advance(10.0)
            assert w.exchange.as_of() == full_at
            assert [i.ref for i in w.exchange.airspace(NORTH)] == [item.ref]
            w.exchange.writer.ledger.append = append  # type: ignore[method-assign]
            await w.file(NORTH, volume(lat=46.0))
            assert w.exchange.as_of() == w.clock.now()

    asyncio.run(main())


def test_an_unknown_outcome_ends_the_writer(tmp_path: Path) -> None:
    async def main() -> None:
        async with world(tmp_path) as w:
            append = w.exchange.writer.ledger.append

            def unknown(drafts: object) -> object:
                raise OutcomeUnknown("the disk did not say")

            w.exchange.writer.ledger.append = unknown  # type: ignore[method-assign, assignment]
            with pytest.raises(OutcomeUnknown):
                await w.file(NORTH)
            w.exchange.writer.ledger.append = append  # type: ignore[method-assign]
            with pytest.raises(OutcomeUnknown):
                await w.file(NORTH)
            assert not w.exchange.healthy()

    asyncio.run(main())


def test_only_the_centre_keeps_charter_and_membership(tmp_path: Path) -> None:
    async def main() -> None:
        async with world(tmp_path) as w:
            with pytest.raises(NotPermitted):
                await w.do(NORTH, c.AdoptCharter(charter(version=2)))
            with pytest.raises(NotPermitted):
                await w.do(NORTH, c.AdmitParticipant(Participant(SOUTH, "Renamed")))
            stranger = Person(PersonId("mole"), SOUTH, "A mole", (Role.DUTY_DESK,))
            with pytest.raises(NotPermitted):
                await w.do(NORTH, c.PutPerson(stranger))
            with pytest.raises(StaleOvn):
                await w.do(CENTRE, c.AdoptCharter(charter(version=1)))

    asyncio.run(main())


def test_a_removed_person_and_a_suspended_participant_can_do_nothing(tmp_path: Path) -> None:
    async def main() -> None:
        async with world(tmp_path) as w:
            await w.do(CENTRE, c.AdmitParticipant(Participant(NORTH, "Air force north", suspended=True)))
            with pytest.raises(NotPermitted):
                await w.file(NORTH)
            await w.do(SOUTH, c.RemovePerson(SOUTH, DESK))
            with pytest.raises(NotPermitted):
                await w.file(SOUTH)

    asyncio.run(main())


def test_an_id_given_again_does_not_revive_its_old_tokens(tmp_path: Path) -> None:
    async def main() -> None:
        async with world(tmp_path) as w:
            issued = w.clock.now()
            w.clock.advance(10.0)
            await w.do(CENTRE, c.RemovePerson(SOUTH, DESK))
            await w.do(CENTRE, c.PutPerson(Person(DESK, SOUTH, "Somebody else", (Role.OBSERVER,))))
            assert w.exchange.is_revoked(SOUTH, DESK, "token-1", issued)
            assert not w.exchange.is_revoked(SOUTH, DESK, "token-2", w.clock.now() + timedelta(seconds=1))

    asyncio.run(main())


def test_live_items_are_bounded_for_each_participant_and_ending_one_makes_room(tmp_path: Path) -> None:
    async def main() -> None:
        async with world(tmp_path) as w:
            w.exchange.state.items_per_participant = 2
            first = await w.file(NORTH, volume(lat=40.0))
            await w.file(NORTH, volume(lat=41.0))
            with pytest.raises(QuotaExceeded):
                await w.file(NORTH, volume(lat=42.0))
            await w.file(SOUTH, volume(lat=42.0))
            await w.do(NORTH, c.EndIntent(*ref(first)))
            await w.file(NORTH, volume(lat=42.0))

    asyncio.run(main())


def test_what_would_not_fit_into_a_record_is_refused_and_nothing_else_is(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def main() -> None:
        async with world(tmp_path) as w:
            monkeypatch.setattr("comity.exchange.writer.MAX_PAYLOAD_BYTES", 5_000)
            many = tuple(volume(lat=40.0 + n / 10) for n in range(50))
            answers = await asyncio.gather(
                w.file(NORTH, *many), w.file(NORTH, volume(lat=50.0)), return_exceptions=True
            )
            assert isinstance(answers[0], TooLarge)
            assert isinstance(answers[1], ReleasedItem)
            assert w.exchange.healthy()

    asyncio.run(main())


def test_a_charter_can_demand_signed_commands(tmp_path: Path) -> None:
    async def main() -> None:
        async with world(tmp_path) as w:
            await w.do(CENTRE, c.AdoptCharter(charter(signed=True, version=2)))
            with pytest.raises(NotPermitted, match="signed"):
                await w.file(NORTH)
            signed = c.Signed("key-1", "text", "c2ln")
            submission = c.Submission(NORTH, DESK, RequestId("signed-one"), intent(), "body", signed)
            assert (await w.exchange.submit(submission)).created

    asyncio.run(main())


def test_an_erased_account_is_refused_rather_than_incomplete(tmp_path: Path) -> None:
    async def main() -> None:
        async with world(tmp_path) as w:
            await w.file(NORTH)
            await w.pass_time(40 * 86_400.0)
            await w.do(CENTRE, c.Erase(NORTH, "2026-06"))
            with pytest.raises(Undecidable):
                await w.exchange.what_others_see(NORTH, at=START + timedelta(seconds=60))

    asyncio.run(main())


def test_a_rule_names_a_member_or_a_usable_group(tmp_path: Path) -> None:
    async def main() -> None:
        async with world(tmp_path) as w:
            with pytest.raises(InvalidInput) as refusal:
                await w.release(NORTH, type(NORTH)("nobody"), levels(Level.VOLUME))
            assert refusal.value.field == "recipient.id"
            outcome = await w.release(NORTH, SOUTH, levels(Level.VOLUME))
            rule = outcome.result
            assert isinstance(rule, ReleaseRule)
            with pytest.raises(NotFound):
                await w.do(SOUTH, c.WithdrawRule(rule.id, rule.ovn))

    asyncio.run(main())
