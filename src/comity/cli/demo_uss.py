"""The USS of the demonstration, beside the exchange and on a port of its own: who speaks ASTM F3548-21 to it.

Made up like the cast (``sim.parcels``). It also stands in for the authorization server that a region has:
tokens for both directions come from ``/token``, signed with a key that is made at each start and that the
exchange is told to believe. It keeps nothing: what an earlier run left, it takes away first.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta
from typing import Any, Final
from urllib.parse import urlsplit

import httpx
import jwt
import uvicorn
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa
from msgspec.structs import replace
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from comity.clock import Clock
from comity.config import Config, F3548Section, OAuthSection
from comity.errors import Unavailable
from comity.sim.parcels import LASTS, LINES, MANAGER, Filed, Line, details, filing, line_id, volume

HOST: Final = "127.0.0.1"
KEY_FILE: Final = "uss.pem"
_SCOPE: Final = "utm.strategic_coordination"
_TRIES: Final = 4
"""How often a filing is tried with the keys that a refusal named."""

_PAUSE_S: Final = 1.0


class DemoUss:
    """``config``: the exchange's, with the standards' interfaces switched on and this USS known to it.
    ``say`` is told what it files."""

    def __init__(self, config: Config, port: int, clock: Clock, say: Callable[[str], None]) -> None:
        self._clock = clock
        self._say = say
        self._key = rsa.generate_private_key(public_exponent=65_537, key_size=2_048)
        self._socket = socket.create_server((HOST, 0))
        self.base_url = f"http://{HOST}:{self._socket.getsockname()[1]}"
        self.config = self._known_to(config, f"http://{HOST}:{port}")
        self._dss = f"http://{HOST}:{port}/dss/v1"
        self._filed: dict[str, Filed] = {}
        app = Starlette(
            routes=[
                Route("/token", self._give_token, methods=["GET", "POST"]),
                Route("/uss/v1/operational_intents/{id}", self._give_details),
                Route("/uss/v1/operational_intents", _take, methods=["POST"]),
                Route("/uss/v1/constraints", _take, methods=["POST"]),
            ]
        )
        self._server = _Quiet(uvicorn.Config(app, lifespan="off", log_config=None, access_log=False))

    def _known_to(self, config: Config, exchange_url: str) -> Config:
        pem = self._key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        path = config.path(KEY_FILE)
        path.write_bytes(pem)
        section = F3548Section(
            enabled=True,
            base_url=exchange_url,
            audiences=(HOST,),
            public_keys=(str(path),),
            allow_http=True,
            oauth=OAuthSection(token_url=f"{self.base_url}/token", client_id="comity", method="get"),
        )
        return replace(config, f3548=section)

    async def run(self) -> None:
        """Serve, and keep the lines filed, until cancelled."""
        serving = asyncio.create_task(self._server.serve(sockets=[self._socket]))
        try:
            async with httpx.AsyncClient(timeout=5.0) as client:
                await self._clear(client)
                while True:
                    for line in LINES:
                        await self._keep(client, line)
                    await asyncio.sleep(_PAUSE_S)
        finally:
            self._server.should_exit = True
            await serving

    async def _clear(self, client: httpx.AsyncClient) -> None:
        """Take away what an earlier run left: its ovns are told to its manager."""
        now = self._clock.now()
        for line in LINES:
            asked = {"area_of_interest": {"volume": volume(line, now)["volume"]}}
            answer = await client.post(
                f"{self._dss}/operational_intent_references/query", json=asked, headers=self._head(self._dss)
            )
            for each in answer.json().get("operational_intent_references", []):
                if each["manager"] == MANAGER:
                    await client.delete(self._at(each["id"], each["ovn"]), headers=self._head(self._dss))

    async def _keep(self, client: httpx.AsyncClient, line: Line) -> None:
        now = self._clock.now()
        filed = next((f for f in self._filed.values() if f.line is line and f.since + LASTS > now), None)
        if filed is None:
            since = now.replace(microsecond=0)
            await self._put(client, line, since, "Accepted", None)
        elif filed.reference["state"] != line.state:
            await self._put(client, line, filed.since, line.state, filed)

    async def _put(
        self, client: httpx.AsyncClient, line: Line, since: datetime, state: str, filed: Filed | None
    ) -> None:
        id, key = line_id(line, since), list[str]()
        url = self._at(id, filed.reference["ovn"] if filed else None)
        for _ in range(_TRIES):
            body = filing(line, since, state, key, self.base_url)
            answer = await client.put(url, json=body, headers=self._head(self._dss))
            if answer.status_code in (200, 201):
                self._filed[id] = Filed(id, line, since, answer.json()["operational_intent_reference"])
                self._say(f"has its parcel line {line.name} {state} by F3548")
                return
            for missing in answer.json().get("missing_operational_intents", []):
                key.append(await self._ovn(client, missing))
        raise Unavailable(f"the demonstration's USS could not file {line.name}: {answer.status_code}")

    async def _ovn(self, client: httpx.AsyncClient, reference: dict[str, Any]) -> str:
        """Of a reference in the way: known if it is our own, otherwise its USS tells."""
        if reference["manager"] == MANAGER:
            return str(reference["ovn"])
        base = reference["uss_base_url"]
        answer = await client.get(
            f"{base}/uss/v1/operational_intents/{reference['id']}", headers=self._head(base)
        )
        return str(answer.json()["operational_intent"]["reference"]["ovn"])

    def _at(self, id: str, ovn: str | None) -> str:
        return f"{self._dss}/operational_intent_references/{id}" + (f"/{ovn}" if ovn else "")

    def _head(self, url: str) -> dict[str, str]:
        token = self._token(MANAGER, urlsplit(url).hostname or HOST, _SCOPE)
        return {"authorization": f"Bearer {token}"}

    def _token(self, who: str, audience: str, scope: str) -> str:
        until = self._clock.now() + timedelta(minutes=30)
        claims = {"iss": "demo", "sub": who, "aud": audience, "scope": scope, "exp": until}
        return jwt.encode(claims, self._key, algorithm="RS256")

    async def _give_token(self, request: Request) -> Response:
        asked: Any = request.query_params if request.method == "GET" else await request.form()
        token = self._token("comity", asked.get("intended_audience") or HOST, asked.get("scope") or _SCOPE)
        return JSONResponse({"access_token": token, "token_type": "Bearer", "expires_in": 1_800})

    async def _give_details(self, request: Request) -> Response:
        filed = self._filed.get(request.path_params["id"])
        if filed is None:
            return JSONResponse({"message": "no such operational intent"}, 404)
        return JSONResponse(details(filed))


async def _take(request: Request) -> Response:
    """A notification: this USS has nothing that it would have to change."""
    return Response(status_code=204)


class _Quiet(uvicorn.Server):
    """Leaves signals to the demonstration."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield
