"""Requests invented from the standards' own interface files: no answer is a 500, and each is one that the
file has, in its form.

Left out are the checks that good data is taken and bad data refused: good data by the file may end yesterday,
and the rules behind the standards want some leniency (docs/f3548.md); what is refused has tests of its own.

``COMITY_SCHEMATHESIS_EXAMPLES`` and ``COMITY_SCHEMATHESIS_SECONDS`` make the runs longer,
``COMITY_SCHEMATHESIS_FIRST`` starts them at another operation.
"""

from __future__ import annotations

import os
import re
import time
from collections.abc import Iterator
from typing import Any, Final

import pytest
import schemathesis
import yaml
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis.errors import Unsatisfiable
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import negative_data_rejection, positive_data_acceptance

from tests.http.standards.interface import BESIDE, F3411, F3548, REFUSAL, UUID4, needed
from tests.http.standards.standing import AA, CM, CP, SA, SC, Standing, standing

EXAMPLES: Final = int(os.environ.get("COMITY_SCHEMATHESIS_EXAMPLES", "3"))
"""For each operation, once with good and once with bad data."""
BUDGET_S: Final = float(os.environ.get("COMITY_SCHEMATHESIS_SECONDS", "30"))
FIRST: Final = int(os.environ.get("COMITY_SCHEMATHESIS_FIRST", "0"))

SCOPES: Final = (SC, SA, CM, CP, AA, "rid.display_provider", "rid.service_provider")
ROOTS: Final = {F3548: "", F3411: "/rid/v2"}

LENIENT: Final = [positive_data_acceptance, negative_data_rejection]


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standing]:
    with standing(tmp_path_factory.mktemp("standing"), "allow_http = true\n") as one:
        yield one


def described(name: str) -> dict[str, Any]:
    """The interface file as it is, but for the pattern that no UUID fits, the answers that it leaves out, and
    a field that it demands and declares nowhere."""
    document: dict[str, Any] = yaml.safe_load(needed(name).read_text(encoding="utf-8"))
    schemas = document["components"]["schemas"]
    for schema in schemas.values():
        if schema.get("format") == "uuid" and "pattern" in schema:
            schema["pattern"] = UUID4
    if "ExchangeRecord" in schemas:
        schemas["ExchangeRecord"]["required"].remove("request_source")
    for method, path, status in BESIDE:
        if path in document["paths"]:
            document["paths"][path][method.lower()]["responses"][status] = {"description": "", **REFUSAL}
    return document


def shape(path: str) -> str:
    return re.sub(r"{\w+}", "{}", path)


@pytest.mark.parametrize("name", [F3548, F3411])
def test_no_answer_is_one_that_the_interface_file_has_not(here: Standing, name: str) -> None:
    schema = schemathesis.openapi.from_dict(described(name))
    served = {(route.method, shape(route.path)) for route in here.served.app.standards.routes}  # type: ignore[union-attr]  # switched on
    operations: list[Any] = [
        operation
        for result in schema.get_all_operations()
        for operation in [result.ok()]  # type: ignore[union-attr]  # an Err fails here
        if (operation.method.upper(), shape(ROOTS[name] + operation.path)) in served
    ]
    first = FIRST % len(operations)
    until_s = time.monotonic() + BUDGET_S
    found: list[str] = []
    tried = 0
    for operation in operations[first:] + operations[:first]:
        for mode in (GenerationMode.POSITIVE, GenerationMode.NEGATIVE):
            if time.monotonic() < until_s:
                found += tried_out(here, operation, mode, ROOTS[name])
                tried += 1
    assert not found, "\n".join(found)
    assert tried > 10


def tried_out(here: Standing, operation: Any, mode: GenerationMode, root: str) -> list[str]:
    found: list[str] = []

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
        headers = here.bearer("uss1", *SCOPES)
        response = case.call(base_url=here.url + root, headers=headers)
        assert response.status_code < 500
        try:
            case.validate_response(response, headers=headers, excluded_checks=LENIENT)
        except schemathesis.errors.FailureGroup as failures:
            found.extend(f"{operation.label}: {failure}" for failure in failures.exceptions)

    try:
        try_one()
    except Unsatisfiable:
        return []
    return found
