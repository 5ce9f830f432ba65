"""The participants of the benchmarks, and what they file.

``alpha``, ``bravo``, ``charlie`` and ``delta`` release their intents to one another exactly (level 1), each
by a rule of its own to a group that the centre keeps. ``echo`` releases nothing beyond the charter's
floor and gets nothing beyond it: level 0 of everybody, and everybody has level 0 of it. So every check
is made against exact volumes and against coarse ones.
"""

from __future__ import annotations

import json
import math
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from bench.load import calls, request
from bench.served import CENTRE, DESK, Served

OPEN = ("alpha", "bravo", "charlie", "delta")
RESERVED = "echo"
MEMBERS = (*OPEN, RESERVED)

_CORNERS = 8
_DAY = timedelta(days=1)


def tomorrow() -> datetime:
    """Midnight after the next: nothing that starts then becomes due while a benchmark runs."""
    now = datetime.now(UTC)
    return datetime(now.year, now.month, now.day, tzinfo=UTC) + 2 * _DAY


def admit(server: Served) -> dict[str, str]:
    """Members, people, a group and rules, over HTTP; a token for each member."""
    centre = server.token(CENTRE)
    steps: list[bytes] = []
    for number, member in enumerate(MEMBERS):
        steps.append(
            _put(f"/v1/participants/{member}", centre, {"name": member.title()}, f"admit-{number:04d}")
        )
        person = {"name": "The desk", "roles": ["duty_desk", "airspace_owner", "observer"]}
        steps.append(_put(f"/v1/people/{member}/{DESK}", centre, person, f"person-{number:04d}"))
    steps.append(_put("/v1/groups/open", centre, {"members": list(OPEN)}, "group-0001"))
    levels = {"intent": "volume", "constraint": "volume", "own_track": "none", "sensed_track": "none"}
    rule = {"recipient": {"type": "group", "id": "open", "keeper": CENTRE}, "levels": levels}
    tokens = {member: server.token(member) for member in MEMBERS}
    steps += [
        request("POST", "/v1/rules", tokens[member], json.dumps(rule).encode(), f"rule-of-{member}")
        for member in OPEN
    ]
    for answer in calls(server, steps):
        if answer.status not in (200, 201):
            raise RuntimeError(f"setting up was refused: {answer.body.decode()}")
    return tokens


def _put(target: str, token: str, body: object, key: str) -> bytes:
    return request("PUT", target, token, json.dumps(body).encode(), key)


def outline(lat: float, lon: float, radius_m: float = 1_000.0) -> dict[str, Any]:
    """A polygon of eight vertices about a place, as a planner draws it: seven decimals."""
    dlat = math.degrees(radius_m / 6_371_000.0)
    dlon = dlat / math.cos(math.radians(lat))
    turns = [2.0 * math.pi * k / _CORNERS for k in range(_CORNERS)]
    return {
        "type": "polygon",
        "vertices": [
            {"lat": round(lat + dlat * math.cos(t), 7), "lon": round(lon + dlon * math.sin(t), 7)}
            for t in turns
        ],
    }


def intent(
    place: dict[str, Any],
    lower_m: float,
    upper_m: float,
    start: datetime,
    *,
    minutes: int = 25,
    accept: Sequence[str] = (),
) -> dict[str, Any]:
    """The body of a filing: one volume of an uncrewed aircraft."""
    body: dict[str, Any] = {
        "volumes": [
            {
                "outline": place,
                "lower": {"value_m": lower_m, "datum": "W84"},
                "upper": {"value_m": upper_m, "datum": "W84"},
                "start": start.isoformat().replace("+00:00", "Z"),
                "end": (start + timedelta(minutes=minutes)).isoformat().replace("+00:00", "Z"),
            }
        ],
        "category": "uncrewed",
        "crewed": False,
    }
    if accept:
        body["accept_conflicts"] = list(accept)
    return body


def spread_out(number: int) -> tuple[float, float]:
    """The number-th place of a lattice over the inhabited latitudes, 45 km from its neighbours, so that
    not even level-0 forms of two places touch. It takes 230,000 places to fill."""
    row, column = number % 275, number // 275
    lat = -55.0 + row * 0.4
    lon = column * 0.43 / max(0.5, math.cos(math.radians(lat)))
    return lat, lon % 358.0 - 179.0
