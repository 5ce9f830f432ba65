"""Good requests with one place made wrong: whatever stands there, the answer is one of the interface file's.

Schemas alone seldom come past the first check; these come as far as a decision.
"""

from __future__ import annotations

import copy
import os
from collections.abc import Iterator
from typing import Any, Final

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.http.standards.standing import (
    AA,
    AVAILABILITY,
    CM,
    CONSTRAINTS,
    CP,
    INTENTS,
    REPORTS,
    SA,
    SC,
    SUBSCRIPTIONS,
    URL,
    Standing,
    at,
    constraint,
    intent,
    new_id,
    query,
    standing,
    subscription,
)

EXAMPLES: Final = int(os.environ.get("COMITY_MUTATIONS", "150"))
EVERYTHING: Final = (SC, SA, CM, CP, AA)
SPOT: Final = (47.0, 11.0)

POLYGON: Final = [{"lat": 47.0, "lng": 11.0}, {"lat": 47.0, "lng": 11.1}, {"lat": 47.1, "lng": 11.1}]


@pytest.fixture(scope="module")
def here(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Standing]:
    with standing(tmp_path_factory.mktemp("standing"), "allow_http = true\n") as one:
        one.known = {  # type: ignore[attr-defined]  # what the requests below are about
            INTENTS: one.file_intent(spot=SPOT),
            CONSTRAINTS: one.file_constraint(spot=SPOT),
            SUBSCRIPTIONS: one.subscribe(spot=SPOT),
        }
        yield one


def ringed(body: dict[str, Any]) -> dict[str, Any]:
    changed = copy.deepcopy(body)
    space = changed["extents"][0]["volume"]
    del space["outline_circle"]
    space["outline_polygon"] = {"vertices": POLYGON}
    return changed


NEW = {"new_subscription": {"uss_base_url": URL, "notify_for_constraints": True}}
REPORT = {
    "exchange": {
        "url": URL,
        "method": "GET",
        "recorder_role": "Server",
        "request_time": at(0),
        "headers": ["a"],
    }
}
REQUESTS: Final[list[tuple[str, str, str, Any]]] = [
    ("PUT", INTENTS, "", intent(SPOT)),
    ("PUT", INTENTS, "", ringed(intent(SPOT, more=NEW))),
    ("PUT", INTENTS, "known", intent(SPOT, state="Activated", more=NEW)),
    ("POST", INTENTS, "query", query(SPOT)),
    ("PUT", CONSTRAINTS, "", ringed(constraint(SPOT))),
    ("PUT", CONSTRAINTS, "known", constraint(SPOT)),
    ("POST", CONSTRAINTS, "query", query(SPOT)),
    ("PUT", SUBSCRIPTIONS, "", subscription(SPOT, constraints=True)),
    ("PUT", SUBSCRIPTIONS, "known", subscription(SPOT)),
    ("POST", SUBSCRIPTIONS, "query", query(SPOT)),
    ("PUT", AVAILABILITY, "uss2", {"availability": "Down", "old_version": ""}),
    ("POST", REPORTS, "", REPORT),
]

ODD = st.one_of(
    st.just(...),
    st.sampled_from(
        [None, True, 0, -1, 1e308, -1e308, 5e-324, 2**63, 2**80, "", "\0", "é", [], {}, [[]], [{}]]
    ),
    st.sampled_from([90, -90, 180, -180, 89.9999999, 179.9999999, 1e-9, 5_000_000, 100_000, -8_000]),
    st.sampled_from(
        [
            "0001-01-01T00:00:00Z",
            "9999-12-31T23:59:59Z",
            "9998-12-31T23:59:59Z",
            "2026-06-01T08:30:00.1234567Z",
            URL,
        ]
    ),
    st.floats(allow_nan=False, allow_infinity=False),
    st.integers(),
    st.text(max_size=20),
    st.dictionaries(st.text(max_size=5), st.integers(), max_size=2),
)


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    if path:
        yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, inner in items:
        yield from places(inner, (*path, name))


def put_at(value: Any, path: tuple[Any, ...], new: Any) -> Any:
    """``...`` takes away what stands there."""
    changed = copy.deepcopy(value)
    at = changed
    for part in path[:-1]:
        at = at[part]
    if new is ...:
        del at[path[-1]]
    else:
        at[path[-1]] = new
    return changed


@settings(
    max_examples=EXAMPLES,
    deadline=None,
    database=None,
    suppress_health_check=list(HealthCheck),
    derandomize=True,
)
@given(data=st.data())
def test_whatever_stands_somewhere_the_answer_is_one_of_the_files(
    here: Standing, data: st.DataObject
) -> None:
    method, root, about, body = data.draw(st.sampled_from(REQUESTS))
    for _ in range(data.draw(st.integers(1, 3))):
        if found := list(places(body)):
            body = put_at(body, data.draw(st.sampled_from(found)), data.draw(ODD))
    path = {"": f"{root}/{new_id()}", "known": ""}.get(about, f"{root}/{about}")
    if about == "known":
        held = here.known[root]  # type: ignore[attr-defined]
        path = f"{root}/{held['id']}/{held.get('ovn') or held['version']}"
    if root == REPORTS:
        path = root
    answer = here.call(method, path, body, scopes=EVERYTHING)
    assert answer.status_code < 500
    if answer.status_code == 200 and about == "known":
        told = answer.json()
        here.known[root] = next(told[name] for name in told if not isinstance(told[name], list))  # type: ignore[attr-defined]
