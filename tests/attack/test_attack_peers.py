"""Hostile bodies at every route of the standards' interfaces: refused by name, and never a fault.

Nesting, numbers that are none, texts that are none, bounds that contradict each other, in every field of
every body. What is refused leaves nothing behind, and everybody else is answered afterwards.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Iterator
from typing import Any, Final

import pytest

from comity.http.standards.table import standard_table
from tests.http.standards.standing import (
    AA,
    CM,
    CP,
    SA,
    SC,
    Standing,
    at,
    constraint,
    intent,
    new_id,
    query,
    standing,
    subscription,
    volume,
)

Json = dict[str, Any]
SCOPES: Final = (
    SC,
    SA,
    CM,
    CP,
    AA,
    "rid.display_provider",
    "rid.service_provider",
    "interuss.pool_status.read",
)
SPOT: Final = (47.0, 11.0)
DEEP: Final = b"[" * 100_000 + b"]" * 100_000
WHOLE: Final = (
    b"",
    b"null",
    b"[]",
    b"NaN",
    b'"\xff\xfe"',
    b'{"extents": "\\ud800"}',
    b'{"extents": ' + DEEP + b"}",
    b'{"unknown": ' + DEEP + b"}",
    b'{"extents": [' + b"{}," * 5_000 + b"{}]}",
    b"\xef\xbb\xbf{}",
    b"{" * 5_000,
    b'{"a": 1' + b"0" * 5_000 + b"}",
)
"""Bodies that are wrong as a whole."""

RAW: Final = (
    "1e400",
    "-1e308",
    "1" + "0" * 400,
    "NaN",
    '"\\ud800"',
    '"\\u0000\\u202e\\n"',
    '""',
    "null",
    "true",
    "[]",
    "{}",
    "[" * 2_000 + "]" * 2_000,
    json.dumps("x" * 100_000),
    '"0001-01-01T00:00:00Z"',
    '"9999-12-31T23:59:59.999999999-23:59"',
    '"2026-02-30T00:00:00Z"',
    '"2026-06-01T08:00:60Z"',
)
"""JSON, or nearly, that is put in the place of any one value of a body; every fifth of it in each place."""


@pytest.fixture(scope="module")
def dss(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standing]:
    with standing(
        tmp_path_factory.mktemp("hostile"),
        "allow_http = true\nreads_burst = 1_000_000\nwrites_burst = 1_000_000\n",
    ) as one:
        yield one


def bodies() -> Iterator[tuple[str, str, Json]]:
    yield (
        "PUT",
        "/dss/v1/operational_intent_references/{id}",
        intent(
            SPOT,
            more={"new_subscription": {"uss_base_url": "https://a.example", "notify_for_constraints": True}},
        ),
    )
    yield (
        "PUT",
        "/dss/v1/operational_intent_references/{id}",
        intent(SPOT, more={"requested_ovn_suffix": "0", "subscription_id": new_id()}),
    )
    yield "PUT", "/dss/v1/constraint_references/{id}", constraint(SPOT)
    yield "PUT", "/dss/v1/subscriptions/{id}", subscription(SPOT)
    yield "POST", "/dss/v1/operational_intent_references/query", query(SPOT)
    yield "PUT", "/dss/v1/uss_availability/x", {"availability": "Down", "old_version": ""}
    yield "POST", "/dss/v1/reports", report()
    yield "POST", "/uss/v1/reports", report()
    yield "POST", "/uss/v1/operational_intents", intent_notice()
    yield "POST", "/uss/v1/constraints", constraint_notice()
    yield "PUT", "/rid/v2/dss/identification_service_areas/{id}", rid("extents")
    yield "PUT", "/rid/v2/dss/subscriptions/{id}", rid("extents")


def report() -> Json:
    return {
        "exchange": {
            "url": "https://a.example", "method": "GET", "headers": ["a: b"], "recorder_role": "Client",
            "request_time": at(0), "request_body": "b", "response_time": at(1), "response_body": "c",
            "response_code": 200, "problem": "p", "request_source": "x",
        }
    }  # fmt: skip


def reference(id: str) -> Json:
    return {
        "id": id, "manager": "uss1", "uss_availability": "Normal", "version": 1, "state": "Accepted",
        "ovn": "o" * 32, "time_start": at(60), "time_end": at(3_600), "uss_base_url": "https://a.example",
        "subscription_id": new_id(),
    }  # fmt: skip


def intent_notice() -> Json:
    id = new_id()
    details = {"volumes": [volume(SPOT)], "off_nominal_volumes": [], "priority": 0}
    return {
        "operational_intent_id": id,
        "operational_intent": {"reference": reference(id), "details": details},
        "subscriptions": [{"subscription_id": new_id(), "notification_index": 0}],
    }


def constraint_notice() -> Json:
    id = new_id()
    held = {name: value for name, value in reference(id).items() if name not in ("state", "subscription_id")}
    details = {"volumes": [volume(SPOT)], "type": "x", "geozone": {"identifier": "y", "deep": [1]}}
    return {
        "constraint_id": id,
        "constraint": {"reference": held, "details": details},
        "subscriptions": [{"subscription_id": new_id(), "notification_index": 0}],
    }


def rid(name: str) -> Json:
    return {name: volume(SPOT), "uss_base_url": "https://a.example/rid"}


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """Where anything stands in a body."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, one in inner:
        yield (*path, name)
        yield from places(one, (*path, name))


def with_raw(body: Json, path: tuple[Any, ...], raw: str) -> bytes:
    changed = copy.deepcopy(body)
    at_: Any = changed
    for name in path[:-1]:
        at_ = at_[name]
    at_[path[-1]] = "@@"
    return json.dumps(changed).replace('"@@"', raw).encode()


def send(dss: Standing, method: str, path: str, body: bytes) -> int:
    answer = dss.http.request(
        method, path.replace("{id}", new_id()), content=body, headers=dss.bearer("uss1", *SCOPES)
    )
    assert answer.status_code < 500, (method, path, body[:300], answer.text)
    if answer.status_code >= 400:
        assert answer.json()["message"]
    return answer.status_code


def faults(dss: Standing) -> int:
    return dss.served.world.exchange.writer.faults


def test_no_body_as_a_whole_makes_a_route_fail(dss: Standing) -> None:
    for route in standard_table(dss.served.config):
        if route.method in ("PUT", "POST"):
            path = route.path
            for name in ("entityid", "subscriptionid", "id", "flight_plan_id"):
                path = path.replace(f"{{{name}}}", new_id())
            for body in WHOLE:
                send(dss, route.method, path.replace("{", "").replace("}", ""), body)
    assert faults(dss) == 0


@pytest.mark.parametrize("number", range(12))
def test_no_value_in_any_field_makes_a_route_fail(dss: Standing, number: int) -> None:
    method, path, body = list(bodies())[number]
    send(dss, method, path, json.dumps(body).encode())
    for count, place in enumerate(places(body)):
        for raw in RAW[(number + count) % 5 :: 5]:
            send(dss, method, path, with_raw(body, place, raw))
    assert faults(dss) == 0
