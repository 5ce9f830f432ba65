"""A served exchange with hosted plans, and a peer's reference and notifications about it."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from comity.ids import EntityId
from comity.model import command as c
from comity.model.constraint import ConstraintKind
from comity.model.f3548 import ConstraintReference, OperationalIntentReference
from comity.model.intent import IntentState
from comity.model.released import ReleasedItem
from comity.model.rule import Level
from comity.model.volume import Volume4D
from tests.hosting import change, to_peers
from tests.http.standards.standing import CM, Standing, new_id, standing
from tests.uss.telling import form, intent_form
from tests.world import NORTH, volume

Json = dict[str, Any]
INTENTS = "/uss/v1/operational_intents"
CONSTRAINTS = "/uss/v1/constraints"
REPORTS = "/uss/v1/reports"
LOG_SETS = "/uss/v1/log_sets"


class Hosted:
    """``dss.call`` asks as a peer and holds each answer to the interface file."""

    def __init__(self, dss: Standing) -> None:
        self.dss = dss
        self.served = dss.served
        self.world = dss.served.world
        self.call = dss.call

    def release(self, intent: Level = Level.VOLUME, constraint: Level = Level.VOLUME) -> str:
        return self.served.run(to_peers(self.world, intent, constraint))

    def withdraw(self, rule: str) -> None:
        held = next(one for one in self.world.exchange.rules(NORTH) if one.id == rule)
        self.served.run(self.world.do(NORTH, c.WithdrawRule(held.id, held.ovn)))

    def file(self, *volumes: Volume4D) -> ReleasedItem:
        return self.served.run(self.world.file(NORTH, *volumes))

    def become(self, item: ReleasedItem, state: IntentState, *volumes: Volume4D) -> ReleasedItem:
        more: dict[str, Any] = {"volumes": volumes} if volumes else {}
        return self.served.run(change(self.world, item, state=state, **more))

    def publish(self, kind: ConstraintKind, *volumes: Volume4D) -> ReleasedItem:
        outcome = self.served.run(
            self.world.do(NORTH, c.PublishConstraint(kind, "EX-R1", volumes or (volume(),)))
        )
        assert isinstance(outcome.result, ReleasedItem)
        return outcome.result

    def reference(self, item: ReleasedItem) -> OperationalIntentReference:
        state = self.world.exchange.state
        return self.served.call(lambda: state.references[state.reference_of[EntityId(item.ref)]])

    def constraint_reference(self, item: ReleasedItem) -> ConstraintReference:
        state = self.world.exchange.state
        return self.served.call(lambda: state.constraint_references[state.reference_of[EntityId(item.ref)]])

    def peers_reference(self, one: Volume4D, **how: Any) -> Json:
        """A peer's at the DSS, over this volume."""
        body = {"extents": [form(one)], "state": "Accepted", "uss_base_url": "https://uss1.example/utm"}
        body["key"] = [each.ovn for each in self.world.exchange.state.references.values()]
        path = f"/dss/v1/operational_intent_references/{how.get('id') or new_id()}"
        if "ovn" in how:
            path += f"/{how['ovn']}"
        answer = self.dss.call("PUT", path, body)
        assert answer.status_code in (200, 201), answer.text
        reference: Json = answer.json()["operational_intent_reference"]
        return reference

    def peers_constraint(self, one: Volume4D) -> Json:
        body = {"extents": [form(one)], "uss_base_url": "https://uss1.example/utm"}
        answer = self.dss.call("PUT", f"/dss/v1/constraint_references/{new_id()}", body, scopes=(CM,))
        assert answer.status_code == 201, answer.text
        reference: Json = answer.json()["constraint_reference"]
        return reference


def notice(reference: Json, *volumes: Volume4D, **changes: Any) -> Json:
    """What a peer tells of its intent."""
    told = intent_form(*volumes)
    told["reference"] = reference | changes
    return {
        "operational_intent_id": reference["id"],
        "operational_intent": told,
        "subscriptions": [{"subscription_id": new_id(), "notification_index": 3}],
    }


def gone(id: str) -> Json:
    return {
        "operational_intent_id": id,
        "subscriptions": [{"subscription_id": new_id(), "notification_index": 4}],
    }


def constraint_notice(reference: Json, *volumes: Volume4D, **changes: Any) -> Json:
    return {
        "constraint_id": reference["id"],
        "constraint": {
            "reference": reference | changes,
            "details": {"volumes": [form(one) for one in volumes], "type": "com.example"},
        },
        "subscriptions": [{"subscription_id": new_id(), "notification_index": 3}],
    }


@contextmanager
def hosted(directory: Path, extra: str = "") -> Iterator[Hosted]:
    with standing(directory, extra) as dss:
        yield Hosted(dss)
