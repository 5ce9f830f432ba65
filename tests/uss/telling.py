"""What a peer would tell of its intents and constraints, and the DSS's references to them."""

from __future__ import annotations

import json
from typing import Any, Final

import msgspec

from comity.coordination.f3548.footprint import footprint
from comity.ids import EntityId, Ovn
from comity.model.f3548 import ConstraintReference, OperationalIntentReference
from comity.model.intent import IntentState
from comity.model.rule import Level
from comity.model.volume import Volume4D
from comity.wire.f3548 import foreign
from tests.world import ENVIRONMENT, START, volume

Json = dict[str, Any]

ID: Final = EntityId("6f7ab0c1-55b6-4d02-a1d9-0a1b2c3d4e5f")
SUBSCRIPTION: Final = "0d6b0f1e-6c7a-4c8b-9d10-111213141516"
OVN: Final = Ovn("ovn-of-the-first-version")
MANAGER: Final = "uss1"


def reference(
    *volumes: Volume4D,
    state: IntentState = IntentState.ACCEPTED,
    version: int = 1,
    url: str = "https://uss1.example/utm",
    ovn: Ovn = OVN,
) -> OperationalIntentReference:
    """The DSS's, over these volumes."""
    box = footprint(volumes or (volume(),), Level.VOLUME, ENVIRONMENT)
    return OperationalIntentReference(ID, MANAGER, state, box, url, None, version, ovn, START, START)


def constraint_reference(
    *volumes: Volume4D, version: int = 1, url: str = "https://uss1.example/utm"
) -> ConstraintReference:
    box = footprint(volumes or (volume(),), Level.VOLUME, ENVIRONMENT)
    return ConstraintReference(ID, MANAGER, box, url, version, OVN, START, START)


def form(one: Volume4D) -> Json:
    """A volume in the interface's form."""
    made: Json = msgspec.to_builtins(foreign(one, ENVIRONMENT, one.start), builtin_types=())
    return made


def reference_form(**changes: Any) -> Json:
    told = {
        "id": ID,
        "manager": MANAGER,
        "uss_availability": "Unknown",
        "version": 1,
        "state": "Accepted",
        "ovn": OVN,
        "time_start": {"value": "2026-06-01T08:10:00Z", "format": "RFC3339"},
        "time_end": {"value": "2026-06-01T09:10:00Z", "format": "RFC3339"},
        "uss_base_url": "https://uss1.example/utm",
        "subscription_id": "00000000-0000-4000-8000-000000000000",
    } | changes
    return {name: value for name, value in told.items() if value is not ...}


def intent_form(*volumes: Volume4D, off_nominal: tuple[Volume4D, ...] = (), **changes: Any) -> Json:
    return {
        "reference": reference_form(**changes),
        "details": {
            "volumes": [form(one) for one in volumes],
            "off_nominal_volumes": [form(one) for one in off_nominal],
            "priority": 0,
        },
    }


def constraint_form(*volumes: Volume4D, **changes: Any) -> Json:
    told = reference_form(**({"state": ..., "subscription_id": ...} | changes))
    return {"reference": told, "details": {"volumes": [form(one) for one in volumes], "type": "com.example"}}


def answer(**named: Json) -> bytes:
    """A body as a peer would send it."""
    return json.dumps(named, default=str).encode()
