"""A stand-in exchange for the map's tests: serves the built page as the real one does, and a stream that the
test conducts frame by frame. It decides and releases nothing; it only speaks the frames of ``http/frames``.

Runs uvicorn on 127.0.0.1, port 0, in a thread of its own; ``close`` ends it within seconds.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from collections.abc import Callable, Coroutine, Sequence
from datetime import datetime, timedelta
from typing import Any, Final

import msgspec
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route, WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from comity.clock import SystemClock
from comity.errors import NotFound
from comity.http.pages import STATIC, Pages
from comity.model.alert import Alert, AlertState
from comity.model.released import ReleasedItem, TrackView
from tests.browser.fake_plans import FakePlans
from tests.browser.packed import Numbers, packed, words
from tests.browser.sky import items, moved, tracks

TOKENS: Final = {"good.token.one": ("relief", "Alpine Relief"), "good.token.two": ("centre", "Alpine Centre")}
WAIT_S: Final = 10.0

SEEN: Final = [
    {
        "recipient": "north-air",
        "kind": "intent",
        "level": "reserved",
        "reason": "the charter's floor for intents",
        "rule": "charter floor",
        "ref": "5f0c2f6e-6a52-4a0b-9a25-0a1c7a6a8d01",
    },
    {
        "recipient": "centre",
        "kind": "intent",
        "level": "volume",
        "reason": "your rule for the group safety",
        "rule": "rule-7",
        "ref": "5f0c2f6e-6a52-4a0b-9a25-0a1c7a6a8d01",
    },
    {
        "recipient": "centre",
        "kind": "own_track",
        "level": "identity",
        "reason": "your rule",
        "rule": "rule-7",
    },
]


class Reader:
    """One client and the form in which it asked for frames."""

    def __init__(self, *, binary: bool) -> None:
        self.binary = binary
        self._numbers = Numbers()
        self._told: dict[str, dict[str, Any]] = {}
        self._turn = asyncio.Lock()

    async def tell(self, ws: WebSocket, frame: dict[str, Any], *, whole: bool) -> None:
        """One frame at a time: nothing comes between a text and its packed half."""
        async with self._turn:
            await self._tell(ws, frame, whole=whole)

    async def _tell(self, ws: WebSocket, frame: dict[str, Any], *, whole: bool) -> None:
        views: list[TrackView] = frame["tracks"]
        if not self.binary:
            await ws.send_text(msgspec.json.encode(frame).decode())
            return
        if whole:
            self._told.clear()
        every = {view.id: words(view, self._numbers) for view in views}
        fresh = [told for ident, told in every.items() if self._told.get(ident) != told]
        self._told.update(every)
        follows = whole or bool(views)
        text = frame | {"tracks": fresh} | ({"binary": True} if follows else {})
        await ws.send_text(msgspec.json.encode(text).decode())
        if follows:
            await ws.send_bytes(packed(views, frame["as_of"], self._numbers, whole=whole))


class FakeExchange:
    """Conducted from the test's thread. ``ticking``: False makes it silent. ``accepting``: False refuses
    sockets. ``alerts`` and ``late_s`` go out with every frame. ``past``: what ``/v1/history?at=`` answers,
    from the time asked for."""

    def __init__(self) -> None:
        self.clock = SystemClock()
        self.plans = FakePlans(self)
        self.reset()
        self.cursors: list[str | None] = []
        self.seen_queries: list[str | None] = []
        self.acknowledged: list[tuple[str, str | None]] = []
        self.binary_asked: list[bool] = []
        self._sockets: dict[WebSocket, Reader] = {}
        self._count = 0
        self._listener = socket.create_server(("127.0.0.1", 0))
        self._loop = asyncio.new_event_loop()
        config = uvicorn.Config(
            self._app(),
            log_level="warning",
            lifespan="off",
            ws="websockets-sansio",
            timeout_graceful_shutdown=1,
        )
        self._server = uvicorn.Server(config)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    @property
    def url(self) -> str:
        host, port = self._listener.getsockname()[:2]
        return f"http://{host}:{port}"

    def close(self) -> None:
        self._server.should_exit = True
        self._thread.join(WAIT_S)
        self._listener.close()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._serve())
        self._loop.close()

    async def _serve(self) -> None:
        beat = asyncio.create_task(self._beat())
        await self._server.serve(sockets=[self._listener])
        beat.cancel()

    def _app(self) -> Starlette:
        return Starlette(
            routes=[
                Route("/", self._page),
                Route("/assets/{name}", self._asset),
                Route("/v1/whoami", self._whoami),
                Route("/v1/what-others-see", self._seen),
                Route("/v1/history", self._history),
                Route("/v1/alerts/{ref}/acknowledgement", self._acknowledge, methods=["POST"]),
                *self.plans.routes(),
                WebSocketRoute("/v1/stream", self._stream),
            ]
        )

    # What the test may do.

    def reset(self) -> None:
        """The sky as it was, and everything well. Clients learn of it by the next ``show``."""
        self.began = self.clock.now()
        self.items: list[ReleasedItem] = items(self.began)
        self.tracks: list[TrackView] = tracks()
        self.alerts: list[Alert] = []
        self.late_s = 0.0
        self.seen: list[dict[str, Any]] = SEEN
        self.past: Callable[[datetime], dict[str, Any]] = self._yesterday
        self.ticking = True
        self.accepting = True
        self.refused: dict[str, str] = {}
        self.plans.reset()
        self.plans.at_first = list(self.items)

    def show(self) -> None:
        """A whole snapshot to everybody."""
        self._call(lambda: self._broadcast(self._snapshot("slow"), whole=True))

    def drop(self) -> None:
        """Cuts every socket without a word."""
        self._call(self._close_all)

    def send(self, frame: dict[str, Any] | str) -> None:
        """One frame to every client."""
        text = frame if isinstance(frame, str) else msgspec.json.encode(frame).decode()
        self._call(lambda: self._say(text))

    def change(self, *changes: tuple[str, ReleasedItem | None]) -> None:
        """Applies changes and sends them in a tick."""
        for ref, item in changes:
            self.items = [known for known in self.items if known.ref != ref] + ([item] if item else [])
        self._call(lambda: self._broadcast(self._tick(list(changes))))

    async def put(self, item: ReleasedItem) -> None:
        """As after a write: the item is there, and goes out in the next tick."""
        self.items = [known for known in self.items if known.ref != item.ref] + [item]
        await self._broadcast(self._tick([(item.ref, item)]))

    def revoke(self, token: str, reason: str) -> None:
        """As the exchange does: no longer accepted, a goodbye, and the socket closed."""
        self.refused[token] = reason
        self.send({"type": "bye", "reason": reason})
        self.drop()

    def _call(self, make: Callable[[], Coroutine[Any, Any, None]]) -> None:
        asyncio.run_coroutine_threadsafe(make(), self._loop).result(WAIT_S)

    # Frames.

    def now(self) -> datetime:
        return self.clock.now()

    def _tracks(self) -> list[TrackView]:
        passed = (self.now() - self.began).total_seconds()
        return [moved(view, passed) for view in self.tracks]

    def _cursor(self) -> str:
        self._count += 1
        return f"c{self._count}"

    def _warned(self) -> dict[str, Any]:
        swept_at = self.now() - timedelta(seconds=self.late_s)
        told = {"alerts": self.alerts, "all_alerts": True, "alerts_gone": []}
        return told | {"swept_at": swept_at, "late_s": self.late_s}

    def _snapshot(self, reason: str) -> dict[str, Any]:
        frame = {
            "type": "snapshot",
            "as_of": self.now(),
            "cursor": self._cursor(),
            "items": self.items,
            "tracks": self._tracks(),
            "reason": reason,
        }
        return frame | self._warned()

    def _tick(
        self, changes: Sequence[tuple[str, ReleasedItem | None]] = (), *, whole: bool = False
    ) -> dict[str, Any]:
        listed = [
            {"seq": i, "ref": ref} | ({"item": item} if item else {}) for i, (ref, item) in enumerate(changes)
        ]
        frame: dict[str, Any] = {
            "type": "tick",
            "as_of": self.now(),
            "cursor": self._cursor(),
            "changes": listed,
            "tracks": self._tracks(),
            "gone": [],
        }
        return frame | self._warned() | ({"all_tracks": True} if whole else {})

    # The other side.

    async def _beat(self) -> None:
        while True:
            await asyncio.sleep(1.0)
            if self.ticking and self._sockets:
                await self._broadcast(self._tick())

    async def _broadcast(self, frame: dict[str, Any], *, whole: bool = False) -> None:
        for one, reader in list(self._sockets.items()):
            await reader.tell(one, frame, whole=whole)

    async def _say(self, text: str) -> None:
        for one in list(self._sockets):
            await one.send_text(text)

    async def _close_all(self) -> None:
        for one in list(self._sockets):
            self._sockets.pop(one, None)
            await one.close(1012)

    async def _stream(self, ws: WebSocket) -> None:
        if not self.accepting:
            await ws.close()
            return
        await ws.accept()
        try:
            token = (await ws.receive_json()).get("token", "")
            participant, name = TOKENS[token]
            cursor = ws.query_params.get("cursor")
            self.cursors.append(cursor)
            hello = {"type": "hello", "participant": {"id": participant, "name": name}, "as_of": self.now()}
            await ws.send_text(msgspec.json.encode(hello).decode())
            reader = Reader(binary=ws.query_params.get("frames") == "binary")
            self.binary_asked.append(reader.binary)
            first = self._tick(whole=True) if cursor else self._snapshot("start")
            await reader.tell(ws, first, whole=True)
            self._sockets[ws] = reader
            await ws.receive_text()
        except WebSocketDisconnect:
            return
        finally:
            self._sockets.pop(ws, None)

    async def _whoami(self, request: Request) -> Response:
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        if token not in TOKENS or token in self.refused:
            message = self.refused.get(token, "the token is not valid")
            return JSONResponse({"code": "unauthenticated", "message": message}, 401)
        participant, name = TOKENS[token]
        return JSONResponse(
            {
                "participant": participant,
                "participant_name": name,
                "person": "desk",
                "person_name": "A. Keller",
                "roles": ["duty_desk"],
                "scopes": ["comity.read"],
                "expires_at": "2099-01-01T00:00:00Z",
                "as_of": self.now().isoformat(),
                "exchange": "alps",
            }
        )

    async def _seen(self, request: Request) -> Response:
        self.seen_queries.append(request.query_params.get("at"))
        only = request.query_params.get("recipient")
        return JSONResponse({"seen": [row for row in self.seen if only in (None, row["recipient"])]})

    async def _history(self, request: Request) -> Response:
        at = request.query_params.get("at")
        if at is None:
            span = {"from": self.began - timedelta(hours=1), "until": self.now(), "step_s": 1.0}
            return _json(span)
        return _json(self.past(datetime.fromisoformat(at)))

    def _yesterday(self, at: datetime) -> dict[str, Any]:
        """The same sky, flown to where it was then."""
        passed = (at - self.began).total_seconds()
        tracks = [moved(view, passed) for view in self.tracks]
        return {"as_of": at, "items": self.items, "tracks": tracks, "alerts": self.alerts, "gap": None}

    async def _acknowledge(self, request: Request) -> Response:
        ref = request.path_params["ref"]
        known = next((alert for alert in self.alerts if alert.ref == ref), None)
        if known is None:
            return JSONResponse({"code": "not_found", "message": "no such alert"}, 404)
        self.acknowledged.append((ref, request.headers.get("idempotency-key")))
        taken = msgspec.structs.replace(
            known, state=AlertState.ACKNOWLEDGED, acknowledged_by="A. Keller", acknowledged_at=self.now()
        )
        self.alerts = [taken if alert.ref == ref else alert for alert in self.alerts]
        return _json({"result": taken, "as_of": self.now()})

    async def _page(self, _request: Request) -> Response:
        return _answer("index.html")

    async def _asset(self, request: Request) -> Response:
        return _answer(f"assets/{request.path_params['name']}")


def _json(value: object) -> Response:
    return Response(msgspec.json.encode(value), media_type="application/json")


_PAGES: Final = Pages(STATIC)


def _answer(name: str) -> Response:
    """With the real exchange's headers, its content security policy above all."""
    try:
        answer = _PAGES.serve(name, gzipped=False, keep=name.startswith("assets/"))
    except NotFound:
        return Response("not found", 404)
    headers = {key.decode(): value.decode() for key, value in answer.headers}
    return Response(answer.body, answer.status, headers | {"content-type": answer.content_type.decode()})
