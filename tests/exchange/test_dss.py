"""The DSS over the real writer and ledger: forms as the standard's schemas, hidden OVNs, restarts."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import jsonschema
import pytest
from msgspec.structs import replace

from comity.clock import ManualClock
from comity.coordination.facts import digest, rows
from comity.coordination.state import DssSettings, State
from comity.errors import (
    InvalidInput,
    NotFound,
    NotPermitted,
    StrategicConflict,
    TooLarge,
)
from comity.exchange import dss as dss_module
from comity.exchange.opening import LEDGER, SNAPSHOTS
from comity.exchange.recovery import fold_entries, recover
from comity.exchange.snapshots import Job, make_snapshot
from comity.ids import EntityId, ParticipantId
from comity.model import dss_command as c
from comity.model.command import RecordSnapshot
from comity.model.f3548 import AvailabilityState, ConstraintReference, OperationalIntentReference
from comity.model.intent import IntentState
from comity.release.f3548 import HIDDEN, NO_SUBSCRIPTION
from tests.coordination.f3548.desk import START, URL, box, id_
from tests.exchange.usses import available, constrain, lacking, plain, put, remove, subscribe
from tests.hosting import ran
from tests.world import ENVIRONMENT, World, world

_TIME = {
    "type": "object",
    "required": ["value", "format"],
    "additionalProperties": False,
    "properties": {
        "value": {"type": "string", "pattern": r"^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$"},
        "format": {"const": "RFC3339"},
    },
}
_UUID = {
    "type": "string",
    "pattern": r"^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$",
}
_OVN = {"type": "string", "minLength": 16, "maxLength": 128}


def schema(**properties: dict[str, Any]) -> dict[str, Any]:
    """All required, and nothing besides: forms must not tell more than the standard asks."""
    return {
        "type": "object",
        "required": list(properties),
        "additionalProperties": False,
        "properties": properties,
    }


_CONSTRAINT = schema(
    id=_UUID,
    manager={"type": "string"},
    uss_availability={"enum": ["Unknown", "Normal", "Down"]},
    version={"type": "integer"},
    ovn=_OVN,
    time_start=_TIME,
    time_end=_TIME,
    uss_base_url={"type": "string"},
)
_REFERENCE = schema(
    **_CONSTRAINT["properties"],
    state={"enum": ["Accepted", "Activated", "Nonconforming", "Contingent"]},
    subscription_id=_UUID,
)
_SUBSCRIPTION = schema(
    id=_UUID,
    version={"type": "string"},
    notification_index={"type": "integer", "minimum": 0},
    time_start=_TIME,
    time_end=_TIME,
    uss_base_url={"type": "string"},
    notify_for_operational_intents={"type": "boolean"},
    notify_for_constraints={"type": "boolean"},
    implicit_subscription={"type": "boolean"},
    dependent_operational_intents={"type": "array", "items": _UUID},
)
_SUBSCRIBER = schema(
    subscriptions={
        "type": "array",
        "minItems": 1,
        "items": schema(subscription_id=_UUID, notification_index={"type": "integer"}),
    },
    uss_base_url={"type": "string"},
)


@ran
async def test_forms_are_the_standards(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        dss = w.exchange.dss
        held = await put(dss, implicit=True)
        jsonschema.validate(held, _REFERENCE)
        jsonschema.validate(await constrain(dss), _CONSTRAINT)
        given = await subscribe(dss, constraints=True)
        jsonschema.validate(given, _SUBSCRIPTION)
        removed = await remove(dss, held)
        jsonschema.validate(plain(removed.value), _REFERENCE)
        assert removed.subscribers
        for each in plain(removed.subscribers):
            jsonschema.validate(each, _SUBSCRIBER)
        intents, constraints = dss.around("uss1", EntityId(given["id"]))
        assert (intents, len(constraints or ())) == ([], 1)
        assert plain(dss.availability("uss1")) == {
            "version": "",
            "status": {"uss": "uss1", "availability": "Unknown"},
        }


@ran
async def test_an_answer_gives_back_what_was_asked(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        at = replace(box(), start=START.replace(microsecond=123_456), end=START + timedelta(hours=1))
        held = await put(w.exchange.dss, at=at)
        assert held["time_start"]["value"] == "2026-06-01T08:00:00.123456Z"
        assert held["time_end"]["value"] == "2026-06-01T09:00:00Z"
        assert (held["version"], held["state"], held["uss_base_url"]) == (1, "Accepted", URL)
        assert held["subscription_id"] == NO_SUBSCRIPTION
        with pytest.raises(NotFound):
            w.exchange.dss.subscription("uss1", EntityId(NO_SUBSCRIPTION))


@ran
async def test_an_ovn_is_its_managers_alone_on_every_way_out(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        dss = w.exchange.dss
        held, constraint = await put(dss), await constrain(dss)
        await subscribe(dss, 1, constraints=True)
        await subscribe(dss, 2, "uss2", constraints=True)
        for manager, number, shown in (("uss1", 1, True), ("uss2", 2, False)):
            intents, constraints = dss.around(manager, id_(number, "b"))
            for answer, ovn in (
                (dss.operational_intent(manager, id_(1)), held["ovn"]),
                (dss.operational_intents(manager, box())[0], held["ovn"]),
                ((intents or [None])[0], held["ovn"]),
                (dss.constraint(manager, id_(1, "c")), constraint["ovn"]),
                (dss.constraints(manager, box())[0], constraint["ovn"]),
                ((constraints or [None])[0], constraint["ovn"]),
            ):
                assert plain(answer)["ovn"] == (ovn if shown else HIDDEN)
            with pytest.raises(StrategicConflict) as refused:
                await put(dss, 9, manager)
            (missing,) = plain(refused.value.detail)["missing_operational_intents"]
            assert missing["ovn"] == (held["ovn"] if shown else HIDDEN)
            jsonschema.validate(missing, _REFERENCE)


@ran
async def test_a_refused_key_has_only_the_lists_that_hold_something(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        dss = w.exchange.dss
        await put(dss)
        await constrain(dss, by="uss2")
        with pytest.raises(StrategicConflict) as refused:
            await put(dss, 2)
        assert set(refused.value.detail) == {"missing_operational_intents"}
        new = c.NewSubscription(URL, notify_for_constraints=True)
        key = (plain(dss.operational_intent("uss1", id_(1)))["ovn"],)
        command = c.PutReference(id_(2), None, box(), IntentState.ACCEPTED, URL, key, None, new)
        with pytest.raises(StrategicConflict) as refused:
            await dss.submit("uss1", command)
        assert set(refused.value.detail) == {"missing_constraints"}
        (missing,) = plain(refused.value.detail)["missing_constraints"]
        jsonschema.validate(missing, _CONSTRAINT)
        assert missing["ovn"] == HIDDEN
        assert lacking(refused.value) == ([], [id_(1, "c")])


@ran
async def test_availability_shows_at_once_in_what_was_read_before(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        dss = w.exchange.dss
        await put(dss)
        await constrain(dss)
        for state in (AvailabilityState.DOWN, AvailabilityState.NORMAL, AvailabilityState.UNKNOWN):
            set_ = await available(dss, "uss1", state)
            assert plain(dss.availability("uss1")) == set_
            for answer in (dss.operational_intent("uss2", id_(1)), dss.constraint("uss1", id_(1, "c"))):
                assert plain(answer)["uss_availability"] == state.value


@ran
async def test_searches_find_what_shares_cells_heights_and_times(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        dss = w.exchange.dss
        await put(dss, 1)
        await put(dss, 2, at=box(lower_m=1_000.0, upper_m=1_100.0))
        await put(dss, 3, at=box(lat=47.1))
        await constrain(dss, 1)

        def found(at: Any) -> list[str]:
            return [plain(each)["id"] for each in dss.operational_intents("uss2", at)]

        assert found(box()) == [id_(1)]
        assert found(box(lower_m=None, upper_m=None)) == [id_(1), id_(2)]
        assert found(box(lower_m=1_100.0, upper_m=None, start_s=None, end_s=None)) == [id_(2)]
        assert found(box(start_s=-9_000.0, end_s=-8_000.0)) == []
        assert found(box(start_s=None, end_s=None, radius_m=20_000.0)) == [id_(1), id_(3)]
        high = box(lower_m=9_000.0, upper_m=9_100.0)
        assert [plain(each)["id"] for each in dss.constraints("uss2", high)] == [id_(1, "c")]


@ran
async def test_a_search_is_answered_whole_or_refused(
    tmp_path: Path,
) -> None:
    async with world(tmp_path) as w:
        dss = w.exchange.dss
        for number in range(4):
            await put(dss, number, at=box(lower_m=number * 200.0, upper_m=number * 200.0 + 100.0))
        asked = box(lower_m=None, upper_m=None)
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(dss_module, "MOST_FOUND", 3)
            with pytest.raises(TooLarge):
                dss.operational_intents("uss2", asked)
        assert len(dss.operational_intents("uss2", asked)) == 4


@ran
async def test_subscriptions_are_read_by_their_manager_while_they_last(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        dss = w.exchange.dss
        held = await subscribe(dss, 1)
        await subscribe(dss, 2, "uss2")
        await put(dss, 1, implicit=True)
        asked = box(start_s=None, end_s=None)
        found = [plain(each) for each in dss.subscriptions("uss1", asked)]
        assert [each["implicit_subscription"] for each in found].count(True) == 1
        assert len(found) == 2
        with pytest.raises(NotPermitted):
            dss.subscription("uss2", EntityId(held["id"]))
        with pytest.raises(NotPermitted):
            dss.around("uss2", EntityId(held["id"]))
        w.clock.advance(4_201.0)
        assert dss.subscriptions("uss1", asked) == []
        assert plain(dss.subscription("uss1", EntityId(held["id"])))["notification_index"] == 1


@ran
async def test_dependents_and_what_lies_around_are_listed(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        dss = w.exchange.dss
        given = await subscribe(dss)
        await put(dss, 2, subscription=given["id"])
        await put(dss, 1, at=box(lower_m=500.0, upper_m=600.0), subscription=given["id"])
        assert plain(dss.subscription("uss1", id_(1, "b")))["dependent_operational_intents"] == [
            id_(1),
            id_(2),
        ]
        intents, constraints = dss.around("uss1", id_(1, "b"))
        assert [plain(each)["id"] for each in intents or ()] == [id_(1), id_(2)]
        assert constraints is None


@ran
async def test_a_report_comes_back_with_an_id(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        said = {"url": "https://uss.example", "method": "GET"}
        record: dict[str, object] = {"exchange": said, "report_id": "mine"}
        written = await w.exchange.dss.submit("uss1", c.FileReport(record))
        answered = plain(written.value)
        assert answered["exchange"] == record["exchange"]
        assert re.fullmatch(r"[0-9a-f-]{36}", answered["report_id"])


@ran
async def test_a_name_longer_than_a_sub_can_be_is_refused(tmp_path: Path) -> None:
    async with world(tmp_path) as w:
        for name in ("", "x" * 257):
            with pytest.raises(InvalidInput):
                await put(w.exchange.dss, by=name)
        assert not w.exchange.state.references


async def history(w: World) -> None:
    """Something of everything that the DSS records."""
    dss = w.exchange.dss
    await subscribe(dss, 1, constraints=True)
    held = await put(dss, 1, implicit=True)
    await constrain(dss)
    await available(dss, "uss2", AvailabilityState.DOWN)
    w.clock.advance(1.0)
    held = await put(
        dss, 1, ovn=held["ovn"], state=IntentState.ACTIVATED, subscription=held["subscription_id"]
    )
    await put(dss, 2, by="urn:uss/2 é", at=box(lat=47.1), implicit=True)
    with pytest.raises(StrategicConflict):
        await put(dss, 3, implicit=True)
    await put(dss, 3, at=box(lat=47.2), implicit=True)
    await remove(dss, plain(dss.operational_intent("uss1", id_(3))))
    await dss.submit("uss1", c.FileReport({"exchange": {}}))


@ran
async def test_replay_and_snapshot_give_what_is_served(tmp_path: Path) -> None:
    clock = ManualClock(START)
    async with world(tmp_path, clock=clock) as w:
        await history(w)
        live = digest(rows(w.exchange.state))
        again = State(ENVIRONMENT)
        fold_entries(again, w.exchange.ledger.reader, 0)
        assert digest(rows(again)) == live
        places = (tmp_path / "data" / LEDGER, tmp_path / "keys", tmp_path / "data" / SNAPSHOTS)
        made = make_snapshot(Job(str(places[0]), str(places[1]), str(places[2]), ENVIRONMENT))
        assert made.state_digest == live
        await w.exchange.own(RecordSnapshot(made.size, made.state_digest, made.file_sha256))
        recovered = recover(w.exchange.ledger.reader, w.opened.keyfile, places[2], ENVIRONMENT)
        assert recovered.from_snapshot > 0
        for state in (again, recovered.state):
            assert (state.managed, state.dependents) == (
                w.exchange.state.managed,
                w.exchange.state.dependents,
            )
    async with world(tmp_path, clock=clock) as w:
        dss = w.exchange.dss
        assert digest(rows(w.exchange.state)) == live
        assert [plain(each)["id"] for each in dss.operational_intents("uss1", box())] == [id_(1)]
        with pytest.raises(StrategicConflict):
            await put(dss, 9)
        held = plain(dss.operational_intent("uss1", id_(1)))
        await remove(dss, held)
        with pytest.raises(NotFound):
            dss.subscription("uss1", EntityId(held["subscription_id"]))


@ran
async def test_the_exchange_forgets_subscriptions_by_itself(tmp_path: Path) -> None:
    clock = ManualClock(START)
    async with world(tmp_path, clock=clock) as w:
        await subscribe(w.exchange.dss, 1)
        await subscribe(w.exchange.dss, 2)
        await put(w.exchange.dss, 1, subscription=id_(2, "b"))
    clock.advance(4_200.0 + 86_400.0 - 10.0)
    async with world(tmp_path, clock=clock) as w:
        await w.pass_time(5.0)
        assert len(w.exchange.state.subscriptions) == 2
        await w.pass_time(60.0)
        assert set(w.exchange.state.subscriptions) == {id_(2, "b")}
        assert w.exchange.dss.outlived() is None
        await remove(w.exchange.dss, plain(w.exchange.dss.operational_intent("uss1", id_(1))))
        await w.pass_time(60.0)
        assert set(w.exchange.state.subscriptions) == {id_(2, "b")}, "it is looked at again in an hour"
        await w.pass_time(3_600.0)
        assert not w.exchange.state.subscriptions
        assert not w.exchange.state.managed


@ran
async def test_nobody_from_outside_touches_what_is_hosted(tmp_path: Path) -> None:
    """Whoever has a token with this exchange's own name as its ``sub``."""
    async with world(tmp_path, dss=DssSettings(uss="comity", base_url=URL)) as w:
        state, dss = w.exchange.state, w.exchange.dss
        held = await put(dss, 1, "comity")
        of_hers = await constrain(dss, 1, "comity")
        given = await subscribe(dss, 1, "comity")
        north = ParticipantId("north")
        reference = state.references[id_(1)]
        constraint = state.constraint_references[id_(1, "c")]
        state.references[id_(1)] = replace(reference, hosted=north)
        state.constraint_references[id_(1, "c")] = replace(constraint, hosted=north)
        state.subscriptions[id_(1, "b")] = replace(state.subscriptions[id_(1, "b")], hosted=north)
        with pytest.raises(NotPermitted):
            await put(dss, 1, "comity", ovn=held["ovn"])
        with pytest.raises(NotPermitted):
            dss.subscription("comity", id_(1, "b"))
        with pytest.raises(NotPermitted):
            await dss.submit("comity", c.RemoveSubscription(id_(1, "b"), given["version"]))
        with pytest.raises(NotPermitted):
            await put(dss, 2, "comity", at=box(lat=40.0), subscription=given["id"])
        assert dss.subscriptions("comity", box()) == []
        # Nobody releases anything to peers here: what is hosted is not there.
        for manager in ("comity", "uss2"):
            for read, id in ((dss.operational_intent, id_(1)), (dss.constraint, id_(1, "c"))):
                with pytest.raises(NotFound):
                    read(manager, id)
            with pytest.raises(NotFound):
                await dss.submit(manager, c.RemoveReference(id_(1), held["ovn"]))
            with pytest.raises(NotFound):
                await dss.submit(manager, c.RemoveConstraintReference(id_(1, "c"), of_hers["ovn"]))
            assert dss.operational_intents(manager, box()) == []
            assert dss.constraints(manager, box()) == []
        assert (await put(dss, 2, "uss2"))["version"] == 1, "what is not there needs no key"


def test_values_name_what_is_hidden() -> None:
    """Fields of references that no form may show are named here, so that a new one is thought of."""
    hidden = {"box", "filed_at", "changed_at", "hosted", "level"}
    for model, kind, native in (
        (OperationalIntentReference, _REFERENCE, {"intent"}),
        (ConstraintReference, _CONSTRAINT, {"constraint"}),
    ):
        shown = set(kind["properties"]) | {"url", "subscription"}
        fields = set(model.__struct_fields__)
        assert fields - shown == hidden | native
