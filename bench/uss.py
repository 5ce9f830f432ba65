"""The USS of hosted participants: how soon details are answered, and notifications are where they belong.

* **details**: 64 clients in a closed loop read the details of hosted intents of 20 exact volumes each. The
  standard's bound is 1 s at the 95th percentile; the baseline is the same of the DSS's references.
* **long details**: likewise of one intent of 1,000 volumes, by 4 clients.
* **notices**: hosted intents are filed at a fixed rate under the subscriptions of a peer that answers and of
  one that never does; from the answer to the write until the notification is with the first. Bound: 5 s.
"""

from __future__ import annotations

import argparse
import json
import socket
import statistics
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from random import Random
from typing import Any, Final
from urllib.parse import parse_qs, urlsplit

from bench import load
from bench.load import Client, Script, request
from bench.members import admit, intent, outline, spread_out, tomorrow
from bench.report import Figure, at_most, percentile, show
from bench.served import CENTRE, Served, served
from bench.usses import ALPHA, BRAVO, INTENTS, Authority, area, new_ids

CLIENTS: Final = 64
PLANS: Final = 64
VOLUMES: Final = 20
DETAILS: Final = "/uss/v1/operational_intents"
SUBSCRIPTIONS: Final = "/dss/v1/subscriptions"
FILINGS_PER_S: Final = 20.0

_PLACE: Final = (46.8, 9.8)
_LUCK = Random(21)


class Peer:
    """Gives tokens and takes notifications; ``came``: when, by entity."""

    def __init__(self, authority: Authority, port: int) -> None:
        self.authority = authority
        self.url = f"http://127.0.0.1:{port}"
        self.came: dict[str, float] = {}


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    peer: Peer

    def do_GET(self) -> None:
        asked = parse_qs(urlsplit(self.path).query)
        token = self.peer.authority.token("comity", asked["scope"][0])
        self._answer(200, json.dumps({"access_token": token, "expires_in": 3_000}).encode())

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        self.peer.came.setdefault(body["operational_intent_id"], time.perf_counter())
        self._answer(204, b"")

    def log_message(self, format: str, *args: object) -> None:
        pass

    def _answer(self, status: int, body: bytes) -> None:
        self.send_response(status)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


@contextmanager
def peer(authority: Authority) -> Iterator[Peer]:
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Handler)
    server.daemon_threads = True
    _Handler.peer = one = Peer(authority, server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, args=(0.05,))
    thread.start()
    try:
        yield one
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def main(arguments: Sequence[str] | None = None) -> list[Figure]:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--seconds", type=float, default=5.0, help="of each measurement")
    parser.add_argument("--filings", type=int, default=200)
    parser.add_argument("--directory", type=Path, help="where the ledger is; a temporary one by default")
    given = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(dir=given.directory, prefix="comity-bench-") as folder:
        authority = Authority(Path(folder))
        with peer(authority) as one, socket.create_server(("127.0.0.1", 0)) as silent:
            with (Path(folder) / "comity.toml").open("a", encoding="utf-8") as file:
                oauth = f'token_url = "{one.url}/token"\nclient_id = "comity"\nmethod = "get"\n'
                file.write(f"allow_http = true\n[f3548.oauth]\n{oauth}")
            with served(Path(folder)) as server:
                north = _members(server)
                figures = details(server, authority, north, given.seconds)
                figures.append(notices(server, authority, north, one, silent, given.filings))
        show("The USS of hosted participants", Path(folder), figures)
    return figures


def _members(server: Served) -> str:
    """A participant that releases its intents exactly to peers; its token."""
    north = admit(server)["alpha"]
    levels = {"intent": "volume", "constraint": "none", "own_track": "none", "sensed_track": "none"}
    rule = {"recipient": {"type": "group", "id": "f3548", "keeper": CENTRE}, "levels": levels}
    asked = request("POST", "/v1/rules", north, json.dumps(rule).encode(), "rule-for-peers")
    (answer,) = load.calls(server, [asked])
    _checked(answer, 201)
    return north


def details(server: Served, authority: Authority, north: str, seconds: float) -> list[Figure]:
    token = authority.token(ALPHA)
    known = {reference["id"] for reference in _references(server, token)}
    _file(server, north, [_plan(number, VOLUMES) for number in range(PLANS)])
    ids = sorted({reference["id"] for reference in _references(server, token)} - known)
    before = _read(server, [f"{INTENTS}/{id}" for id in ids], token, CLIENTS, seconds)
    found = _read(server, [f"{DETAILS}/{id}" for id in ids], token, CLIENTS, seconds)
    _file(server, north, [_plan(PLANS, 1_000)])
    (long,) = {reference["id"] for reference in _references(server, token)} - known - set(ids)
    long_found = _read(server, [f"{DETAILS}/{long}"], token, 4, seconds)
    figures = []
    for name, one in (("details", found), ("long details", long_found)):
        high = percentile(one.latencies_ms, 95.0)
        note = (
            f"{one.rate:,.0f} a second; median {statistics.median(one.latencies_ms):.1f} ms, 99 % "
            f"{percentile(one.latencies_ms, 99.0):.1f} ms; {one.server_us:,.0f} µs of the server's CPU for "
            f"each; the DSS's references: {before.rate:,.0f} a second, 95 % "
            f"{percentile(before.latencies_ms, 95.0):.1f} ms"
        )
        figures.append(at_most(f"{name}, 95 %", f"{high:.1f} ms", "1 s", high / 1e3, 1.0, note))
    return figures


def notices(
    server: Served, authority: Authority, north: str, one: Peer, silent: socket.socket, filings: int
) -> Figure:
    dead = f"http://127.0.0.1:{silent.getsockname()[1]}"
    for sub, url in ((ALPHA, one.url), (BRAVO, dead)):
        asked = json.loads(area(*_PLACE, 20_000.0))["area_of_interest"]
        asked |= {
            "time_start": {"value": tomorrow().isoformat(), "format": "RFC3339"},
            "time_end": {"value": tomorrow().replace(hour=23).isoformat(), "format": "RFC3339"},
        }
        body = {"extents": asked, "uss_base_url": url, "notify_for_operational_intents": True}
        target = f"{SUBSCRIPTIONS}/{new_ids(_LUCK)}"
        text = request("PUT", target, authority.token(sub), json.dumps(body).encode())
        _checked(load.calls(server, [text])[0], 200)
    token = authority.token(ALPHA)
    known = {reference["id"] for reference in _references(server, token)}
    answered: dict[str, float] = {}
    due = time.perf_counter()
    for number in range(filings):
        due += 1.0 / FILINGS_PER_S
        time.sleep(max(0.0, due - time.perf_counter()))
        _file(server, north, [_stacked(number)])
        answered[str(number)] = time.perf_counter()
    mine = [each["id"] for each in _references(server, token) if each["id"] not in known]
    until = time.perf_counter() + 10.0
    while len(one.came) < filings and time.perf_counter() < until:
        time.sleep(0.05)
    if set(mine) - set(one.came):
        raise RuntimeError(f"{len(set(mine) - set(one.came))} notifications did not come within 10 s")
    delays = [came - said for came, said in zip(sorted(one.came.values()), answered.values(), strict=True)]
    high = max(delays)
    note = f"{filings} filings at {FILINGS_PER_S:g} a second; median {statistics.median(delays) * 1e3:.0f} ms"
    return at_most("notices, the slowest", f"{high * 1e3:.0f} ms", "1 s", high, 5.0, note)


def _plan(number: int, volumes: int) -> dict[str, Any]:
    """One volume above the other, so that each counts."""
    lat, lon = spread_out(number)
    place = outline(lat, lon)
    if volumes > VOLUMES:
        place = {"type": "circle", "centre": {"lat": lat, "lon": lon}, "radius_m": 1_000.0}
    layers = [intent(place, 100.0 + 50.0 * k, 140.0 + 50.0 * k, tomorrow()) for k in range(volumes)]
    return layers[0] | {"volumes": [layer["volumes"][0] for layer in layers]}


def _stacked(number: int) -> dict[str, Any]:
    return intent(outline(*_PLACE), 100.0 + 50.0 * number, 140.0 + 50.0 * number, tomorrow())


_keys = iter(range(1_000_000))


def _file(server: Served, north: str, plans: Sequence[dict[str, Any]]) -> None:
    texts = [
        request("POST", "/v1/intents", north, json.dumps(plan).encode(), f"plan-{next(_keys):06d}")
        for plan in plans
    ]
    for answer in load.calls(server, texts):
        _checked(answer, 201)


def _references(server: Served, token: str) -> list[dict[str, Any]]:
    """Every one, wherever it is: asked for place by place."""
    places = [*(spread_out(number) for number in range(PLANS + 1)), _PLACE]
    asked = [request("POST", f"{INTENTS}/query", token, area(*place, 5_000.0)) for place in places]
    return [
        reference
        for answer in load.calls(server, asked)
        for reference in answer.json()["operational_intent_references"]
    ]


def _read(server: Served, targets: Sequence[str], token: str, clients: int, seconds: float) -> load.Load:
    def script(first: int) -> Script:
        number = first
        while True:
            yield request("GET", targets[number % len(targets)], token)
            number += 1

    done = load.closed(server, [Client(script(number)) for number in range(clients)], seconds)
    done.check(200)
    return done


def _checked(answer: load.Answer, status: int) -> None:
    if answer.status != status:
        raise RuntimeError(f"{answer.status}: {answer.body[:300]!r}")


if __name__ == "__main__":
    main()
