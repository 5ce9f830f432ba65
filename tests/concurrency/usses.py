"""USSs that write into one place and over a country at once, over HTTP, each recording what it was answered.

They tell each other their OVNs as managing USSs do (``Shared``); keys are as good as what was known when they
were made, so many writes are refused and asked for again. Everything random comes from the client's number.
"""

from __future__ import annotations

import asyncio
import json
from collections import Counter
from datetime import datetime, timedelta
from random import Random
from typing import Any, Final

from bench.load import Answer, Connection, request
from bench.served import Served
from bench.usses import INTENTS, Authority, new_ids
from comity.clock import SystemClock
from tests.concurrency.checker import Said

MANAGERS: Final = ("alpha", "bravo", "charlie", "delta")
SCOPES: Final = (
    "utm.strategic_coordination utm.constraint_processing utm.constraint_management "
    "utm.conformance_monitoring_sa utm.availability_arbitration"
)
STATES: Final = ("Accepted", "Accepted", "Activated", "Nonconforming", "Contingent")
CONSTRAINTS: Final = "/dss/v1/constraint_references"
SUBSCRIPTIONS: Final = "/dss/v1/subscriptions"
MOST_TRIES: Final = 30
_PLACE: Final = (46.8, 9.8)


class Shared:
    """What USSs tell each other, and what all of them were answered. ``took``: seconds and tries of each
    write that needs a key."""

    def __init__(self) -> None:
        self.ovns: dict[str, str] = {}
        self.said: list[Said] = []
        self.tries: Counter[int] = Counter()
        self.statuses: Counter[int] = Counter()
        self.took: list[tuple[float, int]] = []
        self.gave_up = 0


class Uss:
    """One client. ``crowded``: all over one place; otherwise anywhere over a country of 4° by 6°."""

    def __init__(self, number: int, server: Served, authority: Authority, shared: Shared) -> None:
        self._luck = Random(number)
        self._clock = SystemClock()
        self._server = server
        self._token = authority.token(MANAGERS[number % len(MANAGERS)], SCOPES)
        self._shared = shared
        self._crowded = number % 2 == 0
        self._intents: list[tuple[str, str]] = []
        self._constraint: tuple[str, str] | None = None
        self._subscription: tuple[str, str] | None = None
        self._connection: Connection

    async def run(self, until_s: float) -> None:
        loop = asyncio.get_running_loop()
        server = self._server
        _, self._connection = await loop.create_connection(Connection, server.host, server.port)
        while loop.time() < until_s:
            await self._something()
        self._connection.transport.close()

    async def _something(self) -> None:
        drawn = self._luck.random()
        if drawn < 0.70:
            await self._intent(self._intents.pop(0) if len(self._intents) > 1 else None)
        elif drawn < 0.80 and self._intents:
            id, ovn = self._intents.pop()
            await self._call("DELETE", f"{INTENTS}/{id}/{ovn}", None, 200, 412)
        elif drawn < 0.90:
            await self._put_constraint()
        elif drawn < 0.98:
            await self._subscribe()
        else:
            await self._arbitrate()

    async def _intent(self, held: tuple[str, str] | None) -> None:
        """Create or change; a refused key is mended with what the others say their OVNs are."""
        loop = asyncio.get_running_loop()
        id, basis = held or (new_ids(self._luck), None)
        target = f"{INTENTS}/{id}" if basis is None else f"{INTENTS}/{id}/{basis}"
        state = "Accepted" if basis is None else self._luck.choice(STATES)
        extent = self._volume()
        body: dict[str, Any] = {"extents": [extent], "state": state, "uss_base_url": "https://uss.example"}
        if state != "Accepted" or self._luck.random() < 0.3:
            listening = self._luck.random() < 0.3
            body["new_subscription"] = {
                "uss_base_url": "https://uss.example",
                "notify_for_constraints": listening,
            }
        known: dict[str, str] = {}
        began_s = loop.time()
        tries = 0
        while True:
            tries += 1
            body["key"] = [ovn for ovn in known.values() if len(ovn) >= 16]
            answer = await self._call("PUT", target, body, 200, 201, 409, 412)
            if answer.status != 409 or tries >= MOST_TRIES:
                break
            missing = answer.json()
            names = ("missing_operational_intents", "missing_constraints")
            for each in (one for name in names for one in missing.get(name, ())):
                known[each["id"]] = self._shared.ovns.get(each["id"], each["ovn"])
        self._shared.took.append((loop.time() - began_s, tries))
        if answer.status == 409:
            self._shared.gave_up += 1
        if answer.status in (200, 201):
            self._shared.tries[tries] += 1
            self._intents.append(self._told(answer, "operational_intent_reference", basis))
        elif held is not None:
            self._intents.append(held)

    async def _put_constraint(self) -> None:
        if self._constraint is not None and self._luck.random() < 0.4:
            await self._call("DELETE", f"{CONSTRAINTS}/{'/'.join(self._constraint)}", None, 200)
            self._constraint = None
            return
        id, basis = self._constraint or (new_ids(self._luck), None)
        target = f"{CONSTRAINTS}/{id}" if basis is None else f"{CONSTRAINTS}/{id}/{basis}"
        body = {"extents": [self._volume()], "uss_base_url": "https://uss.example"}
        answer = await self._call("PUT", target, body, 200, 201)
        self._constraint = self._told(answer, "constraint_reference", basis)

    async def _subscribe(self) -> None:
        if self._subscription is not None and self._luck.random() < 0.5:
            await self._call("DELETE", f"{SUBSCRIPTIONS}/{'/'.join(self._subscription)}", None, 200)
            self._subscription = None
            return
        id, version = self._subscription or (new_ids(self._luck), None)
        target = f"{SUBSCRIPTIONS}/{id}" if version is None else f"{SUBSCRIPTIONS}/{id}/{version}"
        body = {
            "extents": self._volume(),
            "uss_base_url": f"https://uss{self._luck.randrange(3)}.example",
            "notify_for_operational_intents": True,
            "notify_for_constraints": self._luck.random() < 0.5,
        }
        held = (await self._call("PUT", target, body, 200)).json()["subscription"]
        self._subscription = held["id"], held["version"]

    async def _arbitrate(self) -> None:
        target = "/dss/v1/uss_availability/delta"
        held = (await self._call("GET", target, None, 200)).json()
        state = self._luck.choice(("Down", "Normal", "Normal", "Unknown"))
        body = {"availability": state, "old_version": held["version"]}
        await self._call("PUT", target, body, 200, 409)

    def _told(self, answer: Answer, name: str, basis: str | None) -> tuple[str, str]:
        body = answer.json()
        held = body[name]
        listed = {
            one["subscription_id"]: one["notification_index"]
            for to in body["subscribers"]
            for one in to["subscriptions"]
        }
        self._shared.said.append(Said(held["id"], basis, held["ovn"], held["version"], listed))
        self._shared.ovns[held["id"]] = held["ovn"]
        return held["id"], held["ovn"]

    async def _call(self, method: str, target: str, body: dict[str, Any] | None, *wanted: int) -> Answer:
        text = None if body is None else json.dumps(body).encode()
        answer = await self._connection.call(request(method, target, self._token, text))
        self._shared.statuses[answer.status] += 1
        assert answer.status in wanted, (method, target, answer)
        return answer

    def _volume(self) -> dict[str, Any]:
        luck = self._luck
        lat, lon = _PLACE
        if not self._crowded:
            lat, lon = lat + luck.uniform(-2.0, 2.0), lon + luck.uniform(-3.0, 3.0)
        lower_m = luck.choice((100.0, 100.0, 150.0, 400.0))
        start = self._clock.now() + timedelta(minutes=luck.choice((0, 0, 5, 60)))
        return {
            "volume": {
                "outline_circle": {
                    "center": {"lat": lat + luck.uniform(-1e-3, 1e-3), "lng": lon},
                    "radius": {"value": luck.choice((100.0, 1_500.0)), "units": "M"},
                },
                "altitude_lower": {"value": lower_m, "reference": "W84", "units": "M"},
                "altitude_upper": {"value": lower_m + 100.0, "reference": "W84", "units": "M"},
            },
            "time_start": _time(start),
            "time_end": _time(start + timedelta(minutes=20)),
        }


async def play(server: Served, authority: Authority, clients: int, seconds: float) -> Shared:
    shared = Shared()
    until_s = asyncio.get_running_loop().time() + seconds
    await asyncio.gather(*(Uss(n, server, authority, shared).run(until_s) for n in range(clients)))
    return shared


def _time(when: datetime) -> dict[str, str]:
    return {"value": when.isoformat().replace("+00:00", "Z"), "format": "RFC3339"}
