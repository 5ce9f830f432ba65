"""A peer USS for tests: a server on loopback that tells details and takes notifications, and a client of the
DSS. Real HTTP both ways; it is also the authority that gives tokens to the exchange.

It does as F3548 says unless a test makes it lie (``lie``), fall silent (``silent``) or do something just
before it answers (``before_answer``).
"""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

import msgspec

from comity.model.volume import Volume4D
from comity.wire.f3548 import foreign
from tests.http.standards.standing import AA, AVAILABILITY, INTENTS, SA, SC, Standing, claims, new_id, signed
from tests.world import ENVIRONMENT

Json = dict[str, Any]

SILENCE_S: Final = 3.0
"""Longer than the exchange waits for an answer in tests."""


def wire(volume: Volume4D) -> Json:
    """A volume in the standard's form."""
    made: Json = msgspec.to_builtins(foreign(volume, ENVIRONMENT, volume.start))
    return made


class Peer:
    """``told``: bodies of the notifications that came, ``reports`` those of reports; ``asked``: ids of
    operational intents whose details somebody got."""

    def __init__(self, dss: Standing, url: str, name: str) -> None:
        self.name = name
        self.url = url
        self.intents: dict[str, Json] = {}
        self.told: list[Json] = []
        self.reports: list[Json] = []
        self.asked: list[str] = []
        self.silent = False
        self.lie: Callable[[Json], Json] = lambda intent: intent
        self.before_answer: Callable[[], None] = lambda: None
        self._dss = dss

    def plan(
        self,
        *volumes: Volume4D,
        state: str = "Accepted",
        priority: int = 0,
        id: str | None = None,
        off_nominal: tuple[Volume4D, ...] = (),
        notify: bool = True,
    ) -> str:
        """File a plan with the DSS, or change the one with this id, and tell who has to be told; its id."""
        id = id or new_id()
        held = self.intents.get(id)
        body: Json = {
            "extents": [wire(volume) for volume in (*volumes, *off_nominal)],
            "state": "Accepted" if held is None else state,
            "uss_base_url": self.url,
            "key": self._key([wire(volume) for volume in (*volumes, *off_nominal)]),
        }
        if body["state"] != "Accepted":
            body["new_subscription"] = {"uss_base_url": self.url}
        path = f"{INTENTS}/{id}" + ("" if held is None else f"/{held['reference']['ovn']}")
        written = self._dss.call("PUT", path, body, sub=self.name, scopes=(SC, SA))
        assert written.status_code in (200, 201), written.text
        answer = written.json()
        self.intents[id] = {
            "reference": answer["operational_intent_reference"],
            "details": {
                "volumes": [wire(volume) for volume in volumes],
                "off_nominal_volumes": [wire(volume) for volume in off_nominal],
                "priority": priority,
            },
        }
        if held is None and state != "Accepted":
            return self.plan(
                *volumes, state=state, priority=priority, id=id, off_nominal=off_nominal, notify=notify
            )
        if notify:
            self._notify(id, self.intents[id], answer["subscribers"])
        return id

    def end(self, id: str) -> None:
        ovn = self.intents.pop(id)["reference"]["ovn"]
        gone = self._dss.call("DELETE", f"{INTENTS}/{id}/{ovn}", sub=self.name)
        assert gone.status_code == 200, gone.text
        self._notify(id, None, gone.json()["subscribers"])

    def around(self, volume: Volume4D) -> list[Json]:
        """References that the DSS finds there."""
        body = {"area_of_interest": wire(volume)}
        found = self._dss.call("POST", f"{INTENTS}/query", body, sub=self.name)
        assert found.status_code == 200, found.text
        references: list[Json] = found.json()["operational_intent_references"]
        return references

    def details(self, id: str) -> Json:
        """What the exchange's own USS tells of a hosted plan."""
        found = self.get(id)
        assert found.status_code == 200, found.text
        intent: Json = found.json()["operational_intent"]
        return intent

    def get(self, id: str) -> Any:
        return self._dss.call("GET", f"/uss/v1/operational_intents/{id}", sub=self.name)

    def mark(self, availability: str, uss: str | None = None) -> None:
        """As whoever arbitrates availability would."""
        path = f"{AVAILABILITY}/{uss or self.name}"
        known = self._dss.call("GET", path, sub="arbiter", scopes=(AA,)).json()
        body = {"availability": availability, "old_version": known["version"]}
        set_ = self._dss.call("PUT", path, body, sub="arbiter", scopes=(AA,))
        assert set_.status_code == 200, set_.text

    def _key(self, extents: list[Json]) -> list[str]:
        """The ovns of everything near, from the USSs that manage it."""
        key = []
        for extent in extents:
            body = {"area_of_interest": extent}
            found = self._dss.call("POST", f"{INTENTS}/query", body, sub=self.name).json()
            for reference in found["operational_intent_references"]:
                own = self.intents.get(reference["id"])
                intent = own if own is not None else None
                if intent is None and reference["uss_base_url"] == "https://exchange.example":
                    intent = self.details(reference["id"])
                key.append(reference["ovn"] if intent is None else intent["reference"]["ovn"])
        return key

    def _notify(self, id: str, intent: Json | None, subscribers: list[Json]) -> None:
        for one in subscribers:
            if one["uss_base_url"] == self.url:
                continue
            body = {"operational_intent_id": id, "subscriptions": one["subscriptions"]}
            if intent is not None:
                body["operational_intent"] = intent
            taken = self._dss.http.post(
                "/uss/v1/operational_intents", json=body, headers=self._dss.bearer(self.name, SC)
            )
            assert taken.status_code == 204, taken.text


@contextmanager
def peer(dss: Standing, name: str = "uss1", port: int = 0) -> Iterator[Peer]:
    """A peer that is up until the end of the block. ``port``: one that another had before."""
    server = ThreadingHTTPServer(("127.0.0.1", port), _Handler)
    server.daemon_threads = True
    one = Peer(dss, f"http://127.0.0.1:{server.server_address[1]}", name)
    server.peer = one  # type: ignore[attr-defined]  # for the handler
    thread = threading.Thread(target=server.serve_forever, args=(0.05,), name=f"peer {name}")
    thread.start()
    try:
        yield one
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"

    @property
    def peer(self) -> Peer:
        found: Peer = self.server.peer  # type: ignore[attr-defined]  # set by ``peer``
        return found

    def do_GET(self) -> None:
        parts = urlsplit(self.path)
        if parts.path == "/token":
            asked = parse_qs(parts.query)
            said = claims("comity", *asked["scope"][0].split(), aud=asked["intended_audience"][0])
            self._answer(200, {"access_token": signed(said), "expires_in": 3_000})
            return
        id = parts.path.rsplit("/", 1)[-1]
        self.peer.asked.append(id)
        self.peer.before_answer()
        if self.peer.silent:
            time.sleep(SILENCE_S)
        intent = self.peer.intents.get(id)
        if intent is None:
            self._answer(404, {"message": "no such operational intent"})
        else:
            self._answer(200, {"operational_intent": self.peer.lie(json.loads(json.dumps(intent)))})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if self.path.endswith("/reports"):
            self.peer.reports.append(body)
            self._answer(201, body | {"report_id": "one"})
        else:
            self.peer.told.append(body)
            self._answer(204, None)

    def log_message(self, format: str, *args: object) -> None:
        """Nothing: pytest shows what matters."""

    def _answer(self, status: int, body: Any) -> None:
        raw = b"" if body is None else json.dumps(body).encode()
        self.send_response(status)
        self.send_header("content-length", str(len(raw)))
        self.send_header("content-type", "application/json")
        self.end_headers()
        self.wfile.write(raw)
