"""What tests of the flight planning test interface share: plans to send, and a check of what is answered.

The interface's files refer to each other; ``check`` holds an answer to a schema of one of them.
"""

from __future__ import annotations

from functools import cache
from typing import Any

import httpx
import yaml
from jsonschema import Draft202012Validator
from referencing import Registry
from referencing.jsonschema import DRAFT202012

from tests.http.standards.asked import Asking, time
from tests.http.standards.interface import _mended, needed

DIRECT, PLAN = "interuss.flight_planning.direct_automated_test", "interuss.flight_planning.plan"
ROOT = "/flight_planning/v1"
FOLDER = "flight_planning-v1"
ON = """
[f3548.flight_planning]
enabled = true
participant = "north"
person = "desk"
"""

AUTHORISATION: dict[str, Any] = {
    "uas_serial_number": "MFR1C123456789ABC",
    "operation_mode": "Vlos",
    "operation_category": "Open",
    "uas_class": "C0",
    "identification_technologies": ["ASTMNetRID"],
    "connectivity_methods": ["cellular"],
    "endurance_minutes": 20,
    "emergency_procedure_url": "https://uss.example/emergency",
    "operator_id": "FIN87astrdge12k8-xyz",
}


@cache
def _registry() -> Registry[Any]:
    folder = needed(FOLDER)
    files = {path.name: path.read_text(encoding="utf-8") for path in folder.glob("*.yaml")}
    return Registry().with_resources(
        (name, DRAFT202012.create_resource(_mended(yaml.safe_load(text)))) for name, text in files.items()
    )


def check(answer: httpx.Response, name: str) -> dict[str, Any]:
    """The answer, which is 200 and JSON of the schema of this name."""
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/json"
    found: dict[str, Any] = answer.json()
    schema = {"$ref": f"flight_planning.yaml#/components/schemas/{name}"}
    Draft202012Validator(schema, registry=_registry()).validate(found)
    return found


def area(
    lat: float = 47.0,
    *,
    start_s: float = 0.0,
    end_s: float = 3_600.0,
    lower_m: float = 1_000.0,
    upper_m: float = 1_500.0,
) -> dict[str, Any]:
    """One volume over a circle of 500 m; times are seconds after the start."""
    circle = {"center": {"lat": lat, "lng": 11.0}, "radius": {"value": 500.0, "units": "M"}}
    return {
        "volume": {
            "outline_circle": circle,
            "altitude_lower": {"value": lower_m, "reference": "W84", "units": "M"},
            "altitude_upper": {"value": upper_m, "reference": "W84", "units": "M"},
        },
        "time_start": time(start_s),
        "time_end": time(end_s),
    }


def wanted(
    request: str,
    usage: str = "Planned",
    uas: str | None = "Nominal",
    *,
    style: str = "IfAllowed",
    **plan: Any,
) -> dict[str, Any]:
    """An UpsertFlightPlanRequest. ``volumes``: its area; ``priority``; the rest goes into the plan."""
    basic = {"usage_state": usage, "area": plan.pop("volumes", [area()])}
    if uas is not None:
        basic["uas_state"] = uas
    flight_plan = {"basic_information": basic, **plan}
    if "priority" in plan:
        flight_plan["astm_f3548_21"] = {"priority": flight_plan.pop("priority")}
    return {"flight_plan": flight_plan, "execution_style": style, "request_id": request}


def upsert(asked: Asking, id: str, *what: Any, **how: Any) -> dict[str, Any]:
    body = wanted(*what, **how)
    return check(asked.ask("PUT", f"{ROOT}/flight_plans/{id}", PLAN, body), "UpsertFlightPlanResponse")


def outcome(answer: dict[str, Any]) -> tuple[str, str]:
    return answer["planning_result"], answer["flight_plan_status"]
