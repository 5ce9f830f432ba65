"""The OpenAPI document says what the server does: bounds are real, references resolve, and schemathesis,
which invents requests from the document, finds no answer that it does not describe."""

from __future__ import annotations

import json
import os
import time
from collections.abc import Iterator
from typing import Any, Final

import msgspec
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import positive_data_acceptance

from comity.errors import STATUS, InvalidInput
from comity.http.openapi import BOUNDS, refusals
from comity.model.altitude import Altitude
from comity.model.charter import Charter
from comity.model.observation import Report
from comity.model.participant import SigningKey
from comity.model.rule import Levels
from comity.model.shape import Circle, LatLon, Polygon
from comity.wire.decode import Reader
from comity.wire.native import ConstraintBody, GroupBody, IntentBody, ParticipantBody, PersonBody
from tests.http.serving import INTENT, VOLUME, Served, serving

EXAMPLES: Final = int(os.environ.get("COMITY_SCHEMATHESIS_EXAMPLES", "2"))
"""For each operation, once with good and once with bad data."""
BUDGET_S: Final = float(os.environ.get("COMITY_SCHEMATHESIS_SECONDS", "30"))
"""Bounds the run; ``COMITY_SCHEMATHESIS_FIRST`` starts it at another operation."""


@pytest.fixture(scope="module")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Served]:
    with serving(tmp_path_factory.mktemp("served")) as one:
        yield one


@pytest.fixture(scope="module")
def document(served: Served) -> dict[str, Any]:
    with served.client(None) as anyone:
        response = anyone.get("/v1/openapi.json")
    assert response.headers["content-type"] == "application/json"
    found: dict[str, Any] = response.json()
    return found


def test_every_documented_route_is_in_it_once(served: Served, document: dict[str, Any]) -> None:
    described = {(method.upper(), path) for path, methods in document["paths"].items() for method in methods}
    assert described == {(route.method, route.path) for route in served.app.routes if route.documented}
    names = [one["operationId"] for methods in document["paths"].values() for one in methods.values()]
    assert len(names) == len(set(names))


def test_references_resolve_and_nothing_is_unused(document: dict[str, Any]) -> None:
    text = json.dumps(document)
    schemas = document["components"]["schemas"]
    used = {part.split('"')[0] for part in text.split('"#/components/schemas/')[1:]}
    assert used - set(schemas) == set()
    assert set(schemas) - used == set()


def test_access_is_described_as_it_is_declared(served: Served, document: dict[str, Any]) -> None:
    for route in served.app.routes:
        if route.documented and not route.access.public:
            operation = document["paths"][route.path][route.method.lower()]
            assert operation["security"] == [{"bearer": [route.access.scope]}]
            assert operation["x-comity-access"]["roles"] == sorted(route.access.roles)
            assert {str(STATUS[code]) for code in refusals(route)} <= set(operation["responses"])


LEVELS = {"intent": "none", "constraint": "none", "own_track": "none", "sensed_track": "none"}
GOOD: Final[dict[str, tuple[type[Any], Any]]] = {
    "LatLon": (LatLon, {"lat": 1.0, "lon": 1.0}),
    "Altitude": (Altitude, {"value_m": 1.0, "datum": "MSL"}),
    "Circle": (Circle, VOLUME["outline"]),
    "Polygon": (Polygon, {"type": "polygon", "vertices": [{"lat": n, "lon": 1.0} for n in range(4)]}),
    "IntentBody": (IntentBody, INTENT),
    "ConstraintBody": (ConstraintBody, {"kind": "closed", "designator": "R1", "volumes": [VOLUME]}),
    "Report": (Report, {"address": "4b1814", "observed_at": "2026-06-01T08:00:00Z"}),
    "Charter": (
        Charter,
        {"title": "t", "floor": LEVELS, "signed_commands": False, "auditors": [], "constraint_lead_s": 1},
    ),
    "Levels": (Levels, LEVELS),
    "PersonBody": (PersonBody, {"name": "n", "roles": ["observer"]}),
    "ParticipantBody": (ParticipantBody, {"name": "n"}),
    "GroupBody": (GroupBody, {"members": ["aa", "bb"]}),
    "SigningKey": (SigningKey, {"key_id": "key", "public_key": "A" * 43 + "="}),
}
CHECKED_LATER: Final = {
    ("PersonBody", "name"),
    ("PersonBody", "roles"),
    ("ParticipantBody", "name"),
    ("GroupBody", "members"),
}
"""Values whose checks run when the record is made of them, or when the command is decided."""


def beyond(bounds: dict[str, Any], good: Any) -> Iterator[Any]:
    """Values just outside."""
    if "minimum" in bounds:
        yield bounds["minimum"] - 1
    if "exclusiveMinimum" in bounds:
        yield bounds["exclusiveMinimum"]
    if "maximum" in bounds:
        yield bounds["maximum"] + 1
    if "minLength" in bounds:
        yield "x" * (bounds["minLength"] - 1)
    if "maxLength" in bounds:
        yield "x" * (bounds["maxLength"] + 1)
    if "minItems" in bounds:
        yield good[: bounds["minItems"] - 1]
    if "maxItems" in bounds:
        yield good * (bounds["maxItems"] + 1)
    if "enum" in bounds:
        yield "volume" if "volume" not in bounds["enum"] else "identity"
    if "pattern" in bounds:
        yield "!"


@pytest.mark.parametrize(("schema", "field"), BOUNDS, ids=str)
def test_a_bound_is_what_the_value_refuses(document: dict[str, Any], schema: str, field: str) -> None:
    described = document["components"]["schemas"][schema]["properties"][field]
    for name, value in BOUNDS[schema, field].items():
        assert described[name] == value
    if (schema, field) in CHECKED_LATER:
        return
    type_, good = GOOD[schema]
    reader = Reader(type_)
    reader.read(msgspec.json.encode(good))
    for bad in beyond(dict(BOUNDS[schema, field]), good.get(field)):
        with pytest.raises(InvalidInput) as refused:
            reader.read(msgspec.json.encode({**good, field: bad}))
        assert refused.value.field is not None
        assert refused.value.field.startswith(field)


def test_schemathesis_finds_no_answer_that_is_not_described(served: Served) -> None:
    """Bodies that fit a schema and make no sense (an end before its start) are refused with 400, as other
    malformed values are, so the check that wants them accepted is left out."""
    description = schemathesis.openapi.from_url(f"{served.server.url}/v1/openapi.json")
    until_s = time.monotonic() + BUDGET_S
    found: list[str] = []
    tried = 0
    operations: list[Any] = [result.ok() for result in description.get_all_operations()]  # type: ignore[union-attr]  # an Err fails here
    first = int(os.environ.get("COMITY_SCHEMATHESIS_FIRST", "0")) % len(operations)
    for operation in operations[first:] + operations[:first]:
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            if time.monotonic() < until_s:
                found += _try(served, operation, mode)
                tried += 1
    assert not found, "\n".join(found)
    assert tried > 10


def _try(served: Served, operation: Any, mode: GenerationMode) -> list[str]:
    found: list[str] = []
    any_text_is_good = operation.label == "POST /v1/feeds/sbs"

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        database=None,
        derandomize=True,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def try_one(case: Any) -> None:
        headers = served.bearer("centre")
        response = case.call(headers=headers)
        assert response.status_code < 500
        if any_text_is_good and mode is GenerationMode.NEGATIVE:
            return
        try:
            case.validate_response(response, headers=headers, excluded_checks=[positive_data_acceptance])
        except schemathesis.errors.FailureGroup as failures:
            found.extend(f"{operation.label}: {failure}" for failure in failures.exceptions)

    try:
        try_one()
    except Unsatisfiable:
        return []
    return found
